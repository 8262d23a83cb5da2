#include "models/network.h"

#include <stdlib.h>

#include "base/memory.h"
#include "models/memory_plan.h"

/* What a value or step has no block for. */
enum { NO_BLOCK = -1, NO_STEP = -1 };

typedef struct network_value {
    vqc_dtype dtype;
    vqc_shape shape;
    size_t size;         /* bytes */
    int producer;        /* the step it comes from, NO_STEP for inputs */
    bool output;         /* the backward pass starts from its gradient */
    bool kept;           /* readable for the caller after every run */
    bool has_gradient;   /* a gradient flows to it */
    int data_block;      /* index into the blocks */
    int gradient_block;  /* may be shared with the value it was added to; NO_BLOCK without gradient */
    bool gradient_begun; /* while laying out the backward pass: some step has written its gradient */
} network_value;

typedef struct network_step {
    vqc_plan *plan;
    vqc_operation_kind kind;
    vqc_operation_layout layout;
    int input[VQC_OPERATION_MAX_INPUTS];
    int output;
    int saved_block;
    bool gradient_wanted[VQC_OPERATION_MAX_INPUTS]; /* false also where the memory is shared with the output's */
    bool accumulate[VQC_OPERATION_MAX_INPUTS];
} network_step;

struct vqc_network {
    vqc_ops *ops;
    bool backward;
    bool finished;
    network_value *values;
    size_t value_count, value_capacity;
    network_step *steps;
    size_t step_count, step_capacity;
    vqc_memory_block *blocks;
    size_t block_count, block_capacity;
    size_t workspace_size, activation_size, parameter_size;
    unsigned char *memory; /* on the device: the blocks, then the workspace */
};

vqc_status vqc_network_create(vqc_ops *ops, bool backward, vqc_network **network_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate(1, sizeof **network_out, "a network", network_out, error));
    (*network_out)->ops = ops;
    (*network_out)->backward = backward;
    return VQC_OK;
}

void vqc_network_destroy(vqc_network *network)
{
    if (network == NULL)
        return;
    for (size_t i = 0; i < network->step_count; i++)
        vqc_plan_destroy(network->steps[i].plan);
    if (network->memory != NULL)
        vqc_ops_memory_release(network->ops, network->memory);
    free(network->values);
    free(network->steps);
    free(network->blocks);
    free(network);
}

int64_t vqc_shape_width(vqc_shape shape)
{
    return shape.size[shape.rank - 1];
}

int64_t vqc_shape_rows(vqc_shape shape)
{
    int64_t rows = 1;
    for (int i = 0; i < shape.rank - 1; i++)
        rows *= shape.size[i];
    return rows;
}

int64_t vqc_shape_count(vqc_shape shape)
{
    return vqc_shape_rows(shape) * vqc_shape_width(shape);
}

static vqc_status network_add_value(vqc_network *network, network_value value, vqc_value *value_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&network->values, &network->value_capacity, network->value_count + 1,
                            sizeof(network_value), "a network", error));
    value.size = (size_t)vqc_shape_count(value.shape) * vqc_dtype_size(value.dtype);
    value.data_block = NO_BLOCK;
    value.gradient_block = NO_BLOCK;
    value_out->index = (int)network->value_count;
    network->values[network->value_count++] = value;
    return VQC_OK;
}

vqc_status vqc_network_input(vqc_network *network, vqc_dtype dtype, vqc_shape shape, bool gradient,
                             vqc_value *value_out, vqc_error *error)
{
    network_value value = {.dtype = dtype,
                           .shape = shape,
                           .producer = NO_STEP,
                           .kept = true,
                           .has_gradient = gradient && network->backward};
    return network_add_value(network, value, value_out, error);
}

