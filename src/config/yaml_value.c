/* The values of a YAML document: reading scalars as what they are meant to be, and the keys of mappings. */

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"

enum { DESCRIPTION_SIZE = 128 };

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

bool vqc_yaml_is_null(const vqc_yaml_node *node)
{
    static const char *const spellings[] = {"", "~", "null", "Null", "NULL"};
    return vqc_yaml_is_plain(node) &&
           is_one_of(vqc_yaml_scalar(node), spellings, sizeof spellings / sizeof spellings[0]);
}

/* What stands in the file, for messages. */
static const char *describe(const vqc_yaml_node *node, char text[DESCRIPTION_SIZE])
{
    const char *scalar = vqc_yaml_scalar(node);
    if (vqc_yaml_kind_of(node) == VQC_YAML_SEQUENCE)
        (void)snprintf(text, DESCRIPTION_SIZE, "a list");
    else if (vqc_yaml_kind_of(node) == VQC_YAML_MAPPING)
        (void)snprintf(text, DESCRIPTION_SIZE, "a mapping");
    else if (vqc_yaml_is_null(node))
        (void)snprintf(text, DESCRIPTION_SIZE, "nothing");
    else if (strlen(scalar) <= 60)
        (void)snprintf(text, DESCRIPTION_SIZE, vqc_yaml_is_plain(node) ? "%s" : "the text \"%s\"", scalar);
    else
        (void)snprintf(text, DESCRIPTION_SIZE, "a text of %zu bytes", strlen(scalar));
    return text;
}

static vqc_status unexpected(const vqc_yaml_node *node, const char *expected, vqc_error *error)
{
    char found[DESCRIPTION_SIZE];
    return vqc_yaml_error(node, error, "expected %s, found %s", expected, describe(node, found));
}

vqc_status vqc_yaml_expect(const vqc_yaml_node *node, vqc_yaml_kind kind, vqc_error *error)
{
    static const char *const names[] = {"a single value", "a list", "a mapping"};
    return vqc_yaml_kind_of(node) == kind ? VQC_OK : unexpected(node, names[kind], error);
}

vqc_status vqc_yaml_require(const vqc_yaml_node *mapping, const char *key, const vqc_yaml_node **node_out,
                            vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(mapping, VQC_YAML_MAPPING, error));
    *node_out = vqc_yaml_find(mapping, key);
    if (*node_out == NULL)
        return vqc_yaml_error(mapping, error, "expected the key %s, found a mapping without it", key);
    return VQC_OK;
}

/* ---- Keys ---- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Number of letters to insert, delete or replace to make one word of the other (Levenshtein's distance), over the
 * first letters of longer ones. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    size_t a_size = strnlen(a, LONGEST);
    size_t b_size = strnlen(b, LONGEST);
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = smaller(replaced, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_size];
}

const char *vqc_yaml_nearest(const char *const *words, size_t count, const char *word)
{
    const char *nearest = words[0];
    for (size_t i = 1; i < count; i++)
        if (edit_distance(word, words[i]) < edit_distance(word, nearest))
            nearest = words[i];
    return nearest;
}

static vqc_status unknown_key(const vqc_yaml_node *node, const char *const *allowed, size_t count, vqc_error *error)
{
    return vqc_yaml_key_error(node, error, "unknown key, the nearest known one is %s",
                              vqc_yaml_nearest(allowed, count, vqc_yaml_key(node)));
}

vqc_status vqc_yaml_check_keys(const vqc_yaml_node *mapping, const char *const *allowed, size_t count,
                               vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(mapping, VQC_YAML_MAPPING, error));
    for (size_t i = 0; i < vqc_yaml_count(mapping); i++) {
        const vqc_yaml_node *node = vqc_yaml_at(mapping, i);
        if (!is_one_of(vqc_yaml_key(node), allowed, count))
            return unknown_key(node, allowed, count, error);
    }
    return VQC_OK;
}

/* ---- Scalars ---- */

