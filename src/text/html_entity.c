#include "text/html_entity.h"

#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_NAME = 32,         /* of the HTML standard's table, with the semicolon */
    LONGEST_CERTAIN_NAME = 24, /* without the semicolon */
    LAST_CODE_POINT = 0x10ffff,
    REPLACEMENT_CHARACTER = 0xfffd,
    NOTHING = -1
};

int32_t vqc_html_windows_1252(int32_t code_point)
{
    static const int32_t characters[32] = {0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
                                           0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
                                           0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                           0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};
    return characters[code_point - 0x80];
}

/* What follows the name on its line of the table; NULL where no line has it. */
static const char *name_find(const char *table, const char *name)
{
    size_t length = strlen(name);
    const char *low = table;
    const char *high = table + strlen(table);
    while (low < high) {
        const char *line = low + (high - low) / 2;
        while (line > low && line[-1] != '\n')
            line--;
        int order = strncmp(name, line, length);
        if (order == 0 && line[length] == ' ')
            return line + length;
        if (order > 0)
            low = strchr(line, '\n') + 1;
        else
            high = line;
    }
    return NULL;
}

/* Appends the code points after a name. */
static vqc_status code_points_append(const char *line, vqc_code_points *target, vqc_error *error)
{
    for (char *next; *line == ' '; line = next)
        VQC_TRY(vqc_code_points_append(target, (int32_t)strtol(line, &next, 16), error));
    return VQC_OK;
}

static bool is_noncharacter(int32_t code_point)
{
    return (code_point >= 0xfdd0 && code_point <= 0xfdef) || (code_point & 0xfffe) == 0xfffe;
}

/* The character for a number: NOTHING where the standard's list of forbidden ones has it. */
static int32_t character_of_number(int32_t number)
{
    if (number == 0 || (number >= 0xd800 && number <= 0xdfff) || number > LAST_CODE_POINT)
        return REPLACEMENT_CHARACTER;
    if (number >= 0x80 && number <= 0x9f)
        return vqc_html_windows_1252(number);
    if (number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r')
        return NOTHING;
    if (number == 0x7f || is_noncharacter(number))
        return NOTHING;
    return number;
}

static int digit_value(int32_t code_point, int base)
{
    if (code_point >= '0' && code_point <= '9')
        return code_point - '0';
    if (base == 16 && code_point >= 'a' && code_point <= 'f')
        return code_point - 'a' + 10;
    if (base == 16 && code_point >= 'A' && code_point <= 'F')
        return code_point - 'A' + 10;
    return -1;
}

/* Reads the number of a reference whose # is at `position` ("#38", "#x26"). Returns the position after its last
 * digit, or `position` where there is no number. Numbers beyond Unicode stay just beyond it. */
static size_t read_number(const vqc_code_points *text, size_t position, int32_t *number_out)
{
    size_t next = position + 1;
    int base = 10;
    if (next < text->count && (text->at[next] == 'x' || text->at[next] == 'X')) {
        base = 16;
        next++;
    }
    size_t first = next;
    int32_t number = 0;
    for (; next < text->count; next++) {
        int digit = digit_value(text->at[next], base);
        if (digit < 0)
            break;
        number = number * base + digit;
        if (number > LAST_CODE_POINT)
            number = LAST_CODE_POINT + 1;
    }
    *number_out = number;
    return next == first ? position : next;
}

static vqc_status append_number(int32_t number, vqc_code_points *target, vqc_error *error)
{
    int32_t character = character_of_number(number);
    return character == NOTHING ? VQC_OK : vqc_code_points_append(target, character, error);
}

/* Replaces the numeric reference whose # is at `start`; *next_out is the position after what was used. */
static vqc_status unescape_number(const vqc_code_points *text, size_t start, size_t *next_out,
                                  vqc_code_points *target, vqc_error *error)
{
    int32_t number;
    size_t end = read_number(text, start, &number);
    *next_out = end;
    if (end == start)
        return vqc_code_points_append(target, '&', error);
    if (end < text->count && text->at[end] == ';')
        *next_out = end + 1;
    return append_number(number, target, error);
}

static bool ends_name(int32_t code_point)
{
    return code_point == '\t' || code_point == '\n' || code_point == '\f' || code_point == ' ' || code_point == '<' ||
           code_point == '&' || code_point == '#' || code_point == ';';
}

/* Replaces the named reference whose name begins at `start`; *next_out is the position after what was used. */
static vqc_status unescape_name(const vqc_code_points *text, size_t start, size_t *next_out, vqc_code_points *target,
                                vqc_error *error)
{
    size_t end = start;
    while (end < text->count && end - start < LONGEST_NAME && !ends_name(text->at[end]))
        end++;
    if (end > start && end < text->count && text->at[end] == ';')
        end++;
    *next_out = end;
    char name[LONGEST_NAME + 2];
    size_t length = 0;
    while (start + length < end && text->at[start + length] < 0x80) {
        name[length] = (char)text->at[start + length];
        length++;
    }
    /* The longest name that is a beginning of this one; the shortest there are have two letters. */
    for (; length >= 2; length--) {
        name[length] = '\0';
        const char *found = name_find(vqc_html_entities, name);
        if (found == NULL)
            continue;
        VQC_TRY(code_points_append(found, target, error));
        return vqc_code_points_append_array(target, text->at + start + length, end - start - length, error);
    }
    VQC_TRY(vqc_code_points_append(target, '&', error));
    return vqc_code_points_append_array(target, text->at + start, end - start, error);
}

vqc_status vqc_html_unescape(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count;) {
        if (text->at[i] != '&') {
            VQC_TRY(vqc_code_points_append(target, text->at[i], error));
            i++;
        } else if (i + 1 < text->count && text->at[i + 1] == '#') {
            VQC_TRY(unescape_number(text, i + 1, &i, target, error));
        } else {
            VQC_TRY(unescape_name(text, i + 1, &i, target, error));
        }
    }
    return VQC_OK;
}

