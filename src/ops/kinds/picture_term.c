#include "ops/kinds/kind.h"

static const bool beside[VQC_PICTURE_TERM_COUNT] = {
#define ALONE false
#define BESIDE true
#define IS_BESIDE(KIND, name, pictures) [VQC_PICTURE_TERM_##KIND] = pictures,
    VQC_PICTURE_TERMS(IS_BESIDE)};

vqc_operation_layout vqc_picture_term_layout(const vqc_operation *operation)
{
    const vqc_picture_term *o = &operation->picture_term;
    vqc_operation_layout layout = vqc_layout_reading_input(operation->dtype, 3 * o->height * o->width, 1);
    if (!beside[o->function])
        return layout;
    vqc_layout_add_input(&layout, 3 * o->height * o->width, operation->dtype, false);
    layout.backward_reads_input[1] = true;
    return layout;
}

vqc_status vqc_picture_term_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_picture_term *o = &operation->picture_term;
    VQC_TRY(vqc_check_range(operation, (vqc_named_size){"function", (int64_t)o->function}, 0,
                            VQC_PICTURE_TERM_COUNT - 1, error));
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"height", o->height}, {"width", o->width}), error));
    VQC_TRY(vqc_check_number(operation, "scale", o->scale, error));
    VQC_TRY(vqc_check_number(operation, "shift", o->shift, error));
    return vqc_check_products(operation, VQC_PRODUCTS({"input", {3, o->height, o->width}}), error);
}
