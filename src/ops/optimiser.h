#ifndef VQC_OPS_OPTIMISER_H
#define VQC_OPS_OPTIMISER_H

#include <stdbool.h>

#include "base/formula.h"

/* The optimisers of optimisers.def, VQC_OPTIMISER_ADAM and so on, and their number. */
typedef enum vqc_optimiser_kind {
#define VQC_OPTIMISER(kind, ...) VQC_OPTIMISER_##kind,
#include "ops/optimisers.def"
} vqc_optimiser_kind;

enum {
    VQC_OPTIMISER_COUNT = 0
#define VQC_OPTIMISER(...) +1
#include "ops/optimisers.def"
};

typedef struct vqc_optimiser_traits {
    int moments;      /* tensors that it keeps beside z, shaped like it */
    bool decoupled;   /* weight decay acts on z, not through the gradient */
    bool projects;    /* it looks at the latent as a whole before it changes an element (vqc_formula_projection) */
    bool rectifies;   /* its first steps, and the size of all, go by how much the mean square says (RAdam) */
    bool keeps_alpha; /* the mean of squares keeps the share alpha, not beta2 */
} vqc_optimiser_traits;

VQC_FORMULA vqc_optimiser_traits vqc_optimiser_traits_of(vqc_optimiser_kind kind)
{
    vqc_optimiser_traits traits = {0, false, false, false, false};
    switch (kind) {
#define VQC_OPTIMISER(kind_, formula, ...)                                                                           \
    case VQC_OPTIMISER_##kind_:                                                                                      \
        __VA_ARGS__;                                                                                                 \
        break;
#include "ops/optimisers.def"
    }
    return traits;
}

#endif
