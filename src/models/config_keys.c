#include "models/config_keys.h"

#include <float.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOUND_SIZE = 80, MAX_KEYS = 128 };

static const vqc_config_key *row_find(const vqc_config_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->rows[i].name, name) == 0)
            return &keys->rows[i];
    return NULL;
}

/* The value as messages show it. */
static void found_write(const vqc_yaml_node *node, char text[FOUND_SIZE])
{
    const char *scalar = vqc_yaml_scalar(node);
    if (scalar != NULL)
        (void)snprintf(text, FOUND_SIZE, "%s", scalar);
    else
        (void)snprintf(text, FOUND_SIZE, "a %s of %zu",
                       vqc_yaml_kind_of(node) == VQC_YAML_SEQUENCE ? "list" : "mapping", vqc_yaml_count(node));
}

static vqc_status unknown(const vqc_yaml_node *node, const vqc_config_keys *keys, vqc_error *error)
{
    const char *names[MAX_KEYS];
    char found[FOUND_SIZE];
    size_t count = keys->count < MAX_KEYS ? keys->count : MAX_KEYS;
    for (size_t i = 0; i < count; i++)
        names[i] = keys->rows[i].name;
    found_write(node, found);
    return vqc_yaml_key_error(
        node, error,
        "nothing is known of this key of a %s, so what it changes cannot be computed; found %s; "
        "the nearest known key is %s",
        keys->family, found, vqc_yaml_nearest(names, count, vqc_yaml_key(node)));
}

static bool is_value(const vqc_yaml_node *node, const char *value)
{
    vqc_error ignored = {0};
    bool flag;
    double number;
    char *end;
    if (strcmp(value, "null") == 0)
        return vqc_yaml_is_null(node);
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return vqc_yaml_read_bool(node, &flag, &ignored) == VQC_OK && flag == (value[0] == 't');
    double expected = strtod(value, &end);
    if (*end == '\0')
        return vqc_yaml_read_real(node, -DBL_MAX, DBL_MAX, &number, &ignored) == VQC_OK && number == expected;
    const char *scalar = vqc_yaml_scalar(node);
    return scalar != NULL && strcmp(scalar, value) == 0;
}

static vqc_status key_check(const vqc_yaml_node *node, const vqc_config_keys *keys, vqc_error *error)
{
    const vqc_config_key *row = row_find(keys, vqc_yaml_key(node));
    if (row == NULL)
        return unknown(node, keys, error);
    if (row->rule != VQC_CONFIG_FIXED || is_value(node, row->value))
        return VQC_OK;
    char found[FOUND_SIZE];
    found_write(node, found);
    return vqc_yaml_error(node, error, "expected %s, the only value of a %s that is computed, found %s", row->value,
                          keys->family, found);
}

vqc_status vqc_config_keys_check(const vqc_yaml_node *mapping, const vqc_config_keys *keys, vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(mapping, VQC_YAML_MAPPING, error));
    for (size_t i = 0; i < vqc_yaml_count(mapping); i++)
        VQC_TRY(key_check(vqc_yaml_at(mapping, i), keys, error));
    return VQC_OK;
}
