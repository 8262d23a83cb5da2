#!/usr/bin/env python3
"""Makes tests/text/fixtures: small tokenizers as the public libraries save them, and the ids that these give.

    pip install --no-deps -r tests/oracle/requirements.txt sentencepiece==0.2.3 protobuf
    python3 tests/oracle/make_tokenizers.py tests/text/fixtures

Everything is trained here, on the sentences below. Each line of expected.jsonl has the tokenizer's folder, the class that
transformers loads it as, how open_clip cleans the text before that ("none": it is not open_clip's), the text, its ids,
and the row of ROW ids that padding and truncation make of them.
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile

import open_clip.tokenizer
import sentencepiece
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, CLIPTokenizer, GemmaTokenizer, SiglipTokenizer

ROW = 12
SENTENCES = """A red castle stands on a green hill above the sea.
Two white horses run along the shore in the morning.
The old lighthouse keeper paints a picture of a blue fish.
Yellow flowers grow under the window of the small house.
A rocket flies past the moon, and the stars are silver.
Three black birds sit on the roof; it's raining again.
In the garden there is a fountain made of brown stone.
She doesn't know that they've painted 12 boats and 305 mountains.
""" * 6
TEXTS = [
    "", " ", "a red castle", "A RED Castle", "  two   spaces\tand\nlines  ", "It's raining, isn't it?", "don't, they've: 12 boats!",
    "file_name.png", "caf\u00e9 na\u00efve", "cafe\u0301", "\u0130stanbul", "\u039f\u0394\u039f\u03a3 \u03a3", "\uff21\uff22 \ufb01re",
    "\u8d64\u3044\u57ce", "\u043a\u0440\u0430\u0441\u043d\u044b\u0439", "a \u2603 b \u2603\u2603", "\U0001f469\u200d\U0001f469\u200d\U0001f467 x", "&amp; &lt;b&gt;",
    "\u201cquoted\u201d \u2018text\u2019 \u2026", "</s>", "a </s> b", "<unk> moon", "<pad>sea<eos>", "<|endoftext|> and <|STARTOFTEXT|>", "\u2581", "\u2581a \u2581\u2581",
    "( a red castle", "!!", "a\u00a0b\u3000c", "stone\x1cstone", "the the the the the the the the the the the the the the", "\n\n", "x" * 30,
]
# Characters that the normaliser of the Unigram models replaces: a small map in place of sentencepiece's large one.
RULES = [("\uff21", "A"), ("\uff22", "B"), ("\ufb01", "fi"), ("\u2026", "..."), ("e\u0301", "\u00e9"), ("\t", " "), ("\n", " "), ("\u00a0", " "), ("\u3000", " ")]


def train_unigram(folder, name, **options):
    # Relative names: the model file holds what it was trained on.
    here = os.getcwd()
    os.chdir(folder)
    pathlib.Path("rules.tsv").write_text("".join(" ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) + "\n" for a, b in RULES))
    pathlib.Path("text").write_text(SENTENCES)
    sentencepiece.SentencePieceTrainer.train(
        input="text", model_prefix=name, vocab_size=120, model_type="unigram", minloglevel=2,
        normalization_rule_tsv="rules.tsv", hard_vocab_limit=False, num_threads=1, **options)
    os.chdir(here)
    return folder / (name + ".model")


def make_siglip(folder, out):
    model = train_unigram(folder, "siglip", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    SiglipTokenizer(str(model)).save_pretrained(out / "siglip")
    shutil.copy(model, out / "siglip" / "spiece.model")
    loaded = folder / "t5"
    loaded.mkdir()
    shutil.copy(model, loaded / "spiece.model")
    (loaded / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>"}))
    AutoTokenizer.from_pretrained(loaded).save_pretrained(out / "t5")


def make_xlm_roberta(folder, out):
    loaded = folder / "xlm"
    loaded.mkdir()
    shutil.copy(train_unigram(folder, "xlm"), loaded / "sentencepiece.bpe.model")
    (loaded / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "XLMRobertaTokenizer"}))
    AutoTokenizer.from_pretrained(loaded).save_pretrained(out / "xlm-roberta")


def make_gemma(out):
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\u2581", "merged_with_next")
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator(SENTENCES.splitlines(), trainers.BpeTrainer(
        vocab_size=480, special_tokens=specials + ["\n\n"] + bytes_, show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    gemma = GemmaTokenizer(vocab=model["vocab"], merges=[tuple(pair) for pair in model["merges"]], add_eos_token=True,
                           padding_side="right", extra_special_tokens=["\n\n"])
    gemma.save_pretrained(out / "gemma")
    shutil.copytree(out / "gemma", out / "siglip2")
    # AutoTokenizer goes by the type of the model, whatever class the tokenizer's files name.
    (out / "siglip2" / "config.json").write_text('{"model_type": "siglip2"}\n')


def make_clip(folder, out):
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    trained.normalizer = normalizers.Lowercase()
    trained.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    trained.train_from_iterator(SENTENCES.splitlines(), trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>", show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    model = json.loads(trained.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    CLIPTokenizer(vocab=model["vocab"], merges=merges).save_pretrained(out / "clip")
    (out / "clip-merges").mkdir()
    (out / "clip-merges" / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
    (out / "clip-merges" / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    # The same file as older libraries wrote it: merges as texts, no specials in the expression, no class beside it.
    old = json.loads((out / "clip" / "tokenizer.json").read_text())
    old["model"]["merges"] = [" ".join(pair) for pair in merges]
    split = old["pre_tokenizer"]["pretokenizers"][0]
    split["pattern"]["Regex"] = split["pattern"]["Regex"].replace("<\\|startoftext\\|>|<\\|endoftext\\|>|", "")
    old["added_tokens"][0]["normalized"] = True
    (out / "clip-old").mkdir()
    (out / "clip-old" / "tokenizer.json").write_text(json.dumps(old, ensure_ascii=False))


def tidy(out):
    """Takes the places of this machine out of the configurations."""
    for path in out.glob("*/tokenizer_config.json"):
        config = json.loads(path.read_text())
        for key in ("vocab_file", "is_local", "local_files_only", "name_or_path"):
            config.pop(key, None)
        path.write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n")
    for path in out.glob("*/*.json"):
        if path.name == "tokenizer.json":
            path.write_text(json.dumps(json.loads(path.read_text()), ensure_ascii=False, separators=(",", ":")) + "\n")


class AsItSays:
    """A tokenizer.json without anything beside it: the library tokenizers alone."""

    def __init__(self, path):
        self.tokenizer = Tokenizer.from_file(str(path))

    def __call__(self, text, **options):
        return {"input_ids": self.tokenizer.encode(text).ids}


def expected(out):
    for name in sorted(path.name for path in out.iterdir() if path.is_dir()):
        old = name == "clip-old"
        folder = out / name
        tokenizer = AsItSays(folder / "tokenizer.json") if old else AutoTokenizer.from_pretrained(folder) if name != "clip-merges" else \
            CLIPTokenizer.from_pretrained(folder)
        for cleaning in ["none"] + (["canonicalize", "whitespace"] if name in ("t5", "gemma", "xlm-roberta") else []):
            clean = (lambda text: text) if cleaning == "none" else open_clip.tokenizer.get_clean_fn(cleaning)
            for text in TEXTS:
                row = None if old else tokenizer(clean(text), padding="max_length", truncation=True, max_length=ROW)["input_ids"]
                yield {"tokenizer": name, "class": "" if old else type(tokenizer).__name__, "cleaning": cleaning, "text": text,
                       "ids": tokenizer(clean(text))["input_ids"], "row": row}


def main():
    out = pathlib.Path(sys.argv[1]).resolve()
    for name in ("siglip", "t5", "xlm-roberta", "gemma", "siglip2", "clip", "clip-merges", "clip-old"):
        shutil.rmtree(out / name, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        make_siglip(pathlib.Path(scratch), out)
        make_xlm_roberta(pathlib.Path(scratch), out)
        make_clip(pathlib.Path(scratch), out)
    make_gemma(out)
    tidy(out)
    with open(out / "expected.jsonl", "w", encoding="utf-8") as file:
        for case in expected(out):
            file.write(json.dumps(case, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    main()
