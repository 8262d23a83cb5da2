#!/bin/sh
# seal_test.sh PROGRAM FIXTURES DEMO: every command that reads an archive refuses one whose structure was changed by a byte,
# before HDF5 sees it; one without a seal, as vqclip 0.1.0 made them, is read as ever. The changed byte is a letter of a
# dataset's name, which HDF5 by itself does not mind.
set -eu
program=$1
fixtures=$2
demo=$3
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"
export LC_ALL=C # sed changes bytes

# job NAME SETTINGS PROMPT
job() {
    cat >"$1.yaml" <<JOB
study: $1
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors: [{checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}]
render: {size: [16, 16], steps: $2, crops: {count: 1, group: 1}, augment: []}
prompts: [$3]
JOB
}

# expect CODE TEXT COMMAND...
expect() {
    wanted=$1
    text=$2
    shift 2
    code=0
    "$@" >said 2>&1 || code=$?
    if [ "$code" -ne "$wanted" ] || ! grep -qF -- "$text" said; then
        echo "FAILED: $*: expected exit code $wanted and \"$text\", found $code"
        cat said
        exit 1
    fi
    if [ "$wanted" -eq 2 ] && [ "$(grep -c . said)" -ne 1 ]; then
        echo "FAILED: $*: expected one line"
        cat said
        exit 1
    fi
}

# all CODE LATENT_CODE TEXT: what every reader says of out/first.h5; of a launch with a bad latent only that render fails.
all() {
    expect "$1" "$3" "$program" show out/first.h5
    expect "$1" "$3" "$program" verify out/first.h5
    rm -rf pictures
    expect "$1" "$3" "$program" export out/first.h5 -o pictures
    expect "$1" "$3" "$program" judge --archive out/first.h5 --perceptor "$demo/picturebook-vit.safetensors" \
        --vocabulary "$demo/picturebook.bpe.gz" --attributes attributes.json --threads 1
    expect "$1" "$3" "$program" render first.yaml -o out --threads 1
    rm -f out/second.h5
    expect "$2" "$3" "$program" render second.yaml -o out --threads 1
}

cat >attributes.json <<'JSON'
{"colour": {"red": ["a red house"], "blue": ["a blue house"]}}
JSON
job first 2 '{targets: [{noise: 1}]}'
job second 1 '{targets: [{noise: 1}], init: {latent: {archive: out/first.h5, render: 0}}}'
"$program" render first.yaml -o out --threads 1 >/dev/null 2>&1
cp out/first.h5 whole.h5

all 0 0 ''
sed 's/checkpoint_environment/checkpoint_environmenz/' whole.h5 >out/first.h5
all 2 1 'out/first.h5: this archive is damaged: what no launch writes in it'
sed '1s/vqclip archive/VQCLIP archive/' whole.h5 >out/first.h5
all 0 0 ''
