#!/bin/sh
# terminal_test.sh PROGRAM FIXTURES: names, ids, prompts and tensors of files reach no terminal with their control characters.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

cat >"$folder/job.yaml" <<JOB
study: hostile
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: "\e[2Jname", checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [16, 16], steps: 2, crops: {count: 1, group: 1}, augment: []}
prompts:
  - {id: "\e[31mred\nforged 1 of 1", targets: [{noise: 1}]}
  - {id: "\x9b2J", targets: [{noise: 2}]}
JOB

python3 - "$folder/hostile.safetensors" <<'MAKE'
import json, pathlib, struct, sys
head = json.dumps({"\x1b]0;title\x07": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
pathlib.Path(sys.argv[1]).write_bytes(struct.pack("<Q", len(head)) + head + bytes(4))
MAKE

run() {
    "$program" "$@" >"$folder/output" 2>&1 || true
    [ -s "$folder/output" ] || { echo "FAILED: $*: no output"; exit 1; }
    if LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$folder/output" || grep -n '^forged' "$folder/output"; then
        echo "FAILED: $*: control characters"
        exit 1
    fi
}

run plan "$folder/job.yaml"
grep -q 'x1b\[31mred' "$folder/output"
run render "$folder/job.yaml" -o "$folder/out" --threads 1
run show "$folder/out/hostile.h5"
grep -q 'x1b\[31mred' "$folder/output"
run verify "$folder/out/hostile.h5"
run export "$folder/out/hostile.h5" -o "$folder/png"
run inspect "$folder/hostile.safetensors"
