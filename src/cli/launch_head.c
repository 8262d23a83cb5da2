#include "cli/launch_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/visible.h"

enum { TIME_SIZE = 40 };

/* Local time with its distance from UTC, as ISO 8601 has it. */
static void time_write(char text[TIME_SIZE])
{
    struct tm parts;
    time_t now = time(NULL);
    if (localtime_r(&now, &parts) == NULL || strftime(text, TIME_SIZE, "%FT%T%z", &parts) == 0)
        text[0] = '\0';
}

/* Collective. */
static vqc_status hosts_count(vqc_comm *comm, int *hosts_out, vqc_error *error)
{
    int *firsts;
    const int size = vqc_comm_size(comm);
    const int first = vqc_comm_local_rank(comm) == 0;
    *hosts_out = 0;
    VQC_TRY(vqc_memory_allocate((size_t)size, sizeof *firsts, "the ranks' hosts", &firsts, error));
    vqc_status status = vqc_comm_all_gather(comm, &first, sizeof first, firsts, error);
    for (int rank = 0; status == VQC_OK && rank < size; rank++)
        *hosts_out += firsts[rank];
    free(firsts);
    return status;
}

static void ranks_say(vqc_comm *comm, int hosts)
{
    const int size = vqc_comm_size(comm);
    vqc_print(stderr, "%d rank%s on ", size, size == 1 ? "" : "s");
    if (hosts == 1)
        vqc_print(stderr, "%s", vqc_comm_host(comm));
    else
        vqc_print(stderr, "%d hosts, the first of them %s", hosts, vqc_comm_host(comm));
}

static void job_say(void)
{
    const char *job = getenv("SLURM_JOB_ID");
    const char *restart = getenv("SLURM_RESTART_COUNT");
    if (job != NULL)
        vqc_print(stderr, "; Slurm job %s, restart %s", job, restart == NULL ? "0" : restart);
}

vqc_status vqc_launch_head_say(vqc_comm *comm, const vqc_environment *environment, vqc_error *error)
{
    int hosts;
    char when[TIME_SIZE];
    VQC_TRY(hosts_count(comm, &hosts, error));
    if (vqc_comm_rank(comm) != 0)
        return VQC_OK;
    time_write(when);
    vqc_print(stderr, "%s, %s: ", environment->field[VQC_ENVIRONMENT_PROGRAM], when);
    ranks_say(comm, hosts);
    vqc_print(stderr, "; %s %s, %s, %s each", environment->field[VQC_ENVIRONMENT_DEVICE],
              environment->field[VQC_ENVIRONMENT_INSTRUCTION_SET], environment->field[VQC_ENVIRONMENT_PRECISION],
              environment->field[VQC_ENVIRONMENT_THREADS]);
    job_say();
    vqc_print(stderr, "\n");
    return VQC_OK;
}
