#include "ops/cpu/plan.h"
#include "ops/picture_term_formulas.h"

static vqc_picture_view view_of(const vqc_picture_term *o, const void *const input[VQC_OPERATION_MAX_INPUTS])
{
    return (vqc_picture_view){.pixels = input[0],
                              .beside = input[1],
                              .height = o->height,
                              .width = o->width,
                              .scale = (double)o->scale,
                              .shift = (double)o->shift};
}

static vqc_picture_sums row_sum(const vqc_picture_term *o, const vqc_picture_view *view, int64_t row)
{
    vqc_picture_sums sums = {{0.0}};
    for (int64_t column = 0; column < o->width; column++)
        vqc_formula_picture_term_sums(o->function, view, row, column, &sums);
    return sums;
}

/* The sums of all rows, in their order. */
static vqc_picture_sums rows_sum(const vqc_picture_sums *rows, int64_t count)
{
    vqc_picture_sums sums = {{0.0}};
    for (int64_t row = 0; row < count; row++)
        for (int k = 0; k < VQC_PICTURE_SUMS; k++)
            sums.of[k] += rows[row].of[k];
    return sums;
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_picture_term *o = &plan->operation.picture_term;
    const vqc_picture_view view = view_of(o, arguments->input);
    vqc_picture_sums *rows = arguments->workspace;
    vqc_picture_end *end = arguments->saved;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < o->height; row++)
        rows[row] = row_sum(o, &view, row);
    const vqc_picture_sums sums = rows_sum(rows, o->height);
    *end = vqc_formula_picture_term_end(o->function, &view, &sums);
    *(float *)arguments->output = (float)end->value;
    return VQC_OK;
}

static void row_backward(const vqc_picture_term *o, const vqc_picture_view *view, const vqc_picture_end *end,
                         double slope, int64_t row, bool accumulate, float *gradients)
{
    for (int64_t column = 0; column < o->width; column++) {
        const vqc_picture_gradient gradient =
            vqc_formula_picture_term_gradient(o->function, view, row, column, end->factors);
        float *target = gradients + (row * o->width + column) * VQC_PICTURE_CHANNELS;
        for (int c = 0; c < VQC_PICTURE_CHANNELS; c++) {
            float value = (float)(slope * gradient.of[c]);
            target[c] = accumulate ? target[c] + value : value;
        }
    }
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_picture_term *o = &plan->operation.picture_term;
    const vqc_picture_view view = view_of(o, arguments->input);
    const double slope = (double)*(const float *)arguments->grad_output * view.scale;
    (void)error;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < o->height; row++)
        row_backward(o, &view, arguments->saved, slope, row, arguments->accumulate[0], arguments->grad_input[0]);
    return VQC_OK;
}

/* Saved: what the sums came to. Workspace: the sums of each row. */
static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    (void)error;
    plan->sizes.saved = sizeof(vqc_picture_end);
    plan->sizes.workspace = (size_t)plan->operation.picture_term.height * sizeof(vqc_picture_sums);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_picture_term_kernel = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
