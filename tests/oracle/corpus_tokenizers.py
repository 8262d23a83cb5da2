#!/usr/bin/env python3
"""Small tokenizers that transformers and tokenizers save, one thing changed at a time, and the ids that vqclip gives.

    python tests/oracle/corpus_tokenizers.py --vqclip build/release/src/vqclip [--only WORD] [--texts FILE]

Writes results/models-tokenizers.md. Each folder is opened by transformers' AutoTokenizer, or by open_clip, which give
the ids of every text of make_tokenizers.py, and of those of a JSON file with "texts": [{"text"}]. vqclip is right where
it gives the same ids, or it refuses with one line that names a file; everything else is WRONG, and then the exit code
is 1. Where the library itself opens no such folder, there is nothing to compare with: no ids.

Needs what make_tokenizers.py needs.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import open_clip.tokenizer  # noqa: E402
import sentencepiece  # noqa: E402
import tokenizers  # noqa: E402
import transformers  # noqa: E402
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

import make_tokenizers  # noqa: E402

# ---- The ways to change a folder ----


def tree_copy(base, out):
    if base != out:
        shutil.copytree(base, out, dirs_exist_ok=True)


def saved(change=None, **arguments):
    """Opened by transformers with other arguments, changed, and saved again."""

    def make(base, out):
        tokenizer = AutoTokenizer.from_pretrained(base, **arguments)
        if change is not None:
            change(tokenizer)
        tokenizer.save_pretrained(out)
        if (base / "config.json").exists():
            shutil.copy(base / "config.json", out)

    return make


def edited(name, edit):
    """One file changed by hand, the others as they were."""

    def make(base, out):
        tree_copy(base, out)
        path = out / name
        value = json.loads(path.read_text()) if path.exists() else {}
        value = edit(value) or value
        path.write_text(json.dumps(value, ensure_ascii=False))

    return make


def config(**settings):
    return edited("tokenizer_config.json", lambda value: value.update(settings))


def config_without(*keys):
    return edited("tokenizer_config.json", lambda value: [value.pop(key, None) for key in keys] and None)


def backend(change, keep_config=True):
    """The library tokenizers opens tokenizer.json, changes it and saves it."""

    def make(base, out):
        tree_copy(base, out)
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        change(tokenizer)
        tokenizer.save(str(out / "tokenizer.json"))
        if not keep_config:
            (out / "tokenizer_config.json").unlink(missing_ok=True)
            (out / "config.json").unlink(missing_ok=True)

    return make


def plain(change=None):
    """The same steps as PreTrainedTokenizerFast, which takes the file at its word."""

    def make(base, out):
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        if change is not None:
            change(tokenizer)
        transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(out)

    return make


def part(name, value):
    return lambda tokenizer: setattr(tokenizer, name, value)


def added(*tokens, **flags):
    made = [AddedToken(token, **flags) for token in tokens]
    return lambda tokenizer: tokenizer.add_tokens(made, special_tokens=flags.get("special", False))


def added_backend(*tokens, **flags):
    return lambda tokenizer: tokenizer.add_tokens([AddedToken(token, **flags) for token in tokens])


def together(*changes):
    def change(tokenizer):
        for one in changes:
            one(tokenizer)

    return change


def set_value(path, value):
    """Sets a place of tokenizer.json."""

    def edit(whole):
        inner = whole
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value

    return edited("tokenizer.json", edit)


def truncated(tokenizer):
    tokenizer.backend_tokenizer.enable_truncation(4)


def padded(tokenizer):
    tokenizer.backend_tokenizer.enable_padding(length=9, pad_id=2, pad_token="x", direction="left")


def beside(name, value):
    def make(base, out):
        tree_copy(base, out)
        (out / name).write_text(json.dumps(value))

    return make


def without(name):
    def make(base, out):
        tree_copy(base, out)
        (out / name).unlink(missing_ok=True)

    return make


def together_made(*makes):
    """The second of a folder that the first made."""

    def make(base, out):
        for number, one in enumerate(makes):
            one(base if number == 0 else out, out)

    return make


PIECE = {"content": "r", "special": True, "normalized": False, "lstrip": False, "rstrip": False, "single_word": False}
SPECIALS = ("bos_token", "eos_token", "unk_token", "sep_token", "cls_token", "pad_token", "mask_token")


# What transformers 4 wrote beside; set to the folder's own tokens before its cases are made.
OWN = {"map": {}, "ids": {}, "flags": {}}


def own_read(base):
    tokenizer = AutoTokenizer.from_pretrained(base)
    OWN["map"] = {key: str(getattr(tokenizer, key)) for key in SPECIALS if getattr(tokenizer, key, None) is not None}
    OWN["ids"] = {str(token): number for number, token in tokenizer.added_tokens_decoder.items()}
    OWN["flags"] = {str(number): {key: getattr(token, key) for key in ("content", "special", "normalized", "lstrip", "rstrip", "single_word")}
                    for number, token in tokenizer.added_tokens_decoder.items()}


def same_map(_):
    return OWN["map"]


def same_added(_):
    return OWN["ids"]


def decoder_of(**flags):
    return lambda value: value.update(added_tokens_decoder={number: {**token, **flags} for number, token in OWN["flags"].items()})


# ---- The cases: of every class, then of some ----

NEW = "red castle"
EVERY = {
    "as it is": tree_copy,
    "saved again": saved(),
    "an added token": saved(added("castle")),
    "an added token with a capital": saved(added("Castle")),
    "an added token, not normalised": saved(added(NEW, normalized=False)),
    "an added token, lstrip": saved(added("castle", lstrip=True)),
    "an added token, rstrip": saved(added("castle", rstrip=True)),
    "an added token, single_word": saved(added("cast", single_word=True)),
    "an added special token": saved(added("<red>", "moon", special=True)),
    "extra_special_tokens": saved(lambda tokenizer: tokenizer.add_special_tokens({"extra_special_tokens": ["moon", "<x>"]})),
    "another eos_token": saved(lambda tokenizer: tokenizer.add_special_tokens({"eos_token": "<done>"})),
    "another bos_token": saved(lambda tokenizer: tokenizer.add_special_tokens({"bos_token": "<begin>"})),
    "another pad_token": saved(lambda tokenizer: tokenizer.add_special_tokens({"pad_token": "<hole>"})),
    "another unk_token": saved(lambda tokenizer: tokenizer.add_special_tokens({"unk_token": "<what>"})),
    "mask_token with lstrip": saved(lambda tokenizer: tokenizer.add_special_tokens({"mask_token": AddedToken("moon", lstrip=True)})),
    "truncation in tokenizer.json": saved(truncated),
    "padding in tokenizer.json": saved(padded),
    "model_max_length 5": saved(model_max_length=5),
    "model_max_length 5, in the file": config(model_max_length=5),
    "clean_up_tokenization_spaces": config(clean_up_tokenization_spaces=True),
    "padding_side left": saved(padding_side="left"),
    "truncation_side left": saved(truncation_side="left"),
    "split_special_tokens": saved(split_special_tokens=True),
    "do_lower_case false": saved(do_lower_case=False),
    "do_lower_case true": config(do_lower_case=True),
    "do_lower_case false, in the file": config(do_lower_case=False),
    "add_prefix_space false": saved(add_prefix_space=False),
    "add_prefix_space true": saved(add_prefix_space=True),
    "add_prefix_space false, in the file": config(add_prefix_space=False),
    "add_prefix_space true, in the file": config(add_prefix_space=True),
    "add_bos_token true": config(add_bos_token=True),
    "add_bos_token false": config(add_bos_token=False),
    "add_eos_token true": config(add_eos_token=True),
    "add_eos_token false": config(add_eos_token=False),
    "legacy true": config(legacy=True),
    "legacy false": config(legacy=False),
    "extra_ids 3": config(extra_ids=3),
    "bos_token null": config(bos_token=None),
    "eos_token null": config(eos_token=None),
    "unk_token null": config(unk_token=None),
    "pad_token null": config(pad_token=None),
    "eos_token a piece": config(eos_token="a"),
    "bos_token a piece": config(bos_token="a"),
    "unk_token a piece": config(unk_token="a"),
    "mask_token a piece, with lstrip": config(mask_token={"content": "a", "lstrip": True, "__type": "AddedToken"}),
    "a new token in additional_special_tokens": config(additional_special_tokens=["moon"]),
    "a piece in additional_special_tokens": config(additional_special_tokens=["s"]),
    "extra_special_tokens of the model": config(extra_special_tokens={"image_token": "s"}),
    "a new one in extra_special_tokens of the model": config(extra_special_tokens={"image_token": "moon"}),
    "an unknown key": config(do_split_on_punc=True),
    "add_dummy_prefix": config(add_dummy_prefix=False),
    "sp_model_kwargs": config(sp_model_kwargs={"enable_sampling": True}),
    "a class of tomorrow": config(tokenizer_class="TomorrowTokenizer"),
    "class LlamaTokenizer": config(tokenizer_class="LlamaTokenizer"),
    "class GPT2Tokenizer": config(tokenizer_class="GPT2Tokenizer"),
    "class BertTokenizer": config(tokenizer_class="BertTokenizer"),
    "class NllbTokenizer": config(tokenizer_class="NllbTokenizer"),
    "class PreTrainedTokenizerFast": config(tokenizer_class="PreTrainedTokenizerFast"),
    "class TokenizersBackend": config(tokenizer_class="TokenizersBackend"),
    "class XLMRobertaTokenizerFast": config(tokenizer_class="XLMRobertaTokenizerFast"),
    "class T5TokenizerFast": config(tokenizer_class="T5TokenizerFast"),
    "class CLIPTokenizerFast": config(tokenizer_class="CLIPTokenizerFast"),
    "class GemmaTokenizerFast": config(tokenizer_class="GemmaTokenizerFast"),
    "class SiglipTokenizer": config(tokenizer_class="SiglipTokenizer"),
    "class Siglip2Tokenizer": config(tokenizer_class="Siglip2Tokenizer"),
    "no class": config_without("tokenizer_class"),
    "added_tokens_decoder": config(added_tokens_decoder={"5": {"content": "moon", "special": True, "normalized": False, "lstrip": False, "rstrip": False, "single_word": False}}),
    "special_tokens_map.json with another end": beside("special_tokens_map.json", {"eos_token": "s"}),
    "special_tokens_map.json with more tokens": beside("special_tokens_map.json", {"additional_special_tokens": ["s"]}),
    "special_tokens_map.json, lstrip": beside("special_tokens_map.json", {"mask_token": {"content": "s", "lstrip": True, "rstrip": True, "normalized": False, "single_word": False}}),
    "added_tokens.json, a new token": beside("added_tokens.json", {"moon": 1000}),
    "added_tokens.json, a piece": beside("added_tokens.json", {"s": 7}),
    "config.json with a tokenizer_class": beside("config.json", {"model_type": "clip", "tokenizer_class": "GPT2Tokenizer"}),
    "config.json of siglip": beside("config.json", {"model_type": "siglip"}),
    "config.json of bert": beside("config.json", {"model_type": "bert"}),
    "config.json of llama": beside("config.json", {"model_type": "llama"}),
    "config.json of a model of tomorrow": beside("config.json", {"model_type": "tomorrow"}),
    "special_tokens_map.json, the same": edited("special_tokens_map.json", same_map),
    "added_tokens.json, the same": edited("added_tokens.json", same_added),
    "added_tokens_decoder of a piece": config(added_tokens_decoder={"5": PIECE}),
    "no tokenizer_config.json, config.json of bert": together_made(without("tokenizer_config.json"), beside("config.json", {"model_type": "bert"})),
    "no tokenizer_config.json, config.json of clip": together_made(without("tokenizer_config.json"), beside("config.json", {"model_type": "clip"})),
    "no tokenizer_config.json, config.json with a class": together_made(without("tokenizer_config.json"), beside("config.json", {"model_type": "clip", "tokenizer_class": "GPT2Tokenizer"})),
    "added_tokens_decoder, normalized": edited("tokenizer_config.json", decoder_of(normalized=True)),
    "added_tokens_decoder, normalized, class PreTrainedTokenizerFast": together_made(
        edited("tokenizer_config.json", decoder_of(normalized=True)), config(tokenizer_class="PreTrainedTokenizerFast")),
    "added_tokens_decoder, lstrip": edited("tokenizer_config.json", decoder_of(lstrip=True)),
    "added_tokens_decoder, not special": edited("tokenizer_config.json", decoder_of(special=False)),
    "added_tokens_decoder, the usual": edited("tokenizer_config.json", decoder_of()),
    "chat_template": config(chat_template="{{ messages }}"),
}
ADDED = "added_tokens"
IN_FILE = {  # of those that have a tokenizer.json
    "tokenizer.json alone": backend(lambda tokenizer: None, keep_config=False),
    "as PreTrainedTokenizerFast": plain(),
    "normaliser NFKC": backend(part("normalizer", normalizers.NFKC())),
    "no normaliser": set_value(["normalizer"], None),
    "no pre-tokenizer": set_value(["pre_tokenizer"], None),
    "no post-processor": set_value(["post_processor"], None),
    "another post-processor": backend(part("post_processor", processors.TemplateProcessing(single="a $A b", special_tokens=[("a", 9), ("b", 10)]))),
    "no decoder": set_value(["decoder"], None),
    "plain, no post-processor": plain(part("post_processor", processors.Sequence([]))),
    "plain, NFC": plain(part("normalizer", normalizers.NFC())),
    "plain, NFD": plain(part("normalizer", normalizers.NFD())),
    "plain, NFKC": plain(part("normalizer", normalizers.NFKC())),
    "plain, StripAccents": plain(part("normalizer", normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]))),
    "plain, BertNormalizer": plain(part("normalizer", normalizers.BertNormalizer())),
    "plain, Nmt": plain(part("normalizer", normalizers.Nmt())),
    "plain, Lowercase": plain(part("normalizer", normalizers.Lowercase())),
    "plain, Strip": plain(part("normalizer", normalizers.Strip(right=False))),
    "plain, Prepend": plain(part("normalizer", normalizers.Prepend("a"))),
    "plain, Replace": plain(part("normalizer", normalizers.Replace("s", "t"))),
    "plain, Replace by an expression": plain(part("normalizer", normalizers.Replace(tokenizers.Regex("[sr]+"), "t"))),
    "plain, Whitespace": plain(part("pre_tokenizer", pre_tokenizers.Whitespace())),
    "plain, WhitespaceSplit": plain(part("pre_tokenizer", pre_tokenizers.WhitespaceSplit())),
    "plain, Punctuation": plain(part("pre_tokenizer", pre_tokenizers.Punctuation())),
    "plain, Digits": plain(part("pre_tokenizer", pre_tokenizers.Digits(individual_digits=True))),
    "plain, ByteLevel": plain(part("pre_tokenizer", pre_tokenizers.ByteLevel(add_prefix_space=False))),
    "plain, ByteLevel, a space first": plain(part("pre_tokenizer", pre_tokenizers.ByteLevel(add_prefix_space=True))),
    "plain, ByteLevel, no expression": plain(part("pre_tokenizer", pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))),
    "plain, Metaspace": plain(part("pre_tokenizer", pre_tokenizers.Metaspace())),
    "plain, Metaspace first": plain(part("pre_tokenizer", pre_tokenizers.Metaspace(prepend_scheme="first"))),
    "plain, Metaspace never": plain(part("pre_tokenizer", pre_tokenizers.Metaspace(prepend_scheme="never"))),
    "plain, Metaspace, not split": plain(part("pre_tokenizer", pre_tokenizers.Metaspace(split=False))),
    "plain, Split isolated": plain(part("pre_tokenizer", pre_tokenizers.Split(" ", "isolated"))),
    "plain, Split removed": plain(part("pre_tokenizer", pre_tokenizers.Split(" ", "removed"))),
    "plain, Split merged_with_previous": plain(part("pre_tokenizer", pre_tokenizers.Split(" ", "merged_with_previous"))),
    "plain, Split merged_with_next": plain(part("pre_tokenizer", pre_tokenizers.Split(" ", "merged_with_next"))),
    "plain, Split contiguous": plain(part("pre_tokenizer", pre_tokenizers.Split(" ", "contiguous"))),
    "plain, UnicodeScripts": plain(part("pre_tokenizer", pre_tokenizers.UnicodeScripts())),
    "plain, added tokens that overlap": plain(added_backend("red", "red castle", "castle sea", normalized=False)),
    "plain, added tokens, normalised": plain(added_backend("RED", "Castle", normalized=True)),
    "plain, an added token of a space": plain(added_backend("  ", normalized=False)),
    "plain, truncation": plain(lambda tokenizer: tokenizer.enable_truncation(4)),
    "plain, padding": plain(lambda tokenizer: tokenizer.enable_padding(length=8)),
    "model: fuse_unk": set_value(["model", "fuse_unk"], True),
    "model: byte_fallback": set_value(["model", "byte_fallback"], True),
    "model: ignore_merges": set_value(["model", "ignore_merges"], True),
    "model: dropout": set_value(["model", "dropout"], 0.5),
    "model: unk_id null": set_value(["model", "unk_id"], None),
    "model: unk_token null": set_value(["model", "unk_token"], None),
    "model: continuing_subword_prefix": set_value(["model", "continuing_subword_prefix"], "##"),
    "model: end_of_word_suffix": set_value(["model", "end_of_word_suffix"], "</x>"),
    "version 2.0": set_value(["version"], "2.0"),
    "an added token special, not in the configuration": edited("tokenizer.json", lambda value: value[ADDED][0].update(special=False)),
    "an added token left out": edited("tokenizer.json", lambda value: value[ADDED].pop(0) and None),
    "an added token normalized": edited("tokenizer.json", lambda value: [one.update(normalized=True) for one in value[ADDED]] and None),
}


# ---- Other classes, each trained here ----


def byte_level(**settings):
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.train_from_iterator(make_tokenizers.SENTENCES.splitlines(), trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **settings))
    model = json.loads(trained.to_str())["model"]
    return {"vocab": model["vocab"], "merges": [tuple(pair) for pair in model["merges"]]}


def of_bytes(name, change=None, **arguments):
    def make(_, out):
        tokenizer = getattr(transformers, name)(**byte_level(), **arguments)
        if change is not None:
            change(tokenizer)
        tokenizer.save_pretrained(out)

    return make


def of_pieces(name, kind="unigram", **arguments):
    """A class that reads a model of sentencepiece."""

    def make(_, out):
        out.mkdir(exist_ok=True)
        (out / "text").write_text(make_tokenizers.SENTENCES)
        sentencepiece.SentencePieceTrainer.train(
            input=str(out / "text"), model_prefix=str(out / "spiece"), vocab_size=90, model_type=kind, minloglevel=2,
            hard_vocab_limit=False, num_threads=1, byte_fallback=False)
        for other in ("sentencepiece.bpe.model", "tokenizer.model"):
            shutil.copy(out / "spiece.model", out / other)
        (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name, **arguments}))
        tokenizer = AutoTokenizer.from_pretrained(out)
        for path in list(out.iterdir()):
            path.unlink()
        tokenizer.save_pretrained(out)

    return make


def of_words(name, change=None):
    def make(_, out):
        trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        trained.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trained.train_from_iterator(make_tokenizers.SENTENCES.splitlines(), trainers.WordPieceTrainer(
            vocab_size=200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
        tokenizer = getattr(transformers, name)(vocab=trained.get_vocab())
        tokenizer.save_pretrained(out)

    return make


OTHERS = {
    "GPT2Tokenizer": of_bytes("GPT2Tokenizer"),
    "GPT2Tokenizer, added tokens": of_bytes("GPT2Tokenizer", added("castle", "<new>")),
    "GPT2Tokenizer, added tokens, lstrip": of_bytes("GPT2Tokenizer", added("castle", lstrip=True, rstrip=True)),
    "GPT2Tokenizer, add_prefix_space": of_bytes("GPT2Tokenizer", add_prefix_space=True),
    "RobertaTokenizer": of_bytes("RobertaTokenizer"),
    "BartTokenizer": of_bytes("BartTokenizer"),
    "Qwen2Tokenizer": of_bytes("Qwen2Tokenizer"),
    "CodeGenTokenizer": of_bytes("CodeGenTokenizer"),
    "GPTNeoXTokenizer": of_bytes("GPTNeoXTokenizer"),
    "BertTokenizer": of_words("BertTokenizer"),
    "DistilBertTokenizer": of_words("DistilBertTokenizer"),
    "LlamaTokenizer": of_pieces("LlamaTokenizer", "bpe"),
    "NllbTokenizer": of_pieces("NllbTokenizer", "bpe"),
    "NllbTokenizer of a Unigram": of_pieces("NllbTokenizer"),
    "MBartTokenizer": of_pieces("MBartTokenizer"),
    "AlbertTokenizer": of_pieces("AlbertTokenizer"),
    "CamembertTokenizer": of_pieces("CamembertTokenizer"),
    "XLMRobertaTokenizer": of_pieces("XLMRobertaTokenizer"),
    "T5Tokenizer": of_pieces("T5Tokenizer"),
    "T5Tokenizer, extra_ids 5": of_pieces("T5Tokenizer", extra_ids=5),
    "DebertaV2Tokenizer": of_pieces("DebertaV2Tokenizer"),
    "PegasusTokenizer": of_pieces("PegasusTokenizer"),
    "M2M100Tokenizer": of_pieces("M2M100Tokenizer"),
    "XLNetTokenizer": of_pieces("XLNetTokenizer"),
}
# open_clip's wrapper around a folder: its cleaning, and the name that its configuration has.
OPEN_CLIP = {
    f"open_clip, clean {clean}": edited("open_clip_config.json", lambda value, clean=clean: {
        "model_cfg": {"text_cfg": {"hf_tokenizer_name": "x", **({"tokenizer_kwargs": {"clean": clean}} if clean else {})}}})
    for clean in (None, "canonicalize", "lower", "whitespace")
}
OPEN_CLIP["open_clip, strip_sep_token"] = edited("open_clip_config.json", lambda value: {
    "model_cfg": {"text_cfg": {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"strip_sep_token": True}}}})
OPEN_CLIP["open_clip, language"] = edited("open_clip_config.json", lambda value: {
    "model_cfg": {"text_cfg": {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"language": "en"}}}})
OPEN_CLIP["open_clip, tokenizer_mode"] = edited("open_clip_config.json", lambda value: {
    "model_cfg": {"text_cfg": {"hf_tokenizer_name": "x", "tokenizer_mode": "clips"}}})

# ---- The verdicts ----


def library_open(folder):
    """text -> ids, as the library whose folder it is does it."""
    config_path = folder / "open_clip_config.json"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if not config_path.exists():
        return lambda text: tokenizer(text)["input_ids"]
    settings = json.loads(config_path.read_text())["model_cfg"]["text_cfg"]
    wrapper = open_clip.tokenizer.HFTokenizer(str(folder), context_length=200, **settings.get("tokenizer_kwargs", {}),
                                              **({"tokenizer_mode": settings["tokenizer_mode"]} if "tokenizer_mode" in settings else {}))

    def ids(text):
        row = wrapper(text)[0].tolist()
        full = wrapper.tokenizer(wrapper.clean_fn(text))["input_ids"]
        if row[: len(full)] != full:
            raise ValueError("the wrapper does more than cleaning")
        return full

    return ids


def library_alone(folder):
    """A tokenizer.json with nothing beside it that says a class; padding and truncation are transformers' own."""
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    return lambda text: tokenizer(text)["input_ids"]


