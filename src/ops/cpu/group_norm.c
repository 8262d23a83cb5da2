#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/formulas.h"

/* Both passes go over the tensor twice: first for sums by block of pixels and channel, which are combined into sums
 * by group in double and in a fixed order, then to compute the result. A block holds about this many elements. */
enum { BLOCK_ELEMENTS = 16384, BLOCK_MAX_PIXELS = 512 };

/* Of each group of each picture, what the forward pass leaves for the backward pass. */
typedef struct statistics {
    float mean;
    float inverse_deviation;
} statistics;

typedef struct parameters {
    float *weight;
    float *bias;
    int64_t block;  /* pixels of a block; the last one of a picture may have fewer */
    int64_t blocks; /* of a picture */
} parameters;

static void state_destroy(void *opaque)
{
    parameters *state = opaque;
    free(state->weight);
    free(state->bias);
    free(state);
}

/* One execution. The arrays by channel are (batch, channels), the sums (batch, blocks, channels). */
typedef struct norm {
    vqc_dtype dtype;
    const vqc_group_norm *shape;
    const parameters *parameters;
    const void *input;
    const void *grad_output;
    void *target;
    statistics *saved;
    bool accumulate;
    float *sum[2];
    float *mean;
    float *inverse_deviation;
    float *grad_mean;  /* of the gradient with respect to the normalised values, by group */
    float *grad_along; /* of its product with the normalised values, by group */
} norm;

/* A block of pixels. */
typedef struct block {
    int64_t batch;
    int64_t first;  /* element of the tensor */
    int64_t pixels; /* number */
    int64_t sums;   /* where its sums begin */
} block;

static block block_at(const norm *n, int64_t index)
{
    int64_t batch = index / n->parameters->blocks;
    int64_t pixel = index % n->parameters->blocks * n->parameters->block;
    int64_t rest = n->shape->pixels - pixel;
    return (block){.batch = batch,
                   .first = (batch * n->shape->pixels + pixel) * n->shape->channels,
                   .pixels = rest < n->parameters->block ? rest : n->parameters->block,
                   .sums = index * n->shape->channels};
}

/* Mean and sum of squared deviations of each channel in a block. The sums are of differences to the block's first
 * pixel, so that a large mean costs no accuracy. */
VQC_CPU_INLINE void measure(vqc_dtype dtype, const norm *n, block b)
{
    int64_t channels = n->shape->channels;
    const void *restrict x = vqc_cpu_at(dtype, n->input, b.first);
    float *restrict sum = n->sum[0] + b.sums;
    float *restrict squares = n->sum[1] + b.sums;
#pragma omp simd
    for (int64_t c = 0; c < channels; c++)
        sum[c] = squares[c] = 0.0F;
    for (int64_t pixel = 1; pixel < b.pixels; pixel++)
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
            float d = vqc_cpu_load(dtype, x, pixel * channels + c) - vqc_cpu_load(dtype, x, c);
            sum[c] += d;
            squares[c] += d * d;
        }
    float count = (float)b.pixels;
#pragma omp simd
    for (int64_t c = 0; c < channels; c++) {
        float mean = sum[c] / count;
        float deviations = squares[c] - mean * sum[c];
        sum[c] = vqc_cpu_load(dtype, x, c) + mean;
        squares[c] = deviations > 0.0F ? deviations : 0.0F;
    }
}

VQC_CPU_KERNEL static void measure_block(const norm *n, block b)
{
    VQC_CPU_FOR_DTYPE(measure, n->dtype, n, b);
}

/* Mean and deviation of one group of one picture from those of its blocks and channels. */
static void group_combine(const norm *n, int64_t batch, int64_t group)
{
    int64_t channels = n->shape->channels;
    int64_t width = channels / n->shape->groups;
    double total = (double)n->shape->pixels * (double)width;
    double mean = 0.0;
    double deviations = 0.0;
    for (int64_t i = batch * n->parameters->blocks; i < (batch + 1) * n->parameters->blocks; i++) {
        block b = block_at(n, i);
        for (int64_t c = group * width; c < (group + 1) * width; c++)
            mean += (double)n->sum[0][b.sums + c] * (double)b.pixels;
    }
    mean /= total;
    for (int64_t i = batch * n->parameters->blocks; i < (batch + 1) * n->parameters->blocks; i++) {
        block b = block_at(n, i);
        for (int64_t c = group * width; c < (group + 1) * width; c++) {
            double d = (double)n->sum[0][b.sums + c] - mean;
            deviations += (double)n->sum[1][b.sums + c] + d * d * (double)b.pixels;
        }
    }
    double inverse = 1.0 / sqrt(deviations / total + (double)n->shape->epsilon);
    n->saved[batch * n->shape->groups + group] = (statistics){(float)mean, (float)inverse};
}

