#include "ops/cuda/gradient.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/cuda/vector.cuh"
#include "ops/quantise_formulas.h"

/* The nearest codebook row as quantise_formulas.h says, without storing a distance: a tiled matrix product keeps, for
 * every row and every tile of entries, only the least lower and the least upper bound of its distances. Then the rows
 * compute in double the distances of those tiles that may hold the nearest entry; few of them do. */

namespace
{

enum { COLUMNS, BOUNDS }; /* parameters */

/* A block of threads multiplies ROWS rows of z by ENTRIES entries, DEPTH elements at a time; a thread ROWS_EACH rows
 * by ENTRIES_EACH entries, these in quads that lie one quad of every thread of the row apart, so that it reads four
 * factors at once and a warp reads from all banks. */
enum {
    ROWS = 64,
    ENTRIES = 128,
    DEPTH = 16,
    ROWS_EACH = 4,
    ENTRIES_EACH = 8,
    QUAD = 4,
    DOWN = ROWS / ROWS_EACH,         /* threads along the rows */
    ACROSS = ENTRIES / ENTRIES_EACH, /* and along the entries */
    QUADS = ENTRIES_EACH / QUAD,
    AHEAD = 32 /* elements of an entry that a thread reads at a time when it computes in double */
};
static_assert(DOWN * ACROSS == VQC_CUDA_THREADS && ROWS_EACH == QUAD, "a thread for every place");
static_assert(DEPTH * ROWS % VQC_CUDA_THREADS == 0 && DEPTH * ENTRIES % VQC_CUDA_THREADS == 0, "whole shares");

enum { WARPS = VQC_CUDA_THREADS / VQC_CUDA_WARP };

/* The codebook as one call sees it, and the workspace. */
struct search {
    int64_t rows, width, entries;
    int64_t tiles;        /* of entries */
    const float *columns; /* (width, entries) */
    const vqc_quantise_bound *bounds;
    const float *z;
    float *lengths; /* (rows) */
    float *lower;   /* (rows, tiles) */
    float *upper;   /* (rows, tiles) */
};

__global__ void __launch_bounds__(VQC_CUDA_THREADS) lengths_kernel(search s)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / VQC_CUDA_WARP; row < s.rows;
         row += (int64_t)gridDim.x * WARPS) {
        const float *z = s.z + row * s.width;
        double square = 0.0;
        for (int64_t i = lane; i < s.width; i += VQC_CUDA_WARP)
            square += (double)z[i] * (double)z[i];
        square = vqc_cuda_warp_sum(square);
        if (lane == 0)
            s.lengths[row] = vqc_quantise_length(square);
    }
}

/* One tile's factors; z's rows have a quad more, so that the transposing writes go to different banks. */
struct alignas(16) factors {
    float z[DEPTH][ROWS + QUAD];
    float entry[DEPTH][ENTRIES];
};

/* What a thread takes of the next factors from memory while it computes with the last. */
struct share {
    float z[DEPTH * ROWS / VQC_CUDA_THREADS];
    float entry[DEPTH * ENTRIES / VQC_CUDA_THREADS];
};

__device__ void share_load(const search &s, int64_t first_row, int64_t first_entry, int64_t first, share *next)
{
#pragma unroll
    for (int k = 0; k < DEPTH * ROWS / VQC_CUDA_THREADS; k++) {
        int i = (int)threadIdx.x + k * VQC_CUDA_THREADS;
        int64_t row = first_row + i / DEPTH;
        int64_t element = first + i % DEPTH;
        next->z[k] = row < s.rows && element < s.width ? s.z[row * s.width + element] : 0.0F;
    }
#pragma unroll
    for (int k = 0; k < DEPTH * ENTRIES / VQC_CUDA_THREADS; k++) {
        int i = (int)threadIdx.x + k * VQC_CUDA_THREADS;
        int64_t entry = first_entry + i % ENTRIES;
        int64_t element = first + i / ENTRIES;
        next->entry[k] = entry < s.entries && element < s.width ? s.columns[element * s.entries + entry] : 0.0F;
    }
}

__device__ void share_store(const share &next, factors *f)
{
#pragma unroll
    for (int k = 0; k < DEPTH * ROWS / VQC_CUDA_THREADS; k++) {
        int i = (int)threadIdx.x + k * VQC_CUDA_THREADS;
        f->z[i % DEPTH][i / DEPTH] = next.z[k];
    }
#pragma unroll
    for (int k = 0; k < DEPTH * ENTRIES / VQC_CUDA_THREADS; k++) {
        int i = (int)threadIdx.x + k * VQC_CUDA_THREADS;
        f->entry[i / ENTRIES][i % ENTRIES] = next.entry[k];
    }
}

