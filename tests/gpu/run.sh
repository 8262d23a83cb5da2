#!/usr/bin/env bash
# What a machine with an NVIDIA GPU is needed for: builds with CUDA, runs the tests of every device on cuda, renders the
# quickstart repeatedly, alone and by teams, and compares the pictures' digests, runs compute-sanitizer, and measures the
# steps of the quickstart and of the paper's configuration with random weights, beside PyTorch and kernel by kernel.
#
#   tests/gpu/run.sh [--prefix DIR] [--shared DIR] [--build DIR] [--jobs N] [--only SECTION,...]
#
#   --prefix DIR    where libraries lie that the system does not have, as prefix.sh packs them; where it holds bin/mpirun
#                   the build has MPI and teams of ranks are tested
#   --shared DIR    folder of the reference files (default ../shared)
#   --build DIR     build folder (default build/gpu); what is built there already is used
#   --jobs N        compilers at once (default: the number of processors)
#   --only LIST     only these sections: build, tests, quickstart, sanitizer, bench, peer, profile
#
# Prints a line for each check and last a table; writes BUILD/gpu.json and each check's output to BUILD/gpu/. Exit code 0
# if all checks passed, 1 if one failed, 77 if the machine has no GPU. tests/gpu/README.md says what is needed.
set -u
cd "$(dirname "$0")/../.." || exit
script=$PWD/tests/gpu/run.sh
prefix=
shared=$PWD/../shared
build=build/gpu
jobs=$(nproc 2>/dev/null || echo 2)
only=build,tests,quickstart,sanitizer,bench,peer,profile
time_limit=300 # seconds for a check

usage() {
    sed -n '6,14s/^# \{0,3\}//p' "$0" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
    --prefix) prefix=$2 ;;
    --shared) shared=$2 ;;
    --build) build=$2 ;;
    --jobs) jobs=$2 ;;
    --only) only=$2 ;;
    *) usage ;;
    esac
    shift 2
done

logs=$build/gpu
rows=$build/gpu/rows
paper=$build/paper
query() {
    nvidia-smi --query-gpu="$1" --format=csv,noheader 2>/dev/null | head -n 1
}
device=$(query name,driver_version)
built=yes
order=100

# wanted SECTION
wanted() {
    case ,$only, in
    *,"$1",*) return 0 ;;
    esac
    return 1
}

# row NAME RESULT SECONDS DETAIL: notes what came of a check.
row() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$order" "$1" "$2" "$3" "$4" >>"$rows"
    printf '%-8s %s%s\n' "$2" "$1" "${4:+ ($4)}"
}

log_of() {
    echo "$logs/$(printf '%s' "$1" | tr -c 'a-z0-9\n' '_').txt"
}

# check NAME COMMAND...: runs the command and notes its result; its output goes to a file. On a machine with a GPU a
# test that finds none has failed; other skips (a reference file that is not there) are skips.
check() {
    local name=$1 log start code seconds
    shift
    if [ -z "$device" ]; then
        row "$name" skipped 0 "no CUDA device"
        return 0
    elif [ "$built" = no ]; then
        row "$name" skipped 0 "not built"
        return 0
    fi
    log=$(log_of "$name")
    start=$(date +%s)
    timeout "$time_limit" "$@" >"$log" 2>&1
    code=$?
    seconds=$(($(date +%s) - start))
    case $code in
    0) row "$name" passed "$seconds" "$(sed -n 's/^result: *//p' "$log" | head -n 1)" ;;
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

# `timeout` runs programs, not functions of this script: it starts the script again with the function's name.
call() {
    local name=$1
    shift
    order=$((order + 1))
    VQC_GPU_CALL="$*" check "$name" "$script" --prefix "$prefix" --shared "$shared" --build "$build" --jobs "$jobs"
}

# The same at the same time as others, for checks that measure nothing.
aside() {
    order=$((order + 1))
    check "$@" &
}
call_aside() {
    local name=$1
    shift
    order=$((order + 1))
    VQC_GPU_CALL="$*" check "$name" "$script" --prefix "$prefix" --shared "$shared" --build "$build" --jobs "$jobs" &
}

skip() {
    echo "skipped: $*" >&2
    exit 77
}

# ---- The build ----

