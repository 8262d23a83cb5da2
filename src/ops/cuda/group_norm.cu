#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/cuda/sigmoid.cuh"
#include "ops/cuda/vector.cuh"
#include "ops/formulas.h"

/* Both passes go over the tensor twice: first for sums by group, then to compute the result. Of a small group one
 * block of threads holds all in registers, and one kernel does both. Others are divided into pieces of pixels: a
 * first kernel leaves the sums of each group in each piece, and a second one, whose blocks all combine them in the
 * same way, computes the result. All orders of summation are fixed by the shape of one picture. */

namespace
{

enum { WEIGHT, BIAS }; /* parameters */

enum {
    ALONE_THREADS = 512, /* of a block that does its groups alone, */
    PIECE_THREADS = 256, /* and of one that does a piece */
    PIECES_EACH = 3,     /* such blocks on a multiprocessor at least: bounds the registers of a thread */
    WARPS_MOST = ALONE_THREADS / VQC_CUDA_WARP,
    BATCH = 4,                       /* vectors of a tensor that a thread reads before it uses them, */
    BATCH_OF_MANY = 2,               /* and where it reads three tensors */
    HELD = 2,                        /* vectors of a thread of a block that does its groups alone */
    LINE = 4,                        /* vectors in a pixel of narrow groups that are done together: 64 bytes */
    PIECE_LEAST = 2 * PIECE_THREADS, /* about as many vectors has a piece at least */
    BLOCKS_MOST = 384                /* for a picture: about three for each multiprocessor */
};
static_assert((int)HELD <= (int)BATCH && (int)HELD <= (int)BATCH_OF_MANY, "what is held is one batch");

/* Of each group of each picture, what the forward pass leaves for the backward pass. */
typedef struct statistics {
    float mean;
    float inverse_deviation;
} statistics;

/* Of a group in a piece: forward the mean and the sum of squared deviations, backward the sums of the gradient h with
 * respect to the normalised values and of h times these. Backward also the means of these over a group. */
typedef struct sums {
    float first, second;
} sums;

/* A call. Vectors have V channels, which lie in one group or are the whole of two. */
struct norm {
    int64_t batch, pixels, channels, groups;
    int64_t width;         /* channels of a group */
    int64_t piece;         /* pixels of a piece; the last one of a picture may have fewer */
    int64_t pieces;        /* of a picture */
    int64_t chunk, chunks; /* groups of a chunk, the last of which may have fewer, and number of chunks */
    double share;          /* 1 / elements of a group */
    float epsilon;
    const float *weight;
    const float *bias;
    sums *parts; /* (batch, groups, pieces) */
};

/* What a block of threads works on: the groups of a chunk in a piece of pixels. The threads stand in rows as wide as
 * the chunk, in vectors, or as the block if that is narrower: thread (row, column) takes the pixels row, row + rows,
 * ... and the vectors column, column + columns, ... Threads that are left over have no row. Only a chunk of a single
 * group is wider than a block. */
struct place {
    int64_t batch;
    int piece;
    int group;      /* the first of the chunk */
    int groups;     /* of the chunk */
    int64_t first;  /* element of the tensor: of the piece's first pixel the chunk's first */
    int64_t pixels; /* number */
    int vectors;
    int rows, columns, row, column;
};

template <int V> __device__ place place_of(const norm &n)
{
    vqc_cuda_quotient at_chunk = vqc_cuda_divide(blockIdx.x, n.chunks);
    vqc_cuda_quotient at = vqc_cuda_divide(at_chunk.whole, n.pieces);
    int64_t pixels_left = n.pixels - at.rest * n.piece;
    int64_t groups_left = n.groups - at_chunk.rest * n.chunk;
    place p;
    p.batch = at.whole;
    p.piece = (int)at.rest;
    p.group = (int)(at_chunk.rest * n.chunk);
    p.groups = (int)(groups_left < n.chunk ? groups_left : n.chunk);
    p.first = (at.whole * n.pixels + at.rest * n.piece) * n.channels + p.group * n.width;
    p.pixels = pixels_left < n.piece ? pixels_left : n.piece;
    p.vectors = p.groups * (int)n.width / V;
    p.columns = p.vectors < (int)blockDim.x ? p.vectors : (int)blockDim.x;
    p.rows = (int)blockDim.x / p.columns;
    p.row = (int)threadIdx.x / p.columns;
    p.column = (int)threadIdx.x % p.columns;
    return p;
}

/* A vector's channels lie in two groups, half in each, or, as is said in the same way, both halves in one. */
enum { HALVES = 2 };

template <int V> __device__ constexpr int half_of(int i)
{
    return V == 1 ? 0 : i / (V / HALVES);
}

/* Which group of the chunk a half of a vector of a pixel lies in. */
template <int V> __device__ int group_of(const norm &n, int vector, int half)
{
    int channel = vector * V + half * (V / HALVES);
    return channel / (int)n.width;
}

/* Sums over the block of what its threads have, all of them of one group: totals[0], which thread 0 may read. */
__device__ void group_sum(const sums mine, sums *totals)
{
    __shared__ sums slots[WARPS_MOST];
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    int warp = (int)threadIdx.x / VQC_CUDA_WARP;
    sums sum = {vqc_cuda_warp_sum(mine.first), vqc_cuda_warp_sum(mine.second)};
    if (lane == 0)
        slots[warp] = sum;
    __syncthreads();
    if (warp == 0) {
        const sums slot = lane < (int)blockDim.x / VQC_CUDA_WARP ? slots[lane] : sums{0.0F, 0.0F};
        sum = sums{vqc_cuda_warp_sum(slot.first), vqc_cuda_warp_sum(slot.second)};
        if (lane == 0)
            totals[0] = sum;
    }
}

/* Sums over the block of what its threads have of every group, in a fixed order: totals[group of the chunk]. `mine`
 * are the thread's sums by half. Every thread of the block calls it once; on return thread `group` may
 * read its total. */
template <int V> __device__ void groups_sum(const norm &n, const place &p, const sums mine[HALVES], sums *totals)
{
    __shared__ sums slots[HALVES][ALONE_THREADS];
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    bool divided = n.width < V;
    const sums both = {mine[0].first + mine[1].first, mine[0].second + mine[1].second};
    if (p.groups == 1) {
        group_sum(both, totals);
        return;
    }
    int columns = divided ? p.columns : (int)(n.width / V); /* of a group */
    int count = divided ? p.rows : p.rows * columns;
    slots[0][threadIdx.x] = divided ? mine[0] : both;
    slots[1][threadIdx.x] = mine[1];
    __syncthreads();
    for (int group = (int)threadIdx.x / VQC_CUDA_WARP; group < p.groups; group += (int)blockDim.x / VQC_CUDA_WARP) {
        sums sum = {0.0F, 0.0F};
        for (int i = lane; i < count; i += VQC_CUDA_WARP) {
            int row = divided ? i : i / columns;
            int column = divided ? group / HALVES : group * columns + i - row * columns;
            const sums slot = slots[divided ? group % HALVES : 0][row * p.columns + column];
            sum.first += slot.first;
            sum.second += slot.second;
        }
        sum.first = vqc_cuda_warp_sum(sum.first);
        sum.second = vqc_cuda_warp_sum(sum.second);
        if (lane == 0)
            totals[group] = sum;
    }
    __syncthreads();
}

/* visit(i, k): the thread's elements of the vector that begins at element i are the k-th of the vectors that it has
 * read; read(i, k) comes before, for up to `batch` vectors at a time, so that enough of the memory is under way.
 * Every thread calls prepare(count) once, after it has asked for its first `count` vectors and before it uses them.
 */
template <int batch, typename Read, typename Prepare, typename Visit>
__device__ __forceinline__ void pixels_visit(const norm &n, const place &p, int64_t start, Read read, Prepare prepare,
                                             Visit visit)
{
    const int64_t step = p.rows * n.channels;
    int64_t i = start + p.row * n.channels;
    int left = p.row < p.rows && p.row < p.pixels ? (int)((p.pixels - p.row + p.rows - 1) / p.rows) : 0;
    const auto batch_read = [&] {
#pragma unroll
        for (int k = 0; k < batch; k++)
            if (k < left)
                read(i + k * step, k);
    };
    batch_read();
    prepare(left < batch ? left : batch);
    while (left > 0) {
#pragma unroll
        for (int k = 0; k < batch; k++)
            if (k < left)
                visit(i + k * step, k);
        left -= batch;
        i += batch * step;
        batch_read();
    }
}

/* a · b + c, of bf16 elements rounded only once: it is quicker. */
template <typename T> __device__ __forceinline__ float multiply_add(float a, float b, float c)
{
    return sizeof(T) == sizeof(float) ? a * b + c : fmaf(a, b, c);
}

/* The first element of each half's group: the sums of a group are of differences to it, so that a large mean costs no
 * accuracy. */
template <typename T, int V> struct origins {
    float of[HALVES];
};

template <typename T, int V>
__device__ origins<T, V> origins_of(const norm &n, const place &p, const T *input, int vector)
{
    origins<T, V> origin;
    for (int h = 0; h < HALVES; h++)
        origin.of[h] = vqc_cuda_load(input, p.first + group_of<V>(n, vector, h) * n.width);
    return origin;
}

/* Adds a vector's elements to the sums of differences and of their squares. */
template <typename T, int V>
__device__ __forceinline__ void differences_add(const vqc_cuda_words<T, V> &x, const origins<T, V> &origin,
                                                sums mine[HALVES])
{
#pragma unroll
    for (int v = 0; v < V; v++) {
        sums *half = &mine[half_of<V>(v)];
        float d = vqc_cuda_words_get(x, v) - origin.of[half_of<V>(v)];
        half->first += d;
        half->second = multiply_add<T>(d, d, half->second);
    }
}

/* Mean and sum of squared deviations of the group of the chunk from its sums. */
template <typename T>
__device__ sums deviations_of(const norm &n, const place &p, const T *input, int group, const sums &sum)
{
    float mean = sum.first / (float)(p.pixels * n.width);
    float deviations = sum.second - mean * sum.first;
    float origin = vqc_cuda_load(input, p.first + group * n.width);
    return sums{origin + mean, deviations > 0.0F ? deviations : 0.0F};
}

/* Leaves the sums of each of the place's groups: totals[group of the chunk]. */
template <typename T, int V> __device__ void measure(const norm &n, const place &p, const T *input, sums *totals)
{
    sums mine[HALVES] = {};
    for (int vector = p.column; vector < p.vectors; vector += p.columns) {
        const origins<T, V> origin = origins_of<T, V>(n, p, input, vector);
        vqc_cuda_words<T, V> x[BATCH] = {};
        pixels_visit<BATCH>(
            n, p, p.first + vector * V, [&](int64_t i, int k) { x[k] = vqc_cuda_words_load<V>(input, i); },
            [](int) {}, [&](int64_t, int k) { differences_add<T, V>(x[k], origin, mine); });
    }
    groups_sum<V>(n, p, mine, totals);
}

__device__ statistics statistics_of(const norm &n, double mean, double deviations)
{
    return statistics{(float)mean, 1.0F / sqrtf((float)(deviations * n.share + (double)n.epsilon))};
}

/* The parts of a group of a picture. */
__device__ const sums *parts_of(const norm &n, int64_t batch, int64_t group)
{
    return n.parts + (batch * n.groups + group) * n.pieces;
}

/* The statistics of the place's groups from their parts, for every thread. */
__device__ void statistics_combine(const norm &n, const place &p, statistics *found)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    const double most = (double)(n.piece * n.width); /* elements of a piece, and of the last one */
    const double last = (double)((n.pixels - (n.pieces - 1) * n.piece) * n.width);
    for (int group = (int)threadIdx.x / VQC_CUDA_WARP; group < p.groups; group += (int)blockDim.x / VQC_CUDA_WARP) {
        const sums *parts = parts_of(n, p.batch, p.group + group);
        const double origin = (double)parts[0].first;
        double first = 0.0;
        double second = 0.0;
#pragma unroll 2
        for (int64_t piece = lane; piece < n.pieces; piece += VQC_CUDA_WARP) {
            double d = (double)parts[piece].first - origin;
            double weighted = d * (piece < n.pieces - 1 ? most : last);
            first += weighted;
            second += (double)parts[piece].second + weighted * d;
        }
        first = vqc_cuda_warp_sum(first);
        second = vqc_cuda_warp_sum(second);
        if (lane == 0)
            found[group] = statistics_of(n, origin + first * n.share, second - first * first * n.share);
    }
    __syncthreads();
}

