#include "ops/kinds/kind.h"

vqc_operation_layout vqc_resample_layout(const vqc_operation *operation)
{
    const vqc_resample *o = &operation->resample;
    vqc_operation_layout layout = vqc_layout_simple(operation->dtype, o->batch * o->height * o->width * o->channels,
                                                    o->crops * o->side * o->side * o->channels);
    vqc_layout_add_input(&layout, VQC_RESAMPLE_NUMBERS * o->crops, VQC_DTYPE_I32, false);
    layout.backward_reads_input[1] = true;
    return layout;
}

vqc_status vqc_resample_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_resample *o = &operation->resample;
    VQC_TRY(vqc_check_axes(operation,
                           VQC_SIZES({"batch", o->batch}, {"height", o->height}, {"width", o->width},
                                     {"channels", o->channels}, {"crops", o->crops}, {"side", o->side}),
                           error));
    return vqc_check_products(operation,
                              VQC_PRODUCTS({"input", {o->batch, o->height, o->width, o->channels}},
                                           {"output", {o->crops, o->side, o->side, o->channels}},
                                           {"half-way picture", {o->side, o->width, o->channels}}),
                              error);
}
