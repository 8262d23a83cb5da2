#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "models/clip_blocks.h"
#include "models/towers.h"

/* CLIP's text transformer, mostly causal; one token stands for the text, in CoCa's (Yu et al. 2022) a learned one
 * behind it. What it alone knows are its vqc_clip_blocks. */

static bool text_recognise(const vqc_parameters *parameters)
{
    return vqc_parameters_find(parameters, "token_embedding.weight") != NULL;
}

/* Places that the class token takes. */
static int64_t classes_of(const vqc_clip_config *config)
{
    return config->text_class_token ? 1 : 0;
}

static vqc_status text_configure(vqc_clip *clip, const vqc_clip_config *config, vqc_error *error)
{
    const vqc_weights_tensor *table;
    const vqc_weights_tensor *positions;
    vqc_clip_blocks *blocks;
    VQC_TRY(vqc_memory_allocate(1, sizeof *blocks, "a text tower", &blocks, error));
    clip->text.own = blocks;
    VQC_TRY(vqc_parameters_require_rank(&clip->parameters, "token_embedding.weight", 2, &table, error));
    VQC_TRY(vqc_parameters_require_rank(&clip->parameters, "positional_embedding", 2, &positions, error));
    *blocks = (vqc_clip_blocks){.name = "transformer.resblocks", .width = table->shape[1], .causal = config->causal};
    clip->text.vocabulary = table->shape[0];
    clip->text.context = positions->shape[0] - classes_of(config);
    VQC_TRY(vqc_clip_blocks_configure(clip, "text", &config->text, blocks, error));
    clip->text.width = blocks->width;
    clip->text.head_width = blocks->width / blocks->heads;
    return VQC_OK;
}

/* Reads the positions. Long-CLIP's (Zhang et al. 2024) are two tensors of the same shape: the first twenty rows of
 * one and the rest of the other. */
static vqc_status positions_read(const vqc_clip *clip, int64_t width, float **positions_out, vqc_error *error)
{
    static const int64_t kept = 20;
    int64_t shape[] = {clip->text.context + classes_of(&clip->config), width};
    float *rest = NULL;
    VQC_TRY(vqc_parameters_read(&clip->parameters, "positional_embedding", 2, shape, positions_out, error));
    if (clip->config.model_said || vqc_parameters_find(&clip->parameters, "positional_embedding_res") == NULL)
        return VQC_OK;
    VQC_TRY(vqc_parameters_read(&clip->parameters, "positional_embedding_res", 2, shape, &rest, error));
    for (int64_t i = kept * width; i < shape[0] * width; i++)
        (*positions_out)[i] = rest[i];
    free(rest);
    return VQC_OK;
}

/* Reads the tokens' vectors, and behind them that of the class token. */
static vqc_status table_read(const vqc_clip *clip, int64_t width, float **table_out, vqc_error *error)
{
    int64_t shape[] = {clip->text.vocabulary, width};
    float *table = NULL;
    float *class_token = NULL;
    VQC_TRY(vqc_parameters_read(&clip->parameters, "token_embedding.weight", 2, shape, table_out, error));
    if (!clip->config.text_class_token)
        return VQC_OK;
    size_t count = (size_t)(shape[0] * width);
    VQC_TRY(vqc_parameters_read(&clip->parameters, "cls_emb", 1, &width, &class_token, error));
    vqc_status status = vqc_memory_allocate(count + (size_t)width, sizeof *table, "a token table", &table, error);
    if (status == VQC_OK) {
        memcpy(table, *table_out, count * sizeof *table);
        memcpy(table + count, class_token, (size_t)width * sizeof *table);
        free(*table_out);
        *table_out = table;
    }
    free(class_token);
    return status;
}

/* Adds the look-up of token ids and positions. */
static vqc_status embed_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value tokens, vqc_value *output,
                            vqc_error *error)
{
    const vqc_clip_text *text = &clip->text;
    int64_t width = ((const vqc_clip_blocks *)text->own)->width;
    vqc_shape shape = vqc_network_shape(layers->network, tokens);
    float *table = NULL;
    float *positions = NULL;
    vqc_status status = table_read(clip, width, &table, error);
    if (status == VQC_OK)
        status = positions_read(clip, width, &positions, error);
    if (status == VQC_OK) {
        vqc_operation operation = {
            .kind = VQC_OPERATION_EMBED,
            .dtype = layers->dtype,
            .embed = {.batch = shape.size[0],
                      .tokens = shape.size[1],
                      .width = width,
                      .entries = text->vocabulary + classes_of(&clip->config),
                      .table = table,
                      .positions = positions},
        };
        vqc_shape out_shape = {3, {shape.size[0], shape.size[1], width}};
        status = vqc_network_add(layers->network, &operation, &tokens, out_shape, output, error);
    }
    free(table);
    free(positions);
    return status;
}

static vqc_status text_build(const vqc_clip *clip, const vqc_layers *layers, const vqc_text_inputs *inputs,
                             vqc_value *output, vqc_error *error)
{
    vqc_clip_blocks blocks = *(const vqc_clip_blocks *)clip->text.own;
    vqc_value h;
    blocks.seen = inputs->seen;
    VQC_TRY(embed_add(clip, layers, inputs->tokens, &h, error));
    VQC_TRY(vqc_clip_blocks_add(layers, &blocks, h, &inputs->last, &h, error));
    VQC_TRY(vqc_layer_layer_norm(layers, "ln_final", blocks.epsilon, h, &h, error));
    if (!clip->config.projection) {
        *output = h;
        return VQC_OK;
    }
    return vqc_clip_projection_add(layers, "text_projection", clip->config.projection_bias, clip->embed_width, h,
                                   output, error);
}

static void text_describe(const vqc_clip *clip, char text[VQC_TOWER_DESCRIPTION_SIZE])
{
    const vqc_clip_blocks *blocks = clip->text.own;
    const int size = snprintf(text, VQC_TOWER_DESCRIPTION_SIZE, "text: ");
    vqc_clip_blocks_describe(blocks, text + size, VQC_TOWER_DESCRIPTION_SIZE - (size_t)size);
}

const vqc_text_tower_type vqc_text_tower_clip = {
    .name = "CLIP text",
    .recognise = text_recognise,
    .configure = text_configure,
    .build = text_build,
    .describe = text_describe,
};
