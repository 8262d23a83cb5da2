#!/bin/sh
# environment_test.sh PROGRAM FIXTURES: a render is made in one environment from its first step to its last. Stopped on the
# way and gone on with by another instruction set, it begins again, says so, and ends with the bytes that an undisturbed
# run there gives; by another number of threads it goes on.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"
cat >job.yaml <<JOB
study: half
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors: [{checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}]
render: {size: [16, 16], steps: 60, crops: {count: 2, group: 1}}
prompts: [{targets: [{noise: 1}]}]
JOB

# digests FOLDER
digests() {
    "$program" show "$1/half.h5" --json | tr ',' '\n' | grep -E '_sha256"'
}

# half ISA FOLDER: a launch that is stopped after its first steps.
half() {
    rm -f said # what an earlier launch said is not this one's first step
    DNNL_MAX_CPU_ISA=$1 ONEDNN_MAX_CPU_ISA=$1 "$program" render job.yaml -o "$2" --threads 1 --checkpoint 0 >said 2>&1 &
    launch=$!
    while kill -0 $launch 2>/dev/null && ! grep -q step said 2>/dev/null; do
        sleep 0.05
    done
    kill -USR1 $launch 2>/dev/null || true
    code=0
    wait $launch || code=$?
    [ $code -eq 3 ] || { echo "FAILED: expected exit code 3, found $code"; cat said; exit 1; }
}

# whole ISA FOLDER OPTION...
whole() {
    isa=$1
    out=$2
    shift 2
    DNNL_MAX_CPU_ISA=$isa ONEDNN_MAX_CPU_ISA=$isa "$program" render job.yaml -o "$out" --checkpoint 0 "$@" >said 2>&1 ||
        { cat said; exit 1; }
}

whole SSE41 sse --threads 1
whole ALL all --threads 1
half SSE41 out
cp -r out same
whole ALL out --threads 1
grep -q 'render 0 begins again: its checkpoint is of another environment, cpu; sse41;' said || { cat said; exit 1; }
DNNL_MAX_CPU_ISA=ALL ONEDNN_MAX_CPU_ISA=ALL "$program" verify out/half.h5 --rerender all
grep -aq '; rounding [0-9]' out/half.h5 || { echo "FAILED: the build does not say how it rounds"; exit 1; }
[ "$(digests out)" = "$(digests all)" ] || { echo "FAILED: not the bytes of an undisturbed run"; exit 1; }
whole SSE41 same --threads 2
! grep -q 'begins again' said || { cat said; exit 1; }
[ "$(digests same)" = "$(digests sse)" ] || { echo "FAILED: not the bytes of an undisturbed run"; exit 1; }

# A precision that the device does not have is refused before anything is done, also where nothing is left to do.
for out in out new; do
    code=0
    DNNL_MAX_CPU_ISA=SSE41 ONEDNN_MAX_CPU_ISA=SSE41 "$program" render job.yaml -o "$out" --threads 1 --precision bf16 >said 2>&1 ||
        code=$?
    if [ $code -ne 2 ] || [ "$(grep -c . said)" -ne 1 ] || ! grep -q -- '--precision bf16: .*no bf16 for this processor' said; then
        echo "FAILED: bf16 into $out: exit code $code"
        cat said
        exit 1
    fi
done
[ ! -e new ] || { echo "FAILED: something was written"; exit 1; }
echo "in one environment from the first step to the last"
