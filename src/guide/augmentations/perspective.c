#include "guide/augmentation.h"
#include "ops/warp_formulas.h"

/* The matrix that takes the unit square's corners (0,0), (1,0), (1,1), (0,1) to the four points (Heckbert 1989,
 * "Fundamentals of texture mapping and image warping", section 2.2.3). */
static vqc_augment_matrix square_to_quad(const double x[4], const double y[4])
{
    double dx1 = x[1] - x[2];
    double dx2 = x[3] - x[2];
    double dx3 = x[0] - x[1] + x[2] - x[3];
    double dy1 = y[1] - y[2];
    double dy2 = y[3] - y[2];
    double dy3 = y[0] - y[1] + y[2] - y[3];
    double divisor = dx1 * dy2 - dx2 * dy1;
    double g = (dx3 * dy2 - dx2 * dy3) / divisor;
    double h = (dx1 * dy3 - dx3 * dy1) / divisor;
    return (vqc_augment_matrix){{{x[1] - x[0] + g * x[1], x[3] - x[0] + h * x[3], x[0]},
                                 {y[1] - y[0] + g * y[1], y[3] - y[0] + h * y[3], y[0]},
                                 {g, h, 1}}};
}

/* Every corner of the picture moves inwards by U · distortion · side / 2 along both axes. */
static vqc_augment_warp warp(const vqc_augment_place *place)
{
    static const int outward_x[] = {0, 1, 1, 0};
    static const int outward_y[] = {0, 0, 1, 1};
    double last = (double)(place->side - 1);
    double reach = place->augmentation->distortion * (double)place->side / 2.0;
    double x[4];
    double y[4];
    for (int i = 0; i < 4; i++) {
        double dx = vqc_stream_uniform(place->crop) * reach;
        double dy = vqc_stream_uniform(place->crop) * reach;
        x[i] = outward_x[i] ? last - dx : dx;
        y[i] = outward_y[i] ? last - dy : dy;
    }
    /* Output to input: undo the moved corners, up to a factor, which a projective map may have; then go to the
     * picture's own. */
    vqc_augment_matrix moved = square_to_quad(x, y);
    vqc_augment_matrix undo;
    vqc_warp_adjugate(&moved.at[0][0], &undo.at[0][0]);
    vqc_augment_matrix scale = {{{last, 0, 0}, {0, last, 0}, {0, 0, 1}}};
    vqc_augment_warp result = {vqc_augment_matrix_product(&scale, &undo), .border = false};
    /* The last coordinate has to be positive inside the moved picture, such as at its corners' mean. */
    const double *depth = result.matrix.at[2];
    double middle_x = (x[0] + x[1] + x[2] + x[3]) / 4.0;
    double middle_y = (y[0] + y[1] + y[2] + y[3]) / 4.0;
    double sign = depth[0] * middle_x + depth[1] * middle_y + depth[2] < 0.0 ? -1.0 : 1.0;
    for (int i = 0; i < 9; i++)
        result.matrix.at[i / 3][i % 3] *= sign;
    return result;
}

const vqc_augment_type vqc_augment_perspective = {
    .numbers = VQC_WARP_NUMBERS,
    .dtype = VQC_DTYPE_F32,
    .warp = warp,
    .add = vqc_augment_warp_add,
};
