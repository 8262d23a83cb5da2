#include "text/lower_case.h"

#include <utf8proc.h>

enum { CAPITAL_I_WITH_DOT = 0x130, COMBINING_DOT_ABOVE = 0x307, CAPITAL_SIGMA = 0x3a3, SMALL_FINAL_SIGMA = 0x3c2 };

/* Punctuation that stands within words: the values MidLetter, MidNumLet and Single_Quote of the property Word_Break
 * (Unicode Standard Annex 29). */
static bool is_within_words(int32_t code_point)
{
    static const int32_t listed[] = {0x27,   0x2e,   0x3a,   0xb7,   0x387,  0x55f,  0x5f4,  0x2018, 0x2019,
                                     0x2024, 0x2027, 0xfe13, 0xfe52, 0xfe55, 0xff07, 0xff0e, 0xff1a};
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++)
        if (listed[i] == code_point)
            return true;
    return false;
}

/* The property Case_Ignorable: marks, format controls, modifiers and the punctuation above. */
static bool is_case_ignorable(int32_t code_point)
{
    switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
        return true;
    default:
        return is_within_words(code_point);
    }
}

static bool is_between(int32_t code_point, int32_t first, int32_t last)
{
    return code_point >= first && code_point <= last;
}

/* The property Cased, for code points that are not case-ignorable: letters with case, and what Unicode lists besides
 * (ordinal indicators, Roman numerals, letters in circles and squares). */
static bool is_cased(int32_t code_point)
{
    switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
        return true;
    default:
        return code_point == 0xaa || code_point == 0xba || is_between(code_point, 0x2160, 0x217f) ||
               is_between(code_point, 0x24b6, 0x24e9) || is_between(code_point, 0x1f130, 0x1f149) ||
               is_between(code_point, 0x1f150, 0x1f169) || is_between(code_point, 0x1f170, 0x1f189);
    }
}

/* The condition Final_Sigma: a cased letter before it and none after it, case-ignorable ones between not counted. */
static bool is_final(const vqc_code_points *text, size_t position)
{
    size_t before = position;
    while (before > 0 && is_case_ignorable(text->at[before - 1]))
        before--;
    if (before == 0 || !is_cased(text->at[before - 1]))
        return false;
    size_t after = position + 1;
    while (after < text->count && is_case_ignorable(text->at[after]))
        after++;
    return after == text->count || !is_cased(text->at[after]);
}

static vqc_status lower_append(int32_t code_point, vqc_code_points *target, vqc_error *error)
{
    const int32_t pair[2] = {'i', COMBINING_DOT_ABOVE};
    if (code_point == CAPITAL_I_WITH_DOT)
        return vqc_code_points_append_array(target, pair, 2, error);
    return vqc_code_points_append(target, utf8proc_tolower(code_point), error);
}

vqc_status vqc_lower_case(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        if (text->at[i] == CAPITAL_SIGMA && is_final(text, i))
            VQC_TRY(vqc_code_points_append(target, SMALL_FINAL_SIGMA, error));
        else
            VQC_TRY(lower_append(text->at[i], target, error));
    }
    return VQC_OK;
}

vqc_status vqc_lower_case_each(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count; i++)
        VQC_TRY(lower_append(text->at[i], target, error));
    return VQC_OK;
}
