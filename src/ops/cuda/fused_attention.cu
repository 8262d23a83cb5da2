#include "ops/cuda/fused_attention.h"

#include <math.h>

#include "ops/cuda/attention_kernels.h"
#include "ops/cuda/element.cuh"
#include "ops/cuda/mma.cuh"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"

/* With S = q kᵀ, s = 1 / √head_width, L the saved logarithms, o the output and g its gradient:
 *
 *     P = exp2(s log2(e) S − L)    output = P v
 *     dS = P (g vᵀ − Σ g o)        dv = Pᵀ g    dq = s dS k    dk = s dSᵀ q
 *
 * A block has a tile of 64 rows (queries, or for dk and dv keys), each of its four warps 16 of them, which lie in
 * registers as left factors; it goes through the other side's rows (keys, or queries) in tiles of 64, which lie in
 * shared memory as right factors. What a warp computes from a tile, it rounds and uses as the next left factor
 * without leaving its registers. Rows are as wide as `WIDTH`, the next of the widths that there are kernels for, with
 * zeros behind head_width.
 *
 * Where queries and keys fit a tile each and heads are narrow, a block has all of a pair. Backwards each of its warps
 * computes P and dS of 16 queries, and, from what all leave in shared memory, dk and dv of 16 keys. Elsewhere a block
 * has a tile of either side, and backwards computes P and dS for that side's gradients alone. */

namespace
{

enum { TILE = 64, PART = 16 /* rows of a warp, and what it takes of a tile at once */, WARPS = TILE / PART };
enum { THREADS = WARPS * VQC_CUDA_WARP, QUAD = 4 /* lanes that share a row */ };
enum { PIECE = 8 /* elements of 16 bytes */ };

const double log2_of_e = 1.44269504088896341;

/* What a launch works on; tensors are those of the operation. */
struct attention {
    vqc_cuda_attention_heads heads;
    int64_t pairs;
    int queries, keys; /* of each */
    bool causal;
    float scale;      /* s */
    float scale_log2; /* s log2(e) */
};

/* Tile of rows in shared memory; a piece more than a row has keeps the rows of a matrix in different banks. */
template <int WIDTH> struct tile_shape {
    enum { STRIDE = WIDTH / PIECE + 1, SIZE = TILE * STRIDE };
};

/* A head of a sequence in a tensor. Numbers of tokens, sequences and heads fit 32 bits: VQC_OPERATION_MAX_SIZE. */
template <typename T> struct head_rows {
    T *first;
    int64_t stride;
    int count, width;
};

/* Which pair (attention_kernels.h): found once, as reads wait for its division. */
struct pair_place {
    int sequence, head;
};

__device__ __forceinline__ pair_place place_of_pair(const attention &a, int64_t number)
{
    vqc_cuda_quotient sequence = vqc_cuda_divide(number, a.heads.query.heads);
    return pair_place{(int)sequence.whole, (int)sequence.rest};
}

/* Where the pair has its logarithm of this query. */
__device__ __forceinline__ int64_t logarithm_index(const attention &a, const pair_place &pair, int query)
{
    return (pair.sequence * a.heads.query.heads + pair.head) * a.queries + query;
}

template <typename T>
__device__ __forceinline__ head_rows<T> rows_of(const vqc_cuda_heads &h, T *tensor, const pair_place &pair)
{
    T *first = tensor + pair.sequence * h.tokens * h.row_stride + h.offset + pair.head * h.head_width;
    return head_rows<T>{first, h.row_stride, (int)h.tokens, (int)h.head_width};
}

/* Where a lane is in its warp's products: see mma.cuh. */
struct lane_place {
    int warp, lane, row /* g */, column /* 2t */;
};

__device__ __forceinline__ lane_place place_of_lane()
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    return lane_place{(int)threadIdx.x / VQC_CUDA_WARP, lane, lane / QUAD, lane % QUAD * 2};
}

__device__ __forceinline__ float quad_sum(float value)
{
    value += __shfl_xor_sync(0xffffffffU, value, 1);
    return value + __shfl_xor_sync(0xffffffffU, value, 2);
}

__device__ __forceinline__ float quad_maximum(float value)
{
    value = vqc_cuda_maximum(value, __shfl_xor_sync(0xffffffffU, value, 1));
    return vqc_cuda_maximum(value, __shfl_xor_sync(0xffffffffU, value, 2));
}

/* The words at a place in a head, zero where there is nothing. A thread reads in any case, something that is there,
 * so that its reads need no branches and are all under way at once. */
template <typename Words>
__device__ __forceinline__ Words words_at(const head_rows<const __nv_bfloat16> &rows, int row, int column)
{
    bool is_there = row < rows.count && column < rows.width;
    const __nv_bfloat16 *begin = rows.first + (is_there ? row : 0) * rows.stride + (is_there ? column : 0);
    Words words = *reinterpret_cast<const Words *>(begin);
    return is_there ? words : Words{};
}

/* Four lanes that share a row exchange words: word j of lane t of them becomes word t of lane j. With it they read
 * and write pieces of 16 bytes, each lane its own, although products want a word of every piece in each lane. */
__device__ __forceinline__ void quad_transpose(uint32_t (&words)[QUAD])
{
    const bool odd = threadIdx.x % 2 != 0;
    const bool high = threadIdx.x / 2 % 2 != 0;
#pragma unroll
    for (int i = 0; i < QUAD; i += 2) {
        uint32_t received = __shfl_xor_sync(0xffffffffU, odd ? words[i] : words[i + 1], 1);
        words[i] = odd ? received : words[i];
        words[i + 1] = odd ? words[i + 1] : received;
    }
#pragma unroll
    for (int i = 0; i < 2; i++) {
        uint32_t received = __shfl_xor_sync(0xffffffffU, high ? words[i] : words[i + 2], 2);
        words[i] = high ? received : words[i];
        words[i + 2] = high ? words[i + 2] : received;
    }
}

