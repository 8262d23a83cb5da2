#include "config/json_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/json_place.h"
#include "config/json_tree.h"
#include "config/yaml_json.h"

enum { EXPECTED_SIZE = 256, MAX_NAMES = 256 };

/* One key that is read: where it stands, its row and its value. */
typedef struct reading {
    const vqc_json_place *object;
    const char *level;
    const char *family;
    const vqc_json_key *row;
    const json_t *value;
    bool usual;
    void *member;
} reading;

static vqc_status value_refuse(const reading *r, const char *expected, vqc_error *error)
{
    vqc_json_place place = vqc_json_member(r->object, r->row->key);
    place.value = r->value;
    return vqc_json_refuse_value(&place, expected, error);
}

/* Numbers are equal by value, 0 and 0.0 too; nothing is as good as false, as Python has it. */
static bool values_equal(const json_t *left, const json_t *right)
{
    if (json_is_number(left) && json_is_number(right))
        return json_number_value(left) == json_number_value(right);
    return json_equal(left, right) != 0 || (json_is_null(left) && json_is_false(right));
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
    (void)snprintf(expected, sizeof expected, "%.*s%s%s%s", (int)(length < 2 ? 0 : length - 2), r->row->values + 1,
                   r->family == NULL ? "" : ", the only value of a ", r->family == NULL ? "" : r->family,
                   r->family == NULL ? "" : " that is computed");
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
    if (!json_is_boolean(r->value) && !json_is_null(r->value)) /* null is false, as Python has it */
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
    case VQC_JSON_ELSEWHERE:
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

/* Whether null is read as a value: not where the row takes it for a key left out, and not where nothing stands for
 * one. */
static bool null_is_value(const vqc_json_key *row)
{
    bool always = row->use == VQC_JSON_FIXED || row->use == VQC_JSON_BOOLEAN;
    return always || (row->usual != NULL && !row->null_is_usual);
}

/* Reads one row's value, or what usually stands for it. */
static vqc_status row_read(reading *r, void *target, vqc_error *error)
{
    json_t *usual = NULL;
    r->value = json_object_get(r->object->value, r->row->key);
    bool null = json_is_null(r->value);
    const char *stand_in = null && r->row->null_usual != NULL ? r->row->null_usual : r->row->usual;
    r->usual = r->value == NULL || (null && (r->row->null_usual != NULL || !null_is_value(r->row)));
    if (r->usual && stand_in == NULL)
        return VQC_OK;
    if (r->usual)
        r->value = usual = json_loads(stand_in, JSON_DECODE_ANY, NULL);
    r->member = target == NULL ? NULL : (char *)target + r->row->member;
    vqc_status status = value_read(r, error);
    json_decref(usual);
    return status;
}

static vqc_status names_check(const vqc_json_place *object, const vqc_json_table *tables, size_t count,
                              vqc_error *error)
{
    const char *names[MAX_NAMES + 1];
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < tables[i].count; k++) {
            if (used == MAX_NAMES)
                return vqc_json_refuse(object, error, "has more known keys than are looked at");
            names[used++] = tables[i].keys[k].key;
        }
    names[used] = NULL;
    return vqc_json_family_keys_check(object, names, tables[0].family, error);
}

static vqc_status object_read(const vqc_json_place *object, const char *level, const vqc_json_table *tables,
                              size_t count, void *target, vqc_error *error)
{
    if (object->value != NULL)
        VQC_TRY(names_check(object, tables, count, error));
    for (size_t i = 0; i < count; i++) {
        reading r = {.object = object, .level = level, .family = tables[i].family};
        for (size_t k = 0; k < tables[i].count; k++) {
            r.row = &tables[i].keys[k];
            VQC_TRY(row_read(&r, target, error));
        }
    }
    return VQC_OK;
}

/* The object at a level, all of whose keys are one part of the way. */
static vqc_json_place level_place(const vqc_json_config *config, const vqc_json_place *whole, const char *level)
{
    vqc_json_place place = {.value = vqc_json_config_find(config, level), .file = config->path};
    if (*level != '\0') {
        place.parent = whole;
        place.key = level;
    }
    return place;
}

vqc_status vqc_json_key_read(const vqc_json_config *config, const char *level, const vqc_json_key *row, void *target,
                             vqc_error *error)
{
    const vqc_json_place whole = vqc_json_whole(config->path, config->root);
    const vqc_json_place object = level_place(config, &whole, level);
    reading r = {.object = &object, .level = level, .row = row};
    return row_read(&r, target, error);
}

vqc_status vqc_json_keys_read(const vqc_json_config *config, const char *level, const vqc_json_table *tables,
                              size_t count, void *target, vqc_error *error)
{
    const vqc_json_place whole = vqc_json_whole(config->path, config->root);
    const vqc_json_place object = level_place(config, &whole, level);
    if (object.value != NULL && !json_is_object(object.value))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s: expected an object", config->path,
                             *level == '\0' ? "the whole" : level);
    return object_read(&object, level, tables, count, target, error);
}

vqc_status vqc_json_keys_read_yaml(const vqc_yaml_node *mapping, const vqc_json_table *tables, size_t count,
                                   void *target, vqc_error *error)
{
    json_t *value;
    VQC_TRY(vqc_yaml_expect(mapping, VQC_YAML_MAPPING, error));
    VQC_TRY(vqc_yaml_to_json(mapping, &value, error));
    const vqc_json_place object = {.value = value, .file = "", .node = mapping};
    vqc_status status = object_read(&object, "", tables, count, target, error);
    json_decref(value);
    return status;
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
