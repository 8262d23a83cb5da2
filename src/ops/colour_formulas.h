#ifndef VQC_OPS_COLOUR_FORMULAS_H
#define VQC_OPS_COLOUR_FORMULAS_H

#include <math.h>
#include <stdbool.h>

#include "base/formula.h"

/* The stages of the colour change (operation.h, vqc_colour) on one pixel in f32, and their gradients: what cpu and
 * cuda both compute. A stage chooses between values and never branches, so that loops over pixels become vector code;
 * all channels are named by constants for the same reason. */

enum { VQC_COLOUR_STAGES = 4 };

typedef enum vqc_colour_stage {
    VQC_COLOUR_BRIGHTNESS,
    VQC_COLOUR_CONTRAST,
    VQC_COLOUR_SATURATION,
    VQC_COLOUR_HUE
} vqc_colour_stage;

typedef struct vqc_rgb {
    float channel[3];
} vqc_rgb;

/* The largest and the smallest of three channels, and which ones they are, the first of equal ones. */
typedef struct vqc_rgb_extremes {
    float largest, smallest;
    bool is_largest[3], is_smallest[3];
} vqc_rgb_extremes;

VQC_FORMULA vqc_rgb_extremes vqc_colour_extremes_of(vqc_rgb in)
{
    bool above = in.channel[1] > in.channel[0];
    bool below = in.channel[1] < in.channel[0];
    float high = above ? in.channel[1] : in.channel[0];
    float low = below ? in.channel[1] : in.channel[0];
    bool blue_above = in.channel[2] > high;
    bool blue_below = in.channel[2] < low;
    vqc_rgb_extremes found = {
        .largest = blue_above ? in.channel[2] : high,
        .smallest = blue_below ? in.channel[2] : low,
        /* `&` for code without branches, which vectors need */
        .is_largest = {(bool)(!above & !blue_above), (bool)(above & !blue_above), blue_above},
        .is_smallest = {(bool)(!below & !blue_below), (bool)(below & !blue_below), blue_below},
    };
    return found;
}

/* Stage number `place` of the order with this number. */
VQC_FORMULA vqc_colour_stage vqc_colour_stage_at(int order, int place)
{
    bool taken[VQC_COLOUR_STAGES] = {false};
    int divisor = 6;
    for (int i = 0;; i++) {
        int skip = order / divisor;
        int stage = 0;
        while (taken[stage] || skip-- > 0)
            stage++;
        if (i == place)
            return (vqc_colour_stage)stage;
        taken[stage] = true;
        order %= divisor;
        divisor /= 3 - i > 0 ? 3 - i : 1;
    }
}

VQC_FORMULA float vqc_colour_limited(float value)
{
    return value < 0.0F ? 0.0F : value > 1.0F ? 1.0F : value;
}

/* The share max(0, min(k, 4 − k, 1)) of the chroma that is missing in a channel, and its slope. NaN stays NaN. */
VQC_FORMULA float vqc_colour_missing_share(float k)
{
    float share = k > 2.0F ? 4.0F - k : k;
    share = share > 1.0F ? 1.0F : share;
    return share < 0.0F ? 0.0F : share;
}

VQC_FORMULA float vqc_colour_missing_slope(float k)
{
    float falling = k > 3.0F && k < 4.0F ? -1.0F : 0.0F;
    return k < 1.0F ? 1.0F : falling;
}

/* The difference of the two channels that follow the largest one round the circle. */
VQC_FORMULA float vqc_colour_hue_difference(vqc_rgb in, vqc_rgb_extremes e)
{
    float red_or_green = e.is_largest[1] ? in.channel[2] - in.channel[0] : in.channel[1] - in.channel[2];
    return e.is_largest[2] ? in.channel[0] - in.channel[1] : red_or_green;
}

/* The hue in sixths of the circle, and the place on the circle of every channel after a turn. */
VQC_FORMULA void vqc_colour_hue_places(vqc_rgb in, vqc_rgb_extremes e, float turns, float k[3])
{
    const float offset[3] = {5.0F, 3.0F, 1.0F};
    float chroma = e.largest - e.smallest;
    float begin = e.is_largest[1] ? 2.0F : 0.0F;
    begin = e.is_largest[2] ? 4.0F : begin;
    float hue = vqc_colour_hue_difference(in, e) / chroma + begin + 6.0F * turns;
    for (int c = 0; c < 3; c++) {
        float place = offset[c] + hue;
        k[c] = place - 6.0F * floorf(place / 6.0F);
    }
}

