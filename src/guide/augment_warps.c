#include "guide/augment_warps.h"

#include <math.h>

const vqc_augment_matrix vqc_augment_identity = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
static const double pi = 3.14159265358979323846;

vqc_augment_matrix vqc_augment_matrix_product(const vqc_augment_matrix *left, const vqc_augment_matrix *right)
{
    vqc_augment_matrix product = {{{0}}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                product.at[i][j] += left->at[i][k] * right->at[k][j];
    return product;
}

static vqc_augment_matrix flip_matrix(int64_t side)
{
    vqc_augment_matrix flip = vqc_augment_identity;
    flip.at[0][0] = -1.0;
    flip.at[0][2] = (double)(side - 1);
    return flip;
}

/* Rotation by ± degrees, shear by ± shear degrees along each axis, shift by ± translate sides: all around the middle.
 * The matrix drawn is used in the direction from output to input; the distribution is symmetric. */
static vqc_augment_matrix affine_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream)
{
    double angle = vqc_stream_symmetric(stream, augmentation->degrees) * pi / 180.0;
    double shear_x = tan(vqc_stream_symmetric(stream, augmentation->shear) * pi / 180.0);
    double shear_y = tan(vqc_stream_symmetric(stream, augmentation->shear) * pi / 180.0);
    double shift_x = vqc_stream_symmetric(stream, augmentation->translate * (double)side);
    double shift_y = vqc_stream_symmetric(stream, augmentation->translate * (double)side);
    double middle = (double)(side - 1) / 2.0;
    vqc_augment_matrix rotation = {{{cos(angle), sin(angle), 0}, {-sin(angle), cos(angle), 0}, {0, 0, 1}}};
    vqc_augment_matrix shear = {{{1, shear_x, 0}, {shear_y, 1 + shear_x * shear_y, 0}, {0, 0, 1}}};
    vqc_augment_matrix to_middle = {{{1, 0, -middle - shift_x}, {0, 1, -middle - shift_y}, {0, 0, 1}}};
    vqc_augment_matrix back = {{{1, 0, middle}, {0, 1, middle}, {0, 0, 1}}};
    vqc_augment_matrix result = vqc_augment_matrix_product(&shear, &to_middle);
    result = vqc_augment_matrix_product(&rotation, &result);
    return vqc_augment_matrix_product(&back, &result);
}

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

/* Inverse up to a factor: the adjugate, which a projective map may be given by. */
static vqc_augment_matrix matrix_adjugate(const vqc_augment_matrix *m)
{
    vqc_augment_matrix result;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            int r0 = (j + 1) % 3;
            int r1 = (j + 2) % 3;
            int c0 = (i + 1) % 3;
            int c1 = (i + 2) % 3;
            result.at[i][j] = m->at[r0][c0] * m->at[r1][c1] - m->at[r0][c1] * m->at[r1][c0];
        }
    return result;
}

/* Every corner of the picture moves inwards by U · distortion · side / 2 along both axes. */
static vqc_augment_matrix perspective_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream)
{
    static const int outward_x[] = {0, 1, 1, 0};
    static const int outward_y[] = {0, 0, 1, 1};
    double last = (double)(side - 1);
    double reach = augmentation->distortion * (double)side / 2.0;
    double x[4];
    double y[4];
    for (int i = 0; i < 4; i++) {
        double dx = vqc_stream_uniform(stream) * reach;
        double dy = vqc_stream_uniform(stream) * reach;
        x[i] = outward_x[i] ? last - dx : dx;
        y[i] = outward_y[i] ? last - dy : dy;
    }
    /* Output to input: undo the moved corners, then go to the picture's own. */
    vqc_augment_matrix moved = square_to_quad(x, y);
    vqc_augment_matrix undo = matrix_adjugate(&moved);
    vqc_augment_matrix scale = {{{last, 0, 0}, {0, last, 0}, {0, 0, 1}}};
    vqc_augment_matrix result = vqc_augment_matrix_product(&scale, &undo);
    /* The last coordinate has to be positive inside the moved picture, such as at its corners' mean. */
    double middle_x = (x[0] + x[1] + x[2] + x[3]) / 4.0;
    double middle_y = (y[0] + y[1] + y[2] + y[3]) / 4.0;
    double sign = result.at[2][0] * middle_x + result.at[2][1] * middle_y + result.at[2][2] < 0.0 ? -1.0 : 1.0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            result.at[i][j] *= sign;
    return result;
}

