#ifndef VQC_STUDY_RENDER_INDEX_H
#define VQC_STUDY_RENDER_INDEX_H

#include "study/study.h"

/* A study's renders by what they are: prompt, seed and swept values. */
typedef struct vqc_render_index vqc_render_index;

/* Of a study whose renders are all there, in n log n steps. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_render_index_create(const vqc_study *study, vqc_render_index **index_out,
                                                  vqc_error *error);
/* NULL is allowed. */
void vqc_render_index_destroy(vqc_render_index *index);

/* NULL: there is none. */
const vqc_render *vqc_render_index_find(const vqc_render_index *index, const char *prompt, uint64_t seed,
                                        const char *variant);
/* Whether there is a prompt with this id. */
bool vqc_render_index_has_prompt(const vqc_render_index *index, const char *prompt);

#endif
