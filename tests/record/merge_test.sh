#!/bin/bash
# merge_test.sh PROGRAM FIXTURES: a study in parts, each a launch of its own, and the parts joined: what one launch would
# have made; what does not go together is refused by name.
set -eu
program=$1
fixtures=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell.sh"
. "$here/../support/said.sh"
cd "$folder"

job() { # WORDS of the render mapping
    cat <<JOB
study: tiny
models:
  generator: {config: $fixtures/net2net.yaml, checkpoint: $fixtures/net2net.safetensors}
  perceptors:
    - {name: gelu, checkpoint: $fixtures/open_clip_gelu/open_clip_model.safetensors}
render: {size: [16, 16], crops: {count: 2, group: 1}, augment: [], snapshots: 2, $1}
seeds: 0..2
prompts: [{targets: [{noise: 1}]}, {targets: [{noise: 2}]}]
sweep: {steps: [3, 6]}
JOB
}

# equal ONE TWO: every dataset that is not a time or a host, where h5py is there
equal() {
    local code=0
    /usr/bin/python3 "$here/archives_equal.py" "$1" "$2" >said 2>&1 || code=$?
    [ "$code" = 0 ] || [ "$code" = 77 ] || fail "$1 and $2 are not equal"
}

make() { "$program" render job.yaml --threads 1 --checkpoint 0 "$@"; }
merge() { "$program" merge "$@"; }

job "l2: {weight: 0.1}" >job.yaml
expect 0 make -o whole
says "12 of 12 renders"
for part in 1 2 3; do
    expect 0 make -o parts --part $part/3
done
says "part 3 of 3 of the study, 4 of its 12 renders"
says "4 of 4 renders in parts/tiny.part-3-of-3.h5"
parts=(parts/tiny.part-3-of-3.h5 parts/tiny.part-1-of-3.h5 parts/tiny.part-2-of-3.h5)
sha256sum "${parts[@]}" >before

expect 0 merge "${parts[@]}" -o all.h5
says "12 of 12 renders in all.h5, of 3 archives"
equal whole/tiny.h5 all.h5
expect 0 "$program" verify all.h5 --rerender all --threads 1
says "digests   12 of 12 right"
expect 0 sha256sum --check before

# Parts are archives like others.
expect 0 "$program" show "${parts[0]}"
says "part    3 of 3, 4 of the study's 12 renders"
expect 0 "$program" verify "${parts[0]}" --rerender 1 --threads 1
says "renders   4 finished, 0 failed, 0 pending"
expect 0 "$program" export "${parts[0]}" -o pictures
says "4 of 4 pictures"
expect 0 make -o parts --part 2/3
says "goes on with parts/tiny.part-2-of-3.h5, 4 of 4 renders are done"
expect 2 make -o parts --part 1/4
says "is one of 3 parts, expected 4 as of this launch"
expect 2 make -o others --part 1/13
says "the study has 12 renders: expected 1 to 12 parts, found 13"
expect 2 make -o others --part 4/3
says "--part: expected I/N"

# An array's tasks know their parts, and only when they are told to look.
array() { # ID COUNT MIN MAX STEP
    SLURM_ARRAY_TASK_ID=$1 SLURM_ARRAY_TASK_COUNT=$2 SLURM_ARRAY_TASK_MIN=$3 SLURM_ARRAY_TASK_MAX=$4 \
        SLURM_ARRAY_TASK_STEP=$5 make -o parts --part array
}
expect 0 array 4 3 0 4 2
says "goes on with parts/tiny.part-3-of-3.h5"
expect 2 array 3 3 1 7 1
says "expected an array of evenly spaced numbers"
expect 2 make -o parts --part array
says "where SLURM_ARRAY_TASK_ID is a number; found it not set"

# A part that is missing, and comes later; a merged archive goes on as a study.
expect 2 merge "${parts[@]:0:2}" -o some.h5
says "of 3 parts these are missing: 2: 4 renders"
[ ! -e some.h5 ] || fail "a refused merge left an archive"
mkdir -p later
expect 0 merge "${parts[@]:0:2}" --partial -o later/tiny.h5
says "8 of 12 renders"
expect 0 merge later/tiny.h5 "${parts[2]}" -o joined.h5
equal whole/tiny.h5 joined.h5
expect 0 make -o later
says "goes on with later/tiny.h5, 8 of 12 renders are done"
equal whole/tiny.h5 later/tiny.h5

# Two divisions overlap, and agree.
expect 0 make -o halves --part 1/2
expect 0 merge halves/tiny.part-1-of-2.h5 "${parts[@]}" -o overlap.h5
equal whole/tiny.h5 overlap.h5

# What does not go together.
expect 2 merge "${parts[@]}" -o all.h5
says "all.h5: is there already"
expect 2 merge "${parts[@]}" "parts/../${parts[0]}" -o twice.h5
says "is given twice"
job "l2: {weight: 0.2}" >job.yaml
expect 0 make -o other --part 2/3
expect 2 merge "${parts[@]:0:2}" other/tiny.part-2-of-3.h5 -o mixed.h5
says "are not of one study: this archive was made from another job file"
says_not "output folder"

# A picture that is damaged is not joined; one that is another picture of the same number neither.
cp "${parts[1]}" damaged.h5
at=$(grep -abo "$("$program" show --json damaged.h5 | grep -o '"picture_sha256": *"[0-9a-f]*"' | head -1 |
    grep -o '[0-9a-f]\{64\}')" damaged.h5 | head -1 | cut -d: -f1)
printf '%064d' 0 | dd of=damaged.h5 bs=1 seek="$at" conv=notrunc status=none
expect 2 merge "${parts[0]}" damaged.h5 "${parts[2]}" -o mixed.h5
says "its picture or latent does not have the recorded SHA-256"
expect 2 merge "${parts[@]}" damaged.h5 -o mixed.h5
says "the SHA-256 of its picture is"
[ ! -e mixed.h5 ] && [ ! -e mixed.h5.partial ] && [ ! -e mixed.h5.lock ] || fail "a refused merge left files"
echo "parts, and what they were joined to: as one launch"
