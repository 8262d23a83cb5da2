#!/bin/sh
# Does something to a launch of four ranks, again and again, and checks each time that it ends by itself, soon, with a
# message that names the rank and its host (or says that it was stopped and saved) and with the exit code that the
# README promises, and that nothing of it is left running. The same command goes on each time; whenever the study is
# finished its digests must be those of an undisturbed run on one rank, and it begins again.
#
#   tests/schedule/failure_test.sh VQCLIP TIMES CASE...
#
# Cases, of which each ends with one line of a Markdown table:
#   kill     a rank gets SIGKILL
#   stop     a rank gets SIGSTOP, and so does not answer any more
#   cut      each rank on a host of its own (network namespaces, TCP); the link of one is cut. For root
#   hosts    the same hosts, and nothing happens: only the digests
#   signal   one rank gets SIGUSR1, SIGTERM or SIGINT: all save and stop
#   mpirun   mpirun gets SIGUSR1, SIGTERM or SIGINT; after the latter two Open MPI gives the ranks a second or two, so
#            that a busy machine may not have saved: this is counted, not complained about
#   limit    --time-limit, on one rank
#
# Environment: PEER_TIMEOUT, in seconds (default 5). Needs mpirun; hosts and cut need iproute2.
set -eu
vqclip=$(realpath "$1")
times=$2
shift 2
here=$(dirname "$(realpath "$0")")
job=$here/failure_test.yaml
timeout=${PEER_TIMEOUT:-5}
bound=30 # seconds, after the fault can be known
. "$(dirname "$0")/../support/shell.sh"
hosts_prefix=vq$$
launch=
with_hosts=no
export hosts_prefix
export OMPI_MCA_mpi_yield_when_idle=1 OMP_NUM_THREADS=1

now() {
    date +%s.%N
}

# calculate EXPRESSION
calculate() {
    awk "BEGIN { printf \"%.2f\", ($1) }"
}

# The processes of this test's launches: all ranks have the folder's name among their arguments.
ranks_list() {
    for process in $(pgrep -f "render $job -o $folder/" || true); do
        [ "$(readlink "/proc/$process/exe" || true)" != "$vqclip" ] || echo "$process"
    done
}

# rank_process RANK
rank_process() {
    for process in $(ranks_list); do
        if tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then
            echo "$process"
        fi
    done
}

