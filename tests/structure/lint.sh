#!/bin/sh
# clang-tidy and cppcheck over the program's C files, by hand: tests/structure/lint.sh [BUILD_FOLDER]. It takes minutes.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/release}
database=$build/compile_commands.json
[ -r "$database" ] || {
    echo "lint.sh: $database is not there: build first, by a preset" >&2
    exit 2
}
find src -name '*.c' ! -path 'src/ops/cuda/*' | sort |
    xargs -n 8 -P "$(getconf _NPROCESSORS_ONLN)" clang-tidy --quiet -p "$build"
cppcheck --quiet --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --project="$database" --file-filter="$PWD/src/*"
