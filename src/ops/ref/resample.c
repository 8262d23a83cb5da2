#include <string.h>

#include "ops/filter.h"
#include "ops/ref/ref.h"

/* Each crop goes through the vertical filter into a half-way picture (side, crop width, channels), then through the
 * horizontal one. Scratch: the two filters, then the half-way picture. */

/* One row of the crops' table. */
typedef struct crop {
    int64_t picture, top, left, height, width;
} crop;

typedef struct crop_filters {
    vqc_filter vertical;
    vqc_filter horizontal;
    double *half_way;
} crop_filters;

static crop crop_at(const int32_t *table, int64_t index)
{
    const int32_t *row = table + VQC_RESAMPLE_NUMBERS * index;
    return (crop){row[0], row[1], row[2], row[3], row[4]};
}

static vqc_status prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    const vqc_resample *o = &operation->resample;
    (void)with_backward;
    (void)error;
    plan->scratch_count =
        (vqc_filter_size(o->height, o->side) + vqc_filter_size(o->width, o->side)) / sizeof(double) +
        (size_t)(o->side * o->width * o->channels);
    return VQC_OK;
}

static crop_filters filters_of(const vqc_resample *o, const crop *where, double *scratch)
{
    crop_filters filters;
    vqc_filter_compute(where->height, o->height, o->side, scratch, &filters.vertical);
    scratch += vqc_filter_size(o->height, o->side) / sizeof *scratch;
    vqc_filter_compute(where->width, o->width, o->side, scratch, &filters.horizontal);
    filters.half_way = scratch + vqc_filter_size(o->width, o->side) / sizeof *scratch;
    return filters;
}

/* Offset of a crop's row in the picture. */
static int64_t row_offset(const vqc_resample *o, const crop *where, int64_t y)
{
    return ((where->picture * o->height + where->top + y) * o->width + where->left) * o->channels;
}

static void accumulate(double factor, const double *restrict row, int64_t width, double *restrict output)
{
    for (int64_t i = 0; i < width; i++)
        output[i] += factor * row[i];
}

static void crop_forward(const vqc_resample *o, const crop *where, const double *input, double *output,
                         double *scratch)
{
    crop_filters filters = filters_of(o, where, scratch);
    int64_t row_size = where->width * o->channels;
    memset(filters.half_way, 0, (size_t)(o->side * row_size) * sizeof(double));
    memset(output, 0, (size_t)(o->side * o->side * o->channels) * sizeof(double));
    for (int64_t y = 0; y < o->side; y++) {
        const vqc_filter *vertical = &filters.vertical;
        double *row = filters.half_way + y * row_size;
        for (int64_t k = 0; k < vertical->count[y]; k++)
            accumulate(vertical->weight[y * vertical->stride + k],
                       input + row_offset(o, where, vertical->first[y] + k), row_size, row);
        const vqc_filter *horizontal = &filters.horizontal;
        for (int64_t x = 0; x < o->side; x++)
            for (int64_t k = 0; k < horizontal->count[x]; k++)
                accumulate(horizontal->weight[x * horizontal->stride + k],
                           row + (horizontal->first[x] + k) * o->channels, o->channels,
                           output + (y * o->side + x) * o->channels);
    }
}

/* The transpose of crop_forward. */
static void crop_backward(const vqc_resample *o, const crop *where, const double *grad_output, double *grad_input,
                          double *scratch)
{
    crop_filters filters = filters_of(o, where, scratch);
    int64_t row_size = where->width * o->channels;
    memset(filters.half_way, 0, (size_t)(o->side * row_size) * sizeof(double));
    for (int64_t y = 0; y < o->side; y++) {
        const vqc_filter *horizontal = &filters.horizontal;
        double *row = filters.half_way + y * row_size;
        for (int64_t x = 0; x < o->side; x++)
            for (int64_t k = 0; k < horizontal->count[x]; k++)
                accumulate(horizontal->weight[x * horizontal->stride + k],
                           grad_output + (y * o->side + x) * o->channels, o->channels,
                           row + (horizontal->first[x] + k) * o->channels);
        const vqc_filter *vertical = &filters.vertical;
        for (int64_t k = 0; k < vertical->count[y]; k++)
            accumulate(vertical->weight[y * vertical->stride + k], row, row_size,
                       grad_input + row_offset(o, where, vertical->first[y] + k));
    }
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_resample *o = &plan->operation.resample;
    for (int64_t i = 0; i < o->crops; i++) {
        crop where = crop_at(arguments->index[1], i);
        crop_forward(o, &where, arguments->input[0], arguments->output + i * o->side * o->side * o->channels,
                     arguments->scratch);
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_resample *o = &plan->operation.resample;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops; i++) {
        crop where = crop_at(arguments->index[1], i);
        crop_backward(o, &where, arguments->grad_output + i * o->side * o->side * o->channels,
                      arguments->grad_input[0], arguments->scratch);
    }
}

const ref_kernel ref_resample_kernel = {.prepare = prepare, .forward = forward, .backward = backward};
