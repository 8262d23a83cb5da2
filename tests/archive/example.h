#ifndef VQC_TESTS_ARCHIVE_EXAMPLE_H
#define VQC_TESTS_ARCHIVE_EXAMPLE_H

#include "archive/archive.h"

/* A study to store, and results whose every byte is a function of the render's number, so that whatever is read
 * back can be checked.
 *
 * Renders 2, 5, 8, ... have the small shape, which has neither snapshots nor checkpoints; the others the large one.
 */

#define EXAMPLE_ENVIRONMENT "abacus; beads"

typedef struct example_study {
    vqc_archive_outline outline;
    vqc_archive_render *renders;
    char (*ids)[32];
} example_study;

void example_study_init(example_study *study, size_t renders);
void example_study_release(example_study *study);

/* What a dataset of a render holds. */
typedef enum example_part {
    EXAMPLE_PICTURE,
    EXAMPLE_LATENT,
    EXAMPLE_CODES,
    EXAMPLE_LOSSES,
    EXAMPLE_SNAPSHOT,        /* + its number */
    EXAMPLE_CHECKPOINT = 100 /* + its step */
} example_part;

/* Number of bytes of a part in the render's shape. */
/* Writes all snapshots of a render, as launches have done before its result. */
vqc_status example_snapshots_write(vqc_archive *archive, size_t render, vqc_error *error);

size_t example_bytes(const vqc_archive_outline *outline, size_t render, int part);

/* New memory with the part's contents; to be freed. Finite numbers where the part holds numbers. */
void *example_part_make(const vqc_archive_outline *outline, size_t render, int part);

/* Whether these are the part's contents. */
bool example_part_equals(const vqc_archive_outline *outline, size_t render, int part, const void *bytes);

/* Writes the render's whole result. */
VQC_MUST_CHECK vqc_status example_result_write(vqc_archive *archive, size_t render, vqc_error *error);

/* Whether a done render's result is what example_result_write wrote; false also where it cannot be read. */
bool example_result_is_right(const vqc_archive *archive, size_t render);

/* Whether the newest checkpoint, if there is one, is what belongs to its step; -1 in *step_out if there is none. */
bool example_checkpoint_is_right(const vqc_archive *archive, size_t render, int64_t *step_out);

#endif
