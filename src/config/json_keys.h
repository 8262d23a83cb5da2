#ifndef VQC_CONFIG_JSON_KEYS_H
#define VQC_CONFIG_JSON_KEYS_H

#include "config/json.h"
#include "config/yaml.h"

/* The keys of a configuration that others wrote, as tables: which there may be, and what becomes of each. A key that
 * no row knows, or one at a value that a row does not allow, is VQC_BAD_INPUT and names file, key and value; so
 * nothing that a file says is passed over in silence. A configuration in YAML is read as the JSON that it stands for
 * (yaml_json.h), and its refusals say line and column. Files whose form is more than keys and values are read place
 * by place (json_place.h), with the same check of what keys there are. */

typedef enum vqc_json_use {
    VQC_JSON_HARMLESS,  /* no number depends on it */
    VQC_JSON_ELSEWHERE, /* read by other means */
    VQC_JSON_FIXED,     /* must be one of `values` */
    VQC_JSON_OBJECT,    /* an object, whose keys have tables of their own */
    VQC_JSON_INTEGER,   /* int64_t, from minimum to maximum */
    VQC_JSON_REAL,      /* double, from minimum to maximum */
    VQC_JSON_REALS,     /* double[3], each from minimum to maximum */
    VQC_JSON_BOOLEAN,   /* bool */
    VQC_JSON_WORD,      /* int: which of `words` it is */
    VQC_JSON_SAID,      /* vqc_json_said */
    VQC_JSON_SIZE       /* the same; or an object, with a table of its own, which leaves the member as it is */
} vqc_json_use;

/* What a configuration says of something that is known from elsewhere too, to be compared with that. One number or a
 * list of up to four: [16, 16]. */
typedef struct vqc_json_said {
    const char *level, *key; /* where it stands; NULL: nothing is said */
    double values[4];
    size_t count;
    bool usual; /* the key is not there, and this is what stands for it */
} vqc_json_said;

/* One key of an object. Where the key is not there `usual`, JSON, is read in its place, or, where that is NULL, the
 * member stays. null is not the same: the libraries are Python, to which it is false; so it is of BOOLEAN, and of
 * FIXED with false among its values. Of the others null is as good as none where nothing usual stands for one, or
 * where `null_is_usual`; else it is refused. */
typedef struct vqc_json_key {
    const char *key;
    vqc_json_use use;
    const char *values;       /* of FIXED: a JSON array */
    const char *const *words; /* of WORD, NULL behind the last */
    size_t member;            /* offset in the target */
    double minimum, maximum;
    const char *usual;
    bool null_is_usual;
    const char *null_usual; /* what null stands for, where it is a value of its own; else NULL */
} vqc_json_key;

/* One table of keys. */
typedef struct vqc_json_table {
    const vqc_json_key *keys;
    size_t count;
    const char *family; /* whose keys they are, for messages: "VQModel"; NULL: file and key tell */
} vqc_json_table;

/* Reads the object at `level` ("text_config", "" for the root; the name must stay) by several tables together into
 * the target. Where there is no such object, or null, only the usual values are read. */
VQC_MUST_CHECK vqc_status vqc_json_keys_read(const vqc_json_config *config, const char *level,
                                             const vqc_json_table *tables, size_t count, void *target,
                                             vqc_error *error);

/* The same of a YAML mapping; `target` may be NULL where no row has a member. The level of what is said is "". */
VQC_MUST_CHECK vqc_status vqc_json_keys_read_yaml(const vqc_yaml_node *mapping, const vqc_json_table *tables,
                                                  size_t count, void *target, vqc_error *error);

/* Reads the value of one key, whatever other keys there are; the row's offset counts from `target`. */
VQC_MUST_CHECK vqc_status vqc_json_key_read(const vqc_json_config *config, const char *level, const vqc_json_key *row,
                                            void *target, vqc_error *error);

/* VQC_BAD_INPUT unless nothing is said or all numbers said are the one found. `where` is the configuration's file;
 * `what` says where the number comes from, "the tensors of model.safetensors". */
VQC_MUST_CHECK vqc_status vqc_json_said_check(const vqc_json_said *said, const char *where, const char *what,
                                              int64_t found, vqc_error *error);

#endif
