#!/bin/sh
# crop_counts_test.sh PROGRAM MODELS: perceptors with numbers of crops of their own, and schedules of crops, give the same bytes
# on any number of ranks and lanes, and those of crops.count where they are as many; plans, memory and costs know them.
set -eu
program=$1
models=$2
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"

# job NAME COUNT CROPS-OF-VIT CROPS-OF-RESNET MORE-OF-CROPS AUGMENT; empty: none of its own
job() {
    cat >"$1.yaml" <<JOB
study: $1
models:
  generator: {config: $models/picturebook-vqgan.yaml, checkpoint: $models/picturebook-vqgan.safetensors}
  perceptors:
    - {name: vit, checkpoint: $models/picturebook-vit.safetensors, vocabulary: $models/picturebook.bpe.gz${3:+, crops: $3}}
    - {name: resnet, checkpoint: $models/picturebook-resnet.safetensors, vocabulary: $models/picturebook.bpe.gz${4:+, crops: $4}}
render: {size: [64, 32], steps: 3, crops: {count: $2, group: 2${5:+, $5}}${6:+, augment: $6}}
prompts: [a red boat, a blue house]
JOB
}
render() { # NAME FOLDER OPTION...
    "$program" render "$1.yaml" -o "$2" --threads 1 $3 >said 2>&1 || fail "render $1"
}
# The digests of an archive's pictures.
pictures() { "$program" show "$1.h5" --json | tr ',' '\n' | grep -E '"(picture|latent)_sha256"'; }
same() { [ "$(pictures "$1")" = "$(pictures "$2")" ]; }

job own 4 1 5
job plain 4 '' ''
job three 3 '' ''
job threes 9 3 3
for name in own plain three threes; do render "$name" one ''; done
[ "$(pictures one/three | wc -l)" = 4 ] || fail "no digests"
same one/three one/threes || fail "3 crops of each perceptor's own are not as crops.count: 3"
! same one/own one/plain || fail "perceptors' numbers of crops change nothing"
render own lanes '--lanes 2'
same one/own lanes/own || fail "two lanes differ"
"$program" verify one/own.h5 --rerender all >said 2>&1 || fail "verify"
"$program" render own.yaml -o one >said 2>&1 || fail "the same again"
sed -i 's/crops: 5/crops: 6/' own.yaml
! "$program" render own.yaml -o one >said 2>&1 || fail "another number of crops goes on with the archive"
sed -i 's/crops: 6/crops: 5/' own.yaml

# Overviews and inner crops in turns; groups that have crops at one step and none at the next.
job turns '{curve: hold, 0: 3, 1: 6, 2: 1}' '' 5 'method: overview, overview: {curve: hold, 0: 3, 1: 2, 2: 0}, grey: {0: 0.5, 2: 0}'
job more '{curve: hold, 0: 3, 3: 7}' '' ''
job level '{0: 3}' '' ''
for name in turns more level; do render "$name" one ''; done
same one/three one/more || fail "groups without crops count"
same one/three one/level || fail "a level curve is not its number"
render turns lanes '--lanes 2'
same one/turns lanes/turns || fail "two lanes differ over a schedule"
"$program" verify one/turns.h5 --rerender all >said 2>&1 || fail "verify of a schedule"

# Augmentations of some crops: where there are none of the one kind, those of the other are all.
job every 4 '' '' 'method: pooled' '[Pe, Gr]'
job inner 4 '' '' 'method: pooled, overview: 0' '[{name: Pe, crops: inner}, {name: Gr, crops: inner}]'
job outer 4 '' '' 'method: pooled, overview: 4' '[{name: Pe, crops: overview}, {name: Gr, crops: overview}]'
job wide '{0: 4, 2: 6}' 3 '' 'method: pooled, overview: {0: 1, 2: 2}' \
    '[{name: Pe, crops: inner}, {name: Af, scale: [0.95, 0.95], p: 1, crops: overview}, Ji]'
for name in every inner outer wide; do render "$name" one ''; done
same one/every one/inner || fail "augmentations of inner crops, which are all"
same one/every one/outer || fail "augmentations of overviews, which are all"
! same one/every one/wide || fail "augmentations of some crops change nothing"
render wide lanes '--lanes 2'
same one/wide lanes/wide || fail "two lanes differ over zoom and wide"
"$program" verify one/wide.h5 --rerender all >said 2>&1 || fail "verify of zoom and wide"

# 1 group of the first perceptor, 3 of the second: up to 4 ranks have work on one render.
for name in own turns wide; do
    for ranks in 2 3 4; do
        command -v mpirun >/dev/null && "$program" help render | grep -q -- --team || break
        mpirun --oversubscribe -n "$ranks" "$program" render $name.yaml -o "on-$ranks" --threads 1 --team "$ranks" >said 2>&1 ||
            fail "$name on $ranks ranks"
        same "one/$name" "on-$ranks/$name" || fail "$name on $ranks ranks differs"
    done
done

"$program" plan own.yaml >plan 2>&1 || fail "plan"
grep -q '2 renders, 6 steps, 36 crops through 2 perceptors' plan || fail "the plan's crops: $(cat plan)"
"$program" plan turns.yaml >plan 2>&1 || fail "plan of a schedule"
grep -q '2 renders, 6 steps, 50 crops through 2 perceptors' plan || fail "the plan's crops of a schedule: $(cat plan)"
"$program" plan own.yaml --memory --json >own.memory 2>errors || fail "plan --memory"
"$program" plan plain.yaml --memory --json >plain.memory 2>errors || fail "plan --memory"
"$program" plan own.yaml --ranks 2 --threads 1 --json >own.costs 2>errors || fail "plan --ranks"
"$program" plan own.yaml --ranks 2 --costs own.costs >said 2>&1 || fail "plan --costs"
grep -q '4 groups a step' said || fail "the forecast's groups"
! "$program" plan plain.yaml --ranks 2 --costs own.costs >said 2>&1 || fail "costs of other groups are taken"
python3 - own.memory plain.memory own.costs <<'PYTHON' || fail "memory and costs"
import json, sys
found = lambda value, key: [x for k, v in value.items() for x in ([v] if k == key else found(v, key))] if isinstance(
    value, dict) else [x for v in value for x in found(v, key)] if isinstance(value, list) else []
own, plain, costs = (json.load(open(name)) for name in sys.argv[1:])
vit = lambda value: [p["activation_bytes"] for parts in found(value, "parts") for p in parts if p["name"] == "vit"]
assert vit(own)[0] < vit(plain)[0], (vit(own), vit(plain))
assert found(costs, "groups")[-1:] == [[1, 2]] or [1, 2] in found(costs, "groups"), found(costs, "groups")
PYTHON
