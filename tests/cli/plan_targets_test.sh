#!/bin/sh
# plan_targets_test.sh PROGRAM FIXTURES: plan says how prompts were understood: their targets, weights, and what is text.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

cat >"$folder/job.yaml" <<JOB
study: targets
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
prompts:
  - {id: several, targets: [{noise: 7, weight: -0.5, stop: 0.25}, {image: $fixtures/../../image/pictures/colour.png}]}
  - {id: one, targets: [{noise: 18446744073709551615}]}
JOB

"$program" plan "$folder/job.yaml" >"$folder/output"
grep -Eq '^several +-0.5 +0.25  noise 7$' "$folder/output" || fail 'weight, stop and noise'
grep -Eq '^several +1 +image .*colour.png$' "$folder/output" || fail 'a picture'
grep -Eq '^one +1 +noise 18446744073709551615$' "$folder/output" || fail 'a large seed'
"$program" plan "$folder/job.yaml" --json >"$folder/output"
python3 - "$folder/output" <<'CHECK' || fail 'the targets as JSON'
import json, pathlib, sys
prompts = json.loads(pathlib.Path(sys.argv[1]).read_text())["prompts"]
assert prompts[0]["targets"][0] == {"weight": -0.5, "stop": 0.25, "noise": 7}
assert prompts[1] == {"id": "one", "targets": [{"weight": 1.0, "noise": "18446744073709551615"}]}
CHECK

# Texts, with the vocabulary of the demo models.
models=$(dirname "$fixtures")/../../jobs/models
cat >"$folder/texts.yaml" <<JOB
study: texts
models:
  generator: {config: $models/picturebook-vqgan.yaml, checkpoint: $models/picturebook-vqgan.safetensors}
  perceptors:
    - {checkpoint: $models/picturebook-vit.safetensors, vocabulary: $models/picturebook.bpe.gz}
prompts:
  - a red house
  - "a red house | blurry:-0.5"
  - "http://example.org"
  - a cät #trending
  - "a dog #1" # a comment
  - a#b
JOB
"$program" plan "$folder/texts.yaml" >"$folder/output"
grep -Eq '^2 +-0.5 +text "blurry"$' "$folder/output" || fail 'a weight'
grep -Eq '^3 +1 +text "http://example.org"$' "$folder/output" || fail 'what was taken for text'
grep -q 'prompt 4 ends where a # begins a comment' "$folder/output" || fail 'the comment is not said'
[ "$(grep -c 'begins a comment' "$folder/output")" -eq 1 ] || fail 'other prompts have no comment'
if grep -Eq '^1 +1 +text' "$folder/output"; then
    fail 'a plain prompt is listed'
fi
