#include "network/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "network/memory_packing.h"
#include "network/network_layout.h"
#include "network/recomputation.h"

struct vqc_network {
    vqc_ops *ops;
    vqc_network_graph graph;
    bool recompute; /* asked for */
    bool prepared;
    vqc_network_layout layout;
    size_t activation_size, workspace_size, parameter_size;
    unsigned char *memory; /* on the device: the layout's blocks; NULL before the network is finished */
};

vqc_status vqc_network_create(vqc_ops *ops, bool backward, vqc_network **network_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate(1, sizeof **network_out, "a network", network_out, error));
    (*network_out)->ops = ops;
    (*network_out)->graph.backward = backward;
    return VQC_OK;
}

void vqc_network_destroy(vqc_network *network)
{
    if (network == NULL)
        return;
    for (size_t i = 0; i < network->graph.node_count; i++)
        vqc_plan_destroy(network->graph.nodes[i].plan);
    if (network->memory != NULL)
        vqc_ops_memory_release(network->ops, network->memory);
    for (size_t v = 0; v < network->graph.value_count; v++)
        free(network->graph.values[v].constant);
    free(network->graph.values);
    free(network->graph.nodes);
    vqc_network_layout_release(&network->layout);
    free(network);
}

/* Copies the data of a constant; NULL gives NULL. */
static vqc_status constant_copy(const void *data, size_t size, void **copy_out, vqc_error *error)
{
    unsigned char *copy = NULL;
    if (data != NULL) {
        VQC_TRY(vqc_memory_allocate(size, 1, "a constant", &copy, error));
        memcpy(copy, data, size);
    }
    *copy_out = copy;
    return VQC_OK;
}

/* Copies values and nodes, with plans of its own. */
static vqc_status graph_copy(const vqc_network_graph *first, vqc_ops *ops, vqc_network_graph *graph, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&graph->values, &graph->value_capacity, first->value_count, sizeof *graph->values,
                            "a network", error));
    VQC_TRY(vqc_memory_grow(&graph->nodes, &graph->node_capacity, first->node_count, sizeof *graph->nodes,
                            "a network", error));
    graph->backward = first->backward;
    for (; graph->value_count < first->value_count; graph->value_count++) {
        vqc_network_value *value = &graph->values[graph->value_count];
        *value = first->values[graph->value_count];
        VQC_TRY(constant_copy(first->values[graph->value_count].constant, value->size, &value->constant, error));
    }
    for (; graph->node_count < first->node_count; graph->node_count++) {
        vqc_network_node *node = &graph->nodes[graph->node_count];
        *node = first->nodes[graph->node_count];
        VQC_TRY(vqc_plan_create_beside(ops, first->nodes[graph->node_count].plan, &node->plan, error));
    }
    return VQC_OK;
}

