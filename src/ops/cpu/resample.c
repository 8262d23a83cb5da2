#include <string.h>

#include <omp.h>

#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/filter.h"

/* Both directions work row by row: a row of the result is first filtered along the columns, for all channels at once,
 * into a buffer of the thread, then along the row. Rows do not depend on one another, and the crops that add to one
 * row of the gradient are taken in their order. */

enum { CROP_FIELDS = 5 };

typedef struct crop {
    int32_t picture, top, left, height, width;
} crop;

typedef struct resampling {
    const vqc_resample *shape;
    const int32_t *crops;
    const float *source;
    float *target;
    char *filters;         /* two for each crop, vertical and horizontal */
    size_t filter_size[2]; /* bytes */
    char *buffers;         /* one for each thread */
    size_t buffer_size;    /* bytes */
    bool accumulate;
} resampling;

static crop crop_at(const resampling *r, int64_t index)
{
    const int32_t *fields = r->crops + index * CROP_FIELDS;
    return (crop){fields[0], fields[1], fields[2], fields[3], fields[4]};
}

static float *buffer_of_thread(const resampling *r)
{
    return (float *)(void *)(r->buffers + (size_t)omp_get_thread_num() * r->buffer_size);
}

/* A crop's filters, as they lie in the workspace. */
typedef struct filters {
    vqc_filter vertical, horizontal;
} filters;

static filters *filters_at(const resampling *r, int64_t index)
{
    size_t size = vqc_cpu_align(sizeof(filters)) + r->filter_size[0] + r->filter_size[1];
    return (filters *)(void *)(r->filters + (size_t)index * size);
}

static void filters_compute(const resampling *r)
{
    const vqc_resample *o = r->shape;
#pragma omp parallel for schedule(static)
    for (int64_t index = 0; index < o->crops; index++) {
        crop c = crop_at(r, index);
        filters *f = filters_at(r, index);
        char *memory = (char *)f + vqc_cpu_align(sizeof(filters));
        vqc_filter_compute(c.height, o->height, o->side, memory, &f->vertical);
        vqc_filter_compute(c.width, o->width, o->side, memory + r->filter_size[0], &f->horizontal);
    }
}

/* buffer += weight · row */
VQC_CPU_KERNEL static void row_add(float *restrict buffer, const float *restrict row, float weight, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        buffer[i] += weight * row[i];
}

/* output[x] = Σ weight · buffer[first + k], channel by channel. Here and below the number of channels is an argument
 * so that a call with 3 has no loop over them. */
VQC_CPU_INLINE void channels_filter(int64_t channels, const vqc_filter *f, const float *restrict buffer,
                                    float *restrict output)
{
    for (int64_t x = 0; x < f->side; x++) {
        const double *weight = f->weight + x * f->stride;
        const float *from = buffer + f->first[x] * channels;
        for (int64_t c = 0; c < channels; c++)
            output[x * channels + c] = 0.0F;
        for (int32_t k = 0; k < f->count[x]; k++)
            for (int64_t c = 0; c < channels; c++)
                output[x * channels + c] += (float)weight[k] * from[k * channels + c];
    }
}

static void row_filter(const vqc_filter *f, const float *restrict buffer, float *restrict output, int64_t channels)
{
    if (channels == 3)
        channels_filter(3, f, buffer, output);
    else
        channels_filter(channels, f, buffer, output);
}

/* The transpose: row[first + k] += weight · buffer[x]. */
VQC_CPU_INLINE void channels_filter_transposed(int64_t channels, const vqc_filter *f, const float *restrict buffer,
                                               float *restrict row)
{
    for (int64_t x = 0; x < f->side; x++) {
        const double *weight = f->weight + x * f->stride;
        float *to = row + f->first[x] * channels;
        for (int32_t k = 0; k < f->count[x]; k++)
            for (int64_t c = 0; c < channels; c++)
                to[k * channels + c] += (float)weight[k] * buffer[x * channels + c];
    }
}

static void row_filter_transposed(const vqc_filter *f, const float *restrict buffer, float *restrict row,
                                  int64_t channels)
{
    if (channels == 3)
        channels_filter_transposed(3, f, buffer, row);
    else
        channels_filter_transposed(channels, f, buffer, row);
}

