#include "guide/relevance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/stream.h"
#include "guide/crops.h"
#include "guide/targets.h"

/* Crops of one batch. */
enum { BATCH = 16 };

/* The perceptor's view of crops, as a network of its own. */
typedef struct crop_network {
    vqc_network *network;
    vqc_value picture;    /* input f32 (1, height, width, 3) */
    vqc_value rectangles; /* input i32 (BATCH, VQC_CROP_RECTANGLE) */
    vqc_value embedding;  /* output f32 (BATCH, embed_width) */
} crop_network;

/* Sums over the crops, in their order. */
typedef struct relevance_work {
    const vqc_relevance_view *view;
    vqc_targets targets; /* of the text and the neutral one */
    crop_network looks;
    float *embeddings; /* (BATCH, embed_width) */
    double *sums;      /* (height, width): of weight · likeness */
    double *weights;   /* (height, width) */
} relevance_work;

static vqc_status network_build(const vqc_relevance_view *view, vqc_dtype precision, crop_network *looks,
                                vqc_error *error)
{
    const vqc_shape picture = {4, {1, view->height, view->width, 3}};
    const vqc_shape rectangles = {2, {BATCH, VQC_CROP_RECTANGLE}};
    const int64_t side = view->clip->vision.side;
    const vqc_shape cut = {4, {BATCH, side, side, 3}};
    const vqc_operation resample = {
        .kind = VQC_OPERATION_RESAMPLE,
        .dtype = VQC_DTYPE_F32,
        .resample = {
            .batch = 1, .height = view->height, .width = view->width, .channels = 3, .crops = BATCH, .side = side}};
    vqc_value crops;
    VQC_TRY(vqc_network_input(looks->network, VQC_DTYPE_F32, picture, false, &looks->picture, error));
    VQC_TRY(vqc_network_input(looks->network, VQC_DTYPE_I32, rectangles, false, &looks->rectangles, error));
    const vqc_value inputs[] = {looks->picture, looks->rectangles};
    VQC_TRY(vqc_network_add(looks->network, &resample, inputs, cut, &crops, error));
    VQC_TRY(vqc_clip_image_tower_add(view->clip, looks->network, precision, crops, &looks->embedding, error));
    VQC_TRY(vqc_network_output(looks->network, looks->embedding, error));
    VQC_TRY(vqc_network_prepare(looks->network, error));
    return vqc_network_finish(looks->network, error);
}

static bool has_neutral(const vqc_relevance_view *view)
{
    return view->mask->neutral[0] != '\0';
}

/* The embeddings of the mask's texts: those of a prompt with both as its targets. */
static vqc_status texts_embed(relevance_work *work, vqc_ops *ops, vqc_dtype precision, vqc_error *error)
{
    const vqc_relevance_view *view = work->view;
    vqc_target targets[] = {{.kind = VQC_TARGET_TEXT, .text = view->mask->text},
                            {.kind = VQC_TARGET_TEXT, .text = view->mask->neutral}};
    const vqc_prompt prompt = {
        .id = "mask", .text = view->mask->text, .targets = targets, .target_count = has_neutral(view) ? 2 : 1};
    VQC_TRY(vqc_targets_create(view->study, (vqc_prompt_range){&prompt, 1}, &view->study->perceptors[view->perceptor],
                               view->clip, ops, precision, &work->targets, error));
    work->targets.range = (vqc_prompt_range){0}; /* the prompt ends here */
    return VQC_OK;
}

static vqc_status work_create(relevance_work *work, vqc_ops *ops, vqc_dtype precision, vqc_error *error)
{
    const vqc_relevance_view *view = work->view;
    const size_t pixels = (size_t)(view->height * view->width);
    const size_t width = (size_t)view->clip->embed_width;
    VQC_TRY(vqc_memory_allocate(BATCH * width, sizeof(float), "embeddings", &work->embeddings, error));
    VQC_TRY(vqc_memory_allocate(pixels, sizeof(double), "a relevance", &work->sums, error));
    VQC_TRY(vqc_memory_allocate(pixels, sizeof(double), "a relevance", &work->weights, error));
    VQC_TRY(texts_embed(work, ops, precision, error));
    VQC_TRY(vqc_network_create(ops, false, &work->looks.network, error));
    VQC_TRY(network_build(view, precision, &work->looks, error));
    return vqc_network_write(work->looks.network, work->looks.picture, view->picture, error);
}

static void work_release(relevance_work *work)
{
    vqc_network_destroy(work->looks.network);
    vqc_targets_release(&work->targets);
    free(work->embeddings);
    free(work->sums);
    free(work->weights);
}

/* A square somewhere in the picture, its side a share of the shorter side. */
static void rectangle_draw(const vqc_relevance_view *view, int64_t crop, int32_t rectangle[VQC_CROP_RECTANGLE])
{
    vqc_stream stream = {.seed = view->seed,
                         .purpose = VQC_STREAM_RELEVANCE,
                         .perceptor = (uint32_t)view->perceptor,
                         .item = (uint32_t)crop};
    const int64_t shorter = view->height < view->width ? view->height : view->width;
    const double share = vqc_stream_between(&stream, view->mask->sizes[0], view->mask->sizes[1]);
    int64_t size = (int64_t)(share * (double)shorter + 0.5);
    size = size < 1 ? 1 : size > shorter ? shorter : size;
    rectangle[0] = 0;
    rectangle[1] = (int32_t)vqc_stream_integer(&stream, view->height - size + 1);
    rectangle[2] = (int32_t)vqc_stream_integer(&stream, view->width - size + 1);
    rectangle[3] = (int32_t)size;
    rectangle[4] = (int32_t)size;
}

