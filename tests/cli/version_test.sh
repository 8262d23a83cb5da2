#!/bin/sh
# version_test.sh PROGRAM VERSION: --version names the program and each library, with the version that its package has.
set -eu
. "$(dirname "$0")/../support/shell.sh"
cd "$folder"
"$1" --version >said 2>errors || fail "exit code"
[ "$(head -n 1 said)" = "vqclip $2" ] || fail "the first line"
[ ! -s errors ] || fail "errors"

# has NAME PACKAGE [VERSION-OF-THE-LINE]: the line that begins with NAME has the package's version, where pkg-config knows it.
compared=0
has() {
    line=$(grep "^$1 " said) || { [ $# -gt 2 ] && return; fail "no line of $1"; }
    version=$(pkg-config --modversion "$2" 2>/dev/null) || return 0
    case "$line" in
    "$1 $version" | "$1 $version "*) compared=$((compared + 1)) ;;
    *) fail "$1: expected $version of $2, found: $line" ;;
    esac
}
has libpng libpng
has libjpeg-turbo libjpeg
has libyaml yaml-0.1
has jansson jansson
has libzip libzip
has zlib zlib
has OpenSSL libcrypto
has libwebp libwebp optional
has Pango pango optional
has cairo cairo optional
has fontconfig fontconfig optional
grep -q '^utf8proc [0-9]' said || fail "no utf8proc" # whose 2.8.0 has a .pc file that says 2.6.0
grep -q '^libcsv [0-9]' said || fail "no libcsv"
grep -q '^HDF5 [0-9]*\.[0-9]*\.[0-9]*$' said || fail "no HDF5"
grep -q '^oneDNN [0-9]*\.[0-9]*\.[0-9]*, [a-z]' said || fail "no oneDNN"
if ldd "$1" | grep -q libmpi; then grep -q '^Open MPI v[0-9]' said || grep -q MPI said || fail "no MPI"; fi
[ "$(grep -c . said)" -eq "$(sort -u said | grep -c .)" ] || fail "a line stands twice"
echo "$compared versions compared with pkg-config's"
