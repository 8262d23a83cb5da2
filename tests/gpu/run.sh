#!/bin/sh
# What a machine with an NVIDIA GPU is needed for: builds with CUDA, runs the tests of every device on cuda, renders the
# quickstart twice and compares the pictures' digests, runs compute-sanitizer, and measures the steps of the quickstart
# and of the paper's configuration with random weights. Needs no MPI and no network; for the latter python3.
#
#   tests/gpu/run.sh [--prefix DIR] [--shared DIR] [--build DIR] [--jobs N]
#
#   --prefix DIR   where libraries lie that the system does not have: DIR/include, DIR/lib, DIR/lib/pkgconfig
#   --shared DIR   folder of the reference files (default ../shared)
#   --build DIR    build folder (default build/gpu); what is built there already is used
#   --jobs N       compilers at once (default: the number of processors)
#
# Prints a line for each check and last a table; writes BUILD/gpu.json and each check's output to BUILD/gpu/. Exit code 0
# if all checks passed, 1 if one failed, 77 if the machine has no GPU.
set -u
cd "$(dirname "$0")/../.." || exit
script=$PWD/tests/gpu/run.sh
prefix=
shared=$PWD/../shared
build=build/gpu
jobs=$(nproc 2>/dev/null || echo 2)
time_limit=1800 # seconds for a check

usage() {
    sed -n '6,11s/^# \{0,3\}//p' "$0" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
    --prefix) prefix=$2 ;;
    --shared) shared=$2 ;;
    --build) build=$2 ;;
    --jobs) jobs=$2 ;;
    *) usage ;;
    esac
    shift 2
done

logs=$build/gpu
rows=$build/gpu/rows
query() {
    nvidia-smi --query-gpu="$1" --format=csv,noheader 2>/dev/null | head -n 1
}
device=$(query name,driver_version)
built=yes

# row NAME RESULT SECONDS DETAIL: notes what came of a check.
row() {
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>"$rows"
    printf '%-8s %s%s\n' "$2" "$1" "${4:+ ($4)}"
}

# check NAME COMMAND...: runs the command and notes its result; its output goes to a file. On a machine with a GPU a
# test that finds none has failed; other skips (a reference file that is not there) are skips.
check() {
    name=$1
    shift
    if [ -z "$device" ]; then
        row "$name" skipped 0 "no CUDA device"
        return 0
    elif [ "$built" = no ]; then
        row "$name" skipped 0 "not built"
        return 0
    fi
    log=$logs/$(printf '%s' "$name" | tr -c 'a-z0-9\n' '_').txt
    start=$(date +%s)
    timeout "$time_limit" "$@" >"$log" 2>&1
    code=$?
    seconds=$(($(date +%s) - start))
    case $code in
    0) row "$name" passed "$seconds" "$(sed -n 's/^steps  *//p' "$log")" ;; # what a benchmark measured
    77)
        if grep -q "no CUDA device" "$log"; then
            row "$name" failed "$seconds" "the program finds no CUDA device; $log"
        else
            row "$name" skipped "$seconds" "$(grep -i -m 1 skipped "$log" | tr -d '"\\\t')"
        fi
        ;;
    124) row "$name" failed "$seconds" "longer than $time_limit s; $log" ;;
    *) row "$name" failed "$seconds" "exit code $code; $log" ;;
    esac
    return "$code"
}

configure_and_build() {
    generator=
    command -v ninja >/dev/null && generator="-G Ninja"
    # shellcheck disable=SC2086  # two words or none
    cmake $generator -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DVQC_CUDA=ON -DVQC_MPI=OFF \
        -DCMAKE_CUDA_ARCHITECTURES="$(query compute_cap | tr -d .)" -DCMAKE_PREFIX_PATH="$prefix" -DVQC_SHARED_DIR="$shared" &&
        cmake --build "$build" -j "$jobs"
}

quickstart() {
    rm -rf "${logs:?}/$1" &&
        "$build/src/vqclip" render jobs/quickstart.yaml -o "$logs/$1" --device cuda &&
        "$build/src/vqclip" show "$logs/$1/quickstart.h5" --json >"$logs/$1.json" &&
        grep -o '"[a-z]*_sha256": *"[0-9a-f]*"' "$logs/$1.json" >"$logs/$1.digests" &&
        [ -s "$logs/$1.digests" ]
}

