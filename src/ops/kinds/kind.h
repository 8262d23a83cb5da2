#ifndef VQC_OPS_KINDS_KIND_H
#define VQC_OPS_KINDS_KIND_H

#include "ops/operation.h"

/* What an operation is besides its kernels: vqc_X_layout and vqc_X_check for every row X of VQC_OPERATIONS, which
 * operation.c puts into its table. Those of the operations that have a form of many are made from the rows (forms.c);
 * of the others they stand together, one file for an operation or a few that are alike, and with what is below a new
 * one mostly needs two or three lines for each. */
#define VQC_KIND_DECLARE(KIND, name, ...)                                                                            \
    vqc_operation_layout vqc_##name##_layout(const vqc_operation *operation);                                        \
    vqc_status vqc_##name##_check(const vqc_operation *operation, vqc_error *error);
VQC_OPERATIONS(VQC_KIND_DECLARE)

/* --- Layouts --- */

/* One input of the operation's dtype that has a gradient and is not read again. */
vqc_operation_layout vqc_layout_simple(vqc_dtype dtype, int64_t input, int64_t output);

/* The same, but the backward call reads the input again. */
vqc_operation_layout vqc_layout_reading_input(vqc_dtype dtype, int64_t input, int64_t output);

void vqc_layout_add_input(vqc_operation_layout *layout, int64_t count, vqc_dtype dtype, bool has_gradient);

/* `count` elements changed under numbers that the gradient needs too, but not the input. */
vqc_operation_layout vqc_layout_with_numbers(vqc_dtype dtype, int64_t count, int64_t numbers,
                                             vqc_dtype numbers_dtype);

/* An output of the operation's dtype that is made from numbers alone; no gradient. */
vqc_operation_layout vqc_layout_from_numbers(vqc_dtype dtype, int64_t numbers, vqc_dtype numbers_dtype,
                                             int64_t output);

/* --- Checks: VQC_FAILED with the operation's name and what is wrong --- */

/* One size of a description with the name that operation.h gives it. */
typedef struct vqc_named_size {
    const char *name;
    int64_t value;
} vqc_named_size;

/* A product of sizes that must not exceed VQC_OPERATION_MAX_ELEMENTS; unused factors are 0. */
enum { VQC_PRODUCT_MAX_FACTORS = 5 };
typedef struct vqc_named_product {
    const char *name;
    int64_t factor[VQC_PRODUCT_MAX_FACTORS];
} vqc_named_product;

/* Lists for the functions below: VQC_SIZES({"height", o->height}, {"width", o->width}). */
#define VQC_SIZES(...) ((const vqc_named_size[]){__VA_ARGS__, {0}})
#define VQC_PRODUCTS(...) ((const vqc_named_product[]){__VA_ARGS__, {0}})

vqc_status vqc_check_range(const vqc_operation *operation, vqc_named_size size, int64_t low, int64_t high,
                           vqc_error *error);

/* Sizes along one axis. */
vqc_status vqc_check_axes(const vqc_operation *operation, const vqc_named_size *sizes, vqc_error *error);

/* A size that may stand for several axes taken together. */
vqc_status vqc_check_flattened(const vqc_operation *operation, const char *name, int64_t value, vqc_error *error);

/* All factors have been found positive. */
vqc_status vqc_check_products(const vqc_operation *operation, const vqc_named_product *products, vqc_error *error);

/* That the size is a multiple of the divisor, which has been found positive. */
vqc_status vqc_check_divides(const vqc_operation *operation, vqc_named_size divisor, vqc_named_size size,
                             vqc_error *error);

vqc_status vqc_check_parameter(const vqc_operation *operation, const char *name, const float *parameter,
                               vqc_error *error);
vqc_status vqc_check_number(const vqc_operation *operation, const char *name, float value, vqc_error *error);
vqc_status vqc_check_epsilon(const vqc_operation *operation, float epsilon, vqc_error *error);

/* Crops of pixels that know their neighbours. */
vqc_status vqc_check_pictures(const vqc_operation *operation, const vqc_pictures *o, vqc_error *error);

/* Crops, each of so many elements of the given width. */
vqc_status vqc_check_crops(const vqc_operation *operation, int64_t crops, const char *name, int64_t size,
                           int64_t width, vqc_error *error);

/* That activations can have this element type: f32, bf16 or f64. */
vqc_status vqc_check_type(const vqc_operation *operation, vqc_dtype dtype, vqc_error *error);

#endif
