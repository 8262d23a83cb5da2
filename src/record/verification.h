#ifndef VQC_RECORD_VERIFICATION_H
#define VQC_RECORD_VERIFICATION_H

#include "archive/archive.h"
#include "record/archived_study.h"
#include "record/environment.h"
#include "record/rerender.h"

/* What verifying an archive finds: its results against their digests, its models' files, and some of its renders made
 * again. By one process. */

/* A file besides the models' that pictures were made from, as it is now. */
typedef enum vqc_verified_input {
    VQC_VERIFIED_INPUT_PRESENT,
    VQC_VERIFIED_INPUT_UNRECORDED, /* there, but the archive does not record its digest */
    VQC_VERIFIED_INPUT_MISSING,
    VQC_VERIFIED_INPUT_ANOTHER, /* another file is in its place */
    VQC_VERIFIED_INPUT_COUNT
} vqc_verified_input;

/* A render made again. */
typedef struct vqc_verified_render {
    size_t number;
    char *failure;     /* why it could not be made; NULL if it was */
    char *differences; /* of this environment from the one recorded; NULL if there are none */
    vqc_rerender_comparison comparison;
    bool passes; /* vqc_rerender_passes; exact where there are no differences */
} vqc_verified_render;

typedef struct vqc_verification {
    size_t *done; /* numbers of the finished renders */
    size_t done_count, failed_count, pending_count;
    struct vqc_verified_damage {
        size_t number;
        vqc_archive_damage damage;
    } * damaged; /* finished renders of which something does not have its digest */
    size_t damaged_count;
    size_t *impossible; /* finished renders with losses or codes that no render has: not finite, negative */
    size_t impossible_count;
    vqc_model_files files;
    vqc_verified_input *inputs; /* of the study's, in their order */
    size_t input_count, inputs_replaced;
    vqc_verified_render *again; /* renders made again */
    size_t again_count;
} vqc_verification;

/* A verification that is all zeros may be released, and one is to be also after a failure. */
void vqc_verification_release(vqc_verification *verification);

/* Checks the archive's structure (vqc_archive_check, whose faults are VQC_BAD_INPUT) and every finished render's
 * digests, losses and codes. First of these three. */
VQC_MUST_CHECK vqc_status vqc_verification_check_results(vqc_verification *verification, const vqc_archive *archive,
                                                         vqc_error *error);

/* Looks for the models' files, vqc_model_files_find, and at the study's inputs. */
VQC_MUST_CHECK vqc_status vqc_verification_check_files(vqc_verification *verification,
                                                       const vqc_archived_study *study, const char *models,
                                                       vqc_error *error);

/* Makes `count` finished renders again, spread evenly over all of them, in the environment `here`, which is that of
 * ops and precision. There are at least so many. A model file that was not found is VQC_BAD_INPUT. A render whose
 * other inputs are gone or replaced cannot be made again; that, and one that fails, is a finding. */
VQC_MUST_CHECK vqc_status vqc_verification_rerender(vqc_verification *verification, const vqc_archive *archive,
                                                    vqc_archived_study *study, vqc_ops *ops, vqc_dtype precision,
                                                    const vqc_environment *here, size_t count, vqc_error *error);

/* Whether nothing is wrong. Files that are missing are not; those that are others than recorded are. */
bool vqc_verification_passes(const vqc_verification *verification);

#endif
