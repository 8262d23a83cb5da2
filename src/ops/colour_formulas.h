#ifndef VQC_OPS_COLOUR_FORMULAS_H
#define VQC_OPS_COLOUR_FORMULAS_H

#include <math.h>
#include <stdbool.h>

#include "base/formula.h"

/* The steps of the colour change (operation.h, vqc_colour) on one pixel in f32, and their gradients: what cpu and
 * cuda both compute. */

enum { VQC_COLOUR_PARAMETERS = 5, VQC_COLOUR_STEPS = 4 };

typedef enum vqc_colour_step {
    VQC_COLOUR_BRIGHTNESS,
    VQC_COLOUR_CONTRAST,
    VQC_COLOUR_SATURATION,
    VQC_COLOUR_HUE
} vqc_colour_step;

typedef struct vqc_rgb {
    float channel[3];
} vqc_rgb;

/* Largest and smallest channel, the first of equal ones. */
typedef struct vqc_rgb_extremes {
    int largest, smallest;
} vqc_rgb_extremes;

VQC_FORMULA vqc_rgb_extremes vqc_colour_extremes_of(vqc_rgb in)
{
    vqc_rgb_extremes found = {0, 0};
    for (int c = 1; c < 3; c++) {
        if (in.channel[c] > in.channel[found.largest])
            found.largest = c;
        if (in.channel[c] < in.channel[found.smallest])
            found.smallest = c;
    }
    return found;
}

/* Step number `place` of the order with this number. */
VQC_FORMULA vqc_colour_step vqc_colour_step_at(int order, int place)
{
    bool taken[VQC_COLOUR_STEPS] = {false};
    int divisor = 6;
    for (int i = 0;; i++) {
        int skip = order / divisor;
        int step = 0;
        while (taken[step] || skip-- > 0)
            step++;
        if (i == place)
            return (vqc_colour_step)step;
        taken[step] = true;
        order %= divisor;
        divisor /= 3 - i > 0 ? 3 - i : 1;
    }
}

VQC_FORMULA float vqc_colour_limited(float value)
{
    return value < 0.0F ? 0.0F : value > 1.0F ? 1.0F : value;
}

/* The share max(0, min(k, 4 − k, 1)) of the chroma that is missing in a channel, and its slope. */
VQC_FORMULA float vqc_colour_missing_share(float k)
{
    return fmaxf(0.0F, fminf(fminf(k, 4.0F - k), 1.0F));
}

VQC_FORMULA float vqc_colour_missing_slope(float k)
{
    return k < 1.0F ? 1.0F : k > 3.0F && k < 4.0F ? -1.0F : 0.0F;
}

/* The hue in sixths of the circle, and the place on the circle of every channel after a turn. */
VQC_FORMULA void vqc_colour_hue_places(vqc_rgb in, vqc_rgb_extremes e, float turns, float k[3])
{
    const float offset[3] = {5.0F, 3.0F, 1.0F};
    float chroma = in.channel[e.largest] - in.channel[e.smallest];
    int next = (e.largest + 1) % 3;
    int last = (e.largest + 2) % 3;
    float hue = (in.channel[next] - in.channel[last]) / chroma + 2.0F * (float)e.largest + 6.0F * turns;
    for (int c = 0; c < 3; c++) {
        float place = offset[c] + hue;
        k[c] = place - 6.0F * floorf(place / 6.0F);
    }
}

VQC_FORMULA vqc_rgb vqc_colour_hue_forward(vqc_rgb in, float turns)
{
    vqc_rgb_extremes e = vqc_colour_extremes_of(in);
    float value = in.channel[e.largest];
    float chroma = value - in.channel[e.smallest];
    float k[3];
    vqc_rgb out;
    if (chroma <= 0.0F)
        return in;
    vqc_colour_hue_places(in, e, turns, k);
    for (int c = 0; c < 3; c++)
        out.channel[c] = value - chroma * vqc_colour_missing_share(k[c]);
    return out;
}