vqc_status vqc_network_create_beside(const vqc_network *first, vqc_ops *ops, vqc_network **network_out,
                                     vqc_error *error)
{
    vqc_network *network;
    VQC_TRY(vqc_memory_allocate(1, sizeof *network, "a network", &network, error));
    network->ops = ops;
    network->recompute = first->recompute;
    vqc_status status = graph_copy(&first->graph, ops, &network->graph, error);
    if (status != VQC_OK) {
        vqc_network_destroy(network);
        return status;
    }
    *network_out = network;
    return VQC_OK;
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

static vqc_status network_check_open(const vqc_network *network, vqc_error *error)
{
    if (network->prepared)
        return vqc_error_set(error, VQC_FAILED, "network: changed after its memory was laid out");
    return VQC_OK;
}

static vqc_status network_add_value(vqc_network *network, vqc_network_value value, vqc_value *value_out,
                                    vqc_error *error)
{
    vqc_network_graph *graph = &network->graph;
    VQC_TRY(network_check_open(network, error));
    VQC_TRY(vqc_memory_grow(&graph->values, &graph->value_capacity, graph->value_count + 1, sizeof(vqc_network_value),
                            "a network", error));
    value.size = (size_t)vqc_shape_count(value.shape) * vqc_dtype_size(value.dtype);
    value_out->index = (int)graph->value_count;
    graph->values[graph->value_count++] = value;
    return VQC_OK;
}

vqc_status vqc_network_input(vqc_network *network, vqc_dtype dtype, vqc_shape shape, bool gradient,
                             vqc_value *value_out, vqc_error *error)
{
    vqc_network_value value = {.dtype = dtype,
                               .shape = shape,
                               .producer = VQC_NO_NODE,
                               .kept = true,
                               .has_gradient = gradient && network->graph.backward};
    return network_add_value(network, value, value_out, error);
}

vqc_status vqc_network_constant(vqc_network *network, vqc_dtype dtype, vqc_shape shape, const void *data,
                                vqc_value *value_out, vqc_error *error)
{
    VQC_TRY(vqc_network_input(network, dtype, shape, false, value_out, error));
    vqc_network_value *value = &network->graph.values[value_out->index];
    return constant_copy(data, value->size, &value->constant, error);
}

/* Checks that the operation's inputs and output are the values that the caller thinks they are. */
static vqc_status network_check_values(const vqc_network *network, const vqc_operation *operation,
                                       const vqc_operation_layout *layout, const vqc_value *inputs, vqc_shape shape,
                                       vqc_error *error)
{
    const char *name = vqc_operation_name(operation->kind);
    for (int i = 0; i < layout->input_count; i++) {
        const vqc_network_value *value = &network->graph.values[inputs[i].index];
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
    vqc_network_graph *graph = &network->graph;
    vqc_network_node node = {.kind = operation->kind, .layout = vqc_operation_layout_of(operation)};
    VQC_TRY(network_check_values(network, operation, &node.layout, inputs, shape, error));
    bool has_gradient = false;
    for (int i = 0; i < node.layout.input_count; i++) {
        node.input[i] = inputs[i].index;
        node.gradient_wanted[i] = node.layout.input_has_gradient[i] && graph->values[inputs[i].index].has_gradient;
        has_gradient = has_gradient || node.gradient_wanted[i];
    }
    VQC_TRY(vqc_memory_grow(&graph->nodes, &graph->node_capacity, graph->node_count + 1, sizeof node, "a network",
                            error));
    vqc_network_value value = {.dtype = node.layout.output_dtype,
                               .shape = shape,
                               .producer = (int)graph->node_count,
                               .has_gradient = has_gradient};
    VQC_TRY(network_add_value(network, value, value_out, error));
    node.output = value_out->index;
    if (network->ops != NULL)
        VQC_TRY(vqc_plan_create(network->ops, operation, has_gradient, &node.plan, error));
    graph->nodes[graph->node_count++] = node;
    return VQC_OK;
}

vqc_status vqc_network_output(vqc_network *network, vqc_value value, vqc_error *error)
{
    VQC_TRY(vqc_network_keep(network, value, error));
    network->graph.values[value.index].output = true;
    return VQC_OK;
}

vqc_status vqc_network_keep(vqc_network *network, vqc_value value, vqc_error *error)
{
    VQC_TRY(network_check_open(network, error));
    network->graph.values[value.index].kept = true;
    return VQC_OK;
}

vqc_status vqc_network_recompute(vqc_network *network, vqc_error *error)
{
    VQC_TRY(network_check_open(network, error));
    network->recompute = true;
    return VQC_OK;
}

/* Lays the network out and places the blocks; *bytes_out is the size of their memory. */
static vqc_status layout_create(const vqc_network_graph *graph, bool recompute, vqc_network_layout *layout,
                                size_t *bytes_out, vqc_error *error)
{
    bool *cuts;
    VQC_TRY(vqc_memory_allocate(graph->node_count, sizeof *cuts, "a network", &cuts, error));
    vqc_status status = VQC_OK;
    if (recompute && graph->backward)
        status = vqc_recomputation_choose(graph, cuts, error);
    if (status == VQC_OK)
        status = vqc_network_layout_fill(graph, cuts, layout, error);
    free(cuts);
    VQC_TRY(status);
    return vqc_memory_packing(layout->blocks, layout->block_count, bytes_out, error);
}

const vqc_network_graph *vqc_network_graph_of(const vqc_network *network)
{
    return &network->graph;
}

vqc_status vqc_network_size(const vqc_network *network, bool recompute, size_t *bytes_out, vqc_error *error)
{
    vqc_network_layout layout = {0};
    vqc_status status = layout_create(&network->graph, recompute, &layout, bytes_out, error);
    vqc_network_layout_release(&layout);
    return status;
}

static void network_sum_sizes(vqc_network *network)
{
    for (size_t i = 0; i < network->graph.node_count; i++) {
        size_t workspace = vqc_plan_workspace_size(network->graph.nodes[i].plan);
        if (workspace > network->workspace_size)
            network->workspace_size = workspace;
        network->parameter_size += vqc_plan_parameter_size(network->graph.nodes[i].plan);
    }
}

vqc_status vqc_network_prepare(vqc_network *network, vqc_error *error)
{
    VQC_TRY(network_check_open(network, error));
    if (network->ops == NULL)
        return VQC_OK;
    VQC_TRY(layout_create(&network->graph, network->recompute, &network->layout, &network->activation_size, error));
    network_sum_sizes(network);
    network->prepared = true;
    return VQC_OK;
}

vqc_status vqc_network_finish(vqc_network *network, vqc_error *error)
{
    void *memory;
    if (network->memory != NULL)
        return vqc_error_set(error, VQC_FAILED, "network: finished twice");
    if (network->ops == NULL)
        return VQC_OK;
    if (!network->prepared)
        VQC_TRY(vqc_network_prepare(network, error));
    VQC_TRY(vqc_ops_memory_allocate(network->ops, network->activation_size, &memory, error));
    network->memory = memory;
    for (size_t v = 0; v < network->graph.value_count; v++)
        if (network->graph.values[v].constant != NULL)
            VQC_TRY(vqc_network_write(network, (vqc_value){(int)v}, network->graph.values[v].constant, error));
    return VQC_OK;
}

vqc_shape vqc_network_shape(const vqc_network *network, vqc_value value)
{
    return network->graph.values[value.index].shape;
}

vqc_dtype vqc_network_dtype(const vqc_network *network, vqc_value value)
{
    return network->graph.values[value.index].dtype;
}

static void *block_memory(vqc_network *network, int block)
{
    return block == VQC_NO_BLOCK ? NULL : network->memory + network->layout.blocks[block].offset;
}

void *vqc_network_data(vqc_network *network, vqc_value value)
{
    return block_memory(network, network->layout.values[value.index].data);
}

void *vqc_network_gradient(vqc_network *network, vqc_value value)
{
    return block_memory(network, network->layout.values[value.index].gradient);
}

void *vqc_network_saved(vqc_network *network, vqc_value value)
{
    int producer = network->graph.values[value.index].producer;
    return producer == VQC_NO_NODE ? NULL : block_memory(network, network->layout.nodes[producer].saved);
}

/* Runs a node forwards: the first time, or again with the memory of then. */
static vqc_status node_forward(vqc_network *network, size_t index, bool again, vqc_error *error)
{
    const vqc_network_node *node = &network->graph.nodes[index];
    const vqc_node_place *place = &network->layout.nodes[index];
    const vqc_value_place *values = network->layout.values;
    const vqc_value_place *output = &values[node->output];
    vqc_forward arguments = {
        .output = block_memory(network, again ? output->data_again : output->data),
        .saved = block_memory(network, again ? place->saved_again : place->saved),
        .workspace = block_memory(network, again ? place->workspace_again : place->workspace),
    };
    for (int k = 0; k < node->layout.input_count; k++) {
        const vqc_value_place *input = &values[node->input[k]];
        arguments.input[k] = block_memory(network, again ? input->data_again : input->data);
    }
    return vqc_plan_forward(node->plan, &arguments, error);
}

vqc_status vqc_network_forward(vqc_network *network, vqc_error *error)
{
    for (size_t i = 0; i < network->graph.node_count; i++)
        VQC_TRY(node_forward(network, i, false, error));
    return VQC_OK;
}

static vqc_status node_backward(vqc_network *network, size_t index, vqc_error *error)
{
    const vqc_network_node *node = &network->graph.nodes[index];
    const vqc_node_place *place = &network->layout.nodes[index];
    const vqc_value_place *values = network->layout.values;
    vqc_backward arguments = {
        .grad_output = block_memory(network, values[node->output].gradient),
        .output = node->layout.backward_reads_output ? block_memory(network, values[node->output].data_again) : NULL,
        .saved = block_memory(network, place->saved_again),
        .workspace = block_memory(network, place->workspace_backward),
    };
    for (int k = 0; k < node->layout.input_count; k++) {
        const vqc_value_place *input = &values[node->input[k]];
        if (node->layout.backward_reads_input[k])
            arguments.input[k] = block_memory(network, input->data_again);
        if (place->gradient_written[k])
            arguments.grad_input[k] = block_memory(network, input->gradient);
        arguments.accumulate[k] = place->accumulate[k];
    }
    return vqc_plan_backward(node->plan, &arguments, error);
}

/* Goes through one segment, which ends before `end`, and gives where it begins. */
static vqc_status segment_backward(vqc_network *network, size_t end, size_t *begin_out, vqc_error *error)
{
    const vqc_node_place *places = network->layout.nodes;
    size_t begin = end;
    while (begin > 0 && places[begin - 1].segment == places[end - 1].segment)
        begin--;
    *begin_out = begin;
    for (size_t i = begin; i < end; i++)
        if (places[i].again != VQC_NO_TIME)
            VQC_TRY(node_forward(network, i, true, error));
    for (size_t i = end; i-- > begin;)
        if (network->graph.values[network->graph.nodes[i].output].has_gradient)
            VQC_TRY(node_backward(network, i, error));
    return VQC_OK;
}

vqc_status vqc_network_backward(vqc_network *network, vqc_error *error)
{
    size_t begin;
    for (size_t end = network->graph.node_count; end > 0; end = begin)
        VQC_TRY(segment_backward(network, end, &begin, error));
    return VQC_OK;
}

size_t vqc_network_activation_size(const vqc_network *network)
{
    return network->activation_size;
}

size_t vqc_network_workspace_size(const vqc_network *network)
{
    return network->workspace_size;
}

size_t vqc_network_parameter_size(const vqc_network *network)
{
    return network->parameter_size;
}

vqc_status vqc_network_write(vqc_network *network, vqc_value value, const void *host, vqc_error *error)
{
    return vqc_ops_upload(network->ops, vqc_network_data(network, value), host,
                          network->graph.values[value.index].size, error);
}

vqc_status vqc_network_read(vqc_network *network, vqc_value value, void *host, vqc_error *error)
{
    return vqc_ops_download(network->ops, host, vqc_network_data(network, value),
                            network->graph.values[value.index].size, error);
}

vqc_status vqc_network_gradient_write(vqc_network *network, vqc_value value, const float *host, vqc_error *error)
{
    return vqc_ops_upload(network->ops, vqc_network_gradient(network, value), host,
                          network->graph.values[value.index].size, error);
}

vqc_status vqc_network_gradient_read(vqc_network *network, vqc_value value, float *host, vqc_error *error)
{
    return vqc_ops_download(network->ops, host, vqc_network_gradient(network, value),
                            network->graph.values[value.index].size, error);
}
