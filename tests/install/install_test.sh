#!/bin/sh
# install_test.sh BUILD: installs into an empty folder, and does with what is there what its user would: reads the manual
# page, renders two steps of two pictures of the quickstart, exports them, calls the program wrongly, and asks for help.
set -eu
build=$1
. "$(dirname "$0")/../support/shell.sh"
cmake --install "$build" --prefix "$folder/usr" >"$folder/log"
cd "$folder/usr"
for file in share/man/man1/vqclip.1 share/vqclip/slurm/study.sbatch share/vqclip/jobs/models/picturebook-judge.safetensors \
    share/doc/vqclip/LICENSE share/doc/vqclip/README.md share/doc/vqclip/CITATION.cff share/doc/vqclip/architecture.md; do
    test -f "$file" || { echo "$file: not installed"; exit 1; }
done
test ! -e share/vqclip/jobs/models/picturebook || { echo "the models' training was installed"; exit 1; }
if command -v man >/dev/null && man --warnings -l share/man/man1/vqclip.1 >"$folder/page" 2>"$folder/warnings"; then
    test ! -s "$folder/warnings" || { cat "$folder/warnings"; exit 1; }
    grep -q -- --rerender "$folder/page" || { echo "the manual page does not name --rerender"; exit 1; }
fi
# expect CODE WORD...: that the program ends with that exit code.
expect() {
    wanted=$1
    shift
    code=0
    bin/vqclip "$@" >"$folder/log" 2>&1 || code=$?
    [ "$code" -eq "$wanted" ] || { cat "$folder/log"; echo "vqclip $*: exit code $code, expected $wanted"; exit 1; }
}

expect 2
expect 2 no-such-command
expect 2 help no-such-command
expect 2 help --markdown
expect 0 --version
expect 0 --help
expect 0 help job --markdown
expect 0 render --help
sed 's/^  steps: .*/  steps: 2/; s/^  snapshots: .*/  snapshots: 0/' share/vqclip/jobs/quickstart.yaml |
    awk '/^  - / && ++prompts > 2 { exit } { print }' >share/vqclip/jobs/two-steps.yaml
bin/vqclip render share/vqclip/jobs/two-steps.yaml -o "$folder/out" --threads 1
bin/vqclip export "$folder/out/quickstart.h5" -o "$folder/out"
test "$(find "$folder/out" -name '0*.png' | wc -l)" -eq 2 || { echo "expected 2 pictures"; exit 1; }
