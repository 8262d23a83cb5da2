#!/bin/sh
# Every experiment of the paper, small, with the demo models: renders, sheets, what the judge finds, plots.
#
#   jobs/demo/run.sh VQCLIP OUTPUT
#
# VQCLIP is the program; OUTPUT gets the archives, and OUTPUT/results sheets, plots and a table of what the judge finds. Renders
# on two ranks of one thread; what is done is not rendered again. Tables and plots need what analysis/README.md
# names, for the interpreter PYTHON (default: python3).
set -eu
[ $# -eq 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
vqclip=$1
output=$2
jobs=$(cd "$(dirname "$0")" && pwd)
models=$jobs/../models
analysis=$jobs/../../analysis
python=${PYTHON:-python3}
results=$output/results
judge="--perceptor $models/picturebook-judge.safetensors --vocabulary $models/picturebook.bpe.gz"
export OMP_WAIT_POLICY=passive OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe # Open MPI 4, and 5

# render STUDY [JOB]
render() {
    mpirun -n 2 "$vqclip" render "${2:-$jobs/$1.yaml}" -o "$output" --threads 1
    rm -rf "$output/$1"
    "$vqclip" export "$output/$1.h5" -o "$output/$1" >/dev/null
}

# sheet STUDY: all its pictures, named
sheet() {
    cp "$output/$1/sheet.png" "$results/$1.png"
}

# ask STUDY: what the judge finds in its pictures
ask() {
    # shellcheck disable=SC2086  # several words
    "$vqclip" judge $judge --attributes "$models/attributes.json" --labels "$jobs/labels.json" --archive "$output/$1.h5" \
        --json >"$output/$1.judged.json"
}

mkdir -p "$results"
render quickstart "$jobs/../quickstart.yaml"
for study in styles editing masking self-masking prompt-addition components crop-counts only-vit only-resnet; do
    render $study
done

for study in quickstart styles editing masking self-masking prompt-addition; do
    sheet $study
done
figures=$analysis/figures.py
"$python" "$figures" grid "$output/components.h5" -o "$results/components.png"
"$python" "$figures" grid "$output/crop-counts.h5" -o "$results/crop-counts.png"
"$python" "$figures" grid "both=$output/crop-counts.h5@crops.count=8" "vit=$output/only-vit.h5" "resnet=$output/only-resnet.h5" \
    -o "$results/ensemble.png"
"$python" "$figures" snapshots "$output/quickstart.h5" -o "$results/snapshots.png"
# shellcheck disable=SC2086
"$vqclip" score "$output/crop-counts.h5" $judge -o "$output/crop-counts.csv"
"$python" "$figures" ablation crops.count --scores "$output/crop-counts.csv" --columns clip_cosine -o "$results/crop-counts-cosine.png"

for study in quickstart styles editing components crop-counts only-vit only-resnet; do
    ask $study
done
"$python" "$jobs/answers.py" "$output" quickstart styles editing components crop-counts only-vit only-resnet >"$results/answers.md"
cat "$results/answers.md"
