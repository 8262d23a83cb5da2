#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "ops/ref/ref.h"

enum { STAGE_COUNT = 4 };

typedef enum colour_stage { BRIGHTNESS, CONTRAST, SATURATION, HUE } colour_stage;

typedef struct colour {
    double channel[3];
} colour;

/* Largest and smallest channel, the first of equal ones. */
typedef struct extremes {
    int largest, smallest;
} extremes;

static extremes extremes_of(colour in)
{
    extremes found = {0, 0};
    for (int c = 1; c < 3; c++) {
        if (in.channel[c] > in.channel[found.largest])
            found.largest = c;
        if (in.channel[c] < in.channel[found.smallest])
            found.smallest = c;
    }
    return found;
}

/* Stage number `place` of the order with this number: that one of those still left which as many stand before as the
 * number's digit in the factorial number system says. */
static colour_stage stage_at(int order, int place)
{
    static const int factorial[STAGE_COUNT] = {6, 2, 1, 1};
    int left[STAGE_COUNT] = {BRIGHTNESS, CONTRAST, SATURATION, HUE};
    for (int i = 0; i < place; i++) {
        int taken = order / factorial[i];
        memmove(left + taken, left + taken + 1, (size_t)(STAGE_COUNT - 1 - taken) * sizeof *left);
        order %= factorial[i];
    }
    return (colour_stage)left[order / factorial[place]];
}

static double limited(double value)
{
    return value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
}

/* The share max(0, min(k, 4 − k, 1)) of the chroma that is missing in a channel, and its slope. */
static double missing_share(double k)
{
    return fmax(0.0, fmin(fmin(k, 4.0 - k), 1.0));
}

static double missing_slope(double k)
{
    return k < 1.0 ? 1.0 : k > 3.0 && k < 4.0 ? -1.0 : 0.0;
}

/* The hue in sixths of the circle, and the place on the circle of every channel after a turn. */
static void hue_places(colour in, extremes e, double turns, double k[3])
{
    static const double offset[3] = {5.0, 3.0, 1.0};
    double chroma = in.channel[e.largest] - in.channel[e.smallest];
    int next = (e.largest + 1) % 3;
    int last = (e.largest + 2) % 3;
    double hue = (in.channel[next] - in.channel[last]) / chroma + 2.0 * e.largest + 6.0 * turns;
    for (int c = 0; c < 3; c++) {
        k[c] = fmod(offset[c] + hue, 6.0);
        if (k[c] < 0.0)
            k[c] += 6.0;
    }
}

static colour hue_forward(colour in, double turns)
{
    extremes e = extremes_of(in);
    double value = in.channel[e.largest];
    double chroma = value - in.channel[e.smallest];
    double k[3];
    colour out;
    if (chroma <= 0.0)
        return in;
    hue_places(in, e, turns, k);
    for (int c = 0; c < 3; c++)
        out.channel[c] = value - chroma * missing_share(k[c]);
    return out;
}

static colour hue_backward(colour in, double turns, colour grad)
{
    extremes e = extremes_of(in);
    double chroma = in.channel[e.largest] - in.channel[e.smallest];
    int next = (e.largest + 1) % 3;
    int last = (e.largest + 2) % 3;
    double difference = in.channel[next] - in.channel[last];
    double k[3];
    double grad_value = 0.0;
    double grad_chroma = 0.0;
    double grad_hue = 0.0;
    colour result = {{0}};
    if (chroma <= 0.0)
        return grad;
    hue_places(in, e, turns, k);
    for (int c = 0; c < 3; c++) {
        grad_value += grad.channel[c];
        grad_chroma -= grad.channel[c] * missing_share(k[c]);
        grad_hue -= grad.channel[c] * chroma * missing_slope(k[c]);
    }
    grad_chroma -= grad_hue * difference / (chroma * chroma);
    result.channel[next] += grad_hue / chroma;
    result.channel[last] -= grad_hue / chroma;
    result.channel[e.largest] += grad_value + grad_chroma;
    result.channel[e.smallest] -= grad_chroma;
    return result;
}

/* In HSV with saturation s = (v − m) / v a channel is v − (v − x); s · f replaces the distance to v by f times as
 * much, at most as much as leaves the smallest channel 0. */
