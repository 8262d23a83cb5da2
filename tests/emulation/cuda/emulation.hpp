#ifndef VQC_EMULATION_HPP
#define VQC_EMULATION_HPP

/* CUDA C on the processor, for tests where there is no GPU: ops/cuda's own kernels and host code, compiled as C++,
 * with every launch `kernel<<<...>>>(...)` turned into emulation::launch(kernel)(...) by translate.cmake, and the
 * libraries replaced by plain loops. It shows errors of indices, strides, layouts, barriers and arithmetic; it says
 * nothing about speed, and nothing about whether the true libraries take what they are given.
 *
 * The threads of a block run in turn on one processor thread, each until it waits for others or ends; blocks run one
 * after the other. Some launches take blocks and threads from the first, some from the last, and some let each warp
 * go as far as it can before the others, without a pattern: where a barrier is missing or threads write to the same
 * place, a repeated call gives other bits. */

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>

#include "cuda_runtime_api.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static
#define __launch_bounds__(...)

using std::isnan;

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_size = 1, unsigned y_size = 1, unsigned z_size = 1) : x(x_size), y(y_size), z(z_size)
    {
    }
};

struct alignas(16) uint4 {
    unsigned x, y, z, w;
};

namespace emulation
{

enum { WARP = 32 };

/* Where the running thread is. */
struct place {
    dim3 thread, block, block_size, grid;
};
extern place current;

/* Runs the work, or adds it to what the stream captures. */
void submit(cudaStream_t stream, std::function<void()> work);

/* Runs body for every thread of the grid. */
void run(dim3 grid, dim3 block, const std::function<void()> &body);

/* Wait until all threads of the block, or of the warp, that have not ended wait there. */
void block_wait();
void warp_wait();

/* This thread's number in its block. */
unsigned thread_number();

/* The threads of a warp exchange values of at most 8 bytes: each writes one into its slot of this exchange, waits for
 * the warp, and reads that of any. A slot stands until all have waited in the next exchange. */
void *exchange_slot();
const void *exchange_taken(unsigned from);

template <typename T> void exchange_give(T value)
{
    static_assert(sizeof value <= 8, "a slot has 8 bytes");
    std::memcpy(exchange_slot(), &value, sizeof value);
    warp_wait();
}

template <typename Body> auto launch(Body body, dim3 grid, dim3 block, size_t = 0, cudaStream_t stream = nullptr)
{
    return [=](auto... arguments) { submit(stream, [=] { run(grid, block, [=] { body(arguments...); }); }); };
}

template <typename T> T exchange(T value, unsigned from)
{
    T received;
    exchange_give(value);
    std::memcpy(&received, exchange_taken(from), sizeof received);
    return received;
}

} // namespace emulation

struct cudaLaunchConfig_t {
    dim3 gridDim, blockDim;
    size_t dynamicSmemBytes;
    cudaStream_t stream;
};

template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config, void (*kernel)(Parameters...),
                               Arguments &&...arguments)
{
    emulation::launch(kernel, config->gridDim, config->blockDim, config->dynamicSmemBytes,
                      config->stream)(static_cast<Parameters>(arguments)...);
    return cudaSuccess;
}

static dim3 &threadIdx = emulation::current.thread;
static dim3 &blockIdx = emulation::current.block;
static dim3 &blockDim = emulation::current.block_size;
static dim3 &gridDim = emulation::current.grid;

static inline void __syncthreads()
{
    emulation::block_wait();
}

static inline void __syncwarp(unsigned = 0xffffffffU)
{
    emulation::warp_wait();
}

template <typename T> T __shfl_xor_sync(unsigned, T value, int distance)
{
    return emulation::exchange(value, emulation::thread_number() ^ (unsigned)distance);
}

template <typename T> T __shfl_sync(unsigned, T value, int lane)
{
    return emulation::exchange(value,
                               emulation::thread_number() / emulation::WARP * emulation::WARP + (unsigned)lane);
}

static inline unsigned __ballot_sync(unsigned, bool mine)
{
    const unsigned first = emulation::thread_number() / emulation::WARP * emulation::WARP;
    unsigned all = 0U;
    emulation::exchange_give(mine);
    for (unsigned lane = 0; lane < emulation::WARP; lane++)
        all |= *static_cast<const bool *>(emulation::exchange_taken(first + lane)) ? 1U << lane : 0U;
    return all;
}

static inline int __ffs(int value)
{
    return __builtin_ffs(value);
}

static inline unsigned __float_as_uint(float value)
{
    unsigned bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float __uint_as_float(unsigned bits)
{
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

template <typename T> T atomicAdd(T *sum, T value)
{
    T before = *sum;
    *sum = before + value;
    return before;
}

template <typename T> T atomicMax(T *largest, T value)
{
    T before = *largest;
    *largest = before < value ? value : before;
    return before;
}

#endif
