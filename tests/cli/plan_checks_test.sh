#!/bin/sh
# plan_checks_test.sh PROGRAM FIXTURES PICTURES: what a render would refuse, or fail of, is refused when it is planned, with exit
# code 2 and the file's name; a launch makes the renders beside one that fails; what has no effect, and what becomes of pictures,
# is said.
set -eu
program=$1
fixtures=$2
pictures=$3
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"

# job NAME SETTINGS TARGET
job() {
    cat >"$1.yaml" <<JOB
study: $1
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [40, 24], steps: 3, crops: {count: 1, group: 1}, augment: []}
prompts:
  - {targets: [$3], $2}
JOB
}

# refused NAME SETTINGS TARGET WORDS: by plan and by render, which makes nothing.
refused() {
    job "$1" "$2" "$3"
    for command in "plan $1.yaml" "render $1.yaml -o out --threads 1"; do
        code=0
        "$program" $command >said 2>&1 || code=$?
        [ "$code" -eq 2 ] || fail "$1: $command: exit code $code"
        grep -q "$4" said || fail "$1: $command: expected $4"
        [ ! -e out ] || fail "$1: $command: something was written"
    done
}

# failing NAME SETTINGS TARGET WORDS: by plan.
failing() {
    job "$1" "$2" "$3"
    code=0
    "$program" plan "$1.yaml" >said 2>&1 || code=$?
    [ "$code" -eq 2 ] || fail "$1: plan: exit code $code"
    grep -q "$4" said || fail "$1: plan: expected $4"
}

# said NAME SETTINGS WORDS: by plan; of keys by render too.
said() {
    job "$1" "$2" "${4:-{noise: 1\}}"
    "$program" plan "$1.yaml" >said 2>&1 || fail "$1: plan"
    grep -q "$3" said || fail "$1: plan: expected $3"
    "$program" plan "$1.yaml" --json | grep -q "$3" || fail "$1: plan --json: expected $3"
    "$program" render "$1.yaml" -o made --threads 1 >said 2>&1 || fail "$1: render"
    case $3 in the\ key*) grep -q "vqclip: .*$3" said || fail "$1: render: expected $3" ;; esac
}

noise='{noise: 1}'
echo "no picture" >text.png
head -c 300 "$pictures/colour.png" >cut.png

# Sizes.
refused size 'size: [64, 1]' "$noise" 'size: expected multiples of .* found 64 × 1; size_rounding: up makes 64 × 2$'
refused small 'size: [40, 1], size_rounding: down' "$noise" 'size: expected at least [0-9]* × [0-9]* pixels, found 40 × 1'
# Files.
failing start-text 'init: {image: text.png}' "$noise" 'prompt 1: init: text.png: '
failing start-cut 'init: {image: cut.png}' "$noise" 'prompt 1: init: cut.png: '
failing mask-text 'mask: text.png' "$noise" 'prompt 1: .*text.png: '
failing mask-cut 'mask: cut.png' "$noise" 'prompt 1: .*cut.png: '
failing mask-opacity "mask: {image: $pictures/colour.png, channel: alpha}" "$noise" 'colour.png: .*opacity'
failing codes "init: {codes: {file: $fixtures/net2net.safetensors, tensor: nothing}}" "$noise" 'init: .*net2net.safetensors: tensor nothing is missing'
failing target-text '' '{image: text.png}' 'target-text.yaml:8:16: prompts\[0\].targets\[0\]: text.png: '
failing target-cut '' '{image: cut.png}' 'targets\[0\]: cut.png: '
failing target-tensor '' "{embedding: {file: $fixtures/net2net.safetensors, tensor: nothing}}" 'targets\[0\]: .*net2net.safetensors: tensor nothing is missing'
failing target-row '' "{embedding: {file: $fixtures/net2net.safetensors, tensor: cond_stage_model.quantize.embedding.weight, row: 100000}}" 'expected rows of '


# In a launch the others are made.
job beside 'init: {image: cut.png}' "$noise"
echo "  - {targets: [{noise: 2}]}" >>beside.yaml
code=0
"$program" render beside.yaml -o beside --threads 1 >said 2>&1 || code=$?
{ [ "$code" -eq 1 ] && grep -q '^1 of 2 renders' said && grep -q 'render 0 failed: .*cut.png' said; } || fail "a launch with one bad file"

# What becomes of pictures.
said stretched "init: {image: $pictures/colour.png}" 'start picture .*colour.png, [0-9]* x [0-9]*, is stretched to 40 x 24 (fit: stretch)'
said covered "init: {image: $pictures/colour.png}, fit: cover" 'start picture .* is cut at its edges to the shape of 40 x 24 (fit: cover)'
said contained "mask: $pictures/colour.png, fit: contain" 'mask .* is laid on black to the shape of 40 x 24 (fit: contain)'

# Keys without effect.
said pooled 'crops: {method: pooled, power: 2}' 'the key crops.power has no effect, as crops.method'
said range 'clamp_range: 2' "the key clamp_range has no effect, as the generator's codebook"
said fit 'fit: cover' 'the key fit has no effect, as there is no'
said story 'story: {period: 2}' 'the key story.period has no effect, as no prompt has phrases'
said late 'l2: {schedule: steps, every: 2}' 'the key l2.every has no effect, as the steps are over'
said off 'l2: {weight: 0, towards: start}' 'the key l2.towards has no effect, as l2.weight is 0'
said variation 'tv: {kind: absolute}' 'the key tv.kind has no effect, as tv.weight is 0'
said ratio 'optimizer: {name: adamp, wd_ratio: 0.2}' 'the key optimizer.wd_ratio has no effect, as optimizer.weight_decay is 0'
said flat 'motion: {every: 2, zoom: 1.1, fov: 60}' 'the key motion.fov has no effect, as motion.tilt_x and motion.tilt_y are 0'
said still 'steps: 4, motion: {every: 4, zoom: 1.1}' 'the key motion.every has no effect, as the steps are over before'
said turned 'steps: 4, motion: {every: 9, rotate: 2, optimizer: restart}' 'the key motion.optimizer has no effect, as the steps are over before motion.every'
said grown 'steps: 4, motion: {every: 2, zoom: 1.1, border: black}' 'the key motion.border has no effect, as nothing comes in from outside'
said end 'steps: 1, optimizer: {lr_end: 0.01}' 'the key optimizer.lr_end has no effect, as there is one step'

# Where some render uses the key nothing is said of it.
job some 'crops: {method: pooled, power: 2}' "$noise"
echo "sweep: {crops.method: [pooled, original]}" >>some.yaml
"$program" plan some.yaml >said 2>&1 || fail "some: plan"
! grep -q "has no effect" said || fail "some: a key that has an effect"
# The border of a picture that is moved, be it at one step, is seen, and so is the view of one that is tilted then.
job moved 'steps: 4, motion: {every: 3, zoom: 1.1, tilt_x: {curve: hold, 0: 0, 3: 5}, fov: 60, border: black, optimizer: restart}' "$noise"
"$program" plan moved.yaml >said 2>&1 || fail "moved: plan"
! grep -q "has no effect" said || fail "moved: a key that has an effect"
job plain 'noise: 0.1' "$noise"
"$program" plan plain.yaml >said 2>&1 || fail "plain: plan"
! grep -q "has no effect" said || fail "plain: remarks"
echo "plan: right"
