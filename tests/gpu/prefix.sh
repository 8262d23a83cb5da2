#!/bin/sh
# Packs the libraries that a GPU machine without a package registry lacks, so that vqclip can be built and run on ranks
# there. Run it on Debian 12 with vqclip's packages (bootstrap.sh installs them) and pkgconf:
#
#   tests/gpu/prefix.sh DIR     # makes DIR and DIR.tar.xz
#
# DIR can be moved. It holds include/, lib/ with all that the libraries need in turn except glibc, libgcc, libstdc++ and
# libgomp, lib/pkgconfig/, Open MPI with the transports for ranks of one host, and bin/ with mpirun, orted, pkg-config
# and mpicc, which tells CMake where MPI is and compiles with cc. Pango is left out: build with -DVQC_CAPTIONS=OFF.
#
#   export OPAL_PREFIX=DIR PKG_CONFIG_LIBDIR=DIR/lib/pkgconfig
#   cmake -DCMAKE_PREFIX_PATH=DIR -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags -DVQC_CAPTIONS=OFF ...
#
# With old dtags the programs' own search path serves the libraries that their libraries need as well.
set -eu
system=/usr/lib/x86_64-linux-gnu
mpi=lib/x86_64-linux-gnu/openmpi # where this Open MPI expects its files below OPAL_PREFIX

[ $# -eq 1 ] || {
    sed -n '5s/^# *//p' "$0" >&2
    exit 2
}
case $1 in
*[!/]*) ;;
*)
    echo "$0: expected a folder to make, found '$1'" >&2
    exit 2
    ;;
esac
if [ -e "$1" ]; then
    echo "$0: $1 is there already" >&2
    exit 2
fi
mkdir -p "$1/bin" "$1/include" "$1/lib/pkgconfig" "$1/libexec" "$1/share" "$1/$mpi/lib/openmpi3"
dir=$(cd "$1" && pwd)

# headers PACKAGE FOLDER: the package's files of /usr/include, or of the folder below it, as DIR/include.
headers() {
    from=/usr/include/$2
    dpkg -L "$1" | grep "^$from.*\.h\$" | while read -r file; do
        to=$dir/include/$(printf '%s' "${file#"$from"}" | sed 's|^/*||; s|^x86_64-linux-gnu/||')
        mkdir -p "${to%/*}"
        cp "$file" "$to"
    done
}

# library NAME FILE: DIR/lib/libNAME.so.VERSION as programs ask for it, and the link that linkers look for.
library() {
    real=$(readlink -f "$2")
    name=$(objdump -p "$real" | awk '$1 == "SONAME" { print $2 }')
    cp "$real" "$dir/lib/$name"
    [ "$name" = "lib$1.so" ] || ln -sf "$name" "$dir/lib/lib$1.so"
}

# description NAME VERSION LIBRARY [FLAGS]: DIR/lib/pkgconfig/NAME.pc
description() {
    cat >"$dir/lib/pkgconfig/$1.pc" <<TEXT
prefix=\${pcfiledir}/../..
Name: $1
Description: $1
Version: $2
Cflags: -I\${prefix}/include${4:+ $4}
Libs: -L\${prefix}/lib -l$3
TEXT
}

# package MODULE PACKAGE LIBRARY [FLAGS]: what pkg-config knows as MODULE.
package() {
    headers "$2" ""
    library "$3" "$system/lib$3.so"
    description "$1" "$(pkg-config --modversion "$1")" "$3" "${4:-}"
}

# program NAME: DIR/bin/NAME, which sets what the program in DIR/libexec needs.
program() {
    cp "$(readlink -f "$(command -v "$1")")" "$dir/libexec/$1"
    cat >"$dir/bin/$1" <<TEXT
#!/bin/sh
prefix=\$(cd "\$(dirname "\$(readlink -f "\$0")")/.." && pwd)
export OPAL_PREFIX="\$prefix"
export PMIX_MCA_pcompress_base_silence_warning=1
export LD_LIBRARY_PATH="\$prefix/lib\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
exec "\$prefix/libexec/$1" "\$@"
TEXT
    chmod +x "$dir/bin/$1"
}

