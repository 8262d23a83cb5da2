#include "ops/cuda/cuda.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ops/cuda/cudnn_graphs.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/step.h"
#include "ops/cuda/step_functions.h"

/* The number of the device to use: the one that the options name, or the only one that there is, since a job manager
 * may show each rank its own. */
static vqc_status device_choose(const vqc_ops_options *options, int *index_out, vqc_error *error)
{
    int count = 0;
    int wanted = options->device;
    cudaError_t result = cudaGetDeviceCount(&count);
    if (result == cudaSuccess && count < 1)
        result = cudaErrorNoDevice;
    if (result != cudaSuccess)
        return vqc_error_set(error, VQC_BAD_INPUT, "cuda: no CUDA device is available: %s",
                             cudaGetErrorString(result));
    if (options->shared && wanted >= 0)
        wanted %= count;
    if (count > 1 && (wanted < 0 || wanted >= count))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "cuda: device %d: there are %d devices, counted from 0, for one rank of a host each; "
                             "--share-device lets several ranks compute on one",
                             wanted, count);
    *index_out = count == 1 ? 0 : wanted;
    return VQC_OK;
}

static vqc_status device_describe(vqc_cuda_device *device, vqc_error *error)
{
    struct cudaDeviceProp properties;
    VQC_TRY(vqc_cuda_check(cudaGetDeviceProperties(&properties, device->index), "the device's properties", error));
    VQC_TRY(vqc_cuda_check(cudaDeviceGetPCIBusId(device->pci_id, sizeof device->pci_id, device->index),
                           "the device's PCI id", error));
    (void)snprintf(device->name, sizeof device->name, "%s", properties.name);
    device->capability = 10 * properties.major + properties.minor;
    return VQC_OK;
}

static vqc_status device_open(vqc_cuda_device *device, const vqc_ops_options *options, vqc_error *error)
{
    VQC_TRY(device_choose(options, &device->index, error));
    VQC_TRY(vqc_cuda_check(cudaSetDevice(device->index), "opening the device", error));
    VQC_TRY(device_describe(device, error));
    device->tf32 = options->tf32;
    VQC_TRY(
        vqc_cuda_check(cudaStreamCreateWithFlags(&device->stream, cudaStreamNonBlocking), "making a stream", error));
    VQC_TRY(vqc_cuda_check(cudaMalloc(&device->latent_parts, vqc_cuda_latent_parts_size()),
                           "memory for sums over latents", error));
    VQC_TRY(vqc_cuda_cublas_check(cublasLtCreate(&device->cublas), "opening cuBLAS", error));
    VQC_TRY(vqc_cuda_cudnn_check(cudnnCreate(&device->cudnn), "opening cuDNN", error));
    VQC_TRY(vqc_cuda_cudnn_check(cudnnSetStream(device->cudnn, device->stream), "opening cuDNN", error));
    return vqc_cuda_graphs_create(device->cudnn, &device->graphs, error);
}

/* Nothing can be done about a failure here, and what failed before has been reported. */
static void device_destroy(void *opaque)
{
    vqc_cuda_device *device = opaque;
    (void)cudaSetDevice(device->index);
    vqc_cuda_graphs_destroy(device->graphs);
    if (device->cudnn != NULL)
        (void)cudnnDestroy(device->cudnn);
    if (device->cublas != NULL)
        (void)cublasLtDestroy(device->cublas);
    (void)cudaFree(device->latent_parts);
    if (device->stream != NULL)
        (void)cudaStreamDestroy(device->stream);
    free(device);
}

static vqc_status device_create(const vqc_ops_options *options, void **device_out, int *threads_out, vqc_error *error)
{
    vqc_cuda_device *device;
    VQC_TRY(vqc_memory_allocate(1, sizeof *device, "a device", &device, error));
    vqc_status status = device_open(device, options, error);
    if (status != VQC_OK) {
        device_destroy(device);
        return status;
    }
    *device_out = device;
    *threads_out = 1;
    return VQC_OK;
}

static void device_identify(const void *opaque, vqc_ops_identity *identity_out)
{
    const vqc_cuda_device *device = opaque;
    (void)snprintf(identity_out->name, sizeof identity_out->name, "%s", device->name);
    (void)snprintf(identity_out->pci_id, sizeof identity_out->pci_id, "%s", device->pci_id);
}