/* Spreads the groups' statistics over their channels. */
static void statistics_spread(const norm *n)
{
    int64_t channels = n->shape->channels;
    int64_t width = channels / n->shape->groups;
    for (int64_t i = 0; i < n->shape->batch * channels; i++) {
        statistics m = n->saved[i / channels * n->shape->groups + i % channels / width];
        n->mean[i] = m.mean;
        n->inverse_deviation[i] = m.inverse_deviation;
    }
}

VQC_CPU_INLINE void normalise(vqc_dtype dtype, bool swish, const norm *n, block b)
{
    int64_t channels = n->shape->channels;
    const float *restrict weight = n->parameters->weight;
    const float *restrict bias = n->parameters->bias;
    const float *restrict mean = n->mean + b.batch * channels;
    const float *restrict inverse = n->inverse_deviation + b.batch * channels;
    for (int64_t pixel = 0; pixel < b.pixels; pixel++) {
        const void *restrict x = vqc_cpu_at(dtype, n->input, b.first + pixel * channels);
        void *restrict y = vqc_cpu_at_writable(dtype, n->target, b.first + pixel * channels);
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
            float value = vqc_formula_normalise(vqc_cpu_load(dtype, x, c), mean[c], inverse[c], weight[c], bias[c]);
            vqc_cpu_store(dtype, y, c, swish ? vqc_formula_swish(value) : value);
        }
    }
}

VQC_CPU_KERNEL static void normalise_block(const norm *n, block b)
{
    if (n->shape->swish)
        VQC_CPU_FOR_DTYPE(normalise, n->dtype, true, n, b);
    else
        VQC_CPU_FOR_DTYPE(normalise, n->dtype, false, n, b);
}

/* A normalised value and the gradient with respect to it. */
typedef struct inner {
    float normalised, grad;
} inner;

VQC_CPU_INLINE inner inner_of(bool swish, float x, float grad_output, float mean, float inverse, float weight,
                              float bias)
{
    float normalised = (x - mean) * inverse;
    float grad = grad_output * weight;
    if (swish)
        grad *= vqc_formula_swish_derivative(normalised * weight + bias);
    return (inner){normalised, grad};
}

/* Sums by channel of the gradient with respect to the normalised values, and of its product with these. */
VQC_CPU_INLINE void gradient_sum(vqc_dtype dtype, bool swish, const norm *n, block b)
{
    int64_t channels = n->shape->channels;
    const float *restrict weight = n->parameters->weight;
    const float *restrict bias = n->parameters->bias;
    const float *restrict mean = n->mean + b.batch * channels;
    const float *restrict inverse = n->inverse_deviation + b.batch * channels;
    float *restrict plain = n->sum[0] + b.sums;
    float *restrict along = n->sum[1] + b.sums;
#pragma omp simd
    for (int64_t c = 0; c < channels; c++)
        plain[c] = along[c] = 0.0F;
    for (int64_t pixel = 0; pixel < b.pixels; pixel++) {
        const void *restrict x = vqc_cpu_at(dtype, n->input, b.first + pixel * channels);
        const void *restrict grad = vqc_cpu_at(dtype, n->grad_output, b.first + pixel * channels);
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
            inner i = inner_of(swish, vqc_cpu_load(dtype, x, c), vqc_cpu_load(dtype, grad, c), mean[c], inverse[c],
                               weight[c], bias[c]);
            plain[c] += i.grad;
            along[c] += i.grad * i.normalised;
        }
    }
}

VQC_CPU_KERNEL static void gradient_sum_block(const norm *n, block b)
{
    if (n->shape->swish)
        VQC_CPU_FOR_DTYPE(gradient_sum, n->dtype, true, n, b);
    else
        VQC_CPU_FOR_DTYPE(gradient_sum, n->dtype, false, n, b);
}

/* The means over one group of one picture, for all of its channels. */
static void gradient_combine(const norm *n, int64_t batch, int64_t group)
{
    int64_t channels = n->shape->channels;
    int64_t width = channels / n->shape->groups;
    double total = (double)n->shape->pixels * (double)width;
    double plain = 0.0;
    double along = 0.0;
    for (int64_t i = batch * n->parameters->blocks; i < (batch + 1) * n->parameters->blocks; i++) {
        block b = block_at(n, i);
        for (int64_t c = group * width; c < (group + 1) * width; c++) {
            plain += (double)n->sum[0][b.sums + c];
            along += (double)n->sum[1][b.sums + c];
        }
    }
    for (int64_t c = group * width; c < (group + 1) * width; c++) {
        n->grad_mean[batch * channels + c] = (float)(plain / total);
        n->grad_along[batch * channels + c] = (float)(along / total);
    }
}

