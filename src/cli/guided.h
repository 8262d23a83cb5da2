#ifndef VQC_CLI_GUIDED_H
#define VQC_CLI_GUIDED_H

#include "archive/archive.h"

/* Whether a perceptor that judges pictures is one of those that guided them: then it says how well guidance did, and
 * not what the pictures show, as they were made to please it. It is known by the SHA-256 of its weights file; the
 * same weights in another file are another one. */

/* The archive's perceptor whose weights have the digest, NULL where there is none. */
const vqc_archive_model *vqc_guided_by(const vqc_archive_outline *outline, const char *sha256);

/* Says on standard error that the perceptor, a file of that path, guided the pictures of the archive at `archive`, in
 * which it is `model`. */
void vqc_guided_say(const char *archive, const char *path, const vqc_archive_model *model);

#endif
