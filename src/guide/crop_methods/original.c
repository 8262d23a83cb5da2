#include "guide/crops.h"

static void draw(const vqc_crop_place *place, vqc_stream *stream, int32_t *numbers)
{
    vqc_crop_draw(vqc_settings_crop_power(place->settings, place->step), place->width, place->height, place->side,
                  stream, numbers);
}

static vqc_status add(const vqc_crop_site *site, vqc_value draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation operation = {
        .kind = VQC_OPERATION_RESAMPLE,
        .dtype = VQC_DTYPE_F32,
        .resample = {.batch = 1,
                     .height = site->height,
                     .width = site->width,
                     .channels = 3,
                     .crops = site->crops,
                     .side = site->side},
    };
    const vqc_value inputs[] = {site->picture, draws};
    return vqc_network_add(site->network, &operation, inputs,
                           (vqc_shape){4, {site->crops, site->side, site->side, 3}}, crops, error);
}

const vqc_crop_type vqc_crop_original = {
    .numbers = VQC_CROP_RECTANGLE,
    .draw = draw,
    .add = add,
};
