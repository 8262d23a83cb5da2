#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/elastic_formulas.h"

/* Noise, smoothed along rows, then along columns: three kernels, of one thread for an element. The noise and what the
 * first pass makes of it are in the workspace. */

namespace
{

enum { AXES = 2, BLOCK = 4 /* numbers of a block of random bits */ };

/* Where an element stands. */
struct element_place {
    int64_t crop, row, column;
    int axis;
};

struct field_shape {
    int64_t height, width;
    const int32_t *words;

    __device__ element_place place(int64_t i) const
    {
        const vqc_cuda_quotient at_row = vqc_cuda_divide(i / AXES, width);
        const vqc_cuda_quotient at_crop = vqc_cuda_divide(at_row.whole, height);
        return element_place{at_crop.whole, at_crop.rest, at_row.rest, (int)(i % AXES)};
    }

    __device__ const int32_t *words_of(const element_place &at) const
    {
        return words + at.crop * VQC_ELASTIC_NUMBERS;
    }
};

struct noise_value {
    field_shape shape;

    __device__ float operator()(int64_t i) const
    {
        const element_place at = shape.place(i);
        const int64_t element = i - at.crop * AXES * shape.height * shape.width;
        float numbers[BLOCK];
        if (vqc_elastic_strength(shape.words_of(at)) == 0.0F)
            return 0.0F;
        vqc_elastic_numbers(shape.words_of(at), element / BLOCK, numbers);
        const int place = (int)(element % BLOCK);
        const float lower = place == 0 ? numbers[0] : numbers[1];
        const float upper = place == 2 ? numbers[2] : numbers[3];
        return place < 2 ? lower : upper;
    }
};

/* The smoothed source at element i, which is number `number` of a line of elements that lie `step` apart. */
__device__ float line_smooth(const float *weights, const float *source, int64_t i, int64_t number, int64_t length,
                             int64_t step)
{
    float sum = weights[0] * source[i];
    for (int64_t k = 1; k < VQC_ELASTIC_WEIGHTS; k++) {
        const float before = k <= number ? source[i - k * step] : 0.0F;
        const float after = number + k < length ? source[i + k * step] : 0.0F;
        sum += weights[k] * (before + after);
    }
    return sum;
}

struct row_value {
    field_shape shape;
    const float *weights;
    const float *noise;

    __device__ float operator()(int64_t i) const
    {
        const element_place at = shape.place(i);
        if (vqc_elastic_strength(shape.words_of(at)) == 0.0F)
            return 0.0F;
        return line_smooth(weights, noise, i, at.column, shape.width, AXES);
    }
};

struct place_value {
    field_shape shape;
    const float *weights;
    const float *rows;

    __device__ float operator()(int64_t i) const
    {
        const element_place at = shape.place(i);
        const float strength = vqc_elastic_strength(shape.words_of(at));
        const int32_t pixel = (int32_t)(at.axis == 0 ? at.column : at.row);
        if (strength == 0.0F)
            return (float)pixel;
        const float displacement = line_smooth(weights, rows, i, at.row, shape.height, AXES * shape.width);
        return vqc_elastic_place(strength * displacement, pixel, at.axis == 0 ? shape.width : shape.height);
    }
};

int64_t count_of(const vqc_elastic_field *o)
{
    return AXES * o->crops * o->height * o->width;
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_elastic_field *o = &call->operation->elastic_field;
    const field_shape shape = {o->height, o->width, static_cast<const int32_t *>(arguments->input[0])};
    const float *weights = static_cast<const float *>(call->parameter[0]);
    float *noise = static_cast<float *>(arguments->workspace);
    float *rows = noise + count_of(o);
    cudaError_t result = vqc_cuda_elements_run(noise_value{shape}, false, noise, count_of(o), call->stream);
    if (result == cudaSuccess)
        result = vqc_cuda_elements_run(row_value{shape, weights, noise}, false, rows, count_of(o), call->stream);
    if (result == cudaSuccess)
        result = vqc_cuda_elements_run(place_value{shape, weights, rows}, false,
                                       static_cast<float *>(arguments->output), count_of(o), call->stream);
    return result;
}

static void weights_fill(const vqc_operation *, float *weights)
{
    vqc_elastic_weights(weights);
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    plan->sizes.workspace = 2 * (size_t)count_of(&plan->operation.elastic_field) * sizeof(float);
    return vqc_cuda_parameter_compute(plan, 0, weights_fill, VQC_ELASTIC_WEIGHTS, error);
}

const vqc_cuda_kernels vqc_cuda_elastic_field_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = NULL};