/* Greys, which have no hue, stay as they are: what is computed for them is not used. */
VQC_FORMULA vqc_rgb vqc_colour_hue_forward(vqc_rgb in, float turns)
{
    vqc_rgb_extremes e = vqc_colour_extremes_of(in);
    float chroma = e.largest - e.smallest;
    bool grey = chroma <= 0.0F;
    float k[3];
    vqc_rgb out;
    vqc_colour_hue_places(in, e, turns, k);
    for (int c = 0; c < 3; c++) {
        float turned = e.largest - chroma * vqc_colour_missing_share(k[c]);
        out.channel[c] = grey ? in.channel[c] : turned;
    }
    return out;
}

VQC_FORMULA vqc_rgb vqc_colour_hue_backward(vqc_rgb in, float turns, vqc_rgb grad)
{
    vqc_rgb_extremes e = vqc_colour_extremes_of(in);
    float chroma = e.largest - e.smallest;
    bool grey = chroma <= 0.0F;
    float k[3];
    float grad_value = 0.0F;
    float grad_chroma = 0.0F;
    float grad_hue = 0.0F;
    vqc_rgb result;
    vqc_colour_hue_places(in, e, turns, k);
    for (int c = 0; c < 3; c++) {
        grad_value += grad.channel[c];
        grad_chroma -= grad.channel[c] * vqc_colour_missing_share(k[c]);
        grad_hue -= grad.channel[c] * chroma * vqc_colour_missing_slope(k[c]);
    }
    grad_chroma -= grad_hue * vqc_colour_hue_difference(in, e) / (chroma * chroma);
    float grad_difference = grad_hue / chroma;
    for (int c = 0; c < 3; c++) {
        /* The difference is that of the channel after the largest and the one after that. */
        float turned = e.is_largest[(c + 2) % 3] ? grad_difference : -grad_difference;
        float sum = e.is_largest[c] ? grad_value + grad_chroma : turned;
        sum = e.is_smallest[c] ? sum - grad_chroma : sum;
        result.channel[c] = grey ? grad.channel[c] : sum;
    }
    return result;
}

/* In HSV with saturation s = (v − m) / v a channel is v − (v − x); s · f replaces the distance to v by f times as
 * much, at most as much as leaves the smallest channel 0. Greys stay as they are. */
VQC_FORMULA float vqc_colour_saturation_ratio(vqc_rgb_extremes e, float factor, bool *limited_out)
{
    float chroma = e.largest - e.smallest;
    float most = e.largest / chroma;
    *limited_out = chroma * factor > e.largest;
    return *limited_out ? most : factor;
}

VQC_FORMULA vqc_rgb vqc_colour_saturation_forward(vqc_rgb in, float factor)
{
    vqc_rgb_extremes e = vqc_colour_extremes_of(in);
    bool grey = e.largest - e.smallest <= 0.0F;
    bool is_limited;
    vqc_rgb out;
    float ratio = vqc_colour_saturation_ratio(e, factor, &is_limited);
    for (int c = 0; c < 3; c++) {
        float moved = e.largest - (e.largest - in.channel[c]) * ratio;
        out.channel[c] = grey ? in.channel[c] : moved;
    }
    return out;
}