/* Checks that the operation's inputs and output are the values that the caller thinks they are. */
static vqc_status network_check_values(const vqc_network *network, const vqc_operation *operation,
                                       const vqc_operation_layout *layout, const vqc_value *inputs, vqc_shape shape,
                                       vqc_error *error)
{
    const char *name = vqc_operation_name(operation->kind);
    for (int i = 0; i < layout->input_count; i++) {
        const network_value *value = &network->values[inputs[i].index];
        if (value->dtype != layout->input_dtype[i] ||
            vqc_shape_count(value->shape) != layout->input_count_elements[i])
            return vqc_error_set(error, VQC_FAILED, "%s: input %d: expected %lld elements of %s, found %lld of %s",
                                 name, i, (long long)layout->input_count_elements[i],
                                 vqc_dtype_name(layout->input_dtype[i]), (long long)vqc_shape_count(value->shape),
                                 vqc_dtype_name(value->dtype));
    }
    if (layout->input_count == 2 && inputs[0].index == inputs[1].index)
        return vqc_error_set(error, VQC_FAILED, "%s: both inputs are the same value", name);
    if (vqc_shape_count(shape) != layout->output_count_elements)
        return vqc_error_set(error, VQC_FAILED, "%s: output: expected %lld elements, found a shape of %lld", name,
                             (long long)layout->output_count_elements, (long long)vqc_shape_count(shape));
    return VQC_OK;
}

vqc_status vqc_network_add(vqc_network *network, const vqc_operation *operation, const vqc_value *inputs,
                           vqc_shape shape, vqc_value *value_out, vqc_error *error)
{
    VQC_TRY(vqc_operation_check(operation, error));
    network_step step = {
        .kind = operation->kind, .layout = vqc_operation_layout_of(operation), .saved_block = NO_BLOCK};
    VQC_TRY(network_check_values(network, operation, &step.layout, inputs, shape, error));
    bool has_gradient = false;
    for (int i = 0; i < step.layout.input_count; i++) {
        step.input[i] = inputs[i].index;
        step.gradient_wanted[i] = step.layout.input_has_gradient[i] && network->values[inputs[i].index].has_gradient;
        has_gradient = has_gradient || step.gradient_wanted[i];
    }
    VQC_TRY(vqc_memory_grow(&network->steps, &network->step_capacity, network->step_count + 1, sizeof step,
                            "a network", error));
    network_value value = {.dtype = step.layout.output_dtype,
                           .shape = shape,
                           .producer = (int)network->step_count,
                           .has_gradient = has_gradient};
    VQC_TRY(network_add_value(network, value, value_out, error));
    step.output = value_out->index;
    VQC_TRY(vqc_plan_create(network->ops, operation, has_gradient, &step.plan, error));
    network->steps[network->step_count++] = step;
    return VQC_OK;
}

vqc_status vqc_network_output(vqc_network *network, vqc_value value, vqc_error *error)
{
    VQC_TRY(vqc_network_keep(network, value, error));
    network->values[value.index].output = true;
    return VQC_OK;
}

vqc_status vqc_network_keep(vqc_network *network, vqc_value value, vqc_error *error)
{
    if (network->finished)
        return vqc_error_set(error, VQC_FAILED, "network: value kept after the memory was laid out");
    network->values[value.index].kept = true;
    return VQC_OK;
}

/* Time runs from 0 to 2n − 1 for n steps: step i runs forwards at time i and backwards at 2n − 1 − i. */
static int time_end(const vqc_network *network)
{
    return 2 * (int)network->step_count - 1;
}

static int time_backward(const vqc_network *network, int step)
{
    return time_end(network) - step;
}

/* Adds a block that is alive at one time for now. */
static vqc_status network_add_block(vqc_network *network, size_t size, int time, int *block_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&network->blocks, &network->block_capacity, network->block_count + 1,
                            sizeof(vqc_memory_block), "a network", error));
    network->blocks[network->block_count] = (vqc_memory_block){.size = size, .first = time, .last = time};
    *block_out = (int)network->block_count++;
    return VQC_OK;
}

static void block_extend(vqc_network *network, int block, int time)
{
    vqc_memory_block *extended = &network->blocks[block];
    if (time < extended->first)
        extended->first = time;
    if (time > extended->last)
        extended->last = time;
}

/* Whether the caller writes or reads the value's gradient. */
static bool gradient_is_kept(const network_value *value)
{
    return value->output || value->producer == NO_STEP;
}

