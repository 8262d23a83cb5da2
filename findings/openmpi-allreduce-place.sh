#!/bin/sh
# Where a value stands in a buffer decides the last bit of its sum over three ranks.
#
# Guess: MPI_Allreduce adds the ranks' values in one order, so that equal values at two places of a buffer have equal
# sums, and a value has the same sum in a short buffer as in a long one.
#
# Found: with three ranks, buffers of 4 to 64 KiB are cut into a piece for each rank, and each piece is added beginning
# with another rank: of sums that should be equal about a fifth differ. Shorter and longer buffers, and five ranks, show
# nothing of it. All ranks agree on the bits that they get, so that comparing ranks does not show it either.
#
# Why it matters here: a gradient that is cut, padded or ordered otherwise, or sent with another beside it, is another
# gradient, though every rank does the same. Sums of integers do not depend on their order.
#
# Versions: Open MPI 4.1.4 (Debian 12).
#
# Output:
#   3 ranks, 64 values: 0 differ from their equals
#   3 ranks, 1024 values: 228 differ from their equals
#   3 ranks, 16384 values: 3668 differ from their equals
#   3 ranks, 65536 values: 0 differ from their equals
#   5 ranks, 64 values: 0 differ from their equals
#   5 ranks, 1024 values: 0 differ from their equals
#   5 ranks, 16384 values: 0 differ from their equals
#   5 ranks, 65536 values: 0 differ from their equals
exec "$(dirname "$0")/common/debian.sh" "$0" libopenmpi3=4.1.4-3+b1 libopenmpi-dev=4.1.4-3+b1 <<'END'
cat >places.c <<'C'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIOD = 64, LONGEST = 65536 };
static float values[LONGEST], sums[LONGEST];

// Sixty-four values of this rank, over and over; how many sums have not the bits of the first of their kind.
static void compare(int rank, int ranks, int count)
{
    srand48(rank + 1);
    for (int i = 0; i < count; i++)
        values[i] = i < PERIOD ? (float)(drand48() - 0.5) : values[i - PERIOD];
    MPI_Allreduce(values, sums, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    int differ = 0;
    for (int i = 0; i < count; i++)
        differ += memcmp(&sums[i], &sums[i % PERIOD], sizeof sums[i]) != 0;
    if (rank == 0)
        printf("%d ranks, %d values: %d differ from their equals\n", ranks, count, differ);
}

int main(int argc, char **argv)
{
    int rank, ranks;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    const int counts[] = {64, 1024, 16384, LONGEST};
    for (int i = 0; i < 4; i++)
        compare(rank, ranks, counts[i]);
    MPI_Finalize();
    return 0;
}
C
mpicc -O1 places.c -o places
for ranks in 3 5; do
    mpirun -n $ranks ./places
done
END
