#!/bin/sh
# pack_test.sh PROGRAM FIXTURES: packing waits for a launch to end and for something to be done; a packed archive is verified and
# exported like the archive, and no launch goes on with it.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"

cat >job.yaml <<JOB
study: small
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors: [{name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}]
render: {size: [40, 24], steps: 100000, crops: {count: 4, group: 2}, snapshots: 2}
prompts: [{targets: [{noise: 1}]}, {targets: [{noise: 2}]}]
JOB

# refused WORDS COMMAND...: exit code 2, and nothing is left of it
refused() {
    words=$1
    shift
    code=0
    "$program" "$@" >said 2>&1 || code=$?
    [ "$code" -eq 2 ] && grep -q -- "$words" said || fail "exit code $code, expected 2 and: $words"
    ! ls packed.h5* >/dev/null 2>&1 || fail "something is left: $(ls)"
}

"$program" render job.yaml -o . --threads 1 >launch 2>&1 &
launch=$!
for _ in $(seq 300); do
    [ ! -e small.h5 ] || break
    sleep 0.1
done
refused 'a launch is at work on it' pack small.h5 -o packed.h5
kill -INT $launch
wait $launch || [ $? -eq 3 ] || fail "the launch has not been stopped: $(cat launch)"
refused 'no render of it is done' pack small.h5 -o packed.h5

rm small.h5
sed -i 's/steps: 100000/steps: 4/' job.yaml
"$program" render job.yaml -o . --threads 1 >said 2>&1 || fail "render"
"$program" pack small.h5 -o packed.h5 >said 2>&1 || fail "pack"
"$program" verify packed.h5 --rerender all >said 2>&1 || fail "verify"
for archive in small packed; do
    "$program" export $archive.h5 -o $archive --snapshots >said 2>&1 || fail "export $archive"
done
diff -r small packed >said 2>&1 || fail "other pictures"

mkdir elsewhere
cp packed.h5 elsewhere/small.h5
for option in --check --extend; do
    code=0
    "$program" render job.yaml -o elsewhere --threads 1 $option >said 2>&1 || code=$?
    [ "$code" -eq 2 ] && grep -q 'packed' said || fail "render $option on a packed archive: exit code $code"
done
cmp packed.h5 elsewhere/small.h5 || fail "a packed archive was written to"

# Packed archives have no checkpoints: none is merged with one that is not packed, and that is why.
rm packed.h5
refused 'no room for checkpoints, as packed archives' merge small.h5 elsewhere/small.h5 -o merged.h5
refused 'no room for checkpoints, as packed archives' merge elsewhere/small.h5 small.h5 -o merged.h5
mkdir again
"$program" merge elsewhere/small.h5 -o again/small.h5 >said 2>&1 || fail "merge of a packed archive"
"$program" verify again/small.h5 >said 2>&1 || fail "verify of what was merged from a packed archive"
refused 'no room for checkpoints, as packed archives' render job.yaml -o again --threads 1

# A limit of a file's size is an error like others, of every command that writes one.
limited() {
    code=0
    (ulimit -f 8 && exec "$program" "$@") >said 2>&1 || code=$?
    [ "$code" -eq 1 ] && grep -q 'File too large\|cannot be written' said || fail "$*: exit code $code with a limit"
}
limited pack small.h5 -o limited.h5
limited merge small.h5 -o limited.h5
limited render job.yaml -o limited --threads 1
limited report small.h5 -o limited.html
! ls limited.h5* limited/*.h5* limited.html* 2>/dev/null | grep -v 'lock$' || fail "something is left of them"
