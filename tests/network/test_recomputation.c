/* Recomputation in networks: the same bits from less memory, and memory that is never overwritten while it is read.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../device_absent.h"
#include "../device_precision.h"
#include "../support/check.h"
#include "base/random.h"
#include "network/network_layout.h"

enum { SIDE = 12, WIDTH = 32, BLOCKS = 12, ELEMENTS = SIDE * SIDE * WIDTH };

/* The device that the argument names. */
static vqc_ops *device;

static void values_draw(float *values, size_t count, uint32_t seed, float scale)
{
    for (size_t i = 0; i < count; i++) {
        vqc_random_key key = {{seed, 1}};
        vqc_random_block counter = {{(uint32_t)i, 0, 0, 0}};
        values[i] = scale * ((float)vqc_random_block_at(key, counter).word[0] / 4294967296.0F - 0.5F);
    }
}

/* The parameters of a block; the layers copy them. */
typedef struct block_parameters {
    float scale[WIDTH], shift[WIDTH];
    float kernel[WIDTH * WIDTH * 9];
    float stack[3 * WIDTH * WIDTH];
    float last[WIDTH * WIDTH];
} block_parameters;

static void parameters_draw(block_parameters *parameters, uint32_t seed)
{
    values_draw(parameters->scale, WIDTH, seed, 2.0F);
    values_draw(parameters->shift, WIDTH, seed + 1, 1.0F);
    values_draw(parameters->kernel, WIDTH * WIDTH * 9, seed + 2, 0.2F);
    values_draw(parameters->stack, 3 * WIDTH * WIDTH, seed + 3, 0.5F);
    values_draw(parameters->last, WIDTH * WIDTH, seed + 4, 0.5F);
}

static vqc_value network_node(vqc_network *network, const vqc_operation *operation, vqc_value first,
                              const vqc_value *second, int64_t width)
{
    vqc_error error = {0};
    vqc_value inputs[] = {first, second == NULL ? first : *second};
    vqc_value output;
    vqc_shape shape = {4, {1, SIDE, SIDE, width}};
    check(vqc_network_add(network, operation, inputs, shape, &output, &error), &error);
    return output;
}

static vqc_value norm_add(vqc_network *network, vqc_dtype dtype, const block_parameters *parameters, vqc_value x)
{
    const vqc_operation norm = {.kind = VQC_OPERATION_GROUP_NORM,
                                .dtype = dtype,
                                .group_norm = {.batch = 1,
                                               .pixels = SIDE * SIDE,
                                               .channels = WIDTH,
                                               .groups = 8,
                                               .epsilon = 1e-6F,
                                               .swish = true,
                                               .weight = parameters->scale,
                                               .bias = parameters->shift}};
    return network_node(network, &norm, x, NULL, WIDTH);
}

/* x + convolution(norm(convolution(norm(x)))), as in the decoder. */
static vqc_value residual_add(vqc_network *network, vqc_dtype dtype, const block_parameters *parameters, vqc_value x)
{
    vqc_operation convolution = {.kind = VQC_OPERATION_CONVOLUTION,
                                 .dtype = dtype,
                                 .convolution = {.batch = 1,
                                                 .height = SIDE,
                                                 .width = SIDE,
                                                 .in_channels = WIDTH,
                                                 .out_channels = WIDTH,
                                                 .kernel_height = 3,
                                                 .kernel_width = 3,
                                                 .stride = 1,
                                                 .pad_top = 1,
                                                 .pad_left = 1,
                                                 .pad_bottom = 1,
                                                 .pad_right = 1,
                                                 .weight = parameters->kernel}};
    vqc_value h = network_node(network, &convolution, norm_add(network, dtype, parameters, x), NULL, WIDTH);
    convolution.convolution.residual = true;
    return network_node(network, &convolution, norm_add(network, dtype, parameters, h), &x, WIDTH);
}

