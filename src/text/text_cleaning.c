#include "text/text_cleaning.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/memory.h"
#include "text/code_points.h"
#include "text/html_entity.h"
#include "text/lower_case.h"

/* A step appends to target, which is empty before, the changed text. */
typedef vqc_status (*cleaning_step)(const vqc_code_points *text, vqc_code_points *target, vqc_error *error);

/* Replaces the text by what the step makes of it. */
static vqc_status apply_step(cleaning_step step, vqc_code_points *text, vqc_error *error)
{
    vqc_code_points target = {0};
    vqc_status status = step(text, &target, error);
    if (status != VQC_OK) {
        vqc_code_points_release(&target);
        return status;
    }
    vqc_code_points_release(text);
    *text = target;
    return VQC_OK;
}

/* The characters that windows-1252 has for C1 controls; the five without one stay. */
static vqc_status fix_c1_controls(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        int32_t code_point = text->at[i];
        if (code_point >= 0x80 && code_point <= 0x9f)
            code_point = vqc_html_windows_1252(code_point);
        VQC_TRY(vqc_code_points_append(target, code_point, error));
    }
    return VQC_OK;
}

typedef struct ligature {
    int32_t code_point;
    const char *letters; /* UTF-8 */
} ligature;

static const ligature ligatures[] = {
    {0x132, "IJ"},      {0x133, "ij"},      {0x149, "\u02bcn"},  {0x1f1, "DZ"},  {0x1f2, "Dz"},  {0x1f3, "dz"},
    {0x1c4, "D\u017d"}, {0x1c5, "D\u017e"}, {0x1c6, "d\u017e"},  {0x1c7, "LJ"},  {0x1c8, "Lj"},  {0x1c9, "lj"},
    {0x1ca, "NJ"},      {0x1cb, "Nj"},      {0x1cc, "nj"},       {0xfb00, "ff"}, {0xfb01, "fi"}, {0xfb02, "fl"},
    {0xfb03, "ffi"},    {0xfb04, "ffl"},    {0xfb05, "\u017ft"}, {0xfb06, "st"},
};

static const char *ligature_letters(int32_t code_point)
{
    for (size_t i = 0; i < sizeof ligatures / sizeof ligatures[0]; i++)
        if (ligatures[i].code_point == code_point)
            return ligatures[i].letters;
    return NULL;
}

static vqc_status separate_ligatures(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        const char *letters = ligature_letters(text->at[i]);
        if (letters == NULL)
            VQC_TRY(vqc_code_points_append(target, text->at[i], error));
        else
            VQC_TRY(vqc_code_points_append_utf8(target, letters, strlen(letters), error));
    }
    return VQC_OK;
}

/* The usual form of a character of the block of half-width and full-width forms: its compatibility decomposition,
 * which is never longer than a few characters. */
static vqc_status append_usual_width(int32_t code_point, vqc_code_points *target, vqc_error *error)
{
    enum { LONGEST = 8 };
    int32_t usual[LONGEST];
    int last_boundclass = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        code_point, usual, LONGEST, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &last_boundclass);
    if (count < 1 || count > LONGEST)
        return vqc_code_points_append(target, code_point, error);
    return vqc_code_points_append_array(target, usual, (size_t)count, error);
}

static vqc_status fix_width(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        int32_t code_point = text->at[i];
        if (code_point >= 0xff01 && code_point <= 0xffef)
            VQC_TRY(append_usual_width(code_point, target, error));
        else
            VQC_TRY(vqc_code_points_append(target, code_point, error));
    }
    return VQC_OK;
}

static vqc_status straighten_quotes(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        int32_t code_point = text->at[i];
        if (code_point == 0x2bc || (code_point >= 0x2018 && code_point <= 0x201b))
            code_point = '\'';
        else if (code_point >= 0x201c && code_point <= 0x201f)
            code_point = '"';
        VQC_TRY(vqc_code_points_append(target, code_point, error));
    }
    return VQC_OK;
}

static bool is_ascii_letter(int32_t code_point)
{
    return (code_point >= 'a' && code_point <= 'z') || (code_point >= 'A' && code_point <= 'Z');
}

