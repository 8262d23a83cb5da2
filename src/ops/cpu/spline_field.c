#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/spline_formulas.h"

/* The places of a row of one crop. */
VQC_CPU_KERNEL static void row_places(const vqc_spline_field *o, const float *restrict numbers, int32_t row,
                                      float *restrict places)
{
    for (int32_t column = 0; column < (int32_t)o->width; column++)
        vqc_spline_place(numbers, o->height, o->width, column, row, places + (int64_t)2 * column);
}

/* The same where all pixels stay where they are. */
static void row_stays(const vqc_spline_field *o, int32_t row, float *places)
{
    for (int64_t column = 0; column < o->width; column++) {
        places[2 * column] = (float)column;
        places[2 * column + 1] = (float)row;
    }
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_spline_field *o = &plan->operation.spline_field;
    const float *numbers = arguments->input[0];
    float *output = arguments->output;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->height; i++) {
        const float *of_crop = numbers + i / o->height * VQC_SPLINE_NUMBERS;
        int32_t row = (int32_t)(i % o->height);
        if (of_crop[0] == 0.0F)
            row_stays(o, row, output + 2 * i * o->width);
        else
            row_places(o, of_crop, row, output + 2 * i * o->width);
    }
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_spline_field_kernel = {.forward = run_forward};