/* x + linear(gelu(attention(linear(norm(x))))). */
static vqc_value attention_add(vqc_network *network, vqc_dtype dtype, const block_parameters *parameters, vqc_value x)
{
    const vqc_operation stack = {
        .kind = VQC_OPERATION_LINEAR,
        .dtype = dtype,
        .linear = {.rows = SIDE * SIDE, .in_width = WIDTH, .out_width = 3 * WIDTH, .weight = parameters->stack}};
    const vqc_operation attention = {.kind = VQC_OPERATION_ATTENTION,
                                     .dtype = dtype,
                                     .attention = {.batch = 1,
                                                   .queries = SIDE * SIDE,
                                                   .keys = SIDE * SIDE,
                                                   .heads = 2,
                                                   .head_width = WIDTH / 2,
                                                   .packed = true}};
    const vqc_operation activation = {.kind = VQC_OPERATION_ACTIVATION,
                                      .dtype = dtype,
                                      .activation = {.count = ELEMENTS, .function = VQC_ACTIVATION_GELU}};
    const vqc_operation last = {.kind = VQC_OPERATION_LINEAR,
                                .dtype = dtype,
                                .linear = {.rows = SIDE * SIDE,
                                           .in_width = WIDTH,
                                           .out_width = WIDTH,
                                           .residual = true,
                                           .weight = parameters->last}};
    vqc_value h = norm_add(network, dtype, parameters, x);
    h = network_node(network, &stack, h, NULL, 3 * WIDTH);
    h = network_node(network, &attention, h, NULL, WIDTH);
    h = network_node(network, &activation, h, NULL, WIDTH);
    return network_node(network, &last, h, &x, WIDTH);
}

typedef struct deep_network {
    vqc_network *network;
    vqc_value input, middle, output;
} deep_network;

/* A chain of blocks of both kinds. In the middle a value is kept, and another skips several blocks. */
static deep_network deep_create(vqc_dtype dtype)
{
    deep_network deep;
    vqc_error error = {0};
    vqc_shape shape = {4, {1, SIDE, SIDE, WIDTH}};
    block_parameters parameters;
    vqc_value skipping = {0};
    const vqc_operation sum = {.kind = VQC_OPERATION_ADD, .dtype = dtype, .add = {.count = ELEMENTS}};
    const vqc_operation from = {.kind = VQC_OPERATION_CAST, .dtype = dtype, .cast = {ELEMENTS, VQC_DTYPE_F32, dtype}};
    const vqc_operation to = {.kind = VQC_OPERATION_CAST, .dtype = dtype, .cast = {ELEMENTS, dtype, VQC_DTYPE_F32}};
    check(vqc_network_create(device, true, &deep.network, &error), &error);
    check(vqc_network_input(deep.network, VQC_DTYPE_F32, shape, true, &deep.input, &error), &error);
    vqc_value x = deep.input;
    if (dtype != VQC_DTYPE_F32)
        x = network_node(deep.network, &from, x, NULL, WIDTH);
    for (uint32_t block = 0; block < BLOCKS; block++) {
        parameters_draw(&parameters, 10 * block);
        x = (block % 3 == 2 ? attention_add : residual_add)(deep.network, dtype, &parameters, x);
        if (block == 3)
            skipping = x;
        if (block == 6)
            x = network_node(deep.network, &sum, x, &skipping, WIDTH);
        if (block == 4)
            deep.middle = x;
    }
    check(vqc_network_keep(deep.network, deep.middle, &error), &error);
    deep.output = dtype == VQC_DTYPE_F32 ? x : network_node(deep.network, &to, x, NULL, WIDTH);
    check(vqc_network_output(deep.network, deep.output, &error), &error);
    return deep;
}

/* Runs it twice, with different inputs; the output and gradient of the second. */
static void deep_run(const deep_network *deep, float *output, float *gradient)
{
    vqc_error error = {0};
    float *values = malloc(ELEMENTS * sizeof *values);
    assert_non_null(values);
    for (uint32_t run = 0; run < 2; run++) {
        values_draw(values, ELEMENTS, 1000 + run, 4.0F);
        check(vqc_network_write(deep->network, deep->input, values, &error), &error);
        check(vqc_network_forward(deep->network, &error), &error);
        check(vqc_network_read(deep->network, deep->output, output, &error), &error);
        values_draw(values, ELEMENTS, 2000 + run, 1.0F);
        check(vqc_network_gradient_write(deep->network, deep->output, values, &error), &error);
        check(vqc_network_backward(deep->network, &error), &error);
        check(vqc_network_gradient_read(deep->network, deep->input, gradient, &error), &error);
    }
    free(values);
}

static void same_bits_check(vqc_dtype dtype)
{
    vqc_error error = {0};
    static float expected[2][ELEMENTS];
    static float found[2][ELEMENTS];
    deep_network plain = deep_create(dtype);
    deep_network again = deep_create(dtype);
    check(vqc_network_finish(plain.network, &error), &error);
    check(vqc_network_recompute(again.network, &error), &error);
    check(vqc_network_finish(again.network, &error), &error);
    deep_run(&plain, expected[0], expected[1]);
    deep_run(&again, found[0], found[1]);
    assert_memory_equal(found, expected, sizeof expected);
    size_t largest = 0;
    for (size_t i = 0; i < ELEMENTS; i++)
        largest += expected[1][i] != 0.0F;
    assert_true(largest > ELEMENTS / 2);
    vqc_network_destroy(plain.network);
    vqc_network_destroy(again.network);
}

