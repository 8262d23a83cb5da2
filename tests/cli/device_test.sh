#!/bin/sh
# device_test.sh PROGRAM with|without FIXTURES: what --device cuda and --device auto do in a build with CUDA or without,
# and, in a build with it, on a machine with a GPU or without.
set -u
program=$1
build=$2
clip=$3/open_clip_gelu/open_clip_model.safetensors
. "$(dirname "$0")/../support/shell.sh"

# Runs the program; its exit code goes to $code, its standard error to the file stderr.
call() {
    "$program" "$@" >"$folder/stdout" 2>"$folder/stderr"
    code=$?
}

# That the program ended with exit code 2 and a single line that has this text.
expect_refusal() {
    [ "$code" -eq 2 ] || fail "exit code $code instead of 2"
    [ "$(wc -l <"$folder/stderr")" -eq 1 ] || fail "not one line"
    grep -qF "$1" "$folder/stderr" || fail "expected: $1"
}

# A picture to embed: 1 × 1 pixel.
printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0\220wS\336\0\0\0\14IDAT\10\327c\370\317\300\0\0\3\1\1\0\30\335\215\260\0\0\0\0IEND\256B`\202' \
    >"$folder/pixel.png"

call embed --perceptor "$clip" --image "$folder/pixel.png" --device cpu
[ "$code" -eq 0 ] || fail "--device cpu: exit code $code"

call embed --perceptor "$clip" --image "$folder/pixel.png" --device cuda
if [ "$build" = without ]; then
    expect_refusal "cuda: this build has no CUDA support (configure with -DVQC_CUDA=ON)"
elif [ "$code" -ne 0 ]; then
    expect_refusal "cuda: no CUDA device is available: "
fi
cuda=$code

call embed --perceptor "$clip" --image "$folder/pixel.png" --device auto
[ "$code" -eq 0 ] || fail "--device auto: exit code $code"
[ "$(wc -l <"$folder/stderr")" -eq 1 ] || fail "--device auto: not one line"
if [ "$cuda" -eq 0 ]; then
    grep -q "computing on cuda (" "$folder/stderr" || fail "--device auto did not take the GPU"
else
    grep -q "computing on the cpu (cuda: " "$folder/stderr" || fail "--device auto did not take the cpu"
fi
echo "a build $build CUDA, --device cuda ended with exit code $cuda"
