#include "study/curve.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static const struct {
    const char *word, *says;
} shapes[] = {
    [VQC_CURVE_LINEAR] = {.word = "linear", .says = "a straight line from point to point"},
    [VQC_CURVE_HOLD] = {.word = "hold", .says = "the value of a point until the next one's step"},
    [VQC_CURVE_COSINE] = {.word = "cosine", .says = "half a wave from point to point: level at both"},
    [VQC_CURVE_EXPONENTIAL] = {.word = "exponential",
                               .says = "the same factor at every step from point to point; values above 0"},
};

static_assert(sizeof shapes / sizeof shapes[0] == VQC_CURVE_SHAPES, "a row for every shape");

const char *vqc_curve_word(vqc_curve_shape shape)
{
    return shapes[shape].word;
}

const char *vqc_curve_says(vqc_curve_shape shape)
{
    return shapes[shape].says;
}

/* From a to b, of which the share x is done. */
static double between(vqc_curve_shape shape, double a, double b, double x)
{
    switch (shape) {
    case VQC_CURVE_LINEAR:
        return a + (b - a) * x;
    case VQC_CURVE_COSINE:
        return a + (b - a) * (1.0 - cos(pi * x)) / 2.0;
    case VQC_CURVE_EXPONENTIAL:
        return a * pow(b / a, x);
    case VQC_CURVE_HOLD:
    case VQC_CURVE_SHAPES:
        break;
    }
    return a;
}

double vqc_curve_at(const vqc_curve *curve, double constant, int64_t step)
{
    if (curve->count == 0)
        return constant;
    int32_t next = 0;
    while (next < curve->count && curve->steps[next] <= step)
        next++;
    if (next == 0)
        return curve->values[0];
    if (next == curve->count)
        return curve->values[next - 1];
    const double length = (double)(curve->steps[next] - curve->steps[next - 1]);
    const double done = (double)(step - curve->steps[next - 1]) / length;
    return between(curve->shape, curve->values[next - 1], curve->values[next], done);
}

double vqc_curve_most(const vqc_curve *curve)
{
    double most = 0.0;
    for (int32_t i = 0; i < curve->count; i++)
        if (fabs(curve->values[i]) > fabs(most))
            most = curve->values[i];
    return most;
}

/* ---- Reading and writing ---- */

static vqc_status shape_read(const vqc_yaml_node *node, vqc_curve_shape *shape, vqc_error *error)
{
    const char *words[VQC_CURVE_SHAPES];
    size_t choice;
    for (int i = 0; i < VQC_CURVE_SHAPES; i++)
        words[i] = shapes[i].word;
    VQC_TRY(vqc_yaml_read_choice(node, words, VQC_CURVE_SHAPES, &choice, error));
    *shape = (vqc_curve_shape)choice;
    return VQC_OK;
}

/* The step that a key is: digits, no zero before others. */
static bool step_parse(const char *key, int32_t *step)
{
    enum { MOST_DIGITS = 7 };
    const size_t length = strlen(key);
    if (length == 0 || length > MOST_DIGITS || strspn(key, "0123456789") != length || (key[0] == '0' && length > 1))
        return false;
    *step = (int32_t)strtol(key, NULL, 10);
    return *step <= VQC_CURVE_MAX_STEP;
}

static vqc_status point_read(const vqc_yaml_node *node, double minimum, double maximum, vqc_curve *curve,
                             vqc_error *error)
{
    int32_t step;
    if (!step_parse(vqc_yaml_key(node), &step))
        return vqc_yaml_key_error(node, error, "expected a step from 0 to %d, or the key curve, found %s",
                                  VQC_CURVE_MAX_STEP, vqc_yaml_key(node));
    if (curve->count == VQC_CURVE_POINTS)
        return vqc_yaml_key_error(node, error, "expected at most %d points", VQC_CURVE_POINTS);
    if (curve->count > 0 && step <= curve->steps[curve->count - 1])
        return vqc_yaml_key_error(node, error, "expected steps that rise, found %d behind %d", step,
                                  curve->steps[curve->count - 1]);
    VQC_TRY(vqc_yaml_read_real(node, minimum, maximum, &curve->values[curve->count], error));
    curve->steps[curve->count++] = step;
    return VQC_OK;
}

static vqc_status values_check(const vqc_curve *curve, const vqc_yaml_node *node, vqc_error *error)
{
    if (curve->count == 0)
        return vqc_yaml_error(node, error, "expected a curve, {STEP: VALUE, ...}, found no point");
    for (int32_t i = 0; i < curve->count; i++) {
        if (!isfinite(curve->values[i]))
            return vqc_yaml_error(node, error, "expected finite numbers on a curve");
        if (curve->shape == VQC_CURVE_EXPONENTIAL && curve->values[i] <= 0.0)
            return vqc_yaml_error(node, error, "expected values above 0 on an exponential curve, found %g",
                                  curve->values[i]);
    }
    return VQC_OK;
}

vqc_status vqc_curve_read(const vqc_yaml_node *node, double minimum, double maximum, vqc_curve *curve_out,
                          vqc_error *error)
{
    vqc_curve curve;
    memset(&curve, 0, sizeof curve); /* bytes between members are compared too (study/storage.h) */
    VQC_TRY(vqc_yaml_expect(node, VQC_YAML_MAPPING, error));
    for (size_t i = 0; i < vqc_yaml_count(node); i++) {
        const vqc_yaml_node *value = vqc_yaml_at(node, i);
        if (strcmp(vqc_yaml_key(value), "curve") == 0)
            VQC_TRY(shape_read(value, &curve.shape, error));
        else
            VQC_TRY(point_read(value, minimum, maximum, &curve, error));
    }
    VQC_TRY(values_check(&curve, node, error));
    *curve_out = curve;
    return VQC_OK;
}

vqc_status vqc_curve_write(const vqc_curve *curve, vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "{"));
    if (curve->shape != VQC_CURVE_LINEAR)
        VQC_TRY(vqc_text_append(text, error, "curve: %s, ", shapes[curve->shape].word));
    for (int32_t i = 0; i < curve->count; i++)
        VQC_TRY(vqc_text_append(text, error, "%s%d: %.17g", i == 0 ? "" : ", ", curve->steps[i], curve->values[i]));
    return vqc_text_append(text, error, "}");
}
