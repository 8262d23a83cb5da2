#ifndef VQC_BASE_MEDIAN_H
#define VQC_BASE_MEDIAN_H

#include <stddef.h>

/* Sorts the values, at least one, and gives their median: the mean of the two in the middle where their number is
 * even. */
double vqc_median(double *values, size_t count);

#endif
