#!/bin/sh
# MPI_MAX over a NaN gives NaN or not by which rank had it.
#
# Guess: a NaN at one rank makes the maximum NaN, or is passed over, the same whichever rank it is at.
#
# Found: with the NaN at rank 0 maximum and minimum are NaN; at any other rank it is gone without a trace. All ranks
# agree on the wrong answer, so that comparing their answers shows nothing.
#
# Why it matters here: the largest loss or gradient of a team is the obvious test for one that went to NaN; it finds
# one failure out of N. Counts of what is not finite can be summed instead.
#
# Versions: Open MPI 4.1.4 (Debian 12).
#
# Output:
#   NaN at rank 0 of 3: max nan, min nan
#   NaN at rank 1 of 3: max 3, min 1
#   NaN at rank 2 of 3: max 2, min 1
exec "$(dirname "$0")/common/debian.sh" "$0" libopenmpi3=4.1.4-3+b1 libopenmpi-dev=4.1.4-3+b1 <<'END'
cat >extremes.c <<'C'
#include <math.h>
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int rank, ranks;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    for (int holder = 0; holder < ranks; holder++)
    {
        double value = rank == holder ? (double)NAN : rank + 1.0, max, min;
        MPI_Allreduce(&value, &max, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
        MPI_Allreduce(&value, &min, 1, MPI_DOUBLE, MPI_MIN, MPI_COMM_WORLD);
        if (rank == 0)
            printf("NaN at rank %d of %d: max %g, min %g\n", holder, ranks, max, min);
    }
    MPI_Finalize();
    return 0;
}
C
mpicc extremes.c -o extremes
mpirun -n 3 ./extremes
END
