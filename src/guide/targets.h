#ifndef VQC_GUIDE_TARGETS_H
#define VQC_GUIDE_TARGETS_H

#include <stdbool.h>

#include "models/clip.h"
#include "study/study.h"

/* Whether every text of the study fits every perceptor that does not cut it and, where `files` are to be looked at,
 * every file of a target is a picture that can be read, or has the row of an embedding: opens the vocabularies, and
 * of each checkpoint only the directory of its tensors, so that it is quick without files. VQC_BAD_INPUT names the
 * target's line and column in the job file (its prompt, where the prompts are a text file) and what is wrong: the
 * number of tokens and how many the perceptor takes; a vocabulary that is not given; a file that does not hold what
 * it should. */
VQC_MUST_CHECK vqc_status vqc_targets_check(const vqc_study *study, bool files, vqc_error *error);

/* Whether the tensor of a target that is an embedding has the row, of so many numbers. VQC_BAD_INPUT names file and
 * tensor. */
VQC_MUST_CHECK vqc_status vqc_target_row_check(const vqc_target *target, int64_t width, vqc_error *error);

/* Some prompts of a study, one after another. */
typedef struct vqc_prompt_range {
    const vqc_prompt *prompts;
    size_t count;
} vqc_prompt_range;

/* The targets of such prompts in the space of one perceptor. */
typedef struct vqc_targets {
    vqc_prompt_range range;
    int64_t width;     /* of an embedding */
    int64_t *first;    /* (prompts): place of each prompt's first target */
    float *embeddings; /* (targets, width), the prompts' one after another */
} vqc_targets;

/* Computes them: texts through the text tower, pictures through the image tower (each made for this and released),
 * rows of files read, noise drawn. A text that is too long, a missing vocabulary, a file that does not fit are
 * VQC_BAD_INPUT naming the prompt. */
VQC_MUST_CHECK vqc_status vqc_targets_create(const vqc_study *study, vqc_prompt_range range,
                                             const vqc_perceptor_source *source, const vqc_clip *clip, vqc_ops *ops,
                                             vqc_dtype precision, vqc_targets *targets_out, vqc_error *error);
void vqc_targets_release(vqc_targets *targets);

/* The embeddings of the targets of a prompt of the range, (target_count, width). */
const float *vqc_targets_of(const vqc_targets *targets, const vqc_prompt *prompt);

#endif
