#ifndef VQC_STUDY_MANUAL_H
#define VQC_STUDY_MANUAL_H

#include <stdbool.h>

#include "base/status.h"
#include "base/text.h"

/* Appends the manual of the job file, made from the tables that it is read by: every key with its kind and range, its
 * default and what it is. For a terminal of 100 columns, or as Markdown, which is docs/job-file.md. Fails for want of
 * memory alone. */
VQC_MUST_CHECK vqc_status vqc_job_manual_write(vqc_text *text, bool markdown, vqc_error *error);

/* The job file that it shows. */
const char *vqc_job_manual_example(void);

#endif
