#!/bin/bash
# study_test.sh SCRIPT: what slurm/study.sbatch starts, and when it goes back into the queue; srun, mpirun and scontrol
# are stand-ins here that say what they were given.
set -eu
script=$1
. "$(dirname "$0")/../support/shell.sh"

mkdir "$folder/bin"
for name in srun mpirun; do
    printf '#!/bin/sh\necho "%s $*"\nexit "${CODE:-0}"\n' $name >"$folder/bin/$name"
done
printf '#!/bin/sh\necho "scontrol $*"\n' >"$folder/bin/scontrol"
chmod +x "$folder"/bin/*

# expect CODE LINE [NAME=VALUE...] [-- OPTION...]: its exit code, and a whole line that is said
expect() {
    local expected=$1 line=$2 code=0 environment=()
    shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        environment+=("$1")
        shift
    done
    [ $# -eq 0 ] || shift
    env -u LAUNCHER -u VQCLIP -u RESTARTS "PATH=$folder/bin:$PATH" SLURM_JOB_ID=33 SLURM_CPUS_PER_TASK=2 \
        ${environment[@]+"${environment[@]}"} bash "$script" job.yaml out "$@" >"$folder/output" 2>&1 || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code, expected $expected"
    grep -Fxq "$line" "$folder/output" || fail "expected the line: $line"
}

expect 0 "srun --mpi=pmix --kill-on-bad-exit=1 vqclip render job.yaml -o out --threads 2"
expect 0 "srun --mpi=pmix --kill-on-bad-exit=1 vqclip render job.yaml -o out --threads 2 --lanes 3" -- --lanes 3
expect 0 "mpirun vqclip render job.yaml -o out --threads 2" LAUNCHER=mpirun
expect 0 "mpirun --bind-to none /opt/vqclip render job.yaml -o out --threads 2" "LAUNCHER=mpirun --bind-to none" VQCLIP=/opt/vqclip
expect 2 "LAUNCHER: expected words that are used as they stand, found: mpirun -n \$SLURM_NTASKS; mpirun alone takes the job's tasks" \
    "LAUNCHER=mpirun -n \$SLURM_NTASKS"

# GPUs that Slurm gave, by any of its options, are used, or an option says that they are not.
for given in SLURM_JOB_GPUS=0,1 SLURM_GPUS=2 SLURM_GPUS_ON_NODE=1 SLURM_GPUS_PER_TASK=1; do
    expect 0 "mpirun vqclip render job.yaml -o out --threads 2 --device cuda" LAUNCHER=mpirun $given
done
expect 0 "mpirun vqclip render job.yaml -o out --threads 2 --device cpu" LAUNCHER=mpirun SLURM_GPUS=2 -- --device cpu

expect 0 "scontrol requeue 33" CODE=3
expect 0 "scontrol requeue 33" CODE=3 SLURM_RESTART_COUNT=19
expect 3 "stopped and saved, but the job has come back 20 times, and RESTARTS is 20: send it again to go on" CODE=3 SLURM_RESTART_COUNT=20
expect 1 "srun --mpi=pmix --kill-on-bad-exit=1 vqclip render job.yaml -o out --threads 2" CODE=1
