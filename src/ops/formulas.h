#ifndef VQC_OPS_FORMULAS_H
#define VQC_OPS_FORMULAS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/formula.h"

/* Formulas of single elements in f32, for the implementations that compute in f32. `ref` does not use them: it has
 * its own in double, as the independent judge. */

/* 2^n for n from -126 to 127. */
VQC_FORMULA float vqc_formula_power_of_two(int32_t n)
{
    uint32_t bits = ((uint32_t)n + 127U) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* e^x within 2 units in the last place. Unlike expf it has no branches and no calls, so that loops over it become
 * vector code, and it is the same on every device: x = n ln 2 + r with |r| ≤ ln 2 / 2, Taylor's polynomial for e^r.
 * Beyond what f32 holds it gives 0 and infinity; NaN stays NaN. */
VQC_FORMULA float vqc_formula_exp(float x)
{
    const float round_to_whole = 12582912.0F; /* 1.5 · 2^23: adding it leaves the whole part in the low bits */
    float limited = x < -104.0F ? -104.0F : x;
    limited = limited > 89.0F ? 89.0F : limited;
    float shifted = limited * 1.44269504F + round_to_whole;
    float n = shifted - round_to_whole;
    float r = (limited - n * 0.693359375F) + n * 2.12194440e-4F; /* ln 2 in two parts, the first with few bits */
    float p = 1.0F / 5040.0F;
    p = p * r + 1.0F / 720.0F;
    p = p * r + 1.0F / 120.0F;
    p = p * r + 1.0F / 24.0F;
    p = p * r + 1.0F / 6.0F;
    p = p * r + 0.5F;
    p = (p * r) * r + r;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    int32_t whole = (int32_t)(bits - 0x4b400000U);
    int32_t half = whole >> 1; /* 2^n in two factors: n may be out of the range of one */
    return ((p + 1.0F) * vqc_formula_power_of_two(half)) * vqc_formula_power_of_two(whole - half);
}

/* 1 / (1 + e^-x) */
VQC_FORMULA float vqc_formula_sigmoid(float x)
{
    return 1.0F / (1.0F + vqc_formula_exp(-x));
}

/* x · sigmoid(x), also called SiLU, and its derivative. */
VQC_FORMULA float vqc_formula_swish(float x)
{
    return x * vqc_formula_sigmoid(x);
}

VQC_FORMULA float vqc_formula_swish_derivative(float x)
{
    float s = vqc_formula_sigmoid(x);
    return s * (1.0F + x * (1.0F - s));
}

/* x · sigmoid(1.702 x), as in the published CLIP models, and its derivative. */
VQC_FORMULA float vqc_formula_quick_gelu(float x)
{
    return x * vqc_formula_sigmoid(1.702F * x);
}

VQC_FORMULA float vqc_formula_quick_gelu_derivative(float x)
{
    float s = vqc_formula_sigmoid(1.702F * x);
    return s * (1.0F + 1.702F * x * (1.0F - s));
}

/* The normal distribution function Φ(x), without branches and calls. For z = |x| / √2 the smaller tail is
 * erfc(z) / 2 = e^-z² t P(t) / 2 with t = 1 / (1 + 0.3 z); P was fitted to erfc to 2e-8 in relative error for z up to
 * 10.5, beyond which f32 holds nothing. */
VQC_FORMULA float vqc_formula_normal(float x)
{
    float z = fabsf(x) * 0.70710678F;
    float t = 1.0F / (1.0F + 0.3F * z);
    float p = -0.12955456F;
    p = p * t + 0.48572937F;
    p = p * t - 0.51265192F;
    p = p * t + 0.54819030F;
    p = p * t - 0.09501186F;
    p = p * t + 0.21509917F;
    p = p * t + 0.14828867F;
    p = p * t + 0.17072341F;
    p = p * t + 0.16918744F;
    float tail = 0.5F * vqc_formula_exp(-z * z) * (t * p);
    return x > 0.0F ? 1.0F - tail : tail;
}

/* x · Φ(x) and its derivative Φ(x) + x · φ(x), φ the normal density. */
VQC_FORMULA float vqc_formula_gelu(float x)
{
    return x * vqc_formula_normal(x);
}

VQC_FORMULA float vqc_formula_gelu_derivative(float x)
{
    float density = 0.39894228F * vqc_formula_exp(-0.5F * x * x);
    return vqc_formula_normal(x) + x * density;
}

/* tanh-GELU, x · (1 + tanh(u)) / 2 with u = √(2/π) (x + 0.044715 x³), which is x · sigmoid(2 u), and its derivative.
 * The sigmoid is 0 or 1 to the last bit where |x| is above 16; there the derivative's other factors, which grow
 * beyond what f32 holds, do not matter. */
VQC_FORMULA float vqc_formula_tanh_gelu(float x)
{
    return x * vqc_formula_sigmoid(1.59576912F * x * (1.0F + 0.044715F * x * x));
}

VQC_FORMULA float vqc_formula_tanh_gelu_derivative(float x)
{
    float limited = x < -16.0F ? -16.0F : x;
    limited = limited > 16.0F ? 16.0F : limited;
    float square = limited * limited;
    float s = vqc_formula_sigmoid(1.59576912F * limited * (1.0F + 0.044715F * square));
    return s * (1.0F + 1.59576912F * limited * (1.0F - s) * (1.0F + 0.134145F * square));
}

/* The larger of x and 0 (NaN stays NaN), and what of a gradient at x, or at the output for x, passes. */
VQC_FORMULA float vqc_formula_relu(float x)
{
    return x < 0.0F ? 0.0F : x;
}

VQC_FORMULA float vqc_formula_relu_gradient(float x, float gradient)
{
    return x > 0.0F ? gradient : 0.0F;
}

/* A normalised value, scaled and shifted. */
VQC_FORMULA float vqc_formula_normalise(float x, float mean, float inverse_deviation, float weight, float bias)
{
    return (x - mean) * inverse_deviation * weight + bias;
}

/* The gradient with respect to one of the elements that were normalised together: h is the gradient with respect to
 * its normalised value n; mean_h and mean_hn are the means of h and of h · n over these elements. */
VQC_FORMULA float vqc_formula_normalise_gradient(float h, float n, float mean_h, float mean_hn,
                                                 float inverse_deviation)
{
    return inverse_deviation * (h - mean_h - n * mean_hn);
}

/* x limited to [0, 1]; NaN stays NaN. */
VQC_FORMULA float vqc_formula_clamp(float x)
{
    return x < 0.0F ? 0.0F : (x > 1.0F ? 1.0F : x);
}

/* The gradient g at the clamp's output as it passes to x: where x is outside, only if it pulls x back (following
 * it downhill, x − g, leads towards [0, 1]). A gradient that is NaN passes, so that it is seen. */
VQC_FORMULA float vqc_formula_clamp_gradient(float x, float g)
{
    return g * (x - vqc_formula_clamp(x)) < 0.0F ? 0.0F : g;
}

/* Squared spherical distance 2 · asin(chord / 2)² of two unit vectors whose difference has the length `chord`, which
 * rounding may put above 2; NaN stays NaN. */
VQC_FORMULA float vqc_formula_distance(float chord)
{
    float half_angle = asinf(chord > 2.0F ? 1.0F : 0.5F * chord);
    return 2.0F * half_angle * half_angle;
}

/* The factor f in the distance's gradient f · (x̂ (x̂·ŷ) − ŷ) / ‖x‖ with respect to x: φ / sin φ for the angle φ
 * between x̂ and ŷ. Opposite vectors have no gradient; it is taken as 0. */
VQC_FORMULA float vqc_formula_distance_factor(float chord)
{
    if (chord >= 2.0F)
        return 0.0F;
    if (chord < 1e-3F) /* the next term, φ² / 6, is below the rounding of 1 */
        return 1.0F;
    return 2.0F * asinf(0.5F * chord) / (chord * sqrtf(1.0F - 0.25F * chord * chord));
}

/* One element of the distance's gradient: `unit` and `target` are the elements of x̂ and ŷ, `along` is (x̂ − ŷ)·x̂ and
 * `factor` is the one above times the gradient with respect to the distance, divided by ‖x‖. */
VQC_FORMULA float vqc_formula_distance_gradient(float factor, float unit, float target, float along)
{
    return factor * (unit - target - along * unit);
}

#endif
