#!/bin/sh
# score_test.sh PROGRAM FIXTURES DEMO MPIRUN|none: what score says of archives and of what was exported from them: its rows,
# what it leaves out, whose perceptor guided; and the same bytes on one rank, two and three.
set -eu
program=$1
fixtures=$2
demo=$3
mpirun=$4
. "$(dirname "$0")/../support/shell.sh"
. "$(dirname "$0")/../support/said.sh"
cd "$folder"
ln -s "$demo" demo

cat >job.yaml <<JOB
study: scored
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors: [{name: guide, checkpoint: demo/picturebook-vit.safetensors, vocabulary: demo/picturebook.bpe.gz}]
render: {size: [16, 16], steps: 2, crops: {count: 1, group: 1}, augment: []}
seeds: [0, 1]
prompts:
  - a red car
  - {id: B, text: a blue house, category: "houses, \"old\""}
JOB
# one JOB PROMPT: a study of one prompt in its place.
one() {
    sed -e "s/^study: .*/study: $1/" -e '/^prompts:/q' job.yaml >"$1.yaml"
    echo "  - $2" >>"$1.yaml"
    "$program" render "$1.yaml" -o out --threads 1 >said 2>&1 || fail "render $1"
}
# score CODE SOURCE OUTPUT...
score() {
    wanted=$1
    source=$2
    output=$3
    shift 3
    expect "$wanted" "$program" score "$source" --perceptor demo/picturebook-vit.safetensors \
        --vocabulary demo/picturebook.bpe.gz -o "$output" --threads 1 "$@"
}
# cell FILE ROW COLUMN: one of a table without quotes before that column.
cell() {
    python3 -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
print(rows[int(sys.argv[2])][sys.argv[3]])' "$@"
}
# equals FOUND EXPECTED
equals() {
    [ "$1" = "$2" ] || fail "expected $2, found $1"
}

"$program" render job.yaml -o out --threads 1 >said 2>&1 || fail render
score 0 out/scored.h5 scores.csv
says 'this perceptor guided the pictures of out/scored.h5, where it is guide'
says 'scores of 4 of 4 pictures'
equals "$(cell scores.csv 3 category)" 'houses, "old"'
equals "$(cell scores.csv 3 file)" 00003.png
equals "$(cell scores.csv 3 group)" 1
equals "$(cell scores.csv 0 clip_guided)" 1
equals "$(cell scores.csv 0 clip_diversity)" "$(cell scores.csv 1 clip_diversity)"
grep -qF '"guided": "yes"' scores.csv.json || fail "expected \"guided\": \"yes\" in scores.csv.json"
grep -qF "$(sha256sum scores.csv | head -c 64)" scores.csv.json || fail "expected the table's digest in its record"
grep -qF "$(sha256sum demo/picturebook-vit.safetensors | head -c 64)" scores.csv.json || fail "the perceptor's digest"
ls -A | grep partial && fail "a partial file was left"

# Another perceptor did not guide; judge says the same of both.
expect 0 "$program" score out/scored.h5 --perceptor demo/picturebook-judge.safetensors --vocabulary demo/picturebook.bpe.gz \
    -o judge.csv --threads 1
says_not guided
equals "$(cell judge.csv 0 clip_guided)" 0
echo '{"colour": {"red": ["a red house"], "blue": ["a blue house"]}}' >attributes.json
for model in vit judge; do
    expect 0 "$program" judge --archive out/scored.h5 --perceptor "demo/picturebook-$model.safetensors" \
        --vocabulary demo/picturebook.bpe.gz --attributes attributes.json --threads 1 --json
    if [ $model = vit ]; then
        says 'this perceptor guided the pictures of out/scored.h5, where it is guide'
        says '"guided":true'
    else
        says '"guided":false'
        says_not 'this perceptor guided'
    fi
done

# What export wrote gives the same, but for the guide, which a picture does not name.
"$program" export out/scored.h5 -o exported >said 2>&1 || fail export
score 0 exported exported.csv
says 'whether a perceptor guided these pictures is not known'
sed 's/,1$/,/' scores.csv | cmp - exported.csv || fail "expected the archive's scores of the exported pictures"

# Several texts: the one with the largest weight at the end; a story's last phrase; exported pictures cannot say it.
one parts '"a red car:0.5 | a boat | a blue house:-2"'
score 0 out/parts.h5 parts.csv
equals "$(cell parts.csv 0 text)" 'a boat'
equals "$(cell parts.csv 0 clip_rank)" '' # there is no other text
"$program" export out/parts.h5 -o parts >said 2>&1 || fail export
score 2 parts never.csv
says '00000.png: its prompt has parts, weights or phrases'
one story '{text: "a red car ^ a blue house", story.period: 1}'
score 0 out/story.h5 story.csv
equals "$(cell story.csv 1 text)" 'a blue house'
"$program" export out/story.h5 -o story >said 2>&1 || fail export
score 2 story never.csv
one wordless '{targets: [{noise: 1}]}'
score 0 out/wordless.h5 wordless.csv
equals "$(cell wordless.csv 0 clip_cosine)" ''
[ -n "$(cell wordless.csv 0 clip_diversity)" ] || fail "expected the diversity of pictures without a text"
"$program" export out/wordless.h5 -o mixed >said 2>&1 || fail export
cp exported/00001.png mixed/00001.png
score 2 mixed never.csv
says '00001.png: expected a picture of the study wordless'
[ ! -e never.csv ] || fail "expected no table after a refusal"

