#include "record/rerender.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"

/* What was made and what was recorded, in memory of the render's shape. */
typedef struct result {
    vqc_render_extents shape;
    size_t pixel_count, latent_count;
    float *picture;  /* as computed, (height, width, 3) */
    int32_t *codes;  /* (rows, columns), or none */
    double *of_step; /* losses (terms) of one step */
    float *losses;   /* (steps, terms) */
    vqc_image image;
    float *latent;
    uint8_t *recorded_picture;
    float *recorded_latent;
    float *recorded_losses; /* (steps, terms) */
    int32_t *recorded_codes;
} result;

static void result_release(result *made)
{
    free(made->picture);
    free(made->codes);
    free(made->of_step);
    free(made->losses);
    vqc_image_release(&made->image);
    free(made->latent);
    free(made->recorded_picture);
    free(made->recorded_latent);
    free(made->recorded_losses);
    free(made->recorded_codes);
}

/* The sizes must be those of the archive's row before anything is read into memory made for them. */
static vqc_status shape_check(const vqc_render_extents *shape, const vqc_archive *archive, size_t number,
                              vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_extents *recorded = &outline->shapes[outline->renders[number].shape];
    if (shape->height == recorded->height && shape->width == recorded->width &&
        shape->rows == recorded->latent_rows && shape->columns == recorded->latent_columns &&
        shape->latent_width == recorded->latent_width && (uint64_t)shape->codes == vqc_archive_code_count(recorded) &&
        shape->steps == recorded->steps && shape->terms == recorded->loss_count &&
        shape->relevance == recorded->relevance)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: render %zu: the models and settings do not give its shape",
                         vqc_archive_path(archive), number);
}

static vqc_status result_allocate(result *made, vqc_error *error)
{
    const vqc_render_extents *shape = &made->shape;
    made->pixel_count = (size_t)(3 * shape->height * shape->width);
    made->latent_count = (size_t)(shape->rows * shape->columns * shape->latent_width);
    VQC_TRY(vqc_memory_allocate(made->pixel_count, sizeof(float), "a picture", &made->picture, error));
    VQC_TRY(vqc_memory_allocate((size_t)shape->codes, sizeof(int32_t), "codes", &made->codes, error));
    VQC_TRY(vqc_memory_allocate((size_t)shape->codes, sizeof(int32_t), "codes", &made->recorded_codes, error));
    VQC_TRY(vqc_memory_allocate((size_t)shape->terms, sizeof(double), "losses", &made->of_step, error));
    VQC_TRY(
        vqc_memory_allocate((size_t)(shape->steps * shape->terms), sizeof(float), "losses", &made->losses, error));
    VQC_TRY(vqc_image_create(shape->height, shape->width, &made->image, error));
    VQC_TRY(vqc_memory_allocate(made->latent_count, sizeof(float), "a latent", &made->latent, error));
    VQC_TRY(vqc_memory_allocate(made->pixel_count, 1, "a picture", &made->recorded_picture, error));
    VQC_TRY(vqc_memory_allocate(made->latent_count, sizeof(float), "a latent", &made->recorded_latent, error));
    return vqc_memory_allocate((size_t)(shape->steps * shape->terms), sizeof(float), "losses", &made->recorded_losses,
                               error);
}

static vqc_status result_make(result *made, vqc_renderer *renderer, const vqc_render *render, vqc_error *error)
{
    VQC_TRY(vqc_renderer_start(renderer, render, error));
    for (int64_t step = 0; step < made->shape.steps; step++) {
        VQC_TRY(vqc_renderer_step(renderer, made->of_step, error));
        for (int64_t term = 0; term < made->shape.terms; term++)
            made->losses[step * made->shape.terms + term] = (float)made->of_step[term];
    }
    VQC_TRY(vqc_renderer_failure(renderer, error));
    VQC_TRY(vqc_renderer_picture(renderer, made->picture, made->codes, error));
    vqc_image_from_float(made->picture, &made->image);
    return vqc_renderer_latent(renderer, made->latent, error);
}

static vqc_status recorded_read(result *made, const vqc_archive *archive, size_t number, vqc_error *error)
{
    VQC_TRY(vqc_archive_picture_read(archive, number, made->recorded_picture, error));
    VQC_TRY(vqc_archive_latent_read(archive, number, made->recorded_latent, error));
    VQC_TRY(vqc_archive_codes_read(archive, number, made->recorded_codes, error));
    return vqc_archive_losses_read(archive, number, made->recorded_losses, error);
}

static vqc_status digests_compare(const result *made, const vqc_archive *archive, size_t number,
                                  vqc_rerender_comparison *comparison, vqc_error *error)
{
    vqc_archive_outcome outcome;
    char picture[VQC_DIGEST_TEXT_SIZE];
    char latent[VQC_DIGEST_TEXT_SIZE];
    VQC_TRY(vqc_archive_outcome_read(archive, number, &outcome, error));
    VQC_TRY(vqc_digest_bytes(made->image.pixels, made->pixel_count, picture, error));
    VQC_TRY(vqc_digest_bytes(made->latent, made->latent_count * sizeof(float), latent, error));
    comparison->picture_equal = strcmp(picture, outcome.picture_sha256) == 0;
    comparison->latent_equal = strcmp(latent, outcome.latent_sha256) == 0;
    return VQC_OK;
}

