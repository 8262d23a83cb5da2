#include <math.h>

#include "guide/augmentation.h"

/* Rotation by ± degrees, shear by ± shear degrees along each axis, shift by ± translate sides: all around the middle.
 * The matrix drawn is used in the direction from output to input; the distribution is symmetric. */
static vqc_augment_warp warp(const vqc_augment_place *place)
{
    const vqc_augmentation *a = place->augmentation;
    double side = (double)place->side;
    double angle = vqc_augment_radians(vqc_stream_symmetric(place->crop, a->degrees));
    double shear_x = tan(vqc_augment_radians(vqc_stream_symmetric(place->crop, a->shear)));
    double shear_y = tan(vqc_augment_radians(vqc_stream_symmetric(place->crop, a->shear)));
    double shift_x = vqc_stream_symmetric(place->crop, a->translate * side);
    double shift_y = vqc_stream_symmetric(place->crop, a->translate * side);
    double middle = (side - 1.0) / 2.0;
    vqc_augment_matrix rotation = {{{cos(angle), sin(angle), 0}, {-sin(angle), cos(angle), 0}, {0, 0, 1}}};
    vqc_augment_matrix shear = {{{1, shear_x, 0}, {shear_y, 1 + shear_x * shear_y, 0}, {0, 0, 1}}};
    vqc_augment_matrix to_middle = {{{1, 0, -middle - shift_x}, {0, 1, -middle - shift_y}, {0, 0, 1}}};
    vqc_augment_matrix back = {{{1, 0, middle}, {0, 1, middle}, {0, 0, 1}}};
    vqc_augment_matrix result = vqc_augment_matrix_product(&shear, &to_middle);
    result = vqc_augment_matrix_product(&rotation, &result);
    return (vqc_augment_warp){vqc_augment_matrix_product(&back, &result), .border = a->border};
}

const vqc_augment_type vqc_augment_affine = {
    .numbers = VQC_WARP_NUMBERS,
    .dtype = VQC_DTYPE_F32,
    .warp = warp,
    .add = vqc_augment_warp_add,
};
