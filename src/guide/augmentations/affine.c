#include <math.h>

#include "guide/augmentation.h"

/* Undoes what the crop has beside its shift: as kornia has it a shear along x, one along y and a rotation, each
 * around the middle, else the rotation first. */
static vqc_augment_matrix undone(double angle, double shear_x, double shear_y, bool rotated_first,
                                 const vqc_augment_matrix *to_middle)
{
    const vqc_augment_matrix rotation = {{{cos(angle), sin(angle), 0}, {-sin(angle), cos(angle), 0}, {0, 0, 1}}};
    const double corner = 1 + shear_x * shear_y;
    const vqc_augment_matrix shear = rotated_first
                                         ? (vqc_augment_matrix){{{1, shear_x, 0}, {shear_y, corner, 0}, {0, 0, 1}}}
                                         : (vqc_augment_matrix){{{corner, shear_x, 0}, {shear_y, 1, 0}, {0, 0, 1}}};
    const vqc_augment_matrix result = vqc_augment_matrix_product(rotated_first ? &shear : &rotation, to_middle);
    return vqc_augment_matrix_product(rotated_first ? &rotation : &shear, &result);
}

/* How many times as large the crop becomes. */
static double enlargement_draw(const vqc_augment_place *place)
{
    const double *range = place->augmentation->enlargement;
    return range[0] == range[1] ? range[0] : range[0] + (range[1] - range[0]) * vqc_stream_uniform(place->crop);
}

/* Rotation by ± degrees, shear by ± shear degrees, enlargement, at last a shift by ± translate sides. The matrix
 * takes output to input; its numbers are symmetric, so that their signs have no meaning. */
static vqc_augment_warp warp(const vqc_augment_place *place)
{
    const vqc_augmentation *a = place->augmentation;
    double side = (double)place->side;
    double angle = vqc_augment_radians(vqc_stream_symmetric(place->crop, a->degrees));
    double shear_x = tan(vqc_augment_radians(vqc_stream_symmetric(place->crop, a->shear[0])));
    double shear_y = tan(vqc_augment_radians(vqc_stream_symmetric(place->crop, a->shear[1])));
    double shift_x = vqc_stream_symmetric(place->crop, a->translate[0] * side);
    double shift_y = vqc_stream_symmetric(place->crop, a->translate[1] * side);
    double middle = (side - 1.0) / 2.0;
    double scale = enlargement_draw(place);
    vqc_augment_matrix to_middle = {
        {{1 / scale, 0, (-middle - shift_x) / scale}, {0, 1 / scale, (-middle - shift_y) / scale}, {0, 0, 1}}};
    vqc_augment_matrix back = {{{1, 0, middle}, {0, 1, middle}, {0, 0, 1}}};
    vqc_augment_matrix result = undone(angle, shear_x, shear_y, a->rotated_first, &to_middle);
    return (vqc_augment_warp){vqc_augment_matrix_product(&back, &result), .border = a->border};
}

const vqc_augment_type vqc_augment_affine = {
    .numbers = VQC_WARP_NUMBERS,
    .dtype = VQC_DTYPE_F32,
    .warp = warp,
    .add = vqc_augment_warp_add,
};
