#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "base/memory.h"
#include "ops/cpu/plan.h"
#include "ops/host_step.h"

/* How many threads OpenMP grants a region that asks for `wanted`. Fewer where OMP_THREAD_LIMIT or
 * OMP_MAX_ACTIVE_LEVELS says so, which omp_get_max_threads() does not show. */
static int threads_granted(int wanted)
{
    int granted = 1;
    omp_set_dynamic(0);
#pragma omp parallel num_threads(wanted)
#pragma omp single
    granted = omp_get_num_threads();
    return granted;
}

/* The number of threads is what the options say, else what OpenMP allows this process (OMP_NUM_THREADS, else the
 * processors that it may run on), counted in a region: oneDNN plans for the number that it is told of, and need not
 * be right where fewer come. Bits do not depend on the number, so what the environment grants is simply used; but who
 * asks for one is told that it cannot be had. */
static vqc_status threads_choose(const vqc_ops_options *options, int *threads_out, vqc_error *error)
{
    int wanted = options->threads > 0 ? options->threads : omp_get_max_threads();
    *threads_out = threads_granted(wanted);
    if (options->threads > *threads_out)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected %d threads, as --threads says, found that OpenMP grants %d: see "
                             "OMP_THREAD_LIMIT and OMP_MAX_ACTIVE_LEVELS in the environment",
                             options->threads, *threads_out);
    return VQC_OK;
}

static vqc_status device_create(const vqc_ops_options *options, void **device_out, int *threads_out, vqc_error *error)
{
    vqc_cpu_device *device;
    int threads;
    VQC_TRY(threads_choose(options, &threads, error));
    VQC_TRY(vqc_memory_allocate(1, sizeof *device, "a device", &device, error));
    vqc_status status = vqc_onednn_create(&device->onednn, error);
    if (status != VQC_OK) {
        free(device);
        return status;
    }
    device->threads = threads;
    *device_out = device;
    *threads_out = device->threads;
    return VQC_OK;
}

static void device_destroy(void *opaque)
{
    vqc_cpu_device *device = opaque;
    vqc_onednn_destroy(device->onednn);
    free(device);
}

static void device_describe(const void *device, vqc_ops_description *description_out)
{
    (void)device;
    vqc_onednn_describe(description_out);
}

static vqc_status memory_allocate(void *device, size_t size, void **memory_out, vqc_error *error)
{
    (void)device;
    void *memory = NULL;
    if (size <= SIZE_MAX - VQC_CPU_ALIGNMENT)
        memory = aligned_alloc(VQC_CPU_ALIGNMENT, vqc_cpu_align(size > 0 ? size : 1));
    if (memory == NULL)
        return vqc_error_set(error, VQC_FAILED, "no memory for %zu bytes of activations", size);
    *memory_out = memory;
    return VQC_OK;
}

static void memory_release(void *device, void *memory)
{
    (void)device;
    free(memory);
}

static vqc_status copy(void *device, void *target, const void *source, size_t size, vqc_error *error)
{
    (void)device;
    (void)error;
    if (size > 0)
        memcpy(target, source, size);
    return VQC_OK;
}

static vqc_status clear(void *device, void *target, size_t size, vqc_error *error)
{
    (void)device;
    (void)error;
    if (size > 0)
        memset(target, 0, size);
    return VQC_OK;
}

#define KERNEL(KIND, name, ...) [VQC_OPERATION_##KIND] = &vqc_cpu_##name##_kernel,
static const vqc_cpu_kernel *const kernels[VQC_OPERATION_COUNT] = {VQC_OPERATIONS(KERNEL)};

vqc_status vqc_cpu_parameters_copy(vqc_cpu_plan *plan, const float *parameters, int64_t count, float **copy_out,
                                   vqc_error *error)
{
    float *values;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *values, "parameters", &values, error));
    memcpy(values, parameters, (size_t)count * sizeof *values);
    plan->sizes.parameters += (size_t)count * sizeof *values;
    *copy_out = values;
    return VQC_OK;
}

static vqc_status check_dtype(vqc_dtype dtype, vqc_error *error)
{
    if (dtype != VQC_DTYPE_F32 && dtype != VQC_DTYPE_BF16)
        return vqc_error_set(error, VQC_FAILED, "cpu computes in f32 or bf16, not in %s", vqc_dtype_name(dtype));
    return VQC_OK;
}

/* That the element types are among those which cpu has. */
static vqc_status check_dtypes(const vqc_operation *operation, vqc_error *error)
{
    if (operation->kind != VQC_OPERATION_CAST)
        return check_dtype(operation->dtype, error);
    VQC_TRY(check_dtype(operation->cast.from, error));
    return check_dtype(operation->cast.to, error);
}

static void plan_destroy(void *state)
{
    vqc_cpu_plan *plan = state;
    if (plan->state != NULL)
        plan->state_destroy(plan->state);
    free(plan);
}

static vqc_status plan_fill(vqc_cpu_plan *plan, vqc_error *error)
{
    VQC_TRY(check_dtypes(&plan->operation, error));
    const vqc_cpu_kernel *kernel = kernels[plan->operation.kind];
    plan->run_forward = kernel->forward;
    plan->run_backward = kernel->backward;
    return kernel->prepare == NULL ? VQC_OK : kernel->prepare(plan, error);
}

/* Makes OpenMP, and with it oneDNN, compute with the device's threads; for the calling thread, and at every call,
 * because several devices may be open. */
static void threads_set(const vqc_cpu_device *device)
{
    omp_set_dynamic(0);
    omp_set_num_threads(device->threads);
}

static vqc_status plan_create(void *device, const vqc_operation *operation, bool backward, vqc_plan_sizes *sizes_out,
                              void **state_out, vqc_error *error)
{
    vqc_cpu_plan *plan;
    VQC_TRY(vqc_memory_allocate(1, sizeof *plan, "a plan", &plan, error));
    plan->device = device;
    threads_set(device);
    plan->operation = *operation;
    plan->backward = backward;
    vqc_operation_describe(operation, plan->description);
    vqc_status status = plan_fill(plan, error);
    if (status != VQC_OK) {
        status = vqc_error_prefix(error, "%s", plan->description);
        plan_destroy(plan);
        return status;
    }
    *sizes_out = plan->sizes;
    *state_out = plan;
    return VQC_OK;
}

static vqc_status plan_forward(void *state, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_cpu_plan *plan = state;
    threads_set(plan->device);
    vqc_status status = plan->run_forward(plan, arguments, error);
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", plan->description);
}

static vqc_status plan_backward(void *state, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_cpu_plan *plan = state;
    if (plan->run_backward == NULL)
        return VQC_OK;
    threads_set(plan->device);
    vqc_status status = plan->run_backward(plan, arguments, error);
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s, backward", plan->description);
}

const vqc_ops_implementation vqc_ops_cpu = {
    .name = "cpu",
    .create = device_create,
    .destroy = device_destroy,
    .describe = device_describe,
    .memory_allocate = memory_allocate,
    .memory_release = memory_release,
    .upload = copy,
    .download = copy,
    .clear = clear,
    .plan_create = plan_create,
    .plan_destroy = plan_destroy,
    .forward = plan_forward,
    .backward = plan_backward,
    .step = &vqc_host_step,
};
