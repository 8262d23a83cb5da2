#ifndef VQC_TESTS_SUPPORT_RENDERING_H
#define VQC_TESTS_SUPPORT_RENDERING_H

#include "job.h"
#include "render/renderer.h"

/* A study with a renderer of it, on a device of its own. */
typedef struct rendering {
    vqc_study *study;
    vqc_ops *ops;
    vqc_renderer *renderer;
} rendering;

static inline void renderer_open(rendering *r, const char *device, vqc_ops_options options)
{
    vqc_error error = {0};
    check(vqc_ops_create(device, &options, &r->ops, &error), &error);
    check(vqc_renderer_create(r->study, r->ops, VQC_DTYPE_F32, &r->renderer, &error), &error);
}

/* Without the study. */
static inline void renderer_close(rendering *r)
{
    vqc_renderer_destroy(r->renderer);
    vqc_ops_destroy(r->ops);
}

static inline rendering rendering_open(const char *job, const char *device, vqc_ops_options options)
{
    rendering r = {.study = job_open(job)};
    renderer_open(&r, device, options);
    return r;
}

static inline void rendering_close(rendering *r)
{
    renderer_close(r);
    vqc_study_close(r->study);
}

#endif
