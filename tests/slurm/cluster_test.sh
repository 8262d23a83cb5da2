#!/bin/bash
# What slurm/study.sbatch and the program do under a real Slurm of two nodes on this host:
#
#   tests/slurm/cluster_test.sh VQCLIP SCRIPTS [full [SEED]]
#
# Prints a Markdown table, a row for each thing that happens to a job: the job's state and exit code, whether all renders have
# the digests of an undisturbed run without Slurm, how long it ran, and what was left running. `full` adds five requeues and twenty
# kills at random moments (20 minutes). Skips where there is no Slurm, or no root to run one.
set -eu
vqclip=$(realpath "$1")
scripts=$(realpath "$2")
extent=${3:-short}
RANDOM=${4:-1}
here=$(dirname "$(realpath "$0")")
. "$here/../support/shell.sh"
. "$here/cluster.sh"
missing=$(cluster_missing | paste -sd, | sed 's/,/, /g')
if [ -n "$missing" ]; then
    echo "skipped: a real Slurm cannot be started here: $missing"
    exit 77
fi
trap 'cluster_stop; rm -rf "$folder"' EXIT
export VQCLIP=$vqclip

# job NAME STEPS: the study that all rows render, four pictures.
job() {
    cat >"$folder/$1.yaml" <<JOB
study: cluster
models:
  generator: {config: $here/../models/fixtures/net2net.yaml, checkpoint: $folder/models/net2net.safetensors}
  perceptors: [{name: gelu, checkpoint: $here/../models/fixtures/open_clip_gelu/open_clip_model.safetensors}]
render: {size: [40, 24], steps: $2, crops: {count: 4, group: 2}, snapshots: 0}
seeds: [0, 1]
prompts: [{targets: [{noise: 1}, {noise: 2, weight: -0.5}]}, {id: pixels, targets: [{noise: 4}], init: pixels}]
JOB
}

digests() { render_digests "$vqclip" "$folder/$1/cluster.h5"; }

# send FOLDER OPTION...: the study as a job of two tasks, whose number is ${jobs[FOLDER]}.
send() {
    local out=$1
    shift
    jobs[$out]=$(sbatch --parsable --chdir="$folder" --output="$folder/$out.log" --ntasks=2 --cpus-per-task=1 --time=10 "$@" \
        "$scripts/study.sbatch" "$folder/$study.yaml" "$folder/$out" --checkpoint 1)
    id=${jobs[$out]}
}

# send_array FOLDER PARTS: the study as an array, whose job is ${jobs[FOLDER-parts]}, and the merge behind it, ${jobs[FOLDER]}.
send_array() {
    (cd "$folder" && SBATCH_OPTIONS="--cpus-per-task=1 --time=10" "$scripts/array.sh" "$2" "$study.yaml" "$1" --checkpoint 1) \
        >"$folder/said"
    jobs[$1-parts]=$(sed -n 's/^parts: job \([0-9]*\),.*/\1/p' "$folder/said")
    jobs[$1]=$(sed -n 's/^merge: job \([0-9]*\),.*/\1/p' "$folder/said")
    ln -s "vqclip-merge-${jobs[$1]}.log" "$folder/$1.log"
}

# begins FOLDER [ARCHIVE]: waits until the job's archive is there.
begins() {
    for _ in $(seq 600); do
        [ ! -e "$folder/$1/${2:-cluster.h5}" ] || return 0
        sleep 0.1
    done
    cp "$folder/$1.log" "$folder/said"
    fail "job $id: no archive within 60 s"
}