template <typename T> __device__ __forceinline__ float swish_of(float x)
{
    return x * vqc_cuda_sigmoid<T>(x);
}

/* s (1 + x (1 - s)) */
template <typename T> __device__ __forceinline__ float swish_derivative(float x)
{
    float s = vqc_cuda_sigmoid<T>(x);
    if (sizeof(T) == sizeof(float))
        return s * (1.0F + x * (1.0F - s));
    return fmaf(s, fmaf(-x, s, x), s);
}

/* What a thread needs of the channels of a vector. */
template <int V> struct channels {
    float weight[V], bias[V];
};

template <int V> __device__ __forceinline__ channels<V> channels_of(const norm &n, const place &p, int vector)
{
    channels<V> c;
    int64_t channel = p.group * n.width + vector * V;
    enum { WIDE = V < vqc_cuda_widest<float>::COUNT ? V : (int)vqc_cuda_widest<float>::COUNT };
#pragma unroll
    for (int v = 0; v < V; v += WIDE) {
        const vqc_cuda_vector<float, WIDE> weight = vqc_cuda_vector_load<WIDE>(n.weight, channel + v);
        const vqc_cuda_vector<float, WIDE> bias = vqc_cuda_vector_load<WIDE>(n.bias, channel + v);
#pragma unroll
        for (int w = 0; w < WIDE; w++) {
            c.weight[v + w] = weight.element[w];
            c.bias[v + w] = bias.element[w];
        }
    }
    return c;
}