static bool is_ascii_letter_or_digit(int32_t code_point)
{
    return digit_value(code_point, 10) >= 0 || (code_point >= 'a' && code_point <= 'z') ||
           (code_point >= 'A' && code_point <= 'Z');
}

/* The end of a reference in the certain form whose & is at `position`, that position where there is none. */
static size_t certain_end(const vqc_code_points *text, size_t position)
{
    size_t start = position + 1;
    if (start < text->count && text->at[start] == '#')
        start++;
    size_t end = start;
    while (end < text->count && end - start < LONGEST_CERTAIN_NAME && is_ascii_letter_or_digit(text->at[end]))
        end++;
    if (end == start || end == text->count || text->at[end] != ';')
        return position;
    return end + 1;
}

/* Replaces the reference from `start` (its &) to before `end` (after its semicolon) if it has a meaning. */
static vqc_status unescape_certain(const vqc_code_points *text, size_t start, size_t end, vqc_code_points *target,
                                   vqc_error *error)
{
    if (text->at[start + 1] == '#') {
        int32_t number;
        bool whole = read_number(text, start + 1, &number) == end - 1;
        if (whole && number != ';')
            return append_number(number, target, error);
        return vqc_code_points_append_array(target, text->at + start, end - start, error);
    }
    char name[LONGEST_CERTAIN_NAME + 2];
    size_t length = 0;
    for (size_t i = start + 1; i < end; i++)
        name[length++] = (char)text->at[i];
    name[length] = '\0';
    const char *found = name_find(vqc_html_entities, name);
    if (found == NULL)
        found = name_find(vqc_html_capitals, name);
    if (found == NULL)
        return vqc_code_points_append_array(target, text->at + start, end - start, error);
    return code_points_append(found, target, error);
}

vqc_status vqc_html_unescape_certain(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count;) {
        size_t end = text->at[i] == '&' ? certain_end(text, i) : i;
        if (end == i) {
            VQC_TRY(vqc_code_points_append(target, text->at[i], error));
            i++;
            continue;
        }
        VQC_TRY(unescape_certain(text, i, end, target, error));
        i = end;
    }
    return VQC_OK;
}
