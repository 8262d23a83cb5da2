#include "ops/ref/ref.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ops/host_step.h"

#define KERNEL(KIND, name, ...) [VQC_OPERATION_##KIND] = &ref_##name##_kernel,
static const ref_kernel *const kernels[VQC_OPERATION_COUNT] = {VQC_OPERATIONS(KERNEL)};

/* The device: nothing but host memory. */

static vqc_status device_create(const vqc_ops_options *options, void **device_out, int *threads_out, vqc_error *error)
{
    (void)options;
    (void)error;
    *device_out = NULL;
    *threads_out = 1;
    return VQC_OK;
}

static void device_destroy(void *device)
{
    (void)device;
}

static vqc_status device_allocate(void *device, size_t size, void **memory_out, vqc_error *error)
{
    (void)device;
    size_t alignment = 64;
    void *memory = size > SIZE_MAX - alignment ? NULL : aligned_alloc(alignment, (size / alignment + 1) * alignment);
    if (memory == NULL)
        return vqc_error_set(error, VQC_FAILED, "out of memory: %zu bytes for tensors", size);
    *memory_out = memory;
    return VQC_OK;
}

static void device_release(void *device, void *memory)
{
    (void)device;
    free(memory);
}

/* Upload and download. */
static vqc_status device_copy(void *device, void *target, const void *source, size_t size, vqc_error *error)
{
    (void)device;
    (void)error;
    if (size > 0)
        memcpy(target, source, size);
    return VQC_OK;
}

static vqc_status device_clear(void *device, void *target, size_t size, vqc_error *error)
{
    (void)device;
    (void)error;
    if (size > 0)
        memset(target, 0, size);
    return VQC_OK;
}

/* Plans. */

vqc_status ref_parameter_allocate(ref_plan *plan, int index, int64_t count, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof(double), "parameters", &plan->parameter[index], error));
    plan->parameter_size += (size_t)count * sizeof(double);
    return VQC_OK;
}

vqc_status ref_parameter_copy(ref_plan *plan, int index, const float *values, int64_t count, vqc_error *error)
{
    if (values == NULL)
        return VQC_OK;
    VQC_TRY(ref_parameter_allocate(plan, index, count, error));
    for (int64_t i = 0; i < count; i++)
        plan->parameter[index][i] = (double)values[i];
    return VQC_OK;
}

static void plan_destroy(void *state)
{
    ref_plan *plan = state;
    for (int i = 0; i < REF_MAX_PARAMETERS; i++)
        free(plan->parameter[i]);
    free(plan);
}

/* Doubles of one tensor in the workspace; integers stay where they are. */
static size_t workspace_count(vqc_dtype dtype, int64_t count)
{
    return dtype == VQC_DTYPE_I32 ? 0 : (size_t)count;
}

/* Doubles that a forward and, if planned, a backward call need. The backward call holds at most the gradients of
 * everything and everything. */
static size_t plan_workspace_count(const ref_plan *plan, bool backward)
{
    const vqc_operation_layout *layout = &plan->layout;
    size_t count = workspace_count(layout->output_dtype, layout->output_count_elements);
    for (int i = 0; i < layout->input_count; i++)
        count += workspace_count(layout->input_dtype[i], layout->input_count_elements[i]);
    return (backward ? 2 * count : count) + plan->scratch_count;
}

static vqc_status plan_create(void *device, const vqc_operation *operation, bool backward, vqc_plan_sizes *sizes_out,
                              void **state_out, vqc_error *error)
{
    (void)device;
    const ref_kernel *kernel = kernels[operation->kind];
    ref_plan *plan;
    VQC_TRY(vqc_memory_allocate(1, sizeof *plan, "a plan", &plan, error));
    plan->operation = *operation;
    plan->layout = vqc_operation_layout_of(operation);
    vqc_status status = kernel->prepare == NULL ? VQC_OK : kernel->prepare(plan, operation, backward, error);
    if (status != VQC_OK) {
        plan_destroy(plan);
        return status;
    }
    sizes_out->saved = plan->saved_size;
    sizes_out->workspace = plan_workspace_count(plan, backward) * sizeof(double);
    sizes_out->parameters = plan->parameter_size;
    *state_out = plan;
    return VQC_OK;
}

/* Takes room for a tensor from the workspace. */
static double *workspace_take(double **workspace, int64_t count)
{
    double *taken = *workspace;
    *workspace += count;
    return taken;
}

