#ifndef VQC_MODELS_PREFIXES_H
#define VQC_MODELS_PREFIXES_H

#include "weights/weights.h"

/* What files have in front of all of a model's names, where it was part of something larger when it was saved: a
 * wrapper for several devices (`module.`), a compiled module (`_orig_mod.`), a training program (`model.`), a model
 * that looks at pictures through this one (`clip.`). */

enum { VQC_PREFIX_SIZE = 64, VQC_PREFIX_LIMIT = 24 };

typedef struct vqc_prefixes {
    char items[VQC_PREFIX_LIMIT][VQC_PREFIX_SIZE];
    int count;
} vqc_prefixes;

/* All prefixes, made of one known word or several, with which at least one of the file's names begins, those of fewer
 * words first; "" is always the first. Where the caller of
 * vqc_weights_open_key has asked for a prefix, that one only. The caller tries each, and refuses a file in which two
 * fit (vqc_prefixes_refuse). */
void vqc_prefixes_find(const vqc_weights *weights, vqc_prefixes *prefixes_out);

/* VQC_BAD_INPUT: a model was found under two prefixes. Says so, with the file's name and theirs, for the family
 * `what` ("CLIP model"). */
VQC_MUST_CHECK vqc_status vqc_prefixes_refuse(const vqc_weights *weights, const char *what, const char *first,
                                              const char *second, vqc_error *error);

#endif
