#ifndef VQC_CONFIG_JSON_PLACE_H
#define VQC_CONFIG_JSON_PLACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/yaml.h"

/* A place in a JSON file: its value, and the way to it, "model.merges[3]", which is written only where something is
 * refused. A place does not own its value, and the one it lies in must outlive it. A place in a YAML file is the same
 * of the JSON that its values stand for (yaml_json.h), and says line and column where something is refused. */
typedef struct vqc_json_place {
    const struct vqc_json_place *parent; /* NULL: the whole file */
    const char *key;                     /* NULL: an item of an array */
    size_t index;
    const json_t *value; /* NULL where there is none, and where it is null */
    const char *file;
    const vqc_yaml_node *node; /* of a YAML file; NULL where the key is not there */
} vqc_json_place;

vqc_json_place vqc_json_whole(const char *file, const json_t *root);
vqc_json_place vqc_json_member(const vqc_json_place *object, const char *key);
vqc_json_place vqc_json_item(const vqc_json_place *array, size_t index);
/* The number of items of an array, 0 for anything else. */
size_t vqc_json_count(const vqc_json_place *array);

/* Fills the error with "FILE: WAY: " and the message. */
vqc_status vqc_json_refuse(const vqc_json_place *place, vqc_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with "expected ..., found ...". */
vqc_status vqc_json_refuse_value(const vqc_json_place *place, const char *expected, vqc_error *error);

/* Values that must be there. Texts belong to the file. */
VQC_MUST_CHECK vqc_status vqc_json_text(const vqc_json_place *place, const char **text_out, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_json_id(const vqc_json_place *place, int32_t *id_out, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_json_array(const vqc_json_place *place, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_json_object(const vqc_json_place *place, vqc_error *error);
/* A flag, or what stands for it where there is none. */
VQC_MUST_CHECK vqc_status vqc_json_flag(const vqc_json_place *place, bool otherwise, bool *flag_out,
                                        vqc_error *error);
/* The place may lack, or must hold this text, number or flag. */
VQC_MUST_CHECK vqc_status vqc_json_only(const vqc_json_place *object, const char *key, const json_t *value,
                                        vqc_error *error);
/* The same of every key of an object that is written as JSON. */
VQC_MUST_CHECK vqc_status vqc_json_only_those(const vqc_json_place *object, const char *values, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_json_only_flag(const vqc_json_place *object, const char *key, bool flag,
                                             vqc_error *error);

/* The object must have no other keys than these; the list ends with NULL. The refusal of another one says its value
 * and the nearest of these. */
VQC_MUST_CHECK vqc_status vqc_json_keys_check(const vqc_json_place *object, const char *const *allowed,
                                              vqc_error *error);
/* The same; the refusal says of what family the object is, "VQModel"; NULL: of none. */
VQC_MUST_CHECK vqc_status vqc_json_family_keys_check(const vqc_json_place *object, const char *const *allowed,
                                                     const char *family, vqc_error *error);

#endif
