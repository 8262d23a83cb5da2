#!/bin/bash
# A study as an array of small jobs, each of which makes a part of it, and a job at the end that joins the parts: small
# jobs start sooner than a wide one. Run where jobs are sent from:
#
#   slurm/array.sh PARTS JOB.yaml DIR [option of vqclip render...]
#
# makes DIR/STUDY.part-1-of-PARTS.h5 and on, and of them DIR/STUDY.h5. Each part comes back into the queue by itself, as
# study.sbatch does. One that failed is sent again by  sbatch slurm/study.sbatch JOB.yaml DIR --part I/PARTS
#
# What can be set, in the environment:
#   SBATCH_OPTIONS  of each part's job, words as they stand: "--gpus-per-task=1 --time=01:00:00 --partition=gpu"
#                   (default: one task of four processors, four hours)
#   AT_ONCE         parts that run at a time (default: as many as there is room for)
#   DEPENDENCY      when the parts are joined: afterok, if all of them ended well (default); afterany, whatever came of
#                   them: what is not finished is pending then in DIR/STUDY.h5, and render goes on with it
#   VQCLIP, LAUNCHER, RESTARTS  as in study.sbatch
set -eu
if [ $# -lt 3 ]; then
    echo "usage: array.sh PARTS JOB.yaml DIR [option of vqclip render...]" >&2
    exit 2
fi
parts=$1
job=$2
folder=$3
shift 3
scripts=$(cd "$(dirname "$0")" && pwd)

case $parts in
'' | *[!0-9]* | 0*)
    echo "PARTS: expected a number of at least 1, found: $parts" >&2
    exit 2
    ;;
esac
case ${DEPENDENCY:=afterok} in
afterok | afterany) ;;
*)
    echo "DEPENDENCY: expected afterok or afterany, found: $DEPENDENCY" >&2
    exit 2
    ;;
esac

read -r -a options <<<"${SBATCH_OPTIONS:-}"
array=$(sbatch --parsable --job-name=vqclip-part --array="1-$parts${AT_ONCE:+%$AT_ONCE}" --ntasks=1 \
    --output=%x-%A_%a.log ${options[@]+"${options[@]}"} "$scripts/study.sbatch" "$job" "$folder" --part array "$@")
array=${array%%;*} # of several clusters their name stands behind it
echo "parts: job $array, an array of $parts"
merge=$(DEPENDENCY=$DEPENDENCY sbatch --parsable --dependency="$DEPENDENCY:$array" --kill-on-invalid-dep=yes \
    "$scripts/merge.sbatch" "$folder" "$parts")
echo "merge: job ${merge%%;*}, $DEPENDENCY"
