#!/bin/sh
# Makes docs/options.md, on standard output: which option of the public tools is which key here.
#
#   docs/options.sh VQCLIP BUILD >docs/options.md
#
# options.tsv has a row for every option, below the tool's heading: option, default there, what it is here, tests, note. What
# it is here is SECTION/KEY of docs/job-file.md, job/KEY of its first table, COMMAND --OPTION, or = where it needs none; where
# it is nothing, the note says why. Defaults here come from the program; keys, options and tests that do not exist are errors.
set -eu
[ $# -eq 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
vqclip=$1
build=$2
docs=$(cd "$(dirname "$0")" && pwd)
facts=$(mktemp)
trap 'rm -f "$facts"' EXIT

# key SECTION/KEY DEFAULT, option COMMAND --OPTION, test NAME: what there is
"$vqclip" help job --markdown | awk -F ' \\| ' '
    /^## / { section = substr($0, 4) }
    /^\| `/ {
        key = $1; gsub(/^\| `|`$/, "", key)
        print "key\t" (section == "The whole file" ? "job" : section) "/" key "\t" (NF > 3 ? $3 : "")
    }' >"$facts"
for command in $("$vqclip" help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    printf 'option\t%s\n' "$command"
    "$vqclip" help "$command" | sed -n "s/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/option\t$command \2/p"
done >>"$facts"
ctest --test-dir "$build" -N | sed -n 's/^  Test *#[0-9]*: /test\t/p' >>"$facts"

awk -F '\t' -v facts="$facts" '
function wrong(words) { print "options.tsv:" FNR ": " words | "cat >&2"; bad = 1 }
# A key without its section where that is plain, and a form of a start as it is written.
function here_name(here,    key) {
    key = substr(here, index(here, "/") + 1)
    sub(/^ +/, "", key)
    if (here ~ /^(job|render)\//) return key
    if (here ~ /^init\/ /) return "init." key
    return here ~ /^init\// ? "init: " key : here
}
function here_words(here) {
    if (here == "") return "not here"
    if (here == "=") return "always"
    if (here in known) return "`" here_name(here) "`"
    wrong("neither a key of the job file nor a command'\''s option: " here)
}
function tests_check(tests,    list, count, i) {
    count = split(tests, list, " ")
    for (i = 1; i <= count; i++) if (!(list[i] in test)) wrong("no such test: " list[i])
}
BEGIN {
    while ((getline line < facts) > 0) {
        split(line, fact, "\t")
        if (fact[1] == "test") test[fact[2]] = 1
        else { known[fact[2]] = 1; usual[fact[2]] = fact[3] }
    }
    print "# The options of the public tools, and their names here\n"
    print "<!-- Made by docs/options.sh from docs/options.tsv. -->\n"
}
/^#/ { title = substr($0, 3); if (title ~ /^=/) { print "\n## " substr(title, 3) "\n"; print "| option | default there | here | default here | tests | |\n| --- | --- | --- | --- | --- | --- |" } else print title; next }
NF == 0 { next }
NF != 5 { wrong("expected 5 fields, found " NF); next }
{
    if ($3 == "" && $5 == "") wrong("neither a key nor a reason: " $1)
    if ($3 != "" && $4 == "") wrong("no test: " $1)
    tests_check($4)
    print "| `" $1 "` | " $2 " | " here_words($3) " | " usual[$3] " | " $4 " | " $5 " |"
}
END { exit bad }
' "$docs/options.tsv"