/* The words of a piece, exchanged (quad_transpose). */
__device__ __forceinline__ void piece_words(const uint4 &piece, uint32_t (&words)[QUAD])
{
    words[0] = piece.x;
    words[1] = piece.y;
    words[2] = piece.z;
    words[3] = piece.w;
    quad_transpose(words);
}

/* Rows first to first + 15 as left factors. */
template <int WIDTH>
__device__ __forceinline__ void factors_load(const head_rows<const __nv_bfloat16> &rows, int first,
                                             const lane_place &place, uint32_t (&factors)[WIDTH / PART][4])
{
    uint4 piece[2][WIDTH / PIECE / QUAD]; /* of each half of the rows */
#pragma unroll
    for (int half = 0; half < 2; half++) {
#pragma unroll
        for (int n = 0; n < WIDTH / PIECE / QUAD; n++)
            piece[half][n] =
                words_at<uint4>(rows, first + place.row + half * 8, (n * QUAD + place.lane % QUAD) * PIECE);
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
#pragma unroll
        for (int n = 0; n < WIDTH / PIECE / QUAD; n++) {
            uint32_t words[QUAD];
            piece_words(piece[half][n], words);
#pragma unroll
            for (int i = 0; i < QUAD; i++)
                factors[n * 2 + i / 2][half + i % 2 * 2] = words[i];
        }
    }
}

/* What a thread has of 64 rows, on the way to shared memory. Several are read before the first is stored, so that all
 * of the reads are under way at once. */
template <int WIDTH> struct tile_pieces {
    enum { ROW = WIDTH / PIECE, COUNT = TILE * ROW / THREADS };
    uint4 piece[COUNT];
};

/* Row of the tile, and number in that row, of a thread's piece number k. */
template <int WIDTH> __device__ __forceinline__ int piece_row(int k)
{
    return (k * THREADS + (int)threadIdx.x) / tile_pieces<WIDTH>::ROW;
}

template <int WIDTH> __device__ __forceinline__ int piece_number(int k)
{
    return (k * THREADS + (int)threadIdx.x) % tile_pieces<WIDTH>::ROW;
}

/* Rows first to first + 63, by all threads of the block. */
template <int WIDTH>
__device__ __forceinline__ tile_pieces<WIDTH> pieces_load(const head_rows<const __nv_bfloat16> &rows, int first)
{
    tile_pieces<WIDTH> pieces;
#pragma unroll
    for (int k = 0; k < tile_pieces<WIDTH>::COUNT; k++)
        pieces.piece[k] = words_at<uint4>(rows, first + piece_row<WIDTH>(k), piece_number<WIDTH>(k) * PIECE);
    return pieces;
}

template <int WIDTH> __device__ __forceinline__ void pieces_store(const tile_pieces<WIDTH> &pieces, uint4 *tile)
{
#pragma unroll
    for (int k = 0; k < tile_pieces<WIDTH>::COUNT; k++)
        tile[piece_row<WIDTH>(k) * tile_shape<WIDTH>::STRIDE + piece_number<WIDTH>(k)] = pieces.piece[k];
}

template <int WIDTH>
__device__ __forceinline__ void tile_load(const head_rows<const __nv_bfloat16> &rows, int first, uint4 *tile)
{
    pieces_store<WIDTH>(pieces_load<WIDTH>(rows, first), tile);
}

/* sums (16, 16) += left (16, WIDTH) · (rows `part` to `part` + 15 of the tile)ᵀ */
template <int WIDTH>
__device__ __forceinline__ void part_scores(float (&sums)[2][4], const uint32_t (&left)[WIDTH / PART][4],
                                            const uint4 *tile, int part, int lane)
{
    const uint4 *row = tile + (part + lane % 8 + lane / 16 * 8) * tile_shape<WIDTH>::STRIDE + lane / 8 % 2;
#pragma unroll
    for (int k = 0; k < WIDTH / PART; k++) {
        uint32_t right[4];
        vqc_cuda_matrices_load(right, row + 2 * k);
        vqc_cuda_mma(sums[0], left[k], right[0], right[1]);
        vqc_cuda_mma(sums[1], left[k], right[2], right[3]);
    }
}

/* sums (16, WIDTH) += left (16, 16) · rows `part` to `part` + 15 of the tile */
template <int WIDTH>
__device__ __forceinline__ void part_product(float (&sums)[WIDTH / 8][4], const uint32_t (&left)[4],
                                             const uint4 *tile, int part, int lane)
{
    const uint4 *row = tile + (part + lane % 16) * tile_shape<WIDTH>::STRIDE + lane / 16;
#pragma unroll
    for (int n = 0; n < WIDTH / PART; n++) {
        uint32_t right[4];
        vqc_cuda_matrices_load_transposed(right, row + 2 * n);
        vqc_cuda_mma(sums[2 * n], left, right[0], right[1]);
        vqc_cuda_mma(sums[2 * n + 1], left, right[2], right[3]);
    }
}

/* The same with sums as the left factor. */
template <int WIDTH>
__device__ __forceinline__ void part_values(float (&sums)[WIDTH / 8][4], const float (&left)[2][4], const uint4 *tile,
                                            int part, int lane)
{
    const uint32_t factor[4] = {
        vqc_cuda_bf16_pair(left[0][0], left[0][1]), vqc_cuda_bf16_pair(left[0][2], left[0][3]),
        vqc_cuda_bf16_pair(left[1][0], left[1][1]), vqc_cuda_bf16_pair(left[1][2], left[1][3])};
    part_product<WIDTH>(sums, factor, tile, part, lane);
}

