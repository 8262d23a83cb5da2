#ifndef VQC_CONFIG_YAML_H
#define VQC_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A strict reader of YAML files: one document as a tree whose nodes know where they stand, so that every complaint
 * about a value says "FILE:LINE:COLUMN: KEY: expected ..., found ...". Lines and columns count from 1; the key is the
 * whole way to the node, "render.optimizer.lr" or "prompts[2].text" (items count from 0).
 *
 * Refused, as VQC_BAD_INPUT: what is not UTF-8 or no YAML; more than one document; anchors, aliases and tags; keys
 * that are not text, or that stand twice in a mapping; U+0000; more than the limits below. */
typedef struct vqc_yaml vqc_yaml;

enum {
    VQC_YAML_MAX_SIZE = 4 << 20, /* bytes of a file */
    VQC_YAML_MAX_DEPTH = 64,     /* nodes within nodes */
    VQC_YAML_MAX_KEYS = 1024     /* keys of one mapping */
};

typedef enum vqc_yaml_kind { VQC_YAML_SCALAR, VQC_YAML_SEQUENCE, VQC_YAML_MAPPING } vqc_yaml_kind;

/* A node belongs to its document and lives as long. */
typedef struct vqc_yaml_node vqc_yaml_node;

/* ---- The document ---- */

/* Reads a file. */
VQC_MUST_CHECK vqc_status vqc_yaml_read(const char *path, vqc_yaml **yaml_out, vqc_error *error);
/* Reads size bytes of text; the name stands for the file in messages. */
VQC_MUST_CHECK vqc_status vqc_yaml_parse(const char *name, const char *text, size_t size, vqc_yaml **yaml_out,
                                         vqc_error *error);
/* NULL is allowed. */
void vqc_yaml_destroy(vqc_yaml *yaml);

/* The path or name it was read from; the text as it was read, with a NUL after its size bytes; the outermost node. */
const char *vqc_yaml_name(const vqc_yaml *yaml);
const char *vqc_yaml_source(const vqc_yaml *yaml, size_t *size_out);
const vqc_yaml_node *vqc_yaml_root(const vqc_yaml *yaml);

/* ---- Nodes ---- */

vqc_yaml_kind vqc_yaml_kind_of(const vqc_yaml_node *node);
/* Where the node begins. */
size_t vqc_yaml_line(const vqc_yaml_node *node);
size_t vqc_yaml_column(const vqc_yaml_node *node);
/* The key of a mapping's value and where it stands; NULL and the node's own place for any other node. */
const char *vqc_yaml_key(const vqc_yaml_node *node);
size_t vqc_yaml_key_line(const vqc_yaml_node *node);
size_t vqc_yaml_key_column(const vqc_yaml_node *node);

/* Number of items of a sequence or values of a mapping (0 for a scalar), and each of them in the file's order. */
size_t vqc_yaml_count(const vqc_yaml_node *node);
const vqc_yaml_node *vqc_yaml_at(const vqc_yaml_node *node, size_t index);

/* The text of a scalar without quotes and escapes, NULL for the other kinds; whether it stood without quotes. Only a
 * plain scalar can be a number, true, false or null. */
const char *vqc_yaml_scalar(const vqc_yaml_node *node);
bool vqc_yaml_is_plain(const vqc_yaml_node *node);
/* Whether a comment stands behind the scalar in its line: "a cat #trending" is "a cat" to YAML. */
bool vqc_yaml_has_comment(const vqc_yaml_node *node);
/* Whether nothing is given: a plain scalar that is empty, ~ or null. */
bool vqc_yaml_is_null(const vqc_yaml_node *node);

/* ---- Looking up and reading values: every failure is VQC_BAD_INPUT with the node's place ---- */

/* Fills the error with "FILE:LINE:COLUMN: KEY: " and the message; for what only the caller can judge. */
vqc_status vqc_yaml_error(const vqc_yaml_node *node, vqc_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, at the place of the node's key. */
vqc_status vqc_yaml_key_error(const vqc_yaml_node *node, vqc_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The node must be of that kind. */
VQC_MUST_CHECK vqc_status vqc_yaml_expect(const vqc_yaml_node *node, vqc_yaml_kind kind, vqc_error *error);

/* The value of a key; NULL where the mapping does not have it, or the node is no mapping. */
const vqc_yaml_node *vqc_yaml_find(const vqc_yaml_node *mapping, const char *key);
/* The same, but the node must be a mapping that has the key. */
VQC_MUST_CHECK vqc_status vqc_yaml_require(const vqc_yaml_node *mapping, const char *key,
                                           const vqc_yaml_node **node_out, vqc_error *error);
/* The node must be a mapping without other keys than the given ones. The error names the nearest of them. */
VQC_MUST_CHECK vqc_status vqc_yaml_check_keys(const vqc_yaml_node *mapping, const char *const *allowed, size_t count,
                                              vqc_error *error);

/* The one of count words that differs from the given one by the fewest letters. */
const char *vqc_yaml_nearest(const char *const *words, size_t count, const char *word);

/* Writes the words with commas between, as many as the text holds. */
void vqc_yaml_words_join(const char *const *words, size_t count, char *text, size_t size);

/* A text: any scalar, quoted or not, that is not null; numbers as they are written. Belongs to the document. */
VQC_MUST_CHECK vqc_status vqc_yaml_read_text(const vqc_yaml_node *node, const char **text_out, vqc_error *error);
/* One of the given words; its index. */
VQC_MUST_CHECK vqc_status vqc_yaml_read_choice(const vqc_yaml_node *node, const char *const *words, size_t count,
                                               size_t *index_out, vqc_error *error);
/* true and false, also True and False as Python writes them. */
VQC_MUST_CHECK vqc_status vqc_yaml_read_bool(const vqc_yaml_node *node, bool *value_out, vqc_error *error);
/* A decimal integer from minimum to maximum: an optional sign and digits, no zero before others. Octal, hexadecimal,
 * separators and trailing letters are refused. */
VQC_MUST_CHECK vqc_status vqc_yaml_read_integer(const vqc_yaml_node *node, int64_t minimum, int64_t maximum,
                                                int64_t *value_out, vqc_error *error);
/* Whether these letters are a number from 0 to 2^64 - 1 of digits alone, without a zero before others; its value. */
bool vqc_yaml_parse_unsigned(const char *text, size_t length, uint64_t *value_out);
/* The same from 0 to 2^64 - 1. */
VQC_MUST_CHECK vqc_status vqc_yaml_read_unsigned(const vqc_yaml_node *node, uint64_t *value_out, vqc_error *error);
/* A decimal number from minimum to maximum: 1, .5, 4.5e-06. The infinities .inf and -.inf are accepted where the
 * range reaches them: give -DBL_MAX and DBL_MAX for any finite number. Not a number is refused. */
VQC_MUST_CHECK vqc_status vqc_yaml_read_real(const vqc_yaml_node *node, double minimum, double maximum,
                                             double *value_out, vqc_error *error);
/* A list of integers in that range, at most capacity of them. */
VQC_MUST_CHECK vqc_status vqc_yaml_read_integers(const vqc_yaml_node *node, int64_t minimum, int64_t maximum,
                                                 size_t capacity, int64_t *values, size_t *count_out,
                                                 vqc_error *error);

#endif
