#!/bin/sh
# jobs/models/fetch.sh against a server on this machine: whole files, digests, going on, and what must not get a name.
#   fetch_test.sh SOURCE_DIR
set -eu
fetch=$1/jobs/models/fetch.sh
command -v curl >/dev/null && command -v python3 >/dev/null || exit 77
. "$(dirname "$0")/../support/shell.sh"
work=$folder
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$work/served/a/b"
for name in whole cut_off plain_off wrong; do
    head -c 200000 /dev/urandom >"$work/served/a/b/$name"
done
echo '<html>sign in</html>' >"$work/served/a/b/page"
digest() { sha256sum "$work/served/a/b/$1" | cut -d ' ' -f 1; }
cat >"$work/table" <<ROWS
# NAME PATH ADDRESS SHA-256
model model/whole https://models.invalid/a/b/whole $(digest whole)
model model/unknown https://models.invalid/a/b/whole -
cut cut_off https://models.invalid/a/b/cut_off $(digest cut_off)
plain plain_off https://models.invalid/a/b/plain_off $(digest plain_off)
wrong wrong https://models.invalid/a/b/wrong $(digest whole)
page page https://models.invalid/a/b/page -
gone gone https://models.invalid/a/b/gone -
ROWS
timeout 60 python3 "$1/tests/install/range_server.py" "$work/served" "$work/port" >"$work/log" &
server=$!
for _ in $(seq 100); do
    [ -e "$work/port" ] && break
    sleep 0.1
done
[ -e "$work/port" ] || fail "the server did not start"
run() { "$fetch" --to "$work/to" --table "$work/table" --mirror "http://127.0.0.1:$(cat "$work/port")/" "$@"; }
same() { cmp -s "$work/to/$1" "$work/served/a/b/$2" || fail "$1 is not what was served"; }
refused() { # NAME FILE
    if run "$1" 2>"$work/error"; then fail "$1 was taken"; fi
    [ ! -e "$work/to/$2" ] || fail "$2 has its name"
    grep -q "/a/b/$2" "$work/error" || fail "the message for $1: $(cat "$work/error")"
}

# Two files of a model; again, nothing is fetched; one that is another is not overwritten.
run model | grep -q 'fetched  model/whole' || fail "model"
same model/whole whole
same model/unknown whole
run model | grep -c there | grep -q 2 || fail "fetched again"
echo changed >"$work/to/model/whole"
if run model 2>/dev/null; then fail "another file was taken for the model's"; fi
[ "$(cat "$work/to/model/whole")" = changed ] || fail "another file was overwritten"

# A connection that breaks leaves a piece without the name, or curl's own repetition goes on with it; then it is whole.
run cut 2>/dev/null || { [ ! -e "$work/to/cut_off" ] && run cut; } || fail "cut"
same cut_off cut_off
rm "$work/to/cut_off"
head -c 1234 "$work/served/a/b/cut_off" >"$work/to/cut_off.part"
run cut >/dev/null && same cut_off cut_off
grep -q '^cut_off 1234$' "$work/log" || fail "did not go on at byte 1234"

# All of it was there; and a server that cannot go on.
rm "$work/to/cut_off"
cp "$work/served/a/b/cut_off" "$work/to/cut_off.part"
run cut >/dev/null && same cut_off cut_off
head -c 1234 "$work/served/a/b/plain_off" >"$work/to/plain_off.part"
run plain >/dev/null && same plain_off plain_off

refused wrong wrong
refused page page
refused gone gone
if run nobody 2>"$work/error"; then fail "nobody"; fi
grep -q 'nobody: not in' "$work/error" || fail "the message for nobody"
[ -z "$(find "$work/to" -name '*.part')" ] || fail "pieces are left"
"$fetch" --list | grep -qx ViT-B-32 || fail "--list"
awk '!/^#/ && (NF != 4 || $3 !~ /^https:\/\// || ($4 != "-" && length($4) != 64)) { exit 1 }' "$1/jobs/models/fetch.txt" ||
    fail "fetch.txt: rows are NAME PATH https://... SHA-256"