/* Rows first to first + 15 of the tensor (+)= the sums, each times the factor of its half of the rows. */
template <int WIDTH, bool ACCUMULATE>
__device__ __forceinline__ void rows_write(const head_rows<__nv_bfloat16> &rows, int first, const lane_place &place,
                                           const float (&sums)[WIDTH / 8][4], const float (&factor)[2])
{
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const int row = first + place.row + half * 8;
#pragma unroll
        for (int n = 0; n < WIDTH / PIECE; n += QUAD) {
            const int column = (n + place.lane % QUAD) * PIECE;
            const bool is_there = row < rows.count && column < rows.width;
            uint4 *piece = reinterpret_cast<uint4 *>(rows.first + row * rows.stride + column);
            uint32_t words[QUAD];
            if (ACCUMULATE)
                piece_words(is_there ? *piece : uint4{}, words);
#pragma unroll
            for (int i = 0; i < QUAD; i++) {
                float low = sums[n + i][2 * half] * factor[half];
                float high = sums[n + i][2 * half + 1] * factor[half];
                if (ACCUMULATE) {
                    low = vqc_cuda_bf16_low(words[i]) + low;
                    high = vqc_cuda_bf16_high(words[i]) + high;
                }
                words[i] = vqc_cuda_bf16_pair(low, high);
            }
            quad_transpose(words);
            if (is_there)
                *piece = uint4{words[0], words[1], words[2], words[3]};
        }
    }
}

template <int WIDTH>
__device__ __forceinline__ void rows_store(const head_rows<__nv_bfloat16> &rows, int first, const lane_place &place,
                                           const float (&sums)[WIDTH / 8][4], const float (&factor)[2],
                                           bool accumulate)
{
    if (accumulate)
        rows_write<WIDTH, true>(rows, first, place, sums, factor);
    else
        rows_write<WIDTH, false>(rows, first, place, sums, factor);
}

/* The softmax of a warp's rows so far: of each half of the rows, the largest score, and this lane's part of the sum
 * of what the exponentials are relative to it. */
template <int WIDTH> struct running_rows {
    float maximum[2], sum[2];
    float output[WIDTH / 8][4];
};

/* Turns the scores of a tile into exponentials, and what was summed so far into what is relative to the new maximum.
 */
template <int WIDTH>
__device__ __forceinline__ void softmax_step(running_rows<WIDTH> &rows, float (&scores)[TILE / PART][2][4],
                                             float scale_log2)
{
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float maximum = rows.maximum[half];
#pragma unroll
        for (int i = 0; i < TILE / 4; i++)
            maximum = vqc_cuda_maximum(maximum, scores[i / 4][i / 2 % 2][2 * half + i % 2]);
        maximum = quad_maximum(maximum);
        float correction = exp2f((rows.maximum[half] - maximum) * scale_log2);
        float sum = 0.0F;
#pragma unroll
        for (int i = 0; i < TILE / 4; i++) {
            float &score = scores[i / 4][i / 2 % 2][2 * half + i % 2];
            score = exp2f((score - maximum) * scale_log2);
            sum += score;
        }
        rows.maximum[half] = maximum;
        rows.sum[half] = rows.sum[half] * correction + sum;
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++) {
            rows.output[n][2 * half] *= correction;
            rows.output[n][2 * half + 1] *= correction;
        }
    }
}

/* Whether the query sees the key. Rows behind the last query or key are zero, and what becomes of them is not stored
 * and adds nothing to the rest, except that a key that is not there would take part in a softmax. */
__device__ __forceinline__ bool sees(const attention &a, int query, int key)
{
    return key < a.keys && (!a.causal || key <= query);
}

/* Whether all of a tile of queries see all of a tile of keys. */
__device__ __forceinline__ bool all_see(const attention &a, int first_query, int first_key)
{
    return sees(a, first_query, first_key + TILE - 1);
}

/* One past the last key that a tile of queries sees. */
__device__ __forceinline__ int keys_end(const attention &a, int first_query)
{
    return a.causal && first_query + TILE < a.keys ? first_query + TILE : a.keys;
}

/* One past the last key that any query of a warp sees, the first of which is this; 0 if there is none. */
__device__ __forceinline__ int part_keys_end(const attention &a, int query)
{
    if (query >= a.queries)
        return 0;
    return a.causal && query + PART < a.keys ? query + PART : a.keys;
}

/* Hides what queries do not see from a softmax: scores of a warp's queries for a tile of keys. */
__device__ __forceinline__ void scores_hide(const attention &a, float (&scores)[TILE / PART][2][4], int query,
                                            int key, const lane_place &place)
{
#pragma unroll
    for (int i = 0; i < TILE / 2; i++)
        if (!sees(a, query + place.row + i / 2 % 2 * 8, key + i / 8 * PART + i / 4 % 2 * 8 + place.column + i % 2))
            scores[i / 8][i / 4 % 2][i % 4] = -INFINITY;
}

/* Takes a tile of keys and values, the first of which is number `key`, into the rows of a warp. */
template <int WIDTH>
__device__ __forceinline__ void forward_tile(const attention &a, running_rows<WIDTH> &rows,
                                             const uint32_t (&query_factors)[WIDTH / PART][4], const uint4 *keys,
                                             const uint4 *values, int query, int key, const lane_place &place)
{
    const int end = part_keys_end(a, query);
    float scores[TILE / PART][2][4] = {};
#pragma unroll
    for (int part = 0; part < TILE / PART; part++)
        if (key + part * PART < end)
            part_scores<WIDTH>(scores[part], query_factors, keys, part * PART, place.lane);
    if (!all_see(a, query, key))
        scores_hide(a, scores, query, key, place);
    softmax_step<WIDTH>(rows, scores, a.scale_log2);
#pragma unroll
    for (int part = 0; part < TILE / PART; part++)
        if (key + part * PART < end)
            part_values<WIDTH>(rows.output, scores[part], values, part * PART, place.lane);
}

