#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/formulas.h"

typedef struct piece {
    vqc_dtype dtype;
    float scale, shift;
    const void *input;
    const void *grad_output;
    void *target;
    bool accumulate;
} piece;

VQC_CPU_INLINE void forward(vqc_dtype dtype, const piece *p, int64_t first, int64_t end)
{
    const void *restrict input = p->input;
    void *restrict output = p->target;
    for (int64_t i = first; i < end; i++)
        vqc_cpu_store(dtype, output, i, vqc_formula_clamp(vqc_cpu_load(dtype, input, i) * p->scale + p->shift));
}

VQC_CPU_KERNEL static void forward_piece(const void *context, int64_t first, int64_t end)
{
    const piece *p = context;
    VQC_CPU_FOR_DTYPE(forward, p->dtype, p, first, end);
}

VQC_CPU_INLINE void backward(vqc_dtype dtype, bool accumulate, const piece *p, int64_t first, int64_t end)
{
    const void *restrict input = p->input;
    const void *restrict grad_output = p->grad_output;
    void *restrict grad_input = p->target;
    for (int64_t i = first; i < end; i++) {
        float x = vqc_cpu_load(dtype, input, i) * p->scale + p->shift;
        float grad = p->scale * vqc_formula_clamp_gradient(x, vqc_cpu_load(dtype, grad_output, i));
        vqc_cpu_store_gradient(dtype, accumulate, grad_input, i, grad);
    }
}

VQC_CPU_KERNEL static void backward_piece(const void *context, int64_t first, int64_t end)
{
    const piece *p = context;
    VQC_CPU_FOR_STORE(backward, p->dtype, p->accumulate, p, first, end);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_clamp *o = &plan->operation.clamp;
    const piece p = {.dtype = plan->operation.dtype,
                     .scale = o->scale,
                     .shift = o->shift,
                     .input = arguments->input[0],
                     .target = arguments->output};
    vqc_cpu_pieces_run(o->count, forward_piece, &p);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_clamp *o = &plan->operation.clamp;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const piece p = {.dtype = plan->operation.dtype,
                     .scale = o->scale,
                     .shift = o->shift,
                     .input = arguments->input[0],
                     .grad_output = arguments->grad_output,
                     .target = arguments->grad_input[0],
                     .accumulate = arguments->accumulate[0]};
    vqc_cpu_pieces_run(o->count, backward_piece, &p);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_clamp_kernel = {.forward = run_forward, .backward = run_backward};
