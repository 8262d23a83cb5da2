#ifndef VQC_WEIGHTS_PICKLE_CONSTRUCT_H
#define VQC_WEIGHTS_PICKLE_CONSTRUCT_H

#include "base/status.h"
#include "weights/pickle_value.h"

/* What the classes and functions of a pickle make: the only place that knows any of them by name. */

/* Fills the class and dtype of a GLOBAL from its module and name. */
void vqc_pickle_global_classify(vqc_pickle_global *global);

/* What calling `callable` with the TUPLE `arguments` gives: a container, a tensor or an inert OBJECT. Wrong arguments
 * to a function of the list are VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_pickle_construct(vqc_arena *arena, const vqc_pickle_value *callable,
                                               const vqc_pickle_value *arguments, vqc_pickle_value **value_out,
                                               vqc_error *error);

/* What a persistent id stands for: ('storage', type, key, location, count[, (view key, start, count)]) is a STORAGE,
 * ('module', class, ...) the class; anything else is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_pickle_construct_persistent(vqc_arena *arena, const vqc_pickle_value *id,
                                                          vqc_pickle_value **value_out, vqc_error *error);

#endif