/* The tensors of the forward pass. */
struct tensors {
    const __nv_bfloat16 *queries, *keys;
    __nv_bfloat16 *output;
    float *logarithms; /* NULL where not wanted */
};

/* Divides by the sums, and writes the output and the logarithms. */
template <int WIDTH>
__device__ __forceinline__ void forward_finish(const attention &a, const running_rows<WIDTH> &rows,
                                               const pair_place &pair, int query, const tensors &t,
                                               const lane_place &place)
{
    float factor[2];
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float sum = quad_sum(rows.sum[half]);
        int row = query + place.row + half * 8;
        factor[half] = 1.0F / sum;
        if (t.logarithms != NULL && place.column == 0 && row < a.queries)
            t.logarithms[logarithm_index(a, pair, row)] = rows.maximum[half] * a.scale_log2 + log2f(sum);
    }
    rows_store<WIDTH>(rows_of(a.heads.output, t.output, pair), query, place, rows.output, factor, false);
}

template <int WIDTH>
__global__ void __launch_bounds__(THREADS, WIDTH <= 64 ? 3 : 2) forward_kernel(attention a, tensors t)
{
    __shared__ uint4 key_tile[tile_shape<WIDTH>::SIZE];
    __shared__ uint4 value_tile[tile_shape<WIDTH>::SIZE];
    const lane_place place = place_of_lane();
    const int64_t tiles = vqc_cuda_pieces(a.queries, TILE);
    for (int64_t work = blockIdx.x; work < a.pairs * tiles; work += gridDim.x) {
        const vqc_cuda_quotient tile = vqc_cuda_divide(work, tiles);
        const pair_place pair = place_of_pair(a, tile.whole);
        const int first_query = (int)tile.rest * TILE;
        const int query = first_query + place.warp * PART;
        bool any = query < a.queries;
        running_rows<WIDTH> rows = {{-INFINITY, -INFINITY}, {0.0F, 0.0F}, {}};
        uint32_t query_factors[WIDTH / PART][4];
        factors_load<WIDTH>(rows_of(a.heads.query, t.queries, pair), query, place, query_factors);
        for (int key = 0; key < keys_end(a, first_query); key += TILE) {
            tile_pieces<WIDTH> key_pieces = pieces_load<WIDTH>(rows_of(a.heads.key, t.keys, pair), key);
            tile_pieces<WIDTH> value_pieces = pieces_load<WIDTH>(rows_of(a.heads.value, t.keys, pair), key);
            __syncthreads();
            pieces_store<WIDTH>(key_pieces, key_tile);
            pieces_store<WIDTH>(value_pieces, value_tile);
            __syncthreads();
            if (any)
                forward_tile<WIDTH>(a, rows, query_factors, key_tile, value_tile, query, key, place);
        }
        if (any)
            forward_finish<WIDTH>(a, rows, pair, query, t, place);
    }
}

/* scores (16, 64) = rows first to first + 15 of the left tile · (rows of the right tile)ᵀ */
template <int WIDTH>
__device__ __forceinline__ void pair_scores(float (&scores)[TILE / PART][2][4], const uint4 *left, int first,
                                            const uint4 *right, int lane)
{
    const uint4 *row = left + (first + lane % 16) * tile_shape<WIDTH>::STRIDE + lane / 16;
    uint32_t factors[WIDTH / PART][4];
#pragma unroll
    for (int k = 0; k < WIDTH / PART; k++)
        vqc_cuda_matrices_load(factors[k], row + 2 * k);
#pragma unroll
    for (int part = 0; part < TILE / PART; part++)
        part_scores<WIDTH>(scores[part], factors, right, part * PART, lane);
}

/* A block for each pair that fits a tile of queries and a tile of keys: all reads are under way at once. It
 * computes with rows behind the last token as with others: they are zero. */
template <int WIDTH> __global__ void __launch_bounds__(THREADS, 3) pair_forward_kernel(attention a, tensors t)
{
    __shared__ uint4 query_tile[tile_shape<WIDTH>::SIZE];
    __shared__ uint4 key_tile[tile_shape<WIDTH>::SIZE];
    __shared__ uint4 value_tile[tile_shape<WIDTH>::SIZE];
    const pair_place pair = place_of_pair(a, blockIdx.x);
    const lane_place place = place_of_lane();
    const int first = place.warp * PART;
    running_rows<WIDTH> rows = {{-INFINITY, -INFINITY}, {0.0F, 0.0F}, {}};
    float scores[TILE / PART][2][4] = {};
    const tile_pieces<WIDTH> query = pieces_load<WIDTH>(rows_of(a.heads.query, t.queries, pair), 0);
    const tile_pieces<WIDTH> key = pieces_load<WIDTH>(rows_of(a.heads.key, t.keys, pair), 0);
    const tile_pieces<WIDTH> value = pieces_load<WIDTH>(rows_of(a.heads.value, t.keys, pair), 0);
    pieces_store<WIDTH>(query, query_tile);
    pieces_store<WIDTH>(key, key_tile);
    pieces_store<WIDTH>(value, value_tile);
    __syncthreads();
    pair_scores<WIDTH>(scores, query_tile, first, key_tile, place.lane);
    scores_hide(a, scores, first, 0, place);
    softmax_step<WIDTH>(rows, scores, a.scale_log2);
#pragma unroll
    for (int part = 0; part < TILE / PART; part++)
        part_values<WIDTH>(rows.output, scores[part], value_tile, part * PART, place.lane);
    forward_finish<WIDTH>(a, rows, pair, first, t, place);
}

/* The tensors of the backward pass. */
struct gradients {
    const __nv_bfloat16 *queries, *keys, *output, *grad_output;
    const float *logarithms;
    __nv_bfloat16 *grad_queries, *grad_keys; /* NULL where not wanted */
    bool accumulate_queries, accumulate_keys;
};