/* And of their groups. With elements of bf16, which hold a value x to 2^-9 |x|, normalising rounds by 2^-24 of x or
 * of the mean, whichever is larger, in units of the deviation: x · inverse_deviation + shift. */
struct scale {
    float mean, inverse_deviation, shift;
};

struct scales {
    scale of[HALVES];
};

template <int V> __device__ __forceinline__ scales scales_of(const norm &n, const statistics *found, int vector)
{
    scales s;
    for (int h = 0; h < HALVES; h++) {
        const statistics m = found[group_of<V>(n, vector, h)];
        s.of[h] = scale{m.mean, m.inverse_deviation, -m.mean * m.inverse_deviation};
    }
    return s;
}

template <typename T> __device__ __forceinline__ float normalised_of(float x, const scale &s)
{
    return sizeof(T) == sizeof(float) ? (x - s.mean) * s.inverse_deviation : fmaf(x, s.inverse_deviation, s.shift);
}

template <typename T, int V, bool swish>
__device__ __forceinline__ vqc_cuda_words<T, V> vector_normalise(const vqc_cuda_words<T, V> &x, const channels<V> &c,
                                                                 const scales &s)
{
    float values[V];
#pragma unroll
    for (int v = 0; v < V; v++) {
        float normalised = normalised_of<T>(vqc_cuda_words_get(x, v), s.of[half_of<V>(v)]);
        float value = multiply_add<T>(normalised, c.weight[v], c.bias[v]);
        values[v] = swish ? swish_of<T>(value) : value;
    }
    return vqc_cuda_words_of<T>(values);
}