vqc_status vqc_yaml_read_text(const vqc_yaml_node *node, const char **text_out, vqc_error *error)
{
    if (vqc_yaml_kind_of(node) != VQC_YAML_SCALAR || vqc_yaml_is_null(node))
        return unexpected(node, "a text", error);
    *text_out = vqc_yaml_scalar(node);
    return VQC_OK;
}

void vqc_yaml_words_join(const char *const *words, size_t count, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && length < size - 1; i++) {
        int added = snprintf(text + length, size - length, "%s%s", i == 0 ? "" : ", ", words[i]);
        length = smaller(length + (size_t)(added < 0 ? 0 : added), size - 1);
    }
}

vqc_status vqc_yaml_read_choice(const vqc_yaml_node *node, const char *const *words, size_t count, size_t *index_out,
                                vqc_error *error)
{
    const char *scalar = vqc_yaml_scalar(node);
    for (size_t i = 0; scalar != NULL && i < count; i++) {
        if (strcmp(scalar, words[i]) == 0) {
            *index_out = i;
            return VQC_OK;
        }
    }
    char expected[512] = "one of ";
    size_t length = strlen(expected);
    vqc_yaml_words_join(words, count, expected + length, sizeof expected - length);
    return unexpected(node, expected, error);
}

vqc_status vqc_yaml_read_bool(const vqc_yaml_node *node, bool *value_out, vqc_error *error)
{
    static const char *const spellings[] = {"false", "False", "true", "True"};
    for (size_t i = 0; vqc_yaml_is_plain(node) && i < 4; i++) {
        if (strcmp(vqc_yaml_scalar(node), spellings[i]) == 0) {
            *value_out = i >= 2;
            return VQC_OK;
        }
    }
    return unexpected(node, "true or false", error);
}

/* ---- Numbers ---- */

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

static const char *skip_sign(const char *text)
{
    return *text == '-' || *text == '+' ? text + 1 : text;
}

/* Whether the digits at the start of the text begin with a zero that is not the only one: other formats read such
 * numbers as octal. */
static bool has_needless_zero(const char *text)
{
    return text[0] == '0' && count_digits(text) > 1;
}

static bool is_integer(const char *text)
{
    const char *digits = skip_sign(text);
    size_t count = count_digits(digits);
    return count > 0 && digits[count] == '\0' && !has_needless_zero(digits);
}

/* Whether the text is a decimal number: whole part or fraction or both, and an exponent that may lack. */
static bool is_decimal(const char *text)
{
    const char *next = skip_sign(text);
    if (has_needless_zero(next))
        return false;
    size_t digits = count_digits(next);
    next += digits;
    if (*next == '.') {
        size_t fraction = count_digits(next + 1);
        digits += fraction;
        next += 1 + fraction;
    }
    if (digits == 0)
        return false;
    if (*next == 'e' || *next == 'E') {
        next = skip_sign(next + 1);
        digits = count_digits(next);
        next += digits;
    }
    return digits > 0 && *next == '\0';
}

/* The value of an integer; false where 64 bits do not hold it. */
static bool integer_value(const char *text, int64_t *value_out)
{
    bool negative = *text == '-';
    int64_t value = 0;
    for (const char *digit = skip_sign(text); *digit != '\0'; digit++)
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_sub_overflow(value, (int64_t)(*digit - '0'), &value))
            return false;
    *value_out = value; /* gathered below zero, where there is one number more */
    return negative || !__builtin_sub_overflow((int64_t)0, value, value_out);
}

