#include "guide/augmentation.h"

void vqc_augment_noise_draw(const vqc_augment_place *place, double scale, vqc_augment_draw *draw)
{
    vqc_stream noise = *place->crop;
    noise.purpose = VQC_STREAM_STAGE_NOISE;
    noise.place = place->index;
    noise.draw = 0;
    vqc_stream_noise(&noise, (float)scale, draw->whole);
}

vqc_status vqc_augment_add(const vqc_augment_site *site, const vqc_operation *operation, vqc_value changes,
                           vqc_value *crops, vqc_error *error)
{
    vqc_value inputs[] = {*crops, changes};
    return vqc_network_add(site->network, operation, inputs, vqc_network_shape(site->network, *crops), crops, error);
}

vqc_status vqc_augment_field_add(const vqc_augment_site *site, const vqc_operation *field, vqc_value draws,
                                 vqc_value *crops, vqc_error *error)
{
    const vqc_operation warp = {.kind = VQC_OPERATION_FIELD_WARP,
                                .dtype = VQC_DTYPE_F32,
                                .field_warp = {site->crops, site->side, site->side, 3}};
    vqc_shape shape = {4, {site->crops, site->side, site->side, 2}};
    vqc_value places;
    VQC_TRY(vqc_network_add(site->network, field, &draws, shape, &places, error));
    return vqc_augment_add(site, &warp, places, crops, error);
}

vqc_status vqc_augment_warp_add(const vqc_augment_site *site, vqc_value draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation warp = {
        .kind = VQC_OPERATION_WARP, .dtype = VQC_DTYPE_F32, .warp = {site->crops, site->side, site->side, 3}};
    return vqc_augment_add(site, &warp, draws, crops, error);
}
