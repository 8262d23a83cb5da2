/* Results do not depend on the number of threads: every operation whose sums a library adds up, at the shapes of the
 * demo and the published models, with 1 thread and with others, byte by byte; and the pieces that the threads share
 * give the bits of the whole computed by one thread. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <oneapi/dnnl/dnnl_version.h>

#include "../support/check.h"
#include "ops/cpu/onednn_piece.h"
#include "ops/ops.h"

/* What one execution gives: output, then the gradient at each input. */
typedef struct result {
    float *values;
    size_t count;
} result;

static void *zeros(size_t size)
{
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64 + 64);
    assert_non_null(memory);
    memset(memory, 0, size);
    return memory;
}

/* Numbers from -1 to 1 with all their bits in use. */
static float *numbers(size_t count, uint32_t seed)
{
    float *values = zeros(count * sizeof *values);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525U + 1013904223U;
        values[i] = (float)((double)seed / 2147483648.0 - 1.0);
    }
    return values;
}

static result run(const vqc_operation *operation, int threads)
{
    vqc_error error = {0};
    vqc_ops *ops;
    vqc_plan *plan;
    const vqc_ops_options options = {.threads = threads};
    const vqc_operation_layout layout = vqc_operation_layout_of(operation);
    check(vqc_ops_create("cpu", &options, &ops, &error), &error);
    check(vqc_plan_create(ops, operation, true, &plan, &error), &error);
    size_t outputs = (size_t)layout.output_count_elements;
    result r = {.count = outputs};
    for (int i = 0; i < layout.input_count; i++)
        r.count += (size_t)layout.input_count_elements[i];
    r.values = zeros(r.count * sizeof *r.values);
    float *output = numbers(outputs, 1);
    float *gradient = numbers(outputs, 2);
    void *saved = zeros(vqc_plan_saved_size(plan));
    void *workspace = zeros(vqc_plan_workspace_size(plan));
    vqc_forward forward = {.output = output, .saved = saved, .workspace = workspace};
    vqc_backward backward = {.grad_output = gradient, .output = output, .saved = saved, .workspace = workspace};
    for (int i = 0; i < layout.input_count; i++) {
        size_t count = (size_t)layout.input_count_elements[i];
        forward.input[i] = backward.input[i] = numbers(count, 3 + (uint32_t)i);
        backward.grad_input[i] = zeros(count * sizeof(float));
    }
    check(vqc_plan_forward(plan, &forward, &error), &error);
    check(vqc_plan_backward(plan, &backward, &error), &error);
    memcpy(r.values, output, outputs * sizeof *output);
    for (int i = 0; i < layout.input_count; i++) {
        size_t count = (size_t)layout.input_count_elements[i];
        memcpy(r.values + outputs, backward.grad_input[i], count * sizeof(float));
        outputs += count;
        free((void *)forward.input[i]);
        free(backward.grad_input[i]);
    }
    free(output);
    free(gradient);
    free(saved);
    free(workspace);
    vqc_plan_destroy(plan);
    vqc_ops_destroy(ops);
    return r;
}

/* Compares the operation with several threads to one; all cases are run before a difference fails the test. */
static int differences_count(const char *name, const vqc_operation *operation)
{
    static const int threads[] = {2, 3, 4, 5, 6, 7, 8, 12, 16, 24};
    int different = 0;
    result one = run(operation, 1);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        result many = run(operation, threads[i]);
        if (memcmp(one.values, many.values, one.count * sizeof *one.values) != 0) {
            (void)printf("    %s: %d threads differ from 1\n", name, threads[i]);
            different++;
        }
        free(many.values);
    }
    free(one.values);
    return different;
}

static void test_linear(void **state)
{
    (void)state;
    /* Rows, inputs, outputs: ViT-B/32 and ViT-L/14 blocks at 2 crops and more, projections of few rows with long
     * sums, a codebook, the demo's ViT; rows over from sixes and from 48. */
    static const int64_t shapes[][3] = {{100, 768, 3072}, {100, 3072, 768}, {514, 4096, 1024}, {2, 768, 512},
                                        {1, 4096, 1024},  {8, 3072, 512},   {50, 2048, 64},    {256, 256, 16384},
                                        {394, 768, 768},  {755, 192, 577},  {296, 192, 768}};
    int different = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const int64_t *s = shapes[i];
        char name[64];
        float *weight = numbers((size_t)(s[1] * s[2]), 7);
        float *bias = numbers((size_t)s[2], 8);
        (void)snprintf(name, sizeof name, "linear %lld x %lld x %lld", (long long)s[0], (long long)s[1],
                       (long long)s[2]);
        const vqc_operation operation = {
            .kind = VQC_OPERATION_LINEAR,
            .dtype = VQC_DTYPE_F32,
            .linear = {.rows = s[0], .in_width = s[1], .out_width = s[2], .weight = weight, .bias = bias},
        };
        different += differences_count(name, &operation);
        free(weight);
        free(bias);
    }
    assert_int_equal(different, 0);
}

