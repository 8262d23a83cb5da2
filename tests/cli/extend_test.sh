#!/bin/bash
# extend_test.sh PROGRAM MODELS: a study with further prompts, seeds and swept values goes on in its archive. What was
# made stays to the byte and is not made again; the archive is then the one that the whole study would have given at
# once; both job files stand in it; whatever else changes is refused by its key, and no kill loses anything.
set -eu
program=$1
models=$2
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"

# job FILE SEEDS PROMPT...: with what $render, $perceptor and $more say
render= perceptor= more=
job() {
    file=$1 seeds=$2
    shift 2
    cat >"$file" <<JOB
study: growing
models:
  generator: {config: $models/picturebook-vqgan.yaml, checkpoint: $models/picturebook-vqgan.safetensors}
  perceptors:
    - {name: vit, checkpoint: $models/picturebook-vit.safetensors, vocabulary: $models/picturebook.bpe.gz$perceptor}
render: {size: [32, 32], steps: 4, snapshots: 2, crops: {count: 2, group: 1}, init: random$render}
seeds: $seeds
$more
prompts:
JOB
    for prompt in "$@"; do
        echo "  - $prompt" >>"$file"
    done
}

digests() { render_digests "$program" "$1" seconds | sort; }

# render FOLDER [OPTIONS]: of job.yaml
render_job() {
    into=$1
    shift
    "$program" render job.yaml -o "$into" --threads 1 "$@" >said 2>&1
}

# refused WORDS: --extend is refused with exit code 2 and these words, and the archive is as it was
refused() {
    before=$(sha256sum <kept/growing.h5)
    code=0
    render_job kept --extend || code=$?
    [ "$code" -eq 2 ] || fail "exit code $code, expected 2 and: $1"
    grep -q -- "$1" said || fail "not said: $1"
    [ "$before" = "$(sha256sum <kept/growing.h5)" ] || fail "the archive was changed: $1"
}

a='{id: a, text: a red house}' b='{id: b, text: "a boat | a car:-0.5"}' c='{id: c, text: a cat}'

job job.yaml '[0, 1]' "$a" "$b"
cp job.yaml first.yaml
render_job kept --extend || fail "a new archive"
digests kept/growing.h5 >first
render_job kept --extend || fail "the same study"
grep -q extended said && fail "nothing was added"

# What would change renders is refused by its key.
render=', noise: 0.2' && job job.yaml '[0, 1]' "$a" "$b" "$c" && refused 'noise was .* when the archive was made, and is 0.2'
render=', optimizer: {lr: 0.2}' && job job.yaml '[0, 1, 2]' "$a" "$b" && refused 'optimizer.lr was 0.15.* and is 0.2'
render= perceptor=', truncate: true' && job job.yaml '[0, 1]' "$a" "$b" "$c" && refused 'models.perceptors\[0\]: truncate was false'
perceptor=', weight: 2' && job job.yaml '[0, 1]' "$a" "$b" "$c" && refused 'models.perceptors\[0\]: weight was 1'
perceptor= && job job.yaml '[0, 1]' "$a" "${b/boat/ship}" "$c" && refused 'prompt b: text was a boat'
job job.yaml '[0, 1]' "$a" "${b/boat/ship}" "$c" && refused 'prompt b: text'
job job.yaml '[0, 1]' "$a" '{id: b, targets: [{text: a boat}, {text: a car, weight: -0.4}]}' "$c" && refused 'prompt b:'
job job.yaml '[0, 1]' "${a/house/house, category: x}" "$b" "$c" && refused 'prompt a: category was nothing'
job job.yaml '[0, 1]' "$a" "$c" && refused 'prompt b with seed 0, is not among'
job job.yaml '[1, 2]' "$a" "$b" && refused 'prompt a with seed 0, is not among'
more='sweep: {noise: [0, 0.1]}' && job job.yaml '[0, 1]' "$a" "$b" && refused 'prompt a with seed 0, is not among'
more= && sed 's/^study: .*/study: other/' first.yaml >job.yaml && render_job kept --extend && [ -e kept/other.h5 ] || fail "another study"
rm kept/other.h5
cp first.yaml job.yaml && echo '# another text' >>job.yaml && code=0 && { render_job kept || code=$?; }
[ "$code" -eq 2 ] && grep -q -- '--extend takes in' said || fail "the way out is not said"

code=0
render_job kept --extend --part 1/2 || code=$?
[ "$code" -eq 2 ] && grep -q 'not with --part' said || fail "a part"

