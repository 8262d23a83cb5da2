#ifndef VQC_CONFIG_JSON_TREE_H
#define VQC_CONFIG_JSON_TREE_H

#include <jansson.h>

#include "config/json.h"

/* What a JSON configuration is made of, for the files of this module. */
struct vqc_json_config {
    char *path;
    json_t *root;
};

/* The value under keys joined with dots, the root under ""; NULL if some part of it is not there, or null. */
json_t *vqc_json_config_find(const vqc_json_config *config, const char *key);

#endif
