#include "guide/targets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "models/clip_tokenizer.h"
#include "models/picture_input.h"
#include "text/token_batch.h"
#include "weights/weights.h"

/* Texts are embedded so many at a time. */
enum { TEXT_BATCH = 16 };

/* What computing the targets of one perceptor needs. */
typedef struct targets_work {
    const vqc_study *study;
    const vqc_perceptor_source *source;
    const vqc_clip *clip;
    vqc_ops *ops;
    vqc_dtype precision;
    vqc_targets *targets;
} targets_work;

/* One target with its prompt and its place. */
typedef vqc_status target_visit(const targets_work *work, void *context, const vqc_prompt *prompt,
                                const vqc_target *target, float *embedding, vqc_error *error);

/* Calls a function for every target of a kind. */
static vqc_status targets_visit(const targets_work *work, vqc_target_kind kind, target_visit *visit, void *context,
                                vqc_error *error)
{
    const vqc_prompt_range *range = &work->targets->range;
    for (size_t i = 0; i < range->count; i++) {
        const vqc_prompt *prompt = &range->prompts[i];
        for (size_t t = 0; t < prompt->target_count; t++) {
            float *embedding =
                work->targets->embeddings + (work->targets->first[i] + (int64_t)t) * work->targets->width;
            if (prompt->targets[t].kind != kind)
                continue;
            if (visit(work, context, prompt, &prompt->targets[t], embedding, error) != VQC_OK)
                return vqc_error_prefix(error, "prompt %s", prompt->id);
        }
    }
    return VQC_OK;
}

/* Texts that wait until a batch is full. */
typedef struct text_queue {
    vqc_tokenizer *tokenizer;
    vqc_clip_text_tower tower;
    int32_t *ids;   /* (TEXT_BATCH, context) */
    float *results; /* (TEXT_BATCH, width) */
    float *destination[TEXT_BATCH];
    size_t count;
} text_queue;

/* Embeds what waits. */
static vqc_status queue_flush(const targets_work *work, text_queue *queue, vqc_error *error)
{
    int64_t context = work->clip->text.context;
    if (queue->count == 0)
        return VQC_OK;
    for (size_t i = queue->count; i < TEXT_BATCH; i++)
        memcpy(queue->ids + (int64_t)i * context, queue->ids, (size_t)context * sizeof *queue->ids);
    VQC_TRY(vqc_clip_text_tower_write(&queue->tower, queue->ids, error));
    VQC_TRY(vqc_network_forward(queue->tower.network, error));
    VQC_TRY(vqc_network_read(queue->tower.network, queue->tower.embedding, queue->results, error));
    for (size_t i = 0; i < queue->count; i++)
        memcpy(queue->destination[i], queue->results + (int64_t)i * work->targets->width,
               (size_t)work->targets->width * sizeof(float));
    queue->count = 0;
    return VQC_OK;
}

static vqc_status text_visit(const targets_work *work, void *context, const vqc_prompt *prompt,
                             const vqc_target *target, float *embedding, vqc_error *error)
{
    text_queue *queue = context;
    int64_t length;
    int32_t *ids;
    int64_t limit = work->clip->text.context;
    (void)prompt;
    const vqc_token_form form = {
        .context = (size_t)limit, .truncate = work->source->truncate, .whole = vqc_clip_text_is_whole(work->clip)};
    VQC_TRY(vqc_token_batch_make(queue->tokenizer, &target->text, 1, &form, &ids, &length, error));
    int32_t *row = queue->ids + (int64_t)queue->count * limit;
    memset(row, 0, (size_t)limit * sizeof *row);
    memcpy(row, ids, (size_t)length * sizeof *row);
    free(ids);
    queue->destination[queue->count++] = embedding;
    return queue->count == TEXT_BATCH ? queue_flush(work, queue, error) : VQC_OK;
}

