#!/bin/sh
# refusal_test.sh PROGRAM FIXTURES: a rank that is asked to join in a render and cannot, as its start picture is another one by
# then, does not keep the launch from its end.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

for rank in 0 1; do
    mkdir "$folder/$rank"
    cp "$(dirname "$0")/../image/pictures/colour.png" "$folder/$rank/start.png"
    cat >"$folder/$rank/job.yaml" <<JOB
study: refusal
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors: [{checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}]
render: {size: [64, 64], steps: 5, crops: {count: 4, group: 1}}
prompts:
  - {targets: [{noise: 1}], init: {image: start.png}, steps: 60}
  - targets: [{noise: 2}]
JOB
done

timeout 120 mpirun --bind-to none -n 2 sh -c \
    'cd "$0/${OMPI_COMM_WORLD_RANK:-$PMIX_RANK}"; exec "$1" render job.yaml -o "$0/out" --threads 1' "$folder" "$program" \
    >"$folder/said" 2>&1 &
launch=$!
until [ -e "$folder/out/refusal.h5" ] || ! kill -0 "$launch" 2>/dev/null; do
    sleep 0.02
done
cp "$(dirname "$0")/../image/pictures/grey.png" "$folder/1/start.png"
code=0
wait "$launch" || code=$?
[ "$code" -eq 0 ] || fail "exit code $code"
grep -q "rank 1 on .* does not join in render 0: .*start.png" "$folder/said" || fail "nobody refused"
grep -q "2 of 2 renders in" "$folder/said" || fail "not finished"
