#include <math.h>
#include <string.h>

#include "base/random.h"
#include "ops/ref/ref.h"

enum { REACH = 31 };

static double weight_at(int64_t distance)
{
    double sum = 0.0;
    for (int k = -REACH; k <= REACH; k++)
        sum += exp(-(double)(k * k) / 2048.0);
    return exp(-(double)(distance * distance) / 2048.0) / sum;
}

static double number_at(const int32_t *words, int64_t element)
{
    vqc_random_key key = {{(uint32_t)words[0], (uint32_t)words[1]}};
    vqc_random_block counter = {
        {(uint32_t)(element / 4), (uint32_t)words[2], (uint32_t)words[3], (uint32_t)words[4]}};
    return (double)(vqc_random_block_at(key, counter).word[element % 4] >> 8) * 0x1p-23 - 1.0;
}

/* target[i · stride] = the smoothed source[i · stride], i below length. */
static void line_smooth(const double *weights, const double *source, int64_t length, int64_t stride, double *target)
{
    for (int64_t i = 0; i < length; i++) {
        double sum = 0.0;
        for (int64_t k = -REACH; k <= REACH; k++)
            if (i + k >= 0 && i + k < length)
                sum += weights[k < 0 ? -k : k] * source[(i + k) * stride];
        target[i * stride] = sum;
    }
}

static double place_at(double displacement, int64_t pixel, int64_t length)
{
    double moved = (length > 1 ? -1.0 + 2.0 * (double)pixel / (double)(length - 1) : 0.0) + displacement;
    double limited = moved < -1.0 ? -1.0 : moved > 1.0 ? 1.0 : moved;
    return ((limited + 1.0) * (double)length - 1.0) / 2.0;
}

/* The field of one crop; `scratch` holds as much. */
static void crop_fill(const vqc_elastic_field *o, const double *weights, const int32_t *words, double *scratch,
                      double *field)
{
    int64_t pixels = o->height * o->width;
    float strength;
    memcpy(&strength, &words[5], sizeof strength);
    for (int64_t i = 0; i < 2 * pixels; i++)
        field[i] = number_at(words, i);
    for (int64_t i = 0; i < 2 * o->height; i++)
        line_smooth(weights, field + i / 2 * 2 * o->width + i % 2, o->width, 2,
                    scratch + i / 2 * 2 * o->width + i % 2);
    for (int64_t i = 0; i < 2 * o->width; i++)
        line_smooth(weights, scratch + i, o->height, 2 * o->width, field + i);
    for (int64_t i = 0; i < 2 * pixels; i++) {
        int64_t pixel = i % 2 == 0 ? i / 2 % o->width : i / 2 / o->width;
        int64_t length = i % 2 == 0 ? o->width : o->height;
        field[i] = strength == 0.0F ? (double)pixel : place_at((double)strength * field[i], pixel, length);
    }
}

static vqc_status prepare(ref_plan *plan, const vqc_operation *operation, bool backward, vqc_error *error)
{
    (void)backward;
    plan->scratch_count = (size_t)(2 * operation->elastic_field.height * operation->elastic_field.width);
    VQC_TRY(ref_parameter_allocate(plan, 0, REACH + 1, error));
    for (int k = 0; k <= REACH; k++)
        plan->parameter[0][k] = weight_at(k);
    return VQC_OK;
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_elastic_field *o = &plan->operation.elastic_field;
    for (int64_t crop = 0; crop < o->crops; crop++)
        crop_fill(o, plan->parameter[0], arguments->index[0] + crop * VQC_ELASTIC_NUMBERS, arguments->scratch,
                  arguments->output + crop * 2 * o->height * o->width);
}

const ref_kernel ref_elastic_field_kernel = {.prepare = prepare, .forward = forward};