/* The position after the terminal escape sequence at `start` (ESC [ digits and semicolons, a letter), or `start`. */
static size_t terminal_escape_end(const vqc_code_points *text, size_t start)
{
    if (text->at[start] != 0x1b || start + 1 >= text->count || text->at[start + 1] != '[')
        return start;
    size_t end = start + 2;
    while (end < text->count && (text->at[end] == ';' || vqc_code_point_is_digit(text->at[end])))
        end++;
    return end < text->count && is_ascii_letter(text->at[end]) ? end + 1 : start;
}

static vqc_status remove_terminal_escapes(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count;) {
        size_t end = terminal_escape_end(text, i);
        if (end == i) {
            VQC_TRY(vqc_code_points_append(target, text->at[i], error));
            i++;
        } else {
            i = end;
        }
    }
    return VQC_OK;
}

/* Control characters that show nothing, and those unsuitable for marked-up text (Unicode Technical Report 20). */
static bool is_meaningless_control(int32_t code_point)
{
    if (code_point < 0x20)
        return code_point != '\t' && code_point != '\n' && code_point != '\f' && code_point != '\r';
    return code_point == 0x7f || code_point == 0xfeff || (code_point >= 0x206a && code_point <= 0x206f) ||
           (code_point >= 0xfff9 && code_point <= 0xfffc);
}

static vqc_status remove_controls(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count; i++)
        if (!is_meaningless_control(text->at[i]))
            VQC_TRY(vqc_code_points_append(target, text->at[i], error));
    return VQC_OK;
}

/* Repairs one line, until nothing changes any more. */
static vqc_status repair_line(vqc_code_points *line, bool unescape, vqc_error *error)
{
    static const cleaning_step steps[] = {
        fix_c1_controls, separate_ligatures,        fix_width, straighten_quotes, remove_terminal_escapes,
        remove_controls, vqc_code_points_normalise,
    };
    bool changed = true;
    while (changed) {
        vqc_code_points before = {0};
        VQC_TRY(vqc_code_points_append_array(&before, line->at, line->count, error));
        vqc_status status = unescape ? apply_step(vqc_html_unescape_certain, line, error) : VQC_OK;
        for (size_t i = 0; status == VQC_OK && i < sizeof steps / sizeof steps[0]; i++)
            status = apply_step(steps[i], line, error);
        changed = !vqc_code_points_equal(&before, line);
        vqc_code_points_release(&before);
        VQC_TRY(status);
    }
    return VQC_OK;
}

/* The position after the line that begins at `start`, its newline included. */
static size_t line_end(const vqc_code_points *text, size_t start)
{
    size_t end = start;
    while (end < text->count && text->at[end] != '\n')
        end++;
    return end < text->count ? end + 1 : end;
}

static bool has_less_than(const vqc_code_points *text, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if (text->at[i] == '<')
            return true;
    return false;
}

static vqc_status repair_lines(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    bool unescape = true;
    for (size_t start = 0; start < text->count;) {
        size_t end = line_end(text, start);
        if (has_less_than(text, start, end))
            unescape = false; /* markup: references are meant as such, from here on */
        vqc_code_points line = {0};
        vqc_status status = vqc_code_points_append_array(&line, text->at + start, end - start, error);
        if (status == VQC_OK)
            status = repair_line(&line, unescape, error);
        if (status == VQC_OK)
            status = vqc_code_points_append_array(target, line.at, line.count, error);
        vqc_code_points_release(&line);
        VQC_TRY(status);
        start = end;
    }
    return VQC_OK;
}

static vqc_status collapse_spaces(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    bool space_is_due = false;
    for (size_t i = 0; i < text->count; i++) {
        if (vqc_code_point_is_space(text->at[i])) {
            space_is_due = target->count > 0;
            continue;
        }
        if (space_is_due)
            VQC_TRY(vqc_code_points_append(target, ' ', error));
        space_is_due = false;
        VQC_TRY(vqc_code_points_append(target, text->at[i], error));
    }
    return VQC_OK;
}

