#!/bin/sh
# inputs_test.sh PROGRAM FIXTURES PICTURES: what a picture is made from besides the models is part of the study. For every
# kind of file a study is rendered and the file replaced: the same command refuses, verify names the file and calls no
# picture wrong, and with the file put back all is as before.
set -eu
program=$1
fixtures=$2
pictures=$3
. "$(dirname "$0")/../support/shell.sh"
. "$(dirname "$0")/../support/said.sh"
cd "$folder"

# tensor_write FILE DTYPE FORMAT ROWS VALUE: a safetensors file with a tensor t of ROWS rows, 32 equal numbers in all.
tensor_write() {
    python3 -c '
import json, struct, sys
name, dtype, form, rows, value = sys.argv[1:]
data = struct.pack("<32" + form, *[float(value) if form == "f" else int(value)] * 32)
header = json.dumps({"t": {"dtype": dtype, "shape": [int(rows), 32 // int(rows)], "data_offsets": [0, len(data)]}}).encode()
open(name, "wb").write(struct.pack("<Q", len(header)) + header + data)' "$@"
}

# job NAME PROMPTS
job() {
    cat >"$1.yaml" <<JOB
study: $1
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors: [{checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors$3}]
render: {size: [32, 4], steps: 2, crops: {count: 1, group: 1}}
prompts: $2
JOB
}

# check NAME FILE OTHER WHAT: the study NAME must notice that FILE is replaced by OTHER.
check() {
    expect 0 "$program" render "$1.yaml" -o out --threads 1
    expect 0 "$program" verify "out/$1.h5" --rerender all
    says "input     $4: present"
    cp "$2" kept
    cp "$3" "$2"
    expect 2 "$program" render "$1.yaml" -o out --threads 1
    says "$2 ($4"
    says "expected"
    says "$(sha256sum kept | head -c 12)"
    says "$(sha256sum "$2" | head -c 12)"
    expect 1 "$program" verify "out/$1.h5"
    says "input     $4: another file: $folder/$2"
    expect 1 "$program" verify "out/$1.h5" --rerender all --json
    says "\"state\":\"another file\""
    expect 1 "$program" verify "out/$1.h5" --rerender all
    says_not WRONG
    cp kept "$2"
    expect 0 "$program" render "$1.yaml" -o out --threads 1
    expect 0 "$program" verify "out/$1.h5" --rerender all
    rm "$2"
    expect 0 "$program" verify "out/$1.h5"
    says "input     $4: missing"
    echo "$1: noticed"
}

other=$pictures/$(ls "$pictures" | head -n 1)
one=$pictures/$(ls "$pictures" | sed -n 2p)
cp "$one" start.png
job start '[{targets: [{noise: 1}], init: {image: start.png}}]' ''
check start start.png "$other" init
cp "$one" mask.png
job mask '[{targets: [{noise: 1}], mask: mask.png}]' ''
check mask mask.png "$other" mask
cp "$one" target.png
job target '[{targets: [{image: target.png}]}]' ''
check target target.png "$other" target
tensor_write rows F32 f 1 1
tensor_write rows2 F32 f 1 2
job rows '[{targets: [{embedding: {file: rows, tensor: t, row: 0}}]}]' ''
check rows rows rows2 target
tensor_write codes I64 q 2 1
tensor_write codes2 I64 q 2 2
job codes '[{targets: [{noise: 1}], init: {codes: {file: codes, tensor: t}}}]' ''
check codes codes codes2 init

# The prompts' file: the renders are none of the new one's, or they are and only the file differs.
models=$(realpath "$fixtures/../../../jobs/models")
printf 'a red house\n' >lines
printf 'a red house\n\n' >lines2
job lines lines ''
sed -i "s|checkpoint: $fixtures/open.*|checkpoint: $models/picturebook-vit.safetensors, vocabulary: $models/picturebook.bpe.gz, cleaning: whitespace}]|" lines.yaml
check lines lines lines2 prompts
if ! grep -qa '^cleaning: whitespace$' out/lines.h5; then
    echo "FAILED: the archive does not say how the perceptor's texts were cleaned"
    exit 1
fi

# Of another archive only the latent counts: the archive itself may go on.
job first '[{targets: [{noise: 1}]}]' ''
expect 0 "$program" render first.yaml -o out --threads 1
job latent '[{targets: [{noise: 2}], init: {latent: {archive: out/first.h5, render: 0}}}]' ''
expect 0 "$program" render latent.yaml -o out --threads 1
expect 0 "$program" render first.yaml -o out --threads 1
expect 0 "$program" render latent.yaml -o out --threads 1
expect 0 "$program" verify out/latent.h5 --rerender all
rm out/first.h5
sed -i 's/noise: 1/noise: 3/' first.yaml
expect 0 "$program" render first.yaml -o out --threads 1
expect 2 "$program" render latent.yaml -o out --threads 1
says "out/first.h5 (init: render 0)"
expect 1 "$program" verify out/latent.h5
says "input     init: another file"
expect 1 "$program" verify out/latent.h5 --rerender all
says_not WRONG
echo "latent: noticed"
