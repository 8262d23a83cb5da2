#!/bin/sh
# advice_test.sh PROGRAM FIXTURES: a render that fails says what is at fault, and a learning rate only where it may be.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

python3 - "$folder/infinite.safetensors" <<'MAKE'
import json, pathlib, struct, sys
head = json.dumps({"t": {"dtype": "F32", "shape": [1, 32], "data_offsets": [0, 128]}}).encode()
pathlib.Path(sys.argv[1]).write_bytes(struct.pack("<Q", len(head)) + head + struct.pack("<32f", *[float("nan")] * 32))
MAKE

cat >"$folder/job.yaml" <<JOB
study: advice
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [16, 16], steps: 4, crops: {count: 1, group: 1}, augment: []}
prompts:
  - {id: target, targets: [{embedding: {file: infinite.safetensors, tensor: t}}]}
  - {id: weight, targets: [{noise: 1, weight: 1000000}]}
JOB
code=0
"$program" render "$folder/job.yaml" -o "$folder/out" --threads 1 >"$folder/output" 2>&1 || code=$?
for words in 'render 0: step 1: the loss is not finite .* a model or a target is at fault' \
    "render 1: step 1: the picture's gradient is beyond 4096, .*weights of targets"; do
    if [ "$code" -ne 1 ] || ! grep -q "$words" "$folder/output" || grep -q 'learning rate' "$folder/output"; then
        echo "FAILED: exit code $code, expected 1 and: $words"
        cat "$folder/output"
        exit 1
    fi
done
