#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/elastic_formulas.h"
#include "ops/quantise_formulas.h"

/* The plans of the operations that consist of kernels of this folder: their parameters, the sizes of what they leave
 * and need, and the kernels that a call launches. */

typedef struct kernels {
    vqc_cuda_forward_function *forward;
    vqc_cuda_backward_function *backward; /* NULL: there is no gradient */
} kernels;

static const kernels kernels_of[VQC_OPERATION_COUNT] = {
    [VQC_OPERATION_GROUP_NORM] = {vqc_cuda_group_norm_forward, vqc_cuda_group_norm_backward},
    [VQC_OPERATION_LAYER_NORM] = {vqc_cuda_layer_norm_forward, vqc_cuda_layer_norm_backward},
    [VQC_OPERATION_ACTIVATION] = {vqc_cuda_activation_forward, vqc_cuda_activation_backward},
    [VQC_OPERATION_ADD] = {vqc_cuda_add_forward, vqc_cuda_add_backward},
    [VQC_OPERATION_UPSAMPLE] = {vqc_cuda_upsample_forward, vqc_cuda_upsample_backward},
    [VQC_OPERATION_AVERAGE_POOL] = {vqc_cuda_average_pool_forward, vqc_cuda_average_pool_backward},
    [VQC_OPERATION_QUANTISE] = {vqc_cuda_quantise_forward, vqc_cuda_quantise_backward},
    [VQC_OPERATION_CHANNEL_SCALE] = {vqc_cuda_channel_scale_forward, vqc_cuda_channel_scale_backward},
    [VQC_OPERATION_CLAMP] = {vqc_cuda_clamp_forward, vqc_cuda_clamp_backward},
    [VQC_OPERATION_TOKENS] = {vqc_cuda_tokens_forward, vqc_cuda_tokens_backward},
    [VQC_OPERATION_EMBED] = {vqc_cuda_embed_forward, NULL},
    [VQC_OPERATION_SELECT] = {vqc_cuda_select_forward, vqc_cuda_select_backward},
    [VQC_OPERATION_RESAMPLE] = {vqc_cuda_resample_forward, vqc_cuda_resample_backward},
    [VQC_OPERATION_ADAPTIVE_POOL] = {vqc_cuda_adaptive_pool_forward, vqc_cuda_adaptive_pool_backward},
    [VQC_OPERATION_DISTANCE] = {vqc_cuda_distance_forward, vqc_cuda_distance_backward},
    [VQC_OPERATION_CAST] = {vqc_cuda_cast_forward, vqc_cuda_cast_backward},
    [VQC_OPERATION_WARP] = {vqc_cuda_warp_forward, vqc_cuda_warp_backward},
    [VQC_OPERATION_COLOUR] = {vqc_cuda_colour_forward, vqc_cuda_colour_backward},
    [VQC_OPERATION_NOISE] = {vqc_cuda_noise_forward, vqc_cuda_noise_backward},
    [VQC_OPERATION_ERASE] = {vqc_cuda_erase_forward, vqc_cuda_erase_backward},
    [VQC_OPERATION_SHARPEN] = {vqc_cuda_sharpen_forward, vqc_cuda_sharpen_backward},
    [VQC_OPERATION_FIELD_WARP] = {vqc_cuda_field_warp_forward, vqc_cuda_field_warp_backward},
    [VQC_OPERATION_SPLINE_FIELD] = {vqc_cuda_spline_field_forward, NULL},
    [VQC_OPERATION_ELASTIC_FIELD] = {vqc_cuda_elastic_field_forward, NULL},
};

static vqc_cuda_call call_of(const vqc_cuda_plan *plan)
{
    return (vqc_cuda_call){.operation = &plan->operation,
                           .parameter = {plan->parameters->memory[0], plan->parameters->memory[1]},
                           .stream = plan->device->stream};
}

static vqc_status run_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_cuda_call call = call_of(plan);
    return vqc_cuda_check(kernels_of[plan->operation.kind].forward(&call, arguments), "starting it", error);
}

static vqc_status run_backward(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_cuda_call call = call_of(plan);
    if (kernels_of[plan->operation.kind].backward == NULL)
        return VQC_OK;
    return vqc_cuda_check(kernels_of[plan->operation.kind].backward(&call, arguments), "starting it", error);
}

vqc_status vqc_cuda_kernel_init(vqc_cuda_plan *plan, vqc_error *error)
{
    (void)error;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    return VQC_OK;
}

vqc_status vqc_cuda_group_norm_init(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_group_norm *o = &plan->operation.group_norm;
    plan->sizes.saved = vqc_cuda_group_norm_saved_size(o);
    plan->sizes.workspace = vqc_cuda_group_norm_workspace_size(o, plan->operation.dtype);
    VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, o->weight, o->channels, error));
    VQC_TRY(vqc_cuda_parameter_upload(plan, 1, VQC_DTYPE_F32, o->bias, o->channels, error));
    return vqc_cuda_kernel_init(plan, error);
}

vqc_status vqc_cuda_layer_norm_init(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_layer_norm *o = &plan->operation.layer_norm;
    plan->sizes.saved = vqc_cuda_layer_norm_saved_size(o);
    VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, o->weight, o->width, error));
    VQC_TRY(vqc_cuda_parameter_upload(plan, 1, VQC_DTYPE_F32, o->bias, o->width, error));
    return vqc_cuda_kernel_init(plan, error);
}

vqc_status vqc_cuda_channel_scale_init(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_channel_scale *o = &plan->operation.channel_scale;
    VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, o->scale, o->channels, error));
    VQC_TRY(vqc_cuda_parameter_upload(plan, 1, VQC_DTYPE_F32, o->shift, o->channels, error));
    return vqc_cuda_kernel_init(plan, error);
}

