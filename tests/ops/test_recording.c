/* Sequences of operations that are recorded and then run, on the implementation that the argument names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../support/check.h"
#include "execution.h"

enum { WIDTH = 8 };

/* y = 2 x by a linear layer, then its gradient. */
typedef struct doubling {
    vqc_ops *ops;
    vqc_plan *plan;
    float *x, *y, *grad_x; /* device memory, (1, WIDTH) */
    void *workspace;
} doubling;

static float *row_allocate(vqc_ops *ops)
{
    vqc_error error = {0};
    void *memory;
    check(vqc_ops_memory_allocate(ops, WIDTH * sizeof(float), &memory, &error), &error);
    return memory;
}

static void row_fill(vqc_ops *ops, float *row, float factor)
{
    vqc_error error = {0};
    float values[WIDTH];
    for (int i = 0; i < WIDTH; i++)
        values[i] = factor * (float)i;
    check(vqc_ops_upload(ops, row, values, sizeof values, &error), &error);
}

/* y = 2 x, grad_x = 0 + 2 y */
static void doubling_run(doubling *d)
{
    vqc_error error = {0};
    const vqc_forward forward = {.input = {d->x}, .output = d->y, .workspace = d->workspace};
    const vqc_backward backward = {
        .grad_output = d->y, .grad_input = {d->grad_x}, .accumulate = {true}, .workspace = d->workspace};
    check(vqc_ops_clear(d->ops, d->grad_x, WIDTH * sizeof(float), &error), &error);
    check(vqc_plan_forward(d->plan, &forward, &error), &error);
    check(vqc_plan_backward(d->plan, &backward, &error), &error);
}

static void doubling_open(doubling *d, vqc_ops *ops)
{
    vqc_error error = {0};
    float weight[WIDTH * WIDTH] = {0};
    for (int i = 0; i < WIDTH; i++)
        weight[i * WIDTH + i] = 2.0F;
    const vqc_operation linear = {.kind = VQC_OPERATION_LINEAR,
                                  .dtype = VQC_DTYPE_F32,
                                  .linear = {.rows = 1, .in_width = WIDTH, .out_width = WIDTH, .weight = weight}};
    d->ops = ops;
    check(vqc_plan_create(ops, &linear, true, &d->plan, &error), &error);
    d->x = row_allocate(ops);
    d->y = row_allocate(ops);
    d->grad_x = row_allocate(ops);
    check(vqc_ops_memory_allocate(ops, vqc_plan_workspace_size(d->plan), &d->workspace, &error), &error);
    row_fill(ops, d->x, 0.0F);
    doubling_run(d);
}

static void doubling_close(doubling *d)
{
    vqc_ops_memory_release(d->ops, d->workspace);
    vqc_ops_memory_release(d->ops, d->grad_x);
    vqc_ops_memory_release(d->ops, d->y);
    vqc_ops_memory_release(d->ops, d->x);
    vqc_plan_destroy(d->plan);
}

static void assert_row(vqc_ops *ops, const float *row, float expected)
{
    vqc_error error = {0};
    float values[WIDTH];
    check(vqc_ops_download(ops, values, row, sizeof values, &error), &error);
    for (int i = 0; i < WIDTH; i++)
        assert_float_equal(values[i], expected * (float)i, 0.0F);
}

static void refused_test(void **state)
{
    vqc_ops *ops = *state;
    vqc_error error = {0};
    if (vqc_ops_can_record(ops))
        skip();
    assert_int_equal(vqc_ops_record_begin(ops, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, vqc_ops_name(ops)));
}

static void runs_again_test(void **state)
{
    vqc_ops *ops = *state;
    vqc_error error = {0};
    vqc_recording *recording = NULL;
    doubling d;
    if (!vqc_ops_can_record(ops))
        skip();
    doubling_open(&d, ops);
    row_fill(ops, d.x, 1.0F);
    row_fill(ops, d.y, 7.0F);
    check(vqc_ops_record_begin(ops, &error), &error);
    doubling_run(&d);
    check(vqc_ops_record_end(ops, &recording, &error), &error);
    assert_row(ops, d.y, 7.0F); /* recorded, not executed */
    for (int run = 1; run <= 3; run++) {
        row_fill(ops, d.x, (float)run);
        check(vqc_recording_run(recording, &error), &error);
        assert_row(ops, d.y, 2.0F * (float)run);
        assert_row(ops, d.grad_x, 4.0F * (float)run);
    }
    vqc_recording_destroy(recording);
    vqc_recording_destroy(NULL);
    doubling_close(&d);
}

/* What is not allowed is an error, and leaves the recording as it was. */
static void misuse_test(void **state)
{
    vqc_ops *ops = *state;
    vqc_error error = {0};
    vqc_recording *recording = NULL;
    float value = 0.0F;
    void *memory;
    doubling d;
    if (!vqc_ops_can_record(ops))
        skip();
    doubling_open(&d, ops);
    assert_int_equal(vqc_ops_record_end(ops, &recording, &error), VQC_FAILED);
    check(vqc_ops_record_begin(ops, &error), &error);
    assert_int_equal(vqc_ops_record_begin(ops, &error), VQC_FAILED);
    assert_int_equal(vqc_ops_upload(ops, d.x, &value, sizeof value, &error), VQC_FAILED);
    assert_int_equal(vqc_ops_download(ops, &value, d.x, sizeof value, &error), VQC_FAILED);
    assert_int_equal(vqc_ops_memory_allocate(ops, 1, &memory, &error), VQC_FAILED);
    doubling_run(&d);
    check(vqc_ops_record_end(ops, &recording, &error), &error);
    row_fill(ops, d.x, 1.0F);
    check(vqc_recording_run(recording, &error), &error);
    assert_row(ops, d.y, 2.0F);
    vqc_recording_destroy(recording);
    doubling_close(&d);
}

static int tests_run(vqc_ops *tested)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(refused_test, tested),
        cmocka_unit_test_prestate(runs_again_test, tested),
        cmocka_unit_test_prestate(misuse_test, tested),
    };
    return cmocka_run_group_tests_name(vqc_ops_name(tested), tests, NULL, NULL);
}

int main(int argument_count, char **arguments)
{
    return execution_main(argument_count, arguments, tests_run);
}
