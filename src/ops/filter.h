#ifndef VQC_OPS_FILTER_H
#define VQC_OPS_FILTER_H

#include <stdint.h>

#include "ops/filter_formulas.h"

/* The filter of the crop resampling along one axis, for all implementations, computed in double.
 *
 * The reference (`resample` of the public notebooks) works per axis: where the length L of the crop exceeds the side
 * S of the output, the axis is extended by reflection and convolved with a Lanczos-2 low-pass for the ratio S / L;
 * then follows a bicubic interpolation (a = −0.75) with aligned corners, at the edges with the index limited to the
 * axis. All of this is linear, so per axis it is one matrix (S, L) with a band of nonzero values:
 *
 *     output[i] = Σ over k < count[i] of weight[i · stride + k] · input[first[i] + k]
 *
 * first[i] ≥ 0, count[i] ≥ 1, first[i] + count[i] ≤ L; the weights of a row add up to 1. */

/* Computes the filter for a crop of the length (1 to max_length). Its arrays lie in the memory, which belongs to the
 * caller, is aligned for double and has vqc_filter_size(max_length, side) bytes; the filter's stride is that for
 * max_length. Allocates nothing. */
void vqc_filter_compute(int64_t length, int64_t max_length, int64_t side, void *memory, vqc_filter *filter);

#endif
