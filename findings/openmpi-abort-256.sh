#!/bin/sh
# A job that ended by MPI_Abort can end with exit code 0.
#
# Guess: MPI_Abort makes mpirun fail, whatever the error code it was given is, as long as that is not zero.
#
# Found: mpirun passes on the lowest eight bits: MPI_Abort with 256 is success for the shell, and for a batch system that
# goes by it.
#
# Why it matters here: error codes that are sums of flags, or those of a library, reach 256; a study that was given up
# is then "completed", and what depends on it (afterok) begins.
#
# Versions: Open MPI 4.1.4 (Debian 12).
#
# Output:
#   MPI_Abort with 1: exit code 1
#   MPI_Abort with 255: exit code 255
#   MPI_Abort with 256: exit code 0
#   MPI_Abort with 257: exit code 1
exec "$(dirname "$0")/common/debian.sh" "$0" openmpi-bin=4.1.4-3+b1 libopenmpi-dev=4.1.4-3+b1 <<'END'
cat >abort.c <<'C'
#include <mpi.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Abort(MPI_COMM_WORLD, atoi(argv[1]));
}
C
mpicc abort.c -o abort
for code in 1 255 256 257; do
    seen=0
    mpirun -n 2 ./abort $code >log 2>&1 || seen=$?
    echo "MPI_Abort with $code: exit code $seen"
done
END
