#include "guide/augment.h"

#include <math.h>
#include <string.h>

/* A 3 × 3 matrix by rows, from output to input coordinates in pixels. */
typedef struct matrix {
    double at[3][3];
} matrix;

static const matrix identity = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
static const double pi = 3.14159265358979323846;

static matrix matrix_product(const matrix *left, const matrix *right)
{
    matrix product = {{{0}}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                product.at[i][j] += left->at[i][k] * right->at[k][j];
    return product;
}

/* Uniform in [−limit, limit). */
static double symmetric(vqc_stream *stream, double limit)
{
    return (2.0 * vqc_stream_uniform(stream) - 1.0) * limit;
}

static matrix flip_matrix(int64_t side)
{
    matrix flip = identity;
    flip.at[0][0] = -1.0;
    flip.at[0][2] = (double)(side - 1);
    return flip;
}

/* Rotation by ± degrees, shear by ± shear degrees along each axis, shift by ± translate sides: all around the middle.
 * The matrix drawn is used in the direction from output to input; the distribution is symmetric. */
static matrix affine_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream)
{
    double angle = symmetric(stream, augmentation->degrees) * pi / 180.0;
    double shear_x = tan(symmetric(stream, augmentation->shear) * pi / 180.0);
    double shear_y = tan(symmetric(stream, augmentation->shear) * pi / 180.0);
    double shift_x = symmetric(stream, augmentation->translate * (double)side);
    double shift_y = symmetric(stream, augmentation->translate * (double)side);
    double middle = (double)(side - 1) / 2.0;
    matrix rotation = {{{cos(angle), sin(angle), 0}, {-sin(angle), cos(angle), 0}, {0, 0, 1}}};
    matrix shear = {{{1, shear_x, 0}, {shear_y, 1 + shear_x * shear_y, 0}, {0, 0, 1}}};
    matrix to_middle = {{{1, 0, -middle - shift_x}, {0, 1, -middle - shift_y}, {0, 0, 1}}};
    matrix back = {{{1, 0, middle}, {0, 1, middle}, {0, 0, 1}}};
    matrix result = matrix_product(&shear, &to_middle);
    result = matrix_product(&rotation, &result);
    return matrix_product(&back, &result);
}

/* The matrix that takes the unit square's corners (0,0), (1,0), (1,1), (0,1) to the four points (Heckbert 1989,
 * "Fundamentals of texture mapping and image warping", section 2.2.3). */
static matrix square_to_quad(const double x[4], const double y[4])
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
    return (matrix){{{x[1] - x[0] + g * x[1], x[3] - x[0] + h * x[3], x[0]},
                     {y[1] - y[0] + g * y[1], y[3] - y[0] + h * y[3], y[0]},
                     {g, h, 1}}};
}

/* Inverse up to a factor: the adjugate, which a projective map may be given by. */
static matrix matrix_adjugate(const matrix *m)
{
    matrix result;
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
static matrix perspective_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream)
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
    matrix moved = square_to_quad(x, y);
    matrix undo = matrix_adjugate(&moved);
    matrix scale = {{{last, 0, 0}, {0, last, 0}, {0, 0, 1}}};
    matrix result = matrix_product(&scale, &undo);
    /* The last coordinate has to be positive inside the moved picture, such as at its corners' mean. */
    double middle_x = (x[0] + x[1] + x[2] + x[3]) / 4.0;
    double middle_y = (y[0] + y[1] + y[2] + y[3]) / 4.0;
    double sign = result.at[2][0] * middle_x + result.at[2][1] * middle_y + result.at[2][2] < 0.0 ? -1.0 : 1.0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            result.at[i][j] *= sign;
    return result;
}

static void colour_draw(const vqc_augmentation *augmentation, vqc_stream *stream, float colour[5])
{
    colour[0] = (float)symmetric(stream, augmentation->brightness);
    colour[1] = (float)(1.0 + symmetric(stream, augmentation->contrast));
    colour[2] = (float)(1.0 + symmetric(stream, augmentation->saturation));
    colour[3] = (float)symmetric(stream, augmentation->hue);
    colour[4] = (float)vqc_stream_integer(stream, 24);
}

static void colour_neutral(float colour[5])
{
    static const float neutral[5] = {0.0F, 1.0F, 1.0F, 0.0F, 0.0F};
    memcpy(colour, neutral, sizeof neutral);
}

static void warp_store(const matrix *m, bool border, float warp[10])
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            warp[3 * i + j] = (float)m->at[i][j];
    warp[9] = border ? 1.0F : 0.0F;
}

/* Whether a flip in the list has no geometric augmentation right behind it that it could join. */
static bool flip_stands_alone(const vqc_settings *settings, int index)
{
    for (int i = index + 1; i < settings->augmentation_count; i++) {
        vqc_augmentation_kind kind = settings->augmentations[i].kind;
        if (kind != VQC_AUGMENTATION_FLIP)
            return kind == VQC_AUGMENTATION_JITTER;
    }
    return true;
}

/* Whether augmentation number `index` ends a stage. */
static bool ends_stage(const vqc_settings *settings, int index)
{
    if (settings->augmentations[index].kind != VQC_AUGMENTATION_FLIP)
        return true;
    bool last = index + 1 == settings->augmentation_count;
    return last ||
           (flip_stands_alone(settings, index) && settings->augmentations[index + 1].kind != VQC_AUGMENTATION_FLIP);
}

int vqc_augment_stages(const vqc_settings *settings, bool is_colour[VQC_SETTINGS_MAX_AUGMENTATIONS])
{
    int count = 0;
    for (int i = 0; i < settings->augmentation_count; i++)
        if (ends_stage(settings, i))
            is_colour[count++] = settings->augmentations[i].kind == VQC_AUGMENTATION_JITTER;
    return count;
}

/* The matrix of a geometric augmentation, drawn whether or not it is used. */
static matrix geometric_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream)
{
    switch (augmentation->kind) {
    case VQC_AUGMENTATION_FLIP:
        return flip_matrix(side);
    case VQC_AUGMENTATION_AFFINE:
        return affine_draw(augmentation, side, stream);
    case VQC_AUGMENTATION_PERSPECTIVE:
        return perspective_draw(augmentation, side, stream);
    case VQC_AUGMENTATION_JITTER:
        break;
    }
    return identity;
}

void vqc_augment_draw_all(const vqc_settings *settings, int64_t side, vqc_stream *stream, vqc_augment_draw *draws)
{
    int stage = 0;
    matrix pending = identity; /* flips that wait for the next geometric augmentation */
    for (int i = 0; i < settings->augmentation_count; i++) {
        const vqc_augmentation *augmentation = &settings->augmentations[i];
        bool used = vqc_stream_uniform(stream) < augmentation->probability;
        if (augmentation->kind == VQC_AUGMENTATION_JITTER) {
            colour_draw(augmentation, stream, draws[stage].colour);
            if (!used)
                colour_neutral(draws[stage].colour);
        } else {
            matrix drawn = geometric_draw(augmentation, side, stream);
            if (used)
                pending = matrix_product(&pending, &drawn);
        }
        if (!ends_stage(settings, i))
            continue;
        if (augmentation->kind != VQC_AUGMENTATION_JITTER) {
            bool border = augmentation->kind != VQC_AUGMENTATION_PERSPECTIVE && augmentation->border;
            warp_store(&pending, border || augmentation->kind == VQC_AUGMENTATION_FLIP, draws[stage].warp);
            pending = identity;
        }
        stage++;
    }
}
