#!/bin/sh
# prompt_table_test.sh PROGRAM MODELS: prompts in a table give the pictures that the same prompts give in the job file;
# the archive holds the table and the categories, and a table that has changed is named.
set -eu
program=$1
models=$2
. "$(dirname "$0")/../support/shell.sh"
. "$(dirname "$0")/../support/said.sh"
cd "$folder"

# job NAME PROMPTS
job() {
    cat >"$1.yaml" <<JOB
study: $1
models:
  generator: {config: $models/picturebook-vqgan.yaml, checkpoint: $models/picturebook-vqgan.safetensors}
  perceptors:
    - {name: vit, checkpoint: $models/picturebook-vit.safetensors, vocabulary: $models/picturebook.bpe.gz}
seeds: [1, 2]
render: {size: [64, 64], steps: 2, crops: {count: 2, group: 1}}
prompts: $2
JOB
}

# digests NAME: of the pictures and latents of an archive.
digests() {
    "$program" show "out/$1.h5" --json | grep -o '"\(picture\|latent\)_sha256": *"[0-9a-f]*"'
}

# holds NAME FILE: the bytes of the file are in the archive.
holds() {
    python3 -c '
import sys
archive, part = (open(name, "rb").read() for name in sys.argv[1:])
sys.exit(part not in archive)' "out/$1.h5" "$2"
}

printf 'id,prompt,category,seed,steps\r\nA,"a red circle, on ""white""",shapes,7,3\r\nB,a blue square | red:-0.5,,,\r\n' >t.csv
job table t.csv
job list '
- {id: A, text: "a red circle, on \"white\"", seed: 7, steps: 3}
- {id: B, text: "a blue square | red:-0.5"}'
expect 0 "$program" render table.yaml -o out --threads 1
expect 0 "$program" render list.yaml -o out --threads 1
[ "$(digests table | wc -l)" -eq 6 ] || fail "expected three renders, found $(digests table)"
[ "$(digests table)" = "$(digests list)" ] || fail "a table gives other pictures than the list"
printf category >name
holds table t.csv || fail "the table is not in the archive"
holds table name || fail "no categories in the archive"
! holds list name || fail "categories of nothing in the archive"

expect 0 "$program" show out/table.h5 --json
says '"category":"shapes"'
expect 0 "$program" export out/table.h5 -o pictures
grep -qa 'vqclip category' pictures/00000.png || fail "no category in the picture"
expect 0 "$program" export out/list.h5 -o others
! grep -qa 'vqclip category' others/00000.png || fail "a category of nothing"
expect 0 "$program" plan table.yaml --json
says '"category":"shapes"'
expect 0 "$program" verify out/table.h5 --rerender all

# The table is part of the study: another one is refused, and no picture is called wrong for it.
cp t.csv kept.csv
sed 's/shapes/forms/' kept.csv >t.csv
expect 2 "$program" render table.yaml -o out --threads 1
says 't.csv (prompts) is not the file that this archive was begun with'
code=0
"$program" verify out/table.h5 >said 2>&1 || code=$?
[ "$code" -ne 0 ] || fail "verify says nothing of another table"
says 't.csv'
rm t.csv
expect 0 "$program" show out/table.h5
cp kept.csv t.csv
expect 0 "$program" render table.yaml -o out --threads 1
expect 0 "$program" verify out/table.h5 --rerender 1
