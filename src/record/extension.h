#ifndef VQC_RECORD_EXTENSION_H
#define VQC_RECORD_EXTENSION_H

#include "archive/archive.h"
#include "study/study.h"

/* What became of an archive whose job file has got further prompts, seeds or swept values. */
typedef struct vqc_extension {
    bool extended;     /* false: there is no archive yet, or it is the study's already */
    size_t before;     /* renders that it had */
    size_t renumbered; /* of these, those that have another number now */
    size_t damaged;    /* of these, done ones that did not have their digests, and are pending now */
} vqc_extension;

/* Extends the archive at the path to the study with this outline, by one process, before a launch starts it. The
 * archive's own job text is read again, by its edition, and the study must go on with it (study/extension.h); so must
 * models, by what is in their files, and all input files but that of prompts. Else VQC_BAD_INPUT names the key or
 * file that differs, and the archive is as it was. Both job files stand in the archive afterwards. vqc_archive_extend
 * says what else may fail. */
VQC_MUST_CHECK vqc_status vqc_study_archive_extend(const char *path, const vqc_study *study,
                                                   const vqc_archive_outline *outline, vqc_archive_locking locking,
                                                   vqc_extension *extension_out, vqc_error *error);

#endif
