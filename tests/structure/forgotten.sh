#!/usr/bin/env bash
# What is forgotten of an augmentation with an operation of its own, sharpness, and who says so: leaves each part out in
# turn, builds with warnings as errors, runs one test, and puts the part back. Prints a row for each; fails where nobody
# says anything, or where a part is not found. Not for CI: each row builds anew what the part is in.
#
#   tests/structure/forgotten.sh BUILD     a build folder of this tree, made with -DVQC_WERROR=ON; the tree is committed
set -u
build=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit
[ -z "$(git status --porcelain -- src tests docs)" ] || { echo "src, tests and docs must be as they are committed"; exit 2; }
put_back() {
    git checkout -q -- src tests docs
}
trap put_back EXIT
silent=0

# part WHAT FILE CHANGE TARGET ARGUMENT...: CHANGE is for sed; "gone": the file itself.
part() {
    what=$1 file=$2 change=$3 target=$4
    shift 4
    if [ "$change" = gone ]; then rm "$file"; else sed -i -E "$change" "$file"; fi
    if git diff --quiet; then
        said="**not found**"
        silent=1
    elif ! output=$(LC_ALL=C cmake --build "$build" -j 2 --target "$target" 2>&1); then
        said="the build: $(grep -m 1 -oE 'error: .*|undefined reference.*|.*No such file.*' <<<"$output")"
    elif output=$("$(find "$build" -name "$target" -type f)" "$@" 2>&1); then
        said="**nobody**"
        silent=1
    else
        said="$target: $(grep -m 1 -oE 'ERROR: .*|\[  FAILED  \] [a-z_]+$' <<<"$output" | cut -c 1-90)"
    fi
    put_back
    echo "| $what | ${said//|/ } |"
}

guide=src/guide/augmentations/sharpness.c
echo "| forgotten | who says so |"
echo "| --- | --- |"
part "how it joins the network" $guide '/\.add = add/d' test_completeness
part "that it does anything there" $guide 's/return vqc_augment_add\(.*/(void)sharpen, (void)site, (void)draws, (void)crops, (void)error; return VQC_OK;/' test_completeness
part "its draw" $guide '/\.draw = draw/d' test_completeness
part "the count of its numbers" $guide 's/\.numbers = 1/.numbers = 2/' test_completeness
part "the type of its numbers" $guide 's/\.dtype = VQC_DTYPE_F32,$/.dtype = VQC_DTYPE_I32,/' test_completeness
part "what stands for it where it is not used" $guide '/\.neutral = /d' test_completeness
part "the augmentation's file" $guide gone vqclip
part "the file of ref" src/ops/ref/sharpen.c gone vqclip
part "the file of cpu" src/ops/cpu/sharpen.c gone vqclip
part "the file of cuda, in emulation" src/ops/cuda/sharpen.cu gone test_step_emulated cuda
part "its cases" tests/ops/cases.c 's/VQC_OPERATION_SHARPEN, \.operation\.sharpen/VQC_OPERATION_ADD, .operation.sharpen/' test_check
part "its known values" tests/ops/test_known_values.c 's/static void sharpen_known/static void other_known/' test_known_values ref
part "the manual" docs/job-file.md '/^\| `Sh` /d' test_tables
exit $silent
