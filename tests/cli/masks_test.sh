#!/bin/sh
# masks_test.sh PROGRAM MODELS: a mask that a text finds is the same on any number of ranks, is made again by verify and
# exported beside the picture; one that frees nothing is refused with its reason, one that frees everything is said.
set -eu
program=$1
models=$2
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"

# job NAME MASK
job() {
    cat >"$1.yaml" <<JOB
study: $1
models:
  generator: {config: $models/picturebook-vqgan.yaml, checkpoint: $models/picturebook-vqgan.safetensors}
  perceptors:
    - {name: vit, checkpoint: $models/picturebook-vit.safetensors, vocabulary: $models/picturebook.bpe.gz}
render: {size: [64, 64], steps: 3, crops: {count: 2, group: 1}, init: {image: $models/test-pictures/13-brown-boat.png}}
prompts:
  - {text: a red boat, mask: $2}
JOB
}


job found '{text: a boat, crops: 20, soft: true, feather: 4, keep: pixels}'
"$program" render found.yaml -o one --threads 1 >said 2>&1 || fail "one rank"
"$program" verify one/found.h5 --rerender all >said 2>&1 || fail "verify"
"$program" export one/found.h5 -o pictures >said 2>&1 || fail "export"
for file in 00000.png 00000-relevance.png 00000-mask.png; do
    [ -s "pictures/$file" ] || fail "no $file"
done
for ranks in 2 3; do
    if command -v mpirun >/dev/null && "$program" help render | grep -q -- --team; then
        mpirun -n "$ranks" "$program" render found.yaml -o "on-$ranks" --threads 1 --team "$ranks" >said 2>&1 || fail "$ranks ranks"
        "$program" export "on-$ranks/found.h5" -o "pictures-$ranks" >said 2>&1 || fail "export"
        for file in pictures/*; do
            cmp "$file" "pictures-$ranks/${file#*/}" >said 2>&1 || fail "$ranks ranks: $file differs"
        done
    fi
done

job other '{text: a boat, crops: 20, soft: true, feather: 4, keep: pixels, neutral: a house}'
"$program" render other.yaml -o one --threads 1 >said 2>&1 || fail "another neutral text"
"$program" export one/other.h5 -o others >said 2>&1 || fail "export"
! cmp -s pictures/00000-relevance.png others/00000-relevance.png || fail "the neutral text changes nothing"

# The whole picture is black below half: nothing could change. All of it is white when inverted.
job nothing "{image: $models/test-pictures/13-brown-boat-mask.png, channel: alpha}"
code=0
"$program" render nothing.yaml -o one --threads 1 >said 2>&1 || code=$?
[ "$code" -ne 0 ] || fail "a mask without opacity"
"$program" show one/nothing.h5 >said 2>&1
grep -q "expected a picture with an opacity of its own" said || fail "no reason"
job everything '{text: a boat, crops: 20, threshold: 1, invert: true, soft: true}'
"$program" render everything.yaml -o one --threads 1 >said 2>&1 || fail "an inverted mask"
long=$(printf 'a boat %.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)
job long "{text: $long}"
code=0
"$program" plan long.yaml >said 2>&1 || code=$?
[ "$code" -eq 2 ] || fail "a text that is too long: $code"
grep -q "mask: text: expected a text of at most 32 tokens" said || fail "no reason"
echo "masks: right"
