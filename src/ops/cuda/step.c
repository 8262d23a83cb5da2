#include "ops/cuda/step.h"

#include "ops/cuda/cuda.h"
#include "ops/cuda/step_functions.h"

/* What every function begins with: several devices may be open. */
static vqc_status device_select(const vqc_cuda_device *device, vqc_error *error)
{
    return vqc_cuda_check(cudaSetDevice(device->index), "choosing the device", error);
}

static vqc_status gradient_sum_add(void *opaque, int64_t *sum, const float *values, size_t count, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(vqc_cuda_gradient_sum_add(sum, values, (int64_t)count, device->stream),
                          "adding picture gradients", error);
}

static vqc_status gradient_sum_clear_marks(void *opaque, int64_t *sum, size_t count, int64_t *marks, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(vqc_cuda_gradient_sum_clear_marks(sum, (int64_t)count, marks, device->stream),
                          "checking picture gradients", error);
}

static vqc_status gradient_sum_read(void *opaque, const int64_t *sum, float *values, size_t count, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(vqc_cuda_gradient_sum_read(sum, values, (int64_t)count, device->stream),
                          "reading picture gradients", error);
}

static vqc_status distances_weigh(void *opaque, const vqc_weighing *weighing, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(vqc_cuda_distances_weigh(weighing, device->stream), "weighing distances", error);
}

static vqc_status latent_step(void *opaque, const vqc_latent *latent, const vqc_latent_numbers *numbers,
                              vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(vqc_cuda_latent_step(latent, numbers, device->latent_parts, device->stream),
                          "the optimiser's step", error);
}

static vqc_status latent_measure(void *opaque, const float *z, const float *origin, int64_t count,
                                 vqc_latent_measures *measures, vqc_error *error)
{
    const vqc_cuda_device *device = opaque;
    VQC_TRY(device_select(device, error));
    return vqc_cuda_check(vqc_cuda_latent_measure(z, origin, count, device->latent_parts, measures, device->stream),
                          "measuring the latent", error);
}

const vqc_step_functions vqc_cuda_step_functions = {
    .gradient_sum_add = gradient_sum_add,
    .gradient_sum_clear_marks = gradient_sum_clear_marks,
    .gradient_sum_read = gradient_sum_read,
    .distances_weigh = distances_weigh,
    .latent_step = latent_step,
    .latent_measure = latent_measure,
};
