#ifndef VQC_TESTS_CLI_REPORT_STUDY_H
#define VQC_TESTS_CLI_REPORT_STUDY_H

#include "archive/archive.h"

/* An archive as large as one likes, without models: what a render holds is a function of its number. Prompts × seeds
 * × two learning rates; every fiftieth render from the 7th on has failed, from the 9th on is not finished. Prompts
 * have categories. */
typedef struct report_sizes {
    size_t prompts, seeds;
    uint32_t side, steps, snapshots;
    bool hostile; /* names, prompts, settings and reasons try to break out of a page */
} report_sizes;

typedef struct report_study {
    report_sizes sizes;
    vqc_archive_outline outline;
    vqc_archive_extents shape;
    vqc_archive_render *renders;
    const char **categories;
    char job_sha256[VQC_DIGEST_TEXT_SIZE];
    char **texts; /* of all prompts, then the two settings, then all ids */
} report_study;

enum { REPORT_LOSSES = 3, REPORT_REASON_SIZE = 96 };

void report_study_init(report_study *study, const report_sizes *sizes);
void report_study_release(report_study *study);

vqc_archive_state report_state(size_t render);
const char *report_reason(const report_study *study);

/* A render's picture (side, side, 3), and its snapshots' (snapshot from 0 on; -1: the picture). */
void report_picture(const report_study *study, size_t render, int snapshot, uint8_t *pixels);
/* (steps, REPORT_LOSSES) */
void report_losses(const report_study *study, size_t render, float *losses);

/* Makes the archive. */
VQC_MUST_CHECK vqc_status report_study_write(const report_study *study, const char *path, vqc_error *error);

#endif
