#ifndef VQC_TEXT_CODE_POINTS_H
#define VQC_TEXT_CODE_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A text as Unicode code points, which is how the rules of text cleaning and tokenising are written. Initialise with
 * {0}. */
typedef struct vqc_code_points {
    int32_t *at;
    size_t count;
    size_t capacity;
} vqc_code_points;

/* Frees the array and leaves an empty text. */
void vqc_code_points_release(vqc_code_points *text);

/* Appends the code points of size bytes of UTF-8. Bytes that are not UTF-8 are VQC_BAD_INPUT with their position. */
VQC_MUST_CHECK vqc_status vqc_code_points_append_utf8(vqc_code_points *text, const char *utf8, size_t size,
                                                      vqc_error *error);
/* Appends one code point, which must be valid (no surrogate, at most U+10FFFF). */
VQC_MUST_CHECK vqc_status vqc_code_points_append(vqc_code_points *text, int32_t code_point, vqc_error *error);
/* Appends count code points. */
VQC_MUST_CHECK vqc_status vqc_code_points_append_array(vqc_code_points *text, const int32_t *code_points,
                                                       size_t count, vqc_error *error);

/* Whether both hold the same code points. */
bool vqc_code_points_equal(const vqc_code_points *a, const vqc_code_points *b);

/* A new UTF-8 text with a NUL after it; the caller frees it. A code point U+0000 would end it early: text cleaning
 * removes them. */
VQC_MUST_CHECK vqc_status vqc_code_points_to_utf8(const vqc_code_points *text, char **utf8_out, vqc_error *error);

/* Appends to target the text in normalisation form C (canonical composition, Unicode Standard Annex 15). The
 * text must not hold U+0000. */
VQC_MUST_CHECK vqc_status vqc_code_points_normalise(const vqc_code_points *text, vqc_code_points *target,
                                                    vqc_error *error);

/* Writes one code point as UTF-8 (1 to 4 bytes, no NUL after it) and returns the number of bytes. */
size_t vqc_code_point_to_utf8(int32_t code_point, char utf8[4]);

/* Classes of code points: Unicode's property White_Space; the general categories L and N. */
bool vqc_code_point_is_space(int32_t code_point);
bool vqc_code_point_is_letter(int32_t code_point);
bool vqc_code_point_is_number(int32_t code_point);
/* General category Nd, a digit of any script. */
bool vqc_code_point_is_digit(int32_t code_point);

#endif
