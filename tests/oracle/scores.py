#!/usr/bin/env python3
"""What open_clip makes of pictures and texts, and the published formulas of these: tests/cli/fixtures/scores.

    python tests/oracle/scores.py

Writes `pictures.csv`, a list that `vqclip score` takes: the demo's test pictures with prompts, several of one prompt;
`head.safetensors`, a linear layer of random numbers; and `expected.csv`, the scores in float64 of picturebook-vit and
picturebook-judge, models of the demo that open_clip's own definition loads. Needs torch, open_clip_torch 3.3, pillow,
numpy and safetensors.

CLIPScore: Hessel et al. 2021, equation 1 and section 3, 2.5 · max(cos, 0) with "A photo depicts " before the text;
torchmetrics' is 100 · max(cos, 0) without a prefix, so 100 times the column cosine, where that is above 0. R-precision
(Park et al. 2021): whether a picture's own text is the nearest. Diversity: mean of 1 − cos over the pairs of a prompt's
pictures, each pair by itself.
"""
import csv
import gzip
import itertools
import pathlib
import tempfile

import numpy
import open_clip
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "jobs/models"
FIXTURES = ROOT / "tests/cli/fixtures/scores"
PREFIX, WEIGHT = "A photo depicts ", 2.5
# Pictures of one prompt need not show the same thing: what is tested is the arithmetic.
PROMPTS = ["an orange car", "a black flower", "a white butterfly", "a yellow fish", "an orange car", "a yellow fish",
           "a red sun", "a yellow fish"]
FILES = ["00-orange-car.png", "01-black-flower.png", "02-white-butterfly.png", "03-yellow-fish.png",
         "04-brown-rocket.png", "05-yellow-heart.png", "06-red-sun.png", "07-pink-fish.png"]


def open_model(name):
    weights = load_file(MODELS / f"picturebook-{name}.safetensors")
    model = open_clip.openai.build_model_from_openai_state_dict(weights, cast_dtype=torch.float32)
    model = model.double().eval()
    side = model.visual.image_size
    side = side[0] if isinstance(side, tuple) else side
    return model, open_clip.transform.image_transform(side, is_train=False)


def unit(rows):
    return (rows / rows.norm(dim=-1, keepdim=True)).numpy()


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    with open(FIXTURES / "pictures.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("file", "prompt"), *zip(FILES, PROMPTS)])
    generator = torch.Generator().manual_seed(16)
    head = {"weight": torch.randn(1, 128, generator=generator), "bias": torch.randn(1, generator=generator)}
    save_file(head, FIXTURES / "head.safetensors")
    with tempfile.TemporaryDirectory() as folder:
        # open_clip takes the end of the last line for one more pair; of the public file it reads no line so far behind.
        pairs = pathlib.Path(folder) / "pairs.gz"
        pairs.write_bytes(gzip.compress(gzip.decompress((MODELS / "picturebook.bpe.gz").read_bytes()).rstrip(b"\n")))
        tokenizer = open_clip.SimpleTokenizer(str(pairs), context_length=32)
    texts = sorted(set(PROMPTS))
    columns = {"file": FILES}
    for name in ("vit", "judge"):
        model, transform = open_model(name)
        pictures = torch.stack([transform(Image.open(MODELS / "test-pictures" / file).convert("RGB"))
                                for file in FILES])
        with torch.no_grad():
            images = unit(model.encode_image(pictures.double()))
            plain = unit(model.encode_text(tokenizer(texts)))
            prefixed = unit(model.encode_text(tokenizer([PREFIX + text for text in texts])))
        cosines = images @ plain.T
        own = [texts.index(prompt) for prompt in PROMPTS]
        others = [[j for j in range(len(texts)) if j != own[i]] for i in range(len(FILES))]
        columns[f"{name}_cosine"] = [cosines[i, own[i]] for i in range(len(FILES))]
        columns[f"{name}_clipscore"] = [WEIGHT * max(images[i] @ prefixed[own[i]], 0.0) for i in range(len(FILES))]
        columns[f"{name}_rank"] = [1 + sum(cosines[i, j] >= cosines[i, own[i]] for j in others[i])
                                   for i in range(len(FILES))]
        columns[f"{name}_hit"] = [int(rank == 1) for rank in columns[f"{name}_rank"]]
        columns[f"{name}_margin"] = [cosines[i, own[i]] - max(cosines[i, others[i]]) for i in range(len(FILES))]
        groups = {prompt: [i for i in range(len(FILES)) if PROMPTS[i] == prompt] for prompt in PROMPTS}
        means = {prompt: numpy.mean([1 - images[a] @ images[b] for a, b in itertools.combinations(rows, 2)])
                 if len(rows) > 1 else "" for prompt, rows in groups.items()}
        columns[f"{name}_diversity"] = [means[prompt] for prompt in PROMPTS]
        if name == "vit":
            layer = torch.nn.Linear(128, 1).double()
            layer.load_state_dict(head)
            columns["vit_aesthetic"] = layer(torch.from_numpy(images)).detach()[:, 0].tolist()
    with open(FIXTURES / "expected.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow([f"{cell:.9g}" if isinstance(cell, float) else cell for cell in row])


if __name__ == "__main__":
    main()
