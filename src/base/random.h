#ifndef VQC_BASE_RANDOM_H
#define VQC_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * A number is a function of key and counter alone, so that whoever computes it, on whatever rank and in whatever
 * order, gets the same one. */

typedef struct vqc_random_key {
    uint32_t word[2];
} vqc_random_key;

typedef struct vqc_random_block {
    uint32_t word[4];
} vqc_random_block;

/* The generator itself: 128 random bits from a 128-bit counter. */
vqc_random_block vqc_random_block_at(vqc_random_key key, vqc_random_block counter);

/* Uniform in [0, 1): the upper 24 bits of the word. */
static inline float vqc_random_uniform(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24F;
}

#endif
