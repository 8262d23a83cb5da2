#include "text/json_place.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { WAY_SIZE = 256, SHOWN = 120 };

vqc_json_place vqc_json_whole(const char *file, const json_t *root)
{
    return (vqc_json_place){.file = file, .value = json_is_null(root) ? NULL : root};
}

vqc_json_place vqc_json_member(const vqc_json_place *object, const char *key)
{
    const json_t *value = json_object_get(object->value, key);
    return (vqc_json_place){
        .parent = object, .key = key, .value = json_is_null(value) ? NULL : value, .file = object->file};
}

vqc_json_place vqc_json_item(const vqc_json_place *array, size_t index)
{
    const json_t *value = json_array_get(array->value, index);
    return (vqc_json_place){
        .parent = array, .index = index, .value = json_is_null(value) ? NULL : value, .file = array->file};
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
    way_write(place, way);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s%s%s", place->file, way, way[0] == '\0' ? "" : ": ", message);
}

vqc_status vqc_json_refuse_value(const vqc_json_place *place, const char *expected, vqc_error *error)
{
    if (place->value == NULL)
        return vqc_json_refuse(place, error, "expected %s, found nothing", expected);
    char *found = json_dumps(place->value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    vqc_status status = found == NULL
                            ? vqc_json_refuse(place, error, "expected %s", expected)
                            : vqc_json_refuse(place, error, "expected %s, found %.*s", expected, SHOWN, found);
    free(found);
    return status;
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

vqc_status vqc_json_only_flag(const vqc_json_place *object, const char *key, bool flag, vqc_error *error)
{
    return vqc_json_only(object, key, flag ? json_true() : json_false(), error);
}

vqc_status vqc_json_keys_check(const vqc_json_place *object, const char *const *allowed, vqc_error *error)
{
    VQC_TRY(vqc_json_object(object, error));
    void *root = (void *)(uintptr_t)object->value; /* jansson's iterators take no const */
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        const char *key = json_object_iter_key(at);
        size_t i = 0;
        while (allowed[i] != NULL && strcmp(allowed[i], key) != 0)
            i++;
        if (allowed[i] != NULL)
            continue;
        vqc_json_place place = vqc_json_member(object, key);
        return vqc_json_refuse(&place, error, "a key that is not known, so that its effect is not computed");
    }
    return VQC_OK;
}
