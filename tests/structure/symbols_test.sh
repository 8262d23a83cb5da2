#!/bin/sh
# symbols_test.sh FOLDER: that no name with external linkage is defined in two modules. A linker that has found one in a
# static library does not look at the other, so that a program calls the wrong function and nothing says so.
set -eu
command -v nm >/dev/null || exit 77
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find "$1" -name 'libvqc_*.a' | while read -r library; do
    nm --defined-only --extern-only "$library" 2>/dev/null | awk 'NF == 3 && $3 ~ /^vqc_/ { print $3 }' | sort -u
done >"$list"
[ -s "$list" ] || {
    echo "FAILED: no module is built in $1"
    exit 1
}
twice=$(sort "$list" | uniq -d)
[ -z "$twice" ] || {
    echo "FAILED: defined in more than one module:"
    echo "$twice"
    exit 1
}