bool vqc_yaml_parse_unsigned(const char *text, size_t length, uint64_t *value_out)
{
    *value_out = 0;
    if (length == 0 || count_digits(text) < length || (length > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < length; i++)
        if (__builtin_mul_overflow(*value_out, 10U, value_out) ||
            __builtin_add_overflow(*value_out, (uint64_t)(text[i] - '0'), value_out))
            return false;
    return true;
}

vqc_status vqc_yaml_read_unsigned(const vqc_yaml_node *node, uint64_t *value_out, vqc_error *error)
{
    const char *text = vqc_yaml_is_plain(node) ? vqc_yaml_scalar(node) : "";
    const char *digits = skip_sign(text);
    uint64_t value;
    if (!vqc_yaml_parse_unsigned(digits, strlen(digits), &value) || (text[0] == '-' && value > 0))
        return unexpected(node, "an integer from 0 to 18446744073709551615", error);
    *value_out = value;
    return VQC_OK;
}

vqc_status vqc_yaml_read_integer(const vqc_yaml_node *node, int64_t minimum, int64_t maximum, int64_t *value_out,
                                 vqc_error *error)
{
    int64_t value;
    if (vqc_yaml_is_plain(node) && is_integer(vqc_yaml_scalar(node)) &&
        integer_value(vqc_yaml_scalar(node), &value) && value >= minimum && value <= maximum) {
        *value_out = value;
        return VQC_OK;
    }
    char expected[DESCRIPTION_SIZE];
    if (minimum > INT64_MIN && maximum < INT64_MAX)
        (void)snprintf(expected, sizeof expected, "an integer from %lld to %lld", (long long)minimum,
                       (long long)maximum);
    else if (minimum > INT64_MIN)
        (void)snprintf(expected, sizeof expected, "an integer of at least %lld", (long long)minimum);
    else if (maximum < INT64_MAX)
        (void)snprintf(expected, sizeof expected, "an integer of at most %lld", (long long)maximum);
    else
        (void)snprintf(expected, sizeof expected, "an integer");
    return unexpected(node, expected, error);
}

/* The value of a number; false where the text is none, or too large to be finite. */
static bool real_value(const char *text, double *value_out)
{
    static const char *const infinities[] = {".inf", ".Inf", ".INF"};
    if (is_one_of(skip_sign(text), infinities, 3)) {
        *value_out = *text == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (!is_decimal(text))
        return false;
    char *end;
    *value_out = strtod(text, &end);
    return *end == '\0' && isfinite(*value_out); /* in a locale with a decimal comma it would end early */
}

vqc_status vqc_yaml_read_real(const vqc_yaml_node *node, double minimum, double maximum, double *value_out,
                              vqc_error *error)
{
    double value;
    if (vqc_yaml_is_plain(node) && real_value(vqc_yaml_scalar(node), &value) && value >= minimum &&
        value <= maximum) {
        *value_out = value;
        return VQC_OK;
    }
    char expected[DESCRIPTION_SIZE];
    bool from_below = minimum > -DBL_MAX;
    bool to_above = maximum < DBL_MAX;
    if (from_below && to_above)
        (void)snprintf(expected, sizeof expected, "a number from %g to %g", minimum, maximum);
    else if (from_below)
        (void)snprintf(expected, sizeof expected, "a number of at least %g", minimum);
    else if (to_above)
        (void)snprintf(expected, sizeof expected, "a number of at most %g", maximum);
    else
        (void)snprintf(expected, sizeof expected, "a number");
    return unexpected(node, expected, error);
}

vqc_status vqc_yaml_read_integers(const vqc_yaml_node *node, int64_t minimum, int64_t maximum, size_t capacity,
                                  int64_t *values, size_t *count_out, vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(node, VQC_YAML_SEQUENCE, error));
    size_t count = vqc_yaml_count(node);
    if (count > capacity)
        return vqc_yaml_error(node, error, "expected a list of at most %zu integers, found %zu", capacity, count);
    for (size_t i = 0; i < count; i++)
        VQC_TRY(vqc_yaml_read_integer(vqc_yaml_at(node, i), minimum, maximum, &values[i], error));
    *count_out = count;
    return VQC_OK;
}
