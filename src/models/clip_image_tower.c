#include <stdio.h>

#include "models/clip.h"
#include "models/towers.h"

/* (scale · pixels − mean) / deviation, still in f32. */
static vqc_status normalise_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value pixels, vqc_value *output,
                                vqc_error *error)
{
    float scale[3];
    float shift[3];
    for (int c = 0; c < 3; c++) {
        scale[c] = (float)(clip->config.pixel_scale / (double)clip->config.pixel_deviation[c]);
        shift[c] = (float)(-(double)clip->config.pixel_mean[c] / (double)clip->config.pixel_deviation[c]);
    }
    return vqc_layer_channel_scale(layers, pixels, scale, shift, output, error);
}

vqc_status vqc_clip_image_tower_add(const vqc_clip *clip, vqc_network *network, vqc_dtype precision, vqc_value pixels,
                                    vqc_value *embedding_out, vqc_error *error)
{
    char family[VQC_TOWER_DESCRIPTION_SIZE];
    vqc_layers layers = {.network = network, .parameters = &clip->parameters, .dtype = precision};
    vqc_value h;
    VQC_TRY(normalise_add(clip, &layers, pixels, &h, error));
    VQC_TRY(clip->vision.type->build(clip, &layers, h, &h, error));
    (void)snprintf(family, sizeof family, "CLIP %s", clip->vision.type->name);
    VQC_TRY(vqc_tower_all_read(clip, family, clip->naming.type->image_owned, clip->vision.type->harmless, error));
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
