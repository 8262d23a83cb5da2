#!/bin/sh
# generators_test.sh PROGRAM FIXTURES PICTURES: guidance from end to end with generators of every family whose file needs no
# configuration in the job, of 64 × 64 pixels: the same latents, codes, pictures and losses on one rank and on two, and by
# `verify`, which makes a render again. One render begins with random codes, one with a picture. Without a codebook there are no
# codes: what works with them says so, or does without.
set -eu
program=$1
fixtures=$2
pictures=$3
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"
export OMP_NUM_THREADS=1

# outcomes FOLDER: all that an archive says of its renders but the times.
outcomes() {
    "$program" show "$1"/*.h5 --json | tr ',' '\n' | grep -Ev '"(seconds|device|host)"'
}

# check NAME CHECKPOINT [SETTING]
check() {
    cat >"$1.yaml" <<JOB
study: $1
models:
  generator: {checkpoint: $fixtures/$2}
  perceptors: [{checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}]
render: {size: [64, 64], steps: 3, crops: {count: 4, group: 2}${3:+, $3}}
prompts:
  - {targets: [{noise: 1}]}
  - {targets: [{noise: 2}], init: {image: $pictures/colour.png}}
JOB
    "$program" render "$1.yaml" -o "$1-1" --threads 1 >said 2>&1 || { cat said; exit 1; }
    mpirun -n 2 "$program" render "$1.yaml" -o "$1-2" --threads 1 --team 2 >said 2>&1 || { cat said; exit 1; }
    outcomes "$1-1" >first
    outcomes "$1-2" >second
    [ -s first ] && grep -q sha256 first || { echo "FAILED: $1: no outcomes"; exit 1; }
    cmp first second || { echo "FAILED: $1: one rank and two differ"; exit 1; }
    "$program" verify "$1-1"/*.h5 --rerender 2 >said 2>&1 || { echo "FAILED: $1: verify"; cat said; exit 1; }
    echo "$1: one rank and two agree, and verify"
}

check llamagen llamagen.safetensors
check janus janus/model.safetensors
check diffusers diffusers_vq/diffusion_pytorch_model.safetensors
check maskgit maskgit.safetensors
check free diffusers_vq 'latent: {kind: free}'
check kl diffusers_kl
check kl16 diffusers_kl16/diffusion_pytorch_model.safetensors

# Without a codebook.
"$program" export kl-1/*.h5 -o pictures >said 2>&1 || { echo "FAILED: export"; cat said; exit 1; }
[ "$(ls pictures/*.png | wc -l)" -ge 2 ] || { echo "FAILED: export: no pictures"; exit 1; }
"$program" plan kl.yaml --memory >said 2>&1 || { echo "FAILED: plan --memory"; cat said; exit 1; }
grep -q decoder said || { echo "FAILED: plan --memory says nothing of the decoder"; exit 1; }
sed 's/^prompts:/prompts:\n  - {targets: [{noise: 1}], init: {codes: {file: a.safetensors, tensor: codes}}}/' kl.yaml >codes.yaml
cp "$fixtures/llamagen.safetensors" a.safetensors
if "$program" render codes.yaml -o codes >said 2>&1; then
    echo "FAILED: codes were taken without a codebook"
    exit 1
fi
grep -q "init: codes of a codebook, which an AutoencoderKL of diffusers .*diffusers_kl.* does not have" said ||
    { echo "FAILED: codes without a codebook: other words"; cat said; exit 1; }
echo "without a codebook: export, plan and a start with codes"
