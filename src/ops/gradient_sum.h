#ifndef VQC_OPS_GRADIENT_SUM_H
#define VQC_OPS_GRADIENT_SUM_H

#include <stddef.h>
#include <stdint.h>

/* Sums of picture gradients that do not depend on the order of the terms: every term is rounded to a multiple of
 * 2^-44 and added in whole numbers. What a guided picture's gradients can be lies far inside the range: a term beyond
 * ±2^12 counts as not finite, and 2^7 terms of that size still fit. */

/* sum[i] += values[i]. A value that is not finite, or out of range, marks the element for good. */
void vqc_gradient_sum_add(int64_t *sum, const float *values, size_t count);

/* Clears the marks, setting those elements to 0, and returns how many there were: sums of several ranks are added as
 * plain whole numbers, so the marks travel on their own. */
int64_t vqc_gradient_sum_clear_marks(int64_t *sum, size_t count);

/* The sums as f32; marked elements become not-a-number. */
void vqc_gradient_sum_read(const int64_t *sum, float *values, size_t count);

#endif
