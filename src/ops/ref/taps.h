#ifndef VQC_OPS_REF_TAPS_H
#define VQC_OPS_REF_TAPS_H

#include <stdint.h>

/* Bilinear sampling, for the operations that move pixels. */

/* The four pixels of a picture around a place, and what each counts. */
typedef struct ref_taps {
    int64_t index[4]; /* −1: outside, black */
    double weight[4];
} ref_taps;

/* Taps that are all outside. */
ref_taps ref_taps_none(void);
/* Those around the place (x, y) of a picture of height × width pixels; none where it is further than a pixel out. */
ref_taps ref_taps_at(int64_t height, int64_t width, double x, double y);

/* output[c] = the taps' sum of the picture's channel c. */
void ref_taps_gather(const ref_taps *taps, int64_t channels, const double *picture, double *output);
/* Adds the output's gradient to that of the picture. */
void ref_taps_scatter(const ref_taps *taps, int64_t channels, const double *grad_output, double *grad_picture);

#endif
