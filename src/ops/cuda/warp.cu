#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/warp_formulas.h"

/* The gradient is a gather: every input pixel looks for the output pixels that it gives to, its readers, and adds
 * what they hand back, in an order that the crop's matrix alone decides. An output pixel reads an input pixel where
 * its place is less than one pixel away along both axes: the readers lie in the image of a square under the inverse
 * matrix, so that the box around the images of its corners holds them all. Others in the box have the weight 0. Where
 * the edge is repeated, the square of a pixel of the edge reaches as far out as any place of the crop. Where the
 * inverse does not take the whole square to the front, the box is the whole crop.
 *
 * A box of few pixels, which all but those of the edge have, is gone through by one thread, in f32 relative to the
 * input pixel: weights are good to about 2^-22. A larger one by a warp or a block, with the formula of
 * `warp_formulas.h`. */

namespace
{

/* Colour pictures have three channels; for those, all reads of a pixel are under way at once. */
enum { COLOURS = 3, ANY_NUMBER = 0 };

template <int fixed> struct warped_value {
    int64_t height, width, channels;
    const float *matrices;
    const float *input;

    __device__ void operator()(int64_t pixel, float *output) const
    {
        const int count = fixed != ANY_NUMBER ? fixed : (int)channels;
        vqc_cuda_quotient at_crop = vqc_cuda_divide(pixel, height * width);
        vqc_cuda_quotient at = vqc_cuda_divide(at_crop.rest, width);
        const float *crop = input + at_crop.whole * height * width * count;
        vqc_warp_taps taps;
        bool seen =
            vqc_warp_taps_find(height, width, matrices + at_crop.whole * VQC_WARP_NUMBERS, at.rest, at.whole, &taps);
#pragma unroll
        for (int c = 0; c < count; c++) {
            float sum = 0.0F;
#pragma unroll
            for (int k = 0; k < 4 && seen; k++)
                sum += taps.weight[k] * crop[taps.index[k] * count + c];
            output[pixel * count + c] = sum;
        }
    }
};

template <int fixed>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    forward_kernel(warped_value<fixed> value, int64_t pixels, float *output)
{
    for (int64_t pixel = vqc_cuda_first(); pixel < pixels; pixel += vqc_cuda_step())
        value(pixel, output);
}

enum {
    TILE_ROWS = VQC_CUDA_THREADS / VQC_CUDA_WARP, /* a tile of input pixels has a row for each warp of a block */
    TILES = 4,                                    /* that a block does with one inverse */
    FEW = 24,                                     /* pixels of a box that one thread goes through */
    MANY = 1024,                                  /* that one warp goes through; more are for the block */
    TOGETHER = 3,                                 /* channels */
    BLOCKS = 3                                    /* of a multiprocessor at least, to hide waiting for memory */
};

/* What is the same for all pixels of a crop. */
struct inverse_map {
    double matrix[9];
    float inverse[9]; /* up to a positive factor, such that the terms of the last coordinate add up to 1 at most */
    float reach[2];   /* what the terms of the others add up to at most */
    float low[2], high[2]; /* between which all places of output pixels are, x and y; where is_bounded */
    bool is_invertible, is_bounded, repeats;
};

/* A last coordinate below this, of terms that add up to at most 1, may be of either sign in f32. */
const float least = 0x1p-20F;

__device__ double coordinate(const double *row, double x, double y)
{
    return row[0] * x + row[1] * y + row[2];
}

/* The most that the terms of this coordinate add up to for |x| and |y| up to these. */
__device__ double reach_of(const double *row, double x, double y)
{
    return fabs(row[0]) * x + fabs(row[1]) * y + fabs(row[2]);
}

/* Between which coordinates the places of a crop's corners are, and so all others, if all of them lie in front. */
__device__ void places_bound(int64_t height, int64_t width, inverse_map *map)
{
    map->is_bounded = true;
    for (int axis = 0; axis < 2; axis++) {
        map->low[axis] = 0.0F;
        map->high[axis] = 0.0F;
    }
    for (int corner = 0; corner < 4; corner++) {
        double x = corner % 2 == 0 ? 0.0 : (double)(width - 1);
        double y = corner / 2 == 0 ? 0.0 : (double)(height - 1);
        double w = coordinate(map->matrix + 6, x, y);
        map->is_bounded =
            map->is_bounded && w > (double)least * reach_of(map->matrix + 6, (double)width, (double)height);
        for (int axis = 0; axis < 2; axis++) {
            double place = coordinate(map->matrix + 3 * axis, x, y) / w;
            double slack = 1.0 + fabs(place) * (double)least;
            map->low[axis] = fminf(map->low[axis], (float)(place - slack));
            map->high[axis] = fmaxf(map->high[axis], (float)(place + slack));
        }
    }
}

/* Scales the inverse, with the sign of the determinant. */
__device__ void inverse_scale(int64_t height, int64_t width, const double *inverse, inverse_map *map)
{
    double determinant = 0.0;
    double terms = 0.0;
    for (int i = 0; i < 3; i++) {
        determinant += map->matrix[i] * inverse[3 * i];
        terms += fabs(map->matrix[i] * inverse[3 * i]);
    }
    double side[2] = {(double)width + 1.0, (double)height + 1.0};
    for (int axis = 0; axis < 2 && map->repeats && map->is_bounded; axis++)
        side[axis] = fmax(side[axis], (double)fmaxf(-map->low[axis], map->high[axis]));
    double last = reach_of(inverse + 6, side[0], side[1]);
    double factor = (determinant < 0.0 ? -1.0 : 1.0) / last;
    map->is_invertible = fabs(determinant) > (double)least * terms && last > 0.0;
    for (int i = 0; i < 9; i++)
        map->inverse[i] = (float)(inverse[i] * factor);
    for (int axis = 0; axis < 2; axis++) {
        map->reach[axis] = (float)(reach_of(inverse + 3 * axis, side[0], side[1]) / last);
        map->is_invertible = map->is_invertible && map->reach[axis] < 0x1p60F;
    }
}

__device__ void inverse_find(int64_t height, int64_t width, const float *matrix, inverse_map *map)
{
    double inverse[9];
    for (int i = 0; i < 9; i++)
        map->matrix[i] = (double)matrix[i];
    map->repeats = matrix[9] != 0.0F;
    vqc_warp_adjugate(map->matrix, inverse);
    places_bound(height, width, map);
    inverse_scale(height, width, inverse, map);
}

/* Output pixels: columns left to right, rows top to bottom, all included. */
struct reader_box {
    int32_t left, right, top, bottom;
};

__device__ int64_t box_count(reader_box box)
{
    return box.right < box.left || box.bottom < box.top
               ? 0
               : (int64_t)(box.right - box.left + 1) * (box.bottom - box.top + 1);
}

/* The square around an input pixel along one axis. Returns false where it is not known how far it reaches. */
__device__ bool square_side(const inverse_map &map, int axis, int32_t place, int64_t length, float side[2])
{
    bool first = map.repeats && place == 0;
    bool last = map.repeats && place == length - 1;
    side[0] = first ? fminf(-1.0F, map.low[axis]) : (float)(place - 1);
    side[1] = last ? fmaxf((float)length, map.high[axis]) : (float)(place + 1);
    return !(first || last) || map.is_bounded;
}

/* The first and the last whole number from low to high, widened, among those below length. */
__device__ void box_side(float low, float high, float margin, int64_t length, int32_t *first, int32_t *last)
{
    *first = (int32_t)fminf(fmaxf(ceilf(low - margin), 0.0F), (float)length);
    *last = (int32_t)fmaxf(fminf(floorf(high + margin), (float)(length - 1)), -1.0F);
}

__device__ float inverse_coordinate(const float *row, float x, float y)
{
    return row[0] * x + row[1] * y + row[2];
}

/* A box with all readers of the input pixel. A coordinate is good to 2^-22 of its terms' sum, so that a quotient is
 * good to 2^-22 of (that sum + itself) / the last coordinate; the box is wider by four times as much. */
__device__ reader_box box_of(const inverse_map &map, int64_t height, int64_t width, int32_t column, int32_t row)
{
    reader_box box = {0, (int32_t)(width - 1), 0, (int32_t)(height - 1)};
    float x[2];
    float y[2];
    bool known = square_side(map, 0, column, width, x);
    known = square_side(map, 1, row, height, y) && known;
    if (!known || !map.is_invertible)
        return box;
    float low[3] = {INFINITY, INFINITY, INFINITY};
    float high[3] = {-INFINITY, -INFINITY, -INFINITY};
#pragma unroll
    for (int corner = 0; corner < 4; corner++) {
        float last = inverse_coordinate(map.inverse + 6, x[corner % 2], y[corner / 2]);
        float place[3] = {inverse_coordinate(map.inverse, x[corner % 2], y[corner / 2]) / last,
                          inverse_coordinate(map.inverse + 3, x[corner % 2], y[corner / 2]) / last, last};
        for (int i = 0; i < 3; i++) {
            low[i] = fminf(low[i], place[i]);
            high[i] = fmaxf(high[i], place[i]);
        }
    }
    if (high[2] < -least)
        box.right = -1; /* all of the square comes from behind */
    if (low[2] > least) {
        float margin[2];
        for (int i = 0; i < 2; i++)
            margin[i] = 0x1p-8F + 0x1p-20F * (map.reach[i] + fmaxf(-low[i], high[i])) / low[2];
        box_side(low[0], high[0], margin[0], width, &box.left, &box.right);
        box_side(low[1], high[1], margin[1], height, &box.top, &box.bottom);
    }
    return box;
}

/* The boxes of a tile's pixels, in shared memory. */
struct tile_boxes {
    reader_box of[VQC_CUDA_THREADS];
    unsigned many[TILE_ROWS]; /* of each row of the tile: a bit for each pixel whose box is not small */
    float scratch[VQC_CUDA_WARP];
};

/* What a place counts along one axis for a pixel at this distance. */
__device__ float share(float distance)
{
    return fmaxf(1.0F - fabsf(distance), 0.0F);
}

template <int fixed> struct gathered_gradient {
    int64_t crops, height, width, channels;
    const float *matrices;
    const float *grad_output;
    bool accumulate;
    float *grad_input;

    __device__ int64_t channel_count() const
    {
        return fixed != ANY_NUMBER ? fixed : channels;
    }

    /* Adds what the reader hands back of the channels from `first` on. */
    __device__ void add(int64_t crop, int32_t column, int32_t row, float weight, int64_t first,
                        float sum[TOGETHER]) const
    {
        const float *grad = grad_output + ((crop * height + row) * width + column) * channel_count() + first;
#pragma unroll
        for (int c = 0; c < TOGETHER; c++)
            if (first + c < channel_count())
                sum[c] += weight * grad[c];
    }

    /* By one thread: numerators of the distance and the last coordinate go in steps from the box's first pixel. */
    __device__ void few_add(const inverse_map &map, int64_t crop, reader_box box, int32_t column, int32_t row,
                            int64_t first, float sum[TOGETHER]) const
    {
        const double *m = map.matrix;
        const double x = (double)column;
        const double y = (double)row;
        const double last = coordinate(m + 6, (double)box.left, (double)box.top);
        const float begin[3] = {(float)(coordinate(m, (double)box.left, (double)box.top) - x * last),
                                (float)(coordinate(m + 3, (double)box.left, (double)box.top) - y * last),
                                (float)last};
        const float across[3] = {(float)(m[0] - x * m[6]), (float)(m[3] - y * m[6]), (float)m[6]};
        const float down[3] = {(float)(m[1] - x * m[7]), (float)(m[4] - y * m[7]), (float)m[7]};
        const float low[2] = {(float)-column - (map.repeats ? 0.0F : 1.0F),
                              (float)-row - (map.repeats ? 0.0F : 1.0F)};
        const float high[2] = {(float)(width - column) - (map.repeats ? 1.0F : 0.0F),
                               (float)(height - row) - (map.repeats ? 1.0F : 0.0F)};
        for (int32_t j = box.top, i = box.left; j <= box.bottom && i <= box.right;) {
            const float right = (float)(i - box.left);
            const float below = (float)(j - box.top);
            const float w = begin[2] + across[2] * right + down[2] * below;
            const float one = 1.0F / w;
            const float dx = (begin[0] + across[0] * right + down[0] * below) * one;
            const float dy = (begin[1] + across[1] * right + down[1] * below) * one;
            const float weight = share(fminf(fmaxf(dx, low[0]), high[0])) * share(fminf(fmaxf(dy, low[1]), high[1]));
            if (w > 0.0F && weight > 0.0F)
                add(crop, i, j, weight, first, sum);
            const bool ends = i == box.right;
            i = ends ? box.left : i + 1;
            j += ends;
        }
    }

    /* By several threads: what this one finds, every step-th pixel of the box from the start-th on. */
    __device__ void part_add(int64_t crop, reader_box box, int32_t column, int32_t row, int64_t first, int start,
                             int step, float sum[TOGETHER]) const
    {
        const int64_t count = box_count(box);
        for (int64_t k = start; k < count; k += step) {
            const vqc_cuda_quotient at = vqc_cuda_divide(k, box.right - box.left + 1);
            const int32_t i = box.left + (int32_t)at.rest;
            const int32_t j = box.top + (int32_t)at.whole;
            const vqc_warp_place place = vqc_warp_place_of(height, width, matrices + crop * VQC_WARP_NUMBERS, i, j);
            const float weight = share((float)(place.x - (double)column)) * share((float)(place.y - (double)row));
            if (weight > 0.0F)
                add(crop, i, j, weight, first, sum);
        }
    }

    __device__ void store(int64_t crop, int32_t column, int32_t row, int64_t first, const float sum[TOGETHER]) const
    {
        const int64_t pixel = (crop * height + row) * width + column;
#pragma unroll
        for (int c = 0; c < TOGETHER; c++)
            if (first + c < channel_count())
                vqc_cuda_store_gradient(grad_input, pixel * channel_count() + first + c, sum[c], accumulate);
    }

    /* By a warp. */
    __device__ void many_gather(int64_t crop, reader_box box, int32_t column, int32_t row, int64_t first) const
    {
        const int lane = (int)threadIdx.x % VQC_CUDA_WARP;
        float sum[TOGETHER] = {0.0F};
        part_add(crop, box, column, row, first, lane, VQC_CUDA_WARP, sum);
        for (int c = 0; c < TOGETHER; c++)
            sum[c] = vqc_cuda_warp_sum(sum[c]);
        if (lane == 0)
            store(crop, column, row, first, sum);
    }

    /* By the block. */
    __device__ void most_gather(int64_t crop, reader_box box, int32_t column, int32_t row, int64_t first,
                                float *scratch) const
    {
        float sum[TOGETHER] = {0.0F};
        part_add(crop, box, column, row, first, (int)threadIdx.x, VQC_CUDA_THREADS, sum);
        for (int c = 0; c < TOGETHER; c++)
            sum[c] = vqc_cuda_block_sum(sum[c], scratch);
        if (threadIdx.x == 0)
            store(crop, column, row, first, sum);
    }

    /* By the block, for a tile of pixels, each thread for its own: small boxes at once, then the others, which stand
     * close together along edges, warp by warp in turn, or, if they are larger still, by all. */
    __device__ void tile_gather(const inverse_map &map, tile_boxes *boxes, int64_t crop, int32_t column, int32_t row,
                                int64_t first) const
    {
        const int lane = (int)threadIdx.x % VQC_CUDA_WARP;
        const int warp = (int)threadIdx.x / VQC_CUDA_WARP;
        const bool is_inside = column < width && row < height;
        reader_box box = {0, -1, 0, -1};
        if (is_inside)
            box = box_of(map, height, width, column, row);
        const bool has_many = box_count(box) > FEW;
        const unsigned many = __ballot_sync(0xffffffffU, has_many);
        boxes->of[threadIdx.x] = box;
        if (lane == 0)
            boxes->many[warp] = many;
        if (is_inside && !has_many) {
            float sum[TOGETHER] = {0.0F};
            few_add(map, crop, box, column, row, first, sum);
            store(crop, column, row, first, sum);
        }
        __syncthreads();
        int number = 0;
        for (int w = 0; w < TILE_ROWS; w++)
            for (unsigned left = boxes->many[w]; left != 0; left &= left - 1) {
                const int owner = __ffs((int)left) - 1;
                const reader_box owned = boxes->of[w * VQC_CUDA_WARP + owner];
                if (box_count(owned) > MANY)
                    most_gather(crop, owned, column - lane + owner, row - warp + w, first, boxes->scratch);
                else if (number++ % TILE_ROWS == warp)
                    many_gather(crop, owned, column - lane + owner, row - warp + w, first);
            }
        __syncthreads(); /* the boxes have been used */
    }
};

template <int fixed>
__global__ void __launch_bounds__(VQC_CUDA_THREADS, BLOCKS) gather_kernel(gathered_gradient<fixed> gradient)
{
    __shared__ inverse_map map;
    __shared__ tile_boxes boxes;
    const int64_t across = vqc_cuda_pieces(gradient.width, VQC_CUDA_WARP);
    const int64_t tiles = across * vqc_cuda_pieces(gradient.height, TILE_ROWS);
    const int64_t pieces = vqc_cuda_pieces(tiles, TILES);
    const int32_t lane = (int32_t)threadIdx.x % VQC_CUDA_WARP;
    const int32_t warp = (int32_t)threadIdx.x / VQC_CUDA_WARP;
    for (int64_t piece = blockIdx.x; piece < gradient.crops * pieces; piece += gridDim.x) {
        const vqc_cuda_quotient at = vqc_cuda_divide(piece, pieces);
        __syncthreads(); /* the last map has been used */
        if (threadIdx.x == 0)
            inverse_find(gradient.height, gradient.width, gradient.matrices + at.whole * VQC_WARP_NUMBERS, &map);
        __syncthreads();
        for (int64_t tile = at.rest; tile < tiles; tile += pieces) { /* those along an edge go to different blocks */
            const vqc_cuda_quotient corner = vqc_cuda_divide(tile, across);
            for (int64_t first = 0; first < gradient.channel_count(); first += TOGETHER)
                gradient.tile_gather(map, &boxes, at.whole, (int32_t)corner.rest * VQC_CUDA_WARP + lane,
                                     (int32_t)corner.whole * TILE_ROWS + warp, first);
        }
    }
}

} // namespace

