#include "text/patterns.h"

#include <string.h>

static bool is_other(int32_t code_point)
{
    return !vqc_code_point_is_space(code_point) && !vqc_code_point_is_letter(code_point) &&
           !vqc_code_point_is_number(code_point);
}

/* The end of the run of code points of a class. */
static size_t run_end(const vqc_code_points *text, size_t at, bool (*is_in)(int32_t code_point))
{
    while (at < text->count && is_in(text->at[at]))
        at++;
    return at;
}

/* The end of the first of the ASCII words that stands there, or the place itself. */
static size_t words_end(const vqc_code_points *text, size_t at, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(words[i]);
        size_t same = 0;
        while (same < size && at + same < text->count && text->at[at + same] == words[i][same])
            same++;
        if (same == size)
            return at + size;
    }
    return at;
}

static size_t match_spaces(const vqc_code_points *text, size_t at)
{
    return run_end(text, at, vqc_code_point_is_space);
}

static bool is_blank(int32_t code_point)
{
    return code_point == ' ';
}

static size_t match_two_blanks(const vqc_code_points *text, size_t at)
{
    size_t end = run_end(text, at, is_blank);
    return end - at >= 2 ? end : at;
}

/* CLIP's words: English contractions, runs of letters, single numbers, runs of anything else. */
static size_t match_clip_word(const vqc_code_points *text, size_t at)
{
    static const char *const contractions[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    size_t end = words_end(text, at, contractions, 7);
    if (end > at || at == text->count)
        return end;
    if (vqc_code_point_is_number(text->at[at]))
        return at + 1;
    end = run_end(text, at, vqc_code_point_is_letter);
    return end > at ? end : run_end(text, at, is_other);
}

static size_t match_clip(const vqc_code_points *text, size_t at)
{
    static const char *const specials[] = {"<|startoftext|>", "<|endoftext|>"};
    size_t end = words_end(text, at, specials, 2);
    return end > at ? end : match_clip_word(text, at);
}

size_t vqc_pattern_gpt2(const vqc_code_points *text, size_t at)
{
    static const char *const contractions[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    bool (*const classes[])(int32_t code_point) = {vqc_code_point_is_letter, vqc_code_point_is_number, is_other};
    size_t end = words_end(text, at, contractions, 7);
    if (end > at || at == text->count)
        return end;
    size_t start = text->at[at] == ' ' ? at + 1 : at;
    for (size_t i = 0; i < 3; i++) {
        end = run_end(text, start, classes[i]);
        if (end > start)
            return end;
    }
    /* White space: all of it at the end of the text, else all but the last, which belongs to the word behind it. */
    end = run_end(text, at, vqc_code_point_is_space);
    return end < text->count && end > at + 1 ? end - 1 : end;
}

static const vqc_pattern patterns[] = {
    {.regex = "\\s+", .match = match_spaces},
    {.regex = " {2,}", .match = match_two_blanks},
    {.regex = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+", .match = match_clip_word},
    {.regex = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
     .match = match_clip},
};

const vqc_pattern *vqc_pattern_find(const char *regex)
{
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        if (strcmp(patterns[i].regex, regex) == 0)
            return &patterns[i];
    return NULL;
}
