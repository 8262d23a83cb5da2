/* A build without NCCL. */
#include "comm/nccl.h"

static vqc_status unavailable(vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "this build of the program has no NCCL");
}

bool vqc_nccl_built(void)
{
    return false;
}

void vqc_nccl_version(char version_out[VQC_NCCL_VERSION_SIZE])
{
    version_out[0] = '\0';
}

vqc_status vqc_nccl_id_create(unsigned char id_out[VQC_NCCL_ID_SIZE], vqc_error *error)
{
    (void)id_out;
    return unavailable(error);
}

vqc_status vqc_nccl_create(const unsigned char id[VQC_NCCL_ID_SIZE], int size, int member, vqc_nccl **nccl_out,
                           vqc_error *error)
{
    (void)id, (void)size, (void)member, (void)nccl_out;
    return unavailable(error);
}

vqc_status vqc_nccl_sum(vqc_nccl *nccl, int64_t *values, size_t count, void *stream, vqc_error *error)
{
    (void)nccl, (void)values, (void)count, (void)stream;
    return unavailable(error);
}

vqc_status vqc_nccl_poll(vqc_nccl *nccl, bool *ready_out, vqc_error *error)
{
    (void)nccl, (void)ready_out;
    return unavailable(error);
}

vqc_status vqc_nccl_finish(vqc_nccl *nccl, vqc_error *error)
{
    (void)nccl;
    return unavailable(error);
}

void vqc_nccl_destroy(vqc_nccl *nccl)
{
    (void)nccl;
}

void vqc_nccl_abort(vqc_nccl *nccl, double seconds)
{
    (void)nccl, (void)seconds;
}
