#include "cli/attributes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/json_file.h"

/* The texts of one value: at least one, nothing else. */
static vqc_status texts_check(const char *path, const char *attribute, const char *value, const json_t *texts,
                              vqc_error *error)
{
    for (size_t i = 0; i < json_array_size(texts); i++)
        if (!json_is_string(json_array_get(texts, i)))
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s: %s: entry %zu: expected a text", path, attribute,
                                 value, i);
    if (json_array_size(texts) == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s: %s: expected a list of texts", path, attribute, value);
    return VQC_OK;
}

/* Counts values and texts, and checks the form on the way. */
static vqc_status attributes_count(const char *path, vqc_attributes *attributes, vqc_error *error)
{
    const char *name;
    const char *value_name;
    json_t *values;
    json_t *texts;
    attributes->attribute_count = json_object_size(attributes->json);
    if (attributes->attribute_count == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected an object with an entry for every attribute", path);
    json_object_foreach(attributes->json, name, values)
    {
        if (json_object_size(values) == 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s: expected an object with an entry for every value",
                                 path, name);
        json_object_foreach(values, value_name, texts)
        {
            VQC_TRY(texts_check(path, name, value_name, texts, error));
            attributes->value_count++;
            attributes->text_count += json_array_size(texts);
        }
    }
    return VQC_OK;
}

/* Fills the lists, which are long enough. */
static void attributes_list(vqc_attributes *attributes)
{
    const char *name;
    const char *value_name;
    json_t *values;
    json_t *texts;
    vqc_attribute *attribute = attributes->attributes;
    vqc_attribute_value *value = attributes->values;
    size_t text = 0;
    json_object_foreach(attributes->json, name, values)
    {
        *attribute++ = (vqc_attribute){name, (size_t)(value - attributes->values), json_object_size(values)};
        json_object_foreach(values, value_name, texts)
        {
            *value++ = (vqc_attribute_value){value_name, text, json_array_size(texts)};
            for (size_t i = 0; i < json_array_size(texts); i++)
                attributes->texts[text++] = json_string_value(json_array_get(texts, i));
        }
    }
}

static vqc_status attributes_load(const char *path, vqc_attributes *attributes, vqc_error *error)
{
    VQC_TRY(vqc_json_file_read(path, &attributes->json, error));
    VQC_TRY(attributes_count(path, attributes, error));
    VQC_TRY(vqc_memory_allocate(attributes->attribute_count, sizeof *attributes->attributes, "attributes",
                                &attributes->attributes, error));
    VQC_TRY(vqc_memory_allocate(attributes->value_count, sizeof *attributes->values, "attributes",
                                &attributes->values, error));
    VQC_TRY(vqc_memory_allocate(attributes->text_count, sizeof *attributes->texts, "attributes", &attributes->texts,
                                error));
    attributes_list(attributes);
    return VQC_OK;
}

vqc_status vqc_attributes_read(const char *path, vqc_attributes *attributes, vqc_error *error)
{
    *attributes = (vqc_attributes){0};
    vqc_status status = attributes_load(path, attributes, error);
    if (status != VQC_OK)
        vqc_attributes_release(attributes);
    return status;
}

void vqc_attributes_release(vqc_attributes *attributes)
{
    json_decref(attributes->json);
    free(attributes->attributes);
    free(attributes->values);
    free(attributes->texts);
    *attributes = (vqc_attributes){0};
}

/* Whether the value is one of the attribute's. */
static bool value_known(const vqc_attributes *attributes, const vqc_attribute *attribute, const char *name)
{
    for (size_t i = 0; i < attribute->count; i++)
        if (strcmp(attributes->values[attribute->first + i].name, name) == 0)
            return true;
    return false;
}

static vqc_status label_check(const char *path, const vqc_attributes *attributes, size_t number, const json_t *label,
                              vqc_error *error)
{
    if (!json_is_string(json_object_get(label, "text")) && !json_is_string(json_object_get(label, "picture")))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: entry %zu: expected an object with a text or picture", path,
                             number);
    for (size_t i = 0; i < attributes->attribute_count; i++) {
        const vqc_attribute *attribute = &attributes->attributes[i];
        const json_t *value = json_object_get(label, attribute->name);
        if (value != NULL &&
            (!json_is_string(value) || !value_known(attributes, attribute, json_string_value(value))))
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: entry %zu: %s: expected one of the attribute's values",
                                 path, number, attribute->name);
    }
    return VQC_OK;
}

static vqc_status labels_check(const char *path, const vqc_attributes *attributes, const vqc_labels *labels,
                               vqc_error *error)
{
    if (!json_is_array(labels->json))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a list", path);
    for (size_t i = 0; i < json_array_size(labels->json); i++)
        VQC_TRY(label_check(path, attributes, i, json_array_get(labels->json, i), error));
    return VQC_OK;
}

vqc_status vqc_labels_read(const char *path, const vqc_attributes *attributes, vqc_labels *labels, vqc_error *error)
{
    VQC_TRY(vqc_json_file_read(path, &labels->json, error));
    vqc_status status = labels_check(path, attributes, labels, error);
    if (status != VQC_OK)
        vqc_labels_release(labels);
    return status;
}

void vqc_labels_release(vqc_labels *labels)
{
    json_decref(labels->json);
    labels->json = NULL;
}

const json_t *vqc_labels_find(const vqc_labels *labels, const char *key, const char *text)
{
    for (size_t i = 0; i < json_array_size(labels->json); i++) {
        const json_t *label = json_array_get(labels->json, i);
        const char *found = json_string_value(json_object_get(label, key));
        if (found != NULL && strcmp(found, text) == 0)
            return label;
    }
    return NULL;
}