/* What the bytes depend on: the kind of device, and the library of the convolutions. */
static void device_describe_results(const void *opaque, vqc_ops_description *description_out)
{
    const vqc_cuda_device *device = opaque;
    (void)snprintf(description_out->instruction_set, sizeof description_out->instruction_set, "%.16s (%d.%d)",
                   device->name, (uint8_t)(device->capability / 10), (uint8_t)(device->capability % 10));
    (void)snprintf(description_out->library, sizeof description_out->library, "cuDNN %zu", cudnnGetVersion());
    description_out->tf32 = device->tf32;
}

/* Makes the device the one that the runtime's calls of this thread mean; several may be open. */
static vqc_status device_select(const vqc_cuda_device *device, vqc_error *error)
{
    return vqc_cuda_check(cudaSetDevice(device->index), "choosing the device", error);
}

static vqc_status device_wait(const vqc_cuda_device *device, const char *what, vqc_error *error)
{
    return vqc_cuda_check(cudaStreamSynchronize(device->stream), what, error);
}

/* What waits for the device, or changes its memory, would spoil a recording. */
static vqc_status check_not_recording(const vqc_cuda_device *device, const char *what, vqc_error *error)
{
    if (device->recording)
        return vqc_error_set(error, VQC_FAILED, "cuda: %s while operations are recorded", what);
    return VQC_OK;
}

static void *stream(const void *opaque)
{
    const vqc_cuda_device *device = opaque;
    (void)cudaSetDevice(device->index);
    return device->stream;
}

static vqc_status poll(void *opaque, bool *done_out, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    VQC_TRY(check_not_recording(device, "asking whether all is done", error));
    VQC_TRY(device_select(device, error));
    cudaError_t result = cudaStreamQuery(device->stream);
    *done_out = result != cudaErrorNotReady;
    return *done_out ? vqc_cuda_check(result, "computing", error) : VQC_OK;
}

static vqc_status memory_count(const void *opaque, size_t *free_out, size_t *total_out, vqc_error *error)
{
    VQC_TRY(device_select(opaque, error));
    return vqc_cuda_check(cudaMemGetInfo(free_out, total_out), "the device's memory", error);
}

static vqc_status memory_allocate(void *opaque, size_t size, void **memory_out, vqc_error *error)
{
    VQC_TRY(check_not_recording(opaque, "allocating memory", error));
    VQC_TRY(device_select(opaque, error));
    void *memory = NULL;
    cudaError_t result = cudaMalloc(&memory, size > 0 ? size : 1);
    if (result != cudaSuccess) {
        (void)cudaGetLastError(); /* so that a later call does not report it again */
        return vqc_error_set(error, VQC_FAILED, "cuda: no memory for %zu bytes on the device: %s", size,
                             cudaGetErrorString(result));
    }
    *memory_out = memory;
    return VQC_OK;
}

static void memory_release(void *opaque, void *memory)
{
    const vqc_cuda_device *device = opaque;
    (void)cudaSetDevice(device->index);
    (void)cudaFree(memory);
}

static vqc_status copy(const vqc_cuda_device *device, void *target, const void *source, size_t size,
                       enum cudaMemcpyKind kind, const char *what, vqc_error *error)
{
    if (size == 0)
        return VQC_OK;
    VQC_TRY(check_not_recording(device, what, error));
    VQC_TRY(device_select(device, error));
    VQC_TRY(vqc_cuda_check(cudaMemcpyAsync(target, source, size, kind, device->stream), what, error));
    return device_wait(device, what, error);
}

static vqc_status upload(void *device, void *target, const void *host, size_t size, vqc_error *error)
{
    return copy(device, target, host, size, cudaMemcpyHostToDevice, "copying to the device", error);
}

static vqc_status download(void *device, void *host, const void *source, size_t size, vqc_error *error)
{
    return copy(device, host, source, size, cudaMemcpyDeviceToHost, "copying from the device", error);
}

static vqc_status clear(void *opaque, void *target, size_t size, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    if (size == 0)
        return VQC_OK;
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(cudaMemsetAsync(target, 0, size, device->stream), "clearing memory", error);
}

