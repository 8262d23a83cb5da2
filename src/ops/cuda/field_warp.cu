#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/field_formulas.h"

/* The gradient is a gather, in an order that the places alone decide. The output is cut into small squares, and for
 * each of them the box of all input pixels is found that it reads. Then every input pixel goes through the squares
 * whose box reaches its tile, in their order, and adds what those of their pixels hand back that read it. */

namespace
{

enum {
    SQUARE = 8, /* pixels along a side of a square of the output */
    SQUARE_PIXELS = SQUARE * SQUARE,
    TILE_ROWS = VQC_CUDA_THREADS / VQC_CUDA_WARP, /* a tile of input pixels has a row for each warp of a block */
    TOGETHER = 3,                                 /* channels that are added up at a time */
    NOWHERE = -4                                  /* the column and the row that a pixel reads which sees nothing */
};

/* Input pixels, all included; left above right where there is none. */
struct pixel_box {
    int32_t left, right, top, bottom;
};

struct field_shape {
    int64_t crops, height, width, channels;

    __host__ __device__ int64_t across() const
    {
        return vqc_cuda_pieces(width, SQUARE);
    }

    __host__ __device__ int64_t squares() const /* of a crop */
    {
        return across() * vqc_cuda_pieces(height, SQUARE);
    }

    /* What an output pixel reads. */
    __device__ vqc_warp_square reads(const float *places, int64_t pixel) const
    {
        return vqc_warp_square_of(height, width,
                                  vqc_field_place(height, width, places[2 * pixel], places[2 * pixel + 1]));
    }

    __device__ bool sees(const float *places, int64_t pixel) const
    {
        return vqc_field_place(height, width, places[2 * pixel], places[2 * pixel + 1]).x > -1.0;
    }
};

__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    forward_kernel(field_shape shape, const float *places, const float *input, float *output)
{
    const int64_t pixels = shape.height * shape.width;
    for (int64_t pixel = vqc_cuda_first(); pixel < shape.crops * pixels; pixel += vqc_cuda_step()) {
        const float *crop = input + vqc_cuda_divide(pixel, pixels).whole * pixels * shape.channels;
        const vqc_warp_taps taps = vqc_warp_square_taps(shape.height, shape.width, shape.reads(places, pixel));
        const bool seen = shape.sees(places, pixel);
        for (int64_t c = 0; c < shape.channels; c++) {
            float sum = 0.0F;
            for (int k = 0; k < 4 && seen; k++)
                sum += taps.weight[k] * crop[taps.index[k] * shape.channels + c];
            output[pixel * shape.channels + c] = sum;
        }
    }
}

__device__ int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

__device__ int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* The box of the boxes that a warp's lanes have; every lane gets it. */
__device__ pixel_box boxes_join(pixel_box box)
{
    for (int distance = VQC_CUDA_WARP / 2; distance > 0; distance /= 2) {
        box.left = smaller(box.left, __shfl_xor_sync(0xffffffffU, box.left, distance));
        box.right = larger(box.right, __shfl_xor_sync(0xffffffffU, box.right, distance));
        box.top = smaller(box.top, __shfl_xor_sync(0xffffffffU, box.top, distance));
        box.bottom = larger(box.bottom, __shfl_xor_sync(0xffffffffU, box.bottom, distance));
    }
    return box;
}

/* A warp finds the box of a square. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    boxes_kernel(field_shape shape, const float *places, pixel_box *boxes)
{
    const int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    const int64_t warps = (int64_t)gridDim.x * TILE_ROWS;
    for (int64_t i = (int64_t)blockIdx.x * TILE_ROWS + threadIdx.x / VQC_CUDA_WARP; i < shape.crops * shape.squares();
         i += warps) {
        const vqc_cuda_quotient at_crop = vqc_cuda_divide(i, shape.squares());
        const vqc_cuda_quotient at = vqc_cuda_divide(at_crop.rest, shape.across());
        pixel_box box = {INT32_MAX, -1, INT32_MAX, -1};
        for (int k = lane; k < SQUARE_PIXELS; k += VQC_CUDA_WARP) {
            const int64_t row = at.whole * SQUARE + k / SQUARE;
            const int64_t column = at.rest * SQUARE + k % SQUARE;
            const int64_t pixel = (at_crop.whole * shape.height + row) * shape.width + column;
            if (row >= shape.height || column >= shape.width || !shape.sees(places, pixel))
                continue;
            const vqc_warp_square square = shape.reads(places, pixel);
            box.left = smaller(box.left, square.left);
            box.right = larger(box.right, square.left + 1);
            box.top = smaller(box.top, square.top);
            box.bottom = larger(box.bottom, square.top + 1);
        }
        box = boxes_join(box);
        if (lane == 0)
            boxes[i] = box;
    }
}

/* The pixels of a square, in shared memory: what they read and what they hand back. */
struct square_pixels {
    int32_t left[SQUARE_PIXELS], top[SQUARE_PIXELS];
    float weight[SQUARE_PIXELS][4];
    float gradient[SQUARE_PIXELS][TOGETHER];
};

struct gathered_gradient {
    field_shape shape;
    const float *places;
    const pixel_box *boxes;
    const float *grad_output;
    bool accumulate;
    float *grad_input;

