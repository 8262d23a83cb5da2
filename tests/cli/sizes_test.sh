#!/bin/sh
# sizes_test.sh PROGRAM FIXTURES: a size that is not made as it was asked for is said, once, and one that is is not.
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
render: {size: [41, 31], steps: 1, crops: {count: 1, group: 1}, augment: []}
prompts:
  - targets: [{noise: 1}]
  - targets: [{noise: 2}]
  - {targets: [{noise: 3}], size: [40, 24]}
JOB
"$program" render "$folder/job.yaml" -o "$folder/out" --threads 1 >"$folder/output" 2>&1
cat "$folder/output"
[ "$(grep -c 'is made as' "$folder/output")" -eq 1 ]
grep -q 'size 41x31 is made as 40x' "$folder/output"
