#ifndef VQC_CONFIG_YAML_JSON_H
#define VQC_CONFIG_YAML_JSON_H

#include <jansson.h>

#include "config/yaml.h"

/* The JSON that a YAML node stands for, new, to be released with json_decref(): a plain scalar is null, true or false
 * (as Python writes them too), a number or, like a quoted one, a text. For want of memory VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_yaml_to_json(const vqc_yaml_node *node, json_t **json_out, vqc_error *error);

#endif
