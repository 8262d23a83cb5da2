#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

typedef struct piece {
    vqc_dtype dtype;
    const void *left;
    const void *right;
    void *output;
} piece;

VQC_CPU_INLINE void forward(vqc_dtype dtype, const piece *p, int64_t first, int64_t end)
{
    const void *restrict left = p->left;
    const void *restrict right = p->right;
    void *restrict output = p->output;
    for (int64_t i = first; i < end; i++)
        vqc_cpu_store(dtype, output, i, vqc_cpu_load(dtype, left, i) + vqc_cpu_load(dtype, right, i));
}

VQC_CPU_KERNEL static void forward_piece(const void *context, int64_t first, int64_t end)
{
    const piece *p = context;
    VQC_CPU_FOR_DTYPE(forward, p->dtype, p, first, end);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const piece p = {plan->operation.dtype, arguments->input[0], arguments->input[1], arguments->output};
    vqc_cpu_pieces_run(plan->operation.add.count, forward_piece, &p);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    for (int i = 0; i < 2; i++)
        if (arguments->grad_input[i] != NULL)
            vqc_cpu_gradient_pass(plan->operation.dtype, arguments->accumulate[i], arguments->grad_input[i],
                                  arguments->grad_output, plan->operation.add.count);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_add_kernel = {.forward = run_forward, .backward = run_backward};
