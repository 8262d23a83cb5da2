#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/erase_formulas.h"

/* target (+)= source of one row of a crop, but for what the rectangle erases. */
static void row_pass(const vqc_erase *o, const int32_t *rectangle, int64_t row, bool accumulate, const float *source,
                     float *target)
{
    for (int64_t column = 0; column < o->width; column++) {
        bool erased = vqc_erase_hits(rectangle, column, row);
        for (int64_t i = column * o->channels; i < (column + 1) * o->channels; i++) {
            float value = erased ? 0.0F : source[i];
            target[i] = accumulate ? target[i] + value : value;
        }
    }
}

static void pass(const vqc_erase *o, const int32_t *rectangles, bool accumulate, const float *source, float *target)
{
    int64_t row_size = o->width * o->channels;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->height; i++)
        row_pass(o, rectangles + i / o->height * VQC_ERASE_NUMBERS, i % o->height, accumulate, source + i * row_size,
                 target + i * row_size);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    pass(&plan->operation.erase, arguments->input[1], false, arguments->input[0], arguments->output);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    if (arguments->grad_input[0] != NULL)
        pass(&plan->operation.erase, arguments->input[1], arguments->accumulate[0], arguments->grad_output,
             arguments->grad_input[0]);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_erase_kernel = {.forward = run_forward, .backward = run_backward};