/* Row y of a crop's output. */
static void forward_row(const resampling *r, int64_t index, int64_t y)
{
    const vqc_resample *o = r->shape;
    crop c = crop_at(r, index);
    const filters *f = filters_at(r, index);
    float *buffer = buffer_of_thread(r);
    int64_t count = c.width * o->channels;
    memset(buffer, 0, (size_t)count * sizeof *buffer);
    int64_t first = c.picture * o->height + c.top + f->vertical.first[y];
    for (int32_t k = 0; k < f->vertical.count[y]; k++)
        row_add(buffer, r->source + ((first + k) * o->width + c.left) * o->channels,
                (float)f->vertical.weight[y * f->vertical.stride + k], count);
    row_filter(&f->horizontal, buffer, r->target + (index * o->side + y) * o->side * o->channels, o->channels);
}

/* Adds a crop's part to a row of its picture; `line` is the row's number within the crop. */
static void crop_add(const resampling *r, int64_t index, int64_t line, float *row)
{
    const vqc_resample *o = r->shape;
    const filters *f = filters_at(r, index);
    float *buffer = buffer_of_thread(r);
    int64_t count = o->side * o->channels;
    memset(buffer, 0, (size_t)count * sizeof *buffer);
    for (int64_t y = 0; y < o->side; y++) {
        int64_t k = line - f->vertical.first[y];
        if (k >= 0 && k < f->vertical.count[y])
            row_add(buffer, r->source + (index * o->side + y) * count,
                    (float)f->vertical.weight[y * f->vertical.stride + k], count);
    }
    row_filter_transposed(&f->horizontal, buffer, row + crop_at(r, index).left * o->channels, o->channels);
}

/* Row `row` of the gradient, counted over all pictures. */
static void backward_row(const resampling *r, int64_t row)
{
    const vqc_resample *o = r->shape;
    float *target = r->target + row * o->width * o->channels;
    if (!r->accumulate)
        memset(target, 0, (size_t)(o->width * o->channels) * sizeof *target);
    for (int64_t index = 0; index < o->crops; index++) {
        crop c = crop_at(r, index);
        int64_t line = row % o->height - c.top;
        if (c.picture == row / o->height && line >= 0 && line < c.height)
            crop_add(r, index, line, target);
    }
}

/* Sets the sizes and divides the workspace, which may be NULL. Returns its size. */
static size_t workspace_divide(resampling *r, int threads, char *workspace)
{
    const vqc_resample *o = r->shape;
    r->filter_size[0] = vqc_filter_size(o->height, o->side);
    r->filter_size[1] = vqc_filter_size(o->width, o->side);
    int64_t longest = o->width > o->side ? o->width : o->side;
    r->buffer_size = vqc_cpu_align((size_t)(longest * o->channels) * sizeof(float));
    size_t buffers = (size_t)threads * r->buffer_size;
    r->buffers = workspace;
    r->filters = workspace != NULL ? workspace + buffers : NULL;
    size_t crop_size = vqc_cpu_align(sizeof(filters)) + r->filter_size[0] + r->filter_size[1];
    return buffers + (size_t)o->crops * crop_size;
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_resample *o = &plan->operation.resample;
    resampling r = {
        .shape = o, .crops = arguments->input[1], .source = arguments->input[0], .target = arguments->output};
    workspace_divide(&r, plan->device->threads, arguments->workspace);
    filters_compute(&r);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->side; i++)
        forward_row(&r, i / o->side, i % o->side);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_resample *o = &plan->operation.resample;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    resampling r = {.shape = o,
                    .crops = arguments->input[1],
                    .source = arguments->grad_output,
                    .target = arguments->grad_input[0],
                    .accumulate = arguments->accumulate[0]};
    workspace_divide(&r, plan->device->threads, arguments->workspace);
    filters_compute(&r);
    /* Rows in the middle of the picture lie in more crops: dealt out one by one. */
#pragma omp parallel for schedule(static, 1)
    for (int64_t row = 0; row < o->batch * o->height; row++)
        backward_row(&r, row);
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    (void)error;
    resampling r = {.shape = &plan->operation.resample};
    plan->sizes.workspace = workspace_divide(&r, plan->device->threads, NULL);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_resample_kernel = {.prepare = prepare, .forward = run_forward, .backward = run_backward};
