#include "render/mask.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "guide/relevance.h"
#include "image/image.h"

/* Values of a mask are whole numbers up to this: the sum of three bytes. */
enum { WHITE = 3 * 255 };

/* A mask on its way. */
typedef struct mask_work {
    const vqc_render_models *models;
    const vqc_render *render;
    const vqc_mask *settings;
    const float *start; /* (height, width, 3) */
    int32_t *values;    /* (height, width): 0 to WHITE */
    vqc_render_mask *mask;
} mask_work;

static size_t pixel_count(const vqc_render_mask *mask)
{
    return (size_t)(mask->height * mask->width);
}

/* ---- The values ---- */

static vqc_status file_read(const vqc_mask *settings, vqc_image *image_out, vqc_error *error)
{
    switch (settings->channel) {
    case VQC_MASK_LUMA:
        return vqc_image_read(settings->file, image_out, error);
    case VQC_MASK_ALPHA:
        return vqc_image_read_opacity(settings->file, image_out, error);
    }
    return vqc_error_set(error, VQC_FAILED, "a mask of an unknown channel");
}

static void values_take(const mask_work *work, const vqc_image *image)
{
    for (size_t i = 0; i < pixel_count(work->mask); i++) {
        const uint8_t *pixel = image->pixels + 3 * i;
        int32_t value = pixel[0] + pixel[1] + pixel[2];
        work->values[i] = work->settings->invert ? WHITE - value : value;
    }
}

/* The picture's values, brought to the render's size. */
static vqc_status values_read(const mask_work *work, vqc_error *error)
{
    vqc_image image = {0};
    VQC_TRY(file_read(work->settings, &image, error));
    vqc_status status = vqc_image_fit_to(&image, work->mask->height, work->mask->width, work->render->settings->fit,
                                         VQC_IMAGE_LANCZOS, error);
    if (status == VQC_OK)
        values_take(work, &image);
    vqc_image_release(&image);
    return status;
}

/* ---- The values of a text's mask ---- */

/* Every perceptor's relevance, by its weight. */
static vqc_status relevance_sum(const mask_work *work, double *sum, double *own, vqc_error *error)
{
    const vqc_render_mask *mask = work->mask;
    const vqc_study *study = work->models->study;
    for (size_t i = 0; i < study->perceptor_count; i++) {
        const vqc_relevance_view view = {.study = study,
                                         .perceptor = i,
                                         .clip = work->models->clips[i],
                                         .mask = work->settings,
                                         .seed = work->render->seed,
                                         .picture = work->start,
                                         .height = mask->height,
                                         .width = mask->width,
                                         .rows = mask->rows,
                                         .columns = mask->columns};
        VQC_TRY(vqc_relevance_compute(&view, work->models->ops, work->models->precision, own, error));
        for (int64_t cell = 0; cell < mask->rows * mask->columns; cell++)
            sum[cell] += study->perceptors[i].weight * own[cell];
    }
    return VQC_OK;
}

/* Brings it to 0 to 1, from the least cell to the most. */
static vqc_status relevance_stretch(const mask_work *work, double *relevance, size_t count, vqc_error *error)
{
    double least = relevance[0];
    double most = relevance[0];
    for (size_t i = 1; i < count; i++) {
        least = relevance[i] < least ? relevance[i] : least;
        most = relevance[i] > most ? relevance[i] : most;
    }
    if (most <= least)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "render %lld: mask: the perceptors find its text everywhere alike, so that it says nothing",
            (long long)work->render->number);
    for (size_t i = 0; i < count; i++)
        relevance[i] = (relevance[i] - least) / (most - least);
    return VQC_OK;
}

/* Otsu's threshold of those that are at least `from`. `some` has room for all. */
static vqc_status otsu_above(const double *relevance, size_t count, double from, double *some, double *level,
                             vqc_error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (relevance[i] >= from)
            some[kept++] = relevance[i];
    return vqc_relevance_threshold(some, kept, level, error);
}

/* From where on a cell is white; below 0: each as it is. */
static vqc_status level_find(const mask_work *work, const double *relevance, size_t count, double *some,
                             double *level, vqc_error *error)
{
    switch (work->settings->rule) {
    case VQC_MASK_AUTO:
        VQC_TRY(otsu_above(relevance, count, 0.0, some, level, error));
        return otsu_above(relevance, count, *level, some, level, error);
    case VQC_MASK_OTSU:
        return otsu_above(relevance, count, 0.0, some, level, error);
    case VQC_MASK_LEVEL:
        *level = work->settings->level;
        return VQC_OK;
    case VQC_MASK_NONE:
        *level = -1.0;
        return VQC_OK;
    }
    return vqc_error_set(error, VQC_FAILED, "a mask of an unknown threshold");
}