static void test_same_bits(void **state)
{
    (void)state;
    same_bits_check(VQC_DTYPE_F32);
}

static void test_same_bits_bf16(void **state)
{
    (void)state;
    if (!device_has_bf16(device)) {
        print_message("SKIPPED: no bf16 on this processor\n");
        skip();
    }
    same_bits_check(VQC_DTYPE_BF16);
}

static void test_less_memory(void **state)
{
    (void)state;
    vqc_error error = {0};
    size_t plain;
    size_t again;
    deep_network deep = deep_create(VQC_DTYPE_F32);
    check(vqc_network_size(deep.network, false, &plain, &error), &error);
    check(vqc_network_size(deep.network, true, &again, &error), &error);
    assert_true(again < plain - plain / 4);
    check(vqc_network_recompute(deep.network, &error), &error);
    check(vqc_network_prepare(deep.network, &error), &error);
    assert_int_equal(vqc_network_activation_size(deep.network), again);
    assert_int_equal(vqc_network_recompute(deep.network, &error), VQC_FAILED);
    vqc_network_destroy(deep.network);
}

/* Nothing to gain from one node: the network is as without. */
static void test_nothing_to_gain(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_network *network;
    vqc_value x;
    vqc_shape shape = {4, {1, SIDE, SIDE, WIDTH}};
    block_parameters parameters;
    size_t plain;
    size_t again;
    parameters_draw(&parameters, 0);
    check(vqc_network_create(device, true, &network, &error), &error);
    check(vqc_network_input(network, VQC_DTYPE_F32, shape, true, &x, &error), &error);
    x = norm_add(network, VQC_DTYPE_F32, &parameters, x);
    check(vqc_network_output(network, x, &error), &error);
    check(vqc_network_size(network, false, &plain, &error), &error);
    check(vqc_network_size(network, true, &again, &error), &error);
    assert_int_equal(plain, again);
    vqc_network_destroy(network);
}

/* ---- Layouts with any cuts, their memory followed write by write ---- */

/* What a block holds: the data of a value, its gradient, the saved state of a node; or nothing of use. */
typedef enum content_kind { NOTHING, DATA, GRADIENT, SAVED } content_kind;

typedef struct content {
    content_kind kind;
    int index;
} content;

typedef struct memory_trace {
    const vqc_network_graph *graph;
    const vqc_network_layout *layout;
    content *contents; /* of each block */
} memory_trace;

static void block_write(const memory_trace *trace, int block, content_kind kind, int index)
{
    const vqc_memory_block *blocks = trace->layout->blocks;
    for (size_t i = 0; i < trace->layout->block_count; i++)
        if (blocks[i].offset < blocks[block].offset + blocks[block].size &&
            blocks[block].offset < blocks[i].offset + blocks[i].size)
            trace->contents[i] = (content){NOTHING, 0};
    trace->contents[block] = (content){kind, index};
}

static void block_read(const memory_trace *trace, int block, content_kind kind, int index)
{
    assert_true(block != VQC_NO_BLOCK);
    if (trace->layout->blocks[block].size == 0)
        return;
    if (trace->contents[block].kind != kind || trace->contents[block].index != index)
        fail_msg("block %d: expected content %d of %d, found %d of %d", block, kind, index,
                 trace->contents[block].kind, trace->contents[block].index);
}

static void forward_read(const memory_trace *trace, int index, bool again)
{
    const vqc_network_node *node = &trace->graph->nodes[index];
    for (int k = 0; k < node->layout.input_count; k++) {
        const vqc_value_place *input = &trace->layout->values[node->input[k]];
        block_read(trace, again ? input->data_again : input->data, DATA, node->input[k]);
    }
}

static void forward_trace(const memory_trace *trace, int index, bool again)
{
    const vqc_node_place *place = &trace->layout->nodes[index];
    int output = trace->graph->nodes[index].output;
    const vqc_value_place *to = &trace->layout->values[output];
    forward_read(trace, index, again);
    block_write(trace, again ? place->workspace_again : place->workspace, NOTHING, 0);
    block_write(trace, again ? place->saved_again : place->saved, SAVED, index);
    block_write(trace, again ? to->data_again : to->data, DATA, output);
    forward_read(trace, index, again);
}

