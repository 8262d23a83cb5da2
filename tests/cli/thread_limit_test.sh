#!/bin/sh
# thread_limit_test.sh PROGRAM FIXTURES: where OpenMP grants fewer threads than there could be, pictures and embeddings keep
# their bytes; a number that is asked for and not granted is refused.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"
perceptor=$fixtures/open_clip_gelu/open_clip_model.safetensors

cat >"$folder/job.yaml" <<JOB
study: limit
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $perceptor}
render: {size: [40, 24], steps: 3, crops: {count: 4, group: 2}}
prompts:
  - targets: [{noise: 1}]
JOB

# Renders in an environment, exports the picture, embeds it and makes it again from its codes.
make() {
    name=$1
    shift
    env "$@" "$program" render "$folder/job.yaml" -o "$folder/$name" >/dev/null 2>&1 || fail "render with $*"
    env "$@" "$program" export "$folder/$name/limit.h5" -o "$folder/$name/png" >/dev/null
    env "$@" "$program" embed --perceptor "$perceptor" --image "$folder/one/png/00000.png" -o "$folder/$name/embed" >/dev/null
    env "$@" "$program" reconstruct --generator "$fixtures/net2net.yaml" --checkpoint "$fixtures/net2net.safetensors" \
        "$folder/one/png/00000.png" -o "$folder/$name/again.png" >/dev/null
    cmp "$folder/one/png/00000.png" "$folder/$name/png/00000.png" || fail "another picture with $*"
    cmp "$folder/one/embed" "$folder/$name/embed" || fail "another embedding with $*"
    cmp "$folder/one/again.png" "$folder/$name/again.png" || fail "another reconstruction with $*"
}

make one OMP_NUM_THREADS=1
make limited OMP_NUM_THREADS=4 OMP_THREAD_LIMIT=1
make limited_to_two OMP_NUM_THREADS=4 OMP_THREAD_LIMIT=2
make flat OMP_NUM_THREADS=2 OMP_MAX_ACTIVE_LEVELS=0

code=0
OMP_THREAD_LIMIT=1 "$program" render "$folder/job.yaml" -o "$folder/refused" --threads 2 2>"$folder/message" || code=$?
[ "$code" -eq 2 ] || fail "--threads 2 where 1 is granted: exit code $code, expected 2"
grep -q 'expected 2 threads.*grants 1' "$folder/message" || fail "the message is $(cat "$folder/message")"
[ ! -e "$folder/refused/limit.h5" ] || fail 'a refused launch left an archive'
