#ifndef VQC_RENDER_STUDY_INPUTS_H
#define VQC_RENDER_STUDY_INPUTS_H

#include "study/study.h"

/* The digests of what a study's pictures are made from besides the models (study/inputs.h). What is read must have
 * the digest that is expected: that of the launch's start, and of the archive. It is compared after the reading, so
 * that a file which was replaced meanwhile is found. An input whose digest is not known is taken as it is. */

/* Finds out the digests and sizes of all of the study's inputs, which are what is expected from here on. A file that
 * cannot be read is VQC_BAD_INPUT; a latent of another archive may come later, and stays unknown. */
VQC_MUST_CHECK vqc_status vqc_study_inputs_digest(vqc_study *study, vqc_error *error);

/* The digest and size of one as it is now, in a copy. A file that is not there is VQC_BAD_INPUT like all that cannot
 * be read. */
VQC_MUST_CHECK vqc_status vqc_study_input_digest(const vqc_input *input, vqc_input *found_out, vqc_error *error);

/* Whether an input, or those of a prompt's targets, or the others of a render, are as expected: VQC_BAD_INPUT names
 * the file and both digests. */
VQC_MUST_CHECK vqc_status vqc_study_input_check(const vqc_input *input, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_prompt_inputs_check(const vqc_study *study, const vqc_prompt *prompt, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_render_inputs_check(const vqc_study *study, const vqc_render *render, vqc_error *error);

#endif
