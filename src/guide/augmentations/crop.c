#include <math.h>

#include "guide/augmentation.h"

/* A square of that share of the side. The public notebooks ask for the whole side, which changes nothing. */
static vqc_augment_warp warp(const vqc_augment_place *place)
{
    double size = fmax(floor(place->augmentation->size * (double)place->side), 1.0);
    return vqc_augment_part_draw(size, size, place->side, place->crop);
}

const vqc_augment_type vqc_augment_crop = {
    .numbers = VQC_WARP_NUMBERS,
    .dtype = VQC_DTYPE_F32,
    .together = true,
    .warp = warp,
    .add = vqc_augment_warp_add,
};
