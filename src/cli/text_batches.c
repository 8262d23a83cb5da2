#include "cli/text_batches.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/embeddings.h"
#include "cli/interruption.h"

/* Texts as token ids, filled up with the first text to a whole number of batches for each rank. */
typedef struct token_batches {
    int32_t *ids; /* (rounds, ranks, batch, length) */
    int64_t length;
    size_t count;  /* of texts */
    size_t batch;  /* texts of each */
    size_t rounds; /* batches of each rank */
} token_batches;

/* The texts with the prefix; the caller frees each and the list. */
static vqc_status prefixed_make(const char *prefix, const char *const *texts, size_t count, char **list,
                                vqc_error *error)
{
    for (size_t i = 0; i < count; i++) {
        vqc_text text = {0};
        VQC_TRY(vqc_text_append(&text, error, "%s%s", prefix, texts[i]));
        list[i] = text.data;
    }
    return VQC_OK;
}

static vqc_status tokens_make(const vqc_clip *clip, const vqc_text_form *form, const char *const *texts, size_t count,
                              int32_t **ids, int64_t *length, vqc_error *error)
{
    char **prefixed;
    VQC_TRY(vqc_memory_allocate(count, sizeof *prefixed, "texts", &prefixed, error));
    vqc_status status = prefixed_make(form->prefix, texts, count, prefixed, error);
    if (status == VQC_OK)
        status = vqc_embeddings_tokenize(clip, form->vocabulary, (const char *const *)prefixed, count, form->truncate,
                                         ids, length, error);
    for (size_t i = 0; i < count; i++)
        free(prefixed[i]);
    free(prefixed);
    return status;
}

static vqc_status batches_make(const vqc_ranks *ranks, const int32_t *ids, token_batches *tokens, vqc_error *error)
{
    const size_t size = (size_t)vqc_comm_size(ranks->comm);
    const size_t row = (size_t)tokens->length * sizeof *ids;
    tokens->batch = tokens->count < VQC_EMBEDDINGS_BATCH ? tokens->count : VQC_EMBEDDINGS_BATCH;
    tokens->rounds = ((tokens->count + tokens->batch - 1) / tokens->batch + size - 1) / size;
    const size_t places = tokens->rounds * size * tokens->batch;
    VQC_TRY(vqc_memory_allocate(places, row, "token ids", &tokens->ids, error));
    for (size_t i = 0; i < places; i++)
        memcpy((char *)tokens->ids + i * row, (const char *)ids + (i < tokens->count ? i * row : 0), row);
    return VQC_OK;
}

/* Runs one batch, this rank's of the round. */
static vqc_status batch_run(vqc_clip_text_tower *tower, const token_batches *tokens, size_t number, float *rows,
                            vqc_error *error)
{
    if (vqc_interruption_asked())
        return vqc_error_set(error, VQC_STOPPED, "stopped; no scores were written");
    VQC_TRY(vqc_clip_text_tower_write(tower, tokens->ids + number * tokens->batch * (size_t)tokens->length, error));
    VQC_TRY(vqc_network_forward(tower->network, error));
    return vqc_network_read(tower->network, tower->embedding, rows, error);
}

/* One round: every rank runs its batch, and all have all of them. */
static vqc_status round_run(const vqc_ranks *ranks, vqc_clip_text_tower *tower, const token_batches *tokens,
                            size_t number, float *own, float *rows, int64_t width, vqc_error *error)
{
    const size_t size = (size_t)vqc_comm_size(ranks->comm);
    const size_t first = number * size * tokens->batch; /* text of the round */
    const size_t mine = number * size + (size_t)vqc_comm_rank(ranks->comm);
    vqc_status status = VQC_OK;
    if (mine * tokens->batch < tokens->count)
        status = batch_run(tower, tokens, mine, own, error);
    VQC_TRY(vqc_comm_agree(ranks->comm, status, error));
    return vqc_comm_all_gather(ranks->comm, own, tokens->batch * (size_t)width * sizeof *own,
                               rows + first * (size_t)width, error);
}

/* Marks the texts that are the same to the perceptor. */
static void same_find(const int32_t *ids, int64_t length, size_t count, size_t *namely)
{
    const size_t row = (size_t)length * sizeof *ids;
    for (size_t i = 0; i < count; i++) {
        size_t first = 0;
        while (memcmp((const char *)ids + first * row, (const char *)ids + i * row, row) != 0)
            first++;
        namely[i] = first;
    }
}

static vqc_status texts_allocate(const vqc_ranks *ranks, const token_batches *tokens, vqc_text_embeddings *all,
                                 float **own, vqc_error *error)
{
    const size_t row = (size_t)all->width * sizeof(float);
    const size_t places = tokens->rounds * (size_t)vqc_comm_size(ranks->comm) * tokens->batch;
    VQC_TRY(vqc_memory_allocate(tokens->count, sizeof *all->namely, "texts", &all->namely, error));
    VQC_TRY(vqc_memory_allocate(tokens->batch, row, "embeddings", own, error));
    return vqc_memory_allocate(places, row, "embeddings", &all->rows, error);
}

static vqc_status rows_make(const vqc_ranks *ranks, vqc_compute *compute, const vqc_clip *clip,
                            const token_batches *tokens, vqc_text_embeddings *all, vqc_error *error)
{
    vqc_clip_text_tower tower = {0};
    float *own = NULL;
    const double started = vqc_clock_seconds();
    vqc_status status = texts_allocate(ranks, tokens, all, &own, error);
    if (status == VQC_OK)
        status = vqc_clip_text_tower_create(clip, compute->ops, compute->dtype, (int64_t)tokens->batch,
                                            tokens->length, &tower, error);
    const bool made = status == VQC_OK;
    compute->load_seconds += vqc_clock_seconds() - started;
    status = vqc_comm_agree(ranks->comm, status, error);
    if (status == VQC_OK)
        same_find(tokens->ids, tokens->length, tokens->count, all->namely);
    for (size_t i = 0; i < tokens->rounds && status == VQC_OK; i++)
        status = round_run(ranks, &tower, tokens, i, own, all->rows, all->width, error);
    if (made)
        vqc_clip_text_tower_destroy(&tower);
    free(own);
    return status;
}

void vqc_text_embeddings_release(vqc_text_embeddings *embeddings)
{
    free(embeddings->rows);
    free(embeddings->namely);
    *embeddings = (vqc_text_embeddings){0};
}

vqc_status vqc_text_embeddings_make(const vqc_ranks *ranks, vqc_compute *compute, const vqc_clip *clip,
                                    const vqc_text_form *form, const char *const *texts, size_t count,
                                    vqc_text_embeddings *embeddings_out, vqc_error *error)
{
    token_batches tokens = {.count = count};
    vqc_text_embeddings all = {.count = count, .width = clip->embed_width};
    int32_t *ids = NULL;
    vqc_status status = tokens_make(clip, form, texts, count, &ids, &tokens.length, error);
    if (status == VQC_OK)
        status = batches_make(ranks, ids, &tokens, error);
    status = vqc_comm_agree(ranks->comm, status, error);
    if (status == VQC_OK)
        status = rows_make(ranks, compute, clip, &tokens, &all, error);
    free(ids);
    free(tokens.ids);
    if (status != VQC_OK) {
        vqc_text_embeddings_release(&all);
        return status;
    }
    *embeddings_out = all;
    return VQC_OK;
}