static bool is_ascii_punctuation(int32_t code_point)
{
    return (code_point >= '!' && code_point <= '/') || (code_point >= ':' && code_point <= '@') ||
           (code_point >= '[' && code_point <= '`') || (code_point >= '{' && code_point <= '~');
}

/* ASCII punctuation: _ parts words, the other signs vanish. */
static vqc_status remove_punctuation(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        int32_t code_point = text->at[i] == '_' ? ' ' : text->at[i];
        if (is_ascii_punctuation(code_point))
            continue;
        VQC_TRY(vqc_code_points_append(target, code_point, error));
    }
    return VQC_OK;
}

static vqc_status remove_nul(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < text->count; i++)
        if (text->at[i] != 0)
            VQC_TRY(vqc_code_points_append(target, text->at[i], error));
    return VQC_OK;
}

enum { MAX_STEPS = 6 };

/* The steps of each cleaning, in order. */
static const struct {
    const char *word;
    cleaning_step steps[MAX_STEPS];
} cleanings[] = {
    [VQC_CLEANING_NONE] = {.word = "none", .steps = {remove_nul}},
    [VQC_CLEANING_LOWER] = {.word = "lower",
                            .steps = {repair_lines, vqc_html_unescape, vqc_html_unescape, collapse_spaces,
                                      vqc_lower_case}},
    [VQC_CLEANING_WHITESPACE] = {.word = "whitespace",
                                 .steps = {repair_lines, vqc_html_unescape, vqc_html_unescape, collapse_spaces}},
    [VQC_CLEANING_CANONICALIZE] = {.word = "canonicalize",
                                   .steps = {repair_lines, vqc_html_unescape, vqc_html_unescape, remove_punctuation,
                                             vqc_lower_case, collapse_spaces}},
};
static_assert(sizeof cleanings / sizeof cleanings[0] == VQC_CLEANING_COUNT, "every cleaning has its row");

const char *vqc_cleaning_word(vqc_cleaning cleaning)
{
    return cleanings[cleaning].word;
}

vqc_status vqc_cleaning_parse(const char *word, vqc_cleaning *cleaning_out, vqc_error *error)
{
    for (int i = 0; i < VQC_CLEANING_COUNT; i++) {
        if (strcmp(cleanings[i].word, word) == 0) {
            *cleaning_out = (vqc_cleaning)i;
            return VQC_OK;
        }
    }
    return vqc_error_set(error, VQC_BAD_INPUT, "cleaning: expected none, lower, whitespace or canonicalize, found %s",
                         word);
}

/* Whether the text is of printable ASCII alone and without character references, as most prompts are: steps that
 * repair leave it as it is. */
static bool is_sound(const vqc_code_points *text)
{
    for (size_t i = 0; i < text->count; i++)
        if (text->at[i] < ' ' || text->at[i] > '~' || text->at[i] == '&')
            return false;
    return true;
}

static bool repairs(cleaning_step step)
{
    return step == repair_lines || step == vqc_html_unescape;
}

static vqc_status clean(vqc_cleaning cleaning, const char *text, size_t size, vqc_code_points *code_points,
                        char **clean_out, vqc_error *error)
{
    VQC_TRY(vqc_code_points_append_utf8(code_points, text, size, error));
    const bool sound = is_sound(code_points);
    for (size_t i = 0; i < MAX_STEPS && cleanings[cleaning].steps[i] != NULL; i++)
        if (!sound || !repairs(cleanings[cleaning].steps[i]))
            VQC_TRY(apply_step(cleanings[cleaning].steps[i], code_points, error));
    return vqc_code_points_to_utf8(code_points, clean_out, error);
}

vqc_status vqc_text_clean(vqc_cleaning cleaning, const char *text, size_t size, char **clean_out, vqc_error *error)
{
    if (size > VQC_TEXT_CLEANING_MAX_SIZE)
        return vqc_error_set(error, VQC_BAD_INPUT, "text has %zu bytes, at most %d are accepted", size,
                             VQC_TEXT_CLEANING_MAX_SIZE);
    vqc_code_points code_points = {0};
    vqc_status status = clean(cleaning, text, size, &code_points, clean_out, error);
    vqc_code_points_release(&code_points);
    return status;
}
