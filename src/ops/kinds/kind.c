#include "ops/kinds/kind.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

vqc_operation_layout vqc_layout_simple(vqc_dtype dtype, int64_t input, int64_t output)
{
    return (vqc_operation_layout){
        .input_count = 1,
        .input_count_elements = {input},
        .input_dtype = {dtype},
        .input_has_gradient = {true},
        .output_count_elements = output,
        .output_dtype = dtype,
    };
}

vqc_operation_layout vqc_layout_reading_input(vqc_dtype dtype, int64_t input, int64_t output)
{
    vqc_operation_layout layout = vqc_layout_simple(dtype, input, output);
    layout.backward_reads_input[0] = true;
    return layout;
}

void vqc_layout_add_input(vqc_operation_layout *layout, int64_t count, vqc_dtype dtype, bool has_gradient)
{
    int index = layout->input_count++;
    layout->input_count_elements[index] = count;
    layout->input_dtype[index] = dtype;
    layout->input_has_gradient[index] = has_gradient;
}

vqc_operation_layout vqc_layout_with_numbers(vqc_dtype dtype, int64_t count, int64_t numbers, vqc_dtype numbers_dtype)
{
    vqc_operation_layout layout = vqc_layout_simple(dtype, count, count);
    vqc_layout_add_input(&layout, numbers, numbers_dtype, false);
    layout.backward_reads_input[1] = true;
    return layout;
}

vqc_operation_layout vqc_layout_from_numbers(vqc_dtype dtype, int64_t numbers, vqc_dtype numbers_dtype,
                                             int64_t output)
{
    vqc_operation_layout layout = vqc_layout_simple(dtype, numbers, output);
    layout.input_dtype[0] = numbers_dtype;
    layout.input_has_gradient[0] = false;
    return layout;
}

vqc_status vqc_check_range(const vqc_operation *operation, vqc_named_size size, int64_t low, int64_t high,
                           vqc_error *error)
{
    if (size.value < low || size.value > high)
        return vqc_error_set(error, VQC_FAILED, "%s: %s is %" PRId64 ", expected %" PRId64 " to %" PRId64,
                             vqc_operation_name(operation->kind), size.name, size.value, low, high);
    return VQC_OK;
}

vqc_status vqc_check_axes(const vqc_operation *operation, const vqc_named_size *sizes, vqc_error *error)
{
    for (; sizes->name != NULL; sizes++)
        VQC_TRY(vqc_check_range(operation, *sizes, 1, VQC_OPERATION_MAX_SIZE, error));
    return VQC_OK;
}

vqc_status vqc_check_flattened(const vqc_operation *operation, const char *name, int64_t value, vqc_error *error)
{
    return vqc_check_range(operation, (vqc_named_size){name, value}, 1, VQC_OPERATION_MAX_ELEMENTS, error);
}

vqc_status vqc_check_products(const vqc_operation *operation, const vqc_named_product *products, vqc_error *error)
{
    for (; products->name != NULL; products++) {
        int64_t product = 1;
        for (int f = 0; f < VQC_PRODUCT_MAX_FACTORS && products->factor[f] != 0; f++) {
            if (product > VQC_OPERATION_MAX_ELEMENTS / products->factor[f])
                return vqc_error_set(error, VQC_FAILED, "%s: more than %" PRId64 " elements in its %s",
                                     vqc_operation_name(operation->kind), VQC_OPERATION_MAX_ELEMENTS, products->name);
            product *= products->factor[f];
        }
    }
    return VQC_OK;
}

vqc_status vqc_check_divides(const vqc_operation *operation, vqc_named_size divisor, vqc_named_size size,
                             vqc_error *error)
{
    if (size.value % divisor.value != 0)
        return vqc_error_set(error, VQC_FAILED, "%s: %s is %" PRId64 ", expected a multiple of %s, %" PRId64,
                             vqc_operation_name(operation->kind), size.name, size.value, divisor.name, divisor.value);
    return VQC_OK;
}

vqc_status vqc_check_parameter(const vqc_operation *operation, const char *name, const float *parameter,
                               vqc_error *error)
{
    if (parameter == NULL)
        return vqc_error_set(error, VQC_FAILED, "%s: no %s given", vqc_operation_name(operation->kind), name);
    return VQC_OK;
}

vqc_status vqc_check_number(const vqc_operation *operation, const char *name, float value, vqc_error *error)
{
    if (!isfinite(value))
        return vqc_error_set(error, VQC_FAILED, "%s: %s is %g, expected a finite number",
                             vqc_operation_name(operation->kind), name, (double)value);
    return VQC_OK;
}

vqc_status vqc_check_epsilon(const vqc_operation *operation, float epsilon, vqc_error *error)
{
    VQC_TRY(vqc_check_number(operation, "epsilon", epsilon, error));
    if (epsilon <= 0.0F)
        return vqc_error_set(error, VQC_FAILED, "%s: epsilon is %g, expected more than 0",
                             vqc_operation_name(operation->kind), (double)epsilon);
    return VQC_OK;
}

vqc_status vqc_check_type(const vqc_operation *operation, vqc_dtype dtype, vqc_error *error)
{
    if ((int)dtype < 0 || dtype >= VQC_DTYPE_COUNT)
        return vqc_error_set(error, VQC_FAILED, "%s: element type %d does not exist",
                             vqc_operation_name(operation->kind), (int)dtype);
    if (dtype != VQC_DTYPE_F32 && dtype != VQC_DTYPE_BF16 && dtype != VQC_DTYPE_F64)
        return vqc_error_set(error, VQC_FAILED, "%s: element type %s, expected f32, bf16 or f64",
                             vqc_operation_name(operation->kind), vqc_dtype_name(dtype));
    return VQC_OK;
}

vqc_status vqc_check_pictures(const vqc_operation *operation, const vqc_pictures *o, vqc_error *error)
{
    VQC_TRY(vqc_check_axes(
        operation,
        VQC_SIZES({"crops", o->crops}, {"height", o->height}, {"width", o->width}, {"channels", o->channels}),
        error));
    return vqc_check_products(operation, VQC_PRODUCTS({"output", {o->crops, o->height, o->width, o->channels}}),
                              error);
}

vqc_status vqc_check_crops(const vqc_operation *operation, int64_t crops, const char *name, int64_t size,
                           int64_t width, vqc_error *error)
{
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"crops", crops}), error));
    VQC_TRY(vqc_check_flattened(operation, name, size, error));
    return vqc_check_products(operation, VQC_PRODUCTS({"output", {crops, size, width}}), error);
}