static vqc_status queue_init(const targets_work *work, text_queue *queue, vqc_error *error)
{
    const vqc_clip *clip = work->clip;
    if (clip->text.type == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "perceptor %s: %s has no text tower that vqclip knows",
                             work->source->name, work->source->checkpoint);
    VQC_TRY(vqc_clip_tokenizer_create(clip, work->source->vocabulary, &queue->tokenizer, error));
    VQC_TRY(
        vqc_memory_allocate(TEXT_BATCH, (size_t)clip->text.context * sizeof(int32_t), "texts", &queue->ids, error));
    VQC_TRY(
        vqc_memory_allocate(TEXT_BATCH, (size_t)clip->embed_width * sizeof(float), "texts", &queue->results, error));
    return vqc_clip_text_tower_create(clip, work->ops, work->precision, TEXT_BATCH, clip->text.context, &queue->tower,
                                      error);
}

/* Whether any prompt has a target of the kind. */
static bool range_has(const vqc_prompt_range *range, vqc_target_kind kind)
{
    for (size_t i = 0; i < range->count; i++)
        for (size_t t = 0; t < range->prompts[i].target_count; t++)
            if (range->prompts[i].targets[t].kind == kind)
                return true;
    return false;
}

static vqc_status texts_embed(const targets_work *work, vqc_error *error)
{
    text_queue queue = {0};
    if (!range_has(&work->targets->range, VQC_TARGET_TEXT))
        return VQC_OK;
    if (work->source->vocabulary == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: perceptor %s: texts need its vocabulary", work->study->path,
                             work->source->name);
    vqc_status status = queue_init(work, &queue, error);
    if (status == VQC_OK)
        status = targets_visit(work, VQC_TARGET_TEXT, text_visit, &queue, error);
    if (status == VQC_OK)
        status = queue_flush(work, &queue, error);
    vqc_clip_text_tower_destroy(&queue.tower);
    vqc_tokenizer_destroy(queue.tokenizer);
    free(queue.ids);
    free(queue.results);
    return status;
}

static vqc_status image_visit(const targets_work *work, void *context, const vqc_prompt *prompt,
                              const vqc_target *target, float *embedding, vqc_error *error)
{
    vqc_clip_image_tower *tower = context;
    int64_t side = work->clip->vision.side;
    float *pixels;
    (void)prompt;
    VQC_TRY(vqc_memory_allocate((size_t)(3 * side * side), sizeof *pixels, "a picture", &pixels, error));
    vqc_status status = vqc_picture_input_read(target->file, &work->clip->config.preparation, side, pixels, error);
    if (status == VQC_OK)
        status = vqc_network_write(tower->network, tower->pixels, pixels, error);
    free(pixels);
    VQC_TRY(status);
    VQC_TRY(vqc_network_forward(tower->network, error));
    return vqc_network_read(tower->network, tower->embedding, embedding, error);
}

static vqc_status images_embed(const targets_work *work, vqc_error *error)
{
    vqc_clip_image_tower tower;
    if (!range_has(&work->targets->range, VQC_TARGET_IMAGE))
        return VQC_OK;
    VQC_TRY(vqc_clip_image_tower_create(work->clip, work->ops, work->precision, 1, false, &tower, error));
    vqc_status status = targets_visit(work, VQC_TARGET_IMAGE, image_visit, &tower, error);
    vqc_clip_image_tower_destroy(&tower);
    return status;
}

/* The tensor of a target, (rows, width), or (width). */
static vqc_status tensor_find(const vqc_weights *weights, const vqc_target *target, int64_t width,
                              const vqc_weights_tensor **tensor_out, vqc_error *error)
{
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, target->tensor);
    if (tensor == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s is missing", target->file, target->tensor);
    int64_t rows = tensor->rank == 2 ? tensor->shape[0] : 1;
    if (tensor->rank < 1 || tensor->rank > 2 || tensor->shape[tensor->rank - 1] != width || target->row >= rows)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected rows of %lld and a row %lld",
                             target->file, target->tensor, (long long)width, (long long)target->row);
    *tensor_out = tensor;
    return VQC_OK;
}

