#!/bin/bash
# scale.sh PROGRAM FIXTURES RANKS...: launches of one study of tiny models on so many ranks, more than there are processors,
# with all that belongs to a launch: watch, board, archive, checkpoints. Prints for each the seconds, the processor time and
# memory of ranks, and where the time went. By hand; the numbers stand in results/scale.md.
set -eu
program=$1
fixtures=$2
shift 2
figures=$(cd "$(dirname "$0")" && pwd)/scale_figures.py
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"

cat >job.yaml <<JOB
study: scale
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [32, 32], steps: ${STEPS:-40}, crops: {count: 8, group: 2}, augment: []}
seeds: {count: ${RENDERS:-512}, from: 0}
prompts: [{targets: [{noise: 1}]}]
JOB
cat >rank.sh <<'RANK'
#!/bin/sh
exec /usr/bin/time -f '%M %U %S' -o "usage.${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-0}}" "$@"
RANK
chmod +x rank.sh

echo "| ranks | seconds, beginning and end of them | steps a second | processor seconds | MiB a rank: mean, largest |" \
    "share of the ranks' time: starts, steps, results, free, scheduling | joins |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
for ranks in "$@"; do
    rm -rf out usage.*
    begun=$(date +%s%N)
    mpirun -n "$ranks" ./rank.sh "$program" render job.yaml -o out --threads 1 ${OPTIONS:-} --json >said 2>stderr ||
        fail "a launch on $ranks ranks failed"
    seconds=$((($(date +%s%N) - begun) / 1000000))
    cat usage.* | /usr/bin/python3 "$figures" "$ranks" "$seconds" said
done
