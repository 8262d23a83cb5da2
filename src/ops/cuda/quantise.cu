#include "ops/cuda/gradient.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/quantise_formulas.h"

/* The nearest codebook row as quantise_formulas.h says, without storing a distance: a tiled matrix product keeps, for
 * every row and every tile of entries, only the least lower and the least upper bound of its distances. Then the rows
 * compute in double the distances of those tiles that may hold the nearest entry; few of them do. */

namespace
{

enum { COLUMNS, BOUNDS }; /* parameters */

enum {
    TILE = 64,  /* rows, and entries, of a block of threads */
    DEPTH = 16, /* elements of these that are in shared memory at a time */
    SIDE = 16,  /* threads along rows, and along entries */
    SHARE = TILE / SIDE
};
static_assert(SIDE * SIDE == VQC_CUDA_THREADS, "a thread for every place");

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

/* One tile's factors; a row more than TILE, so that the transposing writes go to different banks. */
struct factors {
    float z[DEPTH][TILE + 1];
    float entry[DEPTH][TILE];
};

__device__ void factors_load(const search &s, int64_t first_row, int64_t first_entry, int64_t first, factors *f)
{
    for (int i = (int)threadIdx.x; i < DEPTH * TILE; i += VQC_CUDA_THREADS) {
        int64_t row = first_row + i / DEPTH;
        int64_t element = first + i % DEPTH;
        f->z[i % DEPTH][i / DEPTH] = row < s.rows && element < s.width ? s.z[row * s.width + element] : 0.0F;
    }
    for (int i = (int)threadIdx.x; i < DEPTH * TILE; i += VQC_CUDA_THREADS) {
        int64_t entry = first_entry + i % TILE;
        int64_t element = first + i / TILE;
        f->entry[i / TILE][i % TILE] =
            entry < s.entries && element < s.width ? s.columns[element * s.entries + entry] : 0.0F;
    }
}

/* Adds what these factors give to the products of the thread's SHARE rows and SHARE entries. */
__device__ void products_add(const factors &f, int down, int across, float products[SHARE][SHARE])
{
    for (int k = 0; k < DEPTH; k++) {
        float z[SHARE];
        float entry[SHARE];
#pragma unroll
        for (int i = 0; i < SHARE; i++) {
            z[i] = f.z[k][down + SIDE * i];
            entry[i] = f.entry[k][across + SIDE * i];
        }
#pragma unroll
        for (int i = 0; i < SHARE; i++)
#pragma unroll
            for (int j = 0; j < SHARE; j++)
                products[i][j] = fmaf(z[i], entry[j], products[i][j]);
    }
}

/* The least bounds over the tile's entries for one row, from the thread's products with some of them. The SIDE
 * threads of a row are neighbours in a warp; all of them must call. Where a bound is not a number, the lower one is
 * as low as can be, so that the tile is looked at. */
__device__ vqc_quantise_interval interval_of(const search &s, int64_t row, int64_t first_entry, int across,
                                             const float products[SHARE])
{
    vqc_quantise_interval least = {INFINITY, INFINITY};
    float length = row < s.rows ? s.lengths[row] : 0.0F;
#pragma unroll
    for (int j = 0; j < SHARE; j++) {
        int64_t entry = first_entry + across + SIDE * j;
        if (entry >= s.entries)
            continue;
        vqc_quantise_interval found = vqc_quantise_interval_of(products[j], length, s.bounds[entry]);
        least.lower = found.lower >= least.lower ? least.lower : found.lower == found.lower ? found.lower : -INFINITY;
        least.upper = fminf(least.upper, found.upper);
    }
    for (int lanes = SIDE / 2; lanes > 0; lanes /= 2) {
        least.lower = fminf(least.lower, __shfl_xor_sync(0xffffffffU, least.lower, lanes));
        least.upper = fminf(least.upper, __shfl_xor_sync(0xffffffffU, least.upper, lanes));
    }
    return least;
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS) bounds_kernel(search s)
{
    __shared__ factors f;
    int down = (int)threadIdx.x / SIDE;
    int across = (int)threadIdx.x % SIDE;
    for (int64_t block = blockIdx.x; block < vqc_cuda_pieces(s.rows, TILE) * s.tiles; block += gridDim.x) {
        vqc_cuda_quotient at = vqc_cuda_divide(block, s.tiles);
        int64_t first_row = at.whole * TILE;
        int64_t first_entry = at.rest * TILE;
        float products[SHARE][SHARE] = {};
        for (int64_t first = 0; first < s.width; first += DEPTH) {
            __syncthreads(); /* the last factors have been read */
            factors_load(s, first_row, first_entry, first, &f);
            __syncthreads();
            products_add(f, down, across, products);
        }
#pragma unroll
        for (int i = 0; i < SHARE; i++) {
            int64_t row = first_row + down + SIDE * i;
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

/* Compares the entries of one tile, a few by each lane. A distance that is not a number does not count. */
__device__ void tile_compare(const search &s, const float *z, int64_t tile, int lane, nearest *best)
{
    for (int64_t entry = tile * TILE + lane; entry < (tile + 1) * TILE && entry < s.entries; entry += VQC_CUDA_WARP) {
        const float *column = s.columns + entry;
        double square = vqc_quantise_square(column, s.entries, s.width);
        double distance = vqc_quantise_distance(z, column, s.entries, square, s.width);
        if (distance == distance)
            nearest_update(best, distance, entry);
    }
}

/* The code of one row, for all lanes of a warp together. */
__device__ int64_t code_of(const search &s, int64_t row, int lane)
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
            tile_compare(s, s.z + row * s.width, first + __ffs((int)rest) - 1, lane, &best);
    }
    for (int lanes = VQC_CUDA_WARP / 2; lanes > 0; lanes /= 2) {
        double distance = __shfl_xor_sync(0xffffffffU, best.distance, lanes);
        long long index = __shfl_xor_sync(0xffffffffU, (long long)best.index, lanes);
        nearest_update(&best, distance, index);
    }
    return best.index < 0 ? 0 : best.index;
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS) codes_kernel(search s, int32_t *codes, float *output)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / VQC_CUDA_WARP; row < s.rows;
         row += (int64_t)gridDim.x * WARPS) {
        int64_t code = code_of(s, row, lane);
        if (lane == 0)
            codes[row] = (int32_t)code;
        for (int64_t i = lane; i < s.width; i += VQC_CUDA_WARP)
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
    s.tiles = vqc_cuda_pieces(o->entries, TILE);
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
    int64_t tiles = vqc_cuda_pieces(shape->entries, TILE);
    return (size_t)(shape->rows * (1 + 2 * tiles)) * sizeof(float);
}

cudaError_t vqc_cuda_quantise_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const search s = search_of(call, arguments);
    int64_t blocks = vqc_cuda_pieces(s.rows, WARPS);
    cudaError_t result = vqc_cuda_launch(call->stream, blocks, lengths_kernel, s);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, vqc_cuda_pieces(s.rows, TILE) * s.tiles, bounds_kernel, s);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, blocks, codes_kernel, s, static_cast<int32_t *>(arguments->saved),
                                 static_cast<float *>(arguments->output));
    return result;
}

cudaError_t vqc_cuda_quantise_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_quantise *o = &call->operation->quantise;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return vqc_cuda_gradient_pass(VQC_DTYPE_F32, arguments->accumulate[0], arguments->grad_input[0],
                                  arguments->grad_output, o->rows * o->width, call->stream);
}
