#include "text/code_points.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/memory.h"
#include "base/utf8.h"

void vqc_code_points_release(vqc_code_points *text)
{
    free(text->at);
    *text = (vqc_code_points){0};
}

vqc_status vqc_code_points_append_array(vqc_code_points *text, const int32_t *code_points, size_t count,
                                        vqc_error *error)
{
    if (count == 0)
        return VQC_OK;
    VQC_TRY(vqc_memory_grow(&text->at, &text->capacity, text->count + count, sizeof *text->at, "a text", error));
    memcpy(text->at + text->count, code_points, count * sizeof *code_points);
    text->count += count;
    return VQC_OK;
}

vqc_status vqc_code_points_append(vqc_code_points *text, int32_t code_point, vqc_error *error)
{
    return vqc_code_points_append_array(text, &code_point, 1, error);
}

vqc_status vqc_code_points_append_utf8(vqc_code_points *text, const char *utf8, size_t size, vqc_error *error)
{
    for (size_t i = 0; i < size;) {
        size_t length = vqc_utf8_sequence_size(utf8 + i, size - i);
        if (length == 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "text is not UTF-8: byte %zu is 0x%02x", i + 1,
                                 (unsigned)(unsigned char)utf8[i]);
        utf8proc_int32_t code_point = 0;
        (void)utf8proc_iterate((const utf8proc_uint8_t *)utf8 + i, (utf8proc_ssize_t)length, &code_point);
        VQC_TRY(vqc_code_points_append(text, code_point, error));
        i += length;
    }
    return VQC_OK;
}

bool vqc_code_points_equal(const vqc_code_points *a, const vqc_code_points *b)
{
    return a->count == b->count && (a->count == 0 || memcmp(a->at, b->at, a->count * sizeof *a->at) == 0);
}

size_t vqc_code_point_to_utf8(int32_t code_point, char utf8[4])
{
    return (size_t)utf8proc_encode_char(code_point, (utf8proc_uint8_t *)utf8);
}

vqc_status vqc_code_points_to_utf8(const vqc_code_points *text, char **utf8_out, vqc_error *error)
{
    char *utf8;
    VQC_TRY(vqc_memory_allocate(text->count * 4 + 1, 1, "a text", &utf8, error));
    size_t size = 0;
    for (size_t i = 0; i < text->count; i++)
        size += vqc_code_point_to_utf8(text->at[i], utf8 + size);
    utf8[size] = '\0';
    *utf8_out = utf8;
    return VQC_OK;
}

vqc_status vqc_code_points_normalise(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    if (text->count == 0)
        return VQC_OK;
    char *utf8;
    VQC_TRY(vqc_code_points_to_utf8(text, &utf8, error));
    utf8proc_uint8_t *composed = NULL;
    utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)utf8, 0, &composed,
                                         UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    free(utf8);
    if (size < 0)
        return vqc_error_set(error, VQC_FAILED, "cannot normalise a text: %s", utf8proc_errmsg(size));
    vqc_status status = vqc_code_points_append_utf8(target, (const char *)composed, (size_t)size, error);
    free(composed);
    return status;
}

bool vqc_code_point_is_space(int32_t code_point)
{
    return (code_point >= 0x09 && code_point <= 0x0d) || code_point == 0x20 || code_point == 0x85 ||
           code_point == 0xa0 || code_point == 0x1680 || (code_point >= 0x2000 && code_point <= 0x200a) ||
           code_point == 0x2028 || code_point == 0x2029 || code_point == 0x202f || code_point == 0x205f ||
           code_point == 0x3000;
}

bool vqc_code_point_is_letter(int32_t code_point)
{
    switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return true;
    default:
        return false;
    }
}

bool vqc_code_point_is_number(int32_t code_point)
{
    utf8proc_category_t category = utf8proc_category(code_point);
    return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_NO;
}

bool vqc_code_point_is_digit(int32_t code_point)
{
    return utf8proc_category(code_point) == UTF8PROC_CATEGORY_ND;
}
