#ifndef VQC_OPS_ERASE_FORMULAS_H
#define VQC_OPS_ERASE_FORMULAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"

/* The rectangles of operation.h, vqc_erase: what cpu and cuda both compute. */

/* Whether a pixel of a crop with this rectangle is erased. */
VQC_FORMULA bool vqc_erase_hits(const int32_t *rectangle, int64_t column, int64_t row)
{
    int64_t down = row - rectangle[0];
    int64_t across = column - rectangle[1];
    return down >= 0 && across >= 0 && down < rectangle[2] && across < rectangle[3];
}

#endif
