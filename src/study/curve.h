#ifndef VQC_STUDY_CURVE_H
#define VQC_STUDY_CURVE_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "config/yaml.h"

/* A number that changes over the steps of a render: {0: 1, 200: 0.3}, or with how it goes from point to point,
 * {curve: cosine, 0: 1, 200: 0.3}. Steps count from 0, as the first one's index. Before the first point the value is
 * the first point's, after the last one the last one's, however many steps the render has.
 *
 * Every key whose row names a curve beside its number (schema.h) may have one. The number is then the value of the
 * largest size on the way, for those who have to know how much it may be; what holds at a step is vqc_curve_at. */

/* From a point (s, a) to the next (t, b), with x = (step - s) / (t - s). */
typedef enum vqc_curve_shape {
    VQC_CURVE_LINEAR,      /* a + (b - a) x */
    VQC_CURVE_HOLD,        /* a, until b's step */
    VQC_CURVE_COSINE,      /* a + (b - a) (1 - cos(pi x)) / 2 */
    VQC_CURVE_EXPONENTIAL, /* a (b / a)^x; all values are above 0 */
    VQC_CURVE_SHAPES
} vqc_curve_shape;

enum { VQC_CURVE_POINTS = 16 /* the most */, VQC_CURVE_MAX_STEP = 1000000 };

/* A plain value. All zero: none. */
typedef struct vqc_curve {
    vqc_curve_shape shape;
    int32_t count;
    int32_t steps[VQC_CURVE_POINTS]; /* rising */
    double values[VQC_CURVE_POINTS];
} vqc_curve;

/* The word of a shape, and what is said of it in the manual. */
const char *vqc_curve_word(vqc_curve_shape shape);
const char *vqc_curve_says(vqc_curve_shape shape);

/* The value at a step, or the constant where there is no curve. */
double vqc_curve_at(const vqc_curve *curve, double constant, int64_t step);

/* The value of the largest size; 0 where there is no curve. */
double vqc_curve_most(const vqc_curve *curve);

/* Reads a mapping of steps to values from minimum to maximum. VQC_BAD_INPUT with the place of what may not be. */
VQC_MUST_CHECK vqc_status vqc_curve_read(const vqc_yaml_node *node, double minimum, double maximum,
                                         vqc_curve *curve_out, vqc_error *error);

/* Appends it as it is read, numbers in full. */
VQC_MUST_CHECK vqc_status vqc_curve_write(const vqc_curve *curve, vqc_text *text, vqc_error *error);

#endif
