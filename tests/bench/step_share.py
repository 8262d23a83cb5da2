"""What share of a guidance step is spent outside the two networks (decoder and perceptor towers).

    tests/bench/step_share.py VQCLIP JOB [--steps N] [--repeat K]

Renders the first prompt of a job with `perf record` (Linux; one thread), assigns every sample of processor time to the
source file of the function it fell in, and prints the shares as a Markdown table, with the seconds of processor time a
step. Time of other processes does not count, so that a busy machine changes the shares little. Needs perf, addr2line
(binutils) and a build with debug information, as all presets are.
"""

import argparse
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

# Functions outside the networks, by the source file that they stand in: drawing, and the operations that src/guide
# names, which are found there. All else under src/ops and src/models is network; what is in neither is not part of a
# step: loading, digests, the archive.
SOURCES = pathlib.Path(__file__).resolve().parents[2] / "src"
OF_NETWORKS_TOO = {"clamp"}
BESIDE = {  # what belongs to an operation and does not have its name
    "warp": ["warp_piece.h"], "field warp": ["field_formulas.h"], "spline field": ["spline_formulas.h"],
    "elastic field": ["elastic_formulas.h"], "noise": ["random.c", "random.h"], "adaptive pool": ["pool_formulas.h"],
    "resample": ["filter.c", "filter_formulas.h"],
    "sums and optimiser": ["gradient_sum.c", "sum_formulas.h", "host_step.c", "update_formulas.h",
                           "latent_optimiser.c", "renderer.c"],
    "drawing": ["stream.c"],
}


def rows_by_file():
    """The row of the table for every such file."""
    files = {file: row for row, names in BESIDE.items() for file in names}
    for source in (SOURCES / "guide").rglob("*.c"):
        files[source.name] = "drawing"
    for source in (SOURCES / "guide").rglob("*.c"):
        for kind in re.findall(r"\bVQC_OPERATION_([A-Z_]+)\b", source.read_text()):
            if kind.lower() not in OF_NETWORKS_TOO:
                files.update({kind.lower() + end: kind.lower().replace("_", " ") for end in (".c", "_formulas.h")})
    return files


ROW_OF_FILE = rows_by_file()
NETWORK_FOLDERS = ("/src/ops/", "/src/models/")
# Only the noise and the distance call the mathematics library in a step. What a step copies (memmove) are activations
# and the rows of attention, which `perf record --call-graph dwarf` shows; what it clears are mostly gradients of crops.
ROW_OF_LIBRARY = {"libm.so.6": "noise"}
SAMPLES_A_SECOND = 1999


def first_prompt_job(job, steps, folder):
    """A copy of the job with its first prompt only, and that many steps."""
    text = pathlib.Path(job).read_text()
    head, prompts = re.split(r"^prompts:\n", text, flags=re.M)
    first = next(line for line in prompts.splitlines() if line.strip().startswith("- "))
    head = re.sub(r"\bsteps: \d+", f"steps: {steps}", head)
    head = re.sub(r"\bsnapshots: \d+", "snapshots: 0", head)
    models = pathlib.Path(job).resolve().parent
    head = re.sub(r"((?:config|checkpoint|vocabulary): *)([^/\s,}][^,}\s]*)", rf"\1{models}/\2", head)
    copy = pathlib.Path(folder) / "share.yaml"
    copy.write_text(f"{head}prompts:\n{first}\n")
    return copy


