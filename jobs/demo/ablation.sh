#!/bin/sh
# What augmentations, the L2 term and the second perceptor are worth: two hundred prompts, each way with several seeds.
#
#   jobs/demo/ablation.sh VQCLIP OUTPUT [SEEDS]
#
# VQCLIP is the program; OUTPUT gets a job file, an archive and the judge's answers for each way; SEEDS is how many seeds each
# prompt gets (default: 3). All ways have the settings of prompts.yaml and 50 steps. A seed more continues the archives. On two
# ranks of one thread; about an hour of two idle cores a seed. Ends with a table of the judge's answers, for the interpreter PYTHON
# (default: python3), which needs what analysis/README.md names.
set -eu
[ $# -ge 2 ] && [ $# -le 3 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
vqclip=$1
output=$2
seeds=${3:-3}
jobs=$(cd "$(dirname "$0")" && pwd)
models=$jobs/../models
python=${PYTHON:-python3}
export OMP_WAIT_POLICY=passive OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe # Open MPI 4, and 5

# way NAME SEED-COUNT EDIT: the job file of a way, made of prompts.yaml by an edit of sed
way() {
    sed -e "s#\.\./models/#$models/#g" -e "s/^study: .*/study: $1/" -e 's/^  steps: .*/  steps: 50/' -e "$3" "$jobs/prompts.yaml" |
        sed '1d' >"$output/$1.yaml"
    echo "seeds: {count: $2, from: 1}" >>"$output/$1.yaml"
}

# render NAME EDIT: one seed after the other, so that all ways have as many; what is done is not begun again
render() {
    [ ! -e "$output/$1.$count" ] || return 0
    way "$1" "$count" "$2"
    extend=$([ "$count" = 1 ] || echo --extend)
    # shellcheck disable=SC2086  # none or one word
    mpirun -n 2 "$vqclip" render "$output/$1.yaml" -o "$output" --threads 1 $extend
    touch "$output/$1.$count"
}

mkdir -p "$output"
for count in $(seq "$seeds"); do
    render all ''
    render no-augmentations 's/^  augment: .*/  augment: []/; s/^  noise: .*/  noise: 0/'
    render no-l2 's/^  l2: .*/  l2: {weight: 0}/'
    render vit-alone '/name: resnet/d'
done

for name in all no-augmentations no-l2 vit-alone; do
    set -- --perceptor "$models/picturebook-judge.safetensors" --vocabulary "$models/picturebook.bpe.gz"
    "$vqclip" judge "$@" --attributes "$models/attributes.json" --labels "$models/prompts.json" --archive "$output/$name.h5" \
        --json >"$output/$name.judged.json"
    "$vqclip" score "$output/$name.h5" "$@" -o "$output/$name.csv" >/dev/null
done
"$python" "$jobs/ablation.py" "$output" all no-augmentations no-l2 vit-alone