/* Page-locked, so that copies run beside the host. */
static vqc_status host_allocate(void *opaque, size_t size, void **memory_out, vqc_error *error)
{
    VQC_TRY(check_not_recording(opaque, "allocating memory", error));
    VQC_TRY(device_select(opaque, error));
    return vqc_cuda_check(cudaHostAlloc(memory_out, size > 0 ? size : 1, cudaHostAllocDefault),
                          "allocating page-locked memory", error);
}

static void host_release(void *opaque, void *memory)
{
    const vqc_cuda_device *device = opaque;
    (void)cudaSetDevice(device->index);
    (void)cudaFreeHost(memory);
}

static vqc_status copy_queue(void *opaque, void *target, const void *source, size_t size, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    if (size == 0)
        return VQC_OK;
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(cudaMemcpyAsync(target, source, size, cudaMemcpyDefault, device->stream), "copying", error);
}

static vqc_status queue_wait(void *opaque, vqc_error *error)
{
    VQC_TRY(check_not_recording(opaque, "waiting", error));
    VQC_TRY(device_select(opaque, error));
    return device_wait(opaque, "computing", error);
}

static vqc_status event_create(void *opaque, void **event_out, vqc_error *error)
{
    cudaEvent_t event;
    VQC_TRY(device_select(opaque, error));
    VQC_TRY(vqc_cuda_check(cudaEventCreate(&event), "making an event", error));
    *event_out = event;
    return VQC_OK;
}

static void event_destroy(void *opaque, void *event)
{
    const vqc_cuda_device *device = opaque;
    (void)cudaSetDevice(device->index);
    (void)cudaEventDestroy(event);
}

static vqc_status event_mark(void *opaque, void *event, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    VQC_TRY(check_not_recording(device, "marking an event", error));
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(cudaEventRecord(event, device->stream), "marking an event", error);
}

static vqc_status event_poll(void *opaque, void *event, bool *over_out, vqc_error *error)
{
    VQC_TRY(check_not_recording(opaque, "asking whether an event is over", error));
    VQC_TRY(device_select(opaque, error));
    cudaError_t result = cudaEventQuery(event);
    *over_out = result != cudaErrorNotReady;
    return *over_out ? vqc_cuda_check(result, "computing", error) : VQC_OK;
}

static vqc_status event_seconds(void *opaque, void *from, void *to, double *seconds_out, vqc_error *error)
{
    float milliseconds;
    VQC_TRY(device_select(opaque, error));
    VQC_TRY(vqc_cuda_check(cudaEventElapsedTime(&milliseconds, from, to), "the time between events", error));
    *seconds_out = (double)milliseconds * 1e-3;
    return VQC_OK;
}

static vqc_status bf16_from_f32(const float *values, int64_t count, uint16_t **rounded_out, vqc_error *error)
{
    uint16_t *rounded;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *rounded, "parameters", &rounded, error));
    for (int64_t i = 0; i < count; i++)
        rounded[i] = vqc_bf16_from_f32(values[i]);
    *rounded_out = rounded;
    return VQC_OK;
}

bool vqc_cuda_parameter_is_there(const vqc_cuda_plan *plan, int index)
{
    return plan->parameters->memory[index] != NULL;
}

vqc_status vqc_cuda_parameter_upload(vqc_cuda_plan *plan, int index, vqc_dtype dtype, const float *values,
                                     int64_t count, vqc_error *error)
{
    if (vqc_cuda_parameter_is_there(plan, index))
        return VQC_OK;
    size_t size = (size_t)count * vqc_dtype_size(dtype);
    VQC_TRY(memory_allocate(plan->device, size, &plan->parameters->memory[index], error));
    plan->sizes.parameters += size;
    if (dtype == VQC_DTYPE_F32)
        return upload(plan->device, plan->parameters->memory[index], values, size, error);
    uint16_t *rounded;
    VQC_TRY(bf16_from_f32(values, count, &rounded, error));
    vqc_status status = upload(plan->device, plan->parameters->memory[index], rounded, size, error);
    free(rounded);
    return status;
}

