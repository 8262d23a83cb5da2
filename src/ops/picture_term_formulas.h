#ifndef VQC_OPS_PICTURE_TERM_FORMULAS_H
#define VQC_OPS_PICTURE_TERM_FORMULAS_H

#include "ops/operation.h"
#include "ops/picture_terms/likeness.h"
#include "ops/picture_terms/range.h"
#include "ops/picture_terms/saturation.h"
#include "ops/picture_terms/smoothness.h"
#include "ops/picture_terms/total_variation.h"

/* The formulas of the picture terms, by the function of a term. */

#define VQC_PICTURE_TERM_SUMS(KIND, name, ...)                                                                       \
    case VQC_PICTURE_TERM_##KIND:                                                                                    \
        vqc_formula_##name##_sums(view, row, column, sums);                                                          \
        break;

VQC_FORMULA void vqc_formula_picture_term_sums(vqc_picture_term_function function, const vqc_picture_view *view,
                                               int64_t row, int64_t column, vqc_picture_sums *sums)
{
    switch (function) {
        VQC_PICTURE_TERMS(VQC_PICTURE_TERM_SUMS)
    case VQC_PICTURE_TERM_COUNT:
        break;
    }
}

#define VQC_PICTURE_TERM_END(KIND, name, ...)                                                                        \
    case VQC_PICTURE_TERM_##KIND:                                                                                    \
        return vqc_formula_##name##_end(view, sums);

VQC_FORMULA vqc_picture_end vqc_formula_picture_term_end(vqc_picture_term_function function,
                                                         const vqc_picture_view *view, const vqc_picture_sums *sums)
{
    vqc_picture_end nothing = {0.0, {0.0, 0.0, 0.0, 0.0}};
    switch (function) {
        VQC_PICTURE_TERMS(VQC_PICTURE_TERM_END)
    case VQC_PICTURE_TERM_COUNT:
        break;
    }
    return nothing;
}

#define VQC_PICTURE_TERM_GRADIENT(KIND, name, ...)                                                                   \
    case VQC_PICTURE_TERM_##KIND:                                                                                    \
        return vqc_formula_##name##_gradient(view, row, column, factors);

VQC_FORMULA vqc_picture_gradient vqc_formula_picture_term_gradient(vqc_picture_term_function function,
                                                                   const vqc_picture_view *view, int64_t row,
                                                                   int64_t column, const double *factors)
{
    vqc_picture_gradient nothing = {{0.0, 0.0, 0.0}};
    switch (function) {
        VQC_PICTURE_TERMS(VQC_PICTURE_TERM_GRADIENT)
    case VQC_PICTURE_TERM_COUNT:
        break;
    }
    return nothing;
}

#endif