/* Adds what these factors give to the products of the thread's rows and entries. */
__device__ void products_add(const factors &f, int down, int across, float products[ROWS_EACH][ENTRIES_EACH])
{
#pragma unroll
    for (int k = 0; k < DEPTH; k++) {
        const vqc_cuda_vector<float, QUAD> z = vqc_cuda_vector_load<QUAD>(&f.z[k][0], down * QUAD);
#pragma unroll
        for (int q = 0; q < QUADS; q++) {
            const vqc_cuda_vector<float, QUAD> entry =
                vqc_cuda_vector_load<QUAD>(&f.entry[k][0], (q * ACROSS + across) * QUAD);
#pragma unroll
            for (int i = 0; i < ROWS_EACH; i++)
#pragma unroll
                for (int j = 0; j < QUAD; j++) {
                    float *product = &products[i][q * QUAD + j];
                    *product = fmaf(z.element[i], entry.element[j], *product);
                }
        }
    }
}

/* The least bounds over the tile's entries for one row, from the thread's products with some of them. The
 * ACROSS threads of a row are neighbours in a warp; all of them must call. Where a bound is not a number, the lower
 * one is as low as can be, so that the tile is looked at. */
__device__ vqc_quantise_interval interval_of(const search &s, int64_t row, int64_t first_entry, int across,
                                             const float products[ENTRIES_EACH])
{
    vqc_quantise_interval least = {INFINITY, INFINITY};
    float length = row < s.rows ? s.lengths[row] : 0.0F;
#pragma unroll
    for (int j = 0; j < ENTRIES_EACH; j++) {
        int64_t entry = first_entry + (j / QUAD * ACROSS + across) * QUAD + j % QUAD;
        if (entry >= s.entries)
            continue;
        vqc_quantise_interval found = vqc_quantise_interval_of(products[j], length, s.bounds[entry]);
        least.lower = found.lower >= least.lower ? least.lower : found.lower == found.lower ? found.lower : -INFINITY;
        least.upper = fminf(least.upper, found.upper);
    }
    for (int lanes = ACROSS / 2; lanes > 0; lanes /= 2) {
        least.lower = fminf(least.lower, __shfl_xor_sync(0xffffffffU, least.lower, lanes));
        least.upper = fminf(least.upper, __shfl_xor_sync(0xffffffffU, least.upper, lanes));
    }
    return least;
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS) bounds_kernel(search s)
{
    __shared__ factors f;
    int down = (int)threadIdx.x / ACROSS;
    int across = (int)threadIdx.x % ACROSS;
    for (int64_t block = blockIdx.x; block < vqc_cuda_pieces(s.rows, ROWS) * s.tiles; block += gridDim.x) {
        vqc_cuda_quotient at = vqc_cuda_divide(block, s.tiles);
        int64_t first_row = at.whole * ROWS;
        int64_t first_entry = at.rest * ENTRIES;
        float products[ROWS_EACH][ENTRIES_EACH] = {};
        share next;
        share_load(s, first_row, first_entry, 0, &next);
        for (int64_t first = 0; first < s.width; first += DEPTH) {
            __syncthreads(); /* the last factors have been read */
            share_store(next, &f);
            __syncthreads();
            if (first + DEPTH < s.width)
                share_load(s, first_row, first_entry, first + DEPTH, &next);
            products_add(f, down, across, products);
        }
#pragma unroll
        for (int i = 0; i < ROWS_EACH; i++) {
            int64_t row = first_row + down * ROWS_EACH + i;
            vqc_quantise_interval least = interval_of(s, row, first_entry, across, products[i]);
            if (across == 0 && row < s.rows) {
                s.lower[row * s.tiles + at.rest] = least.lower;
                s.upper[row * s.tiles + at.rest] = least.upper;
            }
        }
    }
}

/* The nearest entry found so far; none yet if the index is below 0. Equal distances go to the lower index. */
struct nearest {
    double distance;
    int64_t index;
};

__device__ void nearest_update(nearest *best, double distance, int64_t index)
{
    if (index >= 0 &&
        (best->index < 0 || distance < best->distance || (distance == best->distance && index < best->index)))
        *best = nearest{distance, index};
}

/* The distance of quantise_formulas.h: both sums in the order of the elements. Many elements of the entry, which are
 * far apart in memory, are read before they are added up. */
__device__ double distance_to(const search &s, const float *z, int64_t entry)
{
    const float *column = s.columns + entry;
    double square = 0.0;
    double product = 0.0;
    int64_t i = 0;
    for (; i + AHEAD <= s.width; i += AHEAD) {
        float read[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; k++)
            read[k] = column[(i + k) * s.entries];
#pragma unroll
        for (int k = 0; k < AHEAD; k++) {
            square += (double)read[k] * (double)read[k];
            product += (double)z[i + k] * (double)read[k];
        }
    }
    for (; i < s.width; i++) {
        double element = (double)column[i * s.entries];
        square += element * element;
        product += (double)z[i] * element;
    }
    return square - 2.0 * product;
}