VQC_CPU_INLINE void gradient(vqc_dtype dtype, bool accumulate, bool swish, const norm *n, block b)
{
    int64_t channels = n->shape->channels;
    const float *restrict weight = n->parameters->weight;
    const float *restrict bias = n->parameters->bias;
    const float *restrict mean = n->mean + b.batch * channels;
    const float *restrict inverse = n->inverse_deviation + b.batch * channels;
    const float *restrict grad_mean = n->grad_mean + b.batch * channels;
    const float *restrict grad_along = n->grad_along + b.batch * channels;
    for (int64_t pixel = 0; pixel < b.pixels; pixel++) {
        const void *restrict x = vqc_cpu_at(dtype, n->input, b.first + pixel * channels);
        const void *restrict grad = vqc_cpu_at(dtype, n->grad_output, b.first + pixel * channels);
        void *restrict target = vqc_cpu_at_writable(dtype, n->target, b.first + pixel * channels);
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
            inner i = inner_of(swish, vqc_cpu_load(dtype, x, c), vqc_cpu_load(dtype, grad, c), mean[c], inverse[c],
                               weight[c], bias[c]);
            float value =
                vqc_formula_normalise_gradient(i.grad, i.normalised, grad_mean[c], grad_along[c], inverse[c]);
            vqc_cpu_store_gradient(dtype, accumulate, target, c, value);
        }
    }
}

VQC_CPU_KERNEL static void gradient_block(const norm *n, block b)
{
    if (n->shape->swish)
        VQC_CPU_FOR_STORE(gradient, n->dtype, n->accumulate, true, n, b);
    else
        VQC_CPU_FOR_STORE(gradient, n->dtype, n->accumulate, false, n, b);
}

static void blocks_run(const norm *n, void (*function)(const norm *n, block b))
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n->shape->batch * n->parameters->blocks; i++)
        function(n, block_at(n, i));
}

static void groups_run(const norm *n, void (*function)(const norm *n, int64_t batch, int64_t group))
{
    int64_t groups = n->shape->groups;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n->shape->batch * groups; i++)
        function(n, i / groups, i % groups);
}

static int64_t block_pixels(int64_t channels)
{
    int64_t pixels = BLOCK_ELEMENTS / channels;
    if (pixels > BLOCK_MAX_PIXELS)
        return BLOCK_MAX_PIXELS;
    return pixels > 0 ? pixels : 1;
}

static size_t sums_count(const vqc_group_norm *o, const parameters *state)
{
    return (size_t)(o->batch * state->blocks * o->channels);
}

static void workspace_divide(norm *n, void *workspace)
{
    size_t by_channel = (size_t)(n->shape->batch * n->shape->channels);
    n->sum[0] = workspace;
    n->sum[1] = n->sum[0] + sums_count(n->shape, n->parameters);
    n->mean = n->sum[1] + sums_count(n->shape, n->parameters);
    n->inverse_deviation = n->mean + by_channel;
    n->grad_mean = n->inverse_deviation + by_channel;
    n->grad_along = n->grad_mean + by_channel;
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    norm n = {.dtype = plan->operation.dtype,
              .shape = &plan->operation.group_norm,
              .parameters = plan->state,
              .input = arguments->input[0],
              .target = arguments->output,
              .saved = arguments->saved};
    workspace_divide(&n, arguments->workspace);
    blocks_run(&n, measure_block);
    groups_run(&n, group_combine);
    statistics_spread(&n);
    blocks_run(&n, normalise_block);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    norm n = {.dtype = plan->operation.dtype,
              .shape = &plan->operation.group_norm,
              .parameters = plan->state,
              .input = arguments->input[0],
              .grad_output = arguments->grad_output,
              .target = arguments->grad_input[0],
              .saved = (statistics *)(uintptr_t)arguments->saved,
              .accumulate = arguments->accumulate[0]};
    workspace_divide(&n, arguments->workspace);
    statistics_spread(&n);
    blocks_run(&n, gradient_sum_block);
    groups_run(&n, gradient_combine);
    blocks_run(&n, gradient_block);
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_group_norm *o = &plan->operation.group_norm;
    parameters *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    state->block = block_pixels(o->channels);
    state->blocks = (o->pixels + state->block - 1) / state->block;
    plan->sizes.saved = (size_t)(o->batch * o->groups) * sizeof(statistics);
    plan->sizes.workspace = (2 * sums_count(o, state) + 4 * (size_t)(o->batch * o->channels)) * sizeof(float);
    VQC_TRY(vqc_cpu_parameters_copy(plan, o->weight, o->channels, &state->weight, error));
    return vqc_cpu_parameters_copy(plan, o->bias, o->channels, &state->bias, error);
}

const vqc_cpu_kernel vqc_cpu_group_norm_kernel = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