def samples_of(program, job, folder):
    """Library, function and address of every sample; the address as it is in the library's file."""
    data = f"{folder}/perf.data"
    output = f"{folder}/out"
    subprocess.run(["rm", "-rf", output], check=True)
    subprocess.run(
        ["perf", "record", "-q", "-e", "cpu-clock:u", "-F", str(SAMPLES_A_SECOND), "-o", data, "--", program, "render",
         job, "-o", output, "--threads", "1", "--checkpoint", "3600"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    script = subprocess.run(["perf", "script", "-i", data, "--show-mmap-events", "-F", "comm,event,ip,sym,dso"],
                            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    maps = []
    found = []
    for line in script.splitlines():
        mapped = re.search(r"\[(0x[0-9a-f]+)\((0x[0-9a-f]+)\) @ (0x[0-9a-f]+|0) .*\]: \S+ (\S+)$", line)
        if mapped:
            start, size, offset = (int(part, 16) for part in mapped.group(1, 2, 3))
            maps.append((start, start + size, offset, mapped.group(4)))
            continue
        sample = re.search(r"cpu-clock\S*:?\s+([0-9a-f]+) (.*) \((.*)\)$", line)
        if sample:
            address = int(sample.group(1), 16)
            path = sample.group(3)
            place = next((m for m in reversed(maps) if m[0] <= address < m[1] and m[3] == path), None)
            found.append((path, sample.group(2), address - place[0] + place[2] if place else address))
    return found


def files_of(program, addresses):
    """The source file of the function (not of what was inlined into it) at every address of the program."""
    unique = sorted(addresses)
    # A position-independent program's text lies in the file where it does in memory, less the segment's shift.
    headers = subprocess.run(["readelf", "-lW", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    shifts = [(int(o, 16), int(v, 16), int(s, 16))
              for o, v, s in re.findall(r"LOAD\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+)", headers)]
    virtual = []
    for address in unique:
        segment = next((s for s in shifts if s[0] <= address < s[0] + s[2]), (0, 0, 0))
        virtual.append(hex(address - segment[0] + segment[1]))
    lines = subprocess.run(["addr2line", "-a", "-i", "-e", program], input="\n".join(virtual), check=True,
                           stdout=subprocess.PIPE, text=True).stdout.splitlines()
    files = []
    for line in lines:
        if line.startswith("0x"):
            files.append("?")
        else:
            files[-1] = line.rsplit(":", 1)[0]  # the last of a chain of inlined functions is the function itself
    return dict(zip(unique, files))


def rows_of(program, samples):
    """Samples by row of the table."""
    program = str(pathlib.Path(program).resolve())
    files = files_of(program, {address for path, _, address in samples if path == program})
    rows = collections.Counter()
    for path, function, address in samples:
        name = pathlib.Path(path).name
        if path == program:
            file = files[address]
            row = ROW_OF_FILE.get(pathlib.Path(file).name)
            row = row or ("networks" if any(f in file for f in NETWORK_FOLDERS) else "not in a step")
        elif name.startswith("libdnnl") or name.startswith("perf-"):  # the latter is code that oneDNN generated
            row = "networks"
        elif name.startswith("libc.so"):
            row = "clearing" if "memset" in function else "networks"
        else:
            row = ROW_OF_LIBRARY.get(name, "not in a step")
        rows[row] += 1
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("job")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    rows = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        job = first_prompt_job(options.job, options.steps, folder)
        for _ in range(options.repeat):
            rows += rows_of(options.program, samples_of(options.program, str(job), folder))
    not_in_step = rows.pop("not in a step", 0)
    total = sum(rows.values())
    if total == 0:
        sys.exit("no samples; may perf be used here?")
    steps = options.steps * options.repeat
    print("| part of a step | share | processor time a step |\n| --- | ---: | ---: |")
    for row, count in sorted(rows.items(), key=lambda item: -item[1]):
        print(f"| {row} | {100 * count / total:.1f} % | {1e3 * count / SAMPLES_A_SECOND / steps:.2f} ms |")
    outside = total - rows["networks"]
    print(f"| **outside the networks** | **{100 * outside / total:.1f} %** | "
          f"{1e3 * outside / SAMPLES_A_SECOND / steps:.2f} ms |")
    print(f"| whole step | 100 % | {1e3 * total / SAMPLES_A_SECOND / steps:.2f} ms |")
    print(f"\n{total} samples of steps in {options.repeat} renders of {options.steps} steps; "
          f"{not_in_step} samples of loading and saving left aside.")


if __name__ == "__main__":
    main()
