#!/usr/bin/python3
"""What scoring takes beside the tower alone, and exporting beside libpng alone, on an archive of 2000 renders.

    cmake --build build/release --target vqclip score_parts
    tests/bench/score.py build/release/src/vqclip build/release/tests/bench/score_parts [--renders 2000] [--side 256]
                         [--threads 1] [--pairs 2] [--tower demo|s32|b32] [--tower-pictures 2000] [--archive FILE]

The archive is made by the program's own functions, with pictures that are drawn (score_parts.c), as rendering them would take
hours. The parts are measured in pairs, as the speed of machines wavers, those of export at the same moment; what is printed is the
median of the pairs' ratios. Where others use the machine, the processors' seconds say more. `b32` and
`s32` are picture towers of the sizes of ViT-B/32 and of open_clip's ViT-S/32 with random weights, and a small text tower, written here.
"""

import argparse
import json
import pathlib
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "jobs/models"
TOWERS = {"b32": (768, 512), "s32": (384, 384)}  # width, and that of embeddings
JOB = """study: many
models:
  generator: {{config: {models}/picturebook-vqgan.yaml, checkpoint: {models}/picturebook-vqgan.safetensors}}
  perceptors: [{{name: vit, checkpoint: {models}/picturebook-vit.safetensors, vocabulary: {models}/picturebook.bpe.gz}}]
render: {{size: [{side}, {side}], steps: 1, crops: {{count: 1, group: 1}}, augment: []}}
seeds: {{count: {seeds}}}
prompts: {prompts}
"""


