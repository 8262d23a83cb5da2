#!/bin/sh
# pip_test.sh VQCLIP: has pip install analysis/, from a folder that it finds unchanged afterwards, into an environment of
# its own, and runs each program from there: it writes what the program writes that lies in the checkout. Skips (77) where
# no Python has the packages and pip, or pip cannot fetch what builds the package.
set -eu
vqclip=$(realpath "$1")
analysis=$(realpath "$(dirname "$0")/../../analysis")
tests=$(realpath "$(dirname "$0")")
. "$tests/../support/shell.sh"
export PYTHONDONTWRITEBYTECODE=1
skip() {
    echo "skipped: $*"
    exit 77
}

for python in ${PYTHON:-python3 /usr/bin/python3}; do
    "$python" -c 'import ensurepip, h5py, matplotlib, numpy, PIL, scipy, venv, yaml' 2>/dev/null && break
    python=
done
[ -n "$python" ] || skip "needs a Python 3.11 with venv, pip and the packages of analysis/README.md (Debian: python3-venv)"
"$python" -m venv --system-site-packages "$folder/venv"
pip="$folder/venv/bin/python -m pip --quiet --disable-pip-version-check --retries 0 --timeout 10"
timeout 60 $pip install hatchling >"$folder/output" 2>&1 || skip "pip cannot fetch hatchling: $(tail -n 1 "$folder/output")"

cp -R "$analysis" "$folder/source"
state() { (cd "$1" && find . -type f ! -path '*__pycache__*' -exec sha256sum {} + | sort -k 2); }
state "$analysis" >"$folder/before"
$pip install --no-build-isolation --no-deps --no-index "$folder/source" >"$folder/output" 2>&1 || fail "pip install analysis/"
state "$folder/source" | cmp - "$folder/before" || fail "pip changed what it installed from"
rm -r "$folder/source"

# All of it is there: a page or a table that is left out would be missed on the day that it is needed.
package=$("$folder/venv/bin/python" -c 'import vqclip_analysis.installed as i; print(i.__file__.rpartition("/")[0])')
diff -r -x __pycache__ -x README.md -x pyproject.toml "$analysis" "$package" >"$folder/output" || fail "installed: other files"

# equal PROGRAM WORD...: as it lies and as it is installed, the program writes the same into `made`, a folder, or `made.svg`.
cd "$folder"
equal() {
    program=$1
    shift
    "$folder/venv/bin/python" "$analysis/$program.py" "$@" >output 2>&1 || fail "$program.py $*"
    mv made* lies
    "$folder/venv/bin/vqclip-$program" "$@" >output 2>&1 || fail "vqclip-$program $*"
    mv made* installed
    diff -r lies installed >output || fail "vqclip-$program: writes something else"
    [ -n "$(find installed -type f -size +0)" ] || fail "vqclip-$program: writes nothing"
    rm -r lies installed
}
"$vqclip" render "$tests/other.yaml" -o . --threads 1 >output 2>&1 || fail "other.yaml"
printf 'prompt,text\na blue fish | a white moon:0.5,a blue fish\n' >texts.csv
equal rating make -o made --raters 2 --seed 1 --texts texts.csv study=other-study.h5
equal tables losses other-study.h5 -o made
equal layouts imagefolder other-study.h5 -o made
equal figures losses other-study.h5 -o made.svg
