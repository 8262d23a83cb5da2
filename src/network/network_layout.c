#include "network/network_layout.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void vqc_network_layout_release(vqc_network_layout *layout)
{
    free(layout->values);
    free(layout->nodes);
    free(layout->blocks);
    *layout = (vqc_network_layout){0};
}

/* ---- Blocks ---- */

/* Adds a block that is alive at one time for now. */
static vqc_status block_add(vqc_network_layout *layout, size_t size, int time, int *block_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&layout->blocks, &layout->block_capacity, layout->block_count + 1,
                            sizeof(vqc_memory_block), "a network", error));
    layout->blocks[layout->block_count] = (vqc_memory_block){.size = size, .first = time, .last = time};
    *block_out = (int)layout->block_count++;
    return VQC_OK;
}

static void block_extend(vqc_network_layout *layout, int block, int time)
{
    vqc_memory_block *extended = &layout->blocks[block];
    if (time < extended->first)
        extended->first = time;
    if (time > extended->last)
        extended->last = time;
}

/* ---- Times ---- */

static void segments_number(const vqc_network_graph *graph, const bool *cuts, vqc_network_layout *layout)
{
    layout->segments = graph->node_count > 0;
    for (size_t i = 0; i < graph->node_count; i++) {
        if (i > 0 && cuts[i])
            layout->segments++;
        layout->nodes[i].segment = layout->segments - 1;
    }
}

/* Gives every node of segments before the last a time to run again, and every node one to run backwards. */
static void times_set(const vqc_network_graph *graph, vqc_network_layout *layout)
{
    vqc_node_place *nodes = layout->nodes;
    int time = (int)graph->node_count;
    int begin;
    for (int end = (int)graph->node_count; end > 0; end = begin) {
        begin = end;
        while (begin > 0 && nodes[begin - 1].segment == nodes[end - 1].segment)
            begin--;
        for (int i = begin; i < end; i++)
            nodes[i].again = nodes[i].segment == layout->segments - 1 ? VQC_NO_TIME : time++;
        for (int i = end - 1; i >= begin; i--)
            nodes[i].backward = time++;
    }
    layout->end = time > 0 ? time - 1 : 0;
}

/* Sets stays[value]: whether it is alive without a gap, as it leaves its segment or may be read by the caller. */
static void stays_set(const vqc_network_graph *graph, const vqc_network_layout *layout, bool *stays)
{
    const vqc_node_place *places = layout->nodes;
    for (size_t v = 0; v < graph->value_count; v++) {
        const vqc_network_value *value = &graph->values[v];
        stays[v] =
            value->kept || value->producer == VQC_NO_NODE || places[value->producer].segment == layout->segments - 1;
    }
    for (size_t i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i].layout.input_count; k++) {
            int v = graph->nodes[i].input[k];
            int producer = graph->values[v].producer;
            if (producer != VQC_NO_NODE && places[producer].segment != places[i].segment)
                stays[v] = true;
        }
}

/* Takes the time to run again from nodes that need not: whose output stays, or is read by nothing that comes. */
static void again_limit(const vqc_network_graph *graph, const bool *stays, bool *needed, vqc_network_layout *layout)
{
    for (int i = (int)graph->node_count - 1; i >= 0; i--) {
        const vqc_network_node *node = &graph->nodes[i];
        bool backward = graph->values[node->output].has_gradient;
        bool own = backward && (vqc_plan_saved_size(node->plan) > 0 || node->layout.backward_reads_output);
        if (stays[node->output] || !(needed[node->output] || own))
            layout->nodes[i].again = VQC_NO_TIME;
        bool again = layout->nodes[i].again != VQC_NO_TIME;
        for (int k = 0; k < node->layout.input_count; k++)
            if (again || (backward && node->layout.backward_reads_input[k]))
                needed[node->input[k]] = true;
    }
}

/* ---- Data ---- */

/* A value's block or blocks, at the time when it is computed. */
static vqc_status value_place(const vqc_network_graph *graph, size_t index, bool stays, vqc_network_layout *layout,
                              vqc_error *error)
{
    const vqc_network_value *value = &graph->values[index];
    vqc_value_place *place = &layout->values[index];
    int born = value->producer == VQC_NO_NODE ? 0 : value->producer;
    *place = (vqc_value_place){.data_again = VQC_NO_BLOCK, .gradient = VQC_NO_BLOCK};
    VQC_TRY(block_add(layout, value->size, born, &place->data, error));
    if (value->kept) {
        block_extend(layout, place->data, 0);
        block_extend(layout, place->data, layout->end);
    }
    if (stays)
        place->data_again = place->data;
    else if (layout->nodes[born].again != VQC_NO_TIME)
        return block_add(layout, value->size, layout->nodes[born].again, &place->data_again, error);
    return VQC_OK;
}

