#include "render/motion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "network/network.h"
#include "ops/warp_formulas.h"
#include "render/init.h"

static double radians(double degrees)
{
    return degrees * acos(-1.0) / 180.0;
}

/* From output to input, by rows. */
typedef struct motion_matrix {
    double at[9];
} motion_matrix;

static motion_matrix product(const motion_matrix *left, const motion_matrix *right)
{
    motion_matrix result = {{0}};
    for (int i = 0; i < 9; i++)
        for (int k = 0; k < 3; k++)
            result.at[i] += left->at[i / 3 * 3 + k] * right->at[3 * k + i % 3];
    return result;
}

/* What shift, rotate and zoom make. */
static motion_matrix plane_matrix(const vqc_settings *settings, int64_t step, double x, double y)
{
    const double angle = radians(vqc_settings_motion_rotate(settings, step));
    const double zoom = vqc_settings_motion_zoom(settings, step);
    const double a = cos(angle) / zoom;
    const double b = sin(angle) / zoom;
    const double from_x = x - a * x + b * y - vqc_settings_motion_shift_x(settings, step);
    const double from_y = y - b * x - a * y - vqc_settings_motion_shift_y(settings, step);
    return (motion_matrix){{a, -b, from_x, b, a, from_y, 0.0, 0.0, 1.0}};
}

/* What a tilt by these angles makes of a picture with its middle at (x, y), seen from a distance. With the turn R,
 * first about x, then about y, a place (u, v) off the middle is seen at d R(u, v)₁₂ / (d + R(u, v)₃). Back, that is
 * the adjugate of the matrix. */
static motion_matrix tilt_matrix(double about_x, double about_y, double distance, double x, double y)
{
    const double r[3][2] = {{cos(about_y), sin(about_y) * sin(about_x)},
                            {0.0, cos(about_x)},
                            {sin(about_y), -cos(about_y) * sin(about_x)}};
    const double seen[9] = {distance * r[0][0],
                            distance * r[0][1],
                            0.0,
                            distance * r[1][0],
                            distance * r[1][1],
                            0.0,
                            r[2][0],
                            r[2][1],
                            distance};
    const motion_matrix to_middle = {{1.0, 0.0, -x, 0.0, 1.0, -y, 0.0, 0.0, 1.0}};
    const motion_matrix from_middle = {{1.0, 0.0, x, 0.0, 1.0, y, 0.0, 0.0, 1.0}};
    motion_matrix back;
    vqc_warp_adjugate(seen, back.at);
    const double last = back.at[8];
    for (int i = 0; i < 9; i++)
        back.at[i] /= last;
    back = product(&back, &to_middle);
    return product(&from_middle, &back);
}

void vqc_motion_warp(const vqc_settings *settings, int64_t step, int64_t height, int64_t width,
                     float numbers[VQC_WARP_NUMBERS])
{
    const double about_x = radians(vqc_settings_motion_tilt_x(settings, step));
    const double about_y = radians(vqc_settings_motion_tilt_y(settings, step));
    const double side = (double)(height > width ? height : width);
    const double x = (double)(width - 1) / 2.0;
    const double y = (double)(height - 1) / 2.0;
    motion_matrix all = plane_matrix(settings, step, x, y);
    if (about_x != 0.0 || about_y != 0.0) {
        const double distance = side / 2.0 / tan(radians(settings->motion_fov) / 2.0);
        const motion_matrix tilt = tilt_matrix(about_x, about_y, distance, x, y);
        all = product(&all, &tilt);
    }
    for (int i = 0; i < 9; i++)
        numbers[i] = (float)all.at[i];
    numbers[9] = settings->motion_border == VQC_MOTION_EDGE ? 1.0F : 0.0F;
}

/* ---- Edge and black: by the operation ---- */

/* A network of the warp alone. */
typedef struct warp_network {
    vqc_network *network;
    vqc_value picture, numbers, moved;
} warp_network;

static vqc_status warp_network_build(int64_t height, int64_t width, warp_network *warp, vqc_error *error)
{
    const vqc_operation operation = {.kind = VQC_OPERATION_WARP,
                                     .dtype = VQC_DTYPE_F32,
                                     .warp = {.crops = 1, .height = height, .width = width, .channels = 3}};
    const vqc_shape shape = {4, {1, height, width, 3}};
    const vqc_shape numbers = {2, {1, VQC_WARP_NUMBERS}};
    VQC_TRY(vqc_network_input(warp->network, VQC_DTYPE_F32, shape, false, &warp->picture, error));
    VQC_TRY(vqc_network_input(warp->network, VQC_DTYPE_F32, numbers, false, &warp->numbers, error));
    const vqc_value inputs[] = {warp->picture, warp->numbers};
    VQC_TRY(vqc_network_add(warp->network, &operation, inputs, shape, &warp->moved, error));
    VQC_TRY(vqc_network_output(warp->network, warp->moved, error));
    return vqc_network_finish(warp->network, error);
}

/* Warps the picture (height, width, 3) in place. */
static vqc_status picture_warp(vqc_ops *ops, int64_t height, int64_t width, const float *numbers, float *picture,
                               vqc_error *error)
{
    warp_network warp = {0};
    VQC_TRY(vqc_network_create(ops, false, &warp.network, error));
    vqc_status status = warp_network_build(height, width, &warp, error);
    if (status == VQC_OK)
        status = vqc_network_write(warp.network, warp.picture, picture, error);
    if (status == VQC_OK)
        status = vqc_network_write(warp.network, warp.numbers, numbers, error);
    if (status == VQC_OK)
        status = vqc_network_forward(warp.network, error);
    if (status == VQC_OK)
        status = vqc_network_read(warp.network, warp.moved, picture, error);
    vqc_network_destroy(warp.network);
    return status;
}