# device_tests: FOLDER/NAME of the test programs that take a device's name; model_tests: of those that take a precision too.
device_tests() {
    grep -oE '^vqc_add_device_test\(test_[a-z_]+|COMMAND test_[a-z_]+ \$\{device\}\)' tests/*/CMakeLists.txt |
        sed -E 's|^tests/([a-z]+)/.*(test_[a-z_]+).*|\1/\2|'
}
model_tests() {
    grep -oE '^vqc_add_model_test\(test_[a-z_]+' tests/*/CMakeLists.txt | sed -E 's|^tests/([a-z]+)/.*(test_[a-z_]+)|\1/\2|'
}
targets="vqclip test_nccl $({ device_tests; model_tests; } | sed 's|.*/||' | tr '\n' ' ')"

# wheel NAME: folder of NVIDIA's Python package, where there is one.
wheel() {
    python3 -c "import importlib.util, sys
found = importlib.util.find_spec('nvidia.$1')
print(next(iter(found.submodule_search_locations)) if found else '')" 2>/dev/null
}

toolkit() {
    dirname "$(dirname "$(readlink -f "$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)")")"
}

# header NAME: whether the toolkit or the system has it.
header() {
    local folder
    for folder in "$(toolkit)/include" "$(toolkit)/targets/x86_64-linux/include" "$prefix/include" /usr/include \
        /usr/local/include "/usr/include/$(uname -m)-linux-gnu"; do
        [ -e "$folder/$1" ] && return 0
    done
    return 1
}

# Lines of CMake definitions and library folders for what only Python's packages have. They hold lib*.so.N without the
# link lib*.so that CMake looks for.
libraries() {
    local folder
    folder=$(wheel cudnn)
    if ! header cudnn.h && [ -n "$folder" ]; then
        echo "-DCUDNN_INCLUDE_DIR=$folder/include -DCUDNN_LIBRARY=$folder/lib/libcudnn.so.9" "$folder/lib" \
            "$(toolkit)/lib64" "$(wheel cu13)/lib" # cuDNN opens NVRTC while it runs
    fi
    folder=$(wheel nccl)
    if ! header nccl.h && [ -n "$folder" ]; then
        echo "-DNCCL_INCLUDE_DIR=$folder/include -DNCCL_LIBRARY=$folder/lib/libnccl.so.2" "$folder/lib"
    fi
    folder=$(wheel cu13)
    if ! header cublasLt.h && [ -n "$folder" ]; then
        echo "-DCUDA_cublasLt_LIBRARY=$folder/lib/libcublasLt.so.13" "-DCMAKE_CUDA_FLAGS=-isystem=$folder/include" \
            "-DCMAKE_C_FLAGS=-isystem$folder/include" "$folder/lib"
    fi
}

configure_and_build() {
    local generator="" mpi=OFF definitions
    command -v ninja >/dev/null && generator="-G Ninja"
    [ -n "$prefix" ] && [ -x "$prefix/bin/mpirun" ] && mpi=ON
    definitions=$(libraries | tr ' ' '\n' | grep '^-D')
    echo "definitions: $definitions"
    # shellcheck disable=SC2086  # words
    cmake $generator -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DVQC_CUDA=ON -DVQC_MPI=$mpi -DVQC_CAPTIONS=OFF \
        -DCMAKE_CUDA_ARCHITECTURES="$(query compute_cap | tr -d .)" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags -DVQC_SHARED_DIR="$shared" $definitions &&
        cmake --build "$build" -j "$jobs" --target $targets
}

# ---- The quickstart ----

# render NAME JOB [LAUNCHER...] -- [OPTION...]: a job's pictures, and their digests in NAME.digests
render() {
    local name=$1 job=$2 launcher=() archive
    shift 2
    archive=$logs/$name/$(basename "$job" .yaml).h5
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        launcher+=("$1")
        shift
    done
    shift
    rm -rf "${logs:?}/$name" &&
        "${launcher[@]}" "$build/src/vqclip" render "$job" -o "$logs/$name" --device cuda "$@" &&
        "$build/src/vqclip" show "$archive" --json >"$logs/$name.json" &&
        grep -oE '"(picture|latent)_sha256": *"[0-9a-f]*"' "$logs/$name.json" >"$logs/$name.digests" &&
        [ -s "$logs/$name.digests" ]
}

