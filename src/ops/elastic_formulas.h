#ifndef VQC_OPS_ELASTIC_FORMULAS_H
#define VQC_OPS_ELASTIC_FORMULAS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/random.h"
#include "ops/field_formulas.h"

/* The steps of vqc_elastic_field (operation.h) on one element: what cpu and cuda both compute. Elements are counted
 * within a crop: 2 · pixel + axis. */

enum { VQC_ELASTIC_WEIGHTS = 32 /* of the middle and 31 on either side */ };

/* The weights of the Gaussian, from the middle outwards; by the host. */
static inline void vqc_elastic_weights(float weights[VQC_ELASTIC_WEIGHTS])
{
    const double deviation = 32.0;
    double exact[VQC_ELASTIC_WEIGHTS];
    double sum = 0.0;
    for (int k = 0; k < VQC_ELASTIC_WEIGHTS; k++) {
        exact[k] = exp(-(double)(k * k) / (2.0 * deviation * deviation));
        sum += k == 0 ? exact[k] : 2.0 * exact[k];
    }
    for (int k = 0; k < VQC_ELASTIC_WEIGHTS; k++)
        weights[k] = (float)(exact[k] / sum);
}

/* The strength of a crop with these words; 0 where nothing moves. */
VQC_FORMULA float vqc_elastic_strength(const int32_t *words)
{
    float strength;
    memcpy(&strength, &words[5], sizeof strength);
    return strength;
}

/* The random numbers of the elements 4 · block to 4 · block + 3. */
VQC_FORMULA void vqc_elastic_numbers(const int32_t *words, int64_t block, float numbers[4])
{
    vqc_random_key key = {{(uint32_t)words[0], (uint32_t)words[1]}};
    vqc_random_block counter = {{(uint32_t)block, (uint32_t)words[2], (uint32_t)words[3], (uint32_t)words[4]}};
    vqc_random_block bits = vqc_random_block_at(key, counter);
    for (int i = 0; i < 4; i++)
        numbers[i] = 2.0F * vqc_random_uniform(bits.word[i]) - 1.0F;
}

/* The place along an axis that a displacement takes a pixel to. */
VQC_FORMULA float vqc_elastic_place(float displacement, int32_t pixel, int64_t length)
{
    double moved = vqc_field_coordinate(pixel, length) + (double)displacement;
    return vqc_field_pixels(vqc_warp_limited(moved, -1.0, 1.0), length);
}

#endif
