#!/bin/sh
# descriptors_test.sh PROGRAM FIXTURES: a launch that is started without standard input, output and error leaves an archive
# that is whole.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

cat >"$folder/job.yaml" <<JOB
study: closed
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [16, 16], steps: 2, crops: {count: 1, group: 1}}
prompts:
  - targets: [{noise: 1}]
JOB

for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
    rm -rf "$folder/out"
    code=0
    eval "\"$program\" render \"$folder/job.yaml\" -o \"$folder/out\" --threads 1 $closed" || code=$?
    if [ "$code" -ne 0 ]; then
        echo "FAILED: with $closed: exit code $code"
        exit 1
    fi
    "$program" verify "$folder/out/closed.h5"
done