/* Gives every pixel of a cell the cell's value. */
static void values_spread(const mask_work *work, const double *relevance, double level)
{
    const vqc_render_mask *mask = work->mask;
    const int64_t height = mask->height / mask->rows;
    const int64_t width = mask->width / mask->columns;
    for (int64_t y = 0; y < mask->height; y++)
        for (int64_t x = 0; x < mask->width; x++) {
            const double found = relevance[y / height * mask->columns + x / width];
            const double value = level < 0.0 ? found : found >= level ? 1.0 : 0.0;
            const int32_t white = (int32_t)(value * WHITE + 0.5);
            work->values[y * mask->width + x] = work->settings->invert ? WHITE - white : white;
        }
}

static vqc_status relevance_fill(const mask_work *work, double *relevance, double *spare, vqc_error *error)
{
    vqc_render_mask *mask = work->mask;
    const size_t count = (size_t)(mask->rows * mask->columns);
    double level;
    VQC_TRY(relevance_sum(work, relevance, spare, error));
    VQC_TRY(relevance_stretch(work, relevance, count, error));
    VQC_TRY(level_find(work, relevance, count, spare, &level, error));
    values_spread(work, relevance, level);
    VQC_TRY(vqc_memory_allocate(2 * count, sizeof(float), "a mask", &mask->relevance, error));
    for (size_t i = 0; i < count; i++)
        mask->relevance[i] = (float)relevance[i];
    return VQC_OK;
}

static vqc_status values_find(const mask_work *work, vqc_error *error)
{
    const size_t count = (size_t)(work->mask->rows * work->mask->columns);
    double *relevance;
    double *spare = NULL;
    VQC_TRY(vqc_memory_allocate(count, sizeof *relevance, "a mask", &relevance, error));
    vqc_status status = vqc_memory_allocate(count, sizeof *spare, "a mask", &spare, error);
    if (status == VQC_OK)
        status = relevance_fill(work, relevance, spare, error);
    free(relevance);
    free(spare);
    return status;
}

/* ---- The feather ---- */

