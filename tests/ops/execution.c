#include "execution.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../device_absent.h"

enum { GUARD = 64, FILLER = 0xff }; /* a float of filler bytes is NaN */

#define ASSERT_OK(expression)                                                                                        \
    do {                                                                                                             \
        vqc_error assert_error = {0};                                                                                \
        vqc_error *error = &assert_error;                                                                            \
        if ((expression) != VQC_OK)                                                                                  \
            fail_msg("%s", assert_error.message);                                                                    \
    } while (0)

double *execution_doubles(int64_t count)
{
    double *values = calloc((size_t)count + 1, sizeof *values);
    assert_non_null(values);
    return values;
}

static void *bytes_new(size_t size)
{
    void *bytes = malloc(size + 1);
    assert_non_null(bytes);
    return bytes;
}

static void encode(vqc_dtype dtype, const double *values, int64_t count, unsigned char *bytes)
{
    for (int64_t i = 0; i < count; i++) {
        float f32 = (float)values[i];
        uint16_t bf16 = vqc_bf16_from_f32(f32);
        int32_t i32 = (int32_t)values[i];
        const void *element = dtype == VQC_DTYPE_F64   ? (const void *)&values[i]
                              : dtype == VQC_DTYPE_F32 ? (const void *)&f32
                              : dtype == VQC_DTYPE_I32 ? (const void *)&i32
                                                       : (const void *)&bf16;
        memcpy(bytes + (size_t)i * vqc_dtype_size(dtype), element, vqc_dtype_size(dtype));
    }
}

double execution_round(vqc_dtype dtype, double value)
{
    unsigned char bytes[sizeof(double)];
    encode(dtype, &value, 1, bytes);
    vqc_dtype_to_f64(dtype, bytes, 1, &value);
    return value;
}

/* Buffers: GUARD filler bytes, the tensor, GUARD filler bytes. */

static void *buffer_data(const execution_buffer *buffer)
{
    return (char *)buffer->memory + GUARD;
}

static void buffer_fill(const operation_execution *execution, const execution_buffer *buffer)
{
    size_t size = buffer->size + 2 * (size_t)GUARD;
    void *bytes = bytes_new(size);
    memset(bytes, FILLER, size);
    ASSERT_OK(vqc_ops_upload(execution->ops, buffer->memory, bytes, size, error));
    free(bytes);
}

static void buffer_open(operation_execution *execution, execution_buffer *buffer, size_t size)
{
    buffer->size = size;
    ASSERT_OK(vqc_ops_memory_allocate(execution->ops, size + 2 * (size_t)GUARD, &buffer->memory, error));
    assert_int_equal((uintptr_t)buffer->memory % 64, 0);
    buffer_fill(execution, buffer);
}

static void buffer_write(const operation_execution *execution, const execution_buffer *buffer, vqc_dtype dtype,
                         const double *values)
{
    void *bytes = bytes_new(buffer->size);
    encode(dtype, values, (int64_t)(buffer->size / vqc_dtype_size(dtype)), bytes);
    ASSERT_OK(vqc_ops_upload(execution->ops, buffer_data(buffer), bytes, buffer->size, error));
    free(bytes);
}

static void buffer_read(const operation_execution *execution, const execution_buffer *buffer, vqc_dtype dtype,
                        double *values)
{
    void *bytes = bytes_new(buffer->size);
    ASSERT_OK(vqc_ops_download(execution->ops, bytes, buffer_data(buffer), buffer->size, error));
    vqc_dtype_to_f64(dtype, bytes, buffer->size / vqc_dtype_size(dtype), values);
    free(bytes);
}

static void buffer_assert_guards(const operation_execution *execution, const execution_buffer *buffer,
                                 const char *name)
{
    size_t size = buffer->size + 2 * (size_t)GUARD;
    unsigned char *bytes = bytes_new(size);
    ASSERT_OK(vqc_ops_download(execution->ops, bytes, buffer->memory, size, error));
    for (size_t i = 0; i < GUARD; i++)
        if (bytes[i] != FILLER || bytes[size - 1 - i] != FILLER)
            fail_msg("wrote outside the %s", name);
    free(bytes);
}

static void assert_guards(const operation_execution *execution)
{
    for (int i = 0; i < execution->layout.input_count; i++) {
        buffer_assert_guards(execution, &execution->input[i], "input");
        buffer_assert_guards(execution, &execution->grad_input[i], "input's gradient");
    }
    buffer_assert_guards(execution, &execution->output, "output");
    buffer_assert_guards(execution, &execution->grad_output, "output's gradient");
    buffer_assert_guards(execution, &execution->saved, "saved state");
    buffer_assert_guards(execution, &execution->workspace, "workspace");
}

