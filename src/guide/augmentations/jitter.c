#include "guide/augmentation.h"

enum { ORDERS = 24 }; /* of the four */

static void draw(const vqc_augment_place *place, vqc_augment_draw *draw)
{
    const vqc_augmentation *a = place->augmentation;
    draw->real[0] = (float)vqc_stream_symmetric(place->crop, a->brightness);
    draw->real[1] = (float)(1.0 + vqc_stream_symmetric(place->crop, a->contrast));
    draw->real[2] = (float)(1.0 + vqc_stream_symmetric(place->crop, a->saturation));
    draw->real[3] = (float)vqc_stream_symmetric(place->crop, a->hue);
    int64_t order = vqc_stream_integer(place->crop, ORDERS);
    int64_t together = vqc_stream_integer(place->batch, ORDERS);
    draw->real[4] = (float)(a->ordered_alone ? order : together);
}

static vqc_status add(const vqc_augment_site *site, vqc_value draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation colour = {
        .kind = VQC_OPERATION_COLOUR, .dtype = VQC_DTYPE_F32, .colour = {site->crops, site->side * site->side}};
    return vqc_augment_add(site, &colour, draws, crops, error);
}

const vqc_augment_type vqc_augment_jitter = {
    .numbers = VQC_COLOUR_NUMBERS,
    .dtype = VQC_DTYPE_F32,
    .draw = draw,
    .neutral = {.real = {0.0F, 1.0F, 1.0F, 0.0F, 0.0F}},
    .add = add,
};