# alone NAME JOB: by one rank
alone() {
    render "$1" "$2" env --
}

# ranks COUNT: a team of so many ranks on the one GPU
ranks() {
    [ -n "$prefix" ] && [ -x "$prefix/bin/mpirun" ] || skip "needs --prefix with MPI"
    render "team_$1" tests/gpu/teams.yaml "$prefix/bin/mpirun" -n "$1" -- --team "$1" --share-device
}

# same NAME NAME: equal digests
same() {
    [ -s "$logs/$1.digests" ] && [ -s "$logs/$2.digests" ] || skip "no render to compare with"
    cmp "$logs/$1.digests" "$logs/$2.digests"
}

# What a model that did not guide the pictures sees in them, and the pictures themselves.
judge() {
    local archive=$logs/quickstart_1/quickstart.h5
    [ -s "$archive" ] || skip "no render"
    "$build/src/vqclip" export "$archive" -o "$logs/pictures" &&
        "$build/src/vqclip" judge --perceptor jobs/models/picturebook-judge.safetensors --vocabulary \
            jobs/models/picturebook.bpe.gz --attributes jobs/models/attributes.json --archive "$archive"
}

# ---- compute-sanitizer ----

# other_operations HALF: patterns for the tests of every second row of operation.h, but those that have a memcheck of
# their own. Cases of activations go by their functions.
other_operations() {
    sed -nE 's/^ +X\([A-Z_]+, [a-z_]+, "([^"]+)".*/\1/p' src/ops/operation.h |
        grep -vE '^(convolution|attention|linear|.* norm)$' |
        sed -E "s/^activation$/*elu/; s/ /?/g; s/.*/'&*'/" | awk "NR % 2 == $1"
}

# sanitize TOOL PATTERN...: the tests of operations whose names fit one of the patterns, under a tool.
sanitize() {
    local tool=$1 pattern
    shift
    command -v compute-sanitizer >/dev/null || skip "compute-sanitizer is not installed"
    for pattern in "$@"; do
        compute-sanitizer --tool "$tool" --error-exitcode 1 "$build/tests/ops/test_operations" cuda "$pattern" || return 1
    done
}

# ---- Measurements ----

paper_models() {
    command -v python3 >/dev/null || skip "python3 is not installed"
    [ -e "$paper/paper.yaml" ] || python3 tests/gpu/random_models.py "$paper"
}

# bench JOB PRECISION NAME [LANES...]: NAME.json, a line for each number of renders at a time, and how long a step takes
bench() {
    local job=$1 precision=$2 name=$3 lanes
    shift 3
    [ -e "$job" ] || skip "the models were not made"
    : >"$logs/$name.json"
    for lanes in 1 "$@"; do
        "$build/src/vqclip" bench "$job" --device cuda --precision "$precision" --steps 50 --warm-up 10 --json \
            --lanes "$lanes" | tr -d '\n' >>"$logs/$name.json" || return 1
        echo >>"$logs/$name.json"
    done
    sed -nE '1s/.*"median_seconds": *([0-9.e-]*).*/result: \1 s for a step/p' "$logs/$name.json"
}

# whole JOB PICTURES NAME: a study of the paper's configuration from its start to the last byte in the archive.
whole() {
    local seconds start
    [ -e "$1" ] || skip "the models were not made"
    rm -rf "${logs:?}/$3"
    "$build/src/vqclip" render "$1" -o "$logs/$3" --device cuda --precision bf16 --json >"$logs/$3.json" || return 1
    seconds=$(json_number "$logs/$3.json" rank_seconds)
    start=$(json_number "$logs/$3.json" start_seconds)
    awk "BEGIN { printf \"result: %.2f s for each of $2, and %.2f s to make networks\\n\", ($seconds - $start) / $2, $start }"
    rm -rf "${logs:?}/$3"
}

# json_number FILE KEY
json_number() {
    sed -nE "s/.*\"$2\": *([0-9.e+-]*).*/\1/p" "$1" | head -n 1
}

