#!/bin/sh
# debian.sh SCRIPT PACKAGE=VERSION...: checks that these Debian packages are installed in these versions (exit code 2
# where not), runs the shell commands on standard input in a temporary folder, and prints what they print. Exit code 1
# where that is not what SCRIPT's head has under "Output:", or where a command fails.
set -eu
script=$(realpath "$1")
expect=$(dirname "$(realpath "$0")")/expect.sh
shift
for package; do
    found=$(dpkg-query --showformat='${Version}' --show "${package%%=*}" 2>/dev/null) || found=none
    if [ "$found" != "${package#*=}" ]; then
        echo "$package is needed, found: $found" >&2
        exit 2
    fi
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/commands"
cd "$folder"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
"$expect" "$script" sh -eu commands