vqc_status vqc_cuda_parameter_compute(vqc_cuda_plan *plan, int index, vqc_cuda_parameter_function *compute,
                                      int64_t count, vqc_error *error)
{
    float *values;
    if (vqc_cuda_parameter_is_there(plan, index))
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *values, "parameters", &values, error));
    compute(&plan->operation, values);
    vqc_status status = vqc_cuda_parameter_upload(plan, index, VQC_DTYPE_F32, values, count, error);
    free(values);
    return status;
}

enum { BF16_CAPABILITY = 80 }; /* the first with bf16 products */

static vqc_status check_dtype(const vqc_cuda_device *device, vqc_dtype dtype, vqc_error *error)
{
    if (dtype != VQC_DTYPE_F32 && dtype != VQC_DTYPE_BF16)
        return vqc_error_set(error, VQC_FAILED, "cuda computes in f32 or bf16, not in %s", vqc_dtype_name(dtype));
    if (dtype == VQC_DTYPE_BF16 && device->capability < BF16_CAPABILITY)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "no bf16 for this processor: %s has compute capability %d.%d, expected 8.0 or more",
                             device->name, device->capability / 10, device->capability % 10);
    return VQC_OK;
}

/* That the element types are among those which the device has. */
static vqc_status check_dtypes(const vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_operation *operation = &plan->operation;
    if (operation->kind != VQC_OPERATION_CAST)
        return check_dtype(plan->device, operation->dtype, error);
    VQC_TRY(check_dtype(plan->device, operation->cast.from, error));
    return check_dtype(plan->device, operation->cast.to, error);
}

/* The plan lets go of its parameters. */
static void parameters_release(vqc_cuda_plan *plan)
{
    if (plan->parameters == NULL || --plan->parameters->plans > 0)
        return;
    for (int i = 0; i < VQC_CUDA_MAX_PARAMETERS; i++)
        if (plan->parameters->memory[i] != NULL)
            memory_release(plan->device, plan->parameters->memory[i]);
    free(plan->parameters);
}

static void plan_destroy(void *state)
{
    vqc_cuda_plan *plan = state;
    parameters_release(plan);
    if (plan->state != NULL)
        plan->state_destroy(plan->state);
    free(plan);
}

static vqc_status plan_fill(vqc_cuda_plan *plan, vqc_error *error)
{
    VQC_TRY(check_dtypes(plan, error));
    VQC_TRY(device_select(plan->device, error));
    VQC_TRY(vqc_cuda_kernels_prepare(plan, error));
    if (plan->sizes.workspace > 0)
        plan->sizes.workspace += VQC_CUDA_ALIGNMENT; /* room to align the caller's */
    return VQC_OK;
}

static void *workspace_align(void *workspace)
{
    uintptr_t past = (uintptr_t)workspace % VQC_CUDA_ALIGNMENT;
    return workspace == NULL || past == 0 ? workspace : (char *)workspace + (VQC_CUDA_ALIGNMENT - past);
}

/* A plan with the parameters that are given, or with new ones. */
static vqc_status plan_create_with(void *device, const vqc_operation *operation, bool backward,
                                   vqc_cuda_parameters *parameters, vqc_plan_sizes *sizes_out, void **state_out,
                                   vqc_error *error)
{
    vqc_cuda_plan *plan;
    VQC_TRY(vqc_memory_allocate(1, sizeof *plan, "a plan", &plan, error));
    plan->device = device;
    plan->operation = *operation;
    plan->backward = backward;
    plan->parameters = parameters;
    vqc_operation_describe(operation, plan->description);
    vqc_status status = VQC_OK;
    if (parameters == NULL)
        status = vqc_memory_allocate(1, sizeof *plan->parameters, "a plan", &plan->parameters, error);
    if (status == VQC_OK) {
        plan->parameters->plans++;
        status = plan_fill(plan, error);
    }
    if (status != VQC_OK) {
        status = vqc_error_prefix(error, "%s", plan->description);
        plan_destroy(plan);
        return status;
    }
    *sizes_out = plan->sizes;
    *state_out = plan;
    return VQC_OK;
}

