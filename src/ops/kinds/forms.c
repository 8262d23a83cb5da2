#include "ops/kinds/kind.h"

/* Layout and check of the operations whose rows name a form of many. */

enum { UNREAD, READ };

static vqc_operation_layout layout_of(const vqc_operation *operation, int64_t elements, int64_t numbers,
                                      vqc_dtype numbers_dtype, bool reads)
{
    vqc_operation_layout layout = vqc_layout_with_numbers(operation->dtype, elements, numbers, numbers_dtype);
    layout.backward_reads_input[0] = reads;
    return layout;
}

#define FORM_OWN(KIND, name)

#define FORM_PICTURES(KIND, name, type, reads)                                                                       \
    vqc_operation_layout vqc_##name##_layout(const vqc_operation *operation)                                         \
    {                                                                                                                \
        const vqc_pictures *o = &operation->name;                                                                    \
        return layout_of(operation, o->crops * o->height * o->width * o->channels, VQC_##KIND##_NUMBERS * o->crops,  \
                         VQC_DTYPE_##type, reads);                                                                   \
    }                                                                                                                \
    vqc_status vqc_##name##_check(const vqc_operation *operation, vqc_error *error)                                  \
    {                                                                                                                \
        return vqc_check_pictures(operation, &operation->name, error);                                               \
    }

#define FORM_PIXELS(KIND, name, type, reads)                                                                         \
    vqc_operation_layout vqc_##name##_layout(const vqc_operation *operation)                                         \
    {                                                                                                                \
        const vqc_pixels *o = &operation->name;                                                                      \
        return layout_of(operation, 3 * o->crops * o->pixels, VQC_##KIND##_NUMBERS * o->crops, VQC_DTYPE_##type,     \
                         reads);                                                                                     \
    }                                                                                                                \
    vqc_status vqc_##name##_check(const vqc_operation *operation, vqc_error *error)                                  \
    {                                                                                                                \
        return vqc_check_crops(operation, operation->name.crops, "pixels", operation->name.pixels, 3, error);        \
    }

#define FORM(KIND, name, words, types, form, ...) FORM_##form(KIND, name, ##__VA_ARGS__)
VQC_OPERATIONS(FORM)
