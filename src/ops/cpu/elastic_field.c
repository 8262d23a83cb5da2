#include <stdlib.h>
#include <string.h>

#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/elastic_formulas.h"

/* Noise, smoothed along rows, then along columns. In the workspace are the noise of every row, with zeros beside it
 * as far as the filter reaches, and what the first pass makes of it. x and y of a pixel stand side by side in all of
 * them, so that each pass is one loop over neighbouring elements. */

enum {
    REACH = VQC_ELASTIC_WEIGHTS - 1,
    AXES = 2,
    MARGIN = AXES * REACH, /* numbers on one side of a row of noise */
    BLOCK = 4              /* numbers of a block of random bits */
};

/* Elements of a row of noise with its zeros. */
static int64_t padded_size(const vqc_elastic_field *o)
{
    return AXES * o->width + MARGIN + MARGIN;
}

/* The noise of a row of a crop, from its zeros on. */
static void row_noise(const vqc_elastic_field *o, const int32_t *words, int64_t row, float *padded)
{
    float numbers[BLOCK];
    int64_t first = row * o->width * AXES;
    int64_t count = o->width * AXES;
    memset(padded, 0, (size_t)padded_size(o) * sizeof *padded);
    for (int64_t i = 0; i < count; i++) {
        if (i == 0 || (first + i) % BLOCK == 0)
            vqc_elastic_numbers(words, (first + i) / BLOCK, numbers);
        padded[MARGIN + i] = numbers[(first + i) % BLOCK];
    }
}

/* The first pass on a row. */
VQC_CPU_KERNEL static void row_smooth(const float *restrict weights, const float *restrict padded, int64_t count,
                                      float *restrict output)
{
    const float *middle = padded + MARGIN;
    for (int64_t i = 0; i < count; i++)
        output[i] = weights[0] * middle[i];
    for (int64_t k = 1; k <= REACH; k++)
        for (int64_t i = 0; i < count; i++)
            output[i] += weights[k] * (middle[i - AXES * k] + middle[i + AXES * k]);
}

/* output += weight · source */
VQC_CPU_KERNEL static void row_add(float weight, const float *restrict source, int64_t count, float *restrict output)
{
    for (int64_t i = 0; i < count; i++)
        output[i] += weight * source[i];
}

/* The second pass for a row, from the rows of the first. */
static void column_smooth(const vqc_elastic_field *o, const float *weights, const float *rows, int64_t row,
                          float *output)
{
    int64_t count = AXES * o->width;
    memset(output, 0, (size_t)count * sizeof *output);
    for (int64_t k = -REACH; k <= REACH; k++)
        if (row + k >= 0 && row + k < o->height)
            row_add(weights[k < 0 ? -k : k], rows + (row + k) * count, count, output);
}

/* Displacements of a row to places. */
static void row_place(const vqc_elastic_field *o, float strength, int64_t row, float *places)
{
    for (int64_t column = 0; column < o->width; column++) {
        float *place = places + AXES * column;
        place[0] =
            strength == 0.0F ? (float)column : vqc_elastic_place(strength * place[0], (int32_t)column, o->width);
        place[1] = strength == 0.0F ? (float)row : vqc_elastic_place(strength * place[1], (int32_t)row, o->height);
    }
}

/* Where a row of one of the crops is. */
typedef struct field_row {
    int64_t crop, row;
    const int32_t *words;
    float strength;
} field_row;

static field_row row_at(const vqc_elastic_field *o, const int32_t *words, int64_t i)
{
    int64_t crop = i / o->height;
    const int32_t *of_crop = words + crop * VQC_ELASTIC_NUMBERS;
    return (field_row){crop, i % o->height, of_crop, vqc_elastic_strength(of_crop)};
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_elastic_field *o = &plan->operation.elastic_field;
    const float *weights = plan->state;
    const int32_t *words = arguments->input[0];
    int64_t count = AXES * o->width;
    float *noise = arguments->workspace;
    float *rows = noise + o->crops * o->height * padded_size(o);
    float *output = arguments->output;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->height; i++) {
        field_row at = row_at(o, words, i);
        if (at.strength == 0.0F)
            continue;
        row_noise(o, at.words, at.row, noise + i * padded_size(o));
        row_smooth(weights, noise + i * padded_size(o), count, rows + i * count);
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->height; i++) {
        field_row at = row_at(o, words, i);
        if (at.strength != 0.0F)
            column_smooth(o, weights, rows + at.crop * o->height * count, at.row, output + i * count);
        row_place(o, at.strength, at.row, output + i * count);
    }
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_elastic_field *o = &plan->operation.elastic_field;
    float weights[VQC_ELASTIC_WEIGHTS];
    float *copy;
    vqc_elastic_weights(weights);
    VQC_TRY(vqc_cpu_parameters_copy(plan, weights, VQC_ELASTIC_WEIGHTS, &copy, error));
    plan->state = copy;
    plan->state_destroy = free;
    plan->sizes.workspace = (size_t)(o->crops * o->height * (padded_size(o) + AXES * o->width)) * sizeof(float);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_elastic_field_kernel = {.prepare = prepare, .forward = run_forward};
