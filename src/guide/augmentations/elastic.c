#include "guide/augmentation.h"

static void draw(const vqc_augment_place *place, vqc_augment_draw *draw)
{
    vqc_augment_noise_draw(place, place->augmentation->strength, draw);
}

static vqc_status add(const vqc_augment_site *site, vqc_value draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation field = {.kind = VQC_OPERATION_ELASTIC_FIELD,
                                 .dtype = VQC_DTYPE_F32,
                                 .elastic_field = {site->crops, site->side, site->side}};
    return vqc_augment_field_add(site, &field, draws, crops, error);
}

const vqc_augment_type vqc_augment_elastic = {
    .numbers = VQC_STREAM_NOISE_WORDS,
    .dtype = VQC_DTYPE_I32,
    .draw = draw,
    .neutral = {{0}}, /* times 0 */
    .add = add,
};
