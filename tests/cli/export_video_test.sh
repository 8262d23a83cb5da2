#!/bin/sh
# export_video_test.sh PROGRAM MODELS: snapshots become frames, with captions where they are asked for, and a video where there is
# an ffmpeg. What a stub of it is told and does stands for ffmpeg itself; with a real one a video is looked into, else
# the test ends with 77, skipped.
set -eu
program=$1
models=$2
. "$(dirname "$0")/../support/shell.sh"
real=$(command -v ffmpeg || true)
cd "$folder"
mkdir bin

cat >story.yaml <<JOB
study: story
models:
  generator: {config: $models/picturebook-vqgan.yaml, checkpoint: $models/picturebook-vqgan.safetensors}
  perceptors:
    - {name: vit, checkpoint: $models/picturebook-vit.safetensors, vocabulary: $models/picturebook.bpe.gz, truncate: true}
render: {size: [32, 32], steps: 4, snapshots: 1, crops: {count: 1, group: 1}, augment: [], story: {fade: 0}}
prompts:
  - "a red boat: 'sea', 100% \$(touch $folder/run) ; %{pts} | a house:-0.5 ^ a blue house"
JOB
sed 's/study: story/study: two/; s/^prompts:/seeds: [0, 1]\nprompts:/' story.yaml >two.yaml
for study in story two; do
    "$program" render $study.yaml -o out --threads 1 >said 2>&1 || fail "render $study"
done

# export CODE OPTIONS: of the story, with the PATH that is set.
export_is() {
    expected=$1
    shift
    code=0
    PATH=$search "$program" export "$@" >said 2>&1 || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code, expected $expected: export $*"
}

# said WORDS: what the last export printed has them.
said_is() {
    grep -q -F -- "$1" said || fail "not said: $1"
}

search=/nowhere
export_is 2 out/story.h5 -o png --video x.avi
said_is "expected a file that ends in .mp4"
export_is 2 out/story.h5 -o png --captions
export_is 2 out/story.h5 -o png --video x.mp4 --fps 0
[ ! -e png ] || fail "something was written"

# Without ffmpeg: the frames, and the command, which a shell takes as it is.
export_is 0 out/story.h5 -o "odd: 5% 'd'" --video "clip of 'it'.mp4" --fps 5
said_is "no ffmpeg on PATH"
[ -s "odd: 5% 'd'/00000-snapshots/00003.png" ] || fail "no frames"
[ ! -e "odd: 5% 'd'/00000-snapshots/00004.png" ] || fail "too many frames"
! ls ./*.partial >/dev/null 2>&1 || fail "a half file stays"
grep '^ *ffmpeg ' said >command

# A stub that notes its words, and writes what it is asked for. What is printed is what it is told, but for the file.
cat >bin/ffmpeg <<'STUB'
#!/bin/sh
[ ! -t 0 ] && [ -z "$(/bin/cat)" ] || exit 9
printf '%s\n' "$@" >"$STUB_NOTES"
for last; do :; done
echo "to be dropped"
case $STUB_MODE in
    good) echo video >"${last#file:}" ;;
    nothing) ;;
    bad) printf 'Unknown encoder\nmore\n' >&2; exit 3 ;;
    long) i=0; while [ $i -lt 3000 ]; do echo "a line of many that nobody reads, but for the first" >&2; i=$((i + 1)); done; exit 1 ;;
    killed) kill -9 $$ ;;
esac
STUB
chmod +x bin/ffmpeg
export STUB_NOTES="$folder/notes" STUB_MODE=good
PATH="$folder/bin" /bin/sh ./command >/dev/null
cp notes printed
search=$folder/bin
export_is 0 out/story.h5 -o "odd: 5% 'd'" --video "clip of 'it'.mp4" --fps 5
said_is "clip of 'it'.mp4: 4 frames, 5 a second"
sed 's/\.[0-9]*-[0-9]*\.partial$//' notes | diff - printed || fail "other words than printed"
grep -q -x -F "file:odd: 5%% 'd'/00000-snapshots/%05d.png" notes || fail "the frames' names"
[ "$(cat "clip of 'it'.mp4")" = video ] || fail "no video"

# A failure leaves what was there, and says the reason.
for mode in bad long nothing killed; do
    STUB_MODE=$mode export_is 1 out/story.h5 -o png --video "clip of 'it'.mp4"
    [ "$(cat "clip of 'it'.mp4")" = video ] || fail "$mode: the video of before is lost"
    ! ls ./*.partial >/dev/null 2>&1 || fail "$mode: a half file stays"
    case $mode in
        bad) said_is "clip of 'it'.mp4: ffmpeg failed with exit code 3: Unknown encoder" ;;
        long) said_is "exit code 1: a line of many that nobody reads, but for the first" ;;
        nothing) said_is "ffmpeg wrote nothing" ;;
        killed) said_is "ffmpeg was ended by a signal" ;;
    esac
done
chmod -x bin/ffmpeg
export_is 1 out/story.h5 -o png --video x.mp4
said_is "ffmpeg cannot be started"
chmod +x bin/ffmpeg
export_is 1 out/story.h5 -o png --video nowhere/x.mp4
said_is "nowhere/x.mp4: cannot be created"

# Every render has its own.
export_is 0 out/two.h5 -o both --video both.webm
for file in both-00000.webm both-00001.webm both/00001-snapshots/00003.png; do
    [ -s "$file" ] || fail "no $file"
done

# Captions: frames of one size, wider than the snapshots, that differ from step to step below the picture as well.
code=0
"$program" export out/story.h5 -o words --snapshots --captions >said 2>&1 || code=$?
if [ "$code" -eq 1 ] && grep -q -e "--captions: " said; then
    echo "no captions: $(grep -e "--captions: " said)"
else
    [ "$code" -eq 0 ] || fail "captions: $code"
    for file in words/00000-snapshots/0000?.png; do
        od -A n -t x1 -j 16 -N 8 "$file"
    done | sort -u >sizes
    [ "$(wc -l <sizes)" -eq 1 ] || fail "frames of several sizes"
    grep -q '^ 00 00 01 00 00 00 0[1-9]' sizes || fail "frames of $(cat sizes)"
fi
[ ! -e run ] || fail "a shell has read a prompt"

if [ -z "$real" ]; then
    echo "skipped: the part with a real ffmpeg, as there is none"
    exit 77
fi
search=$(dirname "$real")
for ending in mp4 mov mkv webm gif; do
    export_is 0 out/story.h5 -o "odd: 5% 'd'" --video "a:b.$ending"
    # No decoder counts another number of frames.
    "$real" -nostdin -loglevel error -i "file:a:b.$ending" -f framemd5 - >frames 2>said || fail "$ending cannot be read"
    [ "$(grep -c -v '^#' frames)" -eq 4 ] || fail "$ending: $(grep -c -v '^#' frames) frames"
done
