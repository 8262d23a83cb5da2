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

/* Whether the element's cell moves. */
static bool moves(const vqc_latent *latent, int64_t i)
{
    return latent->mask == NULL || latent->mask[i / latent->width] != 0.0F;
}

static float whole_gradient(const vqc_latent *latent, const vqc_latent_numbers *numbers, int64_t i)
{
    float origin = latent->origin == NULL ? 0.0F : latent->origin[i];
    return vqc_formula_whole_gradient(latent->gradient[i], numbers->l2_slope, numbers->decay, latent->state[i],
                                      origin);
}

/* What an optimiser that projects does to the latent as a whole in this step. */
static vqc_projection projection_find(const vqc_latent *latent, const vqc_latent_numbers *numbers)
{
    vqc_projection_sums sums = {0};
    int64_t count = latent->cells * latent->width;
    const float *m = latent->state + count;
    const float *v = m + count;
    for (int64_t i = 0; i < count; i++)
        if (moves(latent, i))
            vqc_formula_projection_add(&sums, &numbers->update, whole_gradient(latent, numbers, i), latent->state[i],
                                       m[i], v[i]);
    return vqc_formula_projection(&numbers->update, &sums);
}

/* Takes an element that moves its share of the optimiser's step. */
static void element_move(const vqc_latent *latent, const vqc_latent_numbers *numbers, vqc_projection projection,
                         int64_t i)
{
    const vqc_update update = numbers->update;
    int64_t count = latent->cells * latent->width;
    float *z = latent->state + i;
    float before = *z;
    vqc_formula_update(latent->optimiser, &update, projection, whole_gradient(latent, numbers, i), z, count);
    if (latent->mask != NULL)
        *z = vqc_formula_share(before, *z, latent->mask[i / latent->width]);
}

static vqc_status latent_step(void *device, const vqc_latent *latent, const vqc_latent_numbers *numbers,
                              vqc_error *error)
{
    (void)device, (void)error;
    int64_t count = latent->cells * latent->width;
    vqc_projection projection = {0};
    if (vqc_optimiser_traits_of(latent->optimiser).projects)
        projection = projection_find(latent, numbers);
    for (int64_t i = 0; i < count; i++) {
        float *z = latent->state + i;
        int64_t channel = i % latent->width;
        if (moves(latent, i))
            element_move(latent, numbers, projection, i);
        if (latent->limits != NULL)
            *z = vqc_formula_limit(*z, latent->limits[channel], latent->limits[latent->width + channel]);
        if (latent->average != NULL)
            latent->average[i] = vqc_formula_average(latent->average[i], *z, numbers->average_share);
    }
    return VQC_OK;
}

static vqc_status latent_measure(void *device, const float *z, const float *origin, int64_t count,
                                 vqc_latent_measures *measures, vqc_error *error)
{
    (void)device, (void)error;
    *measures = (vqc_latent_measures){0};
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        double offset = (double)z[i] - (origin == NULL ? 0.0 : (double)origin[i]);
        memcpy(&bits, &z[i], sizeof bits);
        measures->squares += offset * offset;
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