/* ---- The others ---- */

/* A row or column inside that stands for one outside, of so many. */
typedef int64_t outside_fold(int64_t place, int64_t count);

static int64_t wrapped(int64_t place, int64_t count)
{
    return (place % count + count) % count;
}

static int64_t reflected(int64_t place, int64_t count)
{
    if (count == 1)
        return 0;
    const int64_t folded = wrapped(place, 2 * (count - 1));
    return folded < count ? folded : 2 * (count - 1) - folded;
}

/* By vqc_motion_border; NULL: the operation has it. */
static outside_fold *const folds[VQC_MOTION_BORDERS] = {
    [VQC_MOTION_REFLECT] = reflected,
    [VQC_MOTION_WRAP] = wrapped,
};

/* The pixel that is seen at a place, in pixels. */
static void place_sample(const float *picture, int64_t height, int64_t width, outside_fold *fold, double x, double y,
                         float *pixel)
{
    double sums[3] = {0.0, 0.0, 0.0};
    for (int k = 0; k < 4; k++) {
        const double column = floor(x) + (double)(k % 2);
        const double row = floor(y) + (double)(k / 2);
        const double weight = (1.0 - fabs(x - column)) * (1.0 - fabs(y - row));
        const float *from = picture + 3 * (fold((int64_t)row, height) * width + fold((int64_t)column, width));
        for (int channel = 0; channel < 3; channel++)
            sums[channel] += weight * (double)from[channel];
    }
    for (int channel = 0; channel < 3; channel++)
        pixel[channel] = (float)sums[channel];
}

/* Where nothing is to be seen, which a tilt may show, and where places are too far away for a whole number, it is
 * black. */
static void picture_sample(const float *picture, int64_t height, int64_t width, outside_fold *fold,
                           const float numbers[VQC_WARP_NUMBERS], float *moved)
{
    static const double far_away = 1e15;
    for (int64_t i = 0; i < height * width; i++) {
        double at[3];
        for (int k = 0; k < 3; k++)
            at[k] = (double)numbers[3 * k] * (double)(i % width) + (double)numbers[3 * k + 1] * (double)(i / width) +
                    (double)numbers[3 * k + 2];
        if (at[2] > 0.0 && fabs(at[0] / at[2]) < far_away && fabs(at[1] / at[2]) < far_away)
            place_sample(picture, height, width, fold, at[0] / at[2], at[1] / at[2], moved + 3 * i);
        else
            memset(moved + 3 * i, 0, 3 * sizeof *moved);
    }
}

vqc_status vqc_motion_picture(vqc_ops *ops, vqc_motion_border border, int64_t height, int64_t width,
                              const float numbers[VQC_WARP_NUMBERS], float *picture, vqc_error *error)
{
    const size_t count = (size_t)(3 * height * width);
    float *moved;
    if (folds[border] == NULL)
        return picture_warp(ops, height, width, numbers, picture, error);
    VQC_TRY(vqc_memory_allocate(count, sizeof *moved, "a picture", &moved, error));
    picture_sample(picture, height, width, folds[border], numbers, moved);
    memcpy(picture, moved, count * sizeof *moved);
    free(moved);
    return VQC_OK;
}

/* From the picture to the latent of the moved one. */
static vqc_status picture_move(const vqc_render_models *models, const vqc_settings *settings, int64_t step,
                               int64_t rows, int64_t columns, float *picture, float *z, vqc_error *error)
{
    const int64_t height = rows * models->generator->factor;
    const int64_t width = columns * models->generator->factor;
    float numbers[VQC_WARP_NUMBERS];
    vqc_motion_warp(settings, step, height, width, numbers);
    VQC_TRY(vqc_motion_picture(models->ops, settings->motion_border, height, width, numbers, picture, error));
    return vqc_init_encode(models->generator, models->ops, models->precision, rows, columns, picture, z, error);
}

vqc_status vqc_motion_make(const vqc_render_models *models, vqc_guidance *guidance, const vqc_settings *settings,
                           int64_t step, int64_t rows, int64_t columns, float *state, vqc_error *error)
{
    const int64_t factor = models->generator->factor;
    float *picture;
    int32_t *codes;
    VQC_TRY(vqc_memory_allocate((size_t)(3 * rows * factor * columns * factor), sizeof *picture, "a picture",
                                &picture, error));
    vqc_status status = vqc_memory_allocate((size_t)(rows * columns), sizeof *codes, "codes", &codes, error);
    if (status != VQC_OK) {
        free(picture);
        return status;
    }
    status = vqc_guidance_picture(guidance, picture, codes, error);
    if (status == VQC_OK)
        status = vqc_guidance_save(guidance, state, error);
    if (status == VQC_OK)
        status = picture_move(models, settings, step, rows, columns, picture, state, error);
    if (status == VQC_OK)
        status = vqc_guidance_restore(guidance, state, error);
    free(codes);
    free(picture);
    return status;
}

vqc_status vqc_motion_check(const vqc_generator *generator, const vqc_render *render, int64_t rows, int64_t columns,
                            vqc_error *error)
{
    vqc_generator_encoder encoder;
    if (render->settings->motion_every == 0)
        return VQC_OK;
    if (vqc_generator_encoder_build(generator, NULL, VQC_DTYPE_F32, 1, rows * generator->factor,
                                    columns * generator->factor, &encoder, error) != VQC_OK) {
        const vqc_error reason = *error;
        return vqc_error_set(error, VQC_BAD_INPUT, "prompt %s: motion: needs the generator's encoder: %s",
                             render->prompt->id, reason.message);
    }
    vqc_generator_encoder_destroy(&encoder);
    return VQC_OK;
}