/* output = the place's elements, normalised. prepare(x, count, vector), which all threads call once, leaves the
 * statistics of the place's groups in `found`; the thread's first `count` vectors x are by then under way. */
template <typename T, int V, bool swish, typename Prepare>
__device__ __forceinline__ void normalise(const norm &n, const place &p, const T *input, const statistics *found,
                                          T *output, Prepare prepare)
{
    for (int vector = p.column; vector < p.vectors; vector += p.columns) {
        const channels<V> c = channels_of<V>(n, p, vector);
        scales s;
        vqc_cuda_words<T, V> x[BATCH] = {};
        pixels_visit<BATCH>(
            n, p, p.first + vector * V, [&](int64_t i, int k) { x[k] = vqc_cuda_words_load<V>(input, i); },
            [&](int count) {
                if (vector == p.column)
                    prepare(x, count, vector);
                s = scales_of<V>(n, found, vector);
            },
            [&](int64_t i, int k) { vqc_cuda_words_store(output, i, vector_normalise<T, V, swish>(x[k], c, s)); });
    }
}

__device__ void statistics_save(const norm &n, const place &p, const statistics *found, statistics *saved)
{
    for (int group = (int)threadIdx.x; group < p.groups; group += (int)blockDim.x)
        saved[p.batch * n.groups + p.group + group] = found[group];
}

/* A chunk is a single group or has at most two for each vector of a line. */
enum { CHUNK_MOST = HALVES * LINE };