# A picture of 1024 x 1024 with recomputation in 11 GB, libraries and all; the same loss as without it.
large() {
    local name used
    [ -e "$paper/large.yaml" ] || skip "the models were not made"
    "$build/src/vqclip" plan "$paper/large.yaml" --memory --device cuda --precision bf16 || return 1
    for name in large large_recomputed; do
        "$build/src/vqclip" bench "$paper/$name.yaml" --device cuda --precision bf16 --steps 10 --warm-up 2 --json |
            tr -d '\n' >"$logs/$name.json" || return 1
        cat "$logs/$name.json"
        echo
    done
    used=$(json_number "$logs/large_recomputed.json" device_used_bytes)
    echo "result: $((used / 1000000)) MB in use with recomputation," \
        "$(($(json_number "$logs/large.json" device_used_bytes) / 1000000)) MB without"
    [ "$(json_number "$logs/large.json" loss)" = "$(json_number "$logs/large_recomputed.json" loss)" ] &&
        [ "$used" -gt 0 ] && [ "$used" -lt 11000000000 ]
}

# PyTorch is not to find the libraries of the program's build.
peer() {
    [ -e "$paper/paper.yaml" ] || skip "the models were not made"
    python3 -c "import torch" || skip "python3 has no PyTorch"
    LD_LIBRARY_PATH=$own_library_path python3 tests/gpu/peer.py "$@"
}

peer_check() {
    peer check "$paper" --program "$build/src/vqclip" --device cuda --shared "$shared"
}

peer_card() {
    peer card >"$logs/card.json" && [ -s "$logs/card.json" ]
}

# The compiled mode may take its time limit to say nothing: the other lines count.
peer_measure() {
    peer measure "$paper" --pictures 1 8 --steps 30 --limit 60 >"$logs/peer.json" && [ -s "$logs/peer.json" ]
}

# profile PRECISION: one step of the paper's configuration, kernel by kernel
profile() {
    [ -e "$paper/paper.yaml" ] || skip "the models were not made"
    command -v ncu >/dev/null || skip "ncu is not installed"
    timeout 150 ncu --clock-control none --cache-control none --graph-profiling node --launch-count 9000 \
        --metrics gpu__time_duration.sum,dram__bytes.sum --csv --log-file "$logs/launches_$1.csv" \
        "$build/src/vqclip" bench "$paper/paper.yaml" --device cuda --precision "$1" --steps 1 --warm-up 1 &&
        python3 tests/gpu/kernel_times.py "$logs/launches_$1.csv" --json "$logs/profile_$1.json"
    code=$?
    gzip -f "$logs/launches_$1.csv"
    return $code
}

# ---- The sections ----

own_library_path=${VQC_GPU_LIBRARY_PATH-${LD_LIBRARY_PATH:-}}
export VQC_GPU_LIBRARY_PATH=$own_library_path
if [ "${VQC_GPU_CALL:-}" ]; then
    eval "$VQC_GPU_CALL"
    exit
fi

export PATH="${prefix:+$prefix/bin:}$PATH:/usr/local/cuda/bin"
LD_LIBRARY_PATH=$(libraries | tr ' ' '\n' | grep '^/' | awk '!seen[$0]++' | tr '\n' ':')$own_library_path
export LD_LIBRARY_PATH
if [ -n "$prefix" ]; then
    export PKG_CONFIG_PATH="$prefix/lib/pkgconfig:${PKG_CONFIG_PATH:-}" OPAL_PREFIX="$prefix"
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 \
        PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
    export OMPI_MCA_hwloc_base_binding_policy=none PMIX_MCA_pcompress_base_silence_warning=1
fi
export OMP_WAIT_POLICY=passive
mkdir -p "$logs"
: >"$rows"

if wanted build; then
    call "build" configure_and_build || built=no
fi

# What measures nothing runs at the same time.
few_threads() {
    OMP_NUM_THREADS=$(((jobs + 3) / 4)) "$@"
}
if wanted tests; then
    for test in $(device_tests); do
        few_threads aside "${test#*/}" "$build/tests/$test" cuda
    done
    for test in $(model_tests); do
        for precision in f32 bf16; do
            few_threads aside "${test#*/} $precision" "$build/tests/$test" cuda "$precision"
        done
    done
    few_threads aside "test_nccl" "$build/tests/comm/test_nccl"
