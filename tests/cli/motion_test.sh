#!/bin/sh
# motion_test.sh PROGRAM MODELS: a render whose picture is moved has the same bytes on any number of ranks, is made again by
# verify, and its forecast counts the encoder and the moves.
set -eu
program=$1
models=$2
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"

cat >motion.yaml <<JOB
study: motion
models:
  generator: {config: $models/picturebook-vqgan.yaml, checkpoint: $models/picturebook-vqgan.safetensors}
  perceptors:
    - {name: vit, checkpoint: $models/picturebook-vit.safetensors, vocabulary: $models/picturebook.bpe.gz}
render: {size: [64, 32], steps: 6, snapshots: 2, crops: {count: 2, group: 1},
         motion: {every: 2, zoom: {0: 1.1, 6: 1.3}, rotate: 5, shift_x: 3, border: black, optimizer: restart}}
prompts: [a red boat]
JOB
sed 's/study: motion/study: tilted/; s/rotate: 5, shift_x: 3, border: black/tilt_x: 10, tilt_y: {0: 5, 6: 20}, fov: 60, border: wrap/' motion.yaml >tilted.yaml
sed 's/, *$/,/; s/^ *motion: {.*}}/         average: 0}/; s/study: motion/study: still/' motion.yaml >still.yaml
"$program" render motion.yaml -o one --threads 1 >said 2>&1 || fail "one rank"
"$program" verify one/motion.h5 --rerender all >said 2>&1 || fail "verify"
"$program" export one/motion.h5 -o one --snapshots >said 2>&1 || fail "export"
"$program" render still.yaml -o one --threads 1 >said 2>&1 || fail "without motion"
"$program" export one/still.h5 -o still --snapshots >said 2>&1 || fail "export"
cmp one/00000-snapshots/00000.png still/00000-snapshots/00000.png || fail "it moves before it is time"
! cmp -s one/00000-snapshots/00001.png still/00000-snapshots/00001.png || fail "it does not move"
"$program" render tilted.yaml -o one --threads 1 >said 2>&1 || fail "a tilt"
"$program" verify one/tilted.h5 --rerender all >said 2>&1 || fail "verify of a tilt"
"$program" export one/tilted.h5 -o tilted-one --snapshots >said 2>&1 || fail "export"
! cmp -s one/00000-snapshots/00001.png tilted-one/00000-snapshots/00001.png || fail "a tilt does nothing"
for ranks in 2 3; do
    if command -v mpirun >/dev/null && "$program" help render | grep -q -- --team; then
        mpirun -n "$ranks" "$program" render motion.yaml -o "on-$ranks" --threads 1 --team "$ranks" >said 2>&1 || fail "$ranks ranks"
        "$program" export "on-$ranks/motion.h5" -o "on-$ranks" --snapshots >said 2>&1 || fail "export"
        mpirun -n "$ranks" "$program" render tilted.yaml -o "on-$ranks" --threads 1 --team "$ranks" >said 2>&1 || fail "$ranks ranks"
        "$program" export "on-$ranks/tilted.h5" -o "tilted-$ranks" >said 2>&1 || fail "export"
        cmp tilted-one/00000.png "tilted-$ranks/00000.png" >said 2>&1 || fail "a tilt on $ranks ranks differs"
        for file in 00000.png 00000-snapshots/00000.png 00000-snapshots/00001.png 00000-snapshots/00002.png; do
            cmp "one/$file" "on-$ranks/$file" >said 2>&1 || fail "$ranks ranks: $file differs"
        done
    fi
done

for study in motion still; do
    "$program" plan $study.yaml --memory >"$study.memory" 2>&1 || fail "plan --memory of $study: $(cat $study.memory)"
    "$program" plan $study.yaml --ranks 1 --threads 1 --json >"$study.json" 2>errors || fail "plan --ranks of $study"
done
grep -q encoder motion.memory || fail "the memory forecast lacks the encoder: $(cat motion.memory)"
! grep -q encoder still.memory || fail "an encoder that nobody needs"
python3 - motion.json still.json <<'PYTHON' || fail "the forecast's moves"
import json, sys
found = lambda value: [x for k, v in value.items() for x in ([v] if k == "move_seconds" else found(v))] if isinstance(
    value, dict) else [x for v in value for x in found(v)] if isinstance(value, list) else []
moved, still = (found(json.load(open(name))) for name in sys.argv[1:])
assert len(moved) == 1 and moved[0] > 0 and still == [0], (moved, still)
PYTHON