VQC_FORMULA vqc_rgb vqc_colour_saturation_backward(vqc_rgb in, float factor, vqc_rgb grad)
{
    vqc_rgb_extremes e = vqc_colour_extremes_of(in);
    float chroma = e.largest - e.smallest;
    bool grey = chroma <= 0.0F;
    bool is_limited;
    vqc_rgb result;
    float ratio = vqc_colour_saturation_ratio(e, factor, &is_limited);
    float grad_largest = 0.0F;
    float grad_ratio = 0.0F;
    for (int c = 0; c < 3; c++) {
        grad_largest += e.is_largest[c] ? grad.channel[c] * ratio : 0.0F;
        grad_largest += grad.channel[c] * (1.0F - ratio);
        grad_ratio -= grad.channel[c] * (e.largest - in.channel[c]);
    }
    float of_largest = grad_ratio * e.smallest / (chroma * chroma);
    float of_smallest = grad_ratio * e.largest / (chroma * chroma);
    for (int c = 0; c < 3; c++) {
        float free = e.is_largest[c] ? grad_largest : grad.channel[c] * ratio;
        float limited = e.is_largest[c] ? free - of_largest : e.is_smallest[c] ? free + of_smallest : free;
        float sum = is_limited ? limited : free;
        result.channel[c] = grey ? grad.channel[c] : sum;
    }
    return result;
}

VQC_FORMULA vqc_rgb vqc_colour_stage_forward(vqc_colour_stage stage, float parameter, vqc_rgb in)
{
    vqc_rgb out = in;
    if (stage == VQC_COLOUR_SATURATION)
        return vqc_colour_saturation_forward(in, parameter);
    if (stage == VQC_COLOUR_HUE)
        return vqc_colour_hue_forward(in, parameter);
    for (int c = 0; c < 3; c++)
        out.channel[c] = vqc_colour_limited(stage == VQC_COLOUR_BRIGHTNESS ? in.channel[c] + parameter
                                                                           : in.channel[c] * parameter);
    return out;
}

VQC_FORMULA vqc_rgb vqc_colour_stage_backward(vqc_colour_stage stage, float parameter, vqc_rgb in, vqc_rgb grad)
{
    if (stage == VQC_COLOUR_SATURATION)
        return vqc_colour_saturation_backward(in, parameter, grad);
    if (stage == VQC_COLOUR_HUE)
        return vqc_colour_hue_backward(in, parameter, grad);
    for (int c = 0; c < 3; c++) {
        float unlimited = stage == VQC_COLOUR_BRIGHTNESS ? in.channel[c] + parameter : in.channel[c] * parameter;
        bool passes = unlimited >= 0.0F && unlimited <= 1.0F;
        grad.channel[c] *= !passes ? 0.0F : stage == VQC_COLOUR_BRIGHTNESS ? 1.0F : parameter;
    }
    return grad;
}

/* A crop's parameters, and its stages in their order. */
typedef struct vqc_colour_stages {
    float parameter[VQC_COLOUR_STAGES]; /* by stage */
    vqc_colour_stage stage[VQC_COLOUR_STAGES];
} vqc_colour_stages;

/* The stages of a crop with these VQC_COLOUR_NUMBERS parameters. */
VQC_FORMULA vqc_colour_stages vqc_colour_stages_of(const float *parameters)
{
    vqc_colour_stages stages;
    for (int place = 0; place < VQC_COLOUR_STAGES; place++) {
        stages.parameter[place] = parameters[place];
        stages.stage[place] = vqc_colour_stage_at((int)parameters[VQC_COLOUR_STAGES], place);
    }
    return stages;
}

/* All stages on one pixel, and the gradient with respect to it. */
VQC_FORMULA vqc_rgb vqc_colour_forward(const vqc_colour_stages *stages, vqc_rgb pixel)
{
    for (int place = 0; place < VQC_COLOUR_STAGES; place++)
        pixel = vqc_colour_stage_forward(stages->stage[place], stages->parameter[stages->stage[place]], pixel);
    return pixel;
}

VQC_FORMULA vqc_rgb vqc_colour_backward(const vqc_colour_stages *stages, vqc_rgb pixel, vqc_rgb gradient)
{
    vqc_rgb before[VQC_COLOUR_STAGES];
    for (int place = 0; place < VQC_COLOUR_STAGES; place++) {
        before[place] = pixel;
        pixel = vqc_colour_stage_forward(stages->stage[place], stages->parameter[stages->stage[place]], pixel);
    }
    for (int place = VQC_COLOUR_STAGES - 1; place >= 0; place--)
        gradient = vqc_colour_stage_backward(stages->stage[place], stages->parameter[stages->stage[place]],
                                             before[place], gradient);
    return gradient;
}

#endif
