#ifndef VQC_RECORD_ARCHIVED_STUDY_H
#define VQC_RECORD_ARCHIVED_STUDY_H

#include "archive/archive.h"
#include "study/study.h"

/* A study put together again from its archive, which holds the job file's text and the resolved settings, and from
 * the models' files, which are looked for.
 *
 *     open → vqc_model_files_find → choose → a renderer for vqc_archived_study_of → close */
typedef struct vqc_archived_study vqc_archived_study;

/* Reads the study out of the archive, which must outlive it. `folder` is where the job file was, ending in a slash,
 * or "" if that is unknown: the paths in it are seen from there; whether the files are there is not looked at. Its
 * texts are read by the edition that it was made with (study/settings.h); one that this program does not know is
 * VQC_BAD_INPUT. Its inputs are expected to have the digests that the archive records. A job text that does not give
 * the archive's renders and inputs is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_archived_study_open(const vqc_archive *archive, const char *folder,
                                                  vqc_archived_study **study_out, vqc_error *error);
/* Whether the settings that the archive holds of every render are those that its job text gives; else VQC_BAD_INPUT.
 * For archives of this version of the program: another one may have had other defaults, and the archive's count. */
VQC_MUST_CHECK vqc_status vqc_archived_study_settings_check(const vqc_archived_study *study, vqc_error *error);
/* NULL is allowed. */
void vqc_archived_study_close(vqc_archived_study *study);

/* All of its renders; after vqc_archived_study_choose the chosen ones. */
const vqc_study *vqc_archived_study_of(const vqc_archived_study *study);

/* One file of a model, and where it is now. */
typedef struct vqc_model_file {
    size_t model;     /* index into the archive's models */
    const char *part; /* "checkpoint", "config", "vocabulary", "preprocessor", or a key of vqc_tokenizer_companions */
    char *wanted;     /* path that the job file gives */
    char *sha256;     /* that the archive records; "" where it does not */
    char *path;       /* a file with that digest; NULL if none was found */
    char *other;      /* where only a file with another digest was found: that one; else NULL */
} vqc_model_file;

enum { VQC_MODEL_FILES_MAX = 2 + 8 * VQC_STUDY_MAX_PERCEPTORS };

typedef struct vqc_model_files {
    vqc_model_file items[VQC_MODEL_FILES_MAX];
    size_t count;
} vqc_model_files;

/* Looks for every file of the study's models: where the job file says, then at the path that the archive records, as
 * seen from the working directory, then under its name in the folder `models` (NULL: nowhere else). The first one
 * with the recorded SHA-256 is taken; one whose digest the archive does not record is taken as it is. A perceptor's
 * configuration is only looked for beside its checkpoint, where the program reads it. The files are to be released
 * also after a failure. */
VQC_MUST_CHECK vqc_status vqc_model_files_find(const vqc_archived_study *study, const char *models,
                                               vqc_model_files *files, vqc_error *error);
void vqc_model_files_release(vqc_model_files *files);

/* Leaves only these renders (the archive's numbers, rising) and their prompts in the study, gives each the settings
 * that the archive resolved (init and mask stay as the job text has them, for their paths), and the models the files
 * found. A model file that was not found is VQC_BAD_INPUT. At most once. */
VQC_MUST_CHECK vqc_status vqc_archived_study_choose(vqc_archived_study *study, const vqc_model_files *files,
                                                    const size_t *renders, size_t count, vqc_error *error);

#endif
