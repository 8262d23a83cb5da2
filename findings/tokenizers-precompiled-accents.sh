#!/bin/sh
# The same table of characters, in sentencepiece and in tokenizers, makes other texts: accents are lost in the second.
#
# Guess: tokenizers' Precompiled is sentencepiece's normaliser, as it is given sentencepiece's own table, byte for byte.
#
# Found: sentencepiece replaces the longest sequence that the table knows, from every character on. tokenizers goes by
# what is seen as one character, and looks for a beginning of it in the table: of e with an acute and a circumflex the
# circumflex is gone, and so is an accent on a ligature; a Japanese letter whose mark is a character of its own (six
# bytes) is left in two parts where sentencepiece makes one.
#
# Why it matters here: spiece.model and tokenizer.json of one SigLIP or T5 are not the same tokenizer for texts in
# decomposed Unicode, which is what file names of some systems and copied documents hold.
#
# Versions: sentencepiece 0.2.3, tokenizers 0.23.3, protobuf 7.36.2, Python 3.11.
#
# Output:
#   e\u0301: sentencepiece \xe9, tokenizers \xe9
#   e\u0301\u0302: sentencepiece \xe9\u0302, tokenizers \xe9
#   a\u0323\u0302: sentencepiece \u1ead, tokenizers \u1ea1
#   \ufb01\u0301: sentencepiece fi\u0301, tokenizers fi
#   \u304b\u3099: sentencepiece \u304c, tokenizers \u304b\u3099
exec "$(dirname "$0")/common/python.sh" "$0" sentencepiece==0.2.3 tokenizers==0.23.3 protobuf==7.36.2 <<'END'
import io

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import normalizers

model = io.BytesIO()
sentences = (f"a red car and a blue house on hill {number}" for number in range(200))
sentencepiece.SentencePieceTrainer.train(sentence_iterator=sentences, model_writer=model, vocab_size=60,
                                         hard_vocab_limit=False, normalization_rule_name="nmt_nfkc", minloglevel=2)
table = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue()).normalizer_spec.precompiled_charsmap
theirs = normalizers.Precompiled(table)
own = sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc", add_dummy_prefix=False, escape_whitespaces=False,
                                            remove_extra_whitespaces=False)
for text in ("e\u0301", "e\u0301\u0302", "a\u0323\u0302", "\ufb01\u0301", "\u304b\u3099"):
    seen = [ascii(each)[1:-1] for each in (text, own.normalize(text), theirs.normalize_str(text))]
    print(f"{seen[0]}: sentencepiece {seen[1]}, tokenizers {seen[2]}")
END
