#!/bin/sh
# That run.sh says on a machine without a GPU that every check is skipped, and on one where the build fails that it has
# failed; both are played by stand-ins for nvidia-smi and cmake.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/../support/shell.sh"

# stand_in NAME COMMAND: a program in the folder that is found before the true one.
stand_in() {
    printf '#!/bin/sh\n%s\n' "$2" >"$folder/$1"
    chmod +x "$folder/$1"
}

run() {
    PATH="$folder:$PATH" "$here/run.sh" --build "$folder/build" >"$folder/table"
    code=$?
}

# Every operation has a memcheck: those of five have processes of their own.
eval "$(sed -n '/^other_operations() {$/,/^}$/p' "$here/run.sh")"
operations=$(cd "$here/../.." && grep -cE '^ +X\([A-Z_]+, [a-z_]+, "' src/ops/operation.h)
patterns=$(cd "$here/../.." && { other_operations 0; other_operations 1; } | wc -l)
[ "$operations" -eq $((patterns + 5)) ] || fail "memcheck of $patterns + 5 operations instead of $operations"

# Every test of a device is run, one of each kind of line in the lists among them.
eval "$(sed -n '/^device_tests() {$/,/^}$/p; /^model_tests() {$/,/^}$/p' "$here/run.sh")"
tests=$(cd "$here/../.." && { device_tests; model_tests; })
for test in $tests; do
    [ -e "$here/../$test.c" ] || fail "$test: no such test"
done
for test in ops/test_operations network/test_beside render/test_siglip_trajectory models/test_clip; do
    echo "$tests" | grep -qx "$test" || fail "$test is not run on a GPU"
done

stand_in nvidia-smi 'exit 9'
run
[ "$code" -eq 77 ] || fail "without a GPU: exit code $code instead of 77"
grep -q '^test_operations  *skipped .* no CUDA device$' "$folder/table" || fail "without a GPU: not skipped"
grep -qE ' (passed|failed) ' "$folder/table" && fail "without a GPU: a check ran"
grep -q '"name": "build", "result": "skipped"' "$folder/build/gpu.json" || fail "without a GPU: no JSON"

stand_in nvidia-smi 'echo "A GPU, 1.0"'
stand_in cmake 'exit 1'
run
[ "$code" -eq 1 ] || fail "with a failed build: exit code $code instead of 1"
grep -q '^build  *failed ' "$folder/table" || fail "a failed build passes"
grep -q '^test_operations  *skipped .* not built$' "$folder/table" || fail "a test ran without a build"
