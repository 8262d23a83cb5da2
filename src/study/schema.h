#ifndef VQC_STUDY_SCHEMA_H
#define VQC_STUDY_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"
#include "config/yaml.h"
#include "study/curve.h"

/* Mappings of the job file as tables: one row says everything of a key, and from the rows come its reading with all
 * that is said of bad values, its default, the text in archives and the manual (study/manual.h). Nothing here knows a
 * key. What is read is a plain struct, the object; texts in it belong to the document. */

typedef enum vqc_field_kind {
    VQC_FIELD_INTEGER,   /* int64_t */
    VQC_FIELD_SIZE,      /* two of them, [width, height] */
    VQC_FIELD_REAL,      /* double */
    VQC_FIELD_RANGE,     /* two of them, [from, to] */
    VQC_FIELD_AXES,      /* two of them, [x, y]; one number stands for both as the row says */
    VQC_FIELD_FRACTION,  /* double from 0 to below 1 */
    VQC_FIELD_FRACTIONS, /* two of them */
    VQC_FIELD_BOOL,      /* bool */
    VQC_FIELD_CHOICE,    /* an enum, or a bool, that counts the field's words */
    VQC_FIELD_TEXT,      /* const char *, NULL where it is not given */
    VQC_FIELD_WORD,      /* the same; one of the field's words */
    VQC_FIELD_PATH,      /* the same; a file, seen from the job file's folder */
    VQC_FIELD_OTHER      /* anything; by hooks, or read by whoever reads the mapping */
} vqc_field_kind;

typedef double vqc_range[2];
typedef double vqc_axes[2];

/* What a word of a leading field (below) brings with it: one more key that may be given, and what is different of it.
 */
typedef struct vqc_word_option {
    const char *key;
    vqc_range usual; /* its default; 0: that of its own row */
    double maximum;  /* 0: that of its own row */
} vqc_word_option;

enum { VQC_WORD_OPTIONS = 8, VQC_SCHEMA_FIELDS = 64 /* the most of a table */ };

/* A word that a choice may be. */
typedef struct vqc_word {
    const char *word;
    const char *says; /* for the manual; NULL where the field says it */
    vqc_word_option options[VQC_WORD_OPTIONS];
} vqc_word;

/* For kinds of values that only one key has. Each takes the whole object. */
typedef struct vqc_field_hooks {
    void (*reset)(void *object);
    vqc_status (*read)(void *object, const vqc_yaml_node *node, vqc_error *error);
    /* Appends " value", or the lines of a list, each behind a line feed. */
    vqc_status (*write)(const void *object, vqc_text *text, vqc_error *error);
    /* Whether it is the default; NULL: it is never taken for it. */
    bool (*is_usual)(const void *object);
} vqc_field_hooks;

/* A row: one key. Members that a kind does not need stay zero. */
typedef struct vqc_field {
    const char *key; /* "noise", or dotted, "l2.weight" */
    vqc_field_kind kind;
    size_t offset, size; /* of the member */
    size_t
        curve; /* real, integer: offset of a vqc_curve, where the number may change over the steps; 0: it may not */
    double minimum, maximum; /* of numbers */
    vqc_range usual;         /* the default: numbers, 0 and 1 for a bool, the word's number for a choice */
    vqc_axes single;         /* axes: what one number is multiplied by for x, and for y */
    const vqc_word *words;   /* choice, word */
    size_t word_count;
    const char *leads;  /* choice: other keys depend on the word, so it is applied before them, wherever it stands;
                           they  get their defaults when it changes. What the choice is called: "optimizer" */
    const char *leader; /* key of the leading field that must have this key among its word's options */
    bool required;
    bool quiet;                   /* not written into archives where it is the default */
    bool networks;                /* renders that differ in it need other networks */
    const vqc_field_hooks *hooks; /* other */
    const char *form;             /* for the manual, where the kind does not say it: what stands behind the key ... */
    const char *otherwise;        /* ... and what holds where it is not given */
    const char *says;             /* one line for the manual, with unit and source */
} vqc_field;

