#include "ops/ref/ref.h"

/* The saved state is the blur of every element that has one. */

static int is_edge(const vqc_sharpen *o, int64_t row, int64_t column)
{
    return row == 0 || column == 0 || row == o->height - 1 || column == o->width - 1;
}

static double blur(const vqc_sharpen *o, const double *crop, int64_t row, int64_t column, int64_t channel)
{
    double sum = 0.0;
    for (int64_t y = row - 1; y <= row + 1; y++)
        for (int64_t x = column - 1; x <= column + 1; x++)
            sum += (y == row && x == column ? 5.0 : 1.0) * crop[(y * o->width + x) * o->channels + channel];
    return sum / 13.0;
}

static double limited(double value)
{
    return value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
}

static vqc_status prepare(ref_plan *plan, const vqc_operation *operation, bool backward, vqc_error *error)
{
    const vqc_sharpen *o = &operation->sharpen;
    (void)backward;
    (void)error;
    plan->saved_size = (size_t)(o->crops * o->height * o->width * o->channels) * sizeof(double);
    return VQC_OK;
}

/* The place of an element. */
typedef struct element_place {
    int64_t crop, row, column, channel;
} element_place;

static element_place place_of(const vqc_sharpen *o, int64_t element)
{
    int64_t pixel = element / o->channels;
    return (element_place){.crop = pixel / (o->height * o->width),
                           .row = pixel % (o->height * o->width) / o->width,
                           .column = pixel % o->width,
                           .channel = element % o->channels};
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_sharpen *o = &plan->operation.sharpen;
    double *blurs = arguments->saved;
    for (int64_t i = 0; i < o->crops * o->height * o->width * o->channels; i++) {
        element_place at = place_of(o, i);
        const double *crop = arguments->input[0] + at.crop * o->height * o->width * o->channels;
        double x = arguments->input[0][i];
        double share = arguments->input[1][at.crop];
        arguments->output[i] = x;
        if (is_edge(o, at.row, at.column) || share == 1.0)
            continue;
        blurs[i] = blur(o, crop, at.row, at.column, at.channel);
        arguments->output[i] = limited(blurs[i]) + (x - limited(blurs[i])) * share;
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_sharpen *o = &plan->operation.sharpen;
    const double *blurs = arguments->saved;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops * o->height * o->width * o->channels; i++) {
        element_place at = place_of(o, i);
        double *crop = arguments->grad_input[0] + at.crop * o->height * o->width * o->channels;
        double share = is_edge(o, at.row, at.column) ? 1.0 : arguments->input[1][at.crop];
        double gradient = arguments->grad_output[i];
        arguments->grad_input[0][i] += share * gradient;
        if (share == 1.0 || blurs[i] < 0.0 || blurs[i] > 1.0)
            continue;
        for (int64_t y = at.row - 1; y <= at.row + 1; y++)
            for (int64_t x = at.column - 1; x <= at.column + 1; x++)
                crop[(y * o->width + x) * o->channels + at.channel] +=
                    (1.0 - share) * (y == at.row && x == at.column ? 5.0 : 1.0) / 13.0 * gradient;
    }
}

const ref_kernel ref_sharpen_kernel = {.prepare = prepare, .forward = forward, .backward = backward};