VQC_FORMULA vqc_rgb vqc_colour_hue_backward(vqc_rgb in, float turns, vqc_rgb grad)
{
    vqc_rgb_extremes e = vqc_colour_extremes_of(in);
    float chroma = in.channel[e.largest] - in.channel[e.smallest];
    int next = (e.largest + 1) % 3;
    int last = (e.largest + 2) % 3;
    float difference = in.channel[next] - in.channel[last];
    float k[3];
    float grad_value = 0.0F;
    float grad_chroma = 0.0F;
    float grad_hue = 0.0F;
    vqc_rgb result = {{0}};
    if (chroma <= 0.0F)
        return grad;
    vqc_colour_hue_places(in, e, turns, k);
    for (int c = 0; c < 3; c++) {
        grad_value += grad.channel[c];
        grad_chroma -= grad.channel[c] * vqc_colour_missing_share(k[c]);
        grad_hue -= grad.channel[c] * chroma * vqc_colour_missing_slope(k[c]);
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
VQC_FORMULA float vqc_colour_saturation_ratio(float value, float smallest, float factor, bool *limited_out)
{
    *limited_out = (value - smallest) * factor > value;
    return *limited_out ? value / (value - smallest) : factor;
}

VQC_FORMULA vqc_rgb vqc_colour_saturation_forward(vqc_rgb in, float factor)
{
    vqc_rgb_extremes e = vqc_colour_extremes_of(in);
    float value = in.channel[e.largest];
    float smallest = in.channel[e.smallest];
    bool is_limited;
    vqc_rgb out;
    if (value - smallest <= 0.0F)
        return in;
    float ratio = vqc_colour_saturation_ratio(value, smallest, factor, &is_limited);
    for (int c = 0; c < 3; c++)
        out.channel[c] = value - (value - in.channel[c]) * ratio;
    return out;
}

VQC_FORMULA vqc_rgb vqc_colour_saturation_backward(vqc_rgb in, float factor, vqc_rgb grad)
{
    vqc_rgb_extremes e = vqc_colour_extremes_of(in);
    float value = in.channel[e.largest];
    float smallest = in.channel[e.smallest];
    float chroma = value - smallest;
    bool is_limited;
    vqc_rgb result = {{0}};
    if (chroma <= 0.0F)
        return grad;
    float ratio = vqc_colour_saturation_ratio(value, smallest, factor, &is_limited);
    float grad_ratio = 0.0F;
    for (int c = 0; c < 3; c++) {
        result.channel[c] += grad.channel[c] * ratio;
        result.channel[e.largest] += grad.channel[c] * (1.0F - ratio);
        grad_ratio -= grad.channel[c] * (value - in.channel[c]);
    }
    if (is_limited) {
        result.channel[e.largest] -= grad_ratio * smallest / (chroma * chroma);
        result.channel[e.smallest] += grad_ratio * value / (chroma * chroma);
    }
    return result;
}

VQC_FORMULA vqc_rgb vqc_colour_step_forward(vqc_colour_step step, float parameter, vqc_rgb in)
{
    vqc_rgb out = in;
    if (step == VQC_COLOUR_SATURATION)
        return vqc_colour_saturation_forward(in, parameter);
    if (step == VQC_COLOUR_HUE)
        return vqc_colour_hue_forward(in, parameter);
    for (int c = 0; c < 3; c++)
        out.channel[c] =
            vqc_colour_limited(step == VQC_COLOUR_BRIGHTNESS ? in.channel[c] + parameter : in.channel[c] * parameter);
    return out;
}

VQC_FORMULA vqc_rgb vqc_colour_step_backward(vqc_colour_step step, float parameter, vqc_rgb in, vqc_rgb grad)
{
    if (step == VQC_COLOUR_SATURATION)
        return vqc_colour_saturation_backward(in, parameter, grad);
    if (step == VQC_COLOUR_HUE)
        return vqc_colour_hue_backward(in, parameter, grad);
    for (int c = 0; c < 3; c++) {
        float unlimited = step == VQC_COLOUR_BRIGHTNESS ? in.channel[c] + parameter : in.channel[c] * parameter;
        bool passes = unlimited >= 0.0F && unlimited <= 1.0F;
        grad.channel[c] *= !passes ? 0.0F : step == VQC_COLOUR_BRIGHTNESS ? 1.0F : parameter;
    }
    return grad;
}

/* A crop's parameters, and its steps in their order. */
typedef struct vqc_colour_steps {
    float parameter[VQC_COLOUR_STEPS]; /* by step */
    vqc_colour_step step[VQC_COLOUR_STEPS];
} vqc_colour_steps;

/* The steps of a crop with these VQC_COLOUR_PARAMETERS parameters. */
VQC_FORMULA vqc_colour_steps vqc_colour_steps_of(const float *parameters)
{
    vqc_colour_steps steps;
    for (int place = 0; place < VQC_COLOUR_STEPS; place++) {
        steps.parameter[place] = parameters[place];
        steps.step[place] = vqc_colour_step_at((int)parameters[VQC_COLOUR_STEPS], place);
    }
    return steps;
}

/* All steps on one pixel, and the gradient with respect to it. */
VQC_FORMULA vqc_rgb vqc_colour_forward(const vqc_colour_steps *steps, vqc_rgb pixel)
{
    for (int place = 0; place < VQC_COLOUR_STEPS; place++)
        pixel = vqc_colour_step_forward(steps->step[place], steps->parameter[steps->step[place]], pixel);
    return pixel;
}

VQC_FORMULA vqc_rgb vqc_colour_backward(const vqc_colour_steps *steps, vqc_rgb pixel, vqc_rgb gradient)
{
    vqc_rgb before[VQC_COLOUR_STEPS];
    for (int place = 0; place < VQC_COLOUR_STEPS; place++) {
        before[place] = pixel;
        pixel = vqc_colour_step_forward(steps->step[place], steps->parameter[steps->step[place]], pixel);
    }
    for (int place = VQC_COLOUR_STEPS - 1; place >= 0; place--)
        gradient = vqc_colour_step_backward(steps->step[place], steps->parameter[steps->step[place]], before[place],
                                            gradient);
    return gradient;
}

#endif