same_digests() {
    cmp "$logs/quickstart_1.digests" "$logs/quickstart_2.digests"
}

# sanitize TOOL PATTERN: the tests whose names fit the pattern, under a tool of compute-sanitizer.
sanitize() {
    if ! command -v compute-sanitizer >/dev/null; then
        echo "skipped: compute-sanitizer is not installed"
        return 77
    fi
    compute-sanitizer --tool "$1" --error-exitcode 1 "$build/tests/ops/test_operations" cuda "$2"
}

# bench JOB PRECISION
bench() {
    "$build/src/vqclip" bench "$1" --device cuda --precision "$2" --steps 50 --warm-up 5
}

bench_quickstart() {
    bench jobs/quickstart.yaml f32
}

paper_models() {
    if ! command -v python3 >/dev/null; then
        echo "skipped: python3 is not installed"
        return 77
    fi
    python3 tests/gpu/random_models.py "$logs/paper"
}

# bench_paper PRECISION
bench_paper() {
    if [ ! -e "$logs/paper/paper.yaml" ]; then
        echo "skipped: the models were not made"
        return 77
    fi
    bench "$logs/paper/paper.yaml" "$1"
}

# `timeout` runs programs, not functions of this script: it starts the script again with the function's name.
if [ "${VQC_GPU_CALL:-}" ]; then
    eval "$VQC_GPU_CALL"
    exit
fi

call() {
    name=$1
    shift
    VQC_GPU_CALL="$*" check "$name" "$script" --prefix "$prefix" --shared "$shared" --build "$build" --jobs "$jobs"
}

export LD_LIBRARY_PATH="${prefix:+$prefix/lib:}${LD_LIBRARY_PATH:-}"
export PKG_CONFIG_PATH="${prefix:+$prefix/lib/pkgconfig:}${PKG_CONFIG_PATH:-}"
export PATH="/usr/local/cuda/bin:$PATH"
mkdir -p "$logs"
: >"$rows"
call "build" configure_and_build || built=no
for test in test_operations test_known_values test_resample test_distance test_recording test_step_kernels; do
    check "$test" "$build/tests/ops/$test" cuda
done
check "test_nccl" "$build/tests/comm/test_nccl"
for test in test_clip test_vqgan; do
    for precision in f32 bf16; do
        check "$test $precision" "$build/tests/models/$test" cuda "$precision"
    done
done
check "test_trajectory" "$build/tests/render/test_trajectory" cuda
call "quickstart, first" quickstart quickstart_1
call "quickstart, second" quickstart quickstart_2
call "quickstart, same digests" same_digests
call "memcheck, all operations" sanitize memcheck "'*'"
call "racecheck, attention" sanitize racecheck "'attention*'"
call "racecheck, norms" sanitize racecheck "'*norm*'"
call "racecheck, quantise" sanitize racecheck "'quantise*'"
call "synccheck, attention" sanitize synccheck "'attention*'"
call "bench, quickstart" bench_quickstart
call "paper, random models" paper_models
call "bench, paper, f32" bench_paper f32
call "bench, paper, bf16" bench_paper bf16

write_json() {
    printf '{"device": "%s", "commit": "%s", "date": "%s", "checks": [' "$device" \
        "$(git rev-parse HEAD 2>/dev/null)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    awk -F '\t' '{ printf "%s\n  {\"name\": \"%s\", \"result\": \"%s\", \"seconds\": %s, \"detail\": \"%s\"}",
                          (NR > 1 ? "," : ""), $1, $2, $3, $4 }' "$rows"
    printf '\n]}\n'
}

write_json >"$build/gpu.json"
echo
printf '%s\n\n' "${device:-no CUDA device}"
awk -F '\t' '{ printf "%-28s %-8s %6s s  %s\n", $1, $2, $3, $4 }' "$rows"
[ -n "$device" ] || exit 77
! grep -q "$(printf '\tfailed\t')" "$rows"