/* The tensor as doubles in the workspace. */
static const double *tensor_load(vqc_dtype dtype, const void *source, int64_t count, double **workspace)
{
    double *target = workspace_take(workspace, count);
    vqc_dtype_to_f64(dtype, source, (size_t)count, target);
    return target;
}

/* Converts to the storage type, adding to what is there if asked. */
static void tensor_store(vqc_dtype dtype, const double *source, int64_t count, bool accumulate, void *target)
{
    size_t size = vqc_dtype_size(dtype);
    for (int64_t i = 0; i < count; i++) {
        char *element = (char *)target + (size_t)i * size;
        double value = source[i];
        if (accumulate) {
            double before;
            vqc_dtype_to_f64(dtype, element, 1, &before);
            value += before;
        }
        if (dtype == VQC_DTYPE_F64) {
            memcpy(element, &value, sizeof value);
        } else if (dtype == VQC_DTYPE_F32) {
            float narrow = (float)value;
            memcpy(element, &narrow, sizeof narrow);
        } else {
            uint16_t narrow = vqc_bf16_from_f32((float)value);
            memcpy(element, &narrow, sizeof narrow);
        }
    }
}

static vqc_status plan_forward(void *state, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const ref_plan *plan = state;
    const vqc_operation_layout *layout = &plan->layout;
    double *workspace = arguments->workspace;
    ref_forward converted = {.saved = arguments->saved};
    for (int i = 0; i < layout->input_count; i++) {
        if (layout->input_dtype[i] == VQC_DTYPE_I32)
            converted.index[i] = arguments->input[i];
        else
            converted.input[i] =
                tensor_load(layout->input_dtype[i], arguments->input[i], layout->input_count_elements[i], &workspace);
    }
    converted.output = workspace_take(&workspace, layout->output_count_elements);
    converted.scratch = workspace;
    kernels[plan->operation.kind]->forward(plan, &converted);
    tensor_store(layout->output_dtype, converted.output, layout->output_count_elements, false, arguments->output);
    return VQC_OK;
}

/* What the kernel reads, and zeros for the gradients that are wanted. */
static ref_backward backward_convert(const ref_plan *plan, const vqc_backward *arguments)
{
    const vqc_operation_layout *layout = &plan->layout;
    double *workspace = arguments->workspace;
    ref_backward converted = {.saved = arguments->saved};
    converted.grad_output =
        tensor_load(layout->output_dtype, arguments->grad_output, layout->output_count_elements, &workspace);
    if (layout->backward_reads_output)
        converted.output =
            tensor_load(layout->output_dtype, arguments->output, layout->output_count_elements, &workspace);
    for (int i = 0; i < layout->input_count; i++) {
        int64_t count = layout->input_count_elements[i];
        if (layout->backward_reads_input[i] && layout->input_dtype[i] == VQC_DTYPE_I32)
            converted.index[i] = arguments->input[i];
        else if (layout->backward_reads_input[i])
            converted.input[i] = tensor_load(layout->input_dtype[i], arguments->input[i], count, &workspace);
        if (layout->input_has_gradient[i] && arguments->grad_input[i] != NULL) {
            converted.grad_input[i] = workspace_take(&workspace, count);
            memset(converted.grad_input[i], 0, (size_t)count * sizeof(double));
        }
    }
    converted.scratch = workspace;
    return converted;
}

static vqc_status plan_backward(void *state, const vqc_backward *arguments, vqc_error *error)
{
    const ref_plan *plan = state;
    const ref_kernel *kernel = kernels[plan->operation.kind];
    if (kernel->backward == NULL)
        return vqc_error_set(error, VQC_FAILED, "%s: has no gradient", vqc_operation_name(plan->operation.kind));
    ref_backward converted = backward_convert(plan, arguments);
    kernel->backward(plan, &converted);
    for (int i = 0; i < plan->layout.input_count; i++)
        if (converted.grad_input[i] != NULL)
            tensor_store(plan->layout.input_dtype[i], converted.grad_input[i], plan->layout.input_count_elements[i],
                         arguments->accumulate[i], arguments->grad_input[i]);
    return VQC_OK;
}

const vqc_ops_implementation vqc_ops_ref = {
    .name = "ref",
    .create = device_create,
    .destroy = device_destroy,
    .memory_allocate = device_allocate,
    .memory_release = device_release,
    .upload = device_copy,
    .download = device_copy,
    .clear = device_clear,
    .plan_create = plan_create,
    .plan_destroy = plan_destroy,
    .forward = plan_forward,
    .backward = plan_backward,
    .step = &vqc_host_step,
};