# A picture that is there twice would count twice.
cp -r exported twice
cp exported/00001.png twice/00000.png
score 2 twice never.csv
says 'twice/00001.png: expected a render of its own, found 1.1, as in 00000.png'
printf 'file,prompt\n../exported/00000.png,a\n../exported/00000.png,b\n../exported/00000.png,a\n' >twice/pictures.csv
score 2 twice never.csv
says 'pictures.csv:4:1: expected pictures that differ, found ../exported/00000.png with the prompt of picture 1 again'
sed -i '$d' twice/pictures.csv
score 0 twice twice.csv

# What is no file keeps its place.
mkfifo pipe.csv
score 2 exported pipe.csv
says 'pipe.csv: is there already and is no file'
[ -p pipe.csv ] || fail "a pipe was replaced"
rm pipe.csv
ln -s /dev/null null.csv
score 2 exported null.csv
says 'null.csv: is there already and is no file'
rm null.csv

# A damaged picture is said and has no row.
cp out/scored.h5 damaged.h5
python3 - exported/00000.png damaged.h5 <<'PYTHON' || fail "no picture to damage"
import struct, sys, zlib
png, at, packed, size = open(sys.argv[1], "rb").read(), 8, b"", None
while at < len(png):
    length, kind = struct.unpack(">I4s", png[at:at + 8])
    data = png[at + 8:at + 8 + length]
    at += 12 + length
    if kind == b"IHDR":
        size = struct.unpack(">II", data[:8])
    packed += data if kind == b"IDAT" else b""
rows, stride, above, pixels = zlib.decompress(packed), 3 * size[0] + 1, bytes(3 * size[0]), b""
for y in range(size[1]):
    kind, row = rows[y * stride], bytearray(rows[y * stride + 1:(y + 1) * stride])
    assert kind == 4
    for i in range(len(row)):
        a, b, c = (row[i - 3] if i > 2 else 0), above[i], (above[i - 3] if i > 2 else 0)
        p = min((a, b, c), key=lambda value: abs(a + b - c - value))
        row[i] = (row[i] + p) & 255
    above, pixels = bytes(row), pixels + bytes(row)
archive = bytearray(open(sys.argv[2], "rb").read())
place = archive.find(pixels)
assert place > 0
archive[place] ^= 1
open(sys.argv[2], "wb").write(archive)
PYTHON
score 1 damaged.h5 damaged.csv
says 'render 0: its picture does not have the recorded SHA-256'
says '1 pictures are damaged and have no scores'
equals "$(wc -l <damaged.csv)" 4
grep -qF '"state": "damaged"' damaged.csv.json || fail "expected the damaged picture in the record"

# Renders that are not finished are said; where none is, there is nothing to score.
sed -e 's/^study: .*/study: unfinished/' -e 's/steps: 2/steps: 100000/' job.yaml >unfinished.yaml
expect 3 "$program" render unfinished.yaml -o out --threads 1 --time-limit 2
score 2 out/unfinished.h5 never.csv
says 'expected finished renders, found none'

# Ranks: more batches of pictures and of texts than there are ranks, the last ones not full.
[ "$mpirun" != none ] || exit 0
mkdir many
python3 - >many/pictures.csv <<'PYTHON'
print("file,prompt")
for i in range(150):
    print(f"../exported/0000{i % 4}.png,{'a red car ' * (i % 3)}in house number {i}")
PYTHON
for ranks in 1 2 3; do
    expect 0 "$mpirun" -n $ranks "$program" score many --perceptor demo/picturebook-vit.safetensors \
        --vocabulary demo/picturebook.bpe.gz -o "ranks$ranks.csv" --threads 1
    says 'scores of 150 of 150 pictures'
done
cmp ranks1.csv ranks2.csv && cmp ranks1.csv ranks3.csv || fail "expected the same table on every number of ranks"
cmp ranks1.csv.json ranks3.csv.json || fail "expected the same record on every number of ranks"
expect 2 "$mpirun" -n 2 sh -c "exec '$program' score \$(if [ \$OMPI_COMM_WORLD_RANK = 0 ]; then echo exported; else echo many; fi) \
    --perceptor demo/picturebook-vit.safetensors --vocabulary demo/picturebook.bpe.gz -o never.csv --threads 1"
says "rank 1: the pictures, their texts or a perceptor's files differ from rank 0's"
