#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "models/towers.h"

/* Places of a text, with that of the class token. */
static int64_t places_of(const vqc_clip_text_tower *tower)
{
    return tower->length + (tower->class_token ? 1 : 0);
}

static vqc_status tower_build(const vqc_clip *clip, const vqc_layers *layers, vqc_clip_text_tower *tower,
                              vqc_error *error)
{
    vqc_network *network = layers->network;
    vqc_shape token_shape = {2, {tower->batch, places_of(tower)}};
    vqc_shape last_shape = {1, {tower->batch}};
    vqc_value h;
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_I32, token_shape, false, &tower->tokens, error));
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_I32, last_shape, false, &tower->last, error));
    if (tower->class_token)
        VQC_TRY(vqc_network_input(network, VQC_DTYPE_I32, token_shape, false, &tower->seen, error));
    const vqc_text_inputs inputs = {
        .tokens = tower->tokens, .last = tower->last, .seen = tower->class_token ? &tower->seen : NULL};
    VQC_TRY(clip->text.type->build(clip, layers, &inputs, &h, error));
    VQC_TRY(vqc_tower_all_read(clip, clip->text.type->name, clip->naming.type->text_owned, clip->text.type->harmless,
                               error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &tower->embedding, error));
    VQC_TRY(vqc_network_output(network, tower->embedding, error));
    return vqc_network_finish(network, error);
}

vqc_status vqc_clip_text_tower_create(const vqc_clip *clip, vqc_ops *ops, vqc_dtype precision, int64_t batch,
                                      int64_t length, vqc_clip_text_tower *tower_out, vqc_error *error)
{
    if (clip->text.type == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: has a picture tower and no text tower that vqclip knows: texts cannot be embedded "
                             "with it",
                             vqc_weights_path(clip->weights));
    if (length < 1 || length > clip->text.context)
        return vqc_error_set(error, VQC_BAD_INPUT, "text of %lld tokens: the perceptor %s takes 1 to %lld",
                             (long long)length, vqc_weights_path(clip->weights), (long long)clip->text.context);
    if (vqc_clip_text_is_whole(clip) && length != clip->text.context)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "text of %lld tokens: the perceptor %s sees what stands behind a text: expected %lld, "
                             "padding included",
                             (long long)length, vqc_weights_path(clip->weights), (long long)clip->text.context);
    vqc_clip_text_tower tower = {.batch = batch,
                                 .length = length,
                                 .vocabulary = clip->text.vocabulary,
                                 .end = clip->config.end,
                                 .end_id = clip->config.end_id,
                                 .class_token = clip->config.text_class_token,
                                 .padding_id = clip->config.padding_id};
    VQC_TRY(vqc_network_create(ops, false, &tower.network, error));
    vqc_layers layers = {.network = tower.network, .parameters = &clip->parameters, .dtype = precision};
    vqc_status status = tower_build(clip, &layers, &tower, error);
    if (status != VQC_OK) {
        vqc_network_destroy(tower.network);
        return status;
    }
    *tower_out = tower;
    return VQC_OK;
}

void vqc_clip_text_tower_destroy(vqc_clip_text_tower *tower)
{
    vqc_network_destroy(tower->network);
    *tower = (vqc_clip_text_tower){0};
}

bool vqc_clip_text_is_whole(const vqc_clip *clip)
{
    const vqc_clip_config *config = &clip->config;
    return clip->text.type != NULL &&
           (!config->causal || config->text_class_token || config->end == VQC_CLIP_END_LAST);
}

static vqc_status ids_check(const vqc_clip_text_tower *tower, const int32_t *ids, vqc_error *error)
{
    for (int64_t i = 0; i < tower->batch * tower->length; i++)
        if (ids[i] < 0 || ids[i] >= tower->vocabulary)
            return vqc_error_set(error, VQC_BAD_INPUT, "token id %d: the perceptor's vocabulary has 0 to %lld",
                                 ids[i], (long long)tower->vocabulary - 1);
    return VQC_OK;
}

/* The place of the largest id, the first of equal ones. */
static int32_t largest_find(const int32_t *text, int64_t length)
{
    int32_t place = 0;
    for (int32_t i = 0; i < length; i++)
        if (text[i] > text[place])
            place = i;
    return place;
}

/* The first place of an id; 0 where there is none. */
static int32_t id_find(const int32_t *text, int64_t length, int64_t id)
{
    for (int32_t i = 0; i < length; i++)
        if (text[i] == id)
            return i;
    return 0;
}

static int32_t end_find(const vqc_clip_text_tower *tower, const int32_t *text)
{
    switch (tower->end) {
    case VQC_CLIP_END_LARGEST:
        return largest_find(text, tower->length);
    case VQC_CLIP_END_ID:
        return id_find(text, tower->length, tower->end_id);
    case VQC_CLIP_END_FIRST:
        return 0;
    case VQC_CLIP_END_LAST:
        return (int32_t)tower->length - 1;
    }
    return 0;
}

/* The texts with the class token behind each, and which places are seen. In the published models, and so here, the
 * mask is one place off: the first place is always seen, the class token where the text fills the context, and each
 * other one where the token before it is no padding. */
static void classes_append(const vqc_clip_text_tower *tower, const int32_t *ids, int32_t *tokens, int32_t *seen)
{
    int64_t places = places_of(tower);
    for (int64_t n = 0; n < tower->batch; n++) {
        const int32_t *text = ids + n * tower->length;
        memcpy(tokens + n * places, text, (size_t)tower->length * sizeof *text);
        tokens[n * places + tower->length] = (int32_t)tower->vocabulary;
        for (int64_t i = 0; i < places; i++)
            seen[n * places + i] = i == 0 || text[i - 1] != tower->padding_id;
    }
}

/* Writes tokens, and what is seen of them, where there is a class token. */
static vqc_status classes_write(vqc_clip_text_tower *tower, const int32_t *ids, vqc_error *error)
{
    int32_t *tokens;
    int64_t count = tower->batch * places_of(tower);
    VQC_TRY(vqc_memory_allocate(2 * (size_t)count, sizeof *tokens, "tokens", &tokens, error));
    classes_append(tower, ids, tokens, tokens + count);
    vqc_status status = vqc_network_write(tower->network, tower->tokens, tokens, error);
    if (status == VQC_OK)
        status = vqc_network_write(tower->network, tower->seen, tokens + count, error);
    free(tokens);
    return status;
}

static vqc_status last_write(vqc_clip_text_tower *tower, const int32_t *ids, vqc_error *error)
{
    int32_t *last;
    VQC_TRY(vqc_memory_allocate((size_t)tower->batch, sizeof *last, "token places", &last, error));
    for (int64_t n = 0; n < tower->batch; n++)
        last[n] = tower->class_token ? (int32_t)tower->length : end_find(tower, ids + n * tower->length);
    vqc_status status = vqc_network_write(tower->network, tower->last, last, error);
    free(last);
    return status;
}

vqc_status vqc_clip_text_tower_write(vqc_clip_text_tower *tower, const int32_t *ids, vqc_error *error)
{
    VQC_TRY(ids_check(tower, ids, error));
    if (tower->class_token)
        VQC_TRY(classes_write(tower, ids, error));
    else
        VQC_TRY(vqc_network_write(tower->network, tower->tokens, ids, error));
    return last_write(tower, ids, error);
}