static int64_t smaller(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

/* The places at most `feather` from `place` among `size`: from *first to before *end. */
static void window_find(int64_t place, int64_t feather, int64_t size, int64_t *first, int64_t *end)
{
    *first = place < feather ? 0 : place - feather;
    *end = smaller(place + feather + 1, size);
}

/* sums (height + 1, width + 1): of all values above and to the left. In whole numbers, so that they are exact. */
static void sums_fill(const int32_t *values, int64_t height, int64_t width, int64_t *sums)
{
    for (int64_t y = 0; y < height; y++) {
        int64_t row = 0;
        for (int64_t x = 0; x < width; x++) {
            row += values[y * width + x];
            sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
        }
    }
}

/* The mean of the values in the window around a pixel, of 1 for white. */
static float window_mean(const int64_t *sums, const vqc_render_mask *mask, int64_t y, int64_t x, int64_t feather)
{
    int64_t top;
    int64_t bottom;
    int64_t left;
    int64_t right;
    window_find(y, feather, mask->height, &top, &bottom);
    window_find(x, feather, mask->width, &left, &right);
    const int64_t *above = sums + top * (mask->width + 1);
    const int64_t *below = sums + bottom * (mask->width + 1);
    int64_t sum = below[right] - below[left] - above[right] + above[left];
    return (float)((double)sum / (double)(WHITE * (bottom - top) * (right - left)));
}

/* The values, feathered, as shares (height, width). */
static vqc_status shares_make(const mask_work *work, float *shares, vqc_error *error)
{
    const vqc_render_mask *mask = work->mask;
    int64_t *sums;
    VQC_TRY(
        vqc_memory_allocate((size_t)((mask->height + 1) * (mask->width + 1)), sizeof *sums, "a mask", &sums, error));
    sums_fill(work->values, mask->height, mask->width, sums);
    for (int64_t y = 0; y < mask->height; y++)
        for (int64_t x = 0; x < mask->width; x++)
            shares[y * mask->width + x] = window_mean(sums, mask, y, x, work->settings->feather);
    free(sums);
    return VQC_OK;
}

/* ---- What comes of it ---- */

/* The mean of the shares over a cell. */
static float cell_soft(const vqc_render_mask *mask, const float *shares, int64_t row, int64_t column)
{
    int64_t height = mask->height / mask->rows;
    int64_t width = mask->width / mask->columns;
    double sum = 0.0;
    for (int64_t y = row * height; y < (row + 1) * height; y++)
        for (int64_t x = column * width; x < (column + 1) * width; x++)
            sum += (double)shares[y * mask->width + x];
    return (float)(sum / (double)(height * width));
}

/* 1 where the values are at least half white over a cell, else 0. */
static float cell_hard(const vqc_render_mask *mask, const int32_t *values, int64_t row, int64_t column)
{
    int64_t height = mask->height / mask->rows;
    int64_t width = mask->width / mask->columns;
    int64_t sum = 0;
    for (int64_t y = row * height; y < (row + 1) * height; y++)
        for (int64_t x = column * width; x < (column + 1) * width; x++)
            sum += values[y * mask->width + x];
    return 2 * sum >= WHITE * height * width ? 1.0F : 0.0F;
}

/* The cells, soft ones of the shares, others of the values. */
static vqc_status cells_make(const mask_work *work, const float *shares, vqc_error *error)
{
    vqc_render_mask *mask = work->mask;
    VQC_TRY(vqc_memory_allocate((size_t)(mask->rows * mask->columns), sizeof(float), "a mask", &mask->cells, error));
    for (int64_t row = 0; row < mask->rows; row++)
        for (int64_t column = 0; column < mask->columns; column++) {
            float share = work->settings->soft ? cell_soft(mask, shares, row, column)
                                               : cell_hard(mask, work->values, row, column);
            mask->cells[row * mask->columns + column] = share;
            mask->moving += share > 0.0F;
        }
    if (mask->relevance != NULL)
        memcpy(mask->relevance + mask->rows * mask->columns, mask->cells,
               (size_t)(mask->rows * mask->columns) * sizeof *mask->cells);
    if (mask->moving > 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "render %lld: mask: it frees none of the latent's %lld × %lld cells, so that nothing could "
                         "change: %s",
                         (long long)work->render->number, (long long)mask->columns, (long long)mask->rows,
                         work->settings->soft ? "it is black everywhere" : "no cell of it is at least half white");
}

/* Each value to the nearer of black and white. */
static void values_decide(const mask_work *work)
{
    for (size_t i = 0; i < pixel_count(work->mask); i++)
        work->values[i] = 2 * work->values[i] >= WHITE ? WHITE : 0;
}

/* Keeps the start's pixels, of which the picture takes over these shares. */
static vqc_status pixels_keep(const mask_work *work, const float *shares, vqc_error *error)
{
    vqc_render_mask *mask = work->mask;
    VQC_TRY(vqc_memory_allocate(pixel_count(mask), sizeof(float), "a mask", &mask->weights, error));
    VQC_TRY(vqc_memory_allocate(3 * pixel_count(mask), sizeof(float), "a picture", &mask->original, error));
    memcpy(mask->weights, shares, pixel_count(mask) * sizeof *shares);
    memcpy(mask->original, work->start, 3 * pixel_count(mask) * sizeof *mask->original);
    return VQC_OK;
}

/* What comes of the shares: soft cells, and kept pixels. */
static vqc_status shares_use(const mask_work *work, float *shares, vqc_error *error)
{
    VQC_TRY(shares_make(work, shares, error));
    if (work->settings->soft)
        VQC_TRY(cells_make(work, shares, error));
    return work->settings->keep_pixels ? pixels_keep(work, shares, error) : VQC_OK;
}

static vqc_status mask_fill(mask_work *work, vqc_error *error)
{
    float *shares;
    size_t count = pixel_count(work->mask);
    VQC_TRY(vqc_memory_allocate(count, sizeof *work->values, "a mask", &work->values, error));
    VQC_TRY(work->settings->text == NULL ? values_read(work, error) : values_find(work, error));
    if (!work->settings->soft) {
        VQC_TRY(cells_make(work, NULL, error));
        if (!work->settings->keep_pixels)
            return VQC_OK;
        values_decide(work);
    }
    VQC_TRY(vqc_memory_allocate(count, sizeof *shares, "a mask", &shares, error));
    vqc_status status = shares_use(work, shares, error);
    free(shares);
    return status;
}

vqc_status vqc_render_mask_create(const vqc_render_models *models, const vqc_render *render, int64_t rows,
                                  int64_t columns, const float *start, vqc_render_mask *mask_out, vqc_error *error)
{
    const int64_t factor = models->generator->factor;
    *mask_out =
        (vqc_render_mask){.rows = rows, .columns = columns, .height = rows * factor, .width = columns * factor};
    mask_work work = {
        .models = models, .render = render, .settings = &render->settings->mask, .start = start, .mask = mask_out};
    if (!vqc_mask_is_given(work.settings))
        return VQC_OK;
    vqc_status status = mask_fill(&work, error);
    free(work.values);
    if (status != VQC_OK)
        vqc_render_mask_release(mask_out);
    return status;
}

bool vqc_render_mask_needs_start(const vqc_mask *settings)
{
    return settings->text != NULL || settings->keep_pixels;
}

void vqc_render_mask_release(vqc_render_mask *mask)
{
    free(mask->cells);
    free(mask->relevance);
    free(mask->weights);
    free(mask->original);
    *mask = (vqc_render_mask){0};
}

bool vqc_render_mask_frees_all(const vqc_render_mask *mask)
{
    if (mask->cells == NULL)
        return false;
    for (int64_t i = 0; i < mask->rows * mask->columns; i++)
        if (mask->cells[i] != 1.0F)
            return false;
    return true;
}

void vqc_render_mask_apply(const vqc_render_mask *mask, float *picture)
{
    if (mask->weights == NULL)
        return;
    for (size_t i = 0; i < 3 * pixel_count(mask); i++) {
        float weight = mask->weights[i / 3];
        if (weight == 0.0F)
            picture[i] = mask->original[i];
        else if (weight < 1.0F)
            picture[i] = mask->original[i] + weight * (picture[i] - mask->original[i]);
    }
}