/* Turns scores into P, and the gradients of P, less their row's Σ g o, into dS. Without branches, so that the
 * exponentials of many scores overlap. */
__device__ __forceinline__ void score_gradient(const attention &a, bool seen, float logarithm, float mean,
                                               float &score, float &gradient)
{
    const float visible = seen ? score : -INFINITY;
    score = exp2f(visible * a.scale_log2 - logarithm);
    gradient = score * (gradient - mean);
}

/* What belongs to the queries of a tile, in shared memory: L and Σ g o. */
struct query_numbers {
    float logarithm[TILE], mean[TILE];
};

/* Σ g o of a piece of a row. */
__device__ __forceinline__ float piece_product(const uint4 &left, const uint4 &right)
{
    const uint32_t l[] = {left.x, left.y, left.z, left.w};
    const uint32_t r[] = {right.x, right.y, right.z, right.w};
    float sum = 0.0F;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        sum += vqc_cuda_bf16_low(l[i]) * vqc_cuda_bf16_low(r[i]);
        sum += vqc_cuda_bf16_high(l[i]) * vqc_cuda_bf16_high(r[i]);
    }
    return sum;
}

/* L of the query of this number, 0 behind the last. */
__device__ __forceinline__ float logarithm_load(const attention &a, const gradients &t, const pair_place &pair,
                                                int query)
{
    return query < a.queries ? t.logarithms[logarithm_index(a, pair, query)] : 0.0F;
}

/* By all threads of the block, two to a row, which take its pieces in turn. */
template <int WIDTH>
__device__ __forceinline__ void query_numbers_load(const attention &a, const gradients &t, const pair_place &pair,
                                                   int first_query, query_numbers &numbers)
{
    const head_rows<const __nv_bfloat16> gradient = rows_of(a.heads.output, t.grad_output, pair);
    const head_rows<const __nv_bfloat16> output = rows_of(a.heads.output, t.output, pair);
    const int row = (int)threadIdx.x / 2;
    float mean = 0.0F;
#pragma unroll
    for (int k = 0; k < WIDTH / PART; k++) {
        int column = k * PART + (int)threadIdx.x % 2 * PIECE;
        mean += piece_product(words_at<uint4>(gradient, first_query + row, column),
                              words_at<uint4>(output, first_query + row, column));
    }
    mean += __shfl_xor_sync(0xffffffffU, mean, 1);
    if (threadIdx.x % 2 != 0)
        return;
    numbers.mean[row] = mean;
    numbers.logarithm[row] = logarithm_load(a, t, pair, first_query + row);
}

/* dq of a tile of queries. */
template <int WIDTH>
__device__ __forceinline__ void query_gradients(const attention &a, const gradients &t, const pair_place &pair,
                                                int first_query, uint4 *key_tile, uint4 *value_tile,
                                                query_numbers &numbers)
{
    const lane_place place = place_of_lane();
    const int query = first_query + place.warp * PART;
    uint32_t query_factors[WIDTH / PART][4];
    uint32_t gradient_factors[WIDTH / PART][4];
    float mean[2];
    float logarithm[2];
    float result[WIDTH / 8][4] = {};
    factors_load<WIDTH>(rows_of(a.heads.query, t.queries, pair), query, place, query_factors);
    factors_load<WIDTH>(rows_of(a.heads.output, t.grad_output, pair), query, place, gradient_factors);
    __syncthreads();
    query_numbers_load<WIDTH>(a, t, pair, first_query, numbers);
    __syncthreads();
#pragma unroll
    for (int half = 0; half < 2; half++) {
        mean[half] = numbers.mean[place.warp * PART + place.row + half * 8];
        logarithm[half] = numbers.logarithm[place.warp * PART + place.row + half * 8];
    }
    for (int key = 0; key < keys_end(a, first_query); key += TILE) {
        __syncthreads();
        tile_load<WIDTH>(rows_of(a.heads.key, t.keys, pair), key, key_tile);
        tile_load<WIDTH>(rows_of(a.heads.value, t.keys, pair), key, value_tile);
        __syncthreads();
        const bool whole = all_see(a, first_query, key);
#pragma unroll 1
        for (int part = 0; part < TILE && key + part < part_keys_end(a, query); part += PART) {
            float scores[2][4] = {};
            float score_gradients[2][4] = {};
            part_scores<WIDTH>(scores, query_factors, key_tile, part, place.lane);
            part_scores<WIDTH>(score_gradients, gradient_factors, value_tile, part, place.lane);
#pragma unroll
            for (int i = 0; i < 8; i++) {
                int half = i / 2 % 2;
                bool seen =
                    whole || sees(a, query + place.row + half * 8, key + part + i / 4 * 8 + place.column + i % 2);
                score_gradient(a, seen, logarithm[half], mean[half], scores[i / 4][i % 4],
                               score_gradients[i / 4][i % 4]);
            }
            part_values<WIDTH>(result, score_gradients, key_tile, part, place.lane);
        }
    }
    const float factor[2] = {a.scale, a.scale};
    rows_store<WIDTH>(rows_of(a.heads.query, t.grad_queries, pair), query, place, result, factor,
                      t.accumulate_queries);
}

