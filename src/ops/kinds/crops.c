#include "ops/kinds/kind.h"

/* Changes of crops that leave their pixels where they are. */

/* Crops, each of so many elements of the given width. */
static vqc_status check_crops(const vqc_operation *operation, int64_t crops, const char *name, int64_t size,
                              int64_t width, vqc_error *error)
{
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"crops", crops}), error));
    VQC_TRY(vqc_check_flattened(operation, name, size, error));
    return vqc_check_products(operation, VQC_PRODUCTS({"output", {crops, size, width}}), error);
}

vqc_operation_layout vqc_colour_layout(const vqc_operation *operation)
{
    const vqc_colour *o = &operation->colour;
    vqc_operation_layout layout = vqc_layout_with_numbers(operation->dtype, 3 * o->crops * o->pixels,
                                                          VQC_COLOUR_NUMBERS * o->crops, VQC_DTYPE_F32);
    layout.backward_reads_input[0] = true;
    return layout;
}

vqc_status vqc_colour_check(const vqc_operation *operation, vqc_error *error)
{
    return check_crops(operation, operation->colour.crops, "pixels", operation->colour.pixels, 3, error);
}

vqc_operation_layout vqc_noise_layout(const vqc_operation *operation)
{
    const vqc_noise *o = &operation->noise;
    vqc_operation_layout layout =
        vqc_layout_with_numbers(operation->dtype, o->crops * o->count, VQC_NOISE_NUMBERS * o->crops, VQC_DTYPE_I32);
    layout.backward_reads_input[1] = false;
    return layout;
}

vqc_status vqc_noise_check(const vqc_operation *operation, vqc_error *error)
{
    return check_crops(operation, operation->noise.crops, "count", operation->noise.count, 1, error);
}

vqc_operation_layout vqc_erase_layout(const vqc_operation *operation)
{
    const vqc_erase *o = &operation->erase;
    return vqc_layout_with_numbers(operation->dtype, o->crops * o->height * o->width * o->channels,
                                   VQC_ERASE_NUMBERS * o->crops, VQC_DTYPE_I32);
}

vqc_status vqc_erase_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_erase *o = &operation->erase;
    return vqc_check_pictures(operation, o->crops, o->height, o->width, o->channels, error);
}

vqc_operation_layout vqc_sharpen_layout(const vqc_operation *operation)
{
    const vqc_sharpen *o = &operation->sharpen;
    return vqc_layout_with_numbers(operation->dtype, o->crops * o->height * o->width * o->channels,
                                   VQC_SHARPEN_NUMBERS * o->crops, VQC_DTYPE_F32);
}

vqc_status vqc_sharpen_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_sharpen *o = &operation->sharpen;
    return vqc_check_pictures(operation, o->crops, o->height, o->width, o->channels, error);
}