static double likeness(const float *left, const float *right, int64_t width)
{
    double product = 0.0;
    double left_square = 0.0;
    double right_square = 0.0;
    for (int64_t i = 0; i < width; i++) {
        product += (double)left[i] * (double)right[i];
        left_square += (double)left[i] * (double)left[i];
        right_square += (double)right[i] * (double)right[i];
    }
    return product / sqrt(left_square * right_square);
}

/* How much a crop of that many pixels counts at one of them, along one axis. */
static double taper(int64_t place, int64_t size)
{
    return 1.0 - fabs((2.0 * (double)place + 1.0) / (double)size - 1.0);
}

static void crop_spread(relevance_work *work, const int32_t *rectangle, double value)
{
    const int64_t size = rectangle[3];
    for (int64_t y = 0; y < size; y++)
        for (int64_t x = 0; x < size; x++) {
            const double weight = taper(y, size) * taper(x, size);
            const int64_t place = (rectangle[1] + y) * work->view->width + rectangle[2] + x;
            work->sums[place] += weight * value;
            work->weights[place] += weight;
        }
}

/* Looks at the crops from number `first` on, as many as are left and one batch has. */
static vqc_status batch_look(relevance_work *work, int64_t first, vqc_error *error)
{
    const int64_t width = work->view->clip->embed_width;
    int32_t rectangles[BATCH][VQC_CROP_RECTANGLE];
    for (int64_t i = 0; i < BATCH; i++)
        rectangle_draw(work->view, first + i, rectangles[i]);
    VQC_TRY(vqc_network_write(work->looks.network, work->looks.rectangles, rectangles, error));
    VQC_TRY(vqc_network_forward(work->looks.network, error));
    VQC_TRY(vqc_network_read(work->looks.network, work->looks.embedding, work->embeddings, error));
    for (int64_t i = 0; i < BATCH && first + i < work->view->mask->crops; i++) {
        const float *embedding = work->embeddings + i * width;
        double value = likeness(embedding, work->targets.embeddings, width);
        if (has_neutral(work->view))
            value -= likeness(embedding, work->targets.embeddings + width, width);
        if (!isfinite(value))
            return vqc_error_set(error, VQC_FAILED, "mask: the perceptor %s gives numbers that are not finite",
                                 work->view->study->perceptors[work->view->perceptor].name);
        crop_spread(work, rectangles[i], value);
    }
    return VQC_OK;
}

/* The weighted mean of a cell; NAN where nothing covers it. */
static double cell_mean(const relevance_work *work, int64_t row, int64_t column)
{
    const vqc_relevance_view *view = work->view;
    const int64_t height = view->height / view->rows;
    const int64_t width = view->width / view->columns;
    double sum = 0.0;
    double weight = 0.0;
    for (int64_t y = row * height; y < (row + 1) * height; y++)
        for (int64_t x = column * width; x < (column + 1) * width; x++) {
            sum += work->sums[y * view->width + x];
            weight += work->weights[y * view->width + x];
        }
    return weight > 0.0 ? sum / weight : (double)NAN;
}

static void cells_fill(const relevance_work *work, double *relevance)
{
    const int64_t count = work->view->rows * work->view->columns;
    double least = INFINITY;
    for (int64_t i = 0; i < count; i++) {
        relevance[i] = cell_mean(work, i / work->view->columns, i % work->view->columns);
        least = fmin(least, relevance[i]);
    }
    for (int64_t i = 0; i < count; i++)
        if (isnan(relevance[i]))
            relevance[i] = least;
}

vqc_status vqc_relevance_compute(const vqc_relevance_view *view, vqc_ops *ops, vqc_dtype precision, double *relevance,
                                 vqc_error *error)
{
    relevance_work work = {.view = view};
    vqc_status status = work_create(&work, ops, precision, error);
    for (int64_t first = 0; status == VQC_OK && first < view->mask->crops; first += BATCH)
        status = batch_look(&work, first, error);
    if (status == VQC_OK)
        cells_fill(&work, relevance);
    work_release(&work);
    return status;
}

static int doubles_compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

vqc_status vqc_relevance_threshold(const double *values, size_t count, double *threshold_out, vqc_error *error)
{
    double *sorted;
    double total = 0.0;
    double below = 0.0;
    double best = -1.0;
    VQC_TRY(vqc_memory_allocate(count, sizeof *sorted, "a threshold", &sorted, error));
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, doubles_compare);
    for (size_t i = 0; i < count; i++)
        total += sorted[i];
    *threshold_out = sorted[0];
    for (size_t i = 1; i < count; i++) {
        below += sorted[i - 1];
        double lower = (double)i;
        double upper = (double)(count - i);
        double apart = (total - below) / upper - below / lower;
        if (sorted[i] > sorted[i - 1] && lower * upper * apart * apart > best) {
            best = lower * upper * apart * apart;
            *threshold_out = sorted[i];
        }
    }
    free(sorted);
    return VQC_OK;
}
