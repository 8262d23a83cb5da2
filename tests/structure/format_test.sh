#!/bin/sh
# That all code is as clang-format makes it, by the .clang-format of the tree. `-i` as the argument rewrites it so.
set -eu
cd "$(dirname "$0")/../.."
if ! command -v clang-format >/dev/null; then
    echo "skipped: clang-format is not installed"
    exit 77
fi
[ $# -gt 0 ] || set -- --dry-run -Werror
find src tests -name '*.[ch]' -o -name '*.[ch]pp' -o -name '*.cu' -o -name '*.cuh' | xargs clang-format --style=file "$@"
