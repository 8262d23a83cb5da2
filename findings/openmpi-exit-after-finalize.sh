#!/bin/sh
# mpirun kills the other ranks when one ends with an exit code that is not 0, though all have left MPI in good order.
#
# Guess: after MPI_Finalize the ranks are separate programs; mpirun waits for all, and returns one of their exit codes.
#
# Found: with exit code 3 of rank 1 right after MPI_Finalize, rank 0, which had three seconds of work left, is killed, and its
# last lines are missing; with exit code 0 it finishes. mpirun calls this "per user-direction".
#
# Why it matters here: exit codes other than 0 are how a launch says that time was up or that a render failed. What rank 0
# still has to write (its last message, a table, a closing file) must be done before any other rank may end.
#
# Versions: Open MPI 4.1.4 (Debian 12).
#
# Output:
#   rank 1 ends with 0: rank 0 wrote its last line, mpirun: 0
#   rank 1 ends with 3: rank 0 was killed, mpirun: 3
exec "$(dirname "$0")/common/debian.sh" "$0" libopenmpi3=4.1.4-3+b1 libopenmpi-dev=4.1.4-3+b1 <<'END'
cat >leave.c <<'C'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Finalize();
    if (rank == 1)
        return atoi(argv[1]);
    sleep(3);
    puts("last line");
    return 0;
}
C
mpicc leave.c -o leave
for code in 0 3; do
    seen=0
    mpirun -n 2 ./leave $code >said 2>log || seen=$?
    if grep -q "last line" said; then words="wrote its last line"; else words="was killed"; fi
    echo "rank 1 ends with $code: rank 0 $words, mpirun: $seen"
done
END