# ends STATE...: waits until the job is in one of these states, and still is a second later: a job that goes back into the
# queue is COMPLETED for a moment.
ends() {
    local before=
    for _ in $(seq 300); do
        state=$(cluster_field "$id" JobState)
        if [ "$state" = "$before" ]; then
            case " $* " in *" $state "*) return 0 ;; esac
            case $state in COMPLETED | FAILED | CANCELLED | TIMEOUT) break ;; esac
        fi
        before=$state
        sleep 1
    done
    cp "$folder"/*.log "$folder/said" 2>/dev/null || true
    fail "job $id is $state, expected $*"
}

# comes_back FOLDER TIMES: waits until its job runs for that time again. Slurm lets a job wait for two minutes first; this one waits
# until nothing of its last run is on a node: the end of that would be taken for its own (22.05).
comes_back() {
    id=${jobs[$1]}
    for _ in $(seq 600); do
        if [ "$(cluster_field "$id" JobState)" = PENDING ] && ! pgrep -f "slurmstepd: \[$id\." >/dev/null; then
            sleep 1
            scontrol update "JobId=$id" StartTime=now
            ends RUNNING COMPLETED
            [ "$(cluster_field "$id" Restarts)" = "$2" ] || fail "job $id: $(scontrol show job "$id")"
            return
        fi
        sleep 0.1
    done
    fail "job $id has not come back: $(scontrol show job "$id")"
}

# left_running FOLDER: what still writes into it five seconds after its job has ended.
left_running() {
    for _ in $(seq 50); do
        pgrep -f "^$vqclip .*$folder/$1( |$)" >/dev/null || { echo nothing; return; }
        sleep 0.1
    done
    pgrep -af "^$vqclip .*$folder/$1( |$)" | head -n 1
}

# row WHAT FOLDER STATE CODE SAID: how the job of this folder ends; SAID stands in its log, `equal` instead asks for the
# digests.
row() {
    local outcome code left
    id=${jobs[$2]}
    ends "$3"
    code=$(cluster_field "$id" ExitCode)
    left=$(left_running "$2")
    cat "$folder/$2.log" >"$folder/said"
    if [ "$5" = equal ]; then
        outcome=equal
        diff "$folder/expected-$study" <(digests "$2") >>"$folder/said" || fail "$1: other digests"
    else
        outcome="\`$5\`"
        grep -Fq -- "$5" "$folder/$2.log" || fail "$1: the log does not say: $5"
    fi
    echo "| $1 | $state $code | $outcome | $(cluster_field "$id" RunTime) | $left |"
    [ "$code" = "$4" ] || fail "$1: expected exit code $4"
    [ "$left" = nothing ] || fail "$1: still running: $left"
}

mkdir "$folder/models"
cp "$here/../models/fixtures/net2net.safetensors" "$folder/models/"
job short 60
if [ "$extent" = full ]; then job long 1000; else job long 200; fi
for study in short long; do
    "$vqclip" render "$folder/$study.yaml" -o "$folder/undisturbed-$study" --threads 1 >/dev/null 2>&1
    digests "undisturbed-$study" >"$folder/expected-$study"
done
study=short
if ! cluster_start; then
    echo "skipped: Slurm does not start here: $(cluster_errors)"
    exit 77
fi
echo "$(sinfo --version), $(mpirun --version | head -n 1), two nodes on one host"
echo
echo "| what | state, exit code | digests, or what the log says | ran for | left running |"
echo "| --- | --- | --- | --- | --- |"

# What disturbs nothing else is sent at once.
declare -A jobs
send pmix --nodes=1
LAUNCHER=mpirun send mpirun --nodes=1
LAUNCHER=mpirun send two-nodes --nodes=2
LAUNCHER=srun send unconnected --nodes=1
send gpu --nodes=1 --gpus-per-task=1
send ../../../dev/null/folder --nodes=1 --output="$folder/unwritable.log"
jobs[unwritable]=$id
send_array array 4

row "srun --mpi=pmix, one node" pmix COMPLETED 0:0 equal
send pmix --nodes=1
row "mpirun, one node" mpirun COMPLETED 0:0 equal
row "mpirun, two nodes" two-nodes COMPLETED 0:0 equal
row "a finished study sent again" pmix COMPLETED 0:0 equal
row "srun without PMI" unconnected FAILED 2:0 "started as 2 ranks (SLURM_STEP_NUM_TASKS), but they are not connected"
if refusal=$("$vqclip" render "$folder/short.yaml" -o "$folder/alone" --device cuda 2>&1 >/dev/null); then
    echo "| GPUs asked for, and none usable | not tried, as there is one here | | | |"
else
    row "GPUs asked for, and none usable" gpu FAILED 2:0 "$(grep -o 'cuda: [^(]*[^( ]' <<<"$refusal" | head -n 1)"
fi
row "a folder that cannot be made" unwritable FAILED 1:0 "/dev/null/folder"
row "an array of four parts, and their merge" array COMPLETED 0:0 equal

# What n2 sees has no model: its folder is covered there.
cat >"$folder/without-model" <<WRAPPER
#!/bin/sh
[ "\$SLURMD_NODENAME" = n2 ] || exec "$vqclip" "\$@"
exec unshare --mount sh -c 'mount -t tmpfs none "$folder/models" && exec "\$0" "\$@"' "$vqclip" "\$@"
WRAPPER
chmod +x "$folder/without-model"
if unshare --mount sh -c "mount -t tmpfs none '$folder/models'" 2>/dev/null; then
    VQCLIP=$folder/without-model LAUNCHER=mpirun send missing --nodes=2
    row "a model that is missing on one of two nodes" missing FAILED 2:0 "net2net.safetensors"
else
    echo "| a model that is missing on one of two nodes | not tried, as nothing can be mounted here | | | |"
fi

# stopped FOLDER HOW: its running job is sent a signal, or a rank of it is killed.
stopped() {
    case $2 in
    USR1) scancel --signal=USR1 --batch "${jobs[$1]}" ;;
    requeue) scontrol requeue "${jobs[$1]}" ;;
    cancel) scancel "${jobs[$1]}" ;;
    KILL) scancel --signal=KILL --full "${jobs[$1]}" ;;
    rank) pkill -KILL -n -f "^$vqclip render .*$folder/$1( |$)" || true ;;
    esac
}

study=long
send killed --nodes=1
send cancelled --nodes=1
begins killed
begins cancelled
sleep 1
stopped cancelled cancel
stopped killed rank
row "kill -9 of a rank" killed FAILED 137:0 "has ended without notice"
row "scancel" cancelled CANCELLED 0:15 "stopped and saved"
send killed --nodes=1
send cancelled --nodes=1
send requeued --nodes=1
begins requeued
times=1
[ "$extent" != full ] || times=5
for i in $(seq $times); do
    sleep 2
    stopped requeued USR1
    comes_back requeued "$i"
done
row "kill -9 of a rank, sent again" killed COMPLETED 0:0 equal
row "scancel, sent again" cancelled COMPLETED 0:0 equal
row "SIGUSR1 to the script, $times times: saved, and back by itself" requeued COMPLETED 0:0 equal
grep -q "restart $times" "$folder/requeued.log" || fail "the log does not number the restarts"

[ "$extent" = full ] || exit 0

# A part that comes back: the merge waits for it.
send_array returned 2
begins returned cluster.part-1-of-2.h5
jobs[part]=$(cluster_field "${jobs[returned-parts]}_1" JobId)
sleep 2
stopped part USR1
comes_back part 1
row "an array of which a part was put back: the merge waits" returned COMPLETED 0:0 equal

# Twenty at random moments, each of a running job, in five ways; the study goes on each time, in one folder.
job long 6000
"$vqclip" render "$folder/long.yaml" -o "$folder/undisturbed-kills" --threads 1 >/dev/null 2>&1
digests undisturbed-kills >"$folder/expected-long"
ways=(USR1 requeue cancel KILL rank)
running=no
for hit in $(seq 20); do
    if [ $running = no ]; then
        send kills --nodes=1
        restarts=0
    fi
    ends RUNNING COMPLETED
    [ "$state" = RUNNING ] || fail "the study was finished after $hit kills"
    sleep "$((RANDOM % 8)).$((RANDOM % 10))"
    way=${ways[$((RANDOM % 5))]}
    stopped kills $way
    case $way in
    USR1 | requeue)
        restarts=$((restarts + 1))
        comes_back kills $restarts
        running=yes
        ;;
    *)
        ends CANCELLED FAILED
        running=no
        ;;
    esac
done
[ $running = yes ] || send kills --nodes=1
row "20 random kills (signal, requeue, scancel, scancel --signal=KILL, kill -9 of a rank)" kills COMPLETED 0:0 equal
