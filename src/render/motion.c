#include "render/motion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "network/network.h"
#include "render/init.h"

static const double half_turn = 180.0;

void vqc_motion_warp(const vqc_settings *settings, int64_t step, int64_t height, int64_t width,
                     float numbers[VQC_WARP_NUMBERS])
{
    const double angle = vqc_settings_motion_rotate(settings, step) * acos(-1.0) / half_turn;
    const double zoom = vqc_settings_motion_zoom(settings, step);
    const double a = cos(angle) / zoom;
    const double b = sin(angle) / zoom;
    const double x = (double)(width - 1) / 2.0;
    const double y = (double)(height - 1) / 2.0;
    const double from_x = x - a * x + b * y - vqc_settings_motion_shift_x(settings, step);
    const double from_y = y - b * x - a * y - vqc_settings_motion_shift_y(settings, step);
    const double edge = settings->motion_border == VQC_MOTION_EDGE ? 1.0 : 0.0;
    const double all[VQC_WARP_NUMBERS] = {a, -b, from_x, b, a, from_y, 0.0, 0.0, 1.0, edge};
    for (int i = 0; i < VQC_WARP_NUMBERS; i++)
        numbers[i] = (float)all[i];
}

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

/* From the picture to the latent of the moved one. */
static vqc_status picture_move(const vqc_render_models *models, const vqc_settings *settings, int64_t step,
                               int64_t rows, int64_t columns, float *picture, float *z, vqc_error *error)
{
    const int64_t height = rows * models->generator->factor;
    const int64_t width = columns * models->generator->factor;
    float numbers[VQC_WARP_NUMBERS];
    vqc_motion_warp(settings, step, height, width, numbers);
    VQC_TRY(picture_warp(models->ops, height, width, numbers, picture, error));
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
