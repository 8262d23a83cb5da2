#!/bin/sh
# Runs every fuzz target for some time, one after another (or the ones named), and says how each ended.
#
#   tests/fuzz/run.sh BUILD SECONDS [TARGET...]
#
# BUILD is a build folder of the `fuzz` preset. What a run finds is left in BUILD/tests/fuzz/found/; the corpora grow
# in BUILD/tests/fuzz/corpus/ and start from the seeds here, and from those made of tables in BUILD/tests/fuzz/made_seeds/.
set -eu
seeds=$(cd "$(dirname "$0")" && pwd)/seeds
leaks=$seeds/../../leaks_of_libraries.txt
export LSAN_OPTIONS="suppressions=$leaks:print_suppressions=0"
cd "$1/tests/fuzz"
seconds=$2
shift 2
[ $# -gt 0 ] || set -- $(find . -maxdepth 1 -type f -name 'fuzz_*' -perm -u+x | sed 's,^\./,,' | sort)
mkdir -p found
failed=0
for target in "$@"; do
    mkdir -p "corpus/$target"
    from=$target # fuzz_archive_show has the seeds of fuzz_archive
    while [ ! -d "$seeds/$from" ]; do
        from=${from%_*}
    done
    if ./"$target" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=4096 -artifact_prefix="found/$target-" \
        "corpus/$target" "$seeds/$from" $(find made_seeds -path "made_seeds/$target") >"$target.log" 2>&1; then
        result=clean
    else
        result=FOUND
        failed=1
    fi
    printf '%-20s %-6s %s\n' "$target" "$result" "$(grep -E 'Done [0-9]+ runs' "$target.log" | tail -n 1)"
done
exit $failed
