#include "guide/augmentation.h"

/* What is left of the crop, beside its blur. */
static void draw(const vqc_augment_place *place, vqc_augment_draw *draw)
{
    draw->real[0] = (float)vqc_stream_between(place->crop, 0.0, place->augmentation->sharpness);
}

static vqc_status add(const vqc_augment_site *site, vqc_value draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation sharpen = {
        .kind = VQC_OPERATION_SHARPEN, .dtype = VQC_DTYPE_F32, .sharpen = {site->crops, site->side, site->side, 3}};
    return vqc_augment_add(site, &sharpen, draws, crops, error);
}

const vqc_augment_type vqc_augment_sharpness = {
    .numbers = 1,
    .dtype = VQC_DTYPE_F32,
    .draw = draw,
    .neutral = {{1.0F}},
    .add = add,
};