def refusal(run, folder):
    message = run.stderr.strip().replace(str(folder) + "/", "").replace(str(folder), "FOLDER").removeprefix("vqclip: ")
    if run.returncode != 2 or "\n" in message or ":" not in message:
        return "WRONG", f"exit code {run.returncode}: {message}"
    return "refused", message


def judge(program, folder, texts):
    run = subprocess.run([program, "tokenize", "--vocabulary", folder, "--json", "--", *texts], capture_output=True,
                         text=True, check=False)
    if run.returncode != 0:
        return refusal(run, folder)
    found = json.loads(run.stdout)
    alone = not (folder / "tokenizer_config.json").exists() and not (folder / "config.json").exists() and (folder / "tokenizer.json").exists()
    try:
        encode = library_alone(folder) if alone else library_open(folder)
        expected = [encode(text) for text in texts]
    except BaseException as problem:  # whatever keeps the library from its ids; tokenizers panics
        return "no ids", f"the library: {type(problem).__name__}: {str(problem)[:100]}".replace("\n", " ")
    for text, one, wanted in zip(texts, found, expected):
        if one["ids"] != wanted:
            return "WRONG", f"{text!r}: {one['ids'][:12]}, expected {wanted[:12]}; {one['rules']}"
    return "right", f"{len(texts)} texts; {found[0]['rules']}"


