#!/bin/bash
# array_test.sh FOLDER PROGRAM FIXTURES: what slurm/array.sh sends, what its jobs start, and that the parts of a study
# come together so; sbatch is a stand-in that says what it was given, or runs the job at once.
set -eu
scripts=$1
program=$2
fixtures=$3
. "$(dirname "$0")/../support/shell.sh"
. "$(dirname "$0")/../support/said.sh"
cd "$folder"

mkdir bin
cat >bin/sbatch <<'SBATCH'
#!/bin/bash
# The job's number goes to standard output, as --parsable has it, and what was given to the file sent. With RUN set the
# tasks of an array run one after the other, and a job that waits for them after them.
echo "sbatch $*" >>sent
array=""
while [ $# -gt 0 ]; do
    case $1 in
    --array=*) array=${1#--array=1-} ;;
    --*) ;;
    *) break ;;
    esac
    shift
done
echo "33;cluster"
[ -n "${RUN:-}" ] || exit 0
{
    for ((task = 1; task <= ${array:-1}; task++)); do
        SLURM_JOB_ID=$((33 + task)) SLURM_CPUS_PER_TASK=1 SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=$array \
            SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=$array SLURM_ARRAY_TASK_STEP=1 bash "$@"
    done
} >>log 2>&1
SBATCH
printf '#!/bin/sh\nexec "$@"\n' >bin/launcher
chmod +x bin/*
export PATH="$folder/bin:$PATH" LAUNCHER=launcher VQCLIP=$program
unset SBATCH_OPTIONS AT_ONCE DEPENDENCY RESTARTS

# sent LINE: a whole line of what was sent
sent() {
    grep -Fxq -- "$1" sent || { cat sent; fail "expected to be sent: $1"; }
}

expect 0 "$scripts/array.sh" 8 job.yaml out --lanes 2
says "parts: job 33, an array of 8"
says "merge: job 33, afterok"
sent "sbatch --parsable --job-name=vqclip-part --array=1-8 --ntasks=1 --output=%x-%A_%a.log $scripts/study.sbatch job.yaml out --part array --lanes 2"
sent "sbatch --parsable --dependency=afterok:33 --kill-on-invalid-dep=yes $scripts/merge.sbatch out 8"
expect 0 env "SBATCH_OPTIONS=--gpus-per-task=1 --time=60" AT_ONCE=3 DEPENDENCY=afterany "$scripts/array.sh" 4 job.yaml out
sent "sbatch --parsable --job-name=vqclip-part --array=1-4%3 --ntasks=1 --output=%x-%A_%a.log --gpus-per-task=1 --time=60 $scripts/study.sbatch job.yaml out --part array"
sent "sbatch --parsable --dependency=afterany:33 --kill-on-invalid-dep=yes $scripts/merge.sbatch out 4"
expect 2 "$scripts/array.sh" 0 job.yaml out
says "PARTS: expected a number of at least 1, found: 0"
expect 2 "$scripts/array.sh" 4 job.yaml
expect 2 env DEPENDENCY=later "$scripts/array.sh" 4 job.yaml out
says "DEPENDENCY: expected afterok or afterany, found: later"

# The whole of it, by the program itself.
cat >job.yaml <<JOB
study: tiny
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [16, 16], steps: 2, crops: {count: 1, group: 1}, augment: []}
seeds: 0..4
prompts: [{targets: [{noise: 1}]}]
JOB
RUN=1 expect 0 "$scripts/array.sh" 3 job.yaml out
for part in 1 2 3; do
    [ -e out/tiny.part-$part-of-3.h5 ] || { cat log; fail "part $part was not made"; }
done
expect 0 "$program" show out/tiny.h5
says_not pending

# What merge.sbatch does with what it finds.
expect 2 bash "$scripts/merge.sbatch" out 4
says "out: holds no part of 4"
rm out/tiny.h5 out/tiny.part-2-of-3.h5
expect 2 bash "$scripts/merge.sbatch" out 3
says "of 3 parts these are missing: 2"
expect 0 env DEPENDENCY=afterany bash "$scripts/merge.sbatch" out 3
says "3 of 5 renders in out/tiny.h5"
cp out/tiny.part-1-of-3.h5 out/other.part-1-of-3.h5
expect 2 bash "$scripts/merge.sbatch" out 3
says "holds parts of several studies"

# The example for GPUs asks study.sbatch to use them, and says where it looks for it.
printf '#!/bin/sh\necho "launcher $*"\n' >bin/launcher
expect 0 env SCRIPTS="$scripts" SLURM_JOB_ID=33 SLURM_GPUS_PER_TASK=1 VQCLIP=vqclip bash "$scripts/gpu.sbatch" job.yaml out --lanes 4
says "launcher vqclip render job.yaml -o out --threads 1 --lanes 4 --device cuda"
expect 2 env SLURM_SUBMIT_DIR=/nowhere bash "$scripts/gpu.sbatch" job.yaml out
says "/nowhere/slurm/study.sbatch: is not there"

# Table 2 is rendered on one GPU, one picture at a time, and then its times are taken from the archive.
mkdir -p sources/analysis
ln -s "$scripts" sources/slurm
echo 'import sys; print("tables", *sys.argv[1:])' >sources/analysis/tables.py
expect 0 env SOURCES=sources SLURM_JOB_ID=34 SLURM_GPUS_PER_TASK=1 VQCLIP=vqclip bash "$scripts/table-2.sbatch" out --threads 2
says "launcher vqclip render sources/jobs/paper/table-2.yaml -o out --threads 1 --device cuda --precision f32 --lanes 1 --threads 2"
says "tables times out/table-2.h5 -o out"
expect 2 bash "$scripts/table-2.sbatch"
expect 2 env SLURM_SUBMIT_DIR=/nowhere bash "$scripts/table-2.sbatch" out
says "/nowhere/slurm/study.sbatch: is not there"
echo "arrays are sent, run and joined"