static vqc_status plan_create(void *device, const vqc_operation *operation, bool backward, vqc_plan_sizes *sizes_out,
                              void **state_out, vqc_error *error)
{
    return plan_create_with(device, operation, backward, NULL, sizes_out, state_out, error);
}

static vqc_status plan_create_beside(void *device, const void *first_state, vqc_plan_sizes *sizes_out,
                                     void **state_out, vqc_error *error)
{
    const vqc_cuda_plan *first = first_state;
    if (first->device->index != ((const vqc_cuda_device *)device)->index)
        return vqc_error_set(error, VQC_FAILED, "%s: a plan of another device has other parameters",
                             first->description);
    return plan_create_with(device, &first->operation, first->backward, first->parameters, sizes_out, state_out,
                            error);
}

static vqc_status plan_forward(void *state, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_cuda_plan *plan = state;
    VQC_TRY(device_select(plan->device, error));
    vqc_forward aligned = *arguments;
    aligned.workspace = workspace_align(arguments->workspace);
    vqc_status status = plan->run_forward(plan, &aligned, error);
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", plan->description);
}

static vqc_status plan_backward(void *state, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_cuda_plan *plan = state;
    VQC_TRY(device_select(plan->device, error));
    vqc_backward aligned = *arguments;
    aligned.workspace = workspace_align(arguments->workspace);
    vqc_status status = plan->run_backward(plan, &aligned, error);
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s, backward", plan->description);
}

static vqc_status record_begin(void *opaque, vqc_error *error)
{
    vqc_cuda_device *device = opaque;
    VQC_TRY(check_not_recording(device, "recording", error));
    VQC_TRY(device_select(device, error));
    VQC_TRY(
        vqc_cuda_check(cudaStreamBeginCapture(device->stream, cudaStreamCaptureModeThreadLocal), "recording", error));
    device->recording = true;
    return VQC_OK;
}

static vqc_status record_end(void *opaque, void **recording_out, vqc_error *error)
{
    vqc_cuda_device *device = opaque;
    cudaGraph_t graph = NULL;
    cudaGraphExec_t executable = NULL;
    if (!device->recording)
        return vqc_error_set(error, VQC_FAILED, "cuda: nothing is being recorded");
    device->recording = false;
    VQC_TRY(device_select(device, error));
    VQC_TRY(vqc_cuda_check(cudaStreamEndCapture(device->stream, &graph), "recording", error));
    cudaError_t result = cudaGraphInstantiate(&executable, graph, 0);
    (void)cudaGraphDestroy(graph);
    *recording_out = executable;
    return vqc_cuda_check(result, "preparing a recording", error);
}

static vqc_status recording_run(void *opaque, void *recording, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    VQC_TRY(check_not_recording(device, "running a recording", error));
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(cudaGraphLaunch(recording, device->stream), "running a recording", error);
}

/* Waits first: the recording may still be running. */
static void recording_destroy(void *opaque, void *recording)
{
    const vqc_cuda_device *device = opaque;
    (void)cudaSetDevice(device->index);
    (void)cudaStreamSynchronize(device->stream);
    (void)cudaGraphExecDestroy(recording);
}

static const vqc_queue_functions queue_functions = {
    .stream = stream,
    .poll = poll,
    .host_allocate = host_allocate,
    .host_release = host_release,
    .copy = copy_queue,
    .wait = queue_wait,
    .event_create = event_create,
    .event_destroy = event_destroy,
    .event_mark = event_mark,
    .event_poll = event_poll,
    .event_seconds = event_seconds,
    .record_begin = record_begin,
    .record_end = record_end,
    .recording_run = recording_run,
    .recording_destroy = recording_destroy,
};

const vqc_ops_implementation vqc_ops_cuda = {
    .name = "cuda",
    .create = device_create,
    .destroy = device_destroy,
    .describe = device_describe_results,
    .identify = device_identify,
    .memory = memory_count,
    .memory_allocate = memory_allocate,
    .memory_release = memory_release,
    .upload = upload,
    .download = download,
    .clear = clear,
    .plan_create = plan_create,
    .plan_create_beside = plan_create_beside,
    .plan_destroy = plan_destroy,
    .forward = plan_forward,
    .backward = plan_backward,
    .step = &vqc_cuda_step_functions,
    .queue = &queue_functions,
};
