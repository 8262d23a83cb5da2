#ifndef VQC_BASE_RANDOM_H
#define VQC_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/formula.h"

/* Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * A number is a function of key and counter alone, so that whoever computes it, on whatever rank and in whatever
 * order, gets the same one. */

typedef struct vqc_random_key {
    uint32_t word[2];
} vqc_random_key;

typedef struct vqc_random_block {
    uint32_t word[4];
} vqc_random_block;

/* One of the generator's ten rounds. */
VQC_FORMULA vqc_random_block vqc_random_round(vqc_random_key key, vqc_random_block in)
{
    uint64_t low = (uint64_t)0xD2511F53U * in.word[0];
    uint64_t high = (uint64_t)0xCD9E8D57U * in.word[2];
    vqc_random_block out = {{
        (uint32_t)(high >> 32) ^ in.word[1] ^ key.word[0],
        (uint32_t)high,
        (uint32_t)(low >> 32) ^ in.word[3] ^ key.word[1],
        (uint32_t)low,
    }};
    return out;
}

/* The generator itself: 128 random bits from a 128-bit counter. */
VQC_FORMULA vqc_random_block vqc_random_block_at(vqc_random_key key, vqc_random_block counter)
{
    for (int round = 0; round < 10; round++) {
        counter = vqc_random_round(key, counter);
        key.word[0] += 0x9E3779B9U;
        key.word[1] += 0xBB67AE85U;
    }
    return counter;
}

/* Uniform in [0, 1): the upper 24 bits of the word. */
VQC_FORMULA float vqc_random_uniform(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24F;
}

#endif
