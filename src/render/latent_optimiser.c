#include "render/latent_optimiser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "render/parametrisation.h"
#include "render/regulariser.h"

struct vqc_latent_optimiser {
    vqc_ops *ops;
    const vqc_settings *settings;
    size_t cells, width; /* of the latent; its channels */
    /* On the device. */
    float *state;  /* z and its moments */
    float *origin; /* where the L2 term pulls to; NULL for zero */
    float *limits; /* least value of every channel, then largest; NULL without limits */
    float *mask;   /* (rows, columns): the share of a step that each cell goes; NULL: all of it */
    vqc_latent_numbers *numbers;
    vqc_latent_numbers *prepared; /* the same in host memory, on their way */
};

static vqc_optimiser_traits traits_of(const vqc_settings *settings)
{
    return vqc_optimiser_traits_of(settings->optimiser);
}

int64_t vqc_latent_optimiser_tensors(const vqc_settings *settings)
{
    return 1 + traits_of(settings).moments + (settings->average > 0.0 ? 1 : 0);
}

int64_t vqc_latent_optimiser_result_tensor(const vqc_settings *settings)
{
    return settings->average > 0.0 ? vqc_latent_optimiser_tensors(settings) - 1 : 0;
}

size_t vqc_latent_optimiser_size(const vqc_settings *settings, int64_t count)
{
    int64_t origin = vqc_regulariser_towards_start(settings) ? 1 : 0;
    return (size_t)((vqc_latent_optimiser_tensors(settings) + origin) * count) * sizeof(float);
}

static size_t latent_count(const vqc_latent_optimiser *optimiser)
{
    return optimiser->cells * optimiser->width;
}

/* Bytes of one tensor; of the state. */
static size_t tensor_size(const vqc_latent_optimiser *optimiser)
{
    return latent_count(optimiser) * sizeof(float);
}

static size_t state_size(const vqc_latent_optimiser *optimiser)
{
    return (size_t)vqc_latent_optimiser_tensors(optimiser->settings) * tensor_size(optimiser);
}

static float *result_of(const vqc_latent_optimiser *optimiser)
{
    return optimiser->state +
           (size_t)vqc_latent_optimiser_result_tensor(optimiser->settings) * latent_count(optimiser);
}

/* Device memory with a copy of the values. */
static vqc_status values_upload(vqc_ops *ops, const float *values, size_t count, float **memory_out, vqc_error *error)
{
    void *memory;
    VQC_TRY(vqc_ops_memory_allocate(ops, count * sizeof *values, &memory, error));
    *memory_out = memory;
    return vqc_ops_upload(ops, memory, values, count * sizeof *values, error);
}

static vqc_status limits_create(vqc_latent_optimiser *optimiser, const vqc_generator *generator, vqc_error *error)
{
    float *limits;
    const vqc_parametrisation_type *type = vqc_parametrisation_of(optimiser->settings);
    if (!optimiser->settings->clamp || type->limits == NULL)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(2 * optimiser->width, sizeof *limits, "limits", &limits, error));
    type->limits(generator, optimiser->settings, limits, limits + optimiser->width);
    vqc_status status = values_upload(optimiser->ops, limits, 2 * optimiser->width, &optimiser->limits, error);
    free(limits);
    return status;
}

static vqc_status memory_create(vqc_latent_optimiser *optimiser, vqc_error *error)
{
    void *memory;
    VQC_TRY(vqc_ops_memory_allocate(optimiser->ops, state_size(optimiser), &memory, error));
    optimiser->state = memory;
    if (vqc_regulariser_towards_start(optimiser->settings)) {
        VQC_TRY(vqc_ops_memory_allocate(optimiser->ops, tensor_size(optimiser), &memory, error));
        optimiser->origin = memory;
    }
    VQC_TRY(vqc_ops_memory_allocate(optimiser->ops, sizeof *optimiser->numbers, &memory, error));
    optimiser->numbers = memory;
    VQC_TRY(vqc_ops_host_allocate(optimiser->ops, sizeof *optimiser->prepared, &memory, error));
    optimiser->prepared = memory;
    return VQC_OK;
}

