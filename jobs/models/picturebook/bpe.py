"""Byte-pair encoding of captions, in the form of OpenAI's CLIP.

The vocabulary file is gzip text: a header line, then one merge "a b" a line.
Token ids are the 256 byte symbols, the same with "</w>", the merges in order,
"<|startoftext|>" and "<|endoftext|>".
"""

import collections
import functools
import gzip
import html

import ftfy
import regex
import torch

HEADER = '"bpe_picturebook_vocab" 1.0'
CONTEXT = 32
WORDS = regex.compile(
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    regex.IGNORECASE,
)


@functools.cache
def byte_symbols():
    """Byte → a printable character, in the order of the published vocabulary."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    symbols = {byte: chr(byte) for byte in printable}
    symbols.update({byte: chr(256 + k) for k, byte in enumerate(others)})
    return symbols


def clean(text):
    text = html.unescape(html.unescape(ftfy.fix_text(text)))
    return regex.sub(r"\s+", " ", text).strip().lower()


def split_words(text):
    """The words of a text, each as a tuple of symbols that ends in "</w>"."""
    symbols = byte_symbols()
    for word in WORDS.findall(clean(text)):
        letters = [symbols[byte] for byte in word.encode("utf-8")]
        yield (*letters[:-1], letters[-1] + "</w>")


def merge_pair(word, pair):
    merged, k = [], 0
    while k < len(word):
        if word[k : k + 2] == pair:
            merged.append(word[k] + word[k + 1])
            k += 2
        else:
            merged.append(word[k])
            k += 1
    return tuple(merged)


def learn_merges(texts, limit):
    """The most frequent pairs one after the other, until words are whole or the limit."""
    words = collections.Counter(word for text in texts for word in split_words(text))
    merges = []
    while len(merges) < limit:
        pairs = collections.Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = collections.Counter(
            {merge_pair(word, best): count for word, count in words.items()}
        )
    return merges


def write_vocabulary(path, merges):
    lines = [HEADER, *(" ".join(pair) for pair in merges)]
    with open(path, "wb") as file:
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
            packed.write(("\n".join(lines) + "\n").encode("utf-8"))


class Tokenizer:
    def __init__(self, path):
        lines = gzip.open(path).read().decode("utf-8").split("\n")[1:]
        merges = [tuple(line.split()) for line in lines if line]
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        letters = list(byte_symbols().values())
        names = letters + [letter + "</w>" for letter in letters]
        names += ["".join(pair) for pair in merges]
        self.start, self.end = len(names), len(names) + 1
        self.size = len(names) + 2
        self.ids = {name: number for number, name in enumerate(names)}
        self.encode_word = functools.cache(self.encode_word)

    def encode_word(self, word):
        while len(word) > 1:
            pair = min(zip(word, word[1:]), key=lambda p: self.ranks.get(p, len(self.ranks)))
            if pair not in self.ranks:
                break
            word = merge_pair(word, pair)
        return [self.ids[symbol] for symbol in word]

    @functools.lru_cache(maxsize=200_000)
    def encode(self, text):
        """Start, the text's ids, end."""
        ids = [number for word in split_words(text) for number in self.encode_word(word)]
        return [self.start, *ids, self.end]

    def batch(self, texts):
        """Ids with zeros after the end, int64 (B,CONTEXT)."""
        tokens = torch.zeros(len(texts), CONTEXT, dtype=torch.long)
        for row, text in zip(tokens, texts):
            ids = self.encode(text)
            if len(ids) > CONTEXT:
                raise ValueError(f"{len(ids)} tokens are more than {CONTEXT}: {text}")
            row[: len(ids)] = torch.tensor(ids)
        return tokens