/* Rotation by ± degrees around the middle. */
static vqc_augment_matrix rotation_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream)
{
    double angle = vqc_stream_symmetric(stream, augmentation->degrees) * pi / 180.0;
    double middle = (double)(side - 1) / 2.0;
    double c = cos(angle);
    double s = sin(angle);
    return (vqc_augment_matrix){{{c, s, middle - (c + s) * middle}, {-s, c, middle - (c - s) * middle}, {0, 0, 1}}};
}

/* The matrix that enlarges width × height pixels of a crop, somewhere inside, to all of it: corners to corners. */
static vqc_augment_matrix part_draw(double width, double height, int64_t side, vqc_stream *stream)
{
    double left = (double)vqc_stream_integer(stream, side - (int64_t)width + 1);
    double top = (double)vqc_stream_integer(stream, side - (int64_t)height + 1);
    double last = side > 1 ? (double)(side - 1) : 1.0;
    return (vqc_augment_matrix){{{(width - 1.0) / last, 0, left}, {0, (height - 1.0) / last, top}, {0, 0, 1}}};
}

/* A part of that share of the area and that aspect, height / width as kornia 0.5.4 has it: the first of ten draws
 * that is smaller than the crop along both axes, else the widest one of the least aspect. */
static vqc_augment_matrix resized_crop_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream)
{
    enum { DRAWS = 10 };
    const double *scale = augmentation->scale;
    const double *ratio = augmentation->ratio;
    double whole = (double)side;
    double height = ratio[0] > 1.0 ? whole : rint(whole * ratio[0]);
    double width = ratio[0] > 1.0 ? rint(whole / ratio[0]) : whole;
    bool found = false;
    for (int i = 0; i < DRAWS; i++) {
        double area = vqc_stream_between(stream, scale[0], scale[1]) * whole * whole;
        double aspect = exp(vqc_stream_between(stream, log(ratio[0]), log(ratio[1])));
        double drawn_height = rint(sqrt(area * aspect));
        double drawn_width = rint(sqrt(area / aspect));
        bool fits = drawn_height > 0.0 && drawn_height < whole && drawn_width > 0.0 && drawn_width < whole;
        if (found || !fits)
            continue;
        height = drawn_height;
        width = drawn_width;
        found = true;
    }
    return part_draw(fmax(width, 1.0), fmax(height, 1.0), side, stream);
}

/* A square of that share of the side. The public notebooks ask for the whole side, which changes nothing. */
static vqc_augment_matrix crop_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream)
{
    double size = fmax(floor(augmentation->size * (double)side), 1.0);
    return part_draw(size, size, side, stream);
}

bool vqc_augment_is_warp(vqc_augmentation_kind kind)
{
    return kind == VQC_AUGMENTATION_FLIP || kind == VQC_AUGMENTATION_AFFINE || kind == VQC_AUGMENTATION_PERSPECTIVE ||
           kind == VQC_AUGMENTATION_ROTATION || kind == VQC_AUGMENTATION_RESIZED_CROP ||
           kind == VQC_AUGMENTATION_CROP;
}

vqc_augment_matrix vqc_augment_matrix_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream)
{
    switch (augmentation->kind) {
    case VQC_AUGMENTATION_FLIP:
        return flip_matrix(side);
    case VQC_AUGMENTATION_AFFINE:
        return affine_draw(augmentation, side, stream);
    case VQC_AUGMENTATION_PERSPECTIVE:
        return perspective_draw(augmentation, side, stream);
    case VQC_AUGMENTATION_ROTATION:
        return rotation_draw(augmentation, side, stream);
    case VQC_AUGMENTATION_RESIZED_CROP:
        return resized_crop_draw(augmentation, side, stream);
    case VQC_AUGMENTATION_CROP:
        return crop_draw(augmentation, side, stream);
    default:
        return vqc_augment_identity;
    }
}
