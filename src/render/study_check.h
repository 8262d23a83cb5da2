#ifndef VQC_RENDER_STUDY_CHECK_H
#define VQC_RENDER_STUDY_CHECK_H

#include "base/text.h"
#include "study/study.h"

/* What is looked at when a study is planned: whether its renders can be made as far as their settings, the generator
 * and the files of start pictures, codes and masks say. A launch leaves these files alone: it would read all pictures
 * on every rank at each of its starts, and a render whose file is of no use fails by itself, beside others that are
 * made. Texts and files of targets are looked at by vqc_targets_check (guide/targets.h).
 *
 * Of the generator the directory of its tensors and the codebook are read. A latent of another archive is not looked
 * at, as it may come later, nor a mask that a text finds, which takes the perceptors. Every picture is read once for
 * all renders with the same settings.
 *
 * VQC_BAD_INPUT names the prompt and the key or the file: sizes that the generator cannot make, codes for one that
 * has none, files that are no pictures or codes, masks that free no cell. Appends to `remarks`, one line each, what
 * is worth saying of a study that can be made: pictures that are not used in the shape that they have, and keys that
 * have no effect (study/idle.h). */
VQC_MUST_CHECK vqc_status vqc_study_check(const vqc_study *study, vqc_text *remarks, vqc_error *error);

#endif
