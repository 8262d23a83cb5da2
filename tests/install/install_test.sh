#!/bin/sh
# install_test.sh BUILD: installs into an empty folder, moves it elsewhere, takes the right to write away, and does with what
# is there what its user would: reads the manual page, renders a picture of the quickstart by its name, exports it, calls the
# program wrongly, and asks for help. Nothing of what was installed changes.
set -eu
build=$1
. "$(dirname "$0")/../support/shell.sh"
cmake --install "$build" --prefix "$folder/made" >"$folder/log"
mv "$folder/made" "$folder/usr"
cd "$folder/usr"
chmod -R a-w .
trap 'chmod -R u+w "$folder/usr"; rm -rf "$folder"' EXIT
state() { find . -printf '%p %s %T@ %m\n' | sort; } # as root writes where it has no right to
state >"$folder/before"
for file in share/man/man1/vqclip.1 share/vqclip/slurm/study.sbatch share/vqclip/jobs/models/picturebook-judge.safetensors \
    share/bash-completion/completions/vqclip share/zsh/site-functions/_vqclip share/doc/vqclip/LICENSE share/doc/vqclip/README.md share/doc/vqclip/CITATION.cff share/doc/vqclip/architecture.md; do
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
expect 0 help jobs
grep -q '^quickstart  *Twelve pictures' "$folder/log" || { echo "help jobs does not tell of the quickstart"; exit 1; }
expect 2 plan quickstar
grep -q 'the nearest is quickstart' "$folder/log" || { cat "$folder/log"; exit 1; }

# From another folder, in which something else has the job's name.
vqclip=$PWD/bin/vqclip
mkdir -p "$folder/work/quickstart"
cd "$folder/work"
"$vqclip" plan quickstart --json >"$folder/named"
"$vqclip" plan "$folder/usr/share/vqclip/jobs/quickstart.yaml" --json | cmp - "$folder/named"
"$vqclip" render quickstart -o out --part 1/12 --threads 1
"$vqclip" export out/quickstart.part-1-of-12.h5 -o out
test "$(find out -name '0*.png' | wc -l)" -eq 1 || { echo "expected 1 picture"; exit 1; }

# refuse LINE PROGRAM JOB: that its plan ends with exit code 2 and that one line, of which * stands for any words.
refuse() {
    wanted=$1
    code=0
    "$2" plan "$3" >"$folder/log" 2>&1 || code=$?
    # shellcheck disable=SC2254  # a pattern
    case "$code $(cat "$folder/log")" in
    2\ vqclip:\ $wanted) [ "$(wc -l <"$folder/log")" -eq 1 ] && return ;;
    esac
    cat "$folder/log"
    echo "plan $3: exit code $code, expected \"$wanted\""
    exit 1
}

# A path comes before a job of the same name, a link that leads nowhere too; a file that may be a changed copy of the
# job is not passed over; and the program alone has no jobs.
echo "study: own" >own
refuse 'own:1:1: *' "$vqclip" own
rmdir quickstart
ln -s nowhere quickstart
refuse 'quickstart: *No such file or directory' "$vqclip" quickstart
rm quickstart
sed 's/steps: .*/steps: 2/' "$folder/usr/share/vqclip/jobs/quickstart.yaml" >quickstart.yaml
refuse 'quickstart: * or the file quickstart.yaml? *the job?s is */share/vqclip/jobs/quickstart.yaml' "$vqclip" quickstart
rm quickstart.yaml
ln -s "$folder/usr/share/vqclip/jobs/quickstart.yaml" quickstart.yaml
"$vqclip" plan quickstart --json | cmp - "$folder/named"
touch mine.yaml
refuse 'mine: no such file; there is mine.yaml' "$vqclip" mine
mkdir "$folder/work/bin" "$folder/work/empty"
cp "$vqclip" "$folder/work/bin"
cd empty
refuse '*are not at ../share/vqclip/jobs*' ../bin/vqclip quickstart

cd "$folder/usr"
state | cmp - "$folder/before" || { echo "what is installed was changed"; exit 1; }
