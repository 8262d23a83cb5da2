#include "ops/kinds/kind.h"

/* The warp by a field, and the fields of places for it. */

vqc_operation_layout vqc_field_warp_layout(const vqc_operation *operation)
{
    const vqc_field_warp *o = &operation->field_warp;
    int64_t pixels = o->crops * o->height * o->width;
    return vqc_layout_with_numbers(operation->dtype, pixels * o->channels, 2 * pixels, operation->dtype);
}

vqc_status vqc_field_warp_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_field_warp *o = &operation->field_warp;
    VQC_TRY(vqc_check_pictures(operation, o, error));
    return vqc_check_products(operation, VQC_PRODUCTS({"places", {o->crops, o->height, o->width, 2}}), error);
}

/* Places for every pixel of crops. */
static vqc_status check_field(const vqc_operation *operation, int64_t crops, int64_t height, int64_t width,
                              vqc_error *error)
{
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"crops", crops}, {"height", height}, {"width", width}), error));
    return vqc_check_products(operation, VQC_PRODUCTS({"output", {crops, height, width, 2}}), error);
}

vqc_operation_layout vqc_spline_field_layout(const vqc_operation *operation)
{
    const vqc_spline_field *o = &operation->spline_field;
    return vqc_layout_from_numbers(operation->dtype, VQC_SPLINE_NUMBERS * o->crops, VQC_DTYPE_F32,
                                   2 * o->crops * o->height * o->width);
}

vqc_status vqc_spline_field_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_spline_field *o = &operation->spline_field;
    return check_field(operation, o->crops, o->height, o->width, error);
}

vqc_operation_layout vqc_elastic_field_layout(const vqc_operation *operation)
{
    const vqc_elastic_field *o = &operation->elastic_field;
    return vqc_layout_from_numbers(operation->dtype, VQC_ELASTIC_NUMBERS * o->crops, VQC_DTYPE_I32,
                                   2 * o->crops * o->height * o->width);
}

vqc_status vqc_elastic_field_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_elastic_field *o = &operation->elastic_field;
    return check_field(operation, o->crops, o->height, o->width, error);
}
