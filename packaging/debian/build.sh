#!/bin/sh
# Builds the Debian package of what is committed here, and has lintian look at it:
#
#   packaging/debian/build.sh OUTPUT
#
# OUTPUT, a folder, gets vqclip_VERSION_ARCHITECTURE.deb and what belongs to it. Needs debhelper, lintian and what bootstrap.sh
# installs for building. Fails where lintian finds an error.
set -eu
[ $# -eq 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
mkdir -p "$1"
output=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

version=$(sed -n 's/^project(vqclip VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")
date=$(git -C "$source" log -1 --format=%cD)
mkdir "$work/vqclip-$version"
git -C "$source" archive HEAD | tar -x -C "$work/vqclip-$version"
cp -r "$here/debian" "$work/vqclip-$version/debian"
cd "$work/vqclip-$version"

# What bootstrap.sh installs for building, but for the compiler, which every package may take for granted.
wanted=$(sed -n '/^BUILD_PACKAGES="/,/"$/p' bootstrap.sh | sed 's/BUILD_PACKAGES=//' | tr -d '"' | tr ' ' '\n' |
    grep -v '^$\|^gcc$\|^libc6-dev$' | sort)
listed=$(sed -n '/^Build-Depends:/,/^Standards-Version:/p' debian/control | sed '$d; s/^Build-Depends://' | tr ',' '\n' | tr -d ' ' |
    grep -v '^$\|^debhelper' | sort)
[ "$wanted" = "$listed" ] || { echo "debian/control: Build-Depends are not bootstrap.sh's BUILD_PACKAGES" >&2; exit 1; }

{
    printf 'vqclip (%s) unstable; urgency=medium\n\n  * Built from its sources.\n\n' "$version"
    printf ' -- The vqclip authors <authors@vqclip.invalid>  %s\n' "$date"
} >debian/changelog
{
    printf '\nLicense: Expat\n'
    sed -e '1,4d' -e 's/^$/./' -e 's/^/ /' LICENSE
} >>debian/copyright
dpkg-buildpackage --build=full --no-sign --jobs="$(getconf _NPROCESSORS_ONLN)"
cd ..
lintian --fail-on error ./*.changes
cp ./*.deb ./*.dsc ./*.tar.* ./*.changes ./*.buildinfo "$output"
ls -l "$output"
