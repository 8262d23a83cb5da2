#include <string.h>

#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_select *o = &plan->operation.select;
    vqc_dtype dtype = plan->operation.dtype;
    const int32_t *chosen = arguments->input[1];
    for (int64_t batch = 0; batch < o->batch; batch++)
        memcpy(vqc_cpu_at_writable(dtype, arguments->output, batch * o->width),
               vqc_cpu_at(dtype, arguments->input[0], (batch * o->tokens + chosen[batch]) * o->width),
               (size_t)o->width * vqc_dtype_size(dtype));
    return VQC_OK;
}

VQC_CPU_INLINE void add(vqc_dtype dtype, const void *restrict source, void *restrict target, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        vqc_cpu_store_gradient(dtype, true, target, i, vqc_cpu_load(dtype, source, i));
}

VQC_CPU_KERNEL static void add_row(vqc_dtype dtype, const void *source, void *target, int64_t count)
{
    VQC_CPU_FOR_DTYPE(add, dtype, source, target, count);
}

/* The gradient of one sequence. */
static void backward_sequence(vqc_dtype dtype, const vqc_select *o, const vqc_backward *arguments, int64_t batch)
{
    const int32_t *chosen = arguments->input[1];
    size_t width_size = (size_t)o->width * vqc_dtype_size(dtype);
    const void *source = vqc_cpu_at(dtype, arguments->grad_output, batch * o->width);
    void *target = vqc_cpu_at_writable(dtype, arguments->grad_input[0], batch * o->tokens * o->width);
    void *row = vqc_cpu_at_writable(dtype, target, chosen[batch] * o->width);
    if (arguments->accumulate[0]) {
        add_row(dtype, source, row, o->width);
        return;
    }
    memset(target, 0, (size_t)o->tokens * width_size);
    memcpy(row, source, width_size);
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_select *o = &plan->operation.select;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t batch = 0; batch < o->batch; batch++)
        backward_sequence(plan->operation.dtype, o, arguments, batch);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_select_kernel = {.forward = run_forward, .backward = run_backward};
