#ifndef VQC_EMULATION_HPP
#define VQC_EMULATION_HPP

/* CUDA C on the processor, for tests where there is no GPU: ops/cuda's own kernels and host code, compiled as C++,
 * with every launch `kernel<<<...>>>(...)` turned into emulation::launch(kernel)(...) by translate.cmake, and the
 * libraries replaced by plain loops. It shows errors of indices, strides, layouts, barriers and arithmetic; it says
 * nothing about speed, and nothing about whether the true libraries take what they are given.
 *
 * The threads of a block run in turn on one processor thread, each until it waits for others or ends; blocks run one
 * after the other. */

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

/* This thread's number in its block, and 8 bytes for each thread through which a warp exchanges values. */
unsigned thread_number();
void *exchange_slot(unsigned thread);

template <typename Body> auto launch(Body body, dim3 grid, dim3 block, size_t = 0, cudaStream_t stream = nullptr)
{
    return [=](auto... arguments) { submit(stream, [=] { run(grid, block, [=] { body(arguments...); }); }); };
}

template <typename T> T exchange(T value, unsigned from)
{
    T received;
    std::memcpy(exchange_slot(thread_number()), &value, sizeof value);
    warp_wait();
    std::memcpy(&received, exchange_slot(from), sizeof received);
    warp_wait();
    return received;
}

} // namespace emulation

#define threadIdx (emulation::current.thread)
#define blockIdx (emulation::current.block)
#define blockDim (emulation::current.block_size)
#define gridDim (emulation::current.grid)

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

#endif