    /* By the threads of a block, one for each of the square's pixels; channels from `first` on. */
    __device__ void square_load(int64_t crop, int64_t square, int64_t first, square_pixels *pixels) const
    {
        const int k = (int)threadIdx.x;
        const vqc_cuda_quotient at = vqc_cuda_divide(square, shape.across());
        const int64_t row = at.whole * SQUARE + k / SQUARE;
        const int64_t column = at.rest * SQUARE + k % SQUARE;
        const int64_t pixel = (crop * shape.height + row) * shape.width + column;
        if (k >= SQUARE_PIXELS)
            return;
        pixels->left[k] = NOWHERE;
        pixels->top[k] = NOWHERE;
        if (row >= shape.height || column >= shape.width || !shape.sees(places, pixel))
            return;
        const vqc_warp_square reads = shape.reads(places, pixel);
        pixels->left[k] = reads.left;
        pixels->top[k] = reads.top;
        for (int i = 0; i < 4; i++)
            pixels->weight[k][i] = reads.weight[i];
        for (int c = 0; c < TOGETHER && first + c < shape.channels; c++)
            pixels->gradient[k][c] = grad_output[pixel * shape.channels + first + c];
    }

    /* Adds what the square's pixels hand back to an input pixel. */
    __device__ void square_add(const square_pixels *pixels, int32_t column, int32_t row, int64_t first,
                               float sum[TOGETHER]) const
    {
        for (int k = 0; k < SQUARE_PIXELS; k++) {
            const int32_t right = column - pixels->left[k];
            const int32_t below = row - pixels->top[k];
            if ((uint32_t)right > 1U || (uint32_t)below > 1U)
                continue;
            const float weight = pixels->weight[k][2 * below + right];
            for (int c = 0; c < TOGETHER && first + c < shape.channels; c++)
                sum[c] += weight * pixels->gradient[k][c];
        }
    }

    /* Whether a square's pixels read any of the tile whose first pixel this is. */
    __device__ bool reaches(const pixel_box &box, int64_t column, int64_t row) const
    {
        return box.left < column + VQC_CUDA_WARP && box.right >= column && box.top < row + TILE_ROWS &&
               box.bottom >= row;
    }

    __device__ void store(int64_t crop, int64_t column, int64_t row, int64_t first, const float sum[TOGETHER]) const
    {
        const int64_t pixel = (crop * shape.height + row) * shape.width + column;
        if (column >= shape.width || row >= shape.height)
            return;
        for (int c = 0; c < TOGETHER && first + c < shape.channels; c++)
            vqc_cuda_store_gradient(grad_input, pixel * shape.channels + first + c, sum[c], accumulate);
    }