/* Compares one entry of a tile, the thread's. A distance that is not a number does not count. */
__device__ void tile_compare(const search &s, const float *z, int64_t tile, nearest *best)
{
    int64_t entry = tile * ENTRIES + threadIdx.x;
    if (entry >= s.entries)
        return;
    double distance = distance_to(s, z, entry);
    if (distance == distance)
        nearest_update(best, distance, entry);
}

/* The nearest entry of those that the threads of this warp have compared, in all tiles that may hold the nearest. */
__device__ nearest nearest_of(const search &s, int64_t row, int lane)
{
    const float *lower = s.lower + row * s.tiles;
    float least = INFINITY;
    for (int64_t tile = lane; tile < s.tiles; tile += VQC_CUDA_WARP)
        least = fminf(least, s.upper[row * s.tiles + tile]);
    for (int lanes = VQC_CUDA_WARP / 2; lanes > 0; lanes /= 2)
        least = fminf(least, __shfl_xor_sync(0xffffffffU, least, lanes));
    nearest best = {0.0, -1};
    for (int64_t first = 0; first < s.tiles; first += VQC_CUDA_WARP) {
        bool may_hold = first + lane < s.tiles && lower[first + lane] <= least;
        for (unsigned rest = __ballot_sync(0xffffffffU, may_hold); rest != 0; rest &= rest - 1)
            tile_compare(s, s.z + row * s.width, first + __ffs((int)rest) - 1, &best);
    }
    for (int lanes = VQC_CUDA_WARP / 2; lanes > 0; lanes /= 2) {
        double distance = __shfl_xor_sync(0xffffffffU, best.distance, lanes);
        long long index = __shfl_xor_sync(0xffffffffU, (long long)best.index, lanes);
        nearest_update(&best, distance, index);
    }
    return best;
}

/* The code of each row, and the entry: a block of ENTRIES threads for a row. */
__global__ void __launch_bounds__(ENTRIES) codes_kernel(search s, int32_t *codes, float *output)
{
    __shared__ nearest found[ENTRIES / VQC_CUDA_WARP];
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t row = blockIdx.x; row < s.rows; row += gridDim.x) {
        nearest best = nearest_of(s, row, lane);
        __syncthreads(); /* the last row's have been read */
        if (lane == 0)
            found[threadIdx.x / VQC_CUDA_WARP] = best;
        __syncthreads();
        for (int warp = 0; warp < ENTRIES / VQC_CUDA_WARP; warp++)
            nearest_update(&best, found[warp].distance, found[warp].index);
        int64_t code = best.index < 0 ? 0 : best.index;
        if (threadIdx.x == 0)
            codes[row] = (int32_t)code;
        for (int64_t i = threadIdx.x; i < s.width; i += ENTRIES)
            output[row * s.width + i] = s.columns[i * s.entries + code];
    }
}

search search_of(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_quantise *o = &call->operation->quantise;
    search s = {};
    s.rows = o->rows;
    s.width = o->width;
    s.entries = o->entries;
    s.tiles = vqc_cuda_pieces(o->entries, ENTRIES);
    s.columns = static_cast<const float *>(call->parameter[COLUMNS]);
    s.bounds = static_cast<const vqc_quantise_bound *>(call->parameter[BOUNDS]);
    s.z = static_cast<const float *>(arguments->input[0]);
    s.lengths = static_cast<float *>(arguments->workspace);
    s.lower = s.lengths + s.rows;
    s.upper = s.lower + s.rows * s.tiles;
    return s;
}

} // namespace

size_t vqc_cuda_quantise_workspace_size(const vqc_quantise *shape)
{
    int64_t tiles = vqc_cuda_pieces(shape->entries, ENTRIES);
    return (size_t)(shape->rows * (1 + 2 * tiles)) * sizeof(float);
}

cudaError_t vqc_cuda_quantise_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const search s = search_of(call, arguments);
    cudaError_t result = vqc_cuda_launch(call->stream, vqc_cuda_pieces(s.rows, WARPS), lengths_kernel, s);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, vqc_cuda_pieces(s.rows, ROWS) * s.tiles, bounds_kernel, s);
    if (result != cudaSuccess)
        return result;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(vqc_cuda_blocks(s.rows * VQC_CUDA_THREADS));
    config.blockDim = dim3(ENTRIES);
    config.stream = call->stream;
    return cudaLaunchKernelEx(&config, codes_kernel, s, static_cast<int32_t *>(arguments->saved),
                              static_cast<float *>(arguments->output));
}

cudaError_t vqc_cuda_quantise_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_quantise *o = &call->operation->quantise;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return vqc_cuda_gradient_pass(VQC_DTYPE_F32, arguments->accumulate[0], arguments->grad_input[0],
                                  arguments->grad_output, o->rows * o->width, call->stream);
}
