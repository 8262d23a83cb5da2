#!/usr/bin/env bash
# Kills every process of a launch with SIGKILL at random moments, over and over, and checks the archive after each
# kill: kill_test.sh ARCHIVE_WRITER [KILLS] [RANKS] [LONGEST_MILLISECONDS]
#
# Prints the sums of what was found: unreadable files, wrong rows, acknowledged rows that are lost, and the same of
# checkpoints. Ends with 0 if all of these are 0.
set -u
writer=${1:?usage: kill_test.sh ARCHIVE_WRITER [KILLS] [RANKS] [LONGEST_MILLISECONDS]}
kills=${2:-100}
ranks=${3:-2}
longest=${4:-1500}
renders=300
. "$(dirname "$0")/../support/shell.sh"

launch=()
[ "$ranks" -gt 1 ] && launch=(mpirun -n "$ranks")

# Kills the launcher and every rank, also one that starts only now, and waits until they are gone.
kill_all() {
    local process again=1
    kill -KILL "$1" 2>/dev/null
    wait "$1" 2>/dev/null
    while [ "$again" = 1 ]; do
        again=0
        while read -r process _; do
            kill -KILL "$process" 2>/dev/null && again=1
        done <"$folder/processes"
        [ "$again" = 1 ] && sleep 0.02
    done
}

declare -A sum=()
bad=0 complete=0 interrupted=0
for ((i = 0; i < kills; i++)); do
    : >"$folder/processes"
    "${launch[@]}" "$writer" write "$folder" "$renders" >/dev/null 2>"$folder/messages" &
    launcher=$!
    milliseconds=$((RANDOM % longest))
    sleep "$(printf '%d.%03d' $((milliseconds / 1000)) $((milliseconds % 1000)))"
    kill -0 "$launcher" 2>/dev/null && interrupted=$((interrupted + 1))
    kill_all "$launcher"
    line=$("$writer" check "$folder" "$renders")
    code=$?
    set -- ${line##*$'\n'}
    while [ $# -ge 2 ]; do
        sum[$1]=$((${sum[$1]:-0} + $2))
        shift 2
    done
    case $code in
    0) ;;
    3)
        complete=$((complete + 1))
        rm -f "$folder"/*
        ;;
    *)
        bad=$((bad + 1))
        echo "kill $i: $line"
        cat "$folder/messages"
        rm -f "$folder"/*
        ;;
    esac
done
echo "$kills kills ($interrupted of a launch under way) on $ranks ranks, $complete archives completed: bad states $bad," \
    "unreadable ${sum[unreadable]:-0}, wrong rows ${sum[wrong]:-0}, lost rows ${sum[lost]:-0}," \
    "wrong checkpoints ${sum[checkpoints_wrong]:-0}, lost checkpoints ${sum[checkpoints_lost]:-0};" \
    "rows checked ${sum[done]:-0}, renders under way ${sum[under_way]:-0}"
[ "$bad" = 0 ]