fi
if wanted quickstart; then
    call_aside "quickstart, first" alone quickstart_1 jobs/quickstart.yaml
    call_aside "quickstart, second" alone quickstart_2 jobs/quickstart.yaml
    call_aside "quickstart, one at a time" render quickstart_lanes jobs/quickstart.yaml env -- --lanes 1
    call_aside "teams, one rank" alone team_1 tests/gpu/teams.yaml
    call_aside "teams, two ranks" ranks 2
    call_aside "teams, three ranks" ranks 3
fi
if wanted sanitizer; then
    # One process for each part: the tool runs on one processor.
    call_aside "memcheck, convolutions" sanitize memcheck "'convolution*'"
    call_aside "memcheck, attention" sanitize memcheck "'attention*'"
    call_aside "memcheck, linear" sanitize memcheck "'linear*'"
    call_aside "memcheck, norms" sanitize memcheck "'*norm*'"
    call_aside "memcheck, others" sanitize memcheck $(other_operations 0)
    call_aside "memcheck, further ones" sanitize memcheck $(other_operations 1)
    call_aside "racecheck, attention" sanitize racecheck "'attention*'"
    call_aside "racecheck, norms" sanitize racecheck "'*norm*'"
    call_aside "racecheck, field warp" sanitize racecheck "'field warp*'"
    call_aside "racecheck, quantise" sanitize racecheck "'quantise*'"
    call_aside "synccheck, attention" sanitize synccheck "'attention*'"
fi
if wanted bench || wanted peer || wanted profile; then
    call_aside "paper, random models" paper_models
fi
wait
if wanted quickstart; then
    call "quickstart, same digests" same quickstart_1 quickstart_2
    call "quickstart, one at a time, same digests" same quickstart_1 quickstart_lanes
    call "teams, two ranks, same digests" same team_1 team_2
    call "teams, three ranks, same digests" same team_1 team_3
    call "quickstart, judged" judge
fi

# What measures has the machine to itself.
if wanted bench; then
    call "bench, quickstart, f32" bench jobs/quickstart.yaml f32 quickstart_f32
    call "bench, paper, f32" bench "$paper/paper.yaml" f32 paper_f32
    call "bench, paper, tf32" bench "$paper/paper.yaml" tf32 paper_tf32
    call "bench, paper, bf16" bench "$paper/paper.yaml" bf16 paper_bf16 2 4 8
    call "bench, paper, one whole picture" whole "$paper/paper.yaml" 1 whole_1
    call "bench, paper, eight whole pictures" whole "$paper/eight.yaml" 8 whole_8
    call "bench, 1024x1024 in 11 GB" large
fi
if wanted peer; then
    call "peer, same networks" peer_check
    call "peer, card" peer_card
    call "peer, measured" peer_measure
fi
if wanted profile; then
    call "profile, bf16" profile bf16
fi

# ---- The results ----

sort -n "$rows" | cut -f 2- >"$rows.sorted"
mv "$rows.sorted" "$rows"

write_json() {
    local name
    printf '{"device": "%s", "commit": "%s", "date": "%s", "checks": [' "$device" \
        "$(git rev-parse HEAD 2>/dev/null)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    awk -F '\t' '{ printf "%s\n  {\"name\": \"%s\", \"result\": \"%s\", \"seconds\": %s, \"detail\": \"%s\"}",
                          (NR > 1 ? "," : ""), $1, $2, $3, $4 }' "$rows"
    printf '\n], "measurements": {'
    name=
    for file in "$logs"/{card,quickstart_f32,paper_f32,paper_tf32,paper_bf16,whole_1,whole_8,large,large_recomputed,peer,profile_bf16}.json; do
        [ -s "$file" ] || continue
        printf '%s\n  "%s": [%s]' "$name" "$(basename "$file" .json)" "$(paste -sd , "$file")"
        name=,
    done
    printf '\n}}\n'
}

write_json >"$build/gpu.json"
rm -rf "$logs"/quickstart_{1,2,lanes} "$logs"/team_[123]
echo
printf '%s\n\n' "${device:-no CUDA device}"
awk -F '\t' '{ printf "%-36s %-8s %6s s  %s\n", $1, $2, $3, $4 }' "$rows"
if command -v python3 >/dev/null; then
    python3 tests/gpu/summary.py "$build/gpu.json"
fi
[ -n "$device" ] || exit 77
! grep -q "$(printf '\tfailed\t')" "$rows"
