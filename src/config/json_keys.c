#include "config/json_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/json_tree.h"
#include "config/yaml.h"

enum { VALUE_TEXT_SIZE = 96, EXPECTED_SIZE = 256, MAX_NAMES = 256 };

/* One key that is read: where it stands, its row and its value. */
typedef struct reading {
    const vqc_json_config *config;
    const char *level;
    const vqc_json_key *row;
    const json_t *value;
    bool usual;
    void *member;
} reading;

/* The value as JSON, cut where it is long. */
static void value_text(const json_t *value, char text[VALUE_TEXT_SIZE])
{
    char *whole = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    (void)snprintf(text, VALUE_TEXT_SIZE, "%s", whole == NULL ? "?" : whole);
    if (whole != NULL && strlen(whole) >= VALUE_TEXT_SIZE)
        memcpy(text + VALUE_TEXT_SIZE - 4, "...", 4);
    free(whole);
}

static vqc_status value_refuse(const reading *r, const char *expected, vqc_error *error)
{
    char found[VALUE_TEXT_SIZE];
    value_text(r->value, found);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s%s%s: expected %s, found %s", r->config->path, r->level,
                         *r->level == '\0' ? "" : ".", r->row->key, expected, found);
}

/* Numbers are equal by value, 0 and 0.0 too. */
static bool values_equal(const json_t *left, const json_t *right)
{
    if (json_is_number(left) && json_is_number(right))
        return json_number_value(left) == json_number_value(right);
    return json_equal(left, right) != 0;
}

static vqc_status fixed_read(const reading *r, vqc_error *error)
{
    json_t *allowed = json_loads(r->row->values, 0, NULL);
    bool found = false;
    for (size_t i = 0; i < json_array_size(allowed) && !found; i++)
        found = values_equal(r->value, json_array_get(allowed, i));
    json_decref(allowed);
    if (found)
        return VQC_OK;
    char expected[EXPECTED_SIZE];
    size_t length = strlen(r->row->values);
    (void)snprintf(expected, sizeof expected, "%.*s", (int)(length < 2 ? 0 : length - 2), r->row->values + 1);
    return value_refuse(r, expected, error);
}

static bool real_is_within(const json_t *value, const vqc_json_key *row)
{
    return json_is_number(value) && json_number_value(value) >= row->minimum &&
           json_number_value(value) <= row->maximum;
}

static vqc_status range_refuse(const reading *r, const char *what, vqc_error *error)
{
    char expected[EXPECTED_SIZE];
    (void)snprintf(expected, sizeof expected, "%s from %.10g to %.10g", what, r->row->minimum, r->row->maximum);
    return value_refuse(r, expected, error);
}

static vqc_status integer_read(const reading *r, vqc_error *error)
{
    if (!json_is_integer(r->value) || !real_is_within(r->value, r->row))
        return range_refuse(r, "an integer", error);
    *(int64_t *)r->member = json_integer_value(r->value);
    return VQC_OK;
}

static vqc_status real_read(const reading *r, vqc_error *error)
{
    if (!real_is_within(r->value, r->row))
        return range_refuse(r, "a number", error);
    *(double *)r->member = json_number_value(r->value);
    return VQC_OK;
}

static vqc_status reals_read(const reading *r, vqc_error *error)
{
    double *values = r->member;
    bool right = json_is_array(r->value) && json_array_size(r->value) == 3;
    for (size_t i = 0; i < 3 && right; i++)
        right = real_is_within(json_array_get(r->value, i), r->row);
    if (!right)
        return range_refuse(r, "an array of 3 numbers", error);
    for (size_t i = 0; i < 3; i++)
        values[i] = json_number_value(json_array_get(r->value, i));
    return VQC_OK;
}

static vqc_status boolean_read(const reading *r, vqc_error *error)
{
    if (!json_is_boolean(r->value))
        return value_refuse(r, "true or false", error);
    *(bool *)r->member = json_is_true(r->value);
    return VQC_OK;
}

static vqc_status word_read(const reading *r, vqc_error *error)
{
    char expected[EXPECTED_SIZE];
    size_t count = 0;
    for (; r->row->words[count] != NULL; count++) {
        if (!json_is_string(r->value) || strcmp(json_string_value(r->value), r->row->words[count]) != 0)
            continue;
        *(int *)r->member = (int)count;
        return VQC_OK;
    }
    vqc_yaml_words_join(r->row->words, count, expected, sizeof expected);
    return value_refuse(r, expected, error);
}

