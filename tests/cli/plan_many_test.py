"""plan_many_test.py PROGRAM: `vqclip plan` of 100,000 renders takes time and memory in proportion to them, whatever they differ in.

Compared are the seconds of a processor for 100,000 and for 25,000 renders: 4 times as many where it is linear, 16 times where
renders are compared in pairs."""

import os
import subprocess
import sys
import tempfile

WORDS = "red house boat fish duck tower bridge green small quiet river garden".split()
MANY, FEW = 100_000, 25_000
BYTES_EACH = 600  # of memory, for a render that differs in prompt or seed


def prompts(count):
    """All of them differ."""
    return [" ".join(WORDS[i // len(WORDS) ** k % len(WORDS)] for k in range(5)) for i in range(count)]


def job(kind, count, models):
    head = (f"study: many\nmodels:\n  generator: {{config: {models}/picturebook-vqgan.yaml, checkpoint: "
            f"{models}/picturebook-vqgan.safetensors}}\n  perceptors:\n    - {{checkpoint: {models}/picturebook-vit.safetensors, "
            f"vocabulary: {models}/picturebook.bpe.gz}}\nrender: {{size: [32, 32], steps: 1, crops: {{count: 1, group: 1}}}}\n")
    one = "prompts: [a red house]\n"
    return head + {
        "YAML": lambda: "prompts:\n" + "".join(f"- {prompt}\n" for prompt in prompts(count)),
        "text file": lambda: "prompts: prompts.txt\n",
        "seeds": lambda: f"seeds: [{', '.join(map(str, range(count)))}]\n" + one,
        "sweep": lambda: f"sweep: {{noise: [{', '.join(str(i / MANY) for i in range(count))}]}}\n" + one,
    }[kind]()


def cost(program, folder, text):
    """Seconds of a processor, and bytes at most."""
    path = os.path.join(folder, "job.yaml")
    with open(path, "w") as file:
        file.write(text)
    with open(os.devnull, "w") as nothing:
        process = subprocess.Popen([program, "plan", path], stdout=nothing)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"exit code {process.returncode}"
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    program = sys.argv[1]
    models = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", "jobs", "models"))
    with open(program, "rb") as file:
        sanitized = b"__asan_" in file.read()
    failed = False
    for kind in ("YAML", "text file", "seeds", "sweep"):
        costs = {}
        for count in (FEW, MANY):
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "prompts.txt"), "w") as file:
                    file.write("\n".join(prompts(count)) + "\n")
                costs[count] = cost(program, folder, job(kind, count, models))
        each = (costs[MANY][1] - costs[FEW][1]) / (MANY - FEW)
        wrong = costs[MANY][0] > 9 * costs[FEW][0] + 0.2 or \
            (kind != "sweep" and not sanitized and each > BYTES_EACH)
        failed |= wrong
        print(f"{kind}: {costs[FEW][0]:.2f} and {costs[MANY][0]:.2f} s, {each:.0f} bytes a render{' WRONG' if wrong else ''}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