/* dk and dv of a tile of keys. Here scores are transposed: keys are rows. */
template <int WIDTH>
__device__ __forceinline__ void key_gradients(const attention &a, const gradients &t, const pair_place &pair,
                                              int first_key, uint4 *query_tile, uint4 *gradient_tile,
                                              query_numbers &numbers)
{
    const lane_place place = place_of_lane();
    const int key = first_key + place.warp * PART;
    uint32_t key_factors[WIDTH / PART][4];
    uint32_t value_factors[WIDTH / PART][4];
    float key_result[WIDTH / 8][4] = {};
    float value_result[WIDTH / 8][4] = {};
    factors_load<WIDTH>(rows_of(a.heads.key, t.keys, pair), key, place, key_factors);
    factors_load<WIDTH>(rows_of(a.heads.value, t.keys, pair), key, place, value_factors);
    for (int query = a.causal ? first_key : 0; query < a.queries; query += TILE) {
        __syncthreads();
        tile_load<WIDTH>(rows_of(a.heads.query, t.queries, pair), query, query_tile);
        tile_load<WIDTH>(rows_of(a.heads.output, t.grad_output, pair), query, gradient_tile);
        query_numbers_load<WIDTH>(a, t, pair, query, numbers);
        __syncthreads();
        const bool whole = all_see(a, query, first_key);
#pragma unroll 1
        for (int part = 0; part < TILE && query + part < a.queries && key < a.keys; part += PART) {
            if (a.causal && query + part + PART <= key)
                continue;
            float scores[2][4] = {};
            float score_gradients[2][4] = {};
            part_scores<WIDTH>(scores, key_factors, query_tile, part, place.lane);
            part_scores<WIDTH>(score_gradients, value_factors, gradient_tile, part, place.lane);
#pragma unroll
            for (int i = 0; i < 8; i++) {
                int column = part + i / 4 * 8 + place.column + i % 2;
                bool seen = whole || sees(a, query + column, key + place.row + i / 2 % 2 * 8);
                score_gradient(a, seen, numbers.logarithm[column], numbers.mean[column], scores[i / 4][i % 4],
                               score_gradients[i / 4][i % 4]);
            }
            part_values<WIDTH>(value_result, scores, gradient_tile, part, place.lane);
            part_values<WIDTH>(key_result, score_gradients, query_tile, part, place.lane);
        }
    }
    const float scale[2] = {a.scale, a.scale};
    const float one[2] = {1.0F, 1.0F};
    rows_store<WIDTH>(rows_of(a.heads.key, t.grad_keys, pair), key, place, key_result, scale, t.accumulate_keys);
    rows_store<WIDTH>(rows_of(a.heads.value, t.grad_keys, pair), key, place, value_result, one, t.accumulate_keys);
}

/* Tiles of keys come first, as they take longest. */
template <int WIDTH>
__global__ void __launch_bounds__(THREADS, WIDTH <= 64 ? 3 : 2) backward_kernel(attention a, gradients t)
{
    __shared__ uint4 first_tile[tile_shape<WIDTH>::SIZE];
    __shared__ uint4 second_tile[tile_shape<WIDTH>::SIZE];
    __shared__ query_numbers numbers;
    const int64_t key_tiles = vqc_cuda_pieces(a.keys, TILE);
    const int64_t query_tiles = vqc_cuda_pieces(a.queries, TILE);
    const int64_t key_work = t.grad_keys != NULL ? a.pairs * key_tiles : 0;
    const int64_t query_work = t.grad_queries != NULL ? a.pairs * query_tiles : 0;
    for (int64_t work = blockIdx.x; work < key_work + query_work; work += gridDim.x) {
        if (work < key_work) {
            const vqc_cuda_quotient tile = vqc_cuda_divide(work, key_tiles);
            const pair_place pair = place_of_pair(a, tile.whole);
            key_gradients<WIDTH>(a, t, pair, (int)tile.rest * TILE, first_tile, second_tile, numbers);
        } else {
            const vqc_cuda_quotient tile = vqc_cuda_divide(work - key_work, query_tiles);
            const pair_place pair = place_of_pair(a, tile.whole);
            query_gradients<WIDTH>(a, t, pair, (int)tile.rest * TILE, first_tile, second_tile, numbers);
        }
    }
}

/* A pair that fits a tile of queries and a tile of keys, as its block has it in shared memory. */
template <int WIDTH> struct pair_tiles {
    uint4 query[tile_shape<WIDTH>::SIZE], gradient[tile_shape<WIDTH>::SIZE];
    /* first keys and values, later dS and P, a row for each query */
    uint4 key[tile_shape<TILE>::SIZE], value[tile_shape<TILE>::SIZE];
    query_numbers numbers;
};

/* Σ g o of all rows; the lanes that have pieces of a row are neighbours. */
template <int WIDTH>
__device__ __forceinline__ void means_store(const tile_pieces<WIDTH> &gradient, const tile_pieces<WIDTH> &output,
                                            float *means)
{
#pragma unroll
    for (int k = 0; k < tile_pieces<WIDTH>::COUNT; k++) {
        float mean = piece_product(gradient.piece[k], output.piece[k]);
#pragma unroll
        for (int distance = 1; distance < tile_pieces<WIDTH>::ROW; distance *= 2)
            mean += __shfl_xor_sync(0xffffffffU, mean, distance);
        if (piece_number<WIDTH>(k) == 0)
            means[piece_row<WIDTH>(k)] = mean;
    }
}

/* The pair into shared memory, all of it under way at once. */
template <int WIDTH>
__device__ __forceinline__ void pair_load(const attention &a, const gradients &t, const pair_place &pair,
                                          pair_tiles<WIDTH> &tiles)
{
    const float logarithm = logarithm_load(a, t, pair, (int)threadIdx.x % TILE);
    const tile_pieces<WIDTH> gradient = pieces_load<WIDTH>(rows_of(a.heads.output, t.grad_output, pair), 0);
    const tile_pieces<WIDTH> output = pieces_load<WIDTH>(rows_of(a.heads.output, t.output, pair), 0);
    const tile_pieces<WIDTH> query = pieces_load<WIDTH>(rows_of(a.heads.query, t.queries, pair), 0);
    const tile_pieces<WIDTH> key = pieces_load<WIDTH>(rows_of(a.heads.key, t.keys, pair), 0);
    const tile_pieces<WIDTH> value = pieces_load<WIDTH>(rows_of(a.heads.value, t.keys, pair), 0);
    pieces_store<WIDTH>(gradient, tiles.gradient);
    pieces_store<WIDTH>(query, tiles.query);
    pieces_store<WIDTH>(key, tiles.key);
    pieces_store<WIDTH>(value, tiles.value);
    if (threadIdx.x < TILE)
        tiles.numbers.logarithm[threadIdx.x] = logarithm;
    means_store<WIDTH>(gradient, output, tiles.numbers.mean);
}