template <typename T, int V>
__global__ void __launch_bounds__(PIECE_THREADS, PIECES_EACH) measure_kernel(norm n, const T *input)
{
    __shared__ sums totals[CHUNK_MOST];
    const place p = place_of<V>(n);
    measure<T, V>(n, p, input, totals);
    for (int group = (int)threadIdx.x; group < p.groups; group += (int)blockDim.x)
        n.parts[(p.batch * n.groups + p.group + group) * n.pieces + p.piece] =
            deviations_of(n, p, input, group, totals[group]);
}

template <typename T, int V, bool swish>
__global__ void __launch_bounds__(PIECE_THREADS, PIECES_EACH)
    normalise_kernel(norm n, const T *input, statistics *saved, T *output)
{
    __shared__ statistics found[CHUNK_MOST];
    const place p = place_of<V>(n);
    normalise<T, V, swish>(n, p, input, found, output, [&](const vqc_cuda_words<T, V>(&)[BATCH], int, int64_t) {
        statistics_combine(n, p, found);
        if (p.piece == 0)
            statistics_save(n, p, found, saved);
    });
}

/* The statistics of the place's groups, of which the threads hold all elements, for every thread. */
template <typename T, int V>
__device__ void statistics_measure(const norm &n, const place &p, const T *input,
                                   const vqc_cuda_words<T, V> (&x)[BATCH], int count, int vector, sums *totals,
                                   statistics *found)
{
    const origins<T, V> origin = origins_of<T, V>(n, p, input, vector);
    sums mine[HALVES] = {};
#pragma unroll
    for (int k = 0; k < HELD; k++)
        if (k < count)
            differences_add<T, V>(x[k], origin, mine);
    groups_sum<V>(n, p, mine, totals);
    for (int group = (int)threadIdx.x; group < p.groups; group += (int)blockDim.x) {
        const sums whole = deviations_of(n, p, input, group, totals[group]);
        found[group] = statistics_of(n, (double)whole.first, (double)whole.second);
    }
    __syncthreads();
}

/* Both for groups that are not divided into pieces. */
template <typename T, int V, bool swish>
__global__ void __launch_bounds__(ALONE_THREADS) alone_kernel(norm n, const T *input, statistics *saved, T *output)
{
    __shared__ sums totals[CHUNK_MOST];
    __shared__ statistics found[CHUNK_MOST];
    const place p = place_of<V>(n);
    normalise<T, V, swish>(n, p, input, found, output,
                           [&](const vqc_cuda_words<T, V>(&x)[BATCH], int count, int vector) {
                               statistics_measure<T, V>(n, p, input, x, count, vector, totals, found);
                               statistics_save(n, p, found, saved);
                           });
}

/* A normalised value and the gradient with respect to it. */
struct inner {
    float normalised, grad;
};

template <typename T, int V, bool swish>
__device__ __forceinline__ inner inner_of(float x, float grad_output, const channels<V> &c, const scales &s, int v)
{
    float normalised = normalised_of<T>(x, s.of[half_of<V>(v)]);
    float grad = grad_output * c.weight[v];
    if (swish)
        grad *= swish_derivative<T>(multiply_add<T>(normalised, c.weight[v], c.bias[v]));
    return inner{normalised, grad};
}

/* The tensors of a backward pass. */
template <typename T> struct gradients {
    const T *input;
    const T *grad_output;
    const statistics *saved;
    bool accumulate;
    T *grad_input;
};

/* Adds to the sums of h and of h times the normalised values what a vector gives. */
template <typename T, int V, bool swish>
__device__ __forceinline__ void gradient_add(const vqc_cuda_words<T, V> &x, const vqc_cuda_words<T, V> &grad,
                                             const channels<V> &c, const scales &s, sums mine[HALVES])
{
#pragma unroll
    for (int v = 0; v < V; v++) {
        sums *half = &mine[half_of<V>(v)];
        inner found = inner_of<T, V, swish>(vqc_cuda_words_get(x, v), vqc_cuda_words_get(grad, v), c, s, v);
        half->first += found.grad;
        half->second = multiply_add<T>(found.grad, found.normalised, half->second);
    }
}