template <int fixed> static cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_warp *o = &call->operation->warp;
    const warped_value<fixed> value = {o->height, o->width, o->channels,
                                       static_cast<const float *>(arguments->input[1]),
                                       static_cast<const float *>(arguments->input[0])};
    int64_t pixels = o->crops * o->height * o->width;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(pixels, VQC_CUDA_THREADS), forward_kernel<fixed>, value,
                           pixels, static_cast<float *>(arguments->output));
}

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return call->operation->warp.channels == COLOURS ? forward<COLOURS>(call, arguments)
                                                     : forward<ANY_NUMBER>(call, arguments);
}

template <int fixed> static cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_warp *o = &call->operation->warp;
    const gathered_gradient<fixed> gradient = {o->crops,
                                               o->height,
                                               o->width,
                                               o->channels,
                                               static_cast<const float *>(arguments->input[1]),
                                               static_cast<const float *>(arguments->grad_output),
                                               arguments->accumulate[0],
                                               static_cast<float *>(arguments->grad_input[0])};
    int64_t tiles = vqc_cuda_pieces(o->width, VQC_CUDA_WARP) * vqc_cuda_pieces(o->height, TILE_ROWS);
    return vqc_cuda_launch(call->stream, o->crops * vqc_cuda_pieces(tiles, TILES), gather_kernel<fixed>, gradient);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return call->operation->warp.channels == COLOURS ? backward<COLOURS>(call, arguments)
                                                     : backward<ANY_NUMBER>(call, arguments);
}

const vqc_cuda_kernels vqc_cuda_warp_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
