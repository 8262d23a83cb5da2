#ifndef VQC_STUDY_EXTENSION_H
#define VQC_STUDY_EXTENSION_H

#include "study/study.h"

/* Whether a study goes on with an earlier one: it has all of that one's renders, by their prompt's id, seed and swept
 * values, and each becomes what it was. Further prompts, seeds and swept values may stand anywhere. A render's number
 * is always that of the job file at hand, so numbers change where seeds or swept values were added: numbers_out
 * (was->render_count) has the new number of each. Paths of starts and masks are compared as they are
 * located (study/reader.h), so both were read as of the same folder; those of models, and what is in files, are not
 * looked at. A render that is gone, and anything that
 * would make one differ, is VQC_BAD_INPUT, which names the key and both values. */
VQC_MUST_CHECK vqc_status vqc_study_extends(const vqc_study *was, const vqc_study *is, size_t *numbers_out,
                                            vqc_error *error);

#endif