/* Rounds what a warp has of a matrix (queries, keys) into its rows, from `first` on, of a tile in shared memory.
 */
__device__ __forceinline__ void pair_matrix_store(const float (&matrix)[TILE / PART][2][4], uint4 *tile, int first,
                                                  const lane_place &place)
{
#pragma unroll
    for (int half = 0; half < 2; half++) {
        uint32_t *row =
            reinterpret_cast<uint32_t *>(tile + (first + place.row + half * 8) * tile_shape<TILE>::STRIDE);
#pragma unroll
        for (int n = 0; n < TILE / 8; n++)
            row[n * 4 + place.column / 2] =
                vqc_cuda_bf16_pair(matrix[n / 2][n % 2][2 * half], matrix[n / 2][n % 2][2 * half + 1]);
    }
}

/* sums (16 keys, WIDTH) = (columns first to first + 15 of the matrix)ᵀ · rows of the tile, over the queries. */
template <int WIDTH>
__device__ __forceinline__ void pair_transposed_product(float (&sums)[WIDTH / 8][4], const uint4 *matrix, int first,
                                                        const uint4 *tile, int lane)
{
    const uint4 *row = matrix + (lane % 8 + lane / 16 * 8) * tile_shape<TILE>::STRIDE + first / PIECE + lane / 8 % 2;
#pragma unroll
    for (int part = 0; part < TILE; part += PART) {
        uint32_t factor[4];
        vqc_cuda_matrices_load_transposed(factor, row + part * tile_shape<TILE>::STRIDE);
        part_product<WIDTH>(sums, factor, tile, part, lane);
    }
}

/* P, and dS for the gradients of P, of a warp's queries, from number `query` on. */
template <int WIDTH>
__device__ __forceinline__ void pair_softmax(const attention &a, const pair_tiles<WIDTH> &tiles, int query,
                                             const lane_place &place, float (&scores)[TILE / PART][2][4],
                                             float (&score_gradients)[TILE / PART][2][4])
{
    const float *logarithm = tiles.numbers.logarithm + query + place.row;
    const float *mean = tiles.numbers.mean + query + place.row;
    pair_scores<WIDTH>(scores, tiles.query, query, tiles.key, place.lane);
    pair_scores<WIDTH>(score_gradients, tiles.gradient, query, tiles.value, place.lane);
#pragma unroll
    for (int i = 0; i < TILE / 2; i++) {
        const int part = i / 8;
        const int half = i / 2 % 2;
        const bool seen = sees(a, query + place.row + half * 8, part * PART + i / 4 % 2 * 8 + place.column + i % 2);
        score_gradient(a, seen, logarithm[half * 8], mean[half * 8], scores[part][i / 4 % 2][i % 4],
                       score_gradients[part][i / 4 % 2][i % 4]);
    }
}

/* dq of a warp's queries. */
template <int WIDTH>
__device__ __forceinline__ void
pair_query_gradients(const attention &a, const gradients &t, const pair_place &pair, const pair_tiles<WIDTH> &tiles,
                     int query, const float (&score_gradients)[TILE / PART][2][4], const lane_place &place)
{
    const float scale[2] = {a.scale, a.scale};
    float result[WIDTH / 8][4] = {};
#pragma unroll
    for (int part = 0; part < TILE / PART; part++)
        part_values<WIDTH>(result, score_gradients[part], tiles.key, part * PART, place.lane);
    rows_store<WIDTH>(rows_of(a.heads.query, t.grad_queries, pair), query, place, result, scale,
                      t.accumulate_queries);
}

/* dk and dv of a warp's keys, from P and dS in shared memory. */
template <int WIDTH>
__device__ __forceinline__ void pair_key_gradients(const attention &a, const gradients &t, const pair_place &pair,
                                                   const pair_tiles<WIDTH> &tiles, int key, const lane_place &place)
{
    const float scale[2] = {a.scale, a.scale};
    const float one[2] = {1.0F, 1.0F};
    float key_result[WIDTH / 8][4] = {};
    float value_result[WIDTH / 8][4] = {};
    pair_transposed_product<WIDTH>(value_result, tiles.value, key, tiles.gradient, place.lane);
    rows_store<WIDTH>(rows_of(a.heads.value, t.grad_keys, pair), key, place, value_result, one, t.accumulate_keys);
    pair_transposed_product<WIDTH>(key_result, tiles.key, key, tiles.query, place.lane);
    rows_store<WIDTH>(rows_of(a.heads.key, t.grad_keys, pair), key, place, key_result, scale, t.accumulate_keys);
}

/* As pair_forward_kernel. */
template <int WIDTH> __global__ void __launch_bounds__(THREADS, 3) pair_backward_kernel(attention a, gradients t)
{
    __shared__ pair_tiles<WIDTH> tiles;
    const pair_place pair = place_of_pair(a, blockIdx.x);
    const lane_place place = place_of_lane();
    const int first = place.warp * PART; /* of the warp's queries, and of its keys */
    float scores[TILE / PART][2][4] = {};
    float score_gradients[TILE / PART][2][4] = {};
    pair_load<WIDTH>(a, t, pair, tiles);
    __syncthreads();
    pair_softmax<WIDTH>(a, tiles, first, place, scores, score_gradients);
    if (t.grad_queries != NULL)
        pair_query_gradients<WIDTH>(a, t, pair, tiles, first, score_gradients, place);
    if (t.grad_keys == NULL)
        return;
    __syncthreads();
    pair_matrix_store(scores, tiles.value, first, place);
    pair_matrix_store(score_gradients, tiles.key, first, place);
    __syncthreads();
    pair_key_gradients<WIDTH>(a, t, pair, tiles, first, place);
}

