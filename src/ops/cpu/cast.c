#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

typedef struct piece {
    vqc_dtype from, to;
    const void *source;
    void *target;
    bool accumulate;
} piece;

/* The source's type is the kernel's outer choice, the target's the inner one. */
VQC_CPU_INLINE void convert(vqc_dtype to, bool accumulate, vqc_dtype from, const piece *p, int64_t first, int64_t end)
{
    const void *restrict source = p->source;
    void *restrict target = p->target;
    for (int64_t i = first; i < end; i++)
        vqc_cpu_store_gradient(to, accumulate, target, i, vqc_cpu_load(from, source, i));
}

VQC_CPU_KERNEL static void convert_piece(const void *context, int64_t first, int64_t end)
{
    const piece *p = context;
    if (p->from == VQC_DTYPE_BF16)
        VQC_CPU_FOR_STORE(convert, p->to, p->accumulate, VQC_DTYPE_BF16, p, first, end);
    else
        VQC_CPU_FOR_STORE(convert, p->to, p->accumulate, VQC_DTYPE_F32, p, first, end);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_cast *o = &plan->operation.cast;
    const piece p = {.from = o->from, .to = o->to, .source = arguments->input[0], .target = arguments->output};
    vqc_cpu_pieces_run(o->count, convert_piece, &p);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_cast *o = &plan->operation.cast;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const piece p = {.from = o->to,
                     .to = o->from,
                     .source = arguments->grad_output,
                     .target = arguments->grad_input[0],
                     .accumulate = arguments->accumulate[0]};
    vqc_cpu_pieces_run(o->count, convert_piece, &p);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_cast_kernel = {.forward = run_forward, .backward = run_backward};