vqc_status vqc_cuda_tokens_init(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_tokens *o = &plan->operation.tokens;
    if (o->first != NULL)
        VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, o->first, o->width, error));
    VQC_TRY(vqc_cuda_parameter_upload(plan, 1, VQC_DTYPE_F32, o->positions, (1 + o->tokens) * o->width, error));
    return vqc_cuda_kernel_init(plan, error);
}

vqc_status vqc_cuda_embed_init(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_embed *o = &plan->operation.embed;
    VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, o->table, o->entries * o->width, error));
    VQC_TRY(vqc_cuda_parameter_upload(plan, 1, VQC_DTYPE_F32, o->positions, o->tokens * o->width, error));
    return vqc_cuda_kernel_init(plan, error);
}

/* columns (width, entries) of the codebook (entries, width) */
static void codebook_transpose(const vqc_quantise *o, float *columns)
{
    for (int64_t entry = 0; entry < o->entries; entry++)
        for (int64_t i = 0; i < o->width; i++)
            columns[i * o->entries + entry] = o->codebook[entry * o->width + i];
}

static void codebook_bounds(const vqc_quantise *o, float *bounds)
{
    for (int64_t entry = 0; entry < o->entries; entry++) {
        const float *row = o->codebook + entry * o->width;
        vqc_quantise_bound bound = vqc_quantise_bound_of(vqc_quantise_square(row, 1, o->width), o->width);
        memcpy(bounds + entry * VQC_QUANTISE_BOUND_FLOATS, &bound, sizeof bound);
    }
}

/* `values` has room for the larger of both parameters. */
static vqc_status codebook_upload(vqc_cuda_plan *plan, float *values, vqc_error *error)
{
    const vqc_quantise *o = &plan->operation.quantise;
    codebook_transpose(o, values);
    VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, values, o->width * o->entries, error));
    codebook_bounds(o, values);
    return vqc_cuda_parameter_upload(plan, 1, VQC_DTYPE_F32, values, VQC_QUANTISE_BOUND_FLOATS * o->entries, error);
}

vqc_status vqc_cuda_quantise_init(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_quantise *o = &plan->operation.quantise;
    int64_t wider = o->width > VQC_QUANTISE_BOUND_FLOATS ? o->width : VQC_QUANTISE_BOUND_FLOATS;
    float *values;
    plan->sizes.saved = (size_t)o->rows * sizeof(int32_t);
    plan->sizes.workspace = vqc_cuda_quantise_workspace_size(o);
    if (vqc_cuda_parameter_is_there(plan, 0))
        return vqc_cuda_kernel_init(plan, error);
    VQC_TRY(vqc_memory_allocate((size_t)(wider * o->entries), sizeof *values, "a codebook", &values, error));
    vqc_status status = codebook_upload(plan, values, error);
    free(values);
    return status == VQC_OK ? vqc_cuda_kernel_init(plan, error) : status;
}

vqc_status vqc_cuda_resample_init(vqc_cuda_plan *plan, vqc_error *error)
{
    plan->sizes.saved = vqc_cuda_resample_saved_size(&plan->operation.resample);
    plan->sizes.workspace = vqc_cuda_resample_workspace_size(&plan->operation.resample);
    return vqc_cuda_kernel_init(plan, error);
}

vqc_status vqc_cuda_adaptive_pool_init(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_adaptive_pool *o = &plan->operation.adaptive_pool;
    plan->sizes.saved = (size_t)(o->side * o->side * o->channels) * sizeof(int32_t);
    plan->sizes.workspace = (size_t)(o->side * o->side * o->channels) * sizeof(float);
    return vqc_cuda_kernel_init(plan, error);
}

vqc_status vqc_cuda_sharpen_init(vqc_cuda_plan *plan, vqc_error *error)
{
    plan->sizes.saved = vqc_cuda_sharpen_saved_size(&plan->operation.sharpen);
    return vqc_cuda_kernel_init(plan, error);
}

vqc_status vqc_cuda_field_warp_init(vqc_cuda_plan *plan, vqc_error *error)
{
    plan->sizes.workspace = vqc_cuda_field_warp_workspace_size(&plan->operation.field_warp);
    return vqc_cuda_kernel_init(plan, error);
}

vqc_status vqc_cuda_elastic_field_init(vqc_cuda_plan *plan, vqc_error *error)
{
    float weights[VQC_ELASTIC_WEIGHTS];
    vqc_elastic_weights(weights);
    plan->sizes.workspace = vqc_cuda_elastic_field_workspace_size(&plan->operation.elastic_field);
    VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, weights, VQC_ELASTIC_WEIGHTS, error));
    return vqc_cuda_kernel_init(plan, error);
}

/* targets of unit length */
static void targets_normalise(const vqc_distance *o, float *targets)
{
    for (int64_t prompt = 0; prompt < o->prompts; prompt++) {
        const float *target = o->targets + prompt * o->width;
        double sum = 0.0;
        for (int64_t i = 0; i < o->width; i++)
            sum += (double)target[i] * (double)target[i];
        double length = sqrt(sum);
        for (int64_t i = 0; i < o->width; i++)
            targets[prompt * o->width + i] = (float)((double)target[i] / length);
    }
}

vqc_status vqc_cuda_distance_init(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_distance *o = &plan->operation.distance;
    float *targets;
    if (vqc_cuda_parameter_is_there(plan, 0))
        return vqc_cuda_kernel_init(plan, error);
    VQC_TRY(vqc_memory_allocate((size_t)(o->prompts * o->width), sizeof *targets, "targets", &targets, error));
    targets_normalise(o, targets);
    vqc_status status = vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, targets, o->prompts * o->width, error);
    free(targets);
    return status == VQC_OK ? vqc_cuda_kernel_init(plan, error) : status;
}
