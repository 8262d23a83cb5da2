#ifndef VQC_MODELS_CONFIG_KEYS_H
#define VQC_MODELS_CONFIG_KEYS_H

#include "base/status.h"
#include "config/yaml.h"

/* What a model's configuration may say. A key that nobody knows, or that asks for what is not computed, would give
 * other pictures than the model's own program makes of it, and nothing would say so; so each key is a row of its
 * family's table, and all others are refused. */

typedef enum vqc_config_rule {
    VQC_CONFIG_READ,     /* its value is used */
    VQC_CONFIG_HARMLESS, /* of the training, or repeats what others say: changes no result */
    VQC_CONFIG_FIXED     /* only one value is computed */
} vqc_config_rule;

typedef struct vqc_config_key {
    const char *name;
    vqc_config_rule rule;
    /* FIXED: the value. true and false are those of YAML, null is nothing at all, a number is compared as a number;
     * anything else is a word. */
    const char *value;
} vqc_config_key;

typedef struct vqc_config_keys {
    const char *family; /* for messages: "VQModel" */
    const vqc_config_key *rows;
    size_t count;
} vqc_config_keys;

/* Every key of the mapping must be one of the table's, at a value that is computed. VQC_BAD_INPUT names file, line,
 * column, key, what was found, and for an unknown key the nearest known one. */
VQC_MUST_CHECK vqc_status vqc_config_keys_check(const vqc_yaml_node *mapping, const vqc_config_keys *keys,
                                                vqc_error *error);

#endif