static double saturation_ratio(double value, double smallest, double factor, bool *limited_out)
{
    *limited_out = (value - smallest) * factor > value;
    return *limited_out ? value / (value - smallest) : factor;
}

static colour saturation_forward(colour in, double factor)
{
    extremes e = extremes_of(in);
    double value = in.channel[e.largest];
    double smallest = in.channel[e.smallest];
    bool is_limited;
    colour out;
    if (value - smallest <= 0.0)
        return in;
    double ratio = saturation_ratio(value, smallest, factor, &is_limited);
    for (int c = 0; c < 3; c++)
        out.channel[c] = value - (value - in.channel[c]) * ratio;
    return out;
}

static colour saturation_backward(colour in, double factor, colour grad)
{
    extremes e = extremes_of(in);
    double value = in.channel[e.largest];
    double smallest = in.channel[e.smallest];
    double chroma = value - smallest;
    bool is_limited;
    colour result = {{0}};
    if (chroma <= 0.0)
        return grad;
    double ratio = saturation_ratio(value, smallest, factor, &is_limited);
    double grad_ratio = 0.0;
    for (int c = 0; c < 3; c++) {
        result.channel[c] += grad.channel[c] * ratio;
        result.channel[e.largest] += grad.channel[c] * (1.0 - ratio);
        grad_ratio -= grad.channel[c] * (value - in.channel[c]);
    }
    if (is_limited) {
        result.channel[e.largest] -= grad_ratio * smallest / (chroma * chroma);
        result.channel[e.smallest] += grad_ratio * value / (chroma * chroma);
    }
    return result;
}

static colour stage_forward(colour_stage stage, double parameter, colour in)
{
    colour out = in;
    if (stage == SATURATION)
        return saturation_forward(in, parameter);
    if (stage == HUE)
        return hue_forward(in, parameter);
    for (int c = 0; c < 3; c++)
        out.channel[c] = limited(stage == BRIGHTNESS ? in.channel[c] + parameter : in.channel[c] * parameter);
    return out;
}

static colour stage_backward(colour_stage stage, double parameter, colour in, colour grad)
{
    if (stage == SATURATION)
        return saturation_backward(in, parameter, grad);
    if (stage == HUE)
        return hue_backward(in, parameter, grad);
    for (int c = 0; c < 3; c++) {
        double unlimited = stage == BRIGHTNESS ? in.channel[c] + parameter : in.channel[c] * parameter;
        bool passes = unlimited >= 0.0 && unlimited <= 1.0;
        grad.channel[c] *= !passes ? 0.0 : stage == BRIGHTNESS ? 1.0 : parameter;
    }
    return grad;
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_colour *o = &plan->operation.colour;
    for (int64_t i = 0; i < o->crops * o->pixels; i++) {
        const double *parameters = arguments->input[1] + i / o->pixels * VQC_COLOUR_NUMBERS;
        colour pixel;
        memcpy(&pixel, arguments->input[0] + 3 * i, sizeof pixel);
        for (int place = 0; place < STAGE_COUNT; place++) {
            colour_stage stage = stage_at((int)parameters[STAGE_COUNT], place);
            pixel = stage_forward(stage, parameters[stage], pixel);
        }
        memcpy(arguments->output + 3 * i, &pixel, sizeof pixel);
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_colour *o = &plan->operation.colour;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops * o->pixels; i++) {
        const double *parameters = arguments->input[1] + i / o->pixels * VQC_COLOUR_NUMBERS;
        colour before[STAGE_COUNT + 1];
        colour grad;
        memcpy(&before[0], arguments->input[0] + 3 * i, sizeof before[0]);
        for (int place = 0; place < STAGE_COUNT; place++) {
            colour_stage stage = stage_at((int)parameters[STAGE_COUNT], place);
            before[place + 1] = stage_forward(stage, parameters[stage], before[place]);
        }
        memcpy(&grad, arguments->grad_output + 3 * i, sizeof grad);
        for (int place = STAGE_COUNT - 1; place >= 0; place--) {
            colour_stage stage = stage_at((int)parameters[STAGE_COUNT], place);
            grad = stage_backward(stage, parameters[stage], before[place], grad);
        }
        for (int c = 0; c < 3; c++)
            arguments->grad_input[0][3 * i + c] += grad.channel[c];
    }
}

const ref_kernel ref_colour_kernel = {.forward = forward, .backward = backward};
