#!/bin/sh
# arrival_test.sh PROGRAM FIXTURES: where a rank is stopped before MPI has started, which waits for it without end, rank 0 says that
# it waits; the rank goes on then, and so does the launch.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

cat >"$folder/job.yaml" <<JOB
study: arrival
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors: [{checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}]
render: {size: [16, 16], steps: 1, crops: {count: 1, group: 1}}
prompts: [{targets: [{noise: 1}]}]
JOB

: >"$folder/said"
# Rank 1 stops itself in the moment before it becomes the program.
timeout 200 mpirun --bind-to none -n 2 sh -c \
    '[ "${OMPI_COMM_WORLD_RANK:-$PMIX_RANK}" = 0 ] || { echo $$ >"$0/stopped"; kill -STOP $$; }
     exec "$1" render "$0/job.yaml" -o "$0/out" --threads 1' "$folder" "$program" >"$folder/said" 2>&1 &
launch=$!
waited=0
until grep -q "rank 0 has waited 20 s for the other ranks" "$folder/said" || [ "$waited" -ge 600 ]; do
    sleep 0.2
    waited=$((waited + 1))
done
kill -CONT "$(cat "$folder/stopped")"
code=0
wait "$launch" || code=$?
[ "$waited" -lt 600 ] || fail "nothing was said"
[ "$code" -eq 0 ] || fail "exit code $code"
grep -q "1 of 1 renders in" "$folder/said" || fail "not finished"

# Rank 0 takes what the watch needs of its limit of open files, and says so where that is not enough.
files() { # CODE WORDS LIMIT OPTIONS...
    code=0
    expected=$1 words=$2 limit=$3
    shift 3
    timeout 100 mpirun --bind-to none -n 2 sh -c 'ulimit $0; exec "$@"' "$limit" "$program" render "$folder/job.yaml" \
        -o "$folder/files" --threads 1 "$@" >"$folder/said" 2>&1 || code=$?
    [ "$code" -eq "$expected" ] || fail "limit $limit: exit code $code, expected $expected"
    grep -q "$words" "$folder/said" || fail "limit $limit: expected to read: $words"
}
files 1 'the watch over 2 ranks needs 130 open files on rank 0, where 100 are allowed (ulimit -n)' '-n 100'
files 0 '1 of 1 renders' '-Sn 100'
files 0 '1 of 1 renders' '-n 100' --peer-timeout 0
