#!/bin/sh
# Fetches published models, on a machine that reaches them; nothing else of vqclip uses a network.
#
#   fetch.sh [--to DIR] [--mirror URL] [--table FILE] NAME...
#   fetch.sh --list
#
# NAME is one of fetch.txt (or of FILE, written alike). Files come to DIR, ../weights beside this folder by default. A mirror
# stands in place of https://HOST of every address. What was begun is gone on with; a file has its name when it is whole
# and has its SHA-256, where one is known. Exit code 1: some file was not fetched; 2: usage.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=$here/fetch.txt
target=$here/../weights
mirror=
list=no

usage() {
    echo "fetch.sh: $1; usage: fetch.sh [--to DIR] [--mirror URL] [--table FILE] NAME... | --list" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --to | --mirror | --table)
        [ $# -gt 1 ] || usage "$1 needs a value"
        case $1 in
        --to) target=$2 ;;
        --mirror) mirror=${2%/} ;;
        --table) table=$2 ;;
        esac
        shift 2
        ;;
    --list) list=yes && shift ;;
    -*) usage "$1: unknown option" ;;
    *) break ;;
    esac
done
[ -r "$table" ] || usage "$table: cannot be read"
if [ "$list" = yes ]; then
    grep -v '^#' "$table" | cut -d ' ' -f 1 | uniq
    exit 0
fi
[ $# -gt 0 ] || usage "no NAME"
command -v curl >/dev/null || { echo "fetch.sh: curl is needed" >&2 && exit 1; }

# Whether a file has the SHA-256; where that is -, whether it is at least no web page.
is_right() {
    if [ "$2" = - ]; then
        [ "$(head -c 1 "$1")" != '<' ]
    else
        [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$2" ]
    fi
}

# Asks for ADDRESS, to PART; says the status of HTTP.
ask() {
    curl --proto '=http,https' --fail --location --silent --show-error --retry 2 --connect-timeout 30 --write-out '%{http_code}' "$@"
}

# Fetches ADDRESS to PART, going on with what is there. A server that cannot do that (33), or has no more than that (416),
# is asked for the whole.
fetch_part() {
    code=0
    status=$(ask --continue-at - --output "$2" "$1") || code=$?
    if [ $code -eq 33 ] || { [ $code -ne 0 ] && [ "$status" = 416 ]; }; then
        rm -f "$2"
        code=0
        ask --output "$2" "$1" >/dev/null || code=$?
    fi
    return $code
}

fetch_file() { # PATH ADDRESS SHA-256
    file=$target/$1
    address=$2
    [ -z "$mirror" ] || address=$mirror/$(echo "$2" | sed 's,^https*://[^/]*/,,')
    if [ -e "$file" ]; then
        is_right "$file" "$3" && echo "there    $1" && return 0
        echo "fetch.sh: $file: has another SHA-256 than $3; move it away first" >&2
        return 1
    fi
    mkdir -p "$(dirname "$file")"
    if ! fetch_part "$address" "$file.part"; then
        echo "fetch.sh: $address: not fetched; what came is kept in $file.part, if anything" >&2
        return 1
    fi
    if ! is_right "$file.part" "$3"; then
        rm -f "$file.part"
        echo "fetch.sh: $address: expected the SHA-256 $3, found another, or a web page; thrown away" >&2
        return 1
    fi
    mv "$file.part" "$file"
    echo "fetched  $1"
}

failed=0
for name in "$@"; do
    rows=$(awk -v name="$name" '$1 == name' "$table")
    [ -n "$rows" ] || usage "$name: not in $table; --list names those that are"
    # Not in a pipe: what fails must be known here.
    while read -r _ path address digest; do
        fetch_file "$path" "$address" "$digest" </dev/null || failed=1
    done <<ROWS
$rows
ROWS
done
exit $failed