clean_up() {
    [ -z "$launch" ] || kill -KILL "$launch" 2>/dev/null || true
    for process in $(ranks_list); do
        kill -KILL "$process" 2>/dev/null || true
    done
    [ "$with_hosts" = no ] || "$here/hosts.sh" down 4
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

digests() { render_digests "$vqclip" "$1"/*.h5; }

# launch_run OPTION...: the case's launch, in this process' place
launch_run() {
    set -- "$vqclip" render "$job" -o "$folder/work" --threads 1 --peer-timeout "$timeout" "$@"
    case $what in
    limit) exec "$@" ;;
    hosts | cut)
        # mpirun takes very long to notice that a host is gone, unless its keep-alive is shorter than the ranks' timeout.
        keep_alive=$((timeout / 5))
        exec "$here/hosts.sh" on 0 exec mpirun -n 4 -H "$("$here/hosts.sh" list 4)" \
            --mca plm_rsh_agent "$here/hosts.sh" --mca btl tcp,self \
            --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
            --mca oob_tcp_keepalive_time $((2 * keep_alive)) --mca oob_tcp_keepalive_intvl $keep_alive \
            --mca oob_tcp_keepalive_probes 2 "$@"
        ;;
    *) exec mpirun -n 4 "$@" ;;
    esac
}

# Starts the launch, and waits until it makes steps or is over.
launch_begin() {
    : >"$folder/output"
    started=$(now)
    launch_run "$@" >"$folder/output" 2>&1 &
    launch=$!
    while kill -0 "$launch" 2>/dev/null && ! grep -q 'step' "$folder/output"; do
        sleep 0.1
    done
}

# Waits for the launch's end, `bound` seconds at most, and sets exit_code and took: since the fault, or since its start
# where the time itself is limited.
launch_wait() {
    begun=$(now)
    [ "$what" != limit ] || begun=$started
    while kill -0 "$launch" 2>/dev/null; do
        took=$(calculate "$(now) - $begun")
        if [ "$(calculate "$took > $timeout + $bound")" = 1.00 ]; then
            hung=$((hung + 1))
            [ "$what" != cut ] || "$here/hosts.sh" join "$victim"
            kill -KILL "$launch"
            break
        fi
        sleep 0.1
    done
    took=$(calculate "$(now) - $begun")
    exit_code=0
    wait "$launch" || exit_code=$?
    launch=
}

complain() {
    echo "$what, time $i: $1" >&2
    cat "$folder/output" >&2
    bad=$((bad + 1))
}

# Nothing may be left running, soon: a rank that is cut off ends by itself.
ranks_gone() {
    waited=0
    while [ -n "$(ranks_list)" ]; do
        waited=$((waited + 1))
        if [ "$waited" -gt $((timeout + bound)) ]; then
            complain "ranks are left: $(ranks_list)"
            return
        fi
        sleep 1
    done
}

# Compares a finished study with the undisturbed one, and removes it.
study_compare() {
    digests "$folder/work" >"$folder/found"
    cmp "$folder/expected" "$folder/found" || complain "the digests differ"
    compared=$((compared + 1))
    rm -rf "$folder/work"
}

# Brings the study to its end, whatever its state, and compares it.
study_finish() {
    if [ -e "$folder/work" ]; then
        launch_begin
        wait "$launch" || complain "the last launch failed"
        launch=
        study_compare
    fi
}

# expect CODES PATTERN: how the launch must have ended
expect() {
    case " $1 " in
    *" $exit_code "*) ;;
    *) complain "exit code $exit_code, expected $1" ;;
    esac
    grep -Eq "$2" "$folder/output" || complain "it does not say: $2"
}

node() {
    if [ "$with_hosts" = yes ]; then echo "node$1"; else hostname; fi
}

# Does to the running launch what the case says.
fault_make() {
    victim=$((i % 4))
    case $((i % 3)) in
    0) signal=USR1 ;;
    1) signal=TERM ;;
    2) signal=INT ;;
    esac
    case $what in
    kill) kill -KILL "$(rank_process $victim)" ;;
    stop) kill -STOP "$(rank_process $victim)" ;;
    cut) "$here/hosts.sh" cut $victim ;;
    signal) kill -$signal "$(rank_process $victim)" ;;
    mpirun) kill -$signal "$launch" ;;
    esac
}

# Looks at how the launch ended. Where the launcher's own host is cut off, or rank 0 is gone, several are missed.
fault_check() {
    missed="rank $victim \(host $(node $victim)\)"
    [ "$what-$victim" != cut-0 ] || missed='rank [123] \(host node[123]\)( and [12] more)?'
    saved='stopped and saved; the same command goes on from here'
    case $what in
    kill) expect "1 137" "vqclip: $missed has ended without notice" ;;
    stop) expect 1 "vqclip: $missed has not answered for [0-9]+ s; the launch ends" ;;
    # Whoever comes first ends it: the watch, or mpirun by its keep-alive, with an exit code of its own.
    cut) expect "1 205" "vqclip: $missed ha(s|ve) not answered for [0-9]+ s" ;;
    signal | limit) expect 3 "vqclip: $saved" ;;
    mpirun)
        if [ $signal = USR1 ]; then
            expect 3 "vqclip: $saved"
        else
            expect 1 ''
            ! grep -q "vqclip: $saved" "$folder/output" || in_time=$((in_time + 1))
        fi
        ;;
    esac
}

# What was saved must be what the next launch begins with: only the stop itself writes checkpoints here.
resumption_check() {
    [ "$stopped_before" = yes ] || return 0
    ! grep -Eo 'step [0-9]+ of' "$folder/output" | head -n 1 | grep -qx 'step 1 of' || complain "it began anew"
}

# case_once: one launch of the case
case_once() {
    case $what in
    signal | mpirun) launch_begin --checkpoint 86400 ;;
    limit) launch_begin --checkpoint 86400 --time-limit 0:08 ;;
    hosts) launch_begin ;;
    *) launch_begin --checkpoint 0 ;;
    esac
    if [ "$what" != hosts ] && [ "$what" != limit ]; then
        sleep "$(awk -v seed="$i" 'BEGIN { srand(seed); print 1.5 * rand() }')"
        if kill -0 "$launch" 2>/dev/null; then fault_make; fi
    fi
    launch_wait
    if [ "$exit_code" = 0 ]; then
        study_compare
        stopped_before=no
        return 0
    fi
    i=$((i + 1))
    victim=${victim:-0}
    ! [ "$(calculate "$took > $longest")" = 1.00 ] || longest=$took
    fault_check
    resumption_check
    if [ "$what" = limit ] && [ "$(calculate "$took > 8")" = 1.00 ]; then complain "it took $took s"; fi
    echo "$what, time $i: exit code $exit_code after $took s" >&2
    stopped_before=no
    ! grep -q "vqclip: stopped and saved" "$folder/output" || stopped_before=yes
    ranks_gone
    [ "$what" != cut ] || "$here/hosts.sh" join $victim
}

case_run() {
    i=0
    bad=0
    hung=0
    compared=0
    longest=0
    in_time=0
    stopped_before=no
    victim=
    case $what in
    hosts | cut)
        [ "$with_hosts" = yes ] || "$here/hosts.sh" up 4
        with_hosts=yes
        ;;
    esac
    while [ "$i" -lt "$times" ]; do
        case_once
        [ "$what" != hosts ] || i=$((i + 1))
    done
    study_finish
    [ "$what" != cut ] || "$here/hosts.sh" down 4
    [ "$what" != cut ] || with_hosts=no
    echo "| $what | $timeout s | $i | $hung | $longest s | $bad | $compared of $compared |"
    [ "$what" != mpirun ] || echo "$in_time of the launches that got SIGTERM or SIGINT saved in time" >&2
    failures=$((failures + bad + hung))
}

"$vqclip" render "$job" -o "$folder/undisturbed" --threads 1 >/dev/null 2>&1
digests "$folder/undisturbed" >"$folder/expected"
echo "| case | peer timeout | times | hung | longest from fault to end | complaints | studies finished with equal digests |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
failures=0
for what in "$@"; do
    case_run
done
[ "$failures" = 0 ]
