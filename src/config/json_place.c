#include "config/json_place.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { WAY_SIZE = 256, SHOWN = 96 };

vqc_json_place vqc_json_whole(const char *file, const json_t *root)
{
    return (vqc_json_place){.file = file, .value = json_is_null(root) ? NULL : root};
}

vqc_json_place vqc_json_member(const vqc_json_place *object, const char *key)
{
    const json_t *value = json_object_get(object->value, key);
    return (vqc_json_place){.parent = object,
                            .key = key,
                            .value = json_is_null(value) ? NULL : value,
                            .file = object->file,
                            .node = object->node == NULL ? NULL : vqc_yaml_find(object->node, key)};
}

vqc_json_place vqc_json_item(const vqc_json_place *array, size_t index)
{
    const json_t *value = json_array_get(array->value, index);
    return (vqc_json_place){.parent = array,
                            .index = index,
                            .value = json_is_null(value) ? NULL : value,
                            .file = array->file,
                            .node = array->node == NULL ? NULL : vqc_yaml_at(array->node, index)};
}

size_t vqc_json_count(const vqc_json_place *array)
{
    return json_array_size(array->value);
}

/* Writes the way; what does not fit is cut. */
static void way_write(const vqc_json_place *place, char way[WAY_SIZE])
{
    size_t used = 0;
    way[0] = '\0';
    if (place->parent == NULL)
        return;
    way_write(place->parent, way);
    used = strlen(way);
    if (place->key == NULL)
        (void)snprintf(way + used, WAY_SIZE - used, "[%zu]", place->index);
    else
        (void)snprintf(way + used, WAY_SIZE - used, "%s%s", used == 0 ? "" : ".", place->key);
}

vqc_status vqc_json_refuse(const vqc_json_place *place, vqc_error *error, const char *format, ...)
{
    char way[WAY_SIZE];
    char message[VQC_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (place->node != NULL)
        return vqc_yaml_error(place->node, error, "%s", message);
    way_write(place, way);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s%s%s", place->file, way, way[0] == '\0' ? "" : ": ", message);
}

/* The value as JSON, cut where it is long. */
static void value_write(const json_t *value, char text[SHOWN])
{
    char *whole = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    (void)snprintf(text, SHOWN, "%s", value == NULL ? "nothing" : whole == NULL ? "?" : whole);
    if (whole != NULL && strlen(whole) >= SHOWN)
        memcpy(text + SHOWN - 4, "...", 4);
    free(whole);
}

vqc_status vqc_json_refuse_value(const vqc_json_place *place, const char *expected, vqc_error *error)
{
    char found[SHOWN];
    value_write(place->value, found);
    return vqc_json_refuse(place, error, "expected %s, found %s", expected, found);
}

vqc_status vqc_json_text(const vqc_json_place *place, const char **text_out, vqc_error *error)
{
    if (!json_is_string(place->value))
        return vqc_json_refuse_value(place, "a text", error);
    *text_out = json_string_value(place->value);
    return VQC_OK;
}

vqc_status vqc_json_id(const vqc_json_place *place, int32_t *id_out, vqc_error *error)
{
    json_int_t id = json_integer_value(place->value);
    if (!json_is_integer(place->value) || id < 0 || id > INT32_MAX)
        return vqc_json_refuse_value(place, "a token id", error);
    *id_out = (int32_t)id;
    return VQC_OK;
}

vqc_status vqc_json_array(const vqc_json_place *place, vqc_error *error)
{
    return json_is_array(place->value) ? VQC_OK : vqc_json_refuse_value(place, "an array", error);
}

vqc_status vqc_json_object(const vqc_json_place *place, vqc_error *error)
{
    return json_is_object(place->value) ? VQC_OK : vqc_json_refuse_value(place, "an object", error);
}

vqc_status vqc_json_flag(const vqc_json_place *place, bool otherwise, bool *flag_out, vqc_error *error)
{
    *flag_out = otherwise;
    if (place->value == NULL)
        return VQC_OK;
    if (!json_is_boolean(place->value))
        return vqc_json_refuse_value(place, "true or false", error);
    *flag_out = json_is_true(place->value);
    return VQC_OK;
}

vqc_status vqc_json_only(const vqc_json_place *object, const char *key, const json_t *value, vqc_error *error)
{
    vqc_json_place place = vqc_json_member(object, key);
    if (place.value == NULL || json_equal(place.value, value))
        return VQC_OK;
    char *expected = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    vqc_status status = vqc_json_refuse_value(&place, expected == NULL ? "another value" : expected, error);
    free(expected);
    return status;
}

vqc_status vqc_json_only_those(const vqc_json_place *object, const char *values, vqc_error *error)
{
    json_t *wanted = json_loads(values, 0, NULL);
    vqc_status status = VQC_OK;
    for (void *at = json_object_iter(wanted); at != NULL && status == VQC_OK; at = json_object_iter_next(wanted, at))
        status = vqc_json_only(object, json_object_iter_key(at), json_object_iter_value(at), error);
    json_decref(wanted);
    return status;
}

vqc_status vqc_json_only_flag(const vqc_json_place *object, const char *key, bool flag, vqc_error *error)
{
    return vqc_json_only(object, key, flag ? json_true() : json_false(), error);
}

/* Refuses a key of the object that none of the names is. */
static vqc_status key_refuse(const vqc_json_place *object, const char *key, const char *const *names, size_t count,
                             const char *family, vqc_error *error)
{
    char found[SHOWN];
    char message[VQC_ERROR_MESSAGE_SIZE];
    vqc_json_place place = vqc_json_member(object, key);
    const char *nearest = count == 0 ? NULL : vqc_yaml_nearest(names, count, key);
    value_write(json_object_get(object->value, key), found);
    (void)snprintf(message, sizeof message, "a key%s%s that vqclip does not know, with the value %s%s%s",
                   family == NULL ? "" : " of a ", family == NULL ? "" : family, found,
                   nearest == NULL ? "" : "; the nearest one is ", nearest == NULL ? "" : nearest);
    if (place.node != NULL)
        return vqc_yaml_key_error(place.node, error, "%s", message);
    return vqc_json_refuse(&place, error, "%s", message);
}

vqc_status vqc_json_family_keys_check(const vqc_json_place *object, const char *const *allowed, const char *family,
                                      vqc_error *error)
{
    size_t count = 0;
    VQC_TRY(vqc_json_object(object, error));
    while (allowed[count] != NULL)
        count++;
    void *root = (void *)(uintptr_t)object->value; /* jansson's iterators take no const */
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        const char *key = json_object_iter_key(at);
        size_t i = 0;
        while (i < count && strcmp(allowed[i], key) != 0)
            i++;
        if (i == count)
            return key_refuse(object, key, allowed, count, family, error);
    }
    return VQC_OK;
}

vqc_status vqc_json_keys_check(const vqc_json_place *object, const char *const *allowed, vqc_error *error)
{
    return vqc_json_family_keys_check(object, allowed, NULL, error);
}