void execution_open(operation_execution *execution, vqc_ops *ops, const vqc_operation *operation)
{
    memset(execution, 0, sizeof *execution);
    execution->ops = ops;
    execution->layout = vqc_operation_layout_of(operation);
    ASSERT_OK(vqc_plan_create(ops, operation, true, &execution->plan, error));
    const vqc_operation_layout *layout = &execution->layout;
    for (int i = 0; i < layout->input_count; i++) {
        size_t size = (size_t)layout->input_count_elements[i] * vqc_dtype_size(layout->input_dtype[i]);
        buffer_open(execution, &execution->input[i], size);
        buffer_open(execution, &execution->grad_input[i], size);
    }
    size_t size = (size_t)layout->output_count_elements * vqc_dtype_size(layout->output_dtype);
    buffer_open(execution, &execution->output, size);
    buffer_open(execution, &execution->grad_output, size);
    buffer_open(execution, &execution->saved, vqc_plan_saved_size(execution->plan));
    buffer_open(execution, &execution->workspace, vqc_plan_workspace_size(execution->plan));
}

void execution_close(operation_execution *execution)
{
    for (int i = 0; i < execution->layout.input_count; i++) {
        vqc_ops_memory_release(execution->ops, execution->input[i].memory);
        vqc_ops_memory_release(execution->ops, execution->grad_input[i].memory);
    }
    vqc_ops_memory_release(execution->ops, execution->output.memory);
    vqc_ops_memory_release(execution->ops, execution->grad_output.memory);
    vqc_ops_memory_release(execution->ops, execution->saved.memory);
    vqc_ops_memory_release(execution->ops, execution->workspace.memory);
    vqc_plan_destroy(execution->plan);
}

void execution_forward(operation_execution *execution, const double *const input[VQC_OPERATION_MAX_INPUTS],
                       double *output)
{
    const vqc_operation_layout *layout = &execution->layout;
    vqc_forward arguments = {.output = buffer_data(&execution->output),
                             .saved = buffer_data(&execution->saved),
                             .workspace = buffer_data(&execution->workspace)};
    for (int i = 0; i < layout->input_count; i++) {
        buffer_write(execution, &execution->input[i], layout->input_dtype[i], input[i]);
        arguments.input[i] = buffer_data(&execution->input[i]);
    }
    buffer_fill(execution, &execution->output);
    buffer_fill(execution, &execution->saved);
    buffer_fill(execution, &execution->workspace);
    ASSERT_OK(vqc_plan_forward(execution->plan, &arguments, error));
    assert_guards(execution);
    buffer_read(execution, &execution->output, layout->output_dtype, output);
}

void execution_backward(operation_execution *execution, const double *grad_output,
                        const double *const before[VQC_OPERATION_MAX_INPUTS],
                        double *const grad_input[VQC_OPERATION_MAX_INPUTS])
{
    const vqc_operation_layout *layout = &execution->layout;
    vqc_backward arguments = {.grad_output = buffer_data(&execution->grad_output),
                              .saved = buffer_data(&execution->saved),
                              .workspace = buffer_data(&execution->workspace)};
    if (layout->backward_reads_output)
        arguments.output = buffer_data(&execution->output);
    buffer_write(execution, &execution->grad_output, layout->output_dtype, grad_output);
    buffer_fill(execution, &execution->workspace);
    for (int i = 0; i < layout->input_count; i++) {
        if (layout->backward_reads_input[i])
            arguments.input[i] = buffer_data(&execution->input[i]);
        if (grad_input[i] == NULL)
            continue;
        arguments.grad_input[i] = buffer_data(&execution->grad_input[i]);
        arguments.accumulate[i] = before[i] != NULL;
        buffer_fill(execution, &execution->grad_input[i]);
        if (before[i] != NULL)
            buffer_write(execution, &execution->grad_input[i], layout->input_dtype[i], before[i]);
    }
    ASSERT_OK(vqc_plan_backward(execution->plan, &arguments, error));
    assert_guards(execution);
    for (int i = 0; i < layout->input_count; i++)
        if (grad_input[i] != NULL)
            buffer_read(execution, &execution->grad_input[i], layout->input_dtype[i], grad_input[i]);
}

void execution_input_change(operation_execution *execution, int index, const double *values)
{
    buffer_write(execution, &execution->input[index], execution->layout.input_dtype[index], values);
}

void execution_saved(const operation_execution *execution, void *bytes)
{
    ASSERT_OK(vqc_ops_download(execution->ops, bytes, buffer_data(&execution->saved), execution->saved.size, error));
}

int execution_main(int argument_count, char **arguments, int (*run)(vqc_ops *tested))
{
    if (argument_count != 2 && argument_count != 3) {
        (void)fprintf(stderr, "usage: %s IMPLEMENTATION [PATTERN]\n", arguments[0]);
        return 2;
    }
    if (argument_count == 3)
        cmocka_set_test_filter(arguments[2]);
    vqc_error error = {0};
    vqc_ops *ops = NULL;
    if (vqc_ops_create(arguments[1], &(vqc_ops_options){0}, &ops, &error) != VQC_OK)
        device_absent_exit(&error);
    int result = run(ops);
    vqc_ops_destroy(ops);
    return result;
}
