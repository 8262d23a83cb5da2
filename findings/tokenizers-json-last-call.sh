#!/bin/sh
# A saved tokenizer.json holds the truncation and padding of whatever was tokenized last.
#
# Guess: save_pretrained writes the vocabulary and the rules; max_length=2 was an argument of one call, and went with it.
#
# Found: the call sets the state of the tokenizer beneath, and the file has it: the same tokenizer saved before and after
# one call differs, and the second file cuts every text to two tokens, without a word, in whatever reads it as it stands.
# transformers itself resets both for each of its own calls, so that nobody who reads it back there sees anything.
#
# Why it matters here: a tokenizer.json beside a model may cut or fill up prompts to a length that belongs to somebody's
# last experiment; a reader has to know that these two keys say nothing of the model.
#
# Versions: transformers 5.24.0, tokenizers as it asks for, Python 3.11.
#
# Output:
#   saved before a call: truncation None, padding None: [1, 2, 1, 2]
#   saved after a call: truncation 2, padding Fixed: [1, 2]
#   the same, by transformers: [1, 2, 1, 2]
exec "$(dirname "$0")/common/python.sh" "$0" transformers==5.24.0 <<'END'
import json

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

words = Tokenizer(models.WordLevel({"[PAD]": 0, "a": 1, "b": 2, "[UNK]": 3}, unk_token="[UNK]"))
words.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]")


def save(folder):
    tokenizer.save_pretrained(folder)
    state = json.load(open(f"{folder}/tokenizer.json"))
    truncation = state["truncation"] and state["truncation"]["max_length"]
    padding = state["padding"] and next(iter(state["padding"]["strategy"]))
    ids = Tokenizer.from_file(f"{folder}/tokenizer.json").encode("a b a b").ids
    print(f"saved {folder} a call: truncation {truncation}, padding {padding}: {ids}")


save("before")
tokenizer("a b a", padding="max_length", truncation=True, max_length=2)
save("after")
print("the same, by transformers:", PreTrainedTokenizerFast.from_pretrained("after")("a b a b")["input_ids"])
END
