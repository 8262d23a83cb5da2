#ifndef VQC_CONFIG_YAML_TREE_H
#define VQC_CONFIG_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/yaml.h"

/* What a YAML document is made of, for the files of this module. */

typedef struct vqc_text_place {
    size_t line;
    size_t column;
} vqc_text_place;

struct vqc_yaml_node {
    const vqc_yaml *document;
    const vqc_yaml_node *parent; /* NULL for the outermost */
    size_t index;                /* among the parent's children */
    vqc_yaml_kind kind;
    vqc_text_place place;
    char *key; /* NULL where the parent is no mapping */
    vqc_text_place key_place;
    char *scalar;
    bool plain;
    bool has_comment;         /* behind it, in the same line */
    vqc_yaml_node **children; /* items of a sequence, values of a mapping */
    size_t count;
    size_t capacity;
};

struct vqc_yaml {
    char *name;
    char *source;
    size_t size;
    vqc_yaml_node *root;
};

/* Makes room for a child and appends an empty one. */
VQC_MUST_CHECK vqc_status vqc_yaml_child_append(vqc_yaml_node *parent, vqc_yaml_node **child_out, vqc_error *error);

#endif
