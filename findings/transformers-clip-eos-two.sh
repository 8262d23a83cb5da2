#!/bin/sh
# transformers' CLIP pools a text at another place than its end where the configuration says that the end token is 2.
#
# Guess: eos_token_id names the token whose place is pooled, whichever number it has.
#
# Found: with 7 it is so. With 2 the number is not looked for: the place of the largest id is taken, here a word's. 2 is
# what the first published configurations say, although their end token is 49407, the largest; a model with a small
# vocabulary of its own whose end token is truly 2 is pooled at its rarest word.
#
# Why it matters here: texts become vectors of a word instead of the sentence, with nothing to be seen but poor
# pictures; a reader of these files has to follow both rules.
#
# Versions: transformers 5.24.0, torch 2.15.0, Python 3.11.
#
# Output:
#   end token 2 at place 3: pooled at place 2, id 9
#   end token 7 at place 3: pooled at place 3, id 7
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 transformers==5.24.0 <<'END'
import torch
from transformers import CLIPTextConfig, CLIPTextModel

torch.manual_seed(0)
for end in (2, 7):
    model = CLIPTextModel(CLIPTextConfig(vocab_size=20, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                                         num_attention_heads=2, max_position_embeddings=8, eos_token_id=end,
                                         bos_token_id=0, pad_token_id=1)).eval()
    ids = [0, 5, 9, end, 1, 1, 1, 1]
    seen = model(torch.tensor([ids]))
    distances = (seen.last_hidden_state[0] - seen.pooler_output).abs().amax(dim=1)
    place = int(distances.argmin())
    print(f"end token {end} at place 3: pooled at place {place}, id {ids[place]}")
END
