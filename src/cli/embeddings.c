#include "cli/embeddings.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "models/clip_tokenizer.h"
#include "models/picture_input.h"
#include "text/token_batch.h"

void vqc_embeddings_release(vqc_embeddings *rows)
{
    free(rows->data);
    *rows = (vqc_embeddings){0};
}

static vqc_status rows_allocate(vqc_embeddings *rows, int64_t count, int64_t width, vqc_error *error)
{
    *rows = (vqc_embeddings){.count = count, .width = width};
    return vqc_memory_allocate((size_t)(count * width), sizeof(float), "embeddings", &rows->data, error);
}

/* Runs all rows of ids through a tower for `batch` of them; the last batch overlaps the one before it. */
static vqc_status batches_run(vqc_clip_text_tower *tower, const int32_t *ids, int64_t batch, int64_t length,
                              vqc_embeddings *rows, vqc_error *error)
{
    for (int64_t done = 0; done < rows->count; done += batch) {
        int64_t first = done + batch <= rows->count ? done : rows->count - batch;
        VQC_TRY(vqc_clip_text_tower_write(tower, ids + first * length, error));
        VQC_TRY(vqc_network_forward(tower->network, error));
        VQC_TRY(vqc_network_read(tower->network, tower->embedding, rows->data + first * rows->width, error));
    }
    return VQC_OK;
}

vqc_status vqc_embeddings_of_ids(vqc_compute *compute, const vqc_clip *clip, const int32_t *ids, int64_t count,
                                 int64_t length, vqc_embeddings *rows_out, vqc_error *error)
{
    vqc_clip_text_tower tower;
    int64_t batch = count < VQC_EMBEDDINGS_BATCH ? count : VQC_EMBEDDINGS_BATCH;
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_clip_text_tower_create(clip, compute->ops, compute->dtype, batch, length, &tower, error));
    compute->load_seconds += vqc_clock_seconds() - started;
    vqc_status status = rows_allocate(rows_out, count, clip->embed_width, error);
    if (status == VQC_OK)
        status = batches_run(&tower, ids, batch, length, rows_out, error);
    vqc_clip_text_tower_destroy(&tower);
    return status;
}

vqc_status vqc_embeddings_tokenize(const vqc_clip *clip, const char *vocabulary, const char *const *texts,
                                   size_t count, bool truncate, int32_t **ids_out, int64_t *length_out,
                                   vqc_error *error)
{
    vqc_tokenizer *tokenizer;
    const vqc_token_form form = {
        .context = (size_t)clip->text.context, .truncate = truncate, .whole = vqc_clip_text_is_whole(clip)};
    VQC_TRY(vqc_clip_tokenizer_create(clip, vocabulary, &tokenizer, error));
    vqc_status status = vqc_token_batch_make(tokenizer, texts, count, &form, ids_out, length_out, error);
    vqc_tokenizer_destroy(tokenizer);
    return status;
}

vqc_status vqc_embeddings_of_texts(vqc_compute *compute, const vqc_clip *clip, const char *vocabulary,
                                   const char *const *texts, size_t count, bool truncate, vqc_embeddings *rows_out,
                                   vqc_error *error)
{
    int32_t *ids;
    int64_t length;
    VQC_TRY(vqc_embeddings_tokenize(clip, vocabulary, texts, count, truncate, &ids, &length, error));
    vqc_status status = vqc_embeddings_of_ids(compute, clip, ids, (int64_t)count, length, rows_out, error);
    free(ids);
    return status;
}

vqc_status vqc_embeddings_image_tower(vqc_compute *compute, const vqc_clip *clip, int64_t batch, bool backward,
                                      vqc_clip_image_tower *tower, vqc_error *error)
{
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_clip_image_tower_create(clip, compute->ops, compute->dtype, batch, backward, tower, error));
    compute->load_seconds += vqc_clock_seconds() - started;
    return VQC_OK;
}

vqc_status vqc_picture_embedder_init(vqc_picture_embedder *embedder, vqc_compute *compute, const vqc_clip *clip,
                                     vqc_error *error)
{
    *embedder = (vqc_picture_embedder){.side = clip->vision.side, .preparation = &clip->config.preparation};
    VQC_TRY(vqc_memory_allocate((size_t)(3 * embedder->side * embedder->side), sizeof(float), "a picture",
                                &embedder->pixels, error));
    return vqc_embeddings_image_tower(compute, clip, 1, false, &embedder->tower, error);
}

void vqc_picture_embedder_release(vqc_picture_embedder *embedder)
{
    vqc_clip_image_tower_destroy(&embedder->tower);
    free(embedder->pixels);
    *embedder = (vqc_picture_embedder){0};
}

vqc_status vqc_picture_embedder_run(vqc_picture_embedder *embedder, const vqc_image *picture, float *row,
                                    vqc_error *error)
{
    vqc_clip_image_tower *tower = &embedder->tower;
    VQC_TRY(vqc_picture_input_from(picture, embedder->preparation, embedder->side, embedder->pixels, error));
    VQC_TRY(vqc_network_write(tower->network, tower->pixels, embedder->pixels, error));
    VQC_TRY(vqc_network_forward(tower->network, error));
    return vqc_network_read(tower->network, tower->embedding, row, error);
}

static double rows_multiply(const float *left, const float *right, int64_t width)
{
    double product = 0.0;
    for (int64_t i = 0; i < width; i++)
        product += (double)left[i] * (double)right[i];
    return product;
}

double vqc_embeddings_length(const float *row, int64_t width)
{
    return sqrt(rows_multiply(row, row, width));
}

double vqc_embeddings_cosine(const float *left, const float *right, int64_t width)
{
    return rows_multiply(left, right, width) /
           (vqc_embeddings_length(left, width) * vqc_embeddings_length(right, width));
}
