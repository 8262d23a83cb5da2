#ifndef VQC_CLI_ATTRIBUTES_H
#define VQC_CLI_ATTRIBUTES_H

#include <jansson.h>
#include <stddef.h>

#include "base/status.h"

/* What a judge may say of a picture: attributes, each with the values it can take, and every value described by one
 * or more texts. They come from a JSON file, {"object": {"house": ["a red house in the sky", ...], ...}, ...}. */
typedef struct vqc_attribute_value {
    const char *name;
    size_t first, count; /* of its texts, among all texts */
} vqc_attribute_value;

typedef struct vqc_attribute {
    const char *name;
    size_t first, count; /* of its values, among all values */
} vqc_attribute;

/* All names and texts belong to the JSON value. Initialise with {0}. */
typedef struct vqc_attributes {
    json_t *json;
    vqc_attribute *attributes;
    vqc_attribute_value *values;
    const char **texts;
    size_t attribute_count, value_count, text_count;
} vqc_attributes;

/* Reads the file. What is not of this form, and an attribute or value without texts, is VQC_BAD_INPUT naming it. */
VQC_MUST_CHECK vqc_status vqc_attributes_read(const char *path, vqc_attributes *attributes, vqc_error *error);
void vqc_attributes_release(vqc_attributes *attributes);

/* What pictures are meant to show: a JSON list of objects, each for the render whose prompt is its "text" or for the
 * picture file whose name is its "picture", with the value of each attribute it has, and a "group" for counting. */
typedef struct vqc_labels {
    json_t *json;
} vqc_labels;

/* Reads the file; a value that the attributes do not have is VQC_BAD_INPUT naming the entry. */
VQC_MUST_CHECK vqc_status vqc_labels_read(const char *path, const vqc_attributes *attributes, vqc_labels *labels,
                                          vqc_error *error);
void vqc_labels_release(vqc_labels *labels);

/* The entry whose `key` ("text" or "picture") is this, or NULL. Belongs to the labels. */
const json_t *vqc_labels_find(const vqc_labels *labels, const char *key, const char *text);

#endif