/* Copies the row of a target. */
static vqc_status row_read(const vqc_weights *weights, const vqc_target *target, int64_t width, float *embedding,
                           vqc_error *error)
{
    const vqc_weights_tensor *tensor;
    float *values;
    VQC_TRY(tensor_find(weights, target, width, &tensor, error));
    VQC_TRY(vqc_memory_allocate((size_t)tensor->count, sizeof *values, "embeddings", &values, error));
    vqc_status status = vqc_weights_read_f32(weights, tensor, values, error);
    if (status == VQC_OK)
        memcpy(embedding, values + target->row * width, (size_t)width * sizeof *embedding);
    free(values);
    return status;
}

vqc_status vqc_target_row_check(const vqc_target *target, int64_t width, vqc_error *error)
{
    vqc_weights *weights;
    const vqc_weights_tensor *tensor;
    VQC_TRY(vqc_weights_open(target->file, &weights, error));
    vqc_status status = tensor_find(weights, target, width, &tensor, error);
    vqc_weights_close(weights);
    return status;
}

static vqc_status embedding_visit(const targets_work *work, void *context, const vqc_prompt *prompt,
                                  const vqc_target *target, float *embedding, vqc_error *error)
{
    vqc_weights *weights;
    (void)context;
    (void)prompt;
    VQC_TRY(vqc_weights_open(target->file, &weights, error));
    vqc_status status = row_read(weights, target, work->targets->width, embedding, error);
    vqc_weights_close(weights);
    return status;
}

/* Normal numbers from the target's own seed: two from each pair of words (Box and Muller). */
static vqc_status noise_visit(const targets_work *work, void *context, const vqc_prompt *prompt,
                              const vqc_target *target, float *embedding, vqc_error *error)
{
    vqc_random_key key = {{(uint32_t)target->seed, (uint32_t)(target->seed >> 32)}};
    (void)context;
    (void)prompt;
    (void)error;
    for (int64_t i = 0; i < work->targets->width; i++) {
        vqc_random_block block = vqc_random_block_at(key, (vqc_random_block){{(uint32_t)(i / 2)}});
        double radius = sqrt(-2.0 * log(((double)block.word[0] + 0.5) * 0x1p-32));
        double angle = 6.28318530717958647692 * (((double)block.word[1] + 0.5) * 0x1p-32);
        embedding[i] = (float)(radius * (i % 2 == 0 ? cos(angle) : sin(angle)));
    }
    return VQC_OK;
}

/* Gives every prompt its place and the table its memory. */
static vqc_status targets_allocate(vqc_targets *targets, vqc_error *error)
{
    const vqc_prompt_range *range = &targets->range;
    int64_t total = 0;
    VQC_TRY(vqc_memory_allocate(range->count, sizeof *targets->first, "targets", &targets->first, error));
    for (size_t i = 0; i < range->count; i++) {
        targets->first[i] = total;
        total += (int64_t)range->prompts[i].target_count;
    }
    return vqc_memory_allocate((size_t)(total * targets->width), sizeof(float), "targets", &targets->embeddings,
                               error);
}

vqc_status vqc_targets_create(const vqc_study *study, vqc_prompt_range range, const vqc_perceptor_source *source,
                              const vqc_clip *clip, vqc_ops *ops, vqc_dtype precision, vqc_targets *targets_out,
                              vqc_error *error)
{
    vqc_targets targets = {.range = range, .width = clip->embed_width};
    targets_work work = {study, source, clip, ops, precision, &targets};
    vqc_status status = targets_allocate(&targets, error);
    if (status == VQC_OK)
        status = texts_embed(&work, error);
    if (status == VQC_OK)
        status = images_embed(&work, error);
    if (status == VQC_OK)
        status = targets_visit(&work, VQC_TARGET_EMBEDDING, embedding_visit, NULL, error);
    if (status == VQC_OK)
        status = targets_visit(&work, VQC_TARGET_NOISE, noise_visit, NULL, error);
    if (status != VQC_OK) {
        vqc_targets_release(&targets);
        return status;
    }
    *targets_out = targets;
    return VQC_OK;
}

void vqc_targets_release(vqc_targets *targets)
{
    free(targets->first);
    free(targets->embeddings);
    *targets = (vqc_targets){0};
}

const float *vqc_targets_of(const vqc_targets *targets, const vqc_prompt *prompt)
{
    return targets->embeddings + targets->first[prompt - targets->range.prompts] * targets->width;
}