vqc_status vqc_latent_optimiser_create(const vqc_generator *generator, vqc_ops *ops, const vqc_settings *settings,
                                       int64_t rows, int64_t columns, vqc_latent_optimiser **optimiser_out,
                                       vqc_error *error)
{
    vqc_latent_optimiser *optimiser;
    VQC_TRY(vqc_memory_allocate(1, sizeof *optimiser, "an optimiser", &optimiser, error));
    optimiser->ops = ops;
    optimiser->settings = settings;
    optimiser->cells = (size_t)(rows * columns);
    optimiser->width = (size_t)vqc_parametrisation_of(settings)->width(generator);
    vqc_status status = memory_create(optimiser, error);
    if (status == VQC_OK)
        status = limits_create(optimiser, generator, error);
    if (status != VQC_OK) {
        vqc_latent_optimiser_destroy(optimiser);
        return status;
    }
    *optimiser_out = optimiser;
    return VQC_OK;
}

void vqc_latent_optimiser_destroy(vqc_latent_optimiser *optimiser)
{
    if (optimiser == NULL)
        return;
    void *memory[] = {optimiser->state, optimiser->origin, optimiser->limits, optimiser->mask, optimiser->numbers};
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        if (memory[i] != NULL)
            vqc_ops_memory_release(optimiser->ops, memory[i]);
    vqc_ops_host_release(optimiser->ops, optimiser->prepared);
    free(optimiser);
}

vqc_status vqc_latent_optimiser_mask(vqc_latent_optimiser *optimiser, const float *mask, vqc_error *error)
{
    return values_upload(optimiser->ops, mask, optimiser->cells, &optimiser->mask, error);
}

vqc_status vqc_latent_optimiser_reset(vqc_latent_optimiser *optimiser, const float *z, vqc_error *error)
{
    VQC_TRY(vqc_ops_clear(optimiser->ops, optimiser->state, state_size(optimiser), error));
    if (optimiser->origin != NULL)
        VQC_TRY(vqc_ops_upload(optimiser->ops, optimiser->origin, z, tensor_size(optimiser), error));
    VQC_TRY(vqc_ops_upload(optimiser->ops, optimiser->state, z, tensor_size(optimiser), error));
    return vqc_ops_upload(optimiser->ops, result_of(optimiser), z, tensor_size(optimiser), error);
}

const float *vqc_latent_optimiser_z(const vqc_latent_optimiser *optimiser)
{
    return optimiser->state;
}

const float *vqc_latent_optimiser_result(const vqc_latent_optimiser *optimiser)
{
    return result_of(optimiser);
}

const float *vqc_latent_optimiser_origin(const vqc_latent_optimiser *optimiser)
{
    return optimiser->origin;
}

/* RAdam's factor on the learning rate, in steps of a number for which there is one: with fewer the mean square says
 * too little (Liu et al. 2020, algorithm 2; PyTorch's limit of 5). */
static bool rectification_find(double beta2, double number, double *factor_out)
{
    double power = pow(beta2, number);
    double longest = 2.0 / (1.0 - beta2) - 1.0;
    double length = longest - 2.0 * number * power / (1.0 - power);
    if (length <= 5.0)
        return false;
    *factor_out = sqrt((length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length)) *
                  sqrt(1.0 - power);
    return true;
}

/* The latest step up to `step` at which the optimiser begins afresh; 0 if none. */
static int64_t restart_of(const vqc_settings *settings, int64_t step)
{
    const int64_t regularisers = vqc_regulariser_restart(settings, step);
    const int64_t motion = vqc_settings_motion_restart(settings, step);
    return regularisers > motion ? regularisers : motion;
}

