#include "cli/session.h"

#include <string.h>
#include <time.h>

double vqc_session_clock(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

vqc_status vqc_session_open(vqc_session *session, vqc_error *error)
{
    const char *precision = session->precision == NULL ? "f32" : session->precision;
    if (strcmp(precision, "f32") == 0)
        session->dtype = VQC_DTYPE_F32;
    else if (strcmp(precision, "bf16") == 0)
        session->dtype = VQC_DTYPE_BF16;
    else
        return vqc_error_set(error, VQC_BAD_INPUT, "--precision %s: expected f32 or bf16", precision);
    if (session->threads > 4096)
        return vqc_error_set(error, VQC_BAD_INPUT, "--threads %ld: expected at most 4096", session->threads);
    session->started = vqc_session_clock();
    vqc_ops_options options = {.threads = (int)session->threads};
    return vqc_ops_create(session->device == NULL ? "cpu" : session->device, &options, &session->ops, error);
}

void vqc_session_close(vqc_session *session)
{
    vqc_ops_destroy(session->ops);
    session->ops = NULL;
}