/* Gives every value and every saved state a block, alive as long as the two passes read it. */
static vqc_status layout_data(vqc_network *network, vqc_error *error)
{
    for (size_t i = 0; i < network->value_count; i++) {
        network_value *value = &network->values[i];
        int born = value->producer == NO_STEP ? 0 : value->producer;
        VQC_TRY(network_add_block(network, value->size, born, &value->data_block, error));
        if (value->kept) {
            block_extend(network, value->data_block, 0);
            block_extend(network, value->data_block, time_end(network));
        }
    }
    for (size_t i = 0; i < network->step_count; i++) {
        network_step *step = &network->steps[i];
        const network_value *output = &network->values[step->output];
        int backward = time_backward(network, (int)i);
        VQC_TRY(network_add_block(network, vqc_plan_saved_size(step->plan), (int)i, &step->saved_block, error));
        if (output->has_gradient || output->kept)
            block_extend(network, step->saved_block, output->kept ? time_end(network) : backward);
        if (output->has_gradient && step->layout.backward_reads_output)
            block_extend(network, output->data_block, backward);
        for (int k = 0; k < step->layout.input_count; k++) {
            int block = network->values[step->input[k]].data_block;
            block_extend(network, block, (int)i);
            if (output->has_gradient && step->layout.backward_reads_input[k])
                block_extend(network, block, backward);
        }
    }
    return VQC_OK;
}

/* Whether input k of the step receives the output's gradient unchanged: the terms of a sum. */
static bool step_passes_gradient(const network_step *step, int k)
{
    return step->kind == VQC_OPERATION_ADD ||
           (k == 1 && (step->kind == VQC_OPERATION_CONVOLUTION || step->kind == VQC_OPERATION_LINEAR));
}

/* Decides where the gradient of input k of the step goes, seen in the order of the backward pass. The first term of
 * a sum takes over the memory of the sum's gradient, which nothing reads afterwards, instead of a copy. */
static vqc_status layout_gradient(vqc_network *network, int index, int k, bool *taken, vqc_error *error)
{
    network_step *step = &network->steps[index];
    network_value *input = &network->values[step->input[k]];
    const network_value *output = &network->values[step->output];
    int time = time_backward(network, index);
    if (input->gradient_begun) {
        step->accumulate[k] = true;
        block_extend(network, input->gradient_block, time);
        return VQC_OK;
    }
    input->gradient_begun = true;
    if (step_passes_gradient(step, k) && !*taken && !gradient_is_kept(input) && !gradient_is_kept(output)) {
        *taken = true;
        step->gradient_wanted[k] = false;
        input->gradient_block = output->gradient_block;
        return VQC_OK;
    }
    if (input->gradient_block == NO_BLOCK)
        VQC_TRY(network_add_block(network, input->size, time, &input->gradient_block, error));
    block_extend(network, input->gradient_block, time);
    return VQC_OK;
}

/* Blocks for the gradients that the caller writes or reads: alive from the end of the forward pass to the end. */
static vqc_status layout_kept_gradients(vqc_network *network, vqc_error *error)
{
    for (size_t i = 0; i < network->value_count; i++) {
        network_value *value = &network->values[i];
        if (!value->has_gradient || !gradient_is_kept(value))
            continue;
        VQC_TRY(network_add_block(network, value->size, 0, &value->gradient_block, error));
        block_extend(network, value->gradient_block, time_end(network));
        value->gradient_begun = value->output;
    }
    return VQC_OK;
}

static vqc_status layout_backward(vqc_network *network, vqc_error *error)
{
    VQC_TRY(layout_kept_gradients(network, error));
    for (int i = (int)network->step_count - 1; i >= 0; i--) {
        network_step *step = &network->steps[i];
        network_value *output = &network->values[step->output];
        if (!output->has_gradient)
            continue;
        if (!output->gradient_begun)
            return vqc_error_set(error, VQC_FAILED, "network: the output of %s is never used",
                                 vqc_operation_name(step->kind));
        block_extend(network, output->gradient_block, time_backward(network, i));
        bool taken = false;
        for (int k = 0; k < step->layout.input_count; k++)
            if (step->gradient_wanted[k])
                VQC_TRY(layout_gradient(network, i, k, &taken, error));
    }
    return VQC_OK;
}

static void network_sum_sizes(vqc_network *network)
{
    for (size_t i = 0; i < network->step_count; i++) {
        size_t workspace = vqc_plan_workspace_size(network->steps[i].plan);
        if (workspace > network->workspace_size)
            network->workspace_size = workspace;
        network->parameter_size += vqc_plan_parameter_size(network->steps[i].plan);
    }
}

