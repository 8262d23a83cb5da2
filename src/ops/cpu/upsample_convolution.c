#include <stdlib.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/upsample_folding.h"

/* By tiles; in bf16, whose sums of pixels would be rounded once more, and of few channels, as the gradient of a
 * convolution with folded weights, and backwards as that convolution. */
typedef struct folded {
    vqc_onednn_primitive *forward;
    vqc_onednn_primitive *gradient; /* NULL in plans without a backward pass */
    float *bias;                    /* NULL: none */
    int64_t input_count;
} folded;

static void state_destroy(void *opaque)
{
    folded *state = opaque;
    vqc_onednn_primitive_destroy(state->forward);
    vqc_onednn_primitive_destroy(state->gradient);
    free(state->bias);
    free(state);
}

VQC_CPU_INLINE void bias_add(vqc_dtype dtype, const float *restrict bias, int64_t channels, void *restrict pixel)
{
    for (int64_t c = 0; c < channels; c++)
        vqc_cpu_store(dtype, pixel, c, vqc_cpu_load(dtype, pixel, c) + bias[c]);
}

VQC_CPU_KERNEL static void pixel_bias(vqc_dtype dtype, const float *bias, int64_t channels, void *pixel)
{
    VQC_CPU_FOR_DTYPE(bias_add, dtype, bias, channels, pixel);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const folded *state = plan->state;
    const vqc_upsample_convolution *o = &plan->operation.upsample_convolution;
    const vqc_onednn_arguments operands = {
        .source = arguments->input[0], .target = arguments->output, .scratchpad = arguments->workspace};
    VQC_TRY(vqc_onednn_execute(state->forward, &operands, error));
    if (state->bias == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t pixel = 0; pixel < 4 * o->batch * o->height * o->width; pixel++)
        pixel_bias(plan->operation.dtype, state->bias, o->out_channels,
                   vqc_cpu_at_writable(plan->operation.dtype, arguments->output, pixel * o->out_channels));
    return VQC_OK;
}

/* A gradient that is to be added to another is first computed in the workspace, behind the scratchpad. */
static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const folded *state = plan->state;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    void *fresh = (char *)arguments->workspace + vqc_onednn_primitive_scratchpad(state->gradient);
    const vqc_onednn_arguments operands = {.source = arguments->grad_output,
                                           .target = arguments->accumulate[0] ? fresh : arguments->grad_input[0],
                                           .scratchpad = arguments->workspace};
    VQC_TRY(vqc_onednn_execute(state->gradient, &operands, error));
    if (arguments->accumulate[0])
        vqc_cpu_gradient_pass(plan->operation.dtype, true, arguments->grad_input[0], fresh, state->input_count);
    return VQC_OK;
}

static vqc_status primitives_create(vqc_cpu_plan *plan, folded *state, const vqc_convolution *c, vqc_error *error)
{
    const vqc_onednn *onednn = plan->device->onednn;
    vqc_dtype dtype = plan->operation.dtype;
    VQC_TRY(vqc_onednn_convolution_gradient_create(onednn, dtype, c, &state->forward, error));
    plan->sizes.parameters += vqc_onednn_primitive_parameters(state->forward);
    plan->sizes.workspace = vqc_onednn_primitive_scratchpad(state->forward);
    if (!plan->backward)
        return VQC_OK;
    VQC_TRY(vqc_onednn_convolution_create(onednn, dtype, c, &state->gradient, error));
    plan->sizes.parameters += vqc_onednn_primitive_parameters(state->gradient);
    size_t workspace =
        vqc_onednn_primitive_scratchpad(state->gradient) + (size_t)state->input_count * vqc_dtype_size(dtype);
    if (workspace > plan->sizes.workspace)
        plan->sizes.workspace = workspace;
    return VQC_OK;
}

static vqc_status folded_prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_upsample_convolution *o = &plan->operation.upsample_convolution;
    folded *state;
    float *weight;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    state->input_count = vqc_operation_layout_of(&plan->operation).input_count_elements[0];
    if (o->bias != NULL)
        VQC_TRY(vqc_cpu_parameters_copy(plan, o->bias, o->out_channels, &state->bias, error));
    VQC_TRY(vqc_memory_allocate((size_t)(16 * o->in_channels * o->out_channels), sizeof *weight, "weights", &weight,
                                error));
    vqc_upsample_fold(o, weight);
    const vqc_convolution c = vqc_upsample_folded(o, weight);
    vqc_status status = primitives_create(plan, state, &c, error);
    free(weight);
    return status;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_upsample_convolution *o = &plan->operation.upsample_convolution;
    const vqc_tile_shape shape = {.batch = o->batch,
                                  .height = o->height,
                                  .width = o->width,
                                  .in_channels = o->in_channels,
                                  .out_channels = o->out_channels,
                                  .out_height = 2 * o->height,
                                  .out_width = 2 * o->width,
                                  .pad_top = 1,
                                  .pad_left = 1,
                                  .doubled = true};
    if (plan->operation.dtype == VQC_DTYPE_F32 && vqc_tile_convolution_pays(&shape))
        return vqc_cpu_tile_plan_init(plan, &shape, o->weight, o->bias, error);
    return folded_prepare(plan, error);
}

const vqc_cpu_kernel vqc_cpu_upsample_convolution_kernel = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
