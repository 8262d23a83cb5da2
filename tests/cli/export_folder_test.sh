#!/bin/sh
# export_folder_test.sh PROGRAM FIXTURES: pictures of two archives do not mix in one folder; those of one are written again.
set -eu
program=$1
fixtures=$2
. "$(dirname "$0")/../support/shell.sh"

for study in first second; do
    cat >"$folder/$study.yaml" <<JOB
study: $study
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [16, 16], steps: 2, crops: {count: 1, group: 1}, augment: []}
prompts:
  - targets: [{noise: 1}]
JOB
    "$program" render "$folder/$study.yaml" -o "$folder/out" --threads 1 >/dev/null 2>&1
done

# refused CODE WORDS: exporting the second archive.
refused() {
    code=0
    "$program" export "$folder/out/second.h5" -o "$folder/png" >"$folder/output" 2>&1 || code=$?
    if [ "$code" -ne "$1" ] || ! grep -q "$2" "$folder/output"; then
        echo "FAILED: exit code $code, expected $1 and: $2"
        cat "$folder/output"
        exit 1
    fi
}

"$program" export "$folder/out/first.h5" -o "$folder/png"
"$program" export "$folder/out/first.h5" -o "$folder/png"
cp "$folder/png/00000.png" "$folder/kept.png"
refused 2 'png/00000.png: expected a picture of this study, found one of the study first'
cmp "$folder/png/00000.png" "$folder/kept.png"
mv "$folder/png/00000.png" "$folder/png/00007.png"
refused 2 'png/00007.png: .* found one of the study first'
cp "$(dirname "$0")/../image/pictures/colour.png" "$folder/png/00007.png"
refused 2 'found one that no vqclip export wrote'
rm "$folder/png/00007.png"

# Two archives of one job, as machines that give other bytes make them: the second has another picture, with its digest.
cp "$folder/out/first.h5" "$folder/first.h5"
python3 - "$folder/out/first.h5" "$folder/out/second.h5" <<'PYTHON'
import hashlib, sys
data = bytearray(open(sys.argv[1], "rb").read())
size = 16 * 16 * 3
sha256 = lambda at: hashlib.sha256(data[at:at + size]).hexdigest().encode()
parts = [line.split() for line in data[:2048].split(b"\n") if line.startswith(b"written ")]
at = next(int(offset) for _, offset, count in parts if int(count) == size and sha256(int(offset)) in data)
place = data.index(sha256(at))  # of the digest of the picture, which is at `at`
data[at] ^= 1
data[place:place + 64] = sha256(at)
data[0:1] = b"V"  # without its seal, as its digests of records get another name, which makes it an archive of vqclip 0.1.0
data = data.replace(b"record_sha256", b"record_sha25z")
open(sys.argv[2], "wb").write(data)
PYTHON
"$program" verify "$folder/out/second.h5" >/dev/null
"$program" export "$folder/first.h5" -o "$folder/png"
refused 2 'png/00000.png: is of another archive of the same job: expected a picture with the SHA-256'
mv "$folder/png/00000.png" "$folder/png/00001.png"
refused 2 'png/00001.png: is of another archive of the same job: in this one that render is not finished'
rm "$folder/png/00001.png"
refused 0 '1 of 1 pictures'
