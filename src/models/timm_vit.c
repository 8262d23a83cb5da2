#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "models/class_token.h"
#include "models/clip_blocks.h"
#include "models/token_mean.h"
#include "models/towers.h"

/* A CLIP picture tower that timm computes for open_clip (timm_model_name vit_*_clip_*; MobileCLIP2-L): a class token,
 * a norm before the blocks, and after them the class token or the mean of the patches. Names are timm's, those inside
 * a block OpenAI's. Which projection follows, the tensors tell. */
typedef struct timm_vit {
    int64_t patch;        /* side of a patch, pixels */
    int64_t grid;         /* patches along a side */
    bool norm_after_pool; /* timm's fc_norm, not norm */
    vqc_clip_blocks blocks;
} timm_vit;

static bool has(const vqc_parameters *parameters, const char *name)
{
    return vqc_parameters_find(parameters, name) != NULL;
}

/* PE-Core has a pool of its own behind the same beginning. */
static bool timm_vit_recognise(const vqc_parameters *parameters)
{
    return has(parameters, "visual.trunk.cls_token") && has(parameters, "visual.trunk.norm_pre.weight") &&
           has(parameters, "visual.trunk.blocks.0.attn.qkv.weight") &&
           !has(parameters, "visual.trunk.attn_pool.latent");
}

static vqc_status rules_check(const vqc_clip *clip, const vqc_clip_config *config, vqc_error *error)
{
    if (config->config_path == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: a picture tower of timm's needs its open_clip_config.json beside it",
                             vqc_weights_path(clip->weights));
    if (!config->timm_known)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: timm_model_name: none of the vision transformers that vqclip knows, vit_*_clip_* "
                             "and vit_*_siglip_*",
                             config->config_path);
    if (config->latent_pool)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: timm_pool: expected avg or token, found map, of which %s has "
                             "no tensors",
                             config->config_path, vqc_weights_path(clip->weights));
    return VQC_OK;
}

/* The name of the layer whose outputs are the embeddings; NULL: there is none. */
static const char *head_name(vqc_timm_projection projection)
{
    switch (projection) {
    case VQC_TIMM_NONE:
        return NULL;
    case VQC_TIMM_TRUNK:
        return "visual.trunk.head";
    case VQC_TIMM_LINEAR:
        return "visual.head.proj";
    case VQC_TIMM_MLP:
        return "visual.head.mlp.fc2";
    }
    return NULL;
}

/* timm puts the norm behind a mean where the network is made with it, and before it where open_clip asks for it
 * later, with a projection of its own. */
static bool norm_is_after_pool(const vqc_clip_config *config)
{
    return config->pool == VQC_CLIP_POOL_MEAN &&
           (config->timm_projection == VQC_TIMM_TRUNK || config->timm_projection == VQC_TIMM_NONE);
}

static vqc_status grid_find(const vqc_clip *clip, timm_vit *own, vqc_error *error)
{
    const vqc_weights_tensor *positions;
    VQC_TRY(vqc_parameters_require_rank(&clip->parameters, "visual.trunk.pos_embed", 3, &positions, error));
    int64_t count = positions->shape[1] - 1;
    own->grid = (int64_t)llround(sqrt((double)count));
    if (own->grid < 1 || own->grid * own->grid != count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected 1 + a square number of rows, found %lld",
                             vqc_weights_path(clip->weights), positions->name, (long long)positions->shape[1]);
    return VQC_OK;
}

static vqc_status timm_vit_configure(vqc_clip *clip, const vqc_clip_config *config, vqc_error *error)
{
    const vqc_weights_tensor *patches;
    timm_vit *own;
    VQC_TRY(vqc_memory_allocate(1, sizeof *own, "an image tower", &own, error));
    clip->vision.own = own;
    VQC_TRY(rules_check(clip, config, error));
    VQC_TRY(
        vqc_parameters_require_rank(&clip->parameters, "visual.trunk.patch_embed.proj.weight", 4, &patches, error));
    own->patch = patches->shape[2];
    own->norm_after_pool = norm_is_after_pool(config);
    own->blocks = (vqc_clip_blocks){.name = "visual.trunk.blocks", .width = patches->shape[0]};
    VQC_TRY(grid_find(clip, own, error));
    VQC_TRY(vqc_clip_blocks_configure(clip, "image", &config->image, &own->blocks, error));
    clip->vision.side = own->grid * own->patch;
    clip->vision.head_width = own->blocks.width / own->blocks.heads;
    clip->embed_width = own->blocks.width;
    const char *head = head_name(clip->config.timm_projection);
    return head == NULL ? VQC_OK : vqc_clip_projection_width(&clip->parameters, head, &clip->embed_width, error);
}

