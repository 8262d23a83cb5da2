#include "guide/augmentation.h"

/* Left becomes right. */
static vqc_augment_warp warp(const vqc_augment_place *place)
{
    return (vqc_augment_warp){{{{-1, 0, (double)(place->side - 1)}, {0, 1, 0}, {0, 0, 1}}}, .border = true};
}

const vqc_augment_type vqc_augment_flip = {
    .numbers = VQC_WARP_NUMBERS,
    .dtype = VQC_DTYPE_F32,
    .joins = true,
    .warp = warp,
    .add = vqc_augment_warp_add,
};
