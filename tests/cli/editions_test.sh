#!/bin/sh
# editions_test.sh PROGRAM FIXTURES: an archive that vqclip 0.1.0 made of augmentations that its job file gives in short keeps
# its meaning: its renders, made again, have the same losses and the recorded latent. One of a later edition is refused.
# The archive is that of before.yaml, which is in it; made by "vqclip render before.yaml --threads 1", beside copies of
# net2net and open_clip_gelu of the fixtures.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

cp "$fixtures"/net2net.* "$fixtures"/open_clip_gelu/open_clip_model.safetensors \
    "$fixtures"/open_clip_gelu/open_clip_config.json "$folder"
gzip -dc "$(dirname "$0")/fixtures/before.h5.gz" >"$folder/before.h5"
cd "$folder"

"$program" verify before.h5 --models . --rerender all >output 2>&1 || fail "verify"
[ "$(grep -c '^ *[0-3]  right' output)" = 4 ] || fail "expected 4 renders made again"

# "later.h5" has another number where its versions name the edition.
cat >later.yaml <<JOB
study: later
models:
  generator: {config: net2net.yaml, checkpoint: net2net.safetensors}
  perceptors: [{name: gelu, checkpoint: open_clip_model.safetensors}]
render: {size: [8, 8], steps: 1, crops: {count: 1, group: 1}, augment: []}
prompts: [{targets: [{noise: 1}]}]
JOB
"$program" render later.yaml -o . --threads 1 >/dev/null 2>&1
"$program" verify later.h5 >output 2>&1 || fail "verify"
printf V | dd of=later.h5 conv=notrunc 2>/dev/null # without its seal
LC_ALL=C sed -i 's/"edition": 2}/"edition": 9}/' later.h5
code=0
"$program" verify later.h5 >output 2>&1 || code=$?
[ "$code" -eq 2 ] && grep -q 'later.h5: dataset /study/versions: expected edition 1 to 2 of job files, found 9' output ||
    fail "exit code $code of an archive of a later edition"
