#!/bin/sh
# Renders a study on different numbers of ranks, in teams of different sizes, with different numbers of threads, several
# renders at a time, and stopped half-way: latents, pictures, losses and failures must be one and the same.
#
#   tests/schedule/digests_test.sh VQCLIP JOB [RANKS-TEAM-THREADS-LANES...]
#
# Without a list of launches all of them are made. Needs mpirun. Prints a line for each launch; exit code 0 if all are equal.
set -eu
vqclip=$1
job=$2
shift 2
[ $# -gt 0 ] || set -- 1-auto-2-1 1-auto-1-3 2-auto-1-1 2-auto-1-2 2-2-2-1 3-auto-1-1 3-2-1-1 3-3-1-1 4-auto-1-1 4-1-1-1 4-4-1-1
. "$(dirname "$0")/../support/shell.sh"

# All that an archive says of its renders but the times, a line for each value.
outcomes() {
    "$vqclip" show "$1"/*.h5 --json | tr ',' '\n' | grep -Ev '"(seconds|device|host)"'
}

different=0
# compare NAME: the outcomes of this launch with those of the first one, which ran on one rank.
compare() {
    outcomes "$folder/$1" >"$folder/$1.txt"
    if cmp -s "$folder/first.txt" "$folder/$1.txt"; then
        result=equal
    else
        result=DIFFERENT
        different=1
        diff "$folder/first.txt" "$folder/$1.txt" || true
    fi
    joins=$(sed -n 's/.*"joins": *\([0-9]*\).*/\1/p' "$folder/$1.json" 2>/dev/null || true)
    echo "$1: $result${joins:+, $joins ranks joined}"
}

# launch NAME RANKS TEAM THREADS LANES: one render of the study fails, so its exit code is 1.
launch() {
    team=
    [ "$3" = auto ] || team="--team $3"
    code=0
    # shellcheck disable=SC2086 # $team is two words
    mpirun -n "$2" "$vqclip" render "$job" -o "$folder/$1" --threads "$4" --lanes "$5" --json $team \
        >"$folder/$1.json" 2>"$folder/errors" || code=$?
    [ "$code" = 1 ] || { echo "exit code $code"; cat "$folder/errors"; exit 1; }
}

launch first 1 auto 1 1
outcomes "$folder/first" >"$folder/first.txt"
for name in "$@"; do
    # shellcheck disable=SC2046 # four words
    launch "$name" $(echo "$name" | tr - ' ')
    compare "$name"
done

# stopped NAME LANES: two of three ranks work on renders when one rank alone is asked to stop; another number of ranks
# goes on.
stopped() {
    mpirun -n 3 "$vqclip" render "$job" -o "$folder/$1" --threads 1 --checkpoint 1000 --lanes "$2" >/dev/null 2>&1 &
    mpirun=$!
    tries=0
    while [ ! -e "$folder/$1"/*.h5 ] && [ $tries -lt 600 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    sleep 0.5
    rank=$(pgrep -P "$mpirun" vqclip | tail -n 1)
    kill -TERM "$rank" 2>/dev/null || echo "it was too fast to be stopped"
    wait "$mpirun" || true
    launch "$1" 2 auto 1 1
    compare "$1"
}
stopped stopped 1
stopped stopped_lanes 2
exit $different