/* The numbers of step `step`. */
static vqc_update update_of(const vqc_settings *settings, int64_t step)
{
    const vqc_optimiser_traits traits = traits_of(settings);
    double number = (double)(step - restart_of(settings, step) + 1);
    double rate = vqc_settings_learning_rate(settings, step);
    double beta2 = traits.keeps_alpha ? settings->alpha : settings->beta2;
    double correction1 = 1.0 - pow(settings->beta1, number);
    double correction2 = 1.0 - pow(beta2, number);
    double decay = traits.decoupled ? rate * settings->weight_decay : 0.0;
    double factor = sqrt(correction2);
    bool rectified = traits.rectifies && rectification_find(beta2, number, &factor);
    if (traits.rectifies && !rectified)
        factor = 1.0;
    return (vqc_update){
        .rate = (float)rate,
        .beta1 = (float)settings->beta1,
        .beta2 = (float)beta2,
        .share1 = (float)(1.0 - settings->beta1), /* in f32, 1 − 0.999 would be off by 1e-5 */
        .share2 = (float)(1.0 - beta2),
        .correction1 = (float)correction1,
        .correction2 = (float)correction2,
        .corrected_rate = (float)(rate * factor / correction1),
        .rectified = rectified,
        .epsilon = (float)settings->epsilon,
        .keep = (float)(1.0 - decay),
        .projected_keep = (float)(1.0 - decay * settings->wd_ratio),
        .delta = (float)settings->delta,
    };
}

/* The share of the new z in the average, with the bias correction of `EMATensor` in the public notebooks: of n
 * values, the first of which is the start, the average is Σ D^(n−i) z_i over Σ D^(n−i). */
static double average_share(const vqc_settings *settings, int64_t step)
{
    double values = (double)(step + 2);
    return (1.0 - settings->average) / (1.0 - pow(settings->average, values));
}

static vqc_status moments_clear(vqc_latent_optimiser *optimiser, vqc_error *error)
{
    size_t moments = (size_t)traits_of(optimiser->settings).moments;
    return vqc_ops_clear(optimiser->ops, optimiser->state + latent_count(optimiser), moments * tensor_size(optimiser),
                         error);
}

vqc_status vqc_latent_optimiser_prepare(vqc_latent_optimiser *optimiser, int64_t step, double l2_slope,
                                        vqc_error *error)
{
    const vqc_settings *settings = optimiser->settings;
    if (step > 0 && step == restart_of(settings, step))
        VQC_TRY(moments_clear(optimiser, error));
    *optimiser->prepared = (vqc_latent_numbers){
        .update = update_of(settings, step),
        .l2_slope = (float)l2_slope,
        .decay = traits_of(settings).decoupled ? 0.0F : (float)settings->weight_decay,
        .average_share = (float)average_share(settings, step),
    };
    return vqc_ops_copy(optimiser->ops, optimiser->numbers, optimiser->prepared, sizeof *optimiser->prepared, error);
}

vqc_status vqc_latent_optimiser_step(vqc_latent_optimiser *optimiser, const float *gradient, vqc_error *error)
{
    const vqc_latent latent = {.cells = (int64_t)optimiser->cells,
                               .width = (int64_t)optimiser->width,
                               .optimiser = optimiser->settings->optimiser,
                               .state = optimiser->state,
                               .average = optimiser->settings->average > 0.0 ? result_of(optimiser) : NULL,
                               .gradient = gradient,
                               .origin = optimiser->origin,
                               .mask = optimiser->mask,
                               .limits = optimiser->limits};
    return vqc_ops_latent_step(optimiser->ops, &latent, optimiser->numbers, error);
}

vqc_status vqc_latent_optimiser_save(const vqc_latent_optimiser *optimiser, float *state, vqc_error *error)
{
    return vqc_ops_download(optimiser->ops, state, optimiser->state, state_size(optimiser), error);
}

vqc_status vqc_latent_optimiser_restore(vqc_latent_optimiser *optimiser, const float *state, vqc_error *error)
{
    return vqc_ops_upload(optimiser->ops, optimiser->state, state, state_size(optimiser), error);
}
