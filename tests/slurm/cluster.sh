# Sourced by the tests that need a real Slurm, after support/shell.sh: a cluster of two nodes on this host, n1 and n2, with
# everything that it writes in $folder/slurm and ports of its own. Needs root, as slurmd starts jobs as their users.
#     cluster_missing     says what keeps a cluster from being started, nothing where it can
#     cluster_start       starts it, and fails where it does not come up within 30 s; cluster_stop ends all that it started
#     cluster_errors      what its daemons said last that went wrong
#     cluster_field ID NAME           a field of `scontrol show job`, as JobState, ExitCode, Restarts

cluster_missing() {
    local program
    [ "$(id -u)" -eq 0 ] || echo "needs root"
    for program in munged slurmctld slurmd sbatch srun scontrol sinfo mpirun pgrep python3; do
        command -v $program >/dev/null || echo "no $program"
    done
}

# Two ports of its own for each daemon: what the kernel gives nobody else by itself is below its range of free ones.
cluster_configure() {
    local host port=$((20000 + $$ % 10000))
    host=$(hostname -s)
    mkdir -p "$folder/slurm/state" "$folder/slurm/n1" "$folder/slurm/n2"
    cat >"$folder/slurm/slurm.conf" <<CONF
ClusterName=vqclip
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/slurm/munge.socket
StateSaveLocation=$folder/slurm/state
SlurmdSpoolDir=$folder/slurm/%n
SlurmctldPidFile=$folder/slurm/slurmctld.pid
SlurmdPidFile=$folder/slurm/%n.pid
SlurmctldLogFile=$folder/slurm/slurmctld.log
SlurmdLogFile=$folder/slurm/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
KillWait=10
ReturnToService=2
GresTypes=gpu
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=4 RealMemory=1000 Gres=gpu:2
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=4 RealMemory=1000 Gres=gpu:2
PartitionName=main Nodes=n1,n2 Default=YES State=UP
CONF
    # Nothing here uses control groups; looking for which kind there is fails where none is mounted.
    echo "CgroupPlugin=cgroup/v1" >"$folder/slurm/cgroup.conf"
    # Slurm hands out devices that nobody opens.
    echo "NodeName=n[1-2] Name=gpu File=/dev/zero,/dev/full" >"$folder/slurm/gres.conf"
}

cluster_start() {
    export SLURM_CONF=$folder/slurm/slurm.conf
    cluster_configure
    chmod 755 "$folder" "$folder/slurm"
    head -c 1024 /dev/urandom >"$folder/slurm/munge.key"
    chmod 400 "$folder/slurm/munge.key"
    munged --force --key-file "$folder/slurm/munge.key" --socket "$folder/slurm/munge.socket" --pid-file "$folder/slurm/munge.pid" \
        --log-file "$folder/slurm/munge.log" --seed-file "$folder/slurm/munge.seed" || return 1
    slurmctld -f "$SLURM_CONF" || return 1
    slurmd -f "$SLURM_CONF" -N n1 || return 1
    slurmd -f "$SLURM_CONF" -N n2 || return 1
    local tries=0
    until [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ]; do
        tries=$((tries + 1))
        [ $tries -lt 60 ] || return 1
        sleep 0.5
    done
}

cluster_stop() {
    local pid file
    scancel --quiet --signal=KILL --full --state=RUNNING 2>/dev/null || true
    for file in n1 n2 slurmctld munge; do
        pid=$(cat "$folder/slurm/$file.pid" 2>/dev/null) || continue
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
}

cluster_errors() {
    grep -h -i error "$folder"/slurm/slurmctld.log "$folder"/slurm/n?.log | tail -n 1
}

cluster_field() {
    scontrol show job -o "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1
}
