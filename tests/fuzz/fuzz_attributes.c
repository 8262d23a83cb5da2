/* Attributes and labels of judge, both from the same bytes, and labels against attributes that are always the same:
 * any bytes are attributes or a one-line error, and what has been read is consistent. */

#include "memory_file.h"

#include <stdlib.h>
#include <string.h>

#include "cli/attributes.h"
#include "fuzz.h"

static const char known[] = "{\"object\": {\"house\": [\"a house\", \"houses\"], \"car\": [\"a car\"]}, "
                            "\"color\": {\"red\": [\"something red\"]}}";

static void error_check(const vqc_error *error)
{
    if (error->message[0] == '\0' || strchr(error->message, '\n') != NULL)
        abort();
}

/* Every attribute has values, every value texts, and together they are all there are. */
static void attributes_check(const vqc_attributes *attributes)
{
    size_t value = 0;
    size_t text = 0;
    for (size_t i = 0; i < attributes->attribute_count; i++) {
        const vqc_attribute *attribute = &attributes->attributes[i];
        if (attribute->first != value || attribute->count == 0 || attribute->name == NULL)
            abort();
        for (; value < attribute->first + attribute->count; value++) {
            if (attributes->values[value].first != text || attributes->values[value].count == 0)
                abort();
            text += attributes->values[value].count;
        }
    }
    if (value != attributes->value_count || text != attributes->text_count)
        abort();
    for (size_t i = 0; i < attributes->text_count; i++)
        if (strlen(attributes->texts[i]) > FUZZ_MAX_SEED_SIZE)
            abort();
}

static void labels_read(const char *path, const vqc_attributes *attributes)
{
    vqc_error error = {0};
    vqc_labels labels = {0};
    if (vqc_labels_read(path, attributes, &labels, &error) != VQC_OK) {
        error_check(&error);
        return;
    }
    for (size_t i = 0; i < json_array_size(labels.json); i++) {
        const char *picture = json_string_value(json_object_get(json_array_get(labels.json, i), "picture"));
        if (picture != NULL && vqc_labels_find(&labels, "picture", picture) == NULL)
            abort();
    }
    vqc_labels_release(&labels);
}

static void attributes_read(const char *path, const char *labels)
{
    vqc_error error = {0};
    vqc_attributes attributes = {0};
    if (vqc_attributes_read(path, &attributes, &error) == VQC_OK) {
        attributes_check(&attributes);
        labels_read(labels, &attributes);
    } else {
        error_check(&error);
    }
    vqc_attributes_release(&attributes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memory_file file;
    memory_file fixed;
    memory_file_open(&file, data, size);
    memory_file_open(&fixed, known, sizeof known - 1);
    attributes_read(file.path, file.path);
    attributes_read(fixed.path, file.path);
    memory_file_close(&fixed);
    memory_file_close(&file);
    return 0;
}
