#ifndef VQC_COMM_LAUNCHER_H
#define VQC_COMM_LAUNCHER_H

#include <stdbool.h>

#include "base/status.h"

/* What the environment says of the program that started this process: mpirun of Open MPI, of MPICH and its kin, or
 * Slurm's srun. */

/* Whether something started it that MPI can ask for the other ranks. Without such MPI would still start, as one rank,
 * but it takes time, starts a helper process and may fail where no launcher is installed. */
bool vqc_launcher_connects(void);

/* Whether, as the launcher says, this is rank 0, and there are others. */
bool vqc_launcher_is_first_of_several(void);

/* That the launcher started as many ranks as there are: `size`, which MPI says, or 1 where it was not started. Else
 * each of them is alone, and would do all the work: srun without PMIx, another MPI's mpirun, a build without MPI.
 * VQC_BAD_INPUT, with who started how many, and what to do. */
VQC_MUST_CHECK vqc_status vqc_launcher_check(int size, vqc_error *error);

#endif