static vqc_status patches_add(const timm_vit *own, const vqc_layers *layers, vqc_value x, vqc_value *output,
                              vqc_error *error)
{
    int64_t width = own->blocks.width;
    int64_t shape[] = {width, 3, own->patch, own->patch};
    float *weight = NULL;
    float *bias = NULL;
    vqc_status status =
        vqc_parameters_read(layers->parameters, "visual.trunk.patch_embed.proj.weight", 4, shape, &weight, error);
    if (status == VQC_OK && has(layers->parameters, "visual.trunk.patch_embed.proj.bias"))
        status =
            vqc_parameters_read(layers->parameters, "visual.trunk.patch_embed.proj.bias", 1, shape, &bias, error);
    vqc_kernel kernel = {.size = own->patch, .stride = own->patch};
    if (status == VQC_OK)
        status = vqc_layer_convolution_with(layers, weight, bias, x, width, kernel, NULL, output, error);
    free(weight);
    free(bias);
    return status;
}

/* What the blocks make of the class token or of all, and the last norm, on the side of the pool where it stands. */
static vqc_status pool_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value h, vqc_value first,
                           vqc_value *output, vqc_error *error)
{
    const timm_vit *own = clip->vision.own;
    const char *norm = own->norm_after_pool ? "visual.trunk.fc_norm" : "visual.trunk.norm";
    bool mean = clip->config.pool == VQC_CLIP_POOL_MEAN;
    VQC_TRY(vqc_clip_blocks_add(layers, &own->blocks, h, mean ? NULL : &first, &h, error));
    if (mean && own->norm_after_pool)
        VQC_TRY(vqc_token_mean_add(layers, h, true, first, &h, error));
    VQC_TRY(vqc_layer_layer_norm(layers, norm, own->blocks.epsilon, h, output, error));
    if (mean && !own->norm_after_pool)
        return vqc_token_mean_add(layers, *output, true, first, output, error);
    return VQC_OK;
}

static vqc_status head_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value h, vqc_value *output,
                           vqc_error *error)
{
    const vqc_timm_projection projection = clip->config.timm_projection;
    const char *head = head_name(projection);
    const vqc_weights_tensor *hidden;
    bool bias = projection == VQC_TIMM_TRUNK || clip->config.timm_projection_bias;
    *output = h;
    if (head == NULL)
        return VQC_OK;
    if (projection == VQC_TIMM_MLP) {
        VQC_TRY(vqc_parameters_require(layers->parameters, "visual.head.mlp.fc1.bias", &hidden, error));
        VQC_TRY(vqc_layer_linear(layers, "visual.head.mlp.fc1", false, h, hidden->count, NULL, &h, error));
        VQC_TRY(vqc_layer_activation(layers, VQC_ACTIVATION_GELU, h, &h, error));
    }
    return vqc_clip_projection_add(layers, head, bias, clip->embed_width, h, output, error);
}

static vqc_status timm_vit_build(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                                 vqc_error *error)
{
    const timm_vit *own = clip->vision.own;
    const vqc_class_token token = {.name = "visual.trunk.cls_token",
                                   .positions = "visual.trunk.pos_embed",
                                   .batched = true,
                                   .patches = own->grid * own->grid,
                                   .width = own->blocks.width};
    vqc_value first;
    vqc_value h;
    VQC_TRY(vqc_layer_first(layers, vqc_network_shape(layers->network, x).size[0], &first, error));
    VQC_TRY(vqc_layer_cast(layers, x, layers->dtype, &h, error));
    VQC_TRY(patches_add(own, layers, h, &h, error));
    VQC_TRY(vqc_class_token_add(layers, &token, h, &h, error));
    VQC_TRY(vqc_layer_layer_norm(layers, "visual.trunk.norm_pre", own->blocks.epsilon, h, &h, error));
    VQC_TRY(pool_add(clip, layers, h, first, &h, error));
    return head_add(clip, layers, h, output, error);
}

static void timm_vit_describe(const vqc_clip *clip, char text[VQC_TOWER_DESCRIPTION_SIZE])
{
    const timm_vit *own = clip->vision.own;
    const int size =
        snprintf(text, VQC_TOWER_DESCRIPTION_SIZE, "ViT of timm, patches of %lld, ", (long long)own->patch);
    vqc_clip_blocks_describe(&own->blocks, text + size, VQC_TOWER_DESCRIPTION_SIZE - (size_t)size);
}

const vqc_image_tower_type vqc_image_tower_timm_vit = {
    .name = "ViT of timm",
    .recognise = timm_vit_recognise,
    .configure = timm_vit_configure,
    .build = timm_vit_build,
    .describe = timm_vit_describe,
};
