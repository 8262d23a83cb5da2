#!/usr/bin/env python3
"""Makes tests/models/text_cleaning_cases.jsonl: texts, how the Python packages clean them, and their token ids.

    pip install ftfy regex openai-clip
    python3 tests/oracle/make_text_cleaning.py bpe_simple_vocab_16e6.txt.gz > tests/models/text_cleaning_cases.jsonl

Texts that ftfy takes for wrongly decoded ones are left out, because the program does not guess encodings. Characters
are those of Unicode 3.2, so that the cases do not depend on the version of Unicode.
"""
import html
import importlib.util
import json
import pathlib
import random
import sys
import unicodedata

import ftfy
import regex

GUESSES_OFF = ftfy.TextFixerConfig(fix_encoding=False, explain=False)

CHOSEN = [
    "", " ", "\t\n\r ", "plain text", "  two  spaces ", "a\r\nb\rc\u2028d\u2029e\x85f", "\u3000wide\u3000space\u3000",
    "no\u00a0break\u2009thin\u200bzero width", "&lt;b&gt;bold&lt;/b&gt;", "<b>&amp;amp;</b>", "<p>\n&eacute; on line 2",
    "&eacute; first\n< then &eacute;", "&amp;amp;amp;amp;amp;lt;", "&EACUTE;&NTILDE;&SZLIG;&nTILDE;", "&eacute &notit; &notin;",
    "&NotAnEntity; &; &# &#; &#x; &#xg; &#12ab; &#59; &#59", "&#0; &#1; &#11; &#12; &#13; &#127; &#128; &#129; &#159; &#160;",
    "&#xd800; &#xdfff; &#xfffe; &#xfdd0; &#x10ffff; &#x110000; &#99999999999999999999;", "&#x1F600;&#128512",
    "this&not that, AT&T, R&D; &ampersand", "&CounterClockwiseContourIntegral; &ThickSpace;&nGt;", "&acE; &fjlig;",
    "\x1b[31mred\x1b[0m \x1b[1;2;3Hmove \x1b[unfinished\x1b[ \x1b[\u0663m", "bell\x07 back\x08space\x0b del\x7f",
    "\ufeffbyte order mark \u206a\ufff9\ufffc", "smart \u201cquotes\u201d \u2018single\u2019 \u201elow\u201f \u02bc",
    "windows \x93quotes\x94 \x85 \x80 \x81", "\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06 \u0132\u0133\u0149 \u01c4\u01c5\u01c6\u01f1",
    "\uff26\uff35\uff2c\uff2c \uff11\uff12\uff01 \uff02\uff07", "\uff76\uff9e\uff8a\uff9f \uffa1\uffc2 \uffe0\uffe3\uffe6",
    "e\u0301 q\u0307\u0323 \u1100\u1161\u11a8 \u212b \u2126 \u0344", "\u0130stanbul I\u0307 \u0131", "STRASSE \u1e9e \u00df",
    "\u039f\u0394\u039f\u03a3 \u03a3 \u03a3\u03a3 \u039f\u03a3\u0391 \u039f\u03a3. \u039f\u03a3'\u0391 .\u03a3 \u0391\u0301\u03a3\u0301",
    "\u0391\u02b0\u03a3 \u2160\u03a3 \u24b6\u03a3 \u00aa\u03a3 1\u03a3 \u0391\u00ad\u03a3", "don't DON'T it's IT'S we'll they've I'm he'd you're",
    "'s'S'\u017f 'x '' '", "<|startoftext|> a <|endoftext|>", "<|StartOfText|><|endoftext|>x<|nothing|>", "<|\u017ftartoftext|>",
    "10,000 \u00bd \u0663\u0664 \u2167 \u00b2\u3007", "a_b-c/d\\e {x} [y] $z^2$", "!!!??? ... -- ;-)", "C3PO & R2-D2", "a\u0345b \u0345", "&eacute&#59; &amp&#59;",
    "<b> &EACUTE; &amp;amp;amp;amp;\n&EACUTE; &amp;amp;amp;amp;",
    "\u200e\u202aright to left\u202c\u200f", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u0905\u0928\u0941\u091a\u094d\u091b\u0947\u0926",
    "\U0001d173\U0001d400 \U00010400", "x\u0327\u0301\u0323\u0308y", "supercalifragilisticexpialidocious " * 3,
]

BLOCKS = [
    (0x20, 0x17F), (0x180, 0x24F), (0x300, 0x362), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x5FF), (0x600, 0x6FF),
    (0x900, 0xDFF), (0xE00, 0xFFF), (0x1000, 0x10FF), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x2FFF),
    (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0xFE00, 0xFFEF),
    (0x10000, 0x1FFFF),
]


def finish(text):
    text = html.unescape(html.unescape(text)).strip()
    return regex.sub(r"\s+", " ", text).strip().lower()


def known(code_point):
    return unicodedata.ucd_3_2_0.category(chr(code_point)) not in ("Cn", "Co", "Cs")


def random_text(generator):
    text = ""
    for _ in range(generator.randrange(1, 6)):
        first, last = generator.choice(BLOCKS)
        letters = [generator.randint(first, last) for _ in range(generator.randrange(1, 9))]
        text += "".join(chr(c) for c in letters if known(c))
        text += generator.choice([" ", "  ", ". ", ", ", "\n", "-", "'", "&" + generator.choice(list(html.entities.html5))])
    return text


def load_tokenizer(vocabulary):
    """OpenAI's tokenizer, without the package around it, which needs PyTorch."""
    folder = pathlib.Path(importlib.util.find_spec("clip").origin).parent
    spec = importlib.util.spec_from_file_location("simple_tokenizer", folder / "simple_tokenizer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SimpleTokenizer(vocabulary)


def main():
    tokenizer = load_tokenizer(sys.argv[1])
    generator = random.Random(20220418)
    for text in CHOSEN + [random_text(generator) for _ in range(200)]:
        clean = finish(ftfy.fix_text(text))
        if clean != finish(ftfy.fix_text(text, GUESSES_OFF)):
            continue
        ids = [49406] + tokenizer.encode(text) + [49407]
        print(json.dumps({"text": text, "clean": clean, "ids": ids}))


main()
