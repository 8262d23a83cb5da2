#ifndef VQC_OPS_LATENT_FORMULAS_H
#define VQC_OPS_LATENT_FORMULAS_H

#include <stdint.h>

#include "base/formula.h"

/* What element number `index` with these bits adds to a latent's digest, modulo 2^64. Whole numbers, so that the sum
 * does not depend on the order; mixed as splitmix64 does (Steele et al. 2014), so that neither exchanged elements nor
 * small differences cancel. */
VQC_FORMULA uint64_t vqc_formula_latent_word(uint64_t index, uint32_t bits)
{
    uint64_t word = (index << 32 | bits) + 0x9e3779b97f4a7c15U;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9U;
    word = (word ^ word >> 27) * 0x94d049bb133111ebU;
    return word ^ word >> 31;
}

/* Where an element comes to that goes a share, above 0 and at most 1, of its step from `before` to `after`. */
VQC_FORMULA float vqc_formula_share(float before, float after, float share)
{
    return share == 1.0F ? after : before + share * (after - before);
}

#endif
