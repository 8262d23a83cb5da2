#ifndef VQC_CLI_PART_H
#define VQC_CLI_PART_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

/* Which part of a study a launch makes: `number` of `count`, from 1. */
typedef struct vqc_part {
    uint32_t number, count; /* 0 of 0: it makes all of it */
} vqc_part;

/* Reads "I/N", or "array": the place of this task in its Slurm array, by SLURM_ARRAY_TASK_ID and the count, the
 * least, the greatest and the step of the array's numbers, which must be evenly spaced. NULL: all of the study. What
 * is not understood, or not set, is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_part_parse(const char *text, vqc_part *part_out, vqc_error *error);

/* Appends the path of the study's archive, or of its part: "DIR/STUDY.h5", "DIR/STUDY.part-2-of-4.h5". */
VQC_MUST_CHECK vqc_status vqc_part_path(const char *folder, const char *study, vqc_part part, vqc_text *path,
                                        vqc_error *error);

/* Whether the folder holds parts of the study of another count, which do not go together with these: VQC_BAD_INPUT.
 */
VQC_MUST_CHECK vqc_status vqc_part_folder_check(const char *folder, const char *study, vqc_part part,
                                                vqc_error *error);

#endif
