#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "models/attentional_pool.h"
#include "models/class_token.h"
#include "models/clip_blocks.h"
#include "models/token_mean.h"
#include "models/towers.h"

/* A vision transformer: patches become tokens, a class token in front of them stands for the picture in the end. */
typedef struct vit {
    int64_t patch; /* side of a patch, pixels */
    int64_t grid;  /* patches along a side */
    vqc_clip_blocks blocks;
    int64_t queries; /* of its attentional pool, where it has one */
} vit;

#define POOL "visual.attn_pool"

static bool vit_recognise(const vqc_parameters *parameters)
{
    return vqc_parameters_find(parameters, "visual.conv1.weight") != NULL &&
           vqc_parameters_find(parameters, "visual.layer1.0.conv1.weight") == NULL;
}

/* What the configuration says of the pool; means of queries but the first need another one. */
static vqc_status pool_configure(const vqc_clip *clip, vit *own, vqc_error *error)
{
    const vqc_clip_config *config = &clip->config;
    int64_t width;
    VQC_TRY(vqc_attentional_pool_size(&clip->parameters, POOL, &own->queries, &width, error));
    VQC_TRY(vqc_clip_said_check(clip, &config->pool_queries, own->queries, error));
    if (config->pool == VQC_CLIP_POOL_MEAN && own->queries < 2)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: attn_pooler_queries: expected 2 or more with pool_type avg",
                             config->config_path);
    return VQC_OK;
}

static vqc_status vit_configure(vqc_clip *clip, const vqc_clip_config *config, vqc_error *error)
{
    const vqc_weights_tensor *patches;
    const vqc_weights_tensor *positions;
    vit *own;
    VQC_TRY(vqc_memory_allocate(1, sizeof *own, "an image tower", &own, error));
    clip->vision.own = own;
    VQC_TRY(vqc_parameters_require_rank(&clip->parameters, "visual.conv1.weight", 4, &patches, error));
    VQC_TRY(vqc_parameters_require_rank(&clip->parameters, "visual.positional_embedding", 2, &positions, error));
    VQC_TRY(vqc_clip_grid_side(clip, positions, &own->grid, error));
    own->patch = patches->shape[2];
    own->blocks = (vqc_clip_blocks){.name = "visual.transformer.resblocks", .width = patches->shape[0]};
    clip->vision.side = own->grid * own->patch;
    VQC_TRY(vqc_clip_said_check(clip, &config->patch, own->patch, error));
    VQC_TRY(vqc_clip_blocks_configure(clip, "image", &config->image, &own->blocks, error));
    if (config->attentional_pool)
        VQC_TRY(pool_configure(clip, own, error));
    clip->vision.head_width = own->blocks.width / own->blocks.heads;
    return vqc_clip_projection_width(&clip->parameters, "visual.proj", &clip->embed_width, error);
}

/* Cuts the picture into patches and maps each to a token: a convolution whose kernel does not overlap. */
static vqc_status patches_add(const vit *own, const vqc_layers *layers, vqc_value x, vqc_value *output,
                              vqc_error *error)
{
    int64_t width = own->blocks.width;
    int64_t shape[] = {width, 3, own->patch, own->patch};
    float *weight;
    VQC_TRY(vqc_parameters_read(layers->parameters, "visual.conv1.weight", 4, shape, &weight, error));
    vqc_kernel kernel = {.size = own->patch, .stride = own->patch};
    vqc_status status = vqc_layer_convolution_with(layers, weight, NULL, x, width, kernel, NULL, output, error);
    free(weight);
    return status;
}

/* The mean of the patches' tokens after the blocks, and the last layer norm. */
static vqc_status mean_pool_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value h, vqc_value first,
                                vqc_value *output, vqc_error *error)
{
    const vit *own = clip->vision.own;
    VQC_TRY(vqc_clip_blocks_add(layers, &own->blocks, h, NULL, &h, error));
    if (!clip->config.norm_after_pool) {
        VQC_TRY(vqc_layer_layer_norm(layers, "visual.ln_post", own->blocks.epsilon, h, &h, error));
        return vqc_token_mean_add(layers, h, true, first, output, error);
    }
    VQC_TRY(vqc_token_mean_add(layers, h, true, first, &h, error));
    return vqc_layer_layer_norm(layers, "visual.ln_post", own->blocks.epsilon, h, output, error);
}

