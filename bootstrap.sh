#!/bin/sh
# Installs what is missing, builds, and tests. Asks nothing; may be run again at any time.
#
#   ./bootstrap.sh deps    install the packages that are missing, and nothing else
#   ./bootstrap.sh build   the same, then build the program: build/release/src/vqclip
#   ./bootstrap.sh run     the same, then render jobs/quickstart.yaml on two ranks into out/quickstart
#   ./bootstrap.sh test    build as above, and run the tests; with the CUDA toolkit, compile the CUDA code as well
#
# Packages come from apt, with sudo where needed. Without apt it names them and goes on, in case they are there.
set -eu
cd "$(dirname "$0")"

BUILD_PACKAGES="gcc libc6-dev cmake ninja-build pkg-config libdnnl-dev libjansson-dev libzip-dev zlib1g-dev libssl-dev
    libpng-dev libjpeg-dev libwebp-dev libpango1.0-dev libyaml-dev libcsv-dev libutf8proc-dev libopenmpi-dev openmpi-bin
    libhdf5-openmpi-dev"
FONT_PACKAGES="fonts-dejavu-core" # for the captions on contact sheets
TEST_PACKAGES="libcmocka-dev g++ curl python3-h5py python3-numpy python3-matplotlib python3-pil python3-scipy python3-yaml"
# A Slurm for the test that starts one; see slurm_packages.
SLURM_PACKAGES="slurmctld slurmd slurm-client munge procps"

say() {
    printf '%s\n' "bootstrap: $*"
}

usage() {
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
    done
}

# Only where it may stay by itself: root's container or bare system, where installing starts no services, and no Slurm that
# came from elsewhere.
slurm_packages() {
    [ "$(id -u)" -eq 0 ] && [ ! -d /run/systemd/system ] || return 0
    command -v sbatch >/dev/null 2>&1 && return 0
    echo "$SLURM_PACKAGES"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

install_packages() {
    if ! command -v apt-get >/dev/null 2>&1; then
        say "no apt here; if the build fails, install what these Debian packages hold: $*"
        return
    fi
    missing=$(missing_packages "$@")
    if [ -z "$missing" ]; then
        say "all packages are installed"
        return
    fi
    say "installing: $missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # a list of words
    if ! { as_root apt-get update -q && as_root apt-get install -q -y --no-install-recommends $missing; }; then
        say "apt could not install them; needed are: $missing"
        exit 1
    fi
}

build() {
    preset=$1
    shift
    say "building in build/$preset"
    cmake --preset "$preset" "$@"
    cmake --build "build/$preset"
}

# Without what the tests need the program is built without them.
testing() {
    if pkg-config --exists cmocka; then echo -DBUILD_TESTING=ON; else echo -DBUILD_TESTING=OFF; fi
}

# Two ranks with a thread each, which wait for each other without spinning. Root may run them, as in a container.
quickstart() {
    folder=out/quickstart
    say "rendering jobs/quickstart.yaml on 2 ranks"
    export OMP_WAIT_POLICY=passive OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe # Open MPI 4, and 5
    mkdir -p out
    mpirun -n 2 build/release/src/vqclip render jobs/quickstart.yaml -o "$folder" --threads 1
    build/release/src/vqclip export "$folder/quickstart.h5" -o "$folder"
    say "the archive is $folder/quickstart.h5, the pictures are beside it, all of them in $folder/sheet.png"
}

# Compiles and links what runs on a GPU, without optimising the host's part and for two kinds of GPU, between which the
# code tells apart; whether it works shows on one only (tests/gpu/run.sh).
compile_cuda() {
    if ! PATH="$PATH:/usr/local/cuda/bin" command -v nvcc >/dev/null; then
        say "skipped: compiling the CUDA code, as there is no nvcc"
        return
    fi
    say "compiling the CUDA code in build/cuda_check"
    cmake --preset cuda -B build/cuda_check -DVQC_WERROR=ON -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Debug \
        "-DCMAKE_CUDA_ARCHITECTURES=75-real;80"
    cmake --build build/cuda_check --target vqclip
    tests/cli/device_test.sh build/cuda_check/src/vqclip with tests/models/fixtures
}

[ $# -ge 1 ] || usage
case $1 in
deps)
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES $FONT_PACKAGES $TEST_PACKAGES $(slurm_packages)
    ;;
build)
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES
    build release "$(testing)"
    say "the program is build/release/src/vqclip"
    ;;
run)
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES $FONT_PACKAGES
    build release "$(testing)"
    quickstart
    ;;
test)
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES $FONT_PACKAGES $TEST_PACKAGES $(slurm_packages)
    build release -DVQC_WERROR=ON -DBUILD_TESTING=ON
    compile_cuda
    # One more than there are processors: some tests wait for most of their time.
    ctest --test-dir build/release --output-on-failure --parallel $(($(getconf _NPROCESSORS_ONLN) + 1))
    ;;
*)
    usage
    ;;
esac