def bases_make(folder):
    for name, make in {"clip": make_tokenizers.make_clip, "siglip": make_tokenizers.make_siglip,
                       "xlm": make_tokenizers.make_xlm_roberta}.items():
        (folder / f"scratch-{name}").mkdir()
        make(folder / f"scratch-{name}", folder)
    make_tokenizers.make_gemma(folder)
    (folder / "clip-merges" / "tokenizer_config.json").write_text('{"tokenizer_class": "CLIPTokenizer"}')
    make_tokenizers.tidy(folder)


def cases(bases):
    for base in ("clip", "clip-merges", "t5", "xlm-roberta", "gemma", "siglip2", "siglip"):
        own_read(bases / base)
        lists = [EVERY] + ([IN_FILE] if (bases / base / "tokenizer.json").exists() else [])
        lists += [OPEN_CLIP] if base in ("t5", "xlm-roberta", "gemma", "clip") else []
        for name, make in ((name, make) for one in lists for name, make in one.items()):
            yield base, name, make
    for name, make in OTHERS.items():
        yield "other classes", name, make
        yield "other classes", name + ", as PreTrainedTokenizerFast", lambda base, out, make=make: (
            make(base, out), config(tokenizer_class="PreTrainedTokenizerFast")(out, out / "again"),
            [shutil.copy(path, out) for path in (out / "again").iterdir()], shutil.rmtree(out / "again"))


