#include <math.h>

#include "guide/augmentation.h"

/* Rotation by ± degrees around the middle. */
static vqc_augment_warp warp(const vqc_augment_place *place)
{
    double angle = vqc_augment_radians(vqc_stream_symmetric(place->crop, place->augmentation->degrees));
    double middle = (double)(place->side - 1) / 2.0;
    double c = cos(angle);
    double s = sin(angle);
    return (vqc_augment_warp){{{{c, s, middle - (c + s) * middle}, {-s, c, middle - (c - s) * middle}, {0, 0, 1}}},
                              .border = false};
}

const vqc_augment_type vqc_augment_rotation = {
    .numbers = VQC_WARP_NUMBERS,
    .dtype = VQC_DTYPE_F32,
    .warp = warp,
    .add = vqc_augment_warp_add,
};
