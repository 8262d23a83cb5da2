#ifndef VQC_OPS_POOL_FORMULAS_H
#define VQC_OPS_POOL_FORMULAS_H

#include <stdint.h>

#include "base/formula.h"

/* The windows of the adaptive pool (operation.h): what the host and a GPU both compute. Of the `from` pixels of a
 * line, pixel i of `to` takes those from first to end − 1. The other way round, it is the pixels first to end − 1 of
 * `to` that take from pixel i of `from`: the same formulas with the numbers exchanged. */

/* floor(i · from / to) */
VQC_FORMULA int64_t vqc_pool_first(int64_t i, int64_t from, int64_t to)
{
    return i * from / to;
}

/* ceil((i + 1) · from / to) */
VQC_FORMULA int64_t vqc_pool_end(int64_t i, int64_t from, int64_t to)
{
    return ((i + 1) * from + to - 1) / to;
}

/* Pixels in the window of the output pixel (row, column). */
VQC_FORMULA int64_t vqc_pool_area(int64_t height, int64_t width, int64_t side, int64_t row, int64_t column)
{
    return (vqc_pool_end(row, height, side) - vqc_pool_first(row, height, side)) *
           (vqc_pool_end(column, width, side) - vqc_pool_first(column, width, side));
}

#endif