template <typename T, int V, bool swish>
__device__ void gradient_measure(const norm &n, const place &p, const gradients<T> &g, sums *totals)
{
    const statistics *saved = g.saved + p.batch * n.groups + p.group;
    sums mine[HALVES] = {};
    for (int vector = p.column; vector < p.vectors; vector += p.columns) {
        const channels<V> c = channels_of<V>(n, p, vector);
        const scales s = scales_of<V>(n, saved, vector);
        vqc_cuda_words<T, V> x[BATCH_OF_MANY] = {};
        vqc_cuda_words<T, V> grad[BATCH_OF_MANY] = {};
        pixels_visit<BATCH_OF_MANY>(
            n, p, p.first + vector * V,
            [&](int64_t i, int k) {
                x[k] = vqc_cuda_words_load<V>(g.input, i);
                grad[k] = vqc_cuda_words_load<V>(g.grad_output, i);
            },
            [](int) {}, [&](int64_t, int k) { gradient_add<T, V, swish>(x[k], grad[k], c, s, mine); });
    }
    groups_sum<V>(n, p, mine, totals);
}

/* The means over the place's groups from their parts, for every thread. */
__device__ void means_combine(const norm &n, const place &p, sums *means)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int group = (int)threadIdx.x / VQC_CUDA_WARP; group < p.groups; group += (int)blockDim.x / VQC_CUDA_WARP) {
        const sums *parts = parts_of(n, p.batch, p.group + group);
        double first = 0.0;
        double second = 0.0;
#pragma unroll 2
        for (int64_t piece = lane; piece < n.pieces; piece += VQC_CUDA_WARP) {
            first += (double)parts[piece].first;
            second += (double)parts[piece].second;
        }
        first = vqc_cuda_warp_sum(first);
        second = vqc_cuda_warp_sum(second);
        if (lane == 0)
            means[group] = sums{(float)(first * n.share), (float)(second * n.share)};
    }
    __syncthreads();
}

/* Of the group of each half the means of h and of h times the normalised values. */
struct inner_means {
    sums of[HALVES];
};

template <typename T, int V, bool swish>
__device__ __forceinline__ vqc_cuda_words<T, V>
vector_gradient(const vqc_cuda_words<T, V> &x, const vqc_cuda_words<T, V> &grad, const vqc_cuda_words<T, V> &before,
                bool accumulate, const channels<V> &c, const scales &s, const inner_means &mean)
{
    float values[V];
#pragma unroll
    for (int v = 0; v < V; v++) {
        const sums m = mean.of[half_of<V>(v)];
        const float inverse_deviation = s.of[half_of<V>(v)].inverse_deviation;
        inner found = inner_of<T, V, swish>(vqc_cuda_words_get(x, v), vqc_cuda_words_get(grad, v), c, s, v);
        values[v] = inverse_deviation * multiply_add<T>(-found.normalised, m.second, found.grad - m.first);
        if (accumulate)
            values[v] = vqc_cuda_words_get(before, v) + values[v];
    }
    return vqc_cuda_words_of<T>(values);
}

/* A thread's vectors of a batch, and what belongs to their channels. */
template <typename T, int V> struct batch_of_many {
    channels<V> c;
    scales s;
    vqc_cuda_words<T, V> x[BATCH_OF_MANY];
    vqc_cuda_words<T, V> grad[BATCH_OF_MANY];
    vqc_cuda_words<T, V> before[BATCH_OF_MANY];
};

/* The gradient of the place's elements. prepare(b, count), which all threads call once, leaves the means of the
 * place's groups in `means`; the thread's first `count` vectors are by then under way. */
template <typename T, int V, bool swish, typename Prepare>
__device__ __forceinline__ void gradient_compute(const norm &n, const place &p, const gradients<T> &g,
                                                 const sums *means, Prepare prepare)
{
    const statistics *saved = g.saved + p.batch * n.groups + p.group;
    for (int vector = p.column; vector < p.vectors; vector += p.columns) {
        batch_of_many<T, V> b = {};
        b.c = channels_of<V>(n, p, vector);
        b.s = scales_of<V>(n, saved, vector);
        inner_means mean;
        pixels_visit<BATCH_OF_MANY>(
            n, p, p.first + vector * V,
            [&](int64_t i, int k) {
                b.x[k] = vqc_cuda_words_load<V>(g.input, i);
                b.grad[k] = vqc_cuda_words_load<V>(g.grad_output, i);
                if (g.accumulate)
                    b.before[k] = vqc_cuda_words_load<V>(g.grad_input, i);
            },
            [&](int count) {
                if (vector == p.column)
                    prepare(b, count);
                for (int h = 0; h < HALVES; h++)
                    mean.of[h] = means[group_of<V>(n, vector, h)];
            },
            [&](int64_t i, int k) {
                vqc_cuda_words_store(
                    g.grad_input, i,
                    vector_gradient<T, V, swish>(b.x[k], b.grad[k], b.before[k], g.accumulate, b.c, b.s, mean));
            });
    }
}

