#include "ops/host_step.h"

#include <math.h>
#include <string.h>

#include "ops/gradient_sum.h"
#include "ops/latent_formulas.h"

static vqc_status gradient_sum_add(void *device, int64_t *sum, const float *values, size_t count, vqc_error *error)
{
    (void)device, (void)error;
    vqc_gradient_sum_add(sum, values, count);
    return VQC_OK;
}

static vqc_status gradient_sum_clear_marks(void *device, int64_t *sum, size_t count, int64_t *marks, vqc_error *error)
{
    (void)device, (void)error;
    *marks = vqc_gradient_sum_clear_marks(sum, count);
    return VQC_OK;
}

static vqc_status gradient_sum_read(void *device, const int64_t *sum, float *values, size_t count, vqc_error *error)
{
    (void)device, (void)error;
    vqc_gradient_sum_read(sum, values, count);
    return VQC_OK;
}

static vqc_status distances_weigh(void *device, const vqc_weighing *w, vqc_error *error)
{
    (void)device, (void)error;
    for (int64_t t = 0; t < w->targets; t++)
        w->sums[t] = 0.0;
    for (int64_t crop = 0; crop < w->crops; crop++) {
        bool counts = crop < *w->real;
        for (int64_t t = 0; t < w->targets; t++) {
            double distance = (double)w->distances[crop * w->targets + t];
            double signed_distance = w->weights[t] < 0.0 ? -distance : distance;
            bool flows = counts && signed_distance > w->stops[t];
            w->gradients[crop * w->targets + t] = flows ? (float)w->weights[t] : 0.0F;
            if (counts)
                w->sums[t] += distance;
        }
    }
    return VQC_OK;
}

static vqc_status latent_step(void *device, const vqc_latent *latent, const vqc_latent_numbers *numbers,
                              vqc_error *error)
{
    (void)device, (void)error;
    const vqc_adam adam = numbers->adam;
    int64_t count = latent->cells * latent->width;
    float *z = latent->state;
    float *m = z + count;
    float *v = m + count;
    for (int64_t i = 0; i < count; i++) {
        float moves = latent->mask == NULL ? 1.0F : latent->mask[i / latent->width];
        float gradient = moves * (latent->gradient[i] + numbers->l2_slope * z[i]);
        int64_t channel = i % latent->width;
        vqc_formula_adam(&adam, gradient, &z[i], &m[i], &v[i]);
        if (latent->limits != NULL)
            z[i] = vqc_formula_limit(z[i], latent->limits[channel], latent->limits[latent->width + channel]);
    }
    return VQC_OK;
}

static vqc_status latent_measure(void *device, const float *z, int64_t count, vqc_latent_measures *measures,
                                 vqc_error *error)
{
    (void)device, (void)error;
    *measures = (vqc_latent_measures){0};
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &z[i], sizeof bits);
        measures->squares += (double)z[i] * (double)z[i];
        measures->digest += vqc_formula_latent_word((uint64_t)i, bits);
        measures->not_finite += !isfinite(z[i]);
    }
    return VQC_OK;
}

const vqc_step_functions vqc_host_step = {
    .gradient_sum_add = gradient_sum_add,
    .gradient_sum_clear_marks = gradient_sum_clear_marks,
    .gradient_sum_read = gradient_sum_read,
    .distances_weigh = distances_weigh,
    .latent_step = latent_step,
    .latent_measure = latent_measure,
};