def random_clip(path, width, embed):
    """A CLIP model in OpenAI's names: a picture tower of twelve layers on patches of 32, and texts of the demo's vocabulary."""
    layers, patch, side = 12, 32, 224
    shapes = {"visual.class_embedding": (width,), "visual.positional_embedding": ((side // patch) ** 2 + 1, width),
              "visual.conv1.weight": (width, 3, patch, patch), "visual.proj": (width, embed),
              "token_embedding.weight": (871, 64), "positional_embedding": (32, 64), "text_projection": (64, embed),
              "logit_scale": ()}
    for name, size in (("visual.ln_pre", width), ("visual.ln_post", width), ("ln_final", 64)):
        shapes |= {f"{name}.weight": (size,), f"{name}.bias": (size,)}
    for tower, size, count in (("visual.transformer", width, layers), ("transformer", 64, 1)):
        for layer in range(count):
            block = f"{tower}.resblocks.{layer}"
            shapes |= {f"{block}.attn.in_proj_weight": (3 * size, size), f"{block}.attn.in_proj_bias": (3 * size,),
                       f"{block}.attn.out_proj.weight": (size, size), f"{block}.attn.out_proj.bias": (size,),
                       f"{block}.ln_1.weight": (size,), f"{block}.ln_1.bias": (size,),
                       f"{block}.ln_2.weight": (size,), f"{block}.ln_2.bias": (size,),
                       f"{block}.mlp.c_fc.weight": (4 * size, size), f"{block}.mlp.c_fc.bias": (4 * size,),
                       f"{block}.mlp.c_proj.weight": (size, 4 * size), f"{block}.mlp.c_proj.bias": (size,)}
    generator, header, offset, bytes_ = numpy.random.default_rng(32), {}, 0, []
    for name, shape in shapes.items():
        values = (generator.standard_normal(shape, dtype=numpy.float32) * 0.02).astype(numpy.float16)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
        bytes_.append(values.tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(bytes_))


def run(*command):
    """What a command prints, its seconds, and those of the processors."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    printed = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - started
    return printed, seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def score_measure(options, folder, archive):
    model = MODELS / "picturebook-vit.safetensors"
    if options.tower in TOWERS:
        model = folder / f"{options.tower}.safetensors"
        random_clip(model, *TOWERS[options.tower])
    ratios = []
    for pair in range(options.pairs):
        alone, _, _ = run(options.parts, "tower", model, options.tower_pictures, options.threads)
        report, _, busy = run(options.program, "score", archive, "--perceptor", model, "--vocabulary",
                              MODELS / "picturebook.bpe.gz", "-o", folder / "scores.csv", "--threads", options.threads,
                              "--json")
        alone, own = json.loads(alone), json.loads(report)["perceptors"][0]
        each, busy_each = alone["seconds"] / options.tower_pictures, alone["processor_seconds"] / options.tower_pictures
        ratios.append((options.renders * busy_each / busy, options.renders * each / own["seconds"]))
        print(f"pair {pair + 1}: tower alone {1 / each:.2f} pictures/s, score {options.renders / own['seconds']:.2f}, texts "
              f"and all: {ratios[-1][1]:.3f}; processor seconds for a picture {busy_each:.4f} and, models' opening and all, "
              f"{busy / options.renders:.4f}: {ratios[-1][0]:.3f}; of score's own time with pictures "
              f"{own['tower_seconds'] / own['picture_seconds']:.3f} is in the tower", flush=True)
    print(f"score at {100 * statistics.median(ratio[1] for ratio in ratios):.1f} % of the tower's rate, by the "
          f"processors' time at {100 * statistics.median(ratio[0] for ratio in ratios):.1f} % (medians)", flush=True)


def side_by_side(commands):
    """Runs commands at the same moment, each on a processor of its own: what each printed, its seconds and processor's."""
    watch = ("import json, resource, subprocess, sys, time; t = time.monotonic(); "
             "p = subprocess.run(sys.argv[1:], check=True, capture_output=True, text=True).stdout; "
             "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
             "print(json.dumps([p, time.monotonic() - t, u.ru_utime + u.ru_stime]))")
    running = [subprocess.Popen(["taskset", "-c", str(processor), sys.executable, "-c", watch, *map(str, command)],
                                stdout=subprocess.PIPE, text=True) for processor, command in commands.items()]
    results = [json.loads(process.communicate()[0]) for process in running]
    return dict(zip(commands, results, strict=True))


def export_measure(options, folder, archive):
    """Both at the same moment, as what else the machine does meets both then; they change places."""
    first = folder / "first"
    run(options.program, "export", archive, "-o", first)
    ratios = []
    for pair in range(options.pairs):
        exported, again = folder / "exported", folder / "again"
        again.mkdir()
        own = pair % 2
        results = side_by_side({own: (options.program, "export", archive, "-o", exported),
                                1 - own: (options.parts, "png", first, again)})
        _, took, busy = results[own]
        alone = json.loads(results[1 - own][0])
        assert alone["pictures"] == options.renders
        assert (exported / "00007.png").read_bytes() == (again / "00007.png").read_bytes()
        ratios.append((busy / alone["processor_seconds"], took / alone["seconds"]))
        print(f"pair {pair + 1}: export, contact sheets and all, {took:.1f} s, libpng alone {alone['seconds']:.1f} s: "
              f"{ratios[-1][1]:.3f}; processor seconds {busy:.1f} and {alone['processor_seconds']:.1f}: "
              f"{ratios[-1][0]:.3f}", flush=True)
        shutil.rmtree(exported)
        shutil.rmtree(again)
    print(f"export in {statistics.median(ratio[1] for ratio in ratios):.3f} times the time of libpng alone, by the "
          f"processors' time {statistics.median(ratio[0] for ratio in ratios):.3f} (medians)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("parts")
    parser.add_argument("--renders", type=int, default=2000)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--tower", choices=("demo", *TOWERS), default="b32")
    parser.add_argument("--tower-pictures", type=int, default=2000, help="that the tower alone is given")
    parser.add_argument("--archive", type=pathlib.Path, help="that an earlier run made; kept, and made where it is not there")
    parser.add_argument("--only", choices=("score", "export"))
    options = parser.parse_args()
    seeds = 10
    prompts = (MODELS / "prompts.txt").read_text().splitlines()[:options.renders // seeds]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        archive = options.archive or folder / "many.h5"
        (folder / "job.yaml").write_text(JOB.format(models=MODELS, side=options.side, seeds=seeds,
                                                    prompts=json.dumps(prompts)))
        if not archive.exists():
            run(options.parts, "archive", folder / "job.yaml", archive)
        if options.only != "score":
            export_measure(options, folder, archive)
        if options.only != "export":
            score_measure(options, folder, archive)


if __name__ == "__main__":
    main()
