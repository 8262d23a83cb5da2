#include "comm/launcher.h"

#include <stdlib.h>
#include <string.h>

#ifdef VQC_WITH_MPI
static const char remedy[] = "start them with srun --mpi=pmix, or with the mpirun of the MPI that this program was "
                             "built with";
#else
static const char remedy[] =
    "this build of the program has no MPI: start it without mpirun or srun, or build it where "
    "MPI and parallel HDF5 are installed";
#endif

/* Who says of how many ranks a process is one. The first that is there counts: mpirun starts its helpers by srun, and
 * what srun says is of those then. */
static const char *const sizes[] = {
    "OMPI_COMM_WORLD_SIZE", /* Open MPI */
    "PMI_SIZE",             /* MPICH, Intel MPI; srun --mpi=pmi2 */
    "MV2_COMM_WORLD_SIZE",  /* MVAPICH */
    "SLURM_STEP_NUM_TASKS", /* srun, whatever it connects them by */
};

/* Who says which of them it is: the same, and PMIx (srun --mpi=pmix, newer mpirun). */
static const char *const numbers[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};

bool vqc_launcher_is_first_of_several(void)
{
    const char *number = NULL;
    const char *size = NULL;
    for (size_t i = 0; number == NULL && i < sizeof numbers / sizeof numbers[0]; i++)
        number = getenv(numbers[i]);
    for (size_t i = 0; size == NULL && i < sizeof sizes / sizeof sizes[0]; i++)
        size = getenv(sizes[i]);
    return number != NULL && size != NULL && strcmp(number, "0") == 0 && strtol(size, NULL, 10) > 1;
}

bool vqc_launcher_connects(void)
{
    /* Open MPI's mpirun; PMIx (srun --mpi=pmix, newer mpirun); PMI (MPICH's mpirun, srun --mpi=pmi2). */
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (getenv(names[i]))
            return true;
    return false;
}

vqc_status vqc_launcher_check(int size, vqc_error *error)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *said = getenv(sizes[i]);
        if (said == NULL)
            continue;
        if (size > 1 || strtol(said, NULL, 10) <= 1)
            return VQC_OK;
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "started as %s ranks (%s), but they are not connected, and each would make the whole "
                             "study; %s",
                             said, sizes[i], remedy);
    }
    return VQC_OK;
}