static void test_attention(void **state)
{
    (void)state;
    /* Batch, queries, heads, head width: towers, and the single wide head of VQGAN. */
    static const int64_t shapes[][4] = {
        {2, 50, 12, 64}, {1, 257, 16, 64}, {1, 256, 1, 512}, {1, 1024, 1, 512}, {1, 289, 1, 128}};
    int different = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const int64_t *s = shapes[i];
        char name[64];
        (void)snprintf(name, sizeof name, "attention of %lld queries, %lld heads", (long long)s[1], (long long)s[2]);
        const vqc_operation operation = {
            .kind = VQC_OPERATION_ATTENTION,
            .dtype = VQC_DTYPE_F32,
            .attention =
                {.batch = s[0], .queries = s[1], .keys = s[1], .heads = s[2], .head_width = s[3], .packed = true},
        };
        different += differences_count(name, &operation);
    }
    assert_int_equal(different, 0);
}

static vqc_operation convolution_of(const int64_t *s, const float *weight, const float *bias)
{
    int64_t padding = s[4] == 3 ? 1 : 0;
    return (vqc_operation){
        .kind = VQC_OPERATION_CONVOLUTION,
        .dtype = VQC_DTYPE_F32,
        .convolution = {.batch = s[0],
                        .height = s[1],
                        .width = s[1],
                        .in_channels = s[2],
                        .out_channels = s[3],
                        .kernel_height = s[4],
                        .kernel_width = s[4],
                        .stride = s[5],
                        .pad_top = padding,
                        .pad_left = padding,
                        .pad_bottom = padding,
                        .pad_right = padding,
                        .weight = weight,
                        .bias = bias},
    };
}

static void test_convolution(void **state)
{
    (void)state;
    /* Batch, side, channels in and out, kernel, stride: VQGAN's decoder and encoder, ResNets, patches of a ViT. */
    static const int64_t shapes[][6] = {{1, 16, 512, 512, 3, 1},  {1, 32, 256, 512, 1, 1}, {1, 64, 128, 128, 3, 1},
                                        {1, 64, 128, 3, 3, 1},    {1, 112, 3, 32, 3, 2},   {1, 7, 512, 2048, 1, 1},
                                        {1, 64, 3, 768, 32, 32},  {1, 7, 512, 512, 3, 1},  {4, 7, 512, 512, 3, 1},
                                        {16, 7, 256, 256, 3, 1},  {1, 33, 64, 64, 3, 2},   {5, 28, 128, 128, 3, 1},
                                        {3, 14, 1024, 256, 1, 1}, {20, 12, 20, 80, 1, 1},  {1, 15, 64, 128, 1, 2}};
    int different = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const int64_t *s = shapes[i];
        char name[64];
        float *weight = numbers((size_t)(s[2] * s[3] * s[4] * s[4]), 7);
        float *bias = numbers((size_t)s[3], 8);
        const vqc_operation operation = convolution_of(s, weight, bias);
        (void)snprintf(name, sizeof name, "convolution %lld at %lld: %lld to %lld by %lld", (long long)s[0],
                       (long long)s[1], (long long)s[2], (long long)s[3], (long long)s[4]);
        different += differences_count(name, &operation);
        free(weight);
        free(bias);
    }
    assert_int_equal(different, 0);
}

static void test_upsample_convolution(void **state)
{
    (void)state;
    /* Batch, side, channels in and out: decoders, and few channels, which are computed in another way. */
    static const int64_t shapes[][4] = {
        {1, 16, 512, 512}, {1, 32, 256, 256}, {1, 64, 128, 128}, {3, 7, 64, 96}, {1, 40, 16, 24}};
    int different = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const int64_t *s = shapes[i];
        char name[64];
        float *weight = numbers((size_t)(s[2] * s[3] * 9), 7);
        float *bias = numbers((size_t)s[3], 8);
        const vqc_operation operation = {
            .kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION,
            .dtype = VQC_DTYPE_F32,
            .upsample_convolution = {s[0], s[1], s[1], s[2], s[3], weight, bias},
        };
        (void)snprintf(name, sizeof name, "upsample %lld at %lld: %lld to %lld", (long long)s[0], (long long)s[1],
                       (long long)s[2], (long long)s[3]);
        different += differences_count(name, &operation);
        free(weight);
        free(bias);
    }
    assert_int_equal(different, 0);
}

static void test_norms(void **state)
{
    (void)state;
    float *weight = numbers(1024, 7);
    float *bias = numbers(1024, 8);
    const vqc_operation group_norm = {
        .kind = VQC_OPERATION_GROUP_NORM,
        .dtype = VQC_DTYPE_F32,
        .group_norm = {1, 64 * 64, 128, 32, 1e-6F, true, weight, bias},
    };
    const vqc_operation layer_norm = {
        .kind = VQC_OPERATION_LAYER_NORM,
        .dtype = VQC_DTYPE_F32,
        .layer_norm = {514, 1024, 1e-5F, weight, bias},
    };
    int different = differences_count("group norm", &group_norm) + differences_count("layer norm", &layer_norm);
    free(weight);
    free(bias);
    assert_int_equal(different, 0);
}

