#!/bin/sh
# python.sh SCRIPT PACKAGE...: installs the packages, with their versions, in a temporary folder, runs the program on
# standard input with them there, and prints what it prints. Exit code 1 where that is not what SCRIPT's head has under
# "Output:", or where the program fails.
set -eu
script=$(realpath "$1")
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/program.py"
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q --no-compile "$@"
cd "$folder"
if ! HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error python/bin/python program.py >seen 2>messages; then
    cat messages
    exit 1
fi
cat seen
if ! sed -n 's/^#   //p' "$script" | diff - seen; then
    echo "the behaviour has changed"
    exit 1
fi