package zlib zlib1g-dev z
package jansson libjansson-dev jansson
package libzip libzip-dev zip
package libcrypto libssl-dev crypto
package libpng libpng-dev png16
package libjpeg libjpeg62-turbo-dev jpeg
package yaml-0.1 libyaml-dev yaml
package libutf8proc libutf8proc-dev utf8proc -DUTF8PROC_EXPORTS
package cmocka libcmocka-dev cmocka
headers libcsv-dev ""
cp "$system/libcsv.a" "$dir/lib"
headers libdnnl-dev ""
library dnnl "$system/libdnnl.so"

headers libhdf5-openmpi-dev hdf5/openmpi
library hdf5_openmpi "$system/libhdf5_openmpi.so"
description hdf5-openmpi "$(pkg-config --modversion hdf5-openmpi)" hdf5_openmpi

cp "$system/openmpi/include/mpi.h" "$system/openmpi/include/mpi_portable_platform.h" "$dir/include"
library mpi "$system/libmpi.so"
cp -r /usr/share/openmpi "$dir/share"
# Without launchers on other hosts (one of them fails where there is no ssh), schedulers, and what needs libraries of
# fabrics.
for plugin in "$system/openmpi/lib/openmpi3"/mca_*.so; do
    case ${plugin##*/} in
    *_ucx.so | *_ofi.so | *_psm.so | *_psm2.so | *_openib.so | mca_pml_cm.so | *_monitoring.so | *_netlink.so) ;;
    *_slurm.so | *_gridengine.so | *_flux.so | *_jsm.so | mca_memheap_* | mca_scoll_* | mca_spml_* | mca_sshmem_*) ;;
    mca_atomic_* | mca_ras_simulator.so | mca_plm_rsh.so) ;;
    *) cp "$plugin" "$dir/$mpi/lib/openmpi3" ;;
    esac
done
program mpirun
cp "$dir/bin/mpirun" "$dir/bin/mpiexec" # what CMake looks for first; where it is, mpicc is
program orted
program pkg-config
cat >"$dir/bin/mpicc" <<'TEXT'
#!/bin/sh
prefix=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
case ${1-} in
-showme:compile | --showme:compile) echo "-I$prefix/include" ;;
-showme:link | --showme:link) echo "-L$prefix/lib -lmpi" ;;
*) exec "${CC:-cc}" "-I$prefix/include" "$@" "-L$prefix/lib" -lmpi ;;
esac
TEXT
chmod +x "$dir/bin/mpicc"

# All that the files so far need in turn; ldd names the whole tree.
find "$dir/lib" "$dir/libexec" -type f \( -name '*.so*' -o -path '*/libexec/*' \) -exec ldd {} + |
    awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' | sort -u |
    while read -r name file; do
        case $name in
        libc.so.* | libm.so.* | libdl.so.* | librt.so.* | libpthread.so.* | libresolv.so.*) ;;
        libgcc_s.so.* | libstdc++.so.* | libgomp.so.*) ;;
        *) [ -e "$dir/lib/$name" ] || cp "$(readlink -f "$file")" "$dir/lib/$name" ;;
        esac
    done

# search_path FOLDER FILE...: where the files' search path names Debian's folder of Open MPI it becomes FOLDER, filled up
# with slashes to the same length.
search_path() {
    from=$system/openmpi/lib
    to=$1
    while [ ${#to} -lt ${#from} ]; do
        to=$to/
    done
    shift
    LC_ALL=C sed -i -z "s|^$from\$|$to|" "$@"
}

search_path "\$ORIGIN" "$dir/lib/libmpi.so.40" "$dir/lib/libopen-rte.so.40"
search_path "\$ORIGIN/../../../.." "$dir/$mpi/lib/openmpi3"/*

XZ_OPT=-T0 tar -C "$(dirname "$dir")" -cJf "$dir.tar.xz" "$(basename "$dir")"
du -sh "$dir" "$dir.tar.xz"
