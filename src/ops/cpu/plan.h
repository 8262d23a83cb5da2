#ifndef VQC_OPS_CPU_PLAN_H
#define VQC_OPS_CPU_PLAN_H

#include <stdbool.h>

#include "ops/cpu/onednn.h"
#include "ops/cpu/tile_convolution.h"
#include "ops/describe.h"
#include "ops/implementation.h"

/* The processor with the number of threads that everything is computed with. */
typedef struct vqc_cpu_device {
    vqc_onednn *onednn;
    int threads;
} vqc_cpu_device;

/* A plan. cpu.c makes it and sets the members down to `description` and what runs; the operation's kernel, below,
 * sets the others. */
typedef struct vqc_cpu_plan vqc_cpu_plan;
typedef vqc_status vqc_cpu_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error);
typedef vqc_status vqc_cpu_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error);
struct vqc_cpu_plan {
    const vqc_cpu_device *device;
    vqc_operation operation; /* its parameters must not be read after init */
    bool backward;           /* whether the gradient will be wanted */
    char description[VQC_OPERATION_DESCRIPTION_SIZE];

    vqc_plan_sizes sizes; /* initially 0 */
    void *state;          /* initially NULL */
    void (*state_destroy)(void *state);
    vqc_cpu_forward *run_forward;
    vqc_cpu_backward *run_backward; /* NULL: there is no gradient */
};

/* What an operation is on the processor; each stands in the file of its name. */
typedef struct vqc_cpu_kernel {
    /* Sets sizes and state, and run_forward and run_backward where there are several ways; NULL where there is
     * nothing to do. On failure the plan's state is what state_destroy can release, or NULL. */
    vqc_status (*prepare)(vqc_cpu_plan *plan, vqc_error *error);
    vqc_cpu_forward *forward;
    vqc_cpu_backward *backward; /* NULL: there is no gradient */
} vqc_cpu_kernel;

#define VQC_CPU_KERNEL_DECLARE(KIND, name, ...) extern const vqc_cpu_kernel vqc_cpu_##name##_kernel;
VQC_OPERATIONS(VQC_CPU_KERNEL_DECLARE)

/* Convolutions whose windows do not overlap; see patch_convolution.c. */
bool vqc_cpu_is_patch_convolution(const vqc_convolution *convolution);
vqc_status vqc_cpu_patch_convolution_init(vqc_cpu_plan *plan, vqc_error *error);

/* Convolutions with 3 × 3 kernels by tiles, in f32; see tile_plan.c. */
vqc_status vqc_cpu_tile_plan_init(vqc_cpu_plan *plan, const vqc_tile_shape *shape, const float *weight,
                                  const float *bias, vqc_error *error);

/* Sizes of the parts of a workspace are rounded up to this, so that each part begins aligned. */
enum { VQC_CPU_ALIGNMENT = 64 };

static inline size_t vqc_cpu_align(size_t size)
{
    return (size + VQC_CPU_ALIGNMENT - 1) / VQC_CPU_ALIGNMENT * VQC_CPU_ALIGNMENT;
}

/* A copy of count parameters, to be released with free(); counted into the plan's size of parameters. */
VQC_MUST_CHECK vqc_status vqc_cpu_parameters_copy(vqc_cpu_plan *plan, const float *parameters, int64_t count,
                                                  float **copy_out, vqc_error *error);

#endif