def rows_make(program, texts, only):
    with tempfile.TemporaryDirectory() as name:
        bases = pathlib.Path(name)
        bases_make(bases)
        for base, case, make in cases(bases):
            if only is not None and only not in f"{base}, {case}":
                continue
            out = bases / "case"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            try:
                make(bases / base, out)
                row = (base, case, *judge(program, out, texts))
            except BaseException as problem:
                row = (base, case, "not made", f"{type(problem).__name__}: {str(problem)[:100]}".replace("\n", " "))
            if row[2] == "WRONG":
                print(" | ".join(row), flush=True)
            yield row


def report_write(path, rows, count):
    verdicts = ["right", "refused", "no ids", "WRONG"]
    rows = [row for row in rows if row[2] != "not made"]
    total = {verdict: sum(row[2] == verdict for row in rows) for verdict in verdicts}
    with open(path, "w", encoding="utf-8") as out:
        out.write("# Tokenizers, one thing changed at a time\n\n")
        out.write(f"{len(rows)} folders, {count} texts each: " + ", ".join(f"{total[one]} {one}" for one in verdicts) + ".\n\n")
        out.write(f"- Date: {datetime.date.today()}\n- Command: `python tests/oracle/corpus_tokenizers.py --vqclip "
                  f"build/release/src/vqclip --texts FILE`, with 40 more texts\n- Versions: transformers {transformers.__version__}, tokenizers "
                  f"{tokenizers.__version__}, sentencepiece {sentencepiece.__version__}, open_clip {open_clip.__version__}\n\n")
        out.write("Right: the ids of all texts are those of the library whose folder it is. Refused: exit code 2 and one line "
                  "that names a file.\nNo ids: the library itself opens no such folder.\n\n")
        out.write("| tokenizer | what is changed | verdict | what was found |\n| --- | --- | --- | --- |\n")
        for base, case, verdict, what in rows:
            out.write(f"| {base} | {case} | {verdict} | {what.replace('|', chr(92) + '|')} |\n")
    return total["WRONG"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vqclip", default="build/release/src/vqclip")
    parser.add_argument("--only")
    parser.add_argument("--texts")
    parser.add_argument("--output", default="results/models-tokenizers.md")
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    texts = list(make_tokenizers.TEXTS)
    if options.texts is not None:
        texts += [one["text"] for one in json.loads(pathlib.Path(options.texts).read_text())["texts"]]
    rows = list(rows_make(str(pathlib.Path(options.vqclip).resolve()), texts, options.only))
    for row in rows:
        if row[2] == "not made":
            print(" | ".join(row))
    return 1 if report_write(options.output, rows, len(texts)) else 0


if __name__ == "__main__":
    sys.exit(main())
