#include <stdlib.h>

#include "base/memory.h"
#include "models/clip.h"
#include "models/clip_blocks.h"
#include "models/clip_resnet.h"
#include "models/layers.h"

/* (pixels − mean) / deviation, still in f32. */
static vqc_status normalise_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value pixels, vqc_value *output,
                                vqc_error *error)
{
    float scale[3];
    float shift[3];
    for (int c = 0; c < 3; c++) {
        scale[c] = (float)(1.0 / (double)clip->pixel_deviation[c]);
        shift[c] = (float)(-(double)clip->pixel_mean[c] / (double)clip->pixel_deviation[c]);
    }
    return vqc_layer_channel_scale(layers, pixels, scale, shift, output, error);
}

/* Cuts the picture into patches and maps each to a token: a convolution whose kernel does not overlap. */
static vqc_status patches_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                              vqc_error *error)
{
    const vqc_clip_vision *vision = &clip->vision;
    int64_t shape[] = {vision->width, 3, vision->patch, vision->patch};
    float *weight;
    VQC_TRY(vqc_parameters_read(&clip->parameters, "visual.conv1.weight", 4, shape, &weight, error));
    vqc_kernel kernel = {.size = vision->patch, .stride = vision->patch};
    vqc_status status =
        vqc_layer_convolution_with(layers, weight, NULL, x, vision->width, kernel, NULL, output, error);
    free(weight);
    return status;
}

/* Puts the class token in front and adds the positions. */
static vqc_status class_token_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                                  vqc_error *error)
{
    const vqc_clip_vision *vision = &clip->vision;
    int64_t grid = vision->side / vision->patch;
    int64_t class_shape[] = {vision->width};
    int64_t position_shape[] = {1 + grid * grid, vision->width};
    float *class_token = NULL;
    float *positions = NULL;
    vqc_status status =
        vqc_parameters_read(&clip->parameters, "visual.class_embedding", 1, class_shape, &class_token, error);
    if (status == VQC_OK)
        status = vqc_parameters_read(&clip->parameters, "visual.positional_embedding", 2, position_shape, &positions,
                                     error);
    if (status == VQC_OK)
        status = vqc_layer_tokens(layers, x, class_token, positions, output, error);
    free(class_token);
    free(positions);
    return status;
}

static vqc_status vit_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                          vqc_error *error)
{
    vqc_value h;
    vqc_value first;
    VQC_TRY(vqc_layer_first(layers, vqc_network_shape(layers->network, x).size[0], &first, error));
    VQC_TRY(vqc_layer_cast(layers, x, layers->dtype, &h, error));
    VQC_TRY(patches_add(clip, layers, h, &h, error));
    VQC_TRY(class_token_add(clip, layers, h, &h, error));
    VQC_TRY(vqc_layer_layer_norm(layers, "visual.ln_pre", h, &h, error));
    vqc_clip_blocks blocks = {.name = "visual.transformer.resblocks",
                              .layers = clip->vision.layers,
                              .heads = clip->vision.heads,
                              .causal = false,
                              .select = &first};
    VQC_TRY(vqc_clip_blocks_add(clip, layers, &blocks, h, &h, error));
    VQC_TRY(vqc_layer_layer_norm(layers, "visual.ln_post", h, &h, error));
    return vqc_clip_projection_add(clip, layers, "visual.proj", h, output, error);
}

vqc_status vqc_clip_image_tower_add(const vqc_clip *clip, vqc_network *network, vqc_dtype precision, vqc_value pixels,
                                    vqc_value *embedding_out, vqc_error *error)
{
    vqc_layers layers = {network, &clip->parameters, precision};
    vqc_value h;
    VQC_TRY(normalise_add(clip, &layers, pixels, &h, error));
    if (clip->vision.resnet)
        VQC_TRY(vqc_clip_resnet_add(clip, &layers, h, &h, error));
    else
        VQC_TRY(vit_add(clip, &layers, h, &h, error));
    return vqc_layer_cast(&layers, h, VQC_DTYPE_F32, embedding_out, error);
}

static vqc_status tower_build(const vqc_clip *clip, vqc_dtype precision, int64_t batch, vqc_clip_image_tower *tower,
                              vqc_error *error)
{
    vqc_network *network = tower->network;
    vqc_shape pixel_shape = {4, {batch, clip->vision.side, clip->vision.side, 3}};
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_F32, pixel_shape, true, &tower->pixels, error));
    VQC_TRY(vqc_clip_image_tower_add(clip, network, precision, tower->pixels, &tower->embedding, error));
    VQC_TRY(vqc_network_output(network, tower->embedding, error));
    return vqc_network_finish(network, error);
}

vqc_status vqc_clip_image_tower_create(const vqc_clip *clip, vqc_ops *ops, vqc_dtype precision, int64_t batch,
                                       bool backward, vqc_clip_image_tower *tower_out, vqc_error *error)
{
    vqc_clip_image_tower tower = {0};
    VQC_TRY(vqc_network_create(ops, backward, &tower.network, error));
    vqc_status status = tower_build(clip, precision, batch, &tower, error);
    if (status != VQC_OK) {
        vqc_network_destroy(tower.network);
        return status;
    }
    *tower_out = tower;
    return VQC_OK;
}

void vqc_clip_image_tower_destroy(vqc_clip_image_tower *tower)
{
    vqc_network_destroy(tower->network);
    *tower = (vqc_clip_image_tower){0};
}
