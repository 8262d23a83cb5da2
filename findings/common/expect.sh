#!/bin/sh
# expect.sh SCRIPT COMMAND...: runs the command, and prints what it prints. Exit code 1 where that is not what SCRIPT's
# head has under "Output:", or where the command fails; then its messages are printed too. Writes into the current folder.
set -eu
script=$1
shift
if ! "$@" >seen 2>messages; then
    cat messages
    exit 1
fi
cat seen
if ! sed -n 's/^#   //p' "$script" | diff - seen; then
    echo "the behaviour has changed"
    exit 1
fi
