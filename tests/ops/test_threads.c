/* Results do not depend on the number of threads: every operation whose sums a library adds up, at the shapes of the
 * published models, with 1 thread and with others, byte by byte. Run as `test_threads cpu`. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/ops.h"

/* What one execution gives: output, then the gradient at each input. */
typedef struct result {
    float *values;
    size_t count;
} result;

static void check(vqc_status status, const vqc_error *error)
{
    if (status != VQC_OK)
        fail_msg("%s", error->message);
}

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
    static const int threads[] = {2, 3, 4, 8, 16};
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
    /* Rows, inputs, outputs: ViT-B/32 and ViT-L/14 blocks at 2 crops, projections of few rows with long sums. */
    static const int64_t shapes[][3] = {{100, 768, 3072}, {100, 3072, 768}, {514, 4096, 1024}, {2, 768, 512},
                                        {1, 4096, 1024},  {8, 3072, 512},   {50, 2048, 64},    {256, 256, 16384}};
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
    static const int64_t shapes[][4] = {{2, 50, 12, 64}, {1, 257, 16, 64}, {1, 256, 1, 512}, {1, 1024, 1, 512}};
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

static void test_convolution(void **state)
{
    (void)state;
    /* Side, channels in and out, kernel, stride: VQGAN's decoder, ResNet's stem, patches of a ViT. */
    static const int64_t shapes[][5] = {{16, 512, 512, 3, 1}, {32, 256, 512, 1, 1}, {64, 128, 128, 3, 1},
                                        {64, 128, 3, 3, 1},   {112, 3, 32, 3, 2},   {7, 512, 2048, 1, 1},
                                        {64, 3, 768, 32, 32}};
    int different = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const int64_t *s = shapes[i];
        char name[64];
        float *weight = numbers((size_t)(s[1] * s[2] * s[3] * s[3]), 7);
        float *bias = numbers((size_t)s[2], 8);
        int64_t padding = s[3] == 3 ? 1 : 0;
        (void)snprintf(name, sizeof name, "convolution %lld: %lld to %lld by %lld", (long long)s[0], (long long)s[1],
                       (long long)s[2], (long long)s[3]);
        const vqc_operation operation = {
            .kind = VQC_OPERATION_CONVOLUTION,
            .dtype = VQC_DTYPE_F32,
            .convolution = {.batch = 1,
                            .height = s[0],
                            .width = s[0],
                            .in_channels = s[1],
                            .out_channels = s[2],
                            .kernel_height = s[3],
                            .kernel_width = s[3],
                            .stride = s[4],
                            .pad_top = padding,
                            .pad_left = padding,
                            .pad_bottom = padding,
                            .pad_right = padding,
                            .weight = weight,
                            .bias = bias},
        };
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_norms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
