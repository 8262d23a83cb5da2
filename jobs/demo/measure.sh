#!/bin/sh
# Measures what the demo models can do: recognition of drawings, and pictures guided by prompts, as the judge sees them.
#
#   jobs/demo/measure.sh VQCLIP PYTHON OUTPUT [OPTIONS of vqclip render]
#
# VQCLIP is the program, PYTHON an interpreter with the packages of jobs/models/picturebook (- leaves the drawings out),
# OUTPUT a new folder. Renders on two ranks of one thread, or as the options say, without mpirun: --device cuda. Ends with
# tables; sheets and archives are in OUTPUT. About an hour on two cores, most of it for the prompts.
set -eu
[ $# -ge 3 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
vqclip=$1
python=$2
output=$3
shift 3
jobs=$(cd "$(dirname "$0")" && pwd)
models=$jobs/../models
export OMP_WAIT_POLICY=passive OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe # Open MPI 4, and 5

# judge PERCEPTOR LABELS ...: only the table of right answers
judge() {
    perceptor=$1
    labels=$2
    shift 2
    "$vqclip" judge --perceptor "$models/picturebook-$perceptor.safetensors" --attributes "$models/attributes.json" \
        --vocabulary "$models/picturebook.bpe.gz" --labels "$labels" "$@" | sed -n '/^right answers/,$p'
}

# render STUDY OPTIONS ...
render() {
    study=$1
    shift
    if [ $# -eq 0 ]; then
        mpirun -n 2 "$vqclip" render "$jobs/$study.yaml" -o "$output" --threads 1
    else
        "$vqclip" render "$jobs/$study.yaml" -o "$output" "$@"
    fi
}

measure_drawings() {
    "$python" "$models/picturebook/drawings.py" "$output/drawings"
    "$python" "$models/picturebook/drawings.py" "$output/views" --views
    for perceptor in vit resnet judge; do
        echo "== $perceptor: 1000 drawings"
        judge "$perceptor" "$output/drawings/labels.json" "$output"/drawings/*.png
        echo "== $perceptor: the same as guidance sees them"
        judge "$perceptor" "$output/views/labels.json" "$output"/views/*.png
    done
}

mkdir -p "$output"
[ "$python" = - ] || measure_drawings
for study in prompts vit-alone resnet-alone no-l2 no-augmentations; do
    render "$study" "$@"
    "$vqclip" export "$output/$study.h5" -o "$output/$study"
    echo "== $study"
    judge judge "$models/prompts.json" --archive "$output/$study.h5"
done
