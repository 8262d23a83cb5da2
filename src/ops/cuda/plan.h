#ifndef VQC_OPS_CUDA_PLAN_H
#define VQC_OPS_CUDA_PLAN_H

#include <stdbool.h>

#include "ops/cuda/cuda.h"
#include "ops/describe.h"
#include "ops/implementation.h"

enum { VQC_CUDA_MAX_PARAMETERS = 5 };

/* Packed parameters in device memory: of one plan, and of those that were made beside it. */
typedef struct vqc_cuda_parameters {
    int plans;                             /* that hold them */
    void *memory[VQC_CUDA_MAX_PARAMETERS]; /* NULL: the operation has none of that number */
} vqc_cuda_parameters;

#ifdef __cplusplus
extern "C" {
#endif

/* A plan. cuda.c makes it and sets the members down to `description`; what kernels.h has for the operation's kind
 * sets the others. */
typedef struct vqc_cuda_plan vqc_cuda_plan;
struct vqc_cuda_plan {
    vqc_cuda_device *device;
    vqc_operation operation; /* its parameters must not be read after init */
    bool backward;           /* whether the gradient will be wanted */
    char description[VQC_OPERATION_DESCRIPTION_SIZE];

    vqc_plan_sizes sizes;            /* initially 0 */
    vqc_cuda_parameters *parameters; /* filled by vqc_cuda_parameter_upload, unless this plan is beside another */
    void *state;                     /* on the host, initially NULL */
    void (*state_destroy)(void *state);
    vqc_status (*run_forward)(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error);
    vqc_status (*run_backward)(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error);
};

/* Prepares a plan as the kernels of its kind say; kernel_plans.c. */
vqc_status vqc_cuda_kernels_prepare(vqc_cuda_plan *plan, vqc_error *error);

/* Makes parameter number `index` of the plan: count values in device memory, in the dtype (f32, or rounded to bf16);
 * counted into the plan's size of parameters. Complete on return: `values` may go. Where the parameter is there it
 * stays, and `values` is not looked at. */
VQC_MUST_CHECK vqc_status vqc_cuda_parameter_upload(vqc_cuda_plan *plan, int index, vqc_dtype dtype,
                                                    const float *values, int64_t count, vqc_error *error);

/* The same of f32 values that are computed from the operation's parameters, if the parameter is not there. */
typedef void vqc_cuda_parameter_function(const vqc_operation *operation, float *values);
VQC_MUST_CHECK vqc_status vqc_cuda_parameter_compute(vqc_cuda_plan *plan, int index,
                                                     vqc_cuda_parameter_function *compute, int64_t count,
                                                     vqc_error *error);

/* Whether the parameter is there, as in a plan beside another one, whose operation's parameters are gone: to be asked
 * before anything is computed from those. */
bool vqc_cuda_parameter_is_there(const vqc_cuda_plan *plan, int index);

/* The workspace that run_forward and run_backward get is aligned to this (inputs, outputs and saved state to 64
 * bytes); the sizes of its parts are rounded up to it, so that each part begins aligned. */
enum { VQC_CUDA_ALIGNMENT = 256 };

static inline size_t vqc_cuda_align(size_t size)
{
    return (size + VQC_CUDA_ALIGNMENT - 1) / VQC_CUDA_ALIGNMENT * VQC_CUDA_ALIGNMENT;
}

#ifdef __cplusplus
}
#endif

#endif