attention attention_of(const vqc_attention *o)
{
    attention a;
    double scale = 1.0 / sqrt((double)o->head_width);
    a.heads = vqc_cuda_attention_heads_of(o);
    a.pairs = o->batch * o->heads;
    a.queries = (int)o->queries;
    a.keys = (int)o->keys;
    a.causal = o->causal;
    a.scale = (float)scale;
    a.scale_log2 = (float)(scale * log2_of_e);
    return a;
}

/* As many blocks as there are tiles; vqc_cuda_blocks limits them to what keeps any GPU busy. */
unsigned blocks_for(int64_t tiles)
{
    return vqc_cuda_blocks(tiles * VQC_CUDA_THREADS);
}

/* Whether the kernels for pairs take them: four tiles of wider heads would not fit 48 KiB. */
bool are_small_pairs(const vqc_attention *o)
{
    const int64_t widest = 64;
    int64_t pairs = o->batch * o->heads;
    return o->head_width <= widest && o->queries <= TILE && o->keys <= TILE && blocks_for(pairs) == pairs;
}

tensors tensors_of(const vqc_attention *o, const vqc_forward *arguments)
{
    return tensors{static_cast<const __nv_bfloat16 *>(arguments->input[0]),
                   static_cast<const __nv_bfloat16 *>(arguments->input[o->packed ? 0 : 1]),
                   static_cast<__nv_bfloat16 *>(arguments->output), static_cast<float *>(arguments->saved)};
}

template <int WIDTH> cudaError_t forward(const vqc_attention *o, const tensors &t, cudaStream_t stream)
{
    int64_t tiles = o->batch * o->heads * vqc_cuda_pieces(o->queries, TILE);
    forward_kernel<WIDTH><<<blocks_for(tiles), THREADS, 0, stream>>>(attention_of(o), t);
    return cudaGetLastError();
}

template <int WIDTH> cudaError_t pair_forward(const vqc_attention *o, const tensors &t, cudaStream_t stream)
{
    pair_forward_kernel<WIDTH><<<blocks_for(o->batch * o->heads), THREADS, 0, stream>>>(attention_of(o), t);
    return cudaGetLastError();
}

gradients gradients_of(const vqc_attention *o, const vqc_backward *arguments)
{
    int keys = o->packed ? 0 : 1;
    return gradients{static_cast<const __nv_bfloat16 *>(arguments->input[0]),
                     static_cast<const __nv_bfloat16 *>(arguments->input[keys]),
                     static_cast<const __nv_bfloat16 *>(arguments->output),
                     static_cast<const __nv_bfloat16 *>(arguments->grad_output),
                     static_cast<const float *>(arguments->saved),
                     static_cast<__nv_bfloat16 *>(arguments->grad_input[0]),
                     static_cast<__nv_bfloat16 *>(arguments->grad_input[keys]),
                     arguments->accumulate[0],
                     arguments->accumulate[keys]};
}

template <int WIDTH> cudaError_t backward(const vqc_attention *o, const gradients &t, cudaStream_t stream)
{
    int64_t tiles = (t.grad_keys != NULL ? vqc_cuda_pieces(o->keys, TILE) : 0) +
                    (t.grad_queries != NULL ? vqc_cuda_pieces(o->queries, TILE) : 0);
    backward_kernel<WIDTH><<<blocks_for(o->batch * o->heads * tiles), THREADS, 0, stream>>>(attention_of(o), t);
    return cudaGetLastError();
}

template <int WIDTH> cudaError_t pair_backward(const vqc_attention *o, const gradients &t, cudaStream_t stream)
{
    pair_backward_kernel<WIDTH><<<blocks_for(o->batch * o->heads), THREADS, 0, stream>>>(attention_of(o), t);
    return cudaGetLastError();
}

} // namespace

bool vqc_cuda_fused_attention_applies(const vqc_operation *operation)
{
    const int64_t widest = 128;
    const vqc_attention *o = &operation->attention;
    return operation->dtype == VQC_DTYPE_BF16 && !o->masked && o->head_width % PIECE == 0 && o->head_width <= widest;
}

size_t vqc_cuda_fused_attention_saved_size(const vqc_attention *o)
{
    return (size_t)(o->batch * o->heads * o->queries) * sizeof(float);
}

cudaError_t vqc_cuda_fused_attention_forward(const vqc_attention *o, const vqc_forward *arguments,
                                             cudaStream_t stream)
{
    const tensors t = tensors_of(o, arguments);
    if (are_small_pairs(o))
        return o->head_width <= 32 ? pair_forward<32>(o, t, stream) : pair_forward<64>(o, t, stream);
    if (o->head_width <= 32)
        return forward<32>(o, t, stream);
    if (o->head_width <= 64)
        return forward<64>(o, t, stream);
    return o->head_width <= 96 ? forward<96>(o, t, stream) : forward<128>(o, t, stream);
}

cudaError_t vqc_cuda_fused_attention_backward(const vqc_attention *o, const vqc_backward *arguments,
                                              cudaStream_t stream)
{
    const gradients t = gradients_of(o, arguments);
    if (t.grad_queries == NULL && t.grad_keys == NULL)
        return cudaSuccess;
    if (are_small_pairs(o))
        return o->head_width <= 32 ? pair_backward<32>(o, t, stream) : pair_backward<64>(o, t, stream);
    if (o->head_width <= 32)
        return backward<32>(o, t, stream);
    if (o->head_width <= 64)
        return backward<64>(o, t, stream);
    return o->head_width <= 96 ? backward<96>(o, t, stream) : backward<128>(o, t, stream);
}