/* A table: the keys of one mapping, in the order in which they are written. */
typedef struct vqc_schema {
    const char *title; /* where the mapping stands in the job file */
    const char *says;
    const vqc_field *fields;
    size_t count;
    size_t object_size;
} vqc_schema;

/* The list of words of a row, and the place of its member. */
#define VQC_WORDS(list) .words = (list), .word_count = sizeof(list) / sizeof((list)[0])
#define VQC_CURVE(type, member) .curve = offsetof(type, member)
#define VQC_MEMBER(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

/* ---- One field ---- */

/* Gives the member its default. */
void vqc_field_reset(const vqc_field *field, void *object);
/* Reads the member from a value. VQC_BAD_INPUT, with the value's place, for what it may not be. */
VQC_MUST_CHECK vqc_status vqc_field_read(const vqc_field *field, void *object, const vqc_yaml_node *node,
                                         vqc_error *error);
/* Appends the member's value, numbers in full, so that reading it again gives the same. */
VQC_MUST_CHECK vqc_status vqc_field_write(const vqc_field *field, const void *object, vqc_text *text,
                                          vqc_error *error);
/* The place of a text, word or path. */
const char **vqc_field_text(const vqc_field *field, void *object);
bool vqc_field_is_usual(const vqc_field *field, const void *object);
/* The member's curve; NULL where it has none. */
const vqc_curve *vqc_field_curve(const vqc_field *field, const void *object);

/* The field as a word of its leader has it, with that word's default and range; NULL: as its row has it. */
vqc_field vqc_field_led(const vqc_word *word, const vqc_field *field);

/* ---- A table ---- */

/* NULL where the table has no such key. */
const vqc_field *vqc_schema_find(const vqc_schema *schema, const char *key);
/* The keys, and their number. */
size_t vqc_schema_keys(const vqc_schema *schema, const char *keys[VQC_SCHEMA_FIELDS]);
/* Gives every member that has a row its default. */
void vqc_schema_reset(const vqc_schema *schema, void *object);

/* Reads a whole mapping: what is not given is the default. Fields that are other and have no hooks are left to the
 * caller, who also asks for those that are required. VQC_BAD_INPUT: unknown keys (the message names the nearest known
 * one), missing ones, and what vqc_field_read refuses. */
VQC_MUST_CHECK vqc_status vqc_schema_read(const vqc_schema *schema, void *object, const vqc_yaml_node *mapping,
                                          vqc_error *error);

/* Changes those members whose keys stand in the mapping, "l2: {weight: 1}" or "l2.weight: 1", apart from the keys of
 * the table `except` (NULL: none). The order of keys has no meaning. VQC_BAD_INPUT as above, and for options that the
 * leading word does not have. */
VQC_MUST_CHECK vqc_status vqc_schema_apply(const vqc_schema *schema, void *object, const vqc_yaml_node *mapping,
                                           const vqc_schema *except, vqc_error *error);
/* Changes one by its dotted key; `place` is where the key stands. */
VQC_MUST_CHECK vqc_status vqc_schema_apply_key(const vqc_schema *schema, void *object, const char *key,
                                               const vqc_yaml_node *value, const vqc_yaml_node *place,
                                               vqc_error *error);

/* Whether a field of the table is there, as its leader has it among its options; and is not that one's default. */
bool vqc_schema_has(const vqc_schema *schema, const void *object, const vqc_field *field);
bool vqc_schema_is_given(const vqc_schema *schema, const void *object, const vqc_field *field);

/* Finds the first field in which two objects differ, of those that vqc_schema_read reads but
 * paths, in what is written of them; *differs_out is NULL where there is none. Then `was` and `is`, both empty
 * before, hold the two values. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_schema_compare(const vqc_schema *schema, const void *left, const void *right,
                                             const vqc_field **differs_out, vqc_text *was, vqc_text *is,
                                             vqc_error *error);

/* Appends the object as lines indented by two, "  steps: 400"; keys with a dot as one line, "  l2: {weight: 1}". */
VQC_MUST_CHECK vqc_status vqc_schema_write(const vqc_schema *schema, const void *object, vqc_text *text,
                                           vqc_error *error);

#endif
