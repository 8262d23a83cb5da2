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
