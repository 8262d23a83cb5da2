#!/bin/sh
# ranks_differ_test.sh PROGRAM FIXTURES PICTURES: two ranks, each in a folder of its own, whose files differ, as where they
# are copied to local disks or edited while a launch starts. The launch ends with one line that names the rank and what
# differs, with exit code 2, and has written nothing.
set -eu
program=$1
fixtures=$2
pictures=$3
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"
export OMP_NUM_THREADS=1

# rank_make RANK: its files.
rank_make() {
    mkdir "$1"
    cp "$fixtures/net2net.yaml" "$1/generator.yaml"
    cp "$fixtures/net2net.safetensors" "$1/generator"
    cp "$fixtures/open_clip_gelu/open_clip_model.safetensors" "$fixtures/open_clip_gelu/open_clip_config.json" "$1"
    cp "$pictures/colour.png" "$1/start.png"
    cat >"$1/job.yaml" <<JOB
study: differ
models:
  generator: {config: generator.yaml, checkpoint: generator}
  perceptors: [{checkpoint: open_clip_model.safetensors}]
render: {size: [16, 16], steps: 1, crops: {count: 1, group: 1}, init: {image: start.png}}
prompts:
  - targets: [{noise: 1}]
  - targets: [{noise: 2}]
JOB
}

# check TEXT...: the launch refuses, and its line says these.
check() {
    code=0
    mpirun -n 2 sh -c "cd \$OMPI_COMM_WORLD_RANK; [ ! -f setup ] || . ./setup; exec $program render job.yaml -o $folder/out --threads 1" \
        >said 2>&1 || code=$?
    for text in "$@"; do
        if [ "$code" -ne 2 ] || [ -e out ] || ! grep '^vqclip: rank 1 on ' said | grep -qF -- "$text"; then
            echo "FAILED: expected exit code 2, no folder, and \"$text\"; found $code"
            ls
            cat said
            exit 1
        fi
    done
    grep '^vqclip: rank 1 on ' said | cut -c 1-220
    rm -rf 1
    rank_make 1
}

rank_make 0
rank_make 1
sed -i 's/noise: 2/noise: 3/' 1/job.yaml
check 'in the job file: SHA-256' 'differs from rank 0 on'
sed -i '$d' 1/job.yaml
check 'in the job file: '
cp "$fixtures/open_clip_gelu/open_clip_model.safetensors" 1/open_clip_model.safetensors
python3 - 1/open_clip_model.safetensors <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-2] ^= 1
open(sys.argv[1], "wb").write(data)
PYTHON
check 'the checkpoint of the perceptor ' "$(sha256sum 0/open_clip_model.safetensors | head -c 64)"
echo ' ' >>1/generator.yaml
check 'the configuration of the generator' 'config_sha256: '
cp "$pictures/grey.png" 1/start.png
check 'start.png (init): '
rm 1/start.png
check 'start.png cannot be read'
echo 'export DNNL_MAX_CPU_ISA=SSE41 ONEDNN_MAX_CPU_ISA=SSE41' >1/setup
check 'the environment: '

# And with the same files it runs.
mpirun -n 2 sh -c "cd \$OMPI_COMM_WORLD_RANK; exec $program render job.yaml -o $folder/out --threads 1"
cd 0
"$program" verify ../out/differ.h5 --rerender all