/* The state that a node leaves for its backward call. */
static vqc_status saved_place(const vqc_network_graph *graph, int index, bool stays, vqc_network_layout *layout,
                              vqc_error *error)
{
    vqc_node_place *place = &layout->nodes[index];
    const vqc_network_value *output = &graph->values[graph->nodes[index].output];
    size_t size = vqc_plan_saved_size(graph->nodes[index].plan);
    VQC_TRY(block_add(layout, size, index, &place->saved, error));
    place->saved_again = place->saved;
    if (output->kept)
        block_extend(layout, place->saved, layout->end);
    if (!stays && place->again != VQC_NO_TIME)
        VQC_TRY(block_add(layout, size, place->again, &place->saved_again, error));
    /* A node that would have to run again for its saved state does; what is left has none. */
    if (output->has_gradient && (stays || place->again != VQC_NO_TIME))
        block_extend(layout, place->saved_again, place->backward);
    return VQC_OK;
}

/* Scratch memory for each time when the node runs. */
static vqc_status workspace_place(const vqc_network_graph *graph, int index, vqc_network_layout *layout,
                                  vqc_error *error)
{
    vqc_node_place *place = &layout->nodes[index];
    size_t size = vqc_plan_workspace_size(graph->nodes[index].plan);
    place->workspace_again = VQC_NO_BLOCK;
    place->workspace_backward = VQC_NO_BLOCK;
    VQC_TRY(block_add(layout, size, index, &place->workspace, error));
    if (place->again != VQC_NO_TIME)
        VQC_TRY(block_add(layout, size, place->again, &place->workspace_again, error));
    if (graph->values[graph->nodes[index].output].has_gradient)
        VQC_TRY(block_add(layout, size, place->backward, &place->workspace_backward, error));
    return VQC_OK;
}

/* Keeps a node's inputs and output alive for all its runs. */
static void node_reads(const vqc_network_graph *graph, int index, vqc_network_layout *layout)
{
    const vqc_network_node *node = &graph->nodes[index];
    const vqc_node_place *place = &layout->nodes[index];
    bool backward = graph->values[node->output].has_gradient;
    if (backward && node->layout.backward_reads_output)
        block_extend(layout, layout->values[node->output].data_again, place->backward);
    for (int k = 0; k < node->layout.input_count; k++) {
        const vqc_value_place *input = &layout->values[node->input[k]];
        block_extend(layout, input->data, index);
        if (place->again != VQC_NO_TIME)
            block_extend(layout, input->data_again, place->again);
        if (backward && node->layout.backward_reads_input[k])
            block_extend(layout, input->data_again, place->backward);
    }
}

static vqc_status data_place(const vqc_network_graph *graph, const bool *stays, vqc_network_layout *layout,
                             vqc_error *error)
{
    for (size_t v = 0; v < graph->value_count; v++)
        VQC_TRY(value_place(graph, v, stays[v], layout, error));
    for (int i = 0; i < (int)graph->node_count; i++) {
        VQC_TRY(saved_place(graph, i, stays[graph->nodes[i].output], layout, error));
        VQC_TRY(workspace_place(graph, i, layout, error));
        node_reads(graph, i, layout);
    }
    return VQC_OK;
}

/* ---- Gradients ---- */

/* Whether the caller writes or reads the value's gradient. */
static bool gradient_is_kept(const vqc_network_value *value)
{
    return value->output || value->producer == VQC_NO_NODE;
}

/* Whether input k of the node receives the output's gradient unchanged: the terms of a sum. */
static bool node_passes_gradient(const vqc_network_node *node, int k)
{
    return node->kind == VQC_OPERATION_ADD ||
           (k == 1 && (node->kind == VQC_OPERATION_CONVOLUTION || node->kind == VQC_OPERATION_LINEAR));
}

/* Decides where the gradient of input k of the node goes, seen in the order of the backward pass. The first term of
 * a sum takes over the memory of the sum's gradient, which nothing reads afterwards, instead of a copy. */
