#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"

#define KERNELS(KIND, name, ...) [VQC_OPERATION_##KIND] = &vqc_cuda_##name##_kernels,
static const vqc_cuda_kernels *const kernels[VQC_OPERATION_COUNT] = {VQC_OPERATIONS(KERNELS)};

static vqc_cuda_call call_of(const vqc_cuda_plan *plan)
{
    return (vqc_cuda_call){.operation = &plan->operation,
                           .parameter = {plan->parameters->memory[0], plan->parameters->memory[1]},
                           .stream = plan->device->stream};
}

static vqc_status run_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_cuda_call call = call_of(plan);
    return vqc_cuda_check(kernels[plan->operation.kind]->forward(&call, arguments), "starting it", error);
}

static vqc_status run_backward(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_cuda_call call = call_of(plan);
    if (kernels[plan->operation.kind]->backward == NULL)
        return VQC_OK;
    return vqc_cuda_check(kernels[plan->operation.kind]->backward(&call, arguments), "starting it", error);
}

vqc_status vqc_cuda_kernels_prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_cuda_kernels *of_kind = kernels[plan->operation.kind];
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    return of_kind->prepare == NULL ? VQC_OK : of_kind->prepare(plan, error);
}
