#ifndef VQC_MODELS_PREFIXES_H
#define VQC_MODELS_PREFIXES_H

#include <stdbool.h>

#include "weights/weights.h"

/* What files have in front of all of a model's names, where it was part of something larger when it was saved: a
 * wrapper for several devices (`module.`), a compiled module (`_orig_mod.`), a training program (`model.`), a model
 * that looks at pictures through this one (`clip.`). */

enum { VQC_PREFIX_SIZE = 64 };

/* Finds the one prefix under which a model of the family `what` ("CLIP model") stands: `fits` says of each, with the
 * context, whether it does. *found_out false: under none, and prefix_out is not set. Tried are all that are made of
 * one known word or several and with which one of the file's names begins, those of fewer words first and "" before
 * them; or, where the caller of vqc_weights_open_key has asked for a prefix, that one only. VQC_BAD_INPUT: two fit;
 * both are named. */
VQC_MUST_CHECK vqc_status vqc_prefixes_choose(const vqc_weights *weights, const char *what,
                                              bool (*fits)(void *context, const char *prefix), void *context,
                                              char prefix_out[VQC_PREFIX_SIZE], bool *found_out, vqc_error *error);
/* Wrappers of a part of a model, whose words stand inside its names, where nothing reads them: NULL, or the first
 * tensor with such a word; *says_out: what wrapped it, and what to do. For the message where no model was found. */
const vqc_weights_tensor *vqc_prefixes_inside_find(const vqc_weights *weights, const char **says_out);
/* What wrapped the part that a name stands in, and what to do; NULL: the name has no such word. */
const char *vqc_prefixes_inside(const char *name);
/* VQC_BAD_INPUT: the tensor is missing; with what wrapped it, by the tensor whose name begins most like it. */
VQC_MUST_CHECK vqc_status vqc_prefixes_missing(const vqc_weights *weights, const char *name, vqc_error *error);
/* Whether one fits at all. */
bool vqc_prefixes_fit(const vqc_weights *weights, bool (*fits)(void *context, const char *prefix), void *context);

#endif
