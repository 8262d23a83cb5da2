#!/bin/sh
# Installs what is missing, builds, and tests. Asks nothing; may be run again at any time.
#
#   ./bootstrap.sh deps    install the packages that are missing, and nothing else
#   ./bootstrap.sh build   the same, then build the program: build/release/src/vqclip
#   ./bootstrap.sh test    the same, then build and run the tests
#
# Packages come from apt, with sudo where needed. Without apt it names them and goes on, in case they are there.
set -eu
cd "$(dirname "$0")"

BUILD_PACKAGES="gcc libc6-dev cmake ninja-build pkg-config libdnnl-dev libjansson-dev libzip-dev zlib1g-dev libssl-dev
    libpng-dev libjpeg62-turbo-dev libyaml-dev libutf8proc-dev libopenmpi-dev openmpi-bin libhdf5-openmpi-dev"
TEST_PACKAGES="libcmocka-dev"

say() {
    printf '%s\n' "bootstrap: $*"
}

usage() {
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
    done
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

[ $# -ge 1 ] || usage
case $1 in
deps)
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES $TEST_PACKAGES
    ;;
build)
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES
    build release
    say "the program is build/release/src/vqclip"
    ;;
test)
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES $TEST_PACKAGES
    build release -DVQC_WERROR=ON
    ctest --test-dir build/release --output-on-failure
    ;;
*)
    usage
    ;;
esac