template <typename T, int V, bool swish>
__global__ void __launch_bounds__(PIECE_THREADS, PIECES_EACH) gradient_measure_kernel(norm n, gradients<T> g)
{
    __shared__ sums totals[CHUNK_MOST];
    const place p = place_of<V>(n);
    gradient_measure<T, V, swish>(n, p, g, totals);
    for (int group = (int)threadIdx.x; group < p.groups; group += (int)blockDim.x)
        n.parts[(p.batch * n.groups + p.group + group) * n.pieces + p.piece] = totals[group];
}

template <typename T, int V, bool swish>
__global__ void __launch_bounds__(PIECE_THREADS, PIECES_EACH) gradient_kernel(norm n, gradients<T> g)
{
    __shared__ sums means[CHUNK_MOST];
    const place p = place_of<V>(n);
    gradient_compute<T, V, swish>(n, p, g, means,
                                  [&](const batch_of_many<T, V> &, int) { means_combine(n, p, means); });
}

/* The means over the place's groups, of which the threads hold all elements, for every thread. */
template <typename T, int V, bool swish>
__device__ __forceinline__ void means_measure(const norm &n, const place &p, const batch_of_many<T, V> &b, int count,
                                              sums *means)
{
    sums mine[HALVES] = {};
#pragma unroll
    for (int k = 0; k < HELD; k++)
        if (k < count)
            gradient_add<T, V, swish>(b.x[k], b.grad[k], b.c, b.s, mine);
    groups_sum<V>(n, p, mine, means);
    for (int group = (int)threadIdx.x; group < p.groups; group += (int)blockDim.x)
        means[group] = sums{means[group].first * (float)n.share, means[group].second * (float)n.share};
    __syncthreads();
}

template <typename T, int V, bool swish>
__global__ void __launch_bounds__(ALONE_THREADS) gradient_alone_kernel(norm n, gradients<T> g)
{
    __shared__ sums means[CHUNK_MOST];
    const place p = place_of<V>(n);
    gradient_compute<T, V, swish>(n, p, g, means, [&](const batch_of_many<T, V> &b, int count) {
        means_measure<T, V, swish>(n, p, b, count, means);
    });
}

/* How the work is divided: a function of the shape of one picture and of the type. */
struct division {
    bool wide;  /* vectors of 16 bytes, else single elements */
    bool alone; /* one block does a chunk in all pixels */
    int64_t piece, chunk;
};

division division_of(const vqc_group_norm *o, int64_t widest)
{
    const int64_t width = o->channels / o->groups;
    division d;
    d.wide = width % widest == 0 || (HALVES * width == widest && o->groups % HALVES == 0);
    const int vector = d.wide ? widest : 1;
    const int64_t least = width < vector ? (int64_t)HALVES : 1; /* groups */
    const int64_t vectors = least * width / vector;             /* of these, in a pixel */
    d.alone = vectors <= ALONE_THREADS && vqc_cuda_pieces(o->pixels, ALONE_THREADS / vectors) <= HELD;
    if (d.alone) {
        d.piece = o->pixels;
        d.chunk = least;
        return d;
    }
    d.chunk = vectors < LINE ? LINE / vectors * least : least;
    d.chunk = d.chunk < o->groups ? d.chunk : o->groups;
    const int64_t chunks = vqc_cuda_pieces(o->groups, d.chunk);
    const int64_t fewest = vqc_cuda_pieces(PIECE_LEAST, d.chunk * width / vector); /* pixels */
    d.piece = vqc_cuda_pieces(o->pixels, chunks < BLOCKS_MOST ? BLOCKS_MOST / chunks : 1);
    d.piece = d.piece < fewest ? fewest : d.piece;
    return d;
}

int64_t widest_of(vqc_dtype dtype)
{
    return dtype == VQC_DTYPE_BF16 ? (int64_t)vqc_cuda_widest<__nv_bfloat16>::COUNT
                                   : (int64_t)vqc_cuda_widest<float>::COUNT;
}

