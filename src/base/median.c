#include "base/median.h"

#include <stdlib.h>

static int value_order(const void *first, const void *second)
{
    double a = *(const double *)first;
    double b = *(const double *)second;
    return a < b ? -1 : a > b;
}

double vqc_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, value_order);
    return (values[(count - 1) / 2] + values[count / 2]) / 2.0;
}
