#!/bin/bash
# start_render_test.sh PROGRAM MODELS: renders that start from others of their study come after them, in chains, on any
# number of ranks, in teams and in lanes, with the same bytes, which are those of a start from the other's archive; where
# one fails, so do those that start from it; circles and what is not there are refused by name.
set -eu
program=$1
models=$2
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"

# job FILE PROMPT...: with what $render, $seeds and $more say
render= seeds='[0, 1]' more=
job() {
    file=$1
    shift
    cat >"$file" <<JOB
study: chain
models:
  generator: {config: $models/picturebook-vqgan.yaml, checkpoint: $models/picturebook-vqgan.safetensors}
  perceptors:
    - {name: vit, checkpoint: $models/picturebook-vit.safetensors, vocabulary: $models/picturebook.bpe.gz}
render: {size: [32, 32], crops: {count: 2, group: 1}$render}
seeds: $seeds
$more
prompts:
JOB
    for prompt in "$@"; do
        echo "  - $prompt" >>"$file"
    done
}

digests() { render_digests "$program" "$1"; }

# refused FILE WORDS
refused() {
    code=0
    "$program" render "$1" -o refused --threads 1 >said 2>&1 || code=$?
    [ "$code" -eq 2 ] || fail "exit code $code, expected 2 and: $2"
    grep -q -- "$2" said || fail "not said: $2"
    [ ! -e refused ] || fail "a folder was made"
}

a='{id: a, text: a red house, steps: 5}'
b='{id: b, text: a boat, steps: 3, init: {render: a}}'
c='{id: c, text: a cat, steps: 4, init: {render: b}}'
d='{id: d, text: a star, steps: 2, init: {render: a.1}}'

# The order of the file does not matter.
job job.yaml "$c" "$b" "$d" "$a"
"$program" render job.yaml -o one --threads 1 --lanes 1 >said 2>&1 || fail "one rank"
digests one/chain.h5 >expected
[ "$(grep -c ' done ' expected)" -eq 8 ] || fail "not all are done"
"$program" render job.yaml -o lanes --threads 1 --lanes 4 >said 2>&1 || fail "lanes"
digests lanes/chain.h5 | cmp - expected || fail "lanes: other bytes"
"$program" verify one/chain.h5 --rerender all >said 2>&1 || fail "verify"
if command -v mpirun >/dev/null && "$program" help render | grep -q -- --team; then
    for how in '2' '3 --team 2' '4' '3 --lanes 2'; do
        # shellcheck disable=SC2086 # words
        set -- $how
        ranks=$1
        shift
        rm -rf many
        timeout 120 mpirun -n "$ranks" "$program" render job.yaml -o many --threads 1 "$@" >said 2>&1 || fail "ranks $how"
        digests many/chain.h5 | cmp - expected || fail "ranks $how: other bytes"
    done
fi

# The same start, taken from the archive by its number: b.1, d.0 and a.1 are numbers 3, 4 and 7.
job other.yaml "{id: x, text: a boat, steps: 3, seed: 1, init: {latent: {archive: one/chain.h5, render: 7}}}" \
    "{id: y, text: a cat, steps: 4, seed: 1, init: {latent: {archive: one/chain.h5, render: 3}}}" \
    "{id: z, text: a star, steps: 2, seed: 0, init: {latent: {archive: one/chain.h5, render: 7}}}"
sed -i 's/^study: .*/study: other/' other.yaml
"$program" render other.yaml -o one --threads 1 >said 2>&1 || fail "starts from the archive"
for pair in x.1=b.1 y.1=c.1 z.0=d.0; do
    [ "$(digests one/other.h5 | sed -n "s/^${pair%=*} //p")" = "$(sed -n "s/^${pair#*=} //p" expected)" ] || fail "$pair differ"
done

# Swept values go with each other; a study that is stopped goes on.
more='sweep: {noise: [0, 0.1]}' seeds='[3]' render=', steps: 30' && job job.yaml "${c/, steps: 4/}" "${b/, steps: 3/}" "${a/, steps: 5/}"
"$program" render job.yaml -o whole --threads 1 >said 2>&1 || fail "a sweep"
digests whole/chain.h5 >expected
[ "$(cut -d' ' -f3 expected | sort -u | wc -l)" -eq 6 ] || fail "swept renders are alike"
code=3
for turn in 1 2 3 4 5 6 7 8; do
    [ "$code" -eq 3 ] || break
    code=0
    "$program" render job.yaml -o stopped --threads 1 --checkpoint 0 --time-limit 2 >said 2>&1 || code=$?
done
[ "$code" -eq 0 ] || "$program" render job.yaml -o stopped --threads 1 >said 2>&1 || fail "goes on"
digests stopped/chain.h5 | cmp - expected || fail "stopped: other bytes"

# A render that fails takes those with it that start from it, and no others.
more= seeds='[0]' render=', steps: 2'
job job.yaml "$b" "$c" "{id: a, text: a house, init: {image: $models/test-pictures/13-brown-boat.png}, mask: {image: $models/test-pictures/13-brown-boat-mask.png, channel: alpha}}" '{id: e, text: a tree}'
code=0
"$program" render job.yaml -o failed --threads 1 >said 2>&1 || code=$?
[ "$code" -eq 1 ] || fail "a failed source: exit code $code"
"$program" show failed/chain.h5 >said || fail "show"
grep -q '^ *0  failed.*render 2 (a.0), which it starts from, failed: .*opacity' said || fail "b has not a's reason"
grep -q '^ *1  failed.*render 0 (b.0), which it starts from, failed: render 2 (a.0)' said || fail "c has not b's reason"
grep -q '^ *3  done' said || fail "e is not done"

# An extension may start from what is made.
job job.yaml '{id: a, text: a house}'
"$program" render job.yaml -o grown --threads 1 >said 2>&1 || fail "a"
job job.yaml "$b" '{id: a, text: a house}'
"$program" render job.yaml -o grown --threads 1 --extend >said 2>&1 || fail "extends"
"$program" verify grown/chain.h5 --rerender all >said 2>&1 || fail "verify what is extended"

job job.yaml '{id: a, text: x, init: {render: c}}' "$b" "$c" && refused job.yaml 'init: a.0 starts from c.0, which starts from b.0, which starts from a.0: a circle'
job job.yaml '{id: a, text: x, init: {render: a}}' && refused job.yaml 'a.0 starts from a.0: a circle'
job job.yaml '{id: a, text: x, init: {render: q}}' && refused job.yaml ':10:5: .*init: expected the id of a prompt, .* found q'
job job.yaml "$a" '{id: b, text: x, init: {render: a.7}}' && refused job.yaml 'expected the id .* found a.7'
job job.yaml "$a" '{id: b, text: x, seed: 4, init: {render: a}}' && refused job.yaml 'prompt a is not rendered with seed 4'
job job.yaml "$a" "$b" && code=0 && { "$program" render job.yaml -o refused --part 1/2 >said 2>&1 || code=$?; }
[ "$code" -eq 2 ] && grep -q 'prompt b: init: .* not parted' said || fail "a part"
job job.yaml "$a" '{id: b, text: x, size: [64, 32], init: {render: a}}' && code=0 && { "$program" plan job.yaml >said 2>&1 || code=$?; }
[ "$code" -eq 2 ] && grep -q 'prompt b: init: expected a render with a latent of 4 x 2 cells, found a, of 2 x 2' said || fail "another size"
job job.yaml "$a" "$b" && "$program" plan job.yaml >said 2>&1 || fail "plan"
grep -q '1 renders start from others: the study is made in 2 waves' said || fail "waves are not said"