static vqc_status said_read(const reading *r, vqc_error *error)
{
    vqc_json_said said = {.level = r->level, .key = r->row->key, .usual = r->usual};
    said.count = json_is_array(r->value) ? json_array_size(r->value) : 1;
    if (said.count < 1 || said.count > sizeof said.values / sizeof said.values[0])
        return value_refuse(r, "a number or a list of at most 4", error);
    for (size_t i = 0; i < said.count; i++) {
        const json_t *value = json_is_array(r->value) ? json_array_get(r->value, i) : r->value;
        if (!json_is_number(value))
            return value_refuse(r, "a number or a list of at most 4", error);
        said.values[i] = json_number_value(value);
    }
    *(vqc_json_said *)r->member = said;
    return VQC_OK;
}

static vqc_status value_read(const reading *r, vqc_error *error)
{
    switch (r->row->use) {
    case VQC_JSON_HARMLESS:
        return VQC_OK;
    case VQC_JSON_FIXED:
        return fixed_read(r, error);
    case VQC_JSON_OBJECT:
        return json_is_object(r->value) ? VQC_OK : value_refuse(r, "an object", error);
    case VQC_JSON_INTEGER:
        return integer_read(r, error);
    case VQC_JSON_REAL:
        return real_read(r, error);
    case VQC_JSON_REALS:
        return reals_read(r, error);
    case VQC_JSON_BOOLEAN:
        return boolean_read(r, error);
    case VQC_JSON_WORD:
        return word_read(r, error);
    case VQC_JSON_SAID:
        return said_read(r, error);
    case VQC_JSON_SIZE:
        return json_is_object(r->value) ? VQC_OK : said_read(r, error);
    }
    return VQC_OK;
}

/* Reads one row's value, or what usually stands for it. */
static vqc_status row_read(reading *r, const json_t *object, void *target, vqc_error *error)
{
    json_t *usual = NULL;
    r->value = json_object_get(object, r->row->key);
    r->usual = json_is_null(r->value) || r->value == NULL;
    if (r->usual && r->row->usual == NULL)
        return VQC_OK;
    if (r->usual)
        r->value = usual = json_loads(r->row->usual, JSON_DECODE_ANY, NULL);
    r->member = (char *)target + r->row->member;
    vqc_status status = value_read(r, error);
    json_decref(usual);
    return status;
}

vqc_status vqc_json_key_read(const vqc_json_config *config, const char *level, const vqc_json_key *row, void *target,
                             vqc_error *error)
{
    reading r = {.config = config, .level = level, .row = row};
    return row_read(&r, vqc_json_config_find(config, level), target, error);
}

static bool tables_have(const vqc_json_table *tables, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < tables[i].count; k++)
            if (strcmp(tables[i].keys[k].key, key) == 0)
                return true;
    return false;
}

static vqc_status key_refuse(const reading *r, const vqc_json_table *tables, size_t count, const char *key,
                             vqc_error *error)
{
    const char *names[MAX_NAMES];
    char found[VALUE_TEXT_SIZE];
    size_t name_count = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < tables[i].count && name_count < MAX_NAMES; k++)
            names[name_count++] = tables[i].keys[k].key;
    value_text(r->value, found);
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: %s%s%s: a key that vqclip does not know, with the value %s; the nearest one is %s",
                         r->config->path, r->level, *r->level == '\0' ? "" : ".", key, found,
                         vqc_yaml_nearest(names, name_count, key));
}

static vqc_status names_check(reading *r, json_t *object, const vqc_json_table *tables, size_t count,
                              vqc_error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        r->value = value;
        if (!tables_have(tables, count, key))
            return key_refuse(r, tables, count, key, error);
    }
    return VQC_OK;
}

vqc_status vqc_json_keys_read(const vqc_json_config *config, const char *level, const vqc_json_table *tables,
                              size_t count, void *target, vqc_error *error)
{
    json_t *object = vqc_json_config_find(config, level);
    reading r = {.config = config, .level = level};
    if (object != NULL && !json_is_object(object))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s: expected an object", config->path,
                             *level == '\0' ? "the whole" : level);
    VQC_TRY(names_check(&r, object, tables, count, error));
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < tables[i].count; k++) {
            r.row = &tables[i].keys[k];
            VQC_TRY(row_read(&r, object, target, error));
        }
    }
    return VQC_OK;
}

vqc_status vqc_json_said_check(const vqc_json_said *said, const char *where, const char *what, int64_t found,
                               vqc_error *error)
{
    for (size_t i = 0; i < said->count; i++)
        if (said->values[i] != (double)found)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s%s%s: expected %lld, as %s, found %.10g%s", where,
                                 said->level, *said->level == '\0' ? "" : ".", said->key, (long long)found, what,
                                 said->values[i], said->usual ? ", which is meant where the key is not there" : "");
    return VQC_OK;
}
