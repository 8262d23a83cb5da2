#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "models/clip_blocks.h"
#include "models/towers.h"

/* SigLIP's picture tower (Zhai et al. 2023; timm's VisionTransformer with a pool of kind "map"): patches with a bias,
 * positions, no class token and no norm before the blocks; after the last norm one learned query attends to all
 * tokens, and a perceptron of its own is added to what it finds. Names are timm's, those inside a block OpenAI's. */
typedef struct siglip {
    int64_t patch; /* side of a patch, pixels */
    int64_t grid;  /* patches along a side */
    vqc_clip_blocks blocks;
} siglip;

/* PE-Core, with a norm before the blocks and mostly a class token, has the same pool, but turns queries and keys. */
static bool siglip_recognise(const vqc_parameters *parameters)
{
    return vqc_parameters_find(parameters, "visual.trunk.attn_pool.latent") != NULL &&
           vqc_parameters_find(parameters, "visual.trunk.norm_pre.weight") == NULL &&
           vqc_parameters_find(parameters, "visual.trunk.cls_token") == NULL;
}

/* What neither shapes nor configuration tell, and a wrong guess of which would not be seen. */
static vqc_status rules_check(const vqc_clip *clip, const vqc_clip_config *config, vqc_error *error)
{
    if (config->config_path == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: a SigLIP model needs its open_clip_config.json beside it",
                             vqc_weights_path(clip->weights));
    if (config->activation_assumed)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: its timm_model_name is none whose activation is known: say activation, gelu or "
                             "gelu_tanh, of the picture tower",
                             config->config_path);
    if (config->timm_projection != VQC_TIMM_NONE && config->timm_projection != VQC_TIMM_TRUNK)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: timm_proj: expected none for a SigLIP model",
                             config->config_path);
    if (!config->latent_pool)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: timm_pool: expected map, of which the file has the tensors",
                             config->config_path);
    if (config->image.heads == 0 && config->image.head_width == 0)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: its timm_model_name is none whose heads are known: say head_width of the picture "
                             "tower",
                             config->config_path);
    return VQC_OK;
}

/* The grid, from the number of positions; timm has an axis of one in front of them. */
static vqc_status grid_find(const vqc_clip *clip, siglip *own, vqc_error *error)
{
    const vqc_weights_tensor *positions;
    VQC_TRY(vqc_parameters_require(&clip->parameters, "visual.trunk.pos_embed", &positions, error));
    int64_t count = positions->count / own->blocks.width;
    own->grid = (int64_t)llround(sqrt((double)count));
    if (own->grid < 1 || own->grid * own->grid * own->blocks.width != positions->count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected a square number of rows, found %lld",
                             vqc_weights_path(clip->weights), positions->name, (long long)count);
    return VQC_OK;
}

/* The side of pictures, which may be larger than its whole patches; the rest is then not looked at. */
static int64_t side_of(const siglip *own, const vqc_json_said *said)
{
    int64_t whole = own->grid * own->patch;
    if (said->key == NULL || (int64_t)said->values[0] / own->patch != own->grid)
        return whole;
    return (int64_t)said->values[0];
}

static vqc_status siglip_configure(vqc_clip *clip, const vqc_clip_config *config, vqc_error *error)
{
    const vqc_weights_tensor *patches;
    siglip *own;
    VQC_TRY(vqc_memory_allocate(1, sizeof *own, "an image tower", &own, error));
    clip->vision.own = own;
    VQC_TRY(rules_check(clip, config, error));
    VQC_TRY(
        vqc_parameters_require_rank(&clip->parameters, "visual.trunk.patch_embed.proj.weight", 4, &patches, error));
    own->patch = patches->shape[2];
    own->blocks = (vqc_clip_blocks){.name = "visual.trunk.blocks", .width = patches->shape[0]};
    VQC_TRY(grid_find(clip, own, error));
    VQC_TRY(vqc_clip_said_check(clip, &config->patch, own->patch, error));
    VQC_TRY(vqc_clip_blocks_configure(clip, "image", &config->image, &own->blocks, error));
    clip->vision.side = side_of(own, &config->side);
    clip->vision.head_width = own->blocks.width / own->blocks.heads;
    clip->embed_width = own->blocks.width;
    return VQC_OK;
}

static vqc_status positions_add(const siglip *own, const vqc_layers *layers, vqc_value x, vqc_value *output,
                                vqc_error *error)
{
    int64_t shape[] = {1, own->grid * own->grid, own->blocks.width};
    const vqc_weights_tensor *tensor;
    float *positions;
    VQC_TRY(vqc_parameters_require(layers->parameters, "visual.trunk.pos_embed", &tensor, error));
    int lead = tensor->rank == 3 ? 0 : 1;
    VQC_TRY(
        vqc_parameters_read(layers->parameters, "visual.trunk.pos_embed", 3 - lead, shape + lead, &positions, error));
    vqc_status status = vqc_layer_tokens(layers, x, VQC_TOKENS_FRONT_NONE, NULL, positions, output, error);
    free(positions);
    return status;
}

/* The pool's projections. timm stores that of the query apart from that of keys and values; Hugging Face all three
 * in one tensor. */
typedef struct projections {
    float *latent;
    float *query, *query_bias; /* what was read; in_proj where all are one */
    float *rest, *rest_bias;   /* NULL where all are one */
} projections;

static void projections_release(projections *p)
{
    free(p->latent);
    free(p->query);
    free(p->query_bias);
    free(p->rest);
    free(p->rest_bias);
}

