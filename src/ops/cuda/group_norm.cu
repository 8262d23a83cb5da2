#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/cuda/sigmoid.cuh"
#include "ops/cuda/vector.cuh"
#include "ops/formulas.h"

/* Both passes go over the tensor twice: first for sums by group, then to compute the result. Small groups lie in one
 * piece of work, for which one kernel does both. Others are divided into pieces of pixels: a first kernel leaves the
 * sums of each group in each piece, and a second one, whose blocks all combine them in the same way, computes the
 * result. All orders of summation are fixed by the shape of one picture. */

namespace
{

enum { WEIGHT, BIAS }; /* parameters */

enum {
    THREADS = 512,
    WARPS = THREADS / VQC_CUDA_WARP,
    BATCH = 4,                 /* vectors of a tensor that a thread reads before it uses them, */
    BATCH_OF_MANY = 2,         /* and where it reads three tensors */
    ALONE_MOST = 8 * THREADS,  /* vectors of the groups that one block does alone */
    PIECE_LEAST = 2 * THREADS, /* about as many vectors has a piece at least */
    PIECES_MOST = 128          /* of a picture: about one for each multiprocessor */
};

/* Of each group of each picture, what the forward pass leaves for the backward pass. */
typedef struct moments {
    float mean;
    float inverse_deviation;
} moments;

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
    int64_t batch, piece;
    int64_t group;  /* the first of the chunk */
    int groups;     /* of the chunk */
    int64_t first;  /* element of the tensor: of the piece's first pixel the chunk's first */
    int64_t pixels; /* number */
    int64_t vectors;
    int rows, columns, row, column;
};

