#ifndef VQC_OPS_CPU_PLAN_H
#define VQC_OPS_CPU_PLAN_H

#include <stdbool.h>

#include "ops/cpu/onednn.h"
#include "ops/describe.h"
#include "ops/implementation.h"

/* The processor with the number of threads that everything is computed with. */
typedef struct vqc_cpu_device {
    vqc_onednn *onednn;
    int threads;
} vqc_cpu_device;

/* A plan. cpu.c makes it and sets the members down to `description`; the init function of the operation's kind,
 * below, sets the others. */
typedef struct vqc_cpu_plan vqc_cpu_plan;
struct vqc_cpu_plan {
    const vqc_cpu_device *device;
    vqc_operation operation; /* its parameters must not be read after init */
    bool backward;           /* whether the gradient will be wanted */
    char description[VQC_OPERATION_DESCRIPTION_SIZE];

    vqc_plan_sizes sizes; /* initially 0 */
    void *state;          /* initially NULL */
    void (*state_destroy)(void *state);
    vqc_status (*run_forward)(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error);
    /* NULL: there is no gradient */
    vqc_status (*run_backward)(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error);
};

/* Prepare a plan of the kind. On failure the plan's state is what state_destroy can release, or NULL. */
vqc_status vqc_cpu_convolution_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_linear_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_attention_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_group_norm_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_layer_norm_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_activation_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_add_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_upsample_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_average_pool_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_quantise_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_channel_scale_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_clamp_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_tokens_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_embed_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_select_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_resample_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_adaptive_pool_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_distance_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_cast_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_warp_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_colour_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_noise_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_erase_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_sharpen_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_field_warp_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_spline_field_init(vqc_cpu_plan *plan, vqc_error *error);
vqc_status vqc_cpu_elastic_field_init(vqc_cpu_plan *plan, vqc_error *error);

/* What convolution_init does for convolutions whose windows do not overlap; see patch_convolution.c. */
bool vqc_cpu_is_patch_convolution(const vqc_convolution *convolution);
vqc_status vqc_cpu_patch_convolution_init(vqc_cpu_plan *plan, vqc_error *error);

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
