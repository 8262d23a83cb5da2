#include <math.h>

#include "ops/ref/ref.h"

static const double centres[VQC_SPLINE_CENTRES][2] = {{-1, -1}, {-1, 1}, {1, -1}, {1, -1}, {0, 0}};

static double coordinate(int64_t pixel, int64_t length)
{
    return length > 1 ? -1.0 + 2.0 * (double)pixel / (double)(length - 1) : 0.0;
}

/* One coordinate, 0 for x and 1 for y, of where the spline takes (x, y). */
static double spline(const double *numbers, int axis, double x, double y)
{
    const double *weights = numbers + 1;
    const double *affine = weights + (size_t)2 * VQC_SPLINE_CENTRES;
    double sum = affine[axis] + affine[2 + axis] * x + affine[4 + axis] * y;
    for (int i = 0; i < VQC_SPLINE_CENTRES; i++) {
        double square = (x - centres[i][0]) * (x - centres[i][0]) + (y - centres[i][1]) * (y - centres[i][1]);
        sum += weights[2 * i + axis] * 0.5 * square * log(square + 1e-8);
    }
    return sum;
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_spline_field *o = &plan->operation.spline_field;
    int64_t pixels = o->height * o->width;
    for (int64_t i = 0; i < 2 * o->crops * pixels; i++) {
        const double *numbers = arguments->input[0] + i / (2 * pixels) * VQC_SPLINE_NUMBERS;
        int64_t column = i / 2 % o->width;
        int64_t row = i / 2 % pixels / o->width;
        int axis = (int)(i % 2);
        double length = (double)(axis == 0 ? o->width : o->height);
        double at = spline(numbers, axis, coordinate(column, o->width), coordinate(row, o->height));
        arguments->output[i] =
            numbers[0] != 0.0 ? ((at + 1.0) * length - 1.0) / 2.0 : (double)(axis == 0 ? column : row);
    }
}

const ref_kernel ref_spline_field_kernel = {.forward = forward};