template <int V> __device__ place place_of(const norm &n, int64_t index)
{
    vqc_cuda_quotient at_chunk = vqc_cuda_divide(index, n.chunks);
    vqc_cuda_quotient at = vqc_cuda_divide(at_chunk.whole, n.pieces);
    int64_t pixels_left = n.pixels - at.rest * n.piece;
    int64_t groups_left = n.groups - at_chunk.rest * n.chunk;
    place p;
    p.batch = at.whole;
    p.piece = at.rest;
    p.group = at_chunk.rest * n.chunk;
    p.groups = (int)(groups_left < n.chunk ? groups_left : n.chunk);
    p.first = (at.whole * n.pixels + at.rest * n.piece) * n.channels + p.group * n.width;
    p.pixels = pixels_left < n.piece ? pixels_left : n.piece;
    p.vectors = p.groups * n.width / V;
    p.columns = p.vectors < THREADS ? (int)p.vectors : (int)THREADS;
    p.rows = THREADS / p.columns;
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
template <int V> __device__ int group_of(const norm &n, int64_t vector, int half)
{
    int channel = (int)vector * V + half * (V / HALVES);
    return channel / (int)n.width;
}

/* Sums over the block of what its threads have of every group, in a fixed order: totals[group of the chunk]. `mine`
 * are the thread's sums by half. Every thread of the block calls it; totals may be read on return. */
template <int V> __device__ void groups_sum(const norm &n, const place &p, const sums mine[HALVES], sums *totals)
{
    __shared__ sums slots[HALVES][THREADS];
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    bool divided = n.width < V;
    int columns = divided || p.groups == 1 ? p.columns : (int)(n.width / V); /* of a group */
    int count = divided ? p.rows : p.rows * columns;
    __syncthreads(); /* what the last call left has been read */
    slots[0][threadIdx.x] = divided ? mine[0] : sums{mine[0].first + mine[1].first, mine[0].second + mine[1].second};
    slots[1][threadIdx.x] = mine[1];
    __syncthreads();
    for (int group = (int)threadIdx.x / VQC_CUDA_WARP; group < p.groups; group += WARPS) {
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
 * read; read(i, k) comes before, for up to `batch` vectors at a time, so that enough of the memory is under way. */
template <int batch, typename Read, typename Visit>
__device__ __forceinline__ void pixels_visit(const norm &n, const place &p, int64_t start, Read read, Visit visit)
{
    const int64_t step = p.rows * n.channels;
    int64_t i = start + p.row * n.channels;
    int64_t left = p.row < p.rows && p.row < p.pixels ? (p.pixels - p.row + p.rows - 1) / p.rows : 0;
    for (; left >= batch; left -= batch, i += batch * step) {
#pragma unroll
        for (int k = 0; k < batch; k++)
            read(i + k * step, k);
#pragma unroll
        for (int k = 0; k < batch; k++)
            visit(i + k * step, k);
    }
    for (; left > 0; left--, i += step) {
        read(i, 0);
        visit(i, 0);
    }
}

/* Mean and sum of squared deviations of each of the place's groups: results[group of the chunk]. The sums are of
 * differences to an element of the group, so that a large mean costs no accuracy. */
template <typename T, int V> __device__ void measure(const norm &n, const place &p, const T *input, sums *results)
{
    float first[V] = {};
    float second[V] = {};
    for (int64_t vector = p.column; vector < p.vectors; vector += p.columns) {
        float origin[HALVES];
        for (int h = 0; h < HALVES; h++)
            origin[h] = vqc_cuda_load(input, p.first + group_of<V>(n, vector, h) * n.width);
        vqc_cuda_vector<T, V> x[BATCH];
        pixels_visit<BATCH>(
            n, p, p.first + vector * V, [&](int64_t i, int k) { x[k] = vqc_cuda_vector_load<V>(input, i); },
            [&](int64_t, int k) {
#pragma unroll
                for (int v = 0; v < V; v++) {
                    float d = vqc_cuda_vector_get(x[k], v) - origin[half_of<V>(v)];
                    first[v] += d;
                    second[v] += d * d;
                }
            });
    }
    sums mine[HALVES] = {};
#pragma unroll
    for (int v = 0; v < V; v++) {
        mine[half_of<V>(v)].first += first[v];
        mine[half_of<V>(v)].second += second[v];
    }
    groups_sum<V>(n, p, mine, results);
    float count = (float)(p.pixels * n.width);
    for (int group = (int)threadIdx.x; group < p.groups; group += THREADS) {
        sums sum = results[group];
        float mean = sum.first / count;
        float deviations = sum.second - mean * sum.first;
        float origin = vqc_cuda_load(input, p.first + group * n.width);
        results[group] = sums{origin + mean, deviations > 0.0F ? deviations : 0.0F};
    }
    __syncthreads();
}

__device__ moments moments_of(const norm &n, double mean, double deviations)
{
    double total = (double)n.pixels * (double)n.width;
    return moments{(float)mean, (float)(1.0 / sqrt(deviations / total + (double)n.epsilon))};
}

/* The parts of a group of a picture. */
__device__ const sums *parts_of(const norm &n, int64_t batch, int64_t group)
{
    return n.parts + (batch * n.groups + group) * n.pieces;
}

__device__ double piece_elements(const norm &n, int64_t piece)
{
    int64_t left = n.pixels - piece * n.piece;
    return (double)((left < n.piece ? left : n.piece) * n.width);
}

/* The moments of the place's groups from their parts, for every thread. */
__device__ void moments_combine(const norm &n, const place &p, moments *found)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    double total = (double)n.pixels * (double)n.width;
    for (int group = (int)threadIdx.x / VQC_CUDA_WARP; group < p.groups; group += WARPS) {
        const sums *parts = parts_of(n, p.batch, p.group + group);
        const double origin = (double)parts[0].first;
        double first = 0.0;
        double second = 0.0;
        for (int64_t piece = lane; piece < n.pieces; piece += VQC_CUDA_WARP) {
            double d = (double)parts[piece].first - origin;
            double weighted = d * piece_elements(n, piece);
            first += weighted;
            second += (double)parts[piece].second + weighted * d;
        }
        first = vqc_cuda_warp_sum(first);
        second = vqc_cuda_warp_sum(second);
        if (lane == 0)
            found[group] = moments_of(n, origin + first / total, second - first * first / total);
    }
    __syncthreads();
}

template <typename T> __device__ float swish_of(float x)
{
    return x * vqc_cuda_sigmoid<T>(x);
}

template <typename T> __device__ float swish_derivative(float x)
{
    float s = vqc_cuda_sigmoid<T>(x);
    return s * (1.0F + x * (1.0F - s));
}

/* What a thread needs of the channels of a vector and of their groups. */
template <int V> struct scaling {
    float weight[V], bias[V];
    moments of[HALVES];
};

template <int V> __device__ scaling<V> scaling_of(const norm &n, const place &p, const moments *found, int64_t vector)
{
    scaling<V> s;
    int64_t channel = p.group * n.width + vector * V;
#pragma unroll
    for (int v = 0; v < V; v++) {
        s.weight[v] = n.weight[channel + v];
        s.bias[v] = n.bias[channel + v];
    }
    for (int h = 0; h < HALVES; h++)
        s.of[h] = found[group_of<V>(n, vector, h)];
    return s;
}

/* output = the place's elements, normalised; `found` has the moments of its groups. */
template <typename T, int V, bool swish>
__device__ void normalise(const norm &n, const place &p, const T *input, const moments *found, T *output)
{
    for (int64_t vector = p.column; vector < p.vectors; vector += p.columns) {
        const scaling<V> s = scaling_of<V>(n, p, found, vector);
        vqc_cuda_vector<T, V> x[BATCH];
        pixels_visit<BATCH>(
            n, p, p.first + vector * V, [&](int64_t i, int k) { x[k] = vqc_cuda_vector_load<V>(input, i); },
            [&](int64_t i, int k) {
                float values[V];
#pragma unroll
                for (int v = 0; v < V; v++) {
                    const moments m = s.of[half_of<V>(v)];
                    float value = vqc_formula_normalise(vqc_cuda_vector_get(x[k], v), m.mean, m.inverse_deviation,
                                                        s.weight[v], s.bias[v]);
                    values[v] = swish ? swish_of<T>(value) : value;
                }
                vqc_cuda_vector_store(output, i, vqc_cuda_vector_of<T>(values));
            });
    }
}

__device__ void moments_save(const norm &n, const place &p, const moments *found, moments *saved)
{
    for (int group = (int)threadIdx.x; group < p.groups; group += THREADS)
        saved[p.batch * n.groups + p.group + group] = found[group];
}

__device__ void parts_store(const norm &n, const place &p, const sums *results)
{
    for (int group = (int)threadIdx.x; group < p.groups; group += THREADS)
        n.parts[(p.batch * n.groups + p.group + group) * n.pieces + p.piece] = results[group];
}

__device__ int64_t places(const norm &n)
{
    return n.batch * n.pieces * n.chunks;
}

/* A chunk has at most two groups for each thread of a row. */
enum { CHUNK_MOST = HALVES * THREADS };

template <typename T, int V> __global__ void __launch_bounds__(THREADS) measure_kernel(norm n, const T *input)
{
    __shared__ sums results[CHUNK_MOST];
    for (int64_t index = blockIdx.x; index < places(n); index += gridDim.x) {
        const place p = place_of<V>(n, index);
        measure<T, V>(n, p, input, results);
        parts_store(n, p, results);
    }
}

template <typename T, int V, bool swish>
__global__ void __launch_bounds__(THREADS) normalise_kernel(norm n, const T *input, moments *saved, T *output)
{
    __shared__ moments found[CHUNK_MOST];
    for (int64_t index = blockIdx.x; index < places(n); index += gridDim.x) {
        const place p = place_of<V>(n, index);
        __syncthreads(); /* the last moments have been read */
        moments_combine(n, p, found);
        if (p.piece == 0)
            moments_save(n, p, found, saved);
        normalise<T, V, swish>(n, p, input, found, output);
    }
}

/* Both for groups that are not divided into pieces. */
template <typename T, int V, bool swish>
__global__ void __launch_bounds__(THREADS) alone_kernel(norm n, const T *input, moments *saved, T *output)
{
    __shared__ sums results[CHUNK_MOST];
    __shared__ moments found[CHUNK_MOST];
    for (int64_t index = blockIdx.x; index < places(n); index += gridDim.x) {
        const place p = place_of<V>(n, index);
        measure<T, V>(n, p, input, results);
        for (int group = (int)threadIdx.x; group < p.groups; group += THREADS)
            found[group] = moments_of(n, (double)results[group].first, (double)results[group].second);
        __syncthreads();
        moments_save(n, p, found, saved);
        normalise<T, V, swish>(n, p, input, found, output);
    }
}

/* A normalised value and the gradient with respect to it. */
struct inner {
    float normalised, grad;
};

template <typename T, int V, bool swish>
__device__ __forceinline__ inner inner_of(float x, float grad_output, const scaling<V> &s, int v)
{
    const moments m = s.of[half_of<V>(v)];
    float normalised = (x - m.mean) * m.inverse_deviation;
    float grad = grad_output * s.weight[v];
    if (swish)
        grad *= swish_derivative<T>(normalised * s.weight[v] + s.bias[v]);
    return inner{normalised, grad};
}

/* The tensors of a backward pass. */
template <typename T> struct gradients {
    const T *input;
    const T *grad_output;
    const moments *saved;
    bool accumulate;
    T *grad_input;
};

template <typename T, int V, bool swish>
__device__ void gradient_measure(const norm &n, const place &p, const gradients<T> &g, sums *results)
{
    const moments *saved = g.saved + p.batch * n.groups + p.group;
    float first[V] = {};
    float second[V] = {};
    for (int64_t vector = p.column; vector < p.vectors; vector += p.columns) {
        const scaling<V> s = scaling_of<V>(n, p, saved, vector);
        vqc_cuda_vector<T, V> x[BATCH];
        vqc_cuda_vector<T, V> grad[BATCH];
        pixels_visit<BATCH>(
            n, p, p.first + vector * V,
            [&](int64_t i, int k) {
                x[k] = vqc_cuda_vector_load<V>(g.input, i);
                grad[k] = vqc_cuda_vector_load<V>(g.grad_output, i);
            },
            [&](int64_t, int k) {
#pragma unroll
                for (int v = 0; v < V; v++) {
                    inner found =
                        inner_of<T, V, swish>(vqc_cuda_vector_get(x[k], v), vqc_cuda_vector_get(grad[k], v), s, v);
                    first[v] += found.grad;
                    second[v] += found.grad * found.normalised;
                }
            });
    }
    sums mine[HALVES] = {};
#pragma unroll
    for (int v = 0; v < V; v++) {
        mine[half_of<V>(v)].first += first[v];
        mine[half_of<V>(v)].second += second[v];
    }
    groups_sum<V>(n, p, mine, results);
}

/* The means over the place's groups from their parts, for every thread. */
__device__ void means_combine(const norm &n, const place &p, sums *means)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    double total = (double)n.pixels * (double)n.width;
    for (int group = (int)threadIdx.x / VQC_CUDA_WARP; group < p.groups; group += WARPS) {
        const sums *parts = parts_of(n, p.batch, p.group + group);
        double first = 0.0;
        double second = 0.0;
        for (int64_t piece = lane; piece < n.pieces; piece += VQC_CUDA_WARP) {
            first += (double)parts[piece].first;
            second += (double)parts[piece].second;
        }
        first = vqc_cuda_warp_sum(first);
        second = vqc_cuda_warp_sum(second);
        if (lane == 0)
            means[group] = sums{(float)(first / total), (float)(second / total)};
    }
    __syncthreads();
}

template <typename T, int V, bool swish>
__device__ void gradient_compute(const norm &n, const place &p, const gradients<T> &g, const sums *means)
{
    const moments *saved = g.saved + p.batch * n.groups + p.group;
    for (int64_t vector = p.column; vector < p.vectors; vector += p.columns) {
        const scaling<V> s = scaling_of<V>(n, p, saved, vector);
        sums mean[HALVES];
        for (int h = 0; h < HALVES; h++)
            mean[h] = means[group_of<V>(n, vector, h)];
        vqc_cuda_vector<T, V> x[BATCH_OF_MANY];
        vqc_cuda_vector<T, V> grad[BATCH_OF_MANY];
        vqc_cuda_vector<T, V> before[BATCH_OF_MANY] = {};
        pixels_visit<BATCH_OF_MANY>(
            n, p, p.first + vector * V,
            [&](int64_t i, int k) {
                x[k] = vqc_cuda_vector_load<V>(g.input, i);
                grad[k] = vqc_cuda_vector_load<V>(g.grad_output, i);
                if (g.accumulate)
                    before[k] = vqc_cuda_vector_load<V>(g.grad_input, i);
            },
            [&](int64_t i, int k) {
                float values[V];
#pragma unroll
                for (int v = 0; v < V; v++) {
                    const int h = half_of<V>(v);
                    inner found =
                        inner_of<T, V, swish>(vqc_cuda_vector_get(x[k], v), vqc_cuda_vector_get(grad[k], v), s, v);
                    values[v] = vqc_formula_normalise_gradient(found.grad, found.normalised, mean[h].first,
                                                               mean[h].second, s.of[h].inverse_deviation);
                    if (g.accumulate)
                        values[v] = vqc_cuda_vector_get(before[k], v) + values[v];
                }
                vqc_cuda_vector_store(g.grad_input, i, vqc_cuda_vector_of<T>(values));
            });
    }
}

template <typename T, int V, bool swish>
__global__ void __launch_bounds__(THREADS) gradient_measure_kernel(norm n, gradients<T> g)
{
    __shared__ sums results[CHUNK_MOST];
    for (int64_t index = blockIdx.x; index < places(n); index += gridDim.x) {
        const place p = place_of<V>(n, index);
        gradient_measure<T, V, swish>(n, p, g, results);
        parts_store(n, p, results);
    }
}

template <typename T, int V, bool swish>
__global__ void __launch_bounds__(THREADS) gradient_kernel(norm n, gradients<T> g)
{
    __shared__ sums means[CHUNK_MOST];
    for (int64_t index = blockIdx.x; index < places(n); index += gridDim.x) {
        const place p = place_of<V>(n, index);
        __syncthreads(); /* the last means have been read */
        means_combine(n, p, means);
        gradient_compute<T, V, swish>(n, p, g, means);
    }
}

template <typename T, int V, bool swish>
__global__ void __launch_bounds__(THREADS) gradient_alone_kernel(norm n, gradients<T> g)
{
    __shared__ sums means[CHUNK_MOST];
    float total = (float)((double)n.pixels * (double)n.width);
    for (int64_t index = blockIdx.x; index < places(n); index += gridDim.x) {
        const place p = place_of<V>(n, index);
        gradient_measure<T, V, swish>(n, p, g, means);
        for (int group = (int)threadIdx.x; group < p.groups; group += THREADS)
            means[group] = sums{means[group].first / total, means[group].second / total};
        __syncthreads();
        gradient_compute<T, V, swish>(n, p, g, means);
    }
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
    const int64_t vector = d.wide ? widest : 1;
    const int64_t least = width < vector ? (int64_t)HALVES : 1; /* groups */
    const int64_t vectors = least * width / vector;             /* of these, in a pixel */
    d.alone = vectors * o->pixels <= ALONE_MOST;
    if (d.alone) {
        d.piece = o->pixels;
        d.chunk = least;
        return d;
    }
    d.chunk = vectors < THREADS ? THREADS / vectors * least : least;
    d.chunk = d.chunk < o->groups ? d.chunk : o->groups;
    int64_t fewest = vqc_cuda_pieces(PIECE_LEAST, d.chunk * width / vector); /* pixels */
    d.piece = vqc_cuda_pieces(o->pixels, PIECES_MOST);
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
    n.epsilon = o->epsilon;
    n.weight = static_cast<const float *>(call->parameter[WEIGHT]);
    n.bias = static_cast<const float *>(call->parameter[BIAS]);
    n.parts = static_cast<sums *>(workspace);
    return n;
}

/* A block for every place. */
template <typename... Parameters, typename... Arguments>
cudaError_t launch(const vqc_cuda_call *call, const norm &n, void (*kernel)(Parameters...), Arguments... arguments)
{
    const int64_t most = 65536;
    int64_t blocks = n.batch * n.pieces * n.chunks;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3((unsigned)(blocks < most ? blocks : most));
    config.blockDim = dim3(THREADS);
    config.stream = call->stream;
    return cudaLaunchKernelEx(&config, kernel, n, arguments...);
}

template <typename T, int V, bool swish>
cudaError_t forward_run(const vqc_cuda_call *call, const division &d, const vqc_forward *arguments)
{
    const norm n = norm_of(call, d, arguments->workspace);
    const T *input = static_cast<const T *>(arguments->input[0]);
    moments *saved = static_cast<moments *>(arguments->saved);
    T *output = static_cast<T *>(arguments->output);
    if (d.alone)
        return launch(call, n, alone_kernel<T, V, swish>, input, saved, output);
    cudaError_t result = launch(call, n, measure_kernel<T, V>, input);
    return result == cudaSuccess ? launch(call, n, normalise_kernel<T, V, swish>, input, saved, output) : result;
}

template <typename T, int V, bool swish>
cudaError_t backward_run(const vqc_cuda_call *call, const division &d, const vqc_backward *arguments)
{
    const norm n = norm_of(call, d, arguments->workspace);
    const gradients<T> g = {static_cast<const T *>(arguments->input[0]),
                            static_cast<const T *>(arguments->grad_output),
                            static_cast<const moments *>(arguments->saved), arguments->accumulate[0],
                            static_cast<T *>(arguments->grad_input[0])};
    if (d.alone)
        return launch(call, n, gradient_alone_kernel<T, V, swish>, g);
    cudaError_t result = launch(call, n, gradient_measure_kernel<T, V, swish>, g);
    return result == cudaSuccess ? launch(call, n, gradient_kernel<T, V, swish>, g) : result;
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

size_t vqc_cuda_group_norm_saved_size(const vqc_group_norm *shape)
{
    return (size_t)(shape->batch * shape->groups) * sizeof(moments);
}

size_t vqc_cuda_group_norm_workspace_size(const vqc_group_norm *shape, vqc_dtype dtype)
{
    const division d = division_of(shape, widest_of(dtype));
    return d.alone ? 0
                   : (size_t)(shape->batch * vqc_cuda_pieces(shape->pixels, d.piece) * shape->groups) * sizeof(sums);
}

cudaError_t vqc_cuda_group_norm_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

cudaError_t vqc_cuda_group_norm_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}
