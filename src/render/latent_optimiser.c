#include "render/latent_optimiser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"
#include "ops/adam_formulas.h"

struct vqc_latent_optimiser {
    const vqc_settings *settings;
    size_t count;    /* elements of z */
    size_t width;    /* channels */
    float *state;    /* z, m, v */
    float *gradient; /* of the step under way */
    float *limits;   /* least value of every channel, then largest; NULL without limits */
    float *mask;     /* (rows, columns), NULL where everything moves */
};

/* Smallest and largest value of every channel of the codebook. */
static void codebook_limits(const vqc_vqgan *vqgan, float *minimum, float *maximum)
{
    int64_t width = vqgan->config.embed_width;
    memcpy(minimum, vqgan->codebook, (size_t)width * sizeof *minimum);
    memcpy(maximum, vqgan->codebook, (size_t)width * sizeof *maximum);
    for (int64_t i = width; i < vqgan->config.codes * width; i++) {
        float value = vqgan->codebook[i];
        if (value < minimum[i % width])
            minimum[i % width] = value;
        if (value > maximum[i % width])
            maximum[i % width] = value;
    }
}

/* One cell's share of white decides whether it moves. */
static void mask_fill(const vqc_image *image, int64_t rows, int64_t columns, float *mask)
{
    int64_t cell_height = image->height / rows;
    int64_t cell_width = image->width / columns;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t column = 0; column < columns; column++) {
            int64_t sum = 0;
            for (int64_t y = 0; y < cell_height; y++)
                for (int64_t x = 0; x < 3 * cell_width; x++)
                    sum += image->pixels[3 * ((row * cell_height + y) * image->width + column * cell_width) + x];
            mask[row * columns + column] = 2 * sum >= (int64_t)255 * 3 * cell_height * cell_width ? 1.0F : 0.0F;
        }
}

/* Reads the mask, brought to a picture of whole cells; *mask_out stays NULL without one. */
static vqc_status mask_read(const vqc_vqgan *vqgan, const char *path, int64_t rows, int64_t columns, float **mask_out,
                            vqc_error *error)
{
    vqc_image image = {0};
    vqc_image resized = {0};
    if (path == NULL)
        return VQC_OK;
    VQC_TRY(vqc_image_read(path, &image, error));
    vqc_status status =
        vqc_image_resize(&image, rows * vqgan->factor, columns * vqgan->factor, VQC_IMAGE_LANCZOS, &resized, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate((size_t)(rows * columns), sizeof **mask_out, "a mask", mask_out, error);
    if (status == VQC_OK)
        mask_fill(&resized, rows, columns, *mask_out);
    vqc_image_release(&image);
    vqc_image_release(&resized);
    return status;
}

vqc_status vqc_latent_optimiser_create(const vqc_vqgan *vqgan, const vqc_settings *settings, int64_t rows,
                                       int64_t columns, vqc_latent_optimiser **optimiser_out, vqc_error *error)
{
    vqc_latent_optimiser *optimiser;
    size_t width = (size_t)vqgan->config.embed_width;
    VQC_TRY(vqc_memory_allocate(1, sizeof *optimiser, "an optimiser", &optimiser, error));
    optimiser->settings = settings;
    optimiser->width = width;
    optimiser->count = (size_t)(rows * columns) * width;
    vqc_status status =
        vqc_memory_allocate(3 * optimiser->count, sizeof(float), "a latent", &optimiser->state, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate(optimiser->count, sizeof(float), "a latent", &optimiser->gradient, error);
    if (status == VQC_OK && settings->clamp)
        status = vqc_memory_allocate(2 * width, sizeof(float), "limits", &optimiser->limits, error);
    if (status == VQC_OK && settings->clamp)
        codebook_limits(vqgan, optimiser->limits, optimiser->limits + width);
    if (status == VQC_OK)
        status = mask_read(vqgan, settings->mask, rows, columns, &optimiser->mask, error);
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
    free(optimiser->state);
    free(optimiser->gradient);
    free(optimiser->limits);
    free(optimiser->mask);
    free(optimiser);
}

void vqc_latent_optimiser_reset(vqc_latent_optimiser *optimiser, const float *z)
{
    memset(optimiser->state, 0, 3 * optimiser->count * sizeof(float));
    memcpy(optimiser->state, z, optimiser->count * sizeof(float));
}

float *vqc_latent_optimiser_gradient(vqc_latent_optimiser *optimiser)
{
    return optimiser->gradient;
}

/* The numbers of step `step`. */
static vqc_adam adam_of(const vqc_settings *settings, int64_t step)
{
    double number = (double)(step + 1);
    return (vqc_adam){
        .rate = (float)settings->learning_rate,
        .beta1 = (float)settings->beta1,
        .beta2 = (float)settings->beta2,
        .share1 = (float)(1.0 - settings->beta1), /* in f32, 1 − 0.999 would be off by 1e-5 */
        .share2 = (float)(1.0 - settings->beta2),
        .correction1 = (float)(1.0 - pow(settings->beta1, number)),
        .correction2 = (float)(1.0 - pow(settings->beta2, number)),
        .epsilon = (float)settings->epsilon,
    };
}

void vqc_latent_optimiser_step(vqc_latent_optimiser *optimiser, int64_t step, double l2_slope)
{
    const vqc_adam adam = adam_of(optimiser->settings, step);
    float slope = (float)l2_slope;
    size_t width = optimiser->width;
    float *z = optimiser->state;
    float *m = z + optimiser->count;
    float *v = m + optimiser->count;
    for (size_t i = 0; i < optimiser->count; i++) {
        float moves = optimiser->mask == NULL ? 1.0F : optimiser->mask[i / width];
        float gradient = moves * (optimiser->gradient[i] + slope * z[i]);
        vqc_formula_adam(&adam, gradient, &z[i], &m[i], &v[i]);
        if (optimiser->limits != NULL)
            z[i] = vqc_formula_limit(z[i], optimiser->limits[i % width], optimiser->limits[width + i % width]);
    }
}

const float *vqc_latent_optimiser_state(const vqc_latent_optimiser *optimiser)
{
    return optimiser->state;
}

void vqc_latent_optimiser_restore(vqc_latent_optimiser *optimiser, const float *state)
{
    memcpy(optimiser->state, state, 3 * optimiser->count * sizeof(float));
}
