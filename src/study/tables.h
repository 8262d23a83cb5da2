#ifndef VQC_STUDY_TABLES_H
#define VQC_STUDY_TABLES_H

#include "study/prompt.h"
#include "study/schema.h"
#include "study/settings.h"

/* The tables of the job file beside that of the settings (settings.h), for those who read it and for the manual. */

/* ---- job_table.c ---- */

/* A target as its mapping has it. */
typedef struct vqc_target_form {
    vqc_target target;
    vqc_curve weight_curve;
} vqc_target_form;

extern const vqc_schema vqc_study_schema;        /* the whole job file; vqc_study */
extern const vqc_schema vqc_models_schema;       /* no object: its keys are mappings and lists */
extern const vqc_schema vqc_generator_schema;    /* vqc_generator_source */
extern const vqc_schema vqc_perceptor_schema;    /* vqc_perceptor_source */
extern const vqc_schema vqc_prompt_schema;       /* the keys of a prompt that are no settings; vqc_prompt */
extern const vqc_schema vqc_prompt_table_schema; /* vqc_prompt_table_form */
extern const vqc_schema vqc_target_schema;       /* vqc_target_form */
extern const vqc_schema vqc_embedding_schema;    /* vqc_target */

/* ---- optimisers_table.c: by vqc_optimiser_kind, with the options that each has ---- */

extern const vqc_word vqc_optimiser_words[VQC_OPTIMISER_COUNT];

/* ---- inits_table.c ---- */

/* A form of init: a word alone where it has no fields, {word: value} where it is bare, else {word: {...}}. */
typedef struct vqc_init_form {
    const char *word;
    bool alone;        /* the word may stand alone although it has fields: they are the defaults */
    bool bare;         /* its first field is the value itself, and the others stand beside it */
    vqc_schema schema; /* vqc_init */
} vqc_init_form;

extern const vqc_init_form vqc_init_forms[VQC_INIT_COUNT]; /* by vqc_init_kind */
extern const vqc_field_hooks vqc_init_hooks;               /* vqc_settings */

/* ---- mask_table.c ---- */

enum { VQC_MASK_SCHEMA_COUNT = 2 };
extern const vqc_schema vqc_mask_schemas[VQC_MASK_SCHEMA_COUNT]; /* vqc_mask: of a picture, of a text */
extern const vqc_field_hooks vqc_mask_hooks;                     /* vqc_settings */

/* ---- augmentations_table.c ---- */

extern const vqc_field_hooks vqc_augmentations_hooks; /* vqc_settings */

const char *vqc_augmentation_says(vqc_augmentation_kind kind);
/* What the last field of all of them is. */
extern const vqc_field vqc_augmentation_crops_field;
/* The fields of an augmentation, `p` first, into the array; their number. Objects are vqc_augmentation. */
size_t vqc_augmentation_fields(vqc_augmentation_kind kind, vqc_field fields[VQC_SCHEMA_FIELDS]);

#endif