static void backward_read(const memory_trace *trace, int index)
{
    const vqc_network_node *node = &trace->graph->nodes[index];
    const vqc_value_place *values = trace->layout->values;
    block_read(trace, values[node->output].gradient, GRADIENT, node->output);
    block_read(trace, trace->layout->nodes[index].saved_again, SAVED, index);
    if (node->layout.backward_reads_output)
        block_read(trace, values[node->output].data_again, DATA, node->output);
    for (int k = 0; k < node->layout.input_count; k++)
        if (node->layout.backward_reads_input[k])
            block_read(trace, values[node->input[k]].data_again, DATA, node->input[k]);
}

static void backward_trace(const memory_trace *trace, int index)
{
    const vqc_network_node *node = &trace->graph->nodes[index];
    const vqc_node_place *place = &trace->layout->nodes[index];
    backward_read(trace, index);
    block_write(trace, place->workspace_backward, NOTHING, 0);
    for (int k = 0; k < node->layout.input_count; k++) {
        int gradient = trace->layout->values[node->input[k]].gradient;
        if (place->accumulate[k])
            block_read(trace, gradient, GRADIENT, node->input[k]);
        if (place->gradient_written[k])
            block_write(trace, gradient, GRADIENT, node->input[k]);
    }
    backward_read(trace, index);
    /* Now the terms of a sum may take over its gradient. */
    for (int k = 0; k < node->layout.input_count; k++)
        if (node->gradient_wanted[k] && !place->gradient_written[k])
            block_write(trace, trace->layout->values[node->input[k]].gradient, GRADIENT, node->input[k]);
}

static void passes_trace(const memory_trace *trace, const deep_network *deep)
{
    const vqc_node_place *nodes = trace->layout->nodes;
    int count = (int)trace->graph->node_count;
    block_write(trace, trace->layout->values[deep->input.index].data, DATA, deep->input.index);
    for (int i = 0; i < count; i++)
        forward_trace(trace, i, false);
    block_write(trace, trace->layout->values[deep->output.index].gradient, GRADIENT, deep->output.index);
    for (int time = count; time <= trace->layout->end; time++)
        for (int i = 0; i < count; i++) {
            if (nodes[i].again == time)
                forward_trace(trace, i, true);
            if (nodes[i].backward == time)
                backward_trace(trace, i);
        }
    block_read(trace, trace->layout->values[deep->input.index].gradient, GRADIENT, deep->input.index);
    block_read(trace, trace->layout->values[deep->input.index].data, DATA, deep->input.index);
    block_read(trace, trace->layout->values[deep->middle.index].data, DATA, deep->middle.index);
    block_read(trace, trace->layout->values[deep->output.index].data, DATA, deep->output.index);
}

static void test_any_cuts(void **state)
{
    (void)state;
    enum { TRIALS = 40 };
    vqc_error error = {0};
    deep_network deep = deep_create(VQC_DTYPE_F32);
    const vqc_network_graph *graph = vqc_network_graph_of(deep.network);
    vqc_network_layout layout = {0};
    bool *cuts = calloc(graph->node_count, sizeof *cuts);
    float *draws = malloc(graph->node_count * sizeof *draws);
    assert_true(cuts != NULL && draws != NULL);
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        size_t bytes;
        values_draw(draws, graph->node_count, 3000 + trial, 1.0F);
        for (size_t i = 0; i < graph->node_count; i++) /* from no cuts to cuts everywhere */
            cuts[i] = draws[i] + 0.5F < (float)trial / (TRIALS - 1);
        check(vqc_network_layout_fill(graph, cuts, &layout, &error), &error);
        check(vqc_memory_packing(layout.blocks, layout.block_count, &bytes, &error), &error);
        content *contents = calloc(layout.block_count, sizeof *contents);
        assert_non_null(contents);
        passes_trace(&(memory_trace){graph, &layout, contents}, &deep);
        free(contents);
    }
    vqc_network_layout_release(&layout);
    free(cuts);
    free(draws);
    vqc_network_destroy(deep.network);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),   cmocka_unit_test(test_same_bits_bf16),
        cmocka_unit_test(test_less_memory), cmocka_unit_test(test_nothing_to_gain),
        cmocka_unit_test(test_any_cuts),
    };
    vqc_error error = {0};
    if (argument_count != 2) {
        (void)fprintf(stderr, "usage: %s DEVICE\n", arguments[0]);
        return 2;
    }
    if (vqc_ops_create(arguments[1], &(vqc_ops_options){0}, &device, &error) != VQC_OK)
        device_absent_exit(&error);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vqc_ops_destroy(device);
    return failed;
}
