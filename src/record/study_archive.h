#ifndef VQC_RECORD_STUDY_ARCHIVE_H
#define VQC_RECORD_STUDY_ARCHIVE_H

#include "archive/archive.h"
#include "record/environment.h"
#include "render/renderer.h"

/* Appends the files beside a perceptor's weights that decide what it sees, each with its digest, in lines
 * "vocabulary: NAME" and "vocabulary_sha256: DIGEST" as archives have them: its tokenizer's files, and its
 * configuration's. */
VQC_MUST_CHECK vqc_status vqc_perceptor_files_describe(vqc_text *text, const char *vocabulary, const vqc_clip *clip,
                                                       vqc_error *error);

/* What a study's archive is created from: the archive's outline, made from the study and the shapes of its renders.
 */
typedef struct vqc_study_archive vqc_study_archive;

/* Digests the models' files and groups the renders by shape. The study must outlive it, and the digests
 * of its inputs are known (vqc_study_inputs_digest). A file that cannot be read is
 * VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_study_archive_create(const vqc_study *study, const vqc_renderer *renderer,
                                                   const vqc_environment *environment,
                                                   vqc_study_archive **archive_out, vqc_error *error);
/* Makes it the archive of a part of the study: part `number` of `count`, from 1, with the renders that
 * vqc_parts_divide gives it. More parts than there are renders are VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_study_archive_part(vqc_study_archive *archive, const vqc_study *study, uint32_t number,
                                                 uint32_t count, vqc_error *error);
/* NULL is allowed. */
void vqc_study_archive_destroy(vqc_study_archive *archive);

/* Belongs to it. */
const vqc_archive_outline *vqc_study_archive_outline(const vqc_study_archive *archive);

#endif