/* A product as one primitive of oneDNN, planned for one thread. */
static vqc_onednn_computation whole_product(const vqc_onednn_product *p)
{
    vqc_onednn_computation c = {
        .kind = VQC_ONEDNN_PRODUCT,
        .source = {.axes = 2, .sizes = {p->rows, p->depth}, .strides = {p->depth, 1}, .dtype = p->dtype},
        .matrix = {.axes = 2, .sizes = {p->depth, p->columns}, .strides = {p->columns, 1}, .dtype = p->dtype},
        .target = {.axes = 2, .sizes = {p->rows, p->columns}, .strides = {p->columns, 1}, .dtype = p->dtype},
        .accumulate = p->accumulate,
        .constant = p->constant,
        .bias_values = p->bias,
    };
    if (p->source_transposed) {
        c.source.strides[0] = 1;
        c.source.strides[1] = p->rows;
    }
    if (p->matrix_transposed) {
        c.matrix.strides[0] = 1;
        c.matrix.strides[1] = p->depth;
    }
    c.matrix.packed = p->constant != NULL;
    if (p->bias != NULL)
        c.bias =
            (vqc_onednn_tensor){.axes = 2, .sizes = {1, p->columns}, .strides = {p->columns, 1}, .dtype = p->dtype};
    return c;
}

/* Whether the pieces of the product give the bits of the whole. Large products are cut, and no product is left to
 * oneDNN's reference loops. */
static bool pieces_are_as_whole(const vqc_onednn *onednn, const vqc_onednn_product *p, const float *matrix)
{
    vqc_error error = {0};
    vqc_onednn_primitive *pieces;
    vqc_onednn_piece *whole;
    const vqc_onednn_computation computation = whole_product(p);
    check(vqc_onednn_product_create(onednn, p, &pieces, &error), &error);
    check(vqc_onednn_piece_create(onednn, &computation, NULL, &whole, &error), &error);
    assert_true(strncmp(vqc_onednn_primitive_name(pieces), "ref", 3) != 0);
    assert_true(vqc_onednn_primitive_pieces(pieces) > 1);
    size_t size = (size_t)(p->rows * p->columns) * sizeof(float);
    float *source = numbers((size_t)(p->rows * p->depth), 1);
    float *targets[] = {numbers((size_t)(p->rows * p->columns), 2), numbers((size_t)(p->rows * p->columns), 2)};
    void *scratchpads[] = {zeros(vqc_onednn_primitive_scratchpad(pieces)), zeros(vqc_onednn_piece_scratchpad(whole))};
    vqc_onednn_arguments arguments = {source, matrix, targets[0], scratchpads[0]};
    check(vqc_onednn_execute(pieces, &arguments, &error), &error);
    arguments.target = targets[1];
    arguments.scratchpad = scratchpads[1];
    check(vqc_onednn_piece_execute(whole, &arguments, &error), &error);
    bool same = memcmp(targets[0], targets[1], size) == 0;
    for (int i = 0; i < 2; i++) {
        free(targets[i]);
        free(scratchpads[i]);
    }
    free(source);
    vqc_onednn_primitive_destroy(pieces);
    vqc_onednn_piece_destroy(whole);
    return same;
}

/* Sizes below those from which oneDNN's sgemm packs (gemm.h), with and without what is left over from blocks.
 * With version 3 the pieces are others; that they are the same for every number of threads does not rest on it. */
static void test_pieces(void **state)
{
    (void)state;
    if (DNNL_VERSION_MAJOR != 2) {
        print_message("skipped: only with oneDNN 2 have pieces the bits of the whole\n");
        skip();
    }
    static const int64_t shapes[][3] = {{100, 768, 3072}, {257, 384, 1024}, {263, 192, 800},
                                        {50, 2048, 512},  {136, 513, 592},  {77, 640, 608}};
    vqc_error error = {0};
    vqc_onednn *onednn;
    int different = 0;
    check(vqc_onednn_create(&onednn, &error), &error);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const int64_t *s = shapes[i];
        float *matrix = numbers((size_t)(s[1] * s[2]), 7);
        float *bias = numbers((size_t)s[2], 8);
        vqc_onednn_product p = {
            .rows = s[0], .depth = s[1], .columns = s[2], .dtype = VQC_DTYPE_F32, .target_dtype = VQC_DTYPE_F32};
        for (int variant = 0; variant < 8; variant++) {
            p.accumulate = variant & 1;
            p.matrix_transposed = variant & 2;
            p.source_transposed = (variant & 6) == 4;
            p.constant = (variant & 4) == 0 ? matrix : NULL;
            p.bias = (variant & 4) == 0 ? bias : NULL;
            if (pieces_are_as_whole(onednn, &p, matrix))
                continue;
            (void)printf("    product %lld x %lld x %lld, variant %d: pieces differ from the whole\n",
                         (long long)s[0], (long long)s[1], (long long)s[2], variant);
            different++;
        }
        free(matrix);
        free(bias);
    }
    vqc_onednn_destroy(onednn);
    assert_int_equal(different, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),      cmocka_unit_test(test_attention),
        cmocka_unit_test(test_convolution), cmocka_unit_test(test_upsample_convolution),
        cmocka_unit_test(test_norms),       cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
