#!/bin/sh
# options_test.sh PROGRAM BUILD DOCS: docs/options.md is what docs/options.sh makes of its table, the keys, the options of
# commands and the tests that there are; and a name that is none of these is refused.
set -eu
program=$1
build=$2
docs=$3
. "$(dirname "$0")/../support/shell.sh"

"$docs/options.sh" "$program" "$build" >"$folder/options.md" 2>"$folder/stderr" || fail "docs/options.sh"
diff "$docs/options.md" "$folder/options.md" >"$folder/output" || fail "docs/options.md is not what docs/options.sh makes"

cp "$docs/options.sh" "$docs/options.tsv" "$folder"
printf -- '--new\t0\trender/nothing\ttest_nothing\t\n--other\t0\t\t\t\n' >>"$folder/options.tsv"
code=0
"$folder/options.sh" "$program" "$build" >"$folder/output" 2>"$folder/stderr" || code=$?
[ "$code" -ne 0 ] || fail "a table with unknown names"
for words in 'option: render/nothing' 'no such test: test_nothing' 'neither a key nor a reason: --other'; do
    grep -q "$words" "$folder/stderr" || fail "expected to read: $words"
done
