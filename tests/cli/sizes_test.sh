#!/bin/sh
# sizes_test.sh PROGRAM FIXTURES: a size that is no multiple of the generator's factor is refused with those that are; where it is
# rounded that is said, once.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

cat >"$folder/job.yaml" <<JOB
study: sizes
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [41, 31], size_rounding: down, steps: 1, crops: {count: 1, group: 1}, augment: []}
prompts:
  - targets: [{noise: 1}]
  - targets: [{noise: 2}]
  - {targets: [{noise: 3}], size: [40, 24]}
JOB
"$program" render "$folder/job.yaml" -o "$folder/out" --threads 1 >"$folder/output" 2>&1
cat "$folder/output"
[ "$(grep -c 'is made as' "$folder/output")" -eq 1 ]
grep -q 'size 41x31 is made as 40x' "$folder/output"

sed 's/size_rounding: down, //' "$folder/job.yaml" >"$folder/refused.yaml"
code=0
"$program" render "$folder/refused.yaml" -o "$folder/out-refused" --threads 1 >"$folder/output" 2>&1 || code=$?
cat "$folder/output"
[ "$code" -eq 2 ]
grep -q 'size: expected multiples of the generator.s factor, [0-9]*, found 41 × 31; size_rounding: down makes 40 × ' \
    "$folder/output"

sed 's/size_rounding: down/size_rounding: up/' "$folder/job.yaml" >"$folder/up.yaml"
"$program" render "$folder/up.yaml" -o "$folder/out-up" --threads 1 >"$folder/output" 2>&1
cat "$folder/output"
grep -q 'size 41x31 is made as 4[2-8]x32, the next upper multiples' "$folder/output"

# Start pictures of another shape: the three ways give three pictures.
{
    sed '/^render/,$d' "$folder/job.yaml"
    echo "render: {size: [40, 24], steps: 1, crops: {count: 1, group: 1}, augment: [], optimizer: {lr: 1e-6}}"
    echo "prompts:"
    for fit in stretch cover contain; do
        echo "  - {id: $fit, targets: [{noise: 1}], fit: $fit, init: {image: $fixtures/../../image/pictures/colour.png}}"
    done
} >"$folder/fit.yaml"
sed -i 's/^study: sizes/study: fit/' "$folder/fit.yaml"
"$program" render "$folder/fit.yaml" -o "$folder/out" --threads 1 >"$folder/output" 2>&1
"$program" show "$folder/out/fit.h5" --json | tr -d ' ' | tr ',' '\n' | grep '"picture_sha256"' >"$folder/digests"
[ "$(sort -u "$folder/digests" | wc -l)" -eq 3 ] || { echo "FAILED: expected three pictures"; cat "$folder/digests"; exit 1; }
