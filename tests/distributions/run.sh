#!/bin/bash
# Both commands of the README in a bare system that debootstrap makes, from a clone of what is committed here:
#
#   tests/distributions/run.sh DISTRIBUTION [COMMAND...]
#
# DISTRIBUTION: debian-12, debian-13, ubuntu-24.04. COMMAND: what bootstrap.sh is told, one after the other
# (default: test run). Prints the versions that it found, the end of each command's output, and the SHA-256 of the quickstart's
# pictures and latents. MIRROR is where the packages come from (default: debootstrap's own). Outside the tests: needs root, a
# debootstrap that knows the release, the network, 6 GB under TMPDIR and, for all of it, half an hour on two cores. The
# reference files of VQC_SHARED_DIR's default, ../shared, are there if they are here. Exit code 1 where a command failed; its
# whole output stands in the file that is named then. Mounts and processes live in namespaces of their own and end with it.
set -eu
[ $# -ge 1 ] || { sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2; }
if [ -z "${VQC_UNSHARED:-}" ]; then
    [ "$(id -u)" -eq 0 ] || { echo "needs root" >&2; exit 2; }
    command -v debootstrap >/dev/null || { echo "needs debootstrap" >&2; exit 2; }
    VQC_UNSHARED=1 exec unshare --mount --pid --fork --kill-child --propagation private "$0" "$@"
fi

distribution=$1
shift
[ $# -gt 0 ] || set -- test run
case $distribution in
debian-12) suite=bookworm components=main ;;
debian-13) suite=trixie components=main ;;
ubuntu-24.04) suite=noble components=main,universe ;;
*)
    echo "$distribution: expected debian-12, debian-13 or ubuntu-24.04" >&2
    exit 2
    ;;
esac
# Without it debootstrap would look for the release on Debian's servers.
keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
case $distribution in
ubuntu-*) [ -r "$keyring" ] || { echo "$keyring: is not there; Ubuntu's packages are checked with it" >&2; exit 2; } ;;
esac
source=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/../support/shell.sh"
root=$folder/root

# Deletes nothing while something is mounted in the root: that may be the reference files, which lie outside of it.
clean_up() {
    cd /
    umount --recursive --lazy "$root" 2>/dev/null || true
    if grep -qF " $root" /proc/self/mounts; then
        echo "something is still mounted in $root: left as it is" >&2
    else
        rm -rf --one-file-system "$folder"
    fi
}
trap clean_up EXIT

# A mount of its own, with which all goes that is mounted in it.
mkdir "$root"
mount --bind "$root" "$root"

debootstrap --variant=minbase --components="$components" "$suite" "$root" ${MIRROR:+"$MIRROR"} >"$folder/said" || fail "debootstrap"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/root/work/shared"
git clone --quiet "$source" "$root/root/work/vqclip"
if [ -d "$source/../shared" ]; then
    mount --bind -o ro "$(realpath "$source/../shared")" "$root/root/work/shared"
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"

# inside WORD...: runs a command in the clone, with an environment that has nothing in it.
inside() {
    chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root CI=true \
        /bin/sh -c 'cd /root/work/vqclip && "$@"' sh "$@"
}

echo "$distribution, commit $(git -C "$source" rev-parse --short HEAD), $(uname -m), $(nproc) processors, $(date -u +%F)"
for command; do
    log=${TMPDIR:-/tmp}/vqclip-$distribution-$command.log
    echo "== ./bootstrap.sh $command"
    SECONDS=0
    code=0
    inside ./bootstrap.sh "$command" >"$log" 2>&1 || code=$?
    tail -n 15 "$log"
    echo "exit code $code after $SECONDS s"
    [ "$code" -eq 0 ] || { echo "all of it: $log"; exit 1; }
done
echo "== versions"
inside build/release/src/vqclip --version
inside sh -c 'gcc --version | head -n 1; mpirun --version | head -n 1'
if [ -e "$root/root/work/vqclip/out/quickstart/quickstart.h5" ]; then
    echo "== quickstart: SHA-256 of pictures and latents"
    inside build/release/src/vqclip show out/quickstart/quickstart.h5 --json |
        python3 -c 'import json, sys
for render in json.load(sys.stdin)["renders"]: print(render["picture_sha256"][:16], render["latent_sha256"][:16], render["prompt"])'
fi
