#include "config/json_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/json_file.h"

enum { MAX_SIZE = 64 << 20 };

vqc_status vqc_json_config_open(const char *path, vqc_json_config **config_out, vqc_error *error)
{
    vqc_json_config *config = NULL;
    json_t *root;
    *config_out = NULL;
    VQC_TRY(vqc_json_file_read_as(path, &(vqc_json_file_form){.maximum = MAX_SIZE, .optional = true}, &root, error));
    if (root == NULL)
        return VQC_OK;
    vqc_status status = vqc_memory_allocate(1, sizeof *config, "a configuration", &config, error);
    if (status != VQC_OK) {
        json_decref(root);
        return status;
    }
    config->root = root;
    status = vqc_memory_copy_text(path, &config->path, error);
    if (status != VQC_OK) {
        vqc_json_config_close(config);
        return status;
    }
    *config_out = config;
    return VQC_OK;
}

void vqc_json_config_close(vqc_json_config *config)
{
    if (config == NULL)
        return;
    json_decref(config->root);
    free(config->path);
    free(config);
}

json_t *vqc_json_config_find(const vqc_json_config *config, const char *key)
{
    char part[128];
    json_t *value = config->root;
    while (value != NULL && *key != '\0') {
        size_t length = strcspn(key, ".");
        if (length >= sizeof part)
            return NULL;
        memcpy(part, key, length);
        part[length] = '\0';
        value = json_object_get(value, part);
        if (key[length] == '\0')
            break;
        key += length + 1;
    }
    return json_is_null(value) ? NULL : value;
}

static vqc_status type_wrong(const vqc_json_config *config, const char *key, const char *expected, vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s: expected %s", config->path, key, expected);
}

const char *vqc_json_config_path(const vqc_json_config *config)
{
    return config->path;
}

bool vqc_json_config_has(const vqc_json_config *config, const char *key)
{
    return vqc_json_config_find(config, key) != NULL;
}

vqc_status vqc_json_config_text(const vqc_json_config *config, const char *key, const char **value_out,
                                bool *found_out, vqc_error *error)
{
    const json_t *value = vqc_json_config_find(config, key);
    *found_out = value != NULL;
    if (value == NULL)
        return VQC_OK;
    if (!json_is_string(value))
        return type_wrong(config, key, "a text", error);
    *value_out = json_string_value(value);
    return VQC_OK;
}

vqc_status vqc_json_config_integer(const vqc_json_config *config, const char *key, int64_t minimum, int64_t maximum,
                                   int64_t *value_out, bool *found_out, vqc_error *error)
{
    const json_t *value = vqc_json_config_find(config, key);
    *found_out = value != NULL;
    if (value == NULL)
        return VQC_OK;
    if (!json_is_integer(value) || json_integer_value(value) < minimum || json_integer_value(value) > maximum) {
        char expected[96];
        (void)snprintf(expected, sizeof expected, "an integer from %lld to %lld", (long long)minimum,
                       (long long)maximum);
        return type_wrong(config, key, expected, error);
    }
    *value_out = json_integer_value(value);
    return VQC_OK;
}

vqc_status vqc_json_config_boolean(const vqc_json_config *config, const char *key, bool *value_out, bool *found_out,
                                   vqc_error *error)
{
    const json_t *value = vqc_json_config_find(config, key);
    *found_out = value != NULL;
    if (value == NULL)
        return VQC_OK;
    if (!json_is_boolean(value))
        return type_wrong(config, key, "true or false", error);
    *value_out = json_is_true(value);
    return VQC_OK;
}

vqc_status vqc_json_config_reals(const vqc_json_config *config, const char *key, double minimum, double maximum,
                                 size_t count, double *values_out, bool *found_out, vqc_error *error)
{
    char expected[96];
    const json_t *array = vqc_json_config_find(config, key);
    *found_out = array != NULL;
    if (array == NULL)
        return VQC_OK;
    (void)snprintf(expected, sizeof expected, "an array of %zu numbers from %g to %g", count, minimum, maximum);
    if (!json_is_array(array) || json_array_size(array) != count)
        return type_wrong(config, key, expected, error);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_number(value) || !(json_number_value(value) >= minimum && json_number_value(value) <= maximum))
            return type_wrong(config, key, expected, error);
    }
    for (size_t i = 0; i < count; i++)
        values_out[i] = json_number_value(json_array_get(array, i));
    return VQC_OK;
}
