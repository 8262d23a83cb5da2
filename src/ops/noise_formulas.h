#ifndef VQC_OPS_NOISE_FORMULAS_H
#define VQC_OPS_NOISE_FORMULAS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/random.h"

/* The noise of operation.h, vqc_noise, in f32: what cpu and cuda both compute. */

enum { VQC_NOISE_BLOCK = 4 /* elements of one block of random bits */ };

typedef struct vqc_noise_block {
    float value[VQC_NOISE_BLOCK];
} vqc_noise_block;

/* Two normal numbers from two words (Box and Muller). */
VQC_FORMULA void vqc_noise_pair(uint32_t first, uint32_t second, float pair[2])
{
    float radius = sqrtf(-2.0F * logf(((float)first + 0.5F) * 0x1p-32F));
    float angle = 6.28318530717958647692F * (((float)second + 0.5F) * 0x1p-32F);
    pair[0] = radius * cosf(angle);
    pair[1] = radius * sinf(angle);
}

/* What is added to the elements 4 · block to 4 · block + 3 of the crop with these words. */
VQC_FORMULA vqc_noise_block vqc_noise_block_of(const int32_t *words, int64_t block)
{
    vqc_random_key key = {{(uint32_t)words[0], (uint32_t)words[1]}};
    vqc_random_block counter = {{(uint32_t)block, (uint32_t)words[2], (uint32_t)words[3], (uint32_t)words[4]}};
    vqc_random_block bits = vqc_random_block_at(key, counter);
    vqc_noise_block noise;
    float scale;
    memcpy(&scale, &words[5], sizeof scale);
    vqc_noise_pair(bits.word[0], bits.word[1], noise.value);
    vqc_noise_pair(bits.word[2], bits.word[3], noise.value + 2);
    for (int i = 0; i < VQC_NOISE_BLOCK; i++)
        noise.value[i] *= scale;
    return noise;
}

#endif