vqc_status vqc_network_finish(vqc_network *network, vqc_error *error)
{
    if (network->finished)
        return vqc_error_set(error, VQC_FAILED, "network: its memory is laid out already");
    VQC_TRY(layout_data(network, error));
    if (network->backward)
        VQC_TRY(layout_backward(network, error));
    network_sum_sizes(network);
    size_t total;
    VQC_TRY(vqc_memory_plan(network->blocks, network->block_count, &total, error));
    network->activation_size = total + network->workspace_size;
    void *memory;
    VQC_TRY(vqc_ops_memory_allocate(network->ops, network->activation_size, &memory, error));
    network->memory = memory;
    network->finished = true;
    return VQC_OK;
}

vqc_shape vqc_network_shape(const vqc_network *network, vqc_value value)
{
    return network->values[value.index].shape;
}

vqc_dtype vqc_network_dtype(const vqc_network *network, vqc_value value)
{
    return network->values[value.index].dtype;
}

static void *block_memory(vqc_network *network, int block)
{
    return block == NO_BLOCK ? NULL : network->memory + network->blocks[block].offset;
}

/* The workspace lies behind the blocks. */
static void *network_workspace(vqc_network *network)
{
    return network->memory + (network->activation_size - network->workspace_size);
}

void *vqc_network_data(vqc_network *network, vqc_value value)
{
    return block_memory(network, network->values[value.index].data_block);
}

void *vqc_network_gradient(vqc_network *network, vqc_value value)
{
    return block_memory(network, network->values[value.index].gradient_block);
}

void *vqc_network_saved(vqc_network *network, vqc_value value)
{
    int producer = network->values[value.index].producer;
    return producer == NO_STEP ? NULL : block_memory(network, network->steps[producer].saved_block);
}

vqc_status vqc_network_forward(vqc_network *network, vqc_error *error)
{
    for (size_t i = 0; i < network->step_count; i++) {
        network_step *step = &network->steps[i];
        vqc_forward arguments = {
            .output = block_memory(network, network->values[step->output].data_block),
            .saved = block_memory(network, step->saved_block),
            .workspace = network_workspace(network),
        };
        for (int k = 0; k < step->layout.input_count; k++)
            arguments.input[k] = block_memory(network, network->values[step->input[k]].data_block);
        VQC_TRY(vqc_plan_forward(step->plan, &arguments, error));
    }
    return VQC_OK;
}

static vqc_status step_backward(vqc_network *network, network_step *step, vqc_error *error)
{
    const network_value *output = &network->values[step->output];
    vqc_backward arguments = {
        .grad_output = block_memory(network, output->gradient_block),
        .output = step->layout.backward_reads_output ? block_memory(network, output->data_block) : NULL,
        .saved = block_memory(network, step->saved_block),
        .workspace = network_workspace(network),
    };
    for (int k = 0; k < step->layout.input_count; k++) {
        const network_value *input = &network->values[step->input[k]];
        if (step->layout.backward_reads_input[k])
            arguments.input[k] = block_memory(network, input->data_block);
        if (step->gradient_wanted[k])
            arguments.grad_input[k] = block_memory(network, input->gradient_block);
        arguments.accumulate[k] = step->accumulate[k];
    }
    return vqc_plan_backward(step->plan, &arguments, error);
}

vqc_status vqc_network_backward(vqc_network *network, vqc_error *error)
{
    for (size_t i = network->step_count; i-- > 0;)
        if (network->values[network->steps[i].output].has_gradient)
            VQC_TRY(step_backward(network, &network->steps[i], error));
    return VQC_OK;
}

size_t vqc_network_activation_size(const vqc_network *network)
{
    return network->activation_size;
}

size_t vqc_network_parameter_size(const vqc_network *network)
{
    return network->parameter_size;
}

vqc_status vqc_network_write(vqc_network *network, vqc_value value, const void *host, vqc_error *error)
{
    return vqc_ops_upload(network->ops, vqc_network_data(network, value), host, network->values[value.index].size,
                          error);
}

vqc_status vqc_network_read(vqc_network *network, vqc_value value, void *host, vqc_error *error)
{
    return vqc_ops_download(network->ops, host, vqc_network_data(network, value), network->values[value.index].size,
                            error);
}

vqc_status vqc_network_gradient_write(vqc_network *network, vqc_value value, const float *host, vqc_error *error)
{
    return vqc_ops_upload(network->ops, vqc_network_gradient(network, value), host, network->values[value.index].size,
                          error);
}

vqc_status vqc_network_gradient_read(vqc_network *network, vqc_value value, float *host, vqc_error *error)
{
    return vqc_ops_download(network->ops, host, vqc_network_gradient(network, value),
                            network->values[value.index].size, error);
}