/* The class token after the blocks and the last layer norm, which is the same before and after it was taken. */
static vqc_status token_pool_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value h, vqc_value first,
                                 vqc_value *output, vqc_error *error)
{
    const vit *own = clip->vision.own;
    VQC_TRY(vqc_clip_blocks_add(layers, &own->blocks, h, &first, &h, error));
    return vqc_layer_layer_norm(layers, "visual.ln_post", own->blocks.epsilon, h, output, error);
}

/* What learned queries find among the tokens after the blocks, through the last layer norm: that of the first query,
 * or the mean of the others. */
static vqc_status attentional_pool_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value h, vqc_value first,
                                       vqc_value *output, vqc_error *error)
{
    const vit *own = clip->vision.own;
    const bool mean = clip->config.pool == VQC_CLIP_POOL_MEAN;
    const vqc_attentional_pool pool = {.name = POOL,
                                       .heads = clip->config.pool_heads,
                                       .epsilon = 1e-5F, /* whatever the tower's is */
                                       .first = mean ? 1 : 0,
                                       .count = mean ? own->queries - 1 : 1};
    VQC_TRY(vqc_clip_blocks_add(layers, &own->blocks, h, NULL, &h, error));
    VQC_TRY(vqc_attentional_pool_add(layers, &pool, h, &h, error));
    VQC_TRY(vqc_layer_layer_norm(layers, "visual.ln_post", own->blocks.epsilon, h, &h, error));
    if (mean)
        return vqc_token_mean_add(layers, h, false, first, output, error);
    return vqc_layer_select(layers, h, first, output, error);
}

static vqc_status pool_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value h, vqc_value first,
                           vqc_value *output, vqc_error *error)
{
    if (clip->config.attentional_pool)
        return attentional_pool_add(clip, layers, h, first, output, error);
    switch (clip->config.pool) {
    case VQC_CLIP_POOL_TOKEN:
        return token_pool_add(clip, layers, h, first, output, error);
    case VQC_CLIP_POOL_MEAN:
        return mean_pool_add(clip, layers, h, first, output, error);
    }
    return VQC_OK;
}

static vqc_status vit_build(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                            vqc_error *error)
{
    const vit *own = clip->vision.own;
    const vqc_class_token token = {.name = "visual.class_embedding",
                                   .positions = "visual.positional_embedding",
                                   .patches = own->grid * own->grid,
                                   .width = own->blocks.width};
    vqc_value first;
    vqc_value h;
    VQC_TRY(vqc_layer_first(layers, vqc_network_shape(layers->network, x).size[0], &first, error));
    VQC_TRY(vqc_layer_cast(layers, x, layers->dtype, &h, error));
    VQC_TRY(patches_add(own, layers, h, &h, error));
    VQC_TRY(vqc_class_token_add(layers, &token, h, &h, error));
    if (clip->config.pre_norm)
        VQC_TRY(vqc_layer_layer_norm(layers, "visual.ln_pre", own->blocks.epsilon, h, &h, error));
    VQC_TRY(pool_add(clip, layers, h, first, &h, error));
    return vqc_clip_projection_add(layers, "visual.proj", false, clip->embed_width, h, output, error);
}

static void vit_describe(const vqc_clip *clip, char text[VQC_TOWER_DESCRIPTION_SIZE])
{
    const vit *own = clip->vision.own;
    const int size = snprintf(text, VQC_TOWER_DESCRIPTION_SIZE, "ViT, patches of %lld, ", (long long)own->patch);
    vqc_clip_blocks_describe(&own->blocks, text + size, VQC_TOWER_DESCRIPTION_SIZE - (size_t)size);
}

const vqc_image_tower_type vqc_image_tower_vit = {
    .name = "ViT",
    .recognise = vit_recognise,
    .configure = vit_configure,
    .build = vit_build,
    .describe = vit_describe,
};
