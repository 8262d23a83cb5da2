#!/bin/sh
# Rounds of random faults: tests/faults/run.sh VQCLIP [ROUNDS] [SEED] [MINUTES]
#
# Each round starts a launch of one to four ranks, does something to it or to its files, and gives the same command again.
# Every archive must end with the digests of an undisturbed run, or with a refusal that names the cause. Ends after ROUNDS
# rounds or MINUTES minutes, whichever comes first (300 and 30). Prints a Markdown table; exit code 0 if no round failed.
# In the environment: FAULTS="kill stop": these alone; WORKERS: rounds at a time (2); FIRST: the number of the first round. A
# round depends on SEED and its number alone, but for the moments that the machine's speed gives.
# Needs mpirun, python3 and a C compiler. Not part of the continuous tests.
set -eu
here=$(dirname "$(realpath "$0")")
program=$(realpath "$1")
shim=$(mktemp -d)
trap 'rm -rf "$shim"' EXIT
"${CC:-cc}" -shared -fPIC -O1 -o "$shim/shim.so" "$here/shim.c" -ldl
python3 "$here/faults.py" "$program" "$shim/shim.so" "${2:-300}" "${3:-1}" "${4:-30}"
