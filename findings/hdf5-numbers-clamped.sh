#!/bin/sh
# HDF5 reads numbers that do not fit the type asked for as the nearest one that does, and says nothing.
#
# Guess: H5Dread of an unsigned 64-bit number of 2^63 or more as a signed one fails, or gives the same bits.
#
# Found: it succeeds, and every such number becomes 2^63 - 1; a double of 1e10 read as int becomes 2147483647, a NaN the
# lowest int, and a negative number read as unsigned 0. Only an exception callback in the transfer properties sees it.
#
# Why it matters here: seeds are 0 to 2^64 - 1. A reader that asks for the usual signed type gets one seed for all of the
# upper half, and finds them equal. Types in the file must be compared with the type asked for before reading.
#
# Versions: libhdf5 1.10.8 (Debian 12).
#
# Output:
#   2^63, 2^64 - 1, 5 as signed: 9223372036854775807 9223372036854775807 5 (H5Dread: 0)
#   1e10, -5, nan as int: 2147483647 -5 -2147483648 (H5Dread: 0)
#   1e10, -5, nan as unsigned: 4294967295 0 0 (H5Dread: 0)
exec "$(dirname "$0")/common/debian.sh" "$0" libhdf5-openmpi-dev=1.10.8+repack1-1 <<'END'
cat >read.c <<'C'
#include <hdf5.h>
#include <math.h>
#include <stdio.h>

static hid_t written(hid_t file, const char *name, hid_t type, const void *values)
{
    hsize_t count = 3;
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Sclose(space);
    return set;
}

int main(void)
{
    hid_t file = H5Fcreate("numbers.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    unsigned long long seeds[3] = {1ULL << 63, ~0ULL, 5};
    double numbers[3] = {1e10, -5.0, NAN};
    hid_t seed_set = written(file, "seeds", H5T_NATIVE_ULLONG, seeds);
    hid_t number_set = written(file, "numbers", H5T_NATIVE_DOUBLE, numbers);
    long long signs[3];
    int status = H5Dread(seed_set, H5T_NATIVE_LLONG, H5S_ALL, H5S_ALL, H5P_DEFAULT, signs);
    printf("2^63, 2^64 - 1, 5 as signed: %lld %lld %lld (H5Dread: %d)\n", signs[0], signs[1], signs[2], status);
    int whole[3];
    status = H5Dread(number_set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, whole);
    printf("1e10, -5, nan as int: %d %d %d (H5Dread: %d)\n", whole[0], whole[1], whole[2], status);
    unsigned positive[3];
    status = H5Dread(number_set, H5T_NATIVE_UINT, H5S_ALL, H5S_ALL, H5P_DEFAULT, positive);
    printf("1e10, -5, nan as unsigned: %u %u %u (H5Dread: %d)\n", positive[0], positive[1], positive[2], status);
    H5Dclose(seed_set);
    H5Dclose(number_set);
    H5Fclose(file);
    return 0;
}
C
mpicc read.c -o read $(pkg-config --cflags --libs hdf5-openmpi)
./read
END
