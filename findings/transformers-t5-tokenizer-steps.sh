#!/bin/sh
# transformers 5 does not do what a tokenizer.json says where its tokenizer's class is T5Tokenizer.
#
# Guess: a folder's tokenizer.json is the tokenizer: AutoTokenizer and T5Tokenizer give the pieces that tokenizers'
# own Tokenizer.from_file gives.
#
# Found: vocabulary and scores come from the file; the normaliser is built anew by the class, and the file's Lowercase
# is dropped without a word. PreTrainedTokenizerFast does what the file says.
#
# Why it matters here: a reader of tokenizer.json has to know the class as well, or the same prompt becomes other
# tokens than for the model's other users.
#
# Versions: transformers 5.24.0, tokenizers 0.23.3, Python 3.11.
#
# Output:
#   tokenizers: _a _ b
#   PreTrainedTokenizerFast: _a _ b
#   T5Tokenizer: _A _ B
#   AutoTokenizer: _A _ B
exec "$(dirname "$0")/common/python.sh" "$0" transformers==5.24.0 tokenizers==0.23.3 <<'END'
import json
import os

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast, T5Tokenizer

pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -3.0)]
pieces += [(letter, -4.0) for letter in "abAB"] + [("\u2581a", -3.5), ("\u2581A", -3.5)]
tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
tokenizer.normalizer = normalizers.Lowercase()
tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
os.mkdir("model")
tokenizer.save("model/tokenizer.json")
with open("model/tokenizer_config.json", "w", encoding="utf-8") as file:
    json.dump({"tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
               "extra_ids": 0}, file)
show = lambda tokens: " ".join(tokens).replace("\u2581", "_")
print("tokenizers:", show(Tokenizer.from_file("model/tokenizer.json").encode("A B").tokens))
print("PreTrainedTokenizerFast:", show(PreTrainedTokenizerFast(tokenizer_file="model/tokenizer.json").tokenize("A B")))
print("T5Tokenizer:", show(T5Tokenizer.from_pretrained("model").tokenize("A B")))
print("AutoTokenizer:", show(AutoTokenizer.from_pretrained("model").tokenize("A B")))
END