/* The picture now in `image` beside the recorded one: dB, and the largest difference. */
static double psnr_find(const result *made, int *largest_out)
{
    double sum = 0.0;
    *largest_out = 0;
    for (size_t i = 0; i < made->pixel_count; i++) {
        int difference = abs((int)made->image.pixels[i] - (int)made->recorded_picture[i]);
        *largest_out = difference > *largest_out ? difference : *largest_out;
        sum += (double)(difference * difference);
    }
    return 10.0 * log10(255.0 * 255.0 * (double)made->pixel_count / sum);
}

static void latents_compare(const result *made, vqc_rerender_comparison *comparison)
{
    double sum = 0.0;
    double norm = 0.0;
    for (size_t i = 0; i < made->latent_count; i++) {
        double recorded = (double)made->recorded_latent[i];
        double difference = fabs((double)made->latent[i] - recorded);
        comparison->latent_largest = fmax(comparison->latent_largest, difference);
        sum += difference * difference;
        norm += recorded * recorded;
    }
    comparison->latent_relative = sum == 0.0 ? 0.0 : sqrt(sum / norm);
}

/* A total near 0 is a sum of terms of the size of 1 that cancel, so the difference is measured against 0.1 at
 * least. */
static void losses_compare(const result *made, vqc_rerender_comparison *comparison)
{
    int64_t terms = made->shape.terms;
    comparison->losses_equal =
        memcmp(made->losses, made->recorded_losses, (size_t)(made->shape.steps * terms) * sizeof *made->losses) == 0;
    for (int64_t step = 0; step < made->shape.steps; step++) {
        double recorded = (double)made->recorded_losses[step * terms + terms - 1];
        double relative = fabs((double)made->losses[step * terms + terms - 1] - recorded) / fmax(fabs(recorded), 0.1);
        if (step < VQC_RERENDER_FIRST_STEPS)
            comparison->losses_relative = isnan(relative) ? INFINITY : fmax(comparison->losses_relative, relative);
    }
}

/* Decodes the recorded latent, as the end of a render does. */
static vqc_status decoded_compare(result *made, vqc_renderer *renderer, vqc_rerender_comparison *comparison,
                                  vqc_error *error)
{
    int largest;
    VQC_TRY(vqc_renderer_visit(renderer, made->recorded_latent, error));
    VQC_TRY(vqc_renderer_picture(renderer, made->picture, made->codes, error));
    vqc_image_from_float(made->picture, &made->image);
    comparison->decoded_psnr = psnr_find(made, &largest);
    return VQC_OK;
}

/* What a text found, where the render has such a mask. */
static vqc_status relevance_compare(const result *made, const vqc_renderer *renderer, const vqc_archive *archive,
                                    size_t number, vqc_rerender_comparison *comparison, vqc_error *error)
{
    const size_t count = (size_t)(2 * made->shape.rows * made->shape.columns);
    float *recorded;
    comparison->relevance_equal = !made->shape.relevance;
    if (!made->shape.relevance)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(count, sizeof *recorded, "a relevance", &recorded, error));
    vqc_status status = vqc_archive_relevance_read(archive, number, recorded, error);
    comparison->relevance_equal =
        status == VQC_OK && memcmp(recorded, vqc_renderer_mask(renderer)->relevance, count * sizeof *recorded) == 0;
    free(recorded);
    return status;
}

static vqc_status result_compare(result *made, vqc_renderer *renderer, const vqc_render *render,
                                 const vqc_archive *archive, size_t number, vqc_rerender_comparison *comparison,
                                 vqc_error *error)
{
    VQC_TRY(result_allocate(made, error));
    VQC_TRY(result_make(made, renderer, render, error));
    VQC_TRY(recorded_read(made, archive, number, error));
    VQC_TRY(digests_compare(made, archive, number, comparison, error));
    comparison->codes_equal =
        memcmp(made->codes, made->recorded_codes, (size_t)made->shape.codes * sizeof *made->codes) == 0;
    VQC_TRY(relevance_compare(made, renderer, archive, number, comparison, error));
    comparison->picture_psnr = psnr_find(made, &comparison->picture_largest);
    latents_compare(made, comparison);
    losses_compare(made, comparison);
    return decoded_compare(made, renderer, comparison, error);
}

vqc_status vqc_rerender_compare(vqc_renderer *renderer, const vqc_render *render, const vqc_archive *archive,
                                size_t number, vqc_rerender_comparison *comparison_out, vqc_error *error)
{
    result made = {0};
    *comparison_out = (vqc_rerender_comparison){0};
    VQC_TRY(vqc_renderer_extents(renderer, render, &made.shape, error));
    VQC_TRY(shape_check(&made.shape, archive, number, error));
    vqc_status status = result_compare(&made, renderer, render, archive, number, comparison_out, error);
    result_release(&made);
    return status;
}

bool vqc_rerender_passes(const vqc_rerender_comparison *comparison, bool exact)
{
    if (exact)
        return comparison->picture_equal && comparison->latent_equal && comparison->codes_equal &&
               comparison->losses_equal && comparison->relevance_equal;
    return comparison->losses_relative <= VQC_RERENDER_LOSSES_LIMIT &&
           comparison->decoded_psnr >= VQC_RERENDER_DECODED_LIMIT;
}