static vqc_status gradient_place(const vqc_network_graph *graph, int index, int k, bool *taken,
                                 vqc_network_layout *layout, vqc_error *error)
{
    const vqc_network_node *node = &graph->nodes[index];
    const vqc_network_value *input = &graph->values[node->input[k]];
    vqc_node_place *place = &layout->nodes[index];
    vqc_value_place *to = &layout->values[node->input[k]];
    place->gradient_written[k] = true;
    if (to->gradient_begun) {
        place->accumulate[k] = true;
        block_extend(layout, to->gradient, place->backward);
        return VQC_OK;
    }
    to->gradient_begun = true;
    if (node_passes_gradient(node, k) && !*taken && !gradient_is_kept(input) &&
        !gradient_is_kept(&graph->values[node->output])) {
        *taken = true;
        place->gradient_written[k] = false;
        to->gradient = layout->values[node->output].gradient;
        return VQC_OK;
    }
    if (to->gradient == VQC_NO_BLOCK)
        VQC_TRY(block_add(layout, input->size, place->backward, &to->gradient, error));
    block_extend(layout, to->gradient, place->backward);
    return VQC_OK;
}

/* Blocks for the gradients that the caller writes or reads: alive all the time. */
static vqc_status kept_gradients_place(const vqc_network_graph *graph, vqc_network_layout *layout, vqc_error *error)
{
    for (size_t v = 0; v < graph->value_count; v++) {
        const vqc_network_value *value = &graph->values[v];
        vqc_value_place *place = &layout->values[v];
        if (!value->has_gradient || !gradient_is_kept(value))
            continue;
        VQC_TRY(block_add(layout, value->size, 0, &place->gradient, error));
        block_extend(layout, place->gradient, layout->end);
        place->gradient_begun = value->output;
    }
    return VQC_OK;
}

static vqc_status gradients_place(const vqc_network_graph *graph, vqc_network_layout *layout, vqc_error *error)
{
    VQC_TRY(kept_gradients_place(graph, layout, error));
    for (int i = (int)graph->node_count - 1; i >= 0; i--) {
        const vqc_network_node *node = &graph->nodes[i];
        const vqc_value_place *output = &layout->values[node->output];
        bool taken = false;
        if (!graph->values[node->output].has_gradient)
            continue;
        if (!output->gradient_begun)
            return vqc_error_set(error, VQC_FAILED, "network: the output of %s is never used",
                                 vqc_operation_name(node->kind));
        block_extend(layout, output->gradient, layout->nodes[i].backward);
        for (int k = 0; k < node->layout.input_count; k++)
            if (node->gradient_wanted[k])
                VQC_TRY(gradient_place(graph, i, k, &taken, layout, error));
    }
    return VQC_OK;
}

/* ---- The whole ---- */

static vqc_status layout_prepare(const vqc_network_graph *graph, vqc_network_layout *layout, vqc_error *error)
{
    if (layout->values == NULL)
        VQC_TRY(vqc_memory_allocate(graph->value_count, sizeof *layout->values, "a network", &layout->values, error));
    if (layout->nodes == NULL)
        VQC_TRY(vqc_memory_allocate(graph->node_count, sizeof *layout->nodes, "a network", &layout->nodes, error));
    memset(layout->nodes, 0, graph->node_count * sizeof *layout->nodes);
    layout->block_count = 0;
    return VQC_OK;
}

vqc_status vqc_network_layout_fill(const vqc_network_graph *graph, const bool *cuts, vqc_network_layout *layout,
                                   vqc_error *error)
{
    bool *stays;
    VQC_TRY(layout_prepare(graph, layout, error));
    VQC_TRY(vqc_memory_allocate(2 * graph->value_count, sizeof *stays, "a network", &stays, error));
    segments_number(graph, cuts, layout);
    times_set(graph, layout);
    stays_set(graph, layout, stays);
    again_limit(graph, stays, stays + graph->value_count, layout);
    vqc_status status = data_place(graph, stays, layout, error);
    if (status == VQC_OK && graph->backward)
        status = gradients_place(graph, layout, error);
    free(stays);
    return status;
}

vqc_status vqc_network_layout_least(const vqc_network_layout *layout, size_t *bytes_out, vqc_error *error)
{
    int64_t *change; /* of the bytes alive, at each time */
    int64_t alive = 0;
    int64_t most = 0;
    VQC_TRY(vqc_memory_allocate((size_t)layout->end + 2, sizeof *change, "a network", &change, error));
    for (size_t i = 0; i < layout->block_count; i++) {
        const vqc_memory_block *block = &layout->blocks[i];
        change[block->first] += (int64_t)block->size;
        change[block->last + 1] -= (int64_t)block->size;
    }
    for (int time = 0; time <= layout->end; time++) {
        alive += change[time];
        most = alive > most ? alive : most;
    }
    free(change);
    *bytes_out = (size_t)most;
    return VQC_OK;
}
