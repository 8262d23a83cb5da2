#include "ops/cuda/gradient.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/cuda/vector.cuh"
#include "ops/quantise_formulas.h"

/* The codebook's row as quantise_formulas.h says, without storing a distance: a tiled matrix product keeps, for
 * every row and every tile of entries, only the least lower and the least upper bound of its distances. Then the rows
 * compute in double the distances of those tiles that may hold the nearest entry; few of them do. */

namespace
{

enum { COLUMNS, BOUNDS }; /* parameters */

/* A block of threads multiplies ROWS rows of z by ENTRIES entries, DEPTH elements at a time; a thread ROWS_EACH rows
 * by ENTRIES_EACH entries, both in quads that lie one quad of every thread of the column or row apart, so that it
 * reads four factors at once and a warp reads from all banks. For each factor that it reads it makes four products,
 * and two such blocks fill a multiprocessor. */
enum {
    ROWS = 128,
    ENTRIES = 128,
    DEPTH = 16,
    ROWS_EACH = 8,
    ENTRIES_EACH = 8,
    QUAD = 4,
    DOWN = ROWS / ROWS_EACH,         /* threads along the rows */
    ACROSS = ENTRIES / ENTRIES_EACH, /* and along the entries */
    ROW_QUADS = ROWS_EACH / QUAD,
    ENTRY_QUADS = ENTRIES_EACH / QUAD,
    BLOCKS_EACH = 2, /* on a multiprocessor: bounds the registers of a thread */
    AHEAD = 64,      /* elements of an entry that a thread reads at a time when it computes in double, */
    TILES_AHEAD = 4  /* and of how many tiles it reads the bounds at a time */
};
static_assert(DOWN * ACROSS == VQC_CUDA_THREADS, "a thread for every place");
static_assert(DEPTH * ROWS % (QUAD * VQC_CUDA_THREADS) == 0 && DEPTH * ENTRIES % (QUAD * VQC_CUDA_THREADS) == 0,
              "whole shares");

enum { WARPS = VQC_CUDA_THREADS / VQC_CUDA_WARP };

/* The codebook as one call sees it, and the workspace. */
struct search {
    int64_t rows, width, entries;
    int64_t tiles; /* of entries */
    bool largest_product;
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

/* What a thread takes of the next factors from memory while it computes with the last: quads along z's elements and
 * along the entries. */
enum {
    Z_SHARE = DEPTH * ROWS / (QUAD * VQC_CUDA_THREADS),
    ENTRY_SHARE = DEPTH * ENTRIES / (QUAD * VQC_CUDA_THREADS)
};
typedef vqc_cuda_vector<float, QUAD> quad;
struct share {
    quad z[Z_SHARE];
    quad entry[ENTRY_SHARE];
};

/* Elements `first` to first + 3 of a row that has `count`, 0 beyond; `whole`: count is a multiple of four, and the
 * row aligned to a quad. */
template <bool whole> __device__ __forceinline__ quad quad_load(const float *row, int64_t first, int64_t count)
{
    quad read = {};
    if constexpr (whole) {
        if (first < count)
            read = vqc_cuda_vector_load<QUAD>(row, first);
    } else {
#pragma unroll
        for (int k = 0; k < QUAD; k++)
            read.element[k] = first + k < count ? row[first + k] : 0.0F;
    }
    return read;
}

template <bool whole>
__device__ __forceinline__ void share_load(const search &s, int64_t first_row, int64_t first_entry, int64_t first,
                                           share *next)
{
#pragma unroll
    for (int k = 0; k < Z_SHARE; k++) {
        int i = (int)threadIdx.x + k * VQC_CUDA_THREADS;
        int64_t row = first_row + i / (DEPTH / QUAD);
        int64_t element = first + i % (DEPTH / QUAD) * QUAD;
        next->z[k] = row < s.rows ? quad_load<whole>(s.z + row * s.width, element, s.width) : quad{};
    }
#pragma unroll
    for (int k = 0; k < ENTRY_SHARE; k++) {
        int i = (int)threadIdx.x + k * VQC_CUDA_THREADS;
        int64_t entry = first_entry + i % (ENTRIES / QUAD) * QUAD;
        int64_t element = first + i / (ENTRIES / QUAD);
        next->entry[k] =
            element < s.width ? quad_load<whole>(s.columns + element * s.entries, entry, s.entries) : quad{};
    }
}

__device__ __forceinline__ void share_store(const share &next, factors *f)
{
#pragma unroll
    for (int k = 0; k < Z_SHARE; k++) {
        int i = (int)threadIdx.x + k * VQC_CUDA_THREADS;
#pragma unroll
        for (int j = 0; j < QUAD; j++)
            f->z[i % (DEPTH / QUAD) * QUAD + j][i / (DEPTH / QUAD)] = next.z[k].element[j];
    }
#pragma unroll
    for (int k = 0; k < ENTRY_SHARE; k++) {
        int i = (int)threadIdx.x + k * VQC_CUDA_THREADS;
        vqc_cuda_vector_store(&f->entry[i / (ENTRIES / QUAD)][0], i % (ENTRIES / QUAD) * QUAD, next.entry[k]);
    }
}

/* Which row or entry of the block is a thread's i-th: `place` is the thread's of `places` along them. */
__device__ __forceinline__ int spread(int i, int place, int places)
{
    return (i / QUAD * places + place) * QUAD + i % QUAD;
}

/* Adds what these factors give to the products of the thread's rows and entries. */
__device__ __forceinline__ void products_add(const factors &f, int down, int across,
                                             float products[ROWS_EACH][ENTRIES_EACH])
{
#pragma unroll
    for (int k = 0; k < DEPTH; k++) {
        quad z[ROW_QUADS];
        quad entry[ENTRY_QUADS];
#pragma unroll
        for (int q = 0; q < ROW_QUADS; q++)
            z[q] = vqc_cuda_vector_load<QUAD>(&f.z[k][0], spread(q * QUAD, down, DOWN));
#pragma unroll
        for (int q = 0; q < ENTRY_QUADS; q++)
            entry[q] = vqc_cuda_vector_load<QUAD>(&f.entry[k][0], spread(q * QUAD, across, ACROSS));
#pragma unroll
        for (int i = 0; i < ROWS_EACH; i++)
#pragma unroll
            for (int j = 0; j < ENTRIES_EACH; j++)
                products[i][j] =
                    fmaf(z[i / QUAD].element[i % QUAD], entry[j / QUAD].element[j % QUAD], products[i][j]);
    }
}

/* The least bounds over the thread's entries for each of its rows, from its products. Where a bound is not a number,
 * the lower one is as low as can be, so that the tile is looked at. */
__device__ __forceinline__ void intervals_of(const search &s, int64_t first_row, int64_t first_entry, int down,
                                             int across, const float products[ROWS_EACH][ENTRIES_EACH],
                                             vqc_quantise_interval least[ROWS_EACH])
{
    float length[ROWS_EACH];
#pragma unroll
    for (int i = 0; i < ROWS_EACH; i++) {
        int64_t row = first_row + spread(i, down, DOWN);
        length[i] = row < s.rows ? s.lengths[row] : 0.0F;
        least[i] = vqc_quantise_interval{INFINITY, INFINITY};
    }
#pragma unroll
    for (int j = 0; j < ENTRIES_EACH; j++) {
        int64_t entry = first_entry + spread(j, across, ACROSS);
        if (entry >= s.entries)
            continue;
        const vqc_quantise_bound bound = s.bounds[entry];
#pragma unroll
        for (int i = 0; i < ROWS_EACH; i++) {
            vqc_quantise_interval found = vqc_quantise_interval_of(products[i][j], length[i], bound);
            least[i].lower = found.lower >= least[i].lower ? least[i].lower
                             : found.lower == found.lower  ? found.lower
                                                           : -INFINITY;
            least[i].upper = fminf(least[i].upper, found.upper);
        }
    }
}

/* Leaves the least bounds of the tile for each row. The ACROSS threads of a row are neighbours in a warp; all of them
 * must call. */
__device__ __forceinline__ void intervals_store(const search &s, int64_t first_row, int64_t tile, int down,
                                                int across, vqc_quantise_interval least[ROWS_EACH])
{
#pragma unroll
    for (int i = 0; i < ROWS_EACH; i++) {
        for (int lanes = ACROSS / 2; lanes > 0; lanes /= 2) {
            least[i].lower = fminf(least[i].lower, __shfl_xor_sync(0xffffffffU, least[i].lower, lanes));
            least[i].upper = fminf(least[i].upper, __shfl_xor_sync(0xffffffffU, least[i].upper, lanes));
        }
        int64_t row = first_row + spread(i, down, DOWN);
        if (across == 0 && row < s.rows) {
            s.lower[row * s.tiles + tile] = least[i].lower;
            s.upper[row * s.tiles + tile] = least[i].upper;
        }
    }
}

/* `whole`: the width and the number of entries are multiples of four. */
template <bool whole> __global__ void __launch_bounds__(VQC_CUDA_THREADS, BLOCKS_EACH) bounds_kernel(search s)
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
        share_load<whole>(s, first_row, first_entry, 0, &next);
        for (int64_t first = 0; first < s.width; first += DEPTH) {
            __syncthreads(); /* the last factors have been read */
            share_store(next, &f);
            __syncthreads();
            if (first + DEPTH < s.width)
                share_load<whole>(s, first_row, first_entry, first + DEPTH, &next);
            products_add(f, down, across, products);
        }
        vqc_quantise_interval least[ROWS_EACH];
        intervals_of(s, first_row, first_entry, down, across, products, least);
        intervals_store(s, first_row, at.rest, down, across, least);
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

/* The next AHEAD elements of a column of the codebook. */
__device__ __forceinline__ void elements_load(const float *column, int64_t stride, float read[AHEAD])
{
#pragma unroll
    for (int k = 0; k < AHEAD; k++)
        read[k] = column[k * stride];
}

/* The distance of quantise_formulas.h: both sums in the order of the elements. Many elements of the entry, which are
 * far apart in memory, are under way while those before them are added up. */
__device__ double distance_to(const search &s, const float *z, int64_t entry)
{
    const float *column = s.columns + entry;
    double square = 0.0;
    double product = 0.0;
    int64_t i = 0;
    float next[AHEAD];
    if (AHEAD <= s.width)
        elements_load(column, s.entries, next);
    for (; i + AHEAD <= s.width; i += AHEAD) {
        float read[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; k++)
            read[k] = next[k];
        if (i + 2 * AHEAD <= s.width)
            elements_load(column + (i + AHEAD) * s.entries, s.entries, next);
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
    return s.largest_product ? -2.0 * product : square - 2.0 * product;
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
    for (int64_t first = 0; first < s.tiles; first += TILES_AHEAD * VQC_CUDA_WARP) {
        unsigned may_hold = 0; /* bit k: tile `lane` of the k-th group */
#pragma unroll
        for (int k = 0; k < TILES_AHEAD; k++) {
            int64_t tile = first + k * VQC_CUDA_WARP + lane;
            may_hold |= tile < s.tiles && lower[tile] <= least ? 1U << k : 0U;
        }
#pragma unroll 1
        for (int k = 0; k < TILES_AHEAD; k++)
            for (unsigned rest = __ballot_sync(0xffffffffU, (may_hold >> k & 1U) != 0); rest != 0; rest &= rest - 1)
                tile_compare(s, s.z + row * s.width, first + k * VQC_CUDA_WARP + __ffs((int)rest) - 1, &best);
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
    s.largest_product = o->largest_product;
    s.columns = static_cast<const float *>(call->parameter[COLUMNS]);
    s.bounds = static_cast<const vqc_quantise_bound *>(call->parameter[BOUNDS]);
    s.z = static_cast<const float *>(arguments->input[0]);
    s.lengths = static_cast<float *>(arguments->workspace);
    s.lower = s.lengths + s.rows;
    s.upper = s.lower + s.rows * s.tiles;
    return s;
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const search s = search_of(call, arguments);
    cudaError_t result = vqc_cuda_launch(call->stream, vqc_cuda_pieces(s.rows, WARPS), lengths_kernel, s);
    const bool whole = s.width % QUAD == 0 && s.entries % QUAD == 0;
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, vqc_cuda_pieces(s.rows, ROWS) * s.tiles,
                                 whole ? bounds_kernel<true> : bounds_kernel<false>, s);
    if (result != cudaSuccess)
        return result;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(vqc_cuda_blocks(s.rows * VQC_CUDA_THREADS));
    config.blockDim = dim3(ENTRIES);
    config.stream = call->stream;
    return cudaLaunchKernelEx(&config, codes_kernel, s, static_cast<int32_t *>(arguments->saved),
                              static_cast<float *>(arguments->output));
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_quantise *o = &call->operation->quantise;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return vqc_cuda_gradient_pass(VQC_DTYPE_F32, arguments->accumulate[0], arguments->grad_input[0],
                                  arguments->grad_output, o->rows * o->width, call->stream);
}

/* columns (width, entries) of the codebook (entries, width) */
static void codebook_transpose(const vqc_operation *operation, float *columns)
{
    const vqc_quantise *o = &operation->quantise;
    for (int64_t entry = 0; entry < o->entries; entry++)
        for (int64_t i = 0; i < o->width; i++)
            columns[i * o->entries + entry] = o->codebook[entry * o->width + i];
}

/* A vqc_quantise_bound of each entry. */
static void codebook_bounds(const vqc_operation *operation, float *bounds)
{
    const vqc_quantise *o = &operation->quantise;
    for (int64_t entry = 0; entry < o->entries; entry++) {
        const float *row = o->codebook + entry * o->width;
        vqc_quantise_bound bound =
            vqc_quantise_bound_of(vqc_quantise_square(row, 1, o->width), o->width, o->largest_product);
        memcpy(bounds + entry * VQC_QUANTISE_BOUND_FLOATS, &bound, sizeof bound);
    }
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_quantise *o = &plan->operation.quantise;
    plan->sizes.saved = (size_t)o->rows * sizeof(int32_t);
    plan->sizes.workspace = (size_t)(o->rows * (1 + 2 * vqc_cuda_pieces(o->entries, ENTRIES))) * sizeof(float);
    VQC_TRY(vqc_cuda_parameter_compute(plan, COLUMNS, codebook_transpose, o->width * o->entries, error));
    return vqc_cuda_parameter_compute(plan, BOUNDS, codebook_bounds, VQC_QUANTISE_BOUND_FLOATS * o->entries, error);
}

const vqc_cuda_kernels vqc_cuda_quantise_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
