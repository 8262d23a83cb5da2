#include "guide/augmentation.h"

/* Nothing is drawn but whether it is used. */
static void draw(const vqc_augment_place *place, vqc_augment_draw *draw)
{
    (void)place;
    draw->whole[1] = 1;
}

static vqc_status add(const vqc_augment_site *site, vqc_value draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation view = {.kind = VQC_OPERATION_VIEW,
                                .dtype = VQC_DTYPE_F32,
                                .view = {.crops = site->crops, .height = site->side, .width = site->side}};
    return vqc_augment_add(site, &view, draws, crops, error);
}

const vqc_augment_type vqc_augment_greyscale = {
    .numbers = VQC_VIEW_NUMBERS,
    .dtype = VQC_DTYPE_I32,
    .draw = draw,
    .neutral = {.whole = {0}},
    .add = add,
};