/* To be released also after a failure. */
static vqc_status projections_read(const vqc_parameters *parameters, int64_t width, projections *p, vqc_error *error)
{
    const int64_t latent[] = {1, 1, width};
    const int64_t one[] = {width, width};
    const int64_t two[] = {2 * width, width};
    const int64_t three[] = {3 * width, width};
    VQC_TRY(vqc_parameters_read(parameters, "visual.trunk.attn_pool.latent", 3, latent, &p->latent, error));
    if (vqc_parameters_find(parameters, "visual.trunk.attn_pool.in_proj_weight") != NULL) {
        VQC_TRY(vqc_parameters_read(parameters, "visual.trunk.attn_pool.in_proj_weight", 2, three, &p->query, error));
        return vqc_parameters_read(parameters, "visual.trunk.attn_pool.in_proj_bias", 1, three, &p->query_bias,
                                   error);
    }
    VQC_TRY(vqc_parameters_read(parameters, "visual.trunk.attn_pool.q.weight", 2, one, &p->query, error));
    VQC_TRY(vqc_parameters_read(parameters, "visual.trunk.attn_pool.q.bias", 1, one, &p->query_bias, error));
    VQC_TRY(vqc_parameters_read(parameters, "visual.trunk.attn_pool.kv.weight", 2, two, &p->rest, error));
    return vqc_parameters_read(parameters, "visual.trunk.attn_pool.kv.bias", 1, two, &p->rest_bias, error);
}

/* The query: the projected latent. */
static vqc_status query_add(const vqc_layers *layers, const projections *p, int64_t batch, int64_t width,
                            vqc_value *output, vqc_error *error)
{
    const vqc_shape shape = {2, {batch, width}};
    double *latent;
    VQC_TRY(vqc_memory_allocate((size_t)width, sizeof *latent, "a query", &latent, error));
    for (int64_t i = 0; i < width; i++)
        latent[i] = (double)p->latent[i];
    vqc_status status = vqc_layer_constant_queries(layers, p->query, p->query_bias, latent, shape, output, error);
    free(latent);
    return status;
}

/* The query and, of each token (batch, tokens, width), its key and value. */
static vqc_status pool_inputs_add(const vqc_layers *layers, vqc_value x, vqc_value *query, vqc_value *keys_values,
                                  vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, x);
    int64_t width = shape.size[2];
    projections p = {0};
    vqc_status status = projections_read(layers->parameters, width, &p, error);
    if (status == VQC_OK)
        status = query_add(layers, &p, shape.size[0], width, query, error);
    if (status == VQC_OK) {
        const float *weight = p.rest != NULL ? p.rest : p.query + width * width;
        const float *bias = p.rest != NULL ? p.rest_bias : p.query_bias + width;
        status = vqc_layer_linear_with(layers, weight, bias, x, 2 * width, NULL, keys_values, error);
    }
    projections_release(&p);
    return status;
}

/* y + mlp(norm(y)), where y is what the query finds among the tokens. */
static vqc_status pool_add(const siglip *own, const vqc_layers *layers, vqc_value x, vqc_value *output,
                           vqc_error *error)
{
    const vqc_clip_blocks *blocks = &own->blocks;
    const vqc_weights_tensor *hidden;
    vqc_value query;
    vqc_value keys_values;
    vqc_value y;
    vqc_value h;
    VQC_TRY(vqc_parameters_require(layers->parameters, "visual.trunk.attn_pool.mlp.fc1.bias", &hidden, error));
    VQC_TRY(pool_inputs_add(layers, x, &query, &keys_values, error));
    VQC_TRY(vqc_layer_query_attention(layers, query, keys_values, blocks->heads, &y, error));
    VQC_TRY(vqc_layer_linear(layers, "visual.trunk.attn_pool.proj", false, y, blocks->width, NULL, &y, error));
    VQC_TRY(vqc_layer_layer_norm(layers, "visual.trunk.attn_pool.norm", blocks->epsilon, y, &h, error));
    VQC_TRY(vqc_layer_linear(layers, "visual.trunk.attn_pool.mlp.fc1", false, h, hidden->count, NULL, &h, error));
    VQC_TRY(vqc_layer_activation(layers, blocks->activation, h, &h, error));
    return vqc_layer_linear(layers, "visual.trunk.attn_pool.mlp.fc2", false, h, blocks->width, &y, output, error);
}

static vqc_status siglip_build(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                               vqc_error *error)
{
    const siglip *own = clip->vision.own;
    vqc_kernel kernel = {.size = own->patch, .stride = own->patch};
    vqc_value h;
    VQC_TRY(vqc_layer_cast(layers, x, layers->dtype, &h, error));
    VQC_TRY(vqc_layer_convolution(layers, "visual.trunk.patch_embed.proj", h, own->blocks.width, kernel, NULL, &h,
                                  error));
    VQC_TRY(positions_add(own, layers, h, &h, error));
    VQC_TRY(vqc_clip_blocks_add(layers, &own->blocks, h, NULL, &h, error));
    VQC_TRY(vqc_layer_layer_norm(layers, "visual.trunk.norm", own->blocks.epsilon, h, &h, error));
    return pool_add(own, layers, h, output, error);
}

static void siglip_describe(const vqc_clip *clip, char text[VQC_TOWER_DESCRIPTION_SIZE])
{
    const siglip *own = clip->vision.own;
    const int size = snprintf(text, VQC_TOWER_DESCRIPTION_SIZE, "SigLIP, patches of %lld, ", (long long)own->patch);
    vqc_clip_blocks_describe(&own->blocks, text + size, VQC_TOWER_DESCRIPTION_SIZE - (size_t)size);
}

const vqc_image_tower_type vqc_image_tower_siglip = {
    .name = "SigLIP",
    .recognise = siglip_recognise,
    .configure = siglip_configure,
    .build = siglip_build,
    .describe = siglip_describe,
};
