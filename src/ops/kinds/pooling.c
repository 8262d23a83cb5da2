#include "ops/kinds/kind.h"

vqc_operation_layout vqc_average_pool_layout(const vqc_operation *operation)
{
    const vqc_average_pool *o = &operation->average_pool;
    int64_t output = o->batch * (o->height / o->window) * (o->width / o->window) * o->channels;
    return vqc_layout_simple(operation->dtype, output * o->window * o->window, output);
}

vqc_status vqc_average_pool_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_average_pool *o = &operation->average_pool;
    const vqc_named_size height = {"height", o->height};
    const vqc_named_size width = {"width", o->width};
    const vqc_named_size window = {"window", o->window};
    VQC_TRY(vqc_check_axes(operation,
                           VQC_SIZES({"batch", o->batch}, height, width, {"channels", o->channels}, window), error));
    VQC_TRY(vqc_check_divides(operation, window, height, error));
    VQC_TRY(vqc_check_divides(operation, window, width, error));
    return vqc_check_products(operation, VQC_PRODUCTS({"input", {o->batch, o->height, o->width, o->channels}}),
                              error);
}

vqc_operation_layout vqc_adaptive_pool_layout(const vqc_operation *operation)
{
    const vqc_adaptive_pool *o = &operation->adaptive_pool;
    return vqc_layout_simple(operation->dtype, o->height * o->width * o->channels,
                             o->crops * o->side * o->side * o->channels);
}

vqc_status vqc_adaptive_pool_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_adaptive_pool *o = &operation->adaptive_pool;
    VQC_TRY(vqc_check_axes(operation,
                           VQC_SIZES({"height", o->height}, {"width", o->width}, {"channels", o->channels},
                                     {"crops", o->crops}, {"side", o->side}),
                           error));
    VQC_TRY(vqc_check_products(operation,
                               VQC_PRODUCTS({"input", {o->height, o->width, o->channels}},
                                            {"output", {o->crops, o->side, o->side, o->channels}}),
                               error));
    if (o->height * o->width > INT32_MAX)
        return vqc_error_set(error, VQC_FAILED, "adaptive pool: %lld × %lld pixels, more than 2^31 - 1",
                             (long long)o->height, (long long)o->width);
    return VQC_OK;
}
