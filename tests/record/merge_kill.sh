#!/bin/bash
# merge_kill.sh PROGRAM FIXTURES [RENDERS] [PARTS] [KILLS]: a study of that many renders (1000) in parts (4) and by one
# launch, joined and compared dataset by dataset; then merges that are killed at random moments (100): the parts keep
# every byte, and the new archive is whole or not there. Minutes; the numbers stand in results/merge.md.
set -eu
program=$1
fixtures=$2
renders=${3:-1000}
count=${4:-4}
kills=${5:-100}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell.sh"
cd "$folder"

cat >job.yaml <<JOB
study: many
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [16, 16], steps: 3, crops: {count: 2, group: 1}, augment: [], snapshots: 1}
seeds: {count: $((renders / 2)), from: 0}
prompts: [{targets: [{noise: 1}]}, {targets: [{noise: 2}]}]
JOB
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

"$program" render job.yaml -o whole --threads 1 --checkpoint 0 2>/dev/null
parts=()
for ((i = 1; i <= count; i++)); do
    "$program" render job.yaml -o parts --threads 1 --checkpoint 0 --part $i/$count 2>/dev/null
    parts+=("parts/many.part-$i-of-$count.h5")
done
begun=$(milliseconds)
"$program" merge "${parts[@]}" -o all.h5
took=$(($(milliseconds) - begun))
echo "merged in $took ms: $(stat -c %s all.h5) bytes"
/usr/bin/python3 "$here/archives_equal.py" whole/many.h5 all.h5 || fail "the merge is not what one launch made"
sha256sum "${parts[@]}" >before

interrupted=0 whole=0 left=0
for ((i = 0; i < kills; i++)); do
    rm -f killed.h5
    "$program" merge "${parts[@]}" -o killed.h5 >output 2>&1 &
    process=$!
    sleep "$(awk "BEGIN {srand($i + $RANDOM); print rand() * 1.1 * $took / 1000}")"
    if kill -KILL $process 2>/dev/null; then
        interrupted=$((interrupted + 1))
    fi
    wait $process 2>/dev/null || true
    sha256sum --check --quiet before || fail "kill $i: a part has changed"
    [ ! -e killed.h5.partial ] || left=$((left + 1))
    [ -e killed.h5 ] || continue
    whole=$((whole + 1))
    "$program" verify killed.h5 >output || fail "kill $i: the merged archive is not right"
    grep -q "digests   $renders of $renders right" output || fail "kill $i: the merged archive is not whole"
done
"$program" merge "${parts[@]}" -o last.h5 >output
/usr/bin/python3 "$here/archives_equal.py" whole/many.h5 last.h5 >output || fail "after the kills: another archive"
echo "$kills kills: $interrupted hit a merge at work, $left left an unfinished file, $whole a whole archive; 0 lost a part"
