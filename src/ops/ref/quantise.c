#include <string.h>

#include "ops/ref/ref.h"

enum { CODEBOOK, SQUARES };

static vqc_status prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    const vqc_quantise *o = &operation->quantise;
    (void)with_backward;
    plan->saved_size = (size_t)o->rows * sizeof(int32_t);
    VQC_TRY(ref_parameter_copy(plan, CODEBOOK, o->codebook, o->entries * o->width, error));
    VQC_TRY(ref_parameter_allocate(plan, SQUARES, o->entries, error));
    for (int64_t e = 0; e < o->entries && !o->largest_product; e++)
        for (int64_t c = 0; c < o->width; c++)
            plan->parameter[SQUARES][e] +=
                plan->parameter[CODEBOOK][e * o->width + c] * plan->parameter[CODEBOOK][e * o->width + c];
    return VQC_OK;
}

static int64_t nearest(const ref_plan *plan, const double *z)
{
    const vqc_quantise *o = &plan->operation.quantise;
    int64_t best = 0;
    double best_distance = 0.0;
    for (int64_t e = 0; e < o->entries; e++) {
        const double *entry = plan->parameter[CODEBOOK] + e * o->width;
        double product = 0.0;
        for (int64_t c = 0; c < o->width; c++)
            product += z[c] * entry[c];
        double distance = plan->parameter[SQUARES][e] - 2.0 * product;
        if (e == 0 || distance < best_distance) {
            best = e;
            best_distance = distance;
        }
    }
    return best;
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_quantise *o = &plan->operation.quantise;
    int32_t *codes = arguments->saved;
    for (int64_t r = 0; r < o->rows; r++) {
        int64_t code = nearest(plan, arguments->input[0] + r * o->width);
        codes[r] = (int32_t)code;
        memcpy(arguments->output + r * o->width, plan->parameter[CODEBOOK] + code * o->width,
               (size_t)o->width * sizeof(double));
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    if (arguments->grad_input[0] != NULL)
        memcpy(arguments->grad_input[0], arguments->grad_output,
               (size_t)plan->layout.output_count_elements * sizeof(double));
}

const ref_kernel ref_quantise_kernel = {.prepare = prepare, .forward = forward, .backward = backward};