# Seeds and prompts come in between; a launch that is killed while it extends leaves the old archive or the new one.
job job.yaml '[0, 5, 1]' "$c" "$a" "$b"
render_job whole || fail "the whole study at once"
digests whole/growing.h5 | awk '{ $5 = ""; print }' >expected
kills=0
for delay in 0.1 0.2 0.3 0.5; do
    rm -rf killed && mkdir killed && cp kept/growing.h5 killed/
    "$program" render job.yaml -o killed --extend --threads 1 --checkpoint 0 >said 2>&1 &
    launch=$!
    sleep "$delay"
    kill -KILL "$launch" 2>/dev/null && kills=$((kills + 1))
    wait "$launch" 2>/dev/null || true
    digests killed/growing.h5 >now
    awk 'NR == FNR { found[$0]; next } !($0 in found) { bad = 1 } END { exit bad }' now first || fail "killed after $delay s: old renders are lost"
    render_job killed --extend || fail "goes on after a kill"
    digests killed/growing.h5 | awk '{ $5 = ""; print }' >now
    cmp -s now expected || fail "killed after $delay s: another result"
    [ ! -e killed/growing.h5.partial ] || fail "half of an archive is left"
done
[ "$kills" -ge 2 ] || fail "only $kills launches were killed"

ranks=
command -v mpirun >/dev/null && "$program" help render | grep -q -- --team && ranks="mpirun -n 2"
$ranks "$program" render job.yaml -o kept --extend --threads 1 >said 2>&1 || fail "extends"
grep -q 'is extended from 4 renders to 9; the numbers' said || fail "it is not said"
digests kept/growing.h5 >now
awk 'NR == FNR { found[$0]; next } !($0 in found) { bad = 1 } END { exit bad }' now first || fail "old renders were made again"
awk '{ $5 = ""; print }' now | cmp -s - expected || fail "another result than at once"
"$program" verify kept/growing.h5 --rerender all >said 2>&1 || fail "verify"
"$program" export kept/growing.h5 -o pictures --snapshots >said 2>&1 || fail "export"
"$program" export whole/growing.h5 -o others --snapshots >said 2>&1 || fail "export"
(cd others && find . -name '*.png' | grep -v sheet) | while read -r file; do
    [ -s "pictures/$file" ] || fail "no picture $file"
done
"$program" show kept/growing.h5 >said || fail "show"
[ "$(grep -c '^job ' said)" -eq 2 ] && grep -q '4 renders$' said && grep -q '9 renders, added 20..-' said || fail "both job files are shown"
"$program" show kept/growing.h5 --json | python3 -c '
import json, sys
jobs = json.load(sys.stdin)["jobs"]
texts = [open(name).read() for name in ("first.yaml", "job.yaml")]
assert [job["text"] for job in jobs] == texts and [job["renders"] for job in jobs] == ["4", "9"], jobs' || fail "the job files"

# Swept values, and renders that are not finished: --time-limit stops some with their checkpoints.
more='sweep: {noise: [0, 0.1]}' render=', steps: 40' && job job.yaml '[0]' "$a"
render= && sed -i 's/steps: 4,//' job.yaml && sed 's/study: growing/study: swept/' -i job.yaml && cp job.yaml swept.yaml
code=0
render_job swept --time-limit 1 --checkpoint 0 || code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || fail "a time limit: $code"
sed -i 's/\[0, 0.1\]/[0.3, 0, 0.1]/' job.yaml
render_job swept --extend || fail "a swept value"
render_job swept-whole || fail "at once"
digests swept/swept.h5 | awk '{ $5 = ""; print }' >now
digests swept-whole/swept.h5 | awk '{ $5 = ""; print }' >expected
cmp -s now expected || fail "swept values: another result"

# A file of lines grows without the job file; the archive has the lines.
more= && job job.yaml '[0]'
sed -i -e 's/study: growing/study: lines/' -e 's/^prompts:/prompts: lines.txt/' job.yaml
printf 'a red house\na boat\n' >lines.txt
render_job kept || fail "lines"
printf 'a red house\na boat\na cat\n' >lines.txt
code=0
render_job kept || code=$?
[ "$code" -eq 2 ] || fail "another file of lines without --extend"
render_job kept --extend || fail "further lines"
"$program" verify kept/lines.h5 --rerender all >said 2>&1 || fail "verify lines"
printf 'a red house\na ship\na cat\n' >lines.txt
code=0
render_job kept --extend || code=$?
[ "$code" -eq 2 ] && grep -q 'prompt 2: text was a boat' said || fail "a line that changed"

# A table likewise, which stands in the archive.
sed -i -e 's/study: lines/study: table/' -e 's/lines.txt/table.csv/' job.yaml
printf 'id,prompt,steps\nx,a red house,2\n' >table.csv
render_job kept || fail "a table"
printf 'id,prompt,steps\ny,a boat,3\nx,a red house,2\n' >table.csv
render_job kept --extend || fail "further rows"
"$program" verify kept/table.h5 --rerender all >said 2>&1 || fail "verify table"
printf 'id,prompt,steps\ny,a boat,3\nx,a red house,4\n' >table.csv
code=0
render_job kept --extend || code=$?
[ "$code" -eq 2 ] && grep -q 'steps was 2 ' said || fail "a cell that changed"
