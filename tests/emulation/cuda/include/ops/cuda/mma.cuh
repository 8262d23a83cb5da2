#ifndef VQC_EMULATION_MMA_CUH
#define VQC_EMULATION_MMA_CUH

/* Stands in for ops/cuda/mma.cuh, which describes what lane holds what: each lane shows its words to the others of
 * its warp, and computes its own elements from theirs. */

#include <cstdint>
#include <cstring>

#include "base/dtype.h"

namespace emulation
{

enum { MOST_THREADS = 1024 };
static std::uint32_t shown_words[MOST_THREADS][6];
static const void *shown_rows[MOST_THREADS];

static inline float half_of(std::uint32_t word, unsigned half)
{
    return vqc_f32_from_bf16((std::uint16_t)(word >> (16 * half)));
}

static inline void matrices_load(std::uint32_t (&words)[4], const void *row, bool transposed)
{
    unsigned first = thread_number() / WARP * WARP;
    unsigned lane = thread_number() % WARP;
    shown_rows[thread_number()] = row;
    warp_wait();
    for (unsigned i = 0; i < 4; i++) {
        std::uint16_t pair[2];
        for (unsigned half = 0; half < 2; half++) {
            unsigned from = transposed ? 2 * (lane % 4) + half : lane / 4;
            unsigned element = transposed ? lane / 4 : 2 * (lane % 4) + half;
            std::memcpy(&pair[half], (const char *)shown_rows[first + 8 * i + from] + 2 * element, 2);
        }
        words[i] = (std::uint32_t)pair[0] | (std::uint32_t)pair[1] << 16;
    }
    warp_wait();
}

} // namespace emulation

static inline void vqc_cuda_mma(float (&sum)[4], const std::uint32_t (&left)[4], std::uint32_t right0,
                                std::uint32_t right1)
{
    unsigned lane = emulation::thread_number() % emulation::WARP;
    auto warp = emulation::shown_words + emulation::thread_number() / emulation::WARP * emulation::WARP;
    std::memcpy(warp[lane], left, sizeof left);
    warp[lane][4] = right0;
    warp[lane][5] = right1;
    emulation::warp_wait();
    for (unsigned e = 0; e < 4; e++) {
        unsigned row = lane / 4 + e / 2 * 8;
        unsigned column = 2 * (lane % 4) + e % 2;
        for (unsigned k = 0; k < 16; k++)
            sum[e] += emulation::half_of(warp[row % 8 * 4 + k % 8 / 2][row / 8 + k / 8 * 2], k % 2) *
                      emulation::half_of(warp[column * 4 + k % 8 / 2][4 + k / 8], k % 2);
    }
    emulation::warp_wait();
}

static inline void vqc_cuda_matrices_load(std::uint32_t (&words)[4], const uint4 *row)
{
    emulation::matrices_load(words, row, false);
}

static inline void vqc_cuda_matrices_load_transposed(std::uint32_t (&words)[4], const uint4 *row)
{
    emulation::matrices_load(words, row, true);
}

#endif
