#!/bin/sh
# Kills launches of a study at random moments and checks that nothing is lost: the same command each time, with another
# number of ranks and another size of teams, until the study is finished; then the digests must be those of an undisturbed
# run on one rank.
#
#   tests/render/kill_test.sh VQCLIP JOB KILLS [SECONDS]
#
# A launch is killed up to SECONDS (default 2.5) after its first 0.3 seconds. Needs mpirun. Prints how many kills hit a running launch, and whether all digests are equal.
set -eu
vqclip=$1
job=$2
kills=$3
longest=${4:-2.5}
. "$(dirname "$0")/../support/shell.sh"

digests() { render_digests "$vqclip" "$1"/*.h5; }

"$vqclip" render "$job" -o "$folder/undisturbed" --threads 1 >/dev/null 2>&1
digests "$folder/undisturbed" >"$folder/expected"

hits=0
lost=0
i=0
done_before=0
while [ "$i" -lt "$kills" ]; do
    i=$((i + 1))
    ranks=$((i % 4 + 1))
    team=
    [ $((i % 3)) = 0 ] || team="--team $((i % 3 + 1))" # every third time the program chooses
    # shellcheck disable=SC2086 # $team is two words
    setsid mpirun -n "$ranks" "$vqclip" render "$job" -o "$folder/killed" --threads 1 --checkpoint 0 $team \
        >/dev/null 2>&1 &
    launch=$!
    sleep "$(awk -v seed="$i" -v longest="$longest" 'BEGIN { srand(seed); print 0.3 + longest * rand() }')"
    if kill -0 "$launch" 2>/dev/null; then
        hits=$((hits + 1))
        # shellcheck disable=SC2046 # one word for each rank
        kill -KILL $(pgrep -P "$launch") "$launch" 2>/dev/null || true
    fi
    wait "$launch" 2>/dev/null || true
    if [ -e "$folder"/killed/*.h5 ]; then
        digests "$folder/killed" >"$folder/now"
        done_now=$(grep -c ' done ' "$folder/now" || true)
        [ "$done_now" -ge "$done_before" ] || lost=$((lost + 1))
        grep ' done ' "$folder/now" | while read -r line; do
            grep -qxF "$line" "$folder/expected" || echo "wrong: $line"
        done
        done_before=$done_now
    fi
done
mpirun -n 2 "$vqclip" render "$job" -o "$folder/killed" --threads 1 --checkpoint 0 >/dev/null 2>&1
digests "$folder/killed" >"$folder/final"
if cmp -s "$folder/expected" "$folder/final"; then
    echo "$kills kills, $hits of them of a running launch: $lost times renders lost, all digests as undisturbed"
else
    echo "$kills kills: the digests differ"
    diff "$folder/expected" "$folder/final" || true
    exit 1
fi