    /* By a block, a tile whose first pixel is (column, row). */
    __device__ void tile_gather(int64_t crop, int64_t column, int64_t row, int64_t first, unsigned *reached,
                                square_pixels *pixels) const
    {
        const int lane = (int)threadIdx.x % VQC_CUDA_WARP;
        const int warp = (int)threadIdx.x / VQC_CUDA_WARP;
        const int64_t squares = shape.squares();
        float sum[TOGETHER] = {0.0F};
        for (int64_t begin = 0; begin < squares; begin += VQC_CUDA_THREADS) {
            const int64_t mine = begin + threadIdx.x;
            const bool does = mine < squares && reaches(boxes[crop * squares + mine], column, row);
            const unsigned found = __ballot_sync(0xffffffffU, does);
            if (lane == 0)
                reached[warp] = found;
            __syncthreads();
            for (int w = 0; w < TILE_ROWS; w++)
                for (unsigned left = reached[w]; left != 0; left &= left - 1) {
                    square_load(crop, begin + w * VQC_CUDA_WARP + __ffs((int)left) - 1, first, pixels);
                    __syncthreads();
                    square_add(pixels, (int32_t)column + lane, (int32_t)row + warp, first, sum);
                    __syncthreads(); /* the square has been used */
                }
            __syncthreads(); /* so has what was found */
        }
        store(crop, column + lane, row + warp, first, sum);
    }
};

__global__ void __launch_bounds__(VQC_CUDA_THREADS) gather_kernel(gathered_gradient gradient)
{
    __shared__ unsigned reached[TILE_ROWS];
    __shared__ square_pixels pixels;
    const int64_t across = vqc_cuda_pieces(gradient.shape.width, VQC_CUDA_WARP);
    const int64_t tiles = across * vqc_cuda_pieces(gradient.shape.height, TILE_ROWS);
    for (int64_t i = blockIdx.x; i < gradient.shape.crops * tiles; i += gridDim.x) {
        const vqc_cuda_quotient at_crop = vqc_cuda_divide(i, tiles);
        const vqc_cuda_quotient at = vqc_cuda_divide(at_crop.rest, across);
        for (int64_t first = 0; first < gradient.shape.channels; first += TOGETHER)
            gradient.tile_gather(at_crop.whole, at.rest * VQC_CUDA_WARP, at.whole * TILE_ROWS, first, reached,
                                 &pixels);
    }
}

field_shape shape_of(const vqc_field_warp *o)
{
    return field_shape{o->crops, o->height, o->width, o->channels};
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_field_warp *o = &call->operation->field_warp;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(o->crops * o->height * o->width, VQC_CUDA_THREADS),
                           forward_kernel, shape_of(o), static_cast<const float *>(arguments->input[1]),
                           static_cast<const float *>(arguments->input[0]), static_cast<float *>(arguments->output));
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_field_warp *o = &call->operation->field_warp;
    const field_shape shape = shape_of(o);
    const float *places = static_cast<const float *>(arguments->input[1]);
    pixel_box *boxes = static_cast<pixel_box *>(arguments->workspace);
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const gathered_gradient gradient = {shape,
                                        places,
                                        boxes,
                                        static_cast<const float *>(arguments->grad_output),
                                        arguments->accumulate[0],
                                        static_cast<float *>(arguments->grad_input[0])};
    cudaError_t result = vqc_cuda_launch(call->stream, vqc_cuda_pieces(o->crops * shape.squares(), TILE_ROWS),
                                         boxes_kernel, shape, places, boxes);
    if (result != cudaSuccess)
        return result;
    const int64_t tiles = vqc_cuda_pieces(o->width, VQC_CUDA_WARP) * vqc_cuda_pieces(o->height, TILE_ROWS);
    return vqc_cuda_launch(call->stream, o->crops * tiles, gather_kernel, gradient);
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_field_warp *o = &plan->operation.field_warp;
    (void)error;
    plan->sizes.workspace = (size_t)(o->crops * shape_of(o).squares()) * sizeof(pixel_box);
    return VQC_OK;
}

const vqc_cuda_kernels vqc_cuda_field_warp_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
