#ifndef VQC_CLI_BENCH_REPORT_H
#define VQC_CLI_BENCH_REPORT_H

#include "archive/archive.h"
#include "ops/ops.h"
#include "render/renderer.h"

/* What `vqclip bench` prints. Fails for want of memory alone. */

/* One part of a step. */
typedef struct vqc_bench_part {
    double median; /* seconds, over the steps */
    double share;  /* of the sum of all parts' medians */
} vqc_bench_part;

typedef struct vqc_bench_report {
    const vqc_study *study;
    const vqc_render *render;
    char environment[VQC_ARCHIVE_DEVICE_SIZE];
    vqc_ops_identity device; /* empty texts where it is the host */
    int lanes;               /* renders at a time; the parts of a step below are those of the first, and its step ends
                                when all have ended */
    int64_t groups;          /* crop groups of one perceptor in a step */
    int64_t steps, warm_up;
    double open;    /* seconds: models, and the targets of the render's prompt */
    double start;   /* networks and first latent */
    double picture; /* decoding the latent once more, as snapshots and the result do */
    double step_median, step_smallest;
    vqc_bench_part decode;
    vqc_bench_part perceptors[VQC_STUDY_MAX_PERCEPTORS]; /* all crop groups, forward and backward */
    vqc_bench_part update;                               /* back through the decoder, and the optimiser */
    vqc_bench_part rest;
    double loss;      /* in the last step: the same on every machine, but for rounding */
    size_t host_peak; /* bytes; 0 where the system does not say */
    vqc_guidance_memory memory;
    size_t device_used; /* bytes of the device's memory in use at the end, by everything that runs there; 0 where the
                           device does not say */
    double render_seconds; /* predicted for a render, from start to the last picture; without `open` */
} vqc_bench_report;

/* For people. */
void vqc_bench_report_print(const vqc_bench_report *report);

/* As one JSON object. */
VQC_MUST_CHECK vqc_status vqc_bench_report_print_json(const vqc_bench_report *report, vqc_error *error);

#endif
