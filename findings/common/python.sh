#!/bin/sh
# python.sh SCRIPT PACKAGE...: installs the packages, with their versions, in a temporary folder, runs the program on
# standard input with them there, and prints what it prints. Exit code 1 where that is not what SCRIPT's head has under
# "Output:", or where the program fails.
set -eu
script=$(realpath "$1")
expect=$(dirname "$(realpath "$0")")/expect.sh
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/program.py"
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q --no-compile "$@"
cd "$folder"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$expect" "$script" python/bin/python program.py
