#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

/* Convolutions whose windows touch but do not overlap, such as the first layer of a vision transformer: the picture
 * is rearranged into one row for each window, channels last within it too, and the rest is a matrix product.
 * oneDNN's gradients of such convolutions take up to ten times as long. */
typedef struct patches {
    int64_t window; /* side of a window */
    int64_t batch, height, width, channels;
    int64_t out_height, out_width;
    int64_t rows, depth; /* number of windows, elements of each */
    vqc_onednn_primitive *forward;
    vqc_onednn_primitive *gradient; /* NULL in plans without a backward pass */
} patches;

static void state_destroy(void *opaque)
{
    patches *state = opaque;
    vqc_onednn_primitive_destroy(state->forward);
    vqc_onednn_primitive_destroy(state->gradient);
    free(state);
}

bool vqc_cpu_is_patch_convolution(const vqc_convolution *c)
{
    return c->stride > 1 && c->kernel_height == c->stride && c->kernel_width == c->stride && c->pad_top == 0 &&
           c->pad_left == 0 && c->pad_bottom == 0 && c->pad_right == 0;
}

/* Where the part of a window that lies in the picture's row `row` (counted over the batch) begins among the patches;
 * the parts of the windows to the right follow `depth` apart. */
static int64_t patch_index(const patches *p, int64_t row)
{
    int64_t batch = row / p->height;
    int64_t y = row % p->height;
    int64_t first = (batch * p->out_height + y / p->window) * p->out_width;
    return first * p->depth + y % p->window * p->window * p->channels;
}

/* Whether the picture's row lies below the last whole window. */
static bool row_is_outside(const patches *p, int64_t row)
{
    return row % p->height >= p->out_height * p->window;
}

static void gather(const patches *p, vqc_dtype dtype, const void *picture, void *rows)
{
    int64_t part = p->window * p->channels;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < p->batch * p->height; row++) {
        if (row_is_outside(p, row))
            continue;
        int64_t target = patch_index(p, row);
        for (int64_t x = 0; x < p->out_width; x++)
            memcpy(vqc_cpu_at_writable(dtype, rows, target + x * p->depth),
                   vqc_cpu_at(dtype, picture, row * p->width * p->channels + x * part),
                   (size_t)part * vqc_dtype_size(dtype));
    }
}

VQC_CPU_INLINE void scatter_row(vqc_dtype dtype, bool accumulate, const patches *p, const void *restrict rows,
                                void *restrict picture, int64_t row)
{
    int64_t part = p->window * p->channels;
    int64_t source = patch_index(p, row);
    int64_t target = row * p->width * p->channels;
    int64_t covered = row_is_outside(p, row) ? 0 : p->out_width;
    for (int64_t x = 0; x < covered; x++)
        for (int64_t i = 0; i < part; i++)
            vqc_cpu_store_gradient(dtype, accumulate, picture, target + x * part + i,
                                   vqc_cpu_load(dtype, rows, source + x * p->depth + i));
    if (!accumulate)
        for (int64_t i = covered * part; i < p->width * p->channels; i++)
            vqc_cpu_store(dtype, picture, target + i, 0.0F);
}

VQC_CPU_KERNEL static void scatter(const patches *p, vqc_dtype dtype, bool accumulate, const void *rows,
                                   void *picture, int64_t row)
{
    VQC_CPU_FOR_STORE(scatter_row, dtype, accumulate, p, rows, picture, row);
}

