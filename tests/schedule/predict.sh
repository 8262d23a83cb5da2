#!/bin/sh
# Compares what `vqclip plan` predicts with real launches on 1 and 2 ranks of one thread, with one and with two renders at
# a time on a rank, as the program chooses teams and with teams of two: seconds from the first look at the archive to the
# end, and bytes of a step's message. The costs are measured just before, on one rank and, for the launches on two, on two
# at once, since ranks that share a processor slow each other down.
#
#   tests/schedule/predict.sh VQCLIP [JOB]
#
# The job, tests/schedule/predict.yaml if there is none, is one whose renders succeed. Needs mpirun and python3. Prints a
# Markdown table. An idle machine with two processors gives figures that mean something.
set -eu
vqclip=$1
job=${2:-$(dirname "$0")/predict.yaml}
. "$(dirname "$0")/../support/shell.sh"
export OMPI_MCA_mpi_yield_when_idle=1 OMP_NUM_THREADS=1

echo '| ranks | team | lanes | predicted | launched | launched / predicted | bytes a step, predicted | counted |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- |'
for launch in '1 auto 1' '1 auto 2' '2 auto 1' '2 auto 2' '2 2 1'; do
    # shellcheck disable=SC2086 # three words
    set -- $launch
    ranks=$1
    options="--threads 1 --lanes $3"
    [ "$2" = auto ] || options="$options --team $2"
    beside=
    if [ "$ranks" = 2 ]; then
        "$vqclip" plan "$job" --ranks 1 --threads 1 --lanes "$3" --json >"$folder/beside" &
        beside=$!
    fi
    # shellcheck disable=SC2086 # the options are several words
    "$vqclip" plan "$job" --ranks "$ranks" $options --json >"$folder/plan"
    [ -z "$beside" ] || wait "$beside"
    # shellcheck disable=SC2086
    mpirun -n "$ranks" "$vqclip" render "$job" -o "$folder/$1-$2-$3" $options --json >"$folder/launch" \
        2>"$folder/errors" || { echo "$launch: exit code $?"; cat "$folder/errors"; exit 1; }
    python3 - "$folder/plan" "$folder/launch" "$@" <<'PYTHON'
import json
import sys

plan = json.load(open(sys.argv[1]))
launch = json.loads(next(line for line in open(sys.argv[2]) if line.startswith("{")))
# The launch counts from when the models are open.
predicted = plan["seconds"] - min(render["begin"] for render in plan["renders"])
launched = launch["rank_seconds"] / launch["ranks"]
sums = sorted({team["bytes_summed"] for shape in plan["shapes"] for team in shape["teams"] if team["members"] == 2})
counted = launch["bytes_per_step"]
print(f"| {' | '.join(sys.argv[3:])} | {predicted:.1f} s | {launched:.1f} s | {launched / predicted:.2f} "
      f"| {', '.join(map(str, sums)) or '-'} | {f'{counted:.0f}' if counted else '-'} |")
PYTHON
done
