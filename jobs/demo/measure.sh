#!/bin/sh
# Measures what the demo models can do: recognition of drawings, and pictures guided by prompts, as the judge sees them.
#
#   jobs/demo/measure.sh VQCLIP PYTHON OUTPUT
#
# VQCLIP is the program, PYTHON an interpreter with the packages of jobs/models/picturebook, OUTPUT a new folder. Ends
# with tables; sheets and archives are in OUTPUT. About half an hour on two cores.
set -eu
[ $# -eq 3 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
vqclip=$1
python=$2
output=$3
jobs=$(cd "$(dirname "$0")" && pwd)
models=$jobs/../models
export OMP_WAIT_POLICY=passive OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# judge PERCEPTOR LABELS ...: only the table of right answers
judge() {
    perceptor=$1
    labels=$2
    shift 2
    "$vqclip" judge --perceptor "$models/picturebook-$perceptor.safetensors" --attributes "$models/attributes.json" \
        --vocabulary "$models/picturebook.bpe.gz" --labels "$labels" "$@" | sed -n '/^right answers/,$p'
}

mkdir -p "$output"
"$python" "$models/picturebook/drawings.py" "$output/drawings"
"$python" "$models/picturebook/drawings.py" "$output/views" --views
for perceptor in vit resnet judge; do
    echo "== $perceptor: 1000 drawings"
    judge "$perceptor" "$output/drawings/labels.json" "$output"/drawings/*.png
    echo "== $perceptor: the same as guidance sees them"
    judge "$perceptor" "$output/views/labels.json" "$output"/views/*.png
done
for study in prompts vit-alone resnet-alone no-l2 no-augmentations; do
    mpirun -n 2 "$vqclip" render "$jobs/$study.yaml" -o "$output" --threads 1
    "$vqclip" export "$output/$study.h5" -o "$output/$study"
    echo "== $study"
    judge judge "$models/prompts.json" --archive "$output/$study.h5"
done