/* The workspace holds the patches, then the product's scratchpad. */
static size_t patches_size(const patches *p, vqc_dtype dtype)
{
    return vqc_cpu_align((size_t)(p->rows * p->depth) * vqc_dtype_size(dtype));
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const patches *state = plan->state;
    vqc_dtype dtype = plan->operation.dtype;
    gather(state, dtype, arguments->input[0], arguments->workspace);
    if (plan->operation.convolution.residual)
        vqc_cpu_copy(dtype, arguments->output, arguments->input[1],
                     state->rows * plan->operation.convolution.out_channels);
    const vqc_onednn_arguments operands = {.source = arguments->workspace,
                                           .target = arguments->output,
                                           .scratchpad = (char *)arguments->workspace + patches_size(state, dtype)};
    return vqc_onednn_execute(state->forward, &operands, error);
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const patches *state = plan->state;
    vqc_dtype dtype = plan->operation.dtype;
    if (plan->operation.convolution.residual && arguments->grad_input[1] != NULL)
        vqc_cpu_gradient_pass(dtype, arguments->accumulate[1], arguments->grad_input[1], arguments->grad_output,
                              state->rows * plan->operation.convolution.out_channels);
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const vqc_onednn_arguments operands = {.source = arguments->grad_output,
                                           .target = arguments->workspace,
                                           .scratchpad = (char *)arguments->workspace + patches_size(state, dtype)};
    VQC_TRY(vqc_onednn_execute(state->gradient, &operands, error));
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < state->batch * state->height; row++)
        scatter(state, dtype, arguments->accumulate[0], arguments->workspace, arguments->grad_input[0], row);
    return VQC_OK;
}

/* (out, in, y, x) to (out, y, x, in) */
static vqc_status weight_rearrange(const vqc_convolution *c, float **rearranged_out, vqc_error *error)
{
    int64_t area = c->kernel_height * c->kernel_width;
    float *rearranged;
    VQC_TRY(vqc_memory_allocate((size_t)(c->out_channels * c->in_channels * area), sizeof *rearranged, "weights",
                                &rearranged, error));
    for (int64_t out = 0; out < c->out_channels; out++)
        for (int64_t in = 0; in < c->in_channels; in++)
            for (int64_t i = 0; i < area; i++)
                rearranged[(out * area + i) * c->in_channels + in] =
                    c->weight[(out * c->in_channels + in) * area + i];
    *rearranged_out = rearranged;
    return VQC_OK;
}

static vqc_status products_init(vqc_cpu_plan *plan, patches *state, const float *weight, vqc_error *error)
{
    const vqc_convolution *c = &plan->operation.convolution;
    vqc_dtype dtype = plan->operation.dtype;
    const vqc_onednn_product forward = {.rows = state->rows,
                                        .columns = c->out_channels,
                                        .depth = state->depth,
                                        .dtype = dtype,
                                        .target_dtype = dtype,
                                        .matrix_transposed = true,
                                        .accumulate = c->residual,
                                        .constant = weight,
                                        .bias = c->bias};
    VQC_TRY(vqc_onednn_product_create(plan->device->onednn, &forward, &state->forward, error));
    plan->sizes.parameters = vqc_onednn_primitive_parameters(state->forward);
    size_t scratchpad = vqc_onednn_primitive_scratchpad(state->forward);
    if (plan->backward) {
        const vqc_onednn_product gradient = {.rows = state->rows,
                                             .columns = state->depth,
                                             .depth = c->out_channels,
                                             .dtype = dtype,
                                             .target_dtype = dtype,
                                             .constant = weight};
        VQC_TRY(vqc_onednn_product_create(plan->device->onednn, &gradient, &state->gradient, error));
        plan->sizes.parameters += vqc_onednn_primitive_parameters(state->gradient);
        if (vqc_onednn_primitive_scratchpad(state->gradient) > scratchpad)
            scratchpad = vqc_onednn_primitive_scratchpad(state->gradient);
    }
    plan->sizes.workspace = patches_size(state, dtype) + scratchpad;
    return VQC_OK;
}

vqc_status vqc_cpu_patch_convolution_init(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_convolution *c = &plan->operation.convolution;
    patches *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    state->window = c->stride;
    state->batch = c->batch;
    state->height = c->height;
    state->width = c->width;
    state->channels = c->in_channels;
    state->out_height = c->height / c->stride;
    state->out_width = c->width / c->stride;
    state->rows = c->batch * state->out_height * state->out_width;
    state->depth = c->stride * c->stride * c->in_channels;
    float *weight;
    VQC_TRY(weight_rearrange(c, &weight, error));
    vqc_status status = products_init(plan, state, weight, error);
    free(weight);
    return status;
}
