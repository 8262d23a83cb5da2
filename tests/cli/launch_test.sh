#!/bin/sh
# launch_test.sh PROGRAM FIXTURES: how a launch begins: its first lines, folders in folders, ranks that nothing connects,
# and an archive on a file system that cannot lock.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

cat >"$folder/job.yaml" <<JOB
study: launch
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [16, 16], steps: 1, crops: {count: 1, group: 1}, augment: []}
prompts: [{targets: [{noise: 1}]}]
JOB

# launch CODE WORDS... COMMAND: runs `env COMMAND render`; its exit code, and words that it says on standard error
launch() {
    expected=$1
    words=$2
    shift 2
    code=0
    env "$@" "$program" render "$folder/job.yaml" -o "$folder/in/there/out" --threads 1 $options \
        >"$folder/output" 2>"$folder/stderr" || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code, expected $expected: $*"
    grep -q "$words" "$folder/stderr" || fail "expected to read: $words"
}

options=
launch 0 '^vqclip [0-9.]*, 20..-..-..T..:..:..[+-]....: 1 rank on [^;]*; cpu .*, f32, threads 1 each$' A=B
[ -e "$folder/in/there/out/launch.h5" ] || fail "folders in folders were not made"
launch 0 'launch.h5, 1 of 1 renders are done$' A=B
launch 0 'threads 1 each; Slurm job 33, restart 2$' SLURM_JOB_ID=33 SLURM_RESTART_COUNT=2

# Alone under srun, and under the mpirun of another MPI; one rank may be started by anything.
launch 2 'started as 2 ranks (SLURM_STEP_NUM_TASKS), but they are not connected' SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0
launch 0 'goes on' SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0
launch 2 'started as 3 ranks (MV2_COMM_WORLD_SIZE)' MV2_COMM_WORLD_SIZE=3

# A part of the path that is a file.
: >"$folder/file"
code=0
"$program" render "$folder/job.yaml" -o "$folder/file/out" --threads 1 2>"$folder/stderr" || code=$?
{ [ "$code" -eq 1 ] && grep -q 'the folder cannot be made: Not a directory' "$folder/stderr"; } || fail "a file as folder"

# During a launch it is said which render is under way, where, and how far; of one that has ended how far it is.
sed -e 's/steps: 1/steps: 100000/' -e 's/study: launch/study: long/' "$folder/job.yaml" >"$folder/long.yaml"
"$program" render "$folder/long.yaml" -o "$folder/out" --threads 1 --checkpoint 0 >"$folder/output" 2>&1 &
launch=$!
tries=0
until "$program" show "$folder/out/long.h5" >"$folder/said" 2>&1 &&
    grep -q "^    0  at work   step [0-9]* of 100000, rank 0 on $(hostname) *1\.0  " "$folder/said"; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { kill -KILL $launch; fail "the render under way was not shown"; }
    sleep 0.2
done
"$program" show --json "$folder/out/long.h5" | tr -d ' \n' | grep -q '"step":[0-9]*,"at_work":{"rank":0,"host":' ||
    fail "no render at work in JSON"
kill -USR1 $launch
code=0
wait $launch || code=$?
[ "$code" -eq 3 ] || fail "exit code $code of a launch that was to stop, expected 3"
"$program" show "$folder/out/long.h5" >"$folder/said"
grep -q "^    0  pending   step [0-9]* of 100000 *1\.0  " "$folder/said" || fail "how far the render is was not shown"
! "$program" show --json "$folder/out/long.h5" | grep -q at_work || fail "a launch that has ended is shown at work"

# The sanitizers want to be loaded before anything else.
if ldd "$program" | grep -q libasan; then
    exit 0
fi
cat >"$folder/lock.c" <<'LOCK'
#include <errno.h>

int flock(int descriptor, int operation)
{
    (void)descriptor, (void)operation;
    errno = LOCK_ERROR;
    return -1;
}
LOCK
for name in EIO ENOLCK ENOSYS; do
    ${CC:-cc} -shared -fPIC -DLOCK_ERROR=$name "$folder/lock.c" -o "$folder/lock.so"
    options=
    launch 1 'launch.h5.lock: the file system cannot lock it: .*; with --no-lock' "LD_PRELOAD=$folder/lock.so"
    options=--no-lock
    launch 0 'vqclip: --no-lock: nothing keeps a second launch' "LD_PRELOAD=$folder/lock.so"
done