norm norm_of(const vqc_cuda_call *call, const division &d, void *workspace)
{
    const vqc_group_norm *o = &call->operation->group_norm;
    norm n = {};
    n.batch = o->batch;
    n.pixels = o->pixels;
    n.channels = o->channels;
    n.groups = o->groups;
    n.width = o->channels / o->groups;
    n.piece = d.piece;
    n.pieces = vqc_cuda_pieces(o->pixels, d.piece);
    n.chunk = d.chunk;
    n.chunks = vqc_cuda_pieces(o->groups, d.chunk);
    n.share = 1.0 / ((double)n.pixels * (double)n.width);
    n.epsilon = o->epsilon;
    n.weight = static_cast<const float *>(call->parameter[WEIGHT]);
    n.bias = static_cast<const float *>(call->parameter[BIAS]);
    n.parts = static_cast<sums *>(workspace);
    return n;
}

/* A block for every place. */
template <typename... Parameters, typename... Arguments>
cudaError_t launch(const vqc_cuda_call *call, const norm &n, unsigned threads, void (*kernel)(Parameters...),
                   Arguments... arguments)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3((unsigned)(n.batch * n.pieces * n.chunks));
    config.blockDim = dim3(threads);
    config.stream = call->stream;
    return cudaLaunchKernelEx(&config, kernel, n, arguments...);
}

template <typename T, int V, bool swish>
cudaError_t forward_run(const vqc_cuda_call *call, const division &d, const vqc_forward *arguments)
{
    const norm n = norm_of(call, d, arguments->workspace);
    const T *input = static_cast<const T *>(arguments->input[0]);
    statistics *saved = static_cast<statistics *>(arguments->saved);
    T *output = static_cast<T *>(arguments->output);
    if (d.alone)
        return launch(call, n, ALONE_THREADS, alone_kernel<T, V, swish>, input, saved, output);
    cudaError_t result = launch(call, n, PIECE_THREADS, measure_kernel<T, V>, input);
    return result == cudaSuccess ? launch(call, n, PIECE_THREADS, normalise_kernel<T, V, swish>, input, saved, output)
                                 : result;
}

template <typename T, int V, bool swish>
cudaError_t backward_run(const vqc_cuda_call *call, const division &d, const vqc_backward *arguments)
{
    const norm n = norm_of(call, d, arguments->workspace);
    const gradients<T> g = {static_cast<const T *>(arguments->input[0]),
                            static_cast<const T *>(arguments->grad_output),
                            static_cast<const statistics *>(arguments->saved), arguments->accumulate[0],
                            static_cast<T *>(arguments->grad_input[0])};
    if (d.alone)
        return launch(call, n, ALONE_THREADS, gradient_alone_kernel<T, V, swish>, g);
    cudaError_t result = launch(call, n, PIECE_THREADS, gradient_measure_kernel<T, V, swish>, g);
    return result == cudaSuccess ? launch(call, n, PIECE_THREADS, gradient_kernel<T, V, swish>, g) : result;
}

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const division d = division_of(&call->operation->group_norm, vqc_cuda_widest<T>::COUNT);
    if (call->operation->group_norm.swish)
        return d.wide ? forward_run<T, vqc_cuda_widest<T>::COUNT, true>(call, d, arguments)
                      : forward_run<T, 1, true>(call, d, arguments);
    return d.wide ? forward_run<T, vqc_cuda_widest<T>::COUNT, false>(call, d, arguments)
                  : forward_run<T, 1, false>(call, d, arguments);
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const division d = division_of(&call->operation->group_norm, vqc_cuda_widest<T>::COUNT);
    if (call->operation->group_norm.swish)
        return d.wide ? backward_run<T, vqc_cuda_widest<T>::COUNT, true>(call, d, arguments)
                      : backward_run<T, 1, true>(call, d, arguments);
    return d.wide ? backward_run<T, vqc_cuda_widest<T>::COUNT, false>(call, d, arguments)
                  : backward_run<T, 1, false>(call, d, arguments);
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_group_norm *o = &plan->operation.group_norm;
    const division d = division_of(o, widest_of(plan->operation.dtype));
    plan->sizes.saved = (size_t)(o->batch * o->groups) * sizeof(statistics);
    if (!d.alone)
        plan->sizes.workspace = (size_t)(o->batch * vqc_cuda_pieces(o->pixels, d.piece) * o->groups) * sizeof(sums);
    VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, o->weight, o->channels, error));
    return vqc_cuda_parameter_upload(plan, 1, VQC_DTYPE_F32, o->bias, o->channels, error);
}

const vqc_cuda_kernels vqc_cuda_group_norm_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
