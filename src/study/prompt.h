#ifndef VQC_STUDY_PROMPT_H
#define VQC_STUDY_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "config/yaml.h"
#include "study/curve.h"
#include "study/settings.h"
#include "study/storage.h"

/* What a picture is drawn towards (with a positive weight) or away from. */
typedef enum vqc_target_kind {
    VQC_TARGET_TEXT,
    VQC_TARGET_IMAGE,     /* a picture file, embedded by every perceptor */
    VQC_TARGET_EMBEDDING, /* a row of a tensor in a safetensors file */
    VQC_TARGET_NOISE      /* a vector of normal random numbers from a seed */
} vqc_target_kind;

typedef struct vqc_target {
    vqc_target_kind kind;
    const char *text;        /* text */
    const char *file;        /* image, embedding */
    const char *tensor;      /* embedding */
    int64_t row;             /* embedding */
    uint64_t seed;           /* noise */
    double weight;           /* where it changes, the largest on the way */
    const vqc_curve *curve;  /* of the weight; NULL: it stays */
    int32_t phrase, phrases; /* of a story: which, from 0, and of how many; 0 of 0: there is none */
    double stop;             /* the gradient flows only while the distance, signed like the weight, is above it */
} vqc_target;

typedef struct vqc_prompt {
    const char *id;       /* unique in the study */
    const char *text;     /* as the job file has it, for people */
    const char *category; /* of prompts to compare; NULL: none is given */
    bool seeded;          /* it is rendered with this seed alone, not with the study's */
    uint64_t seed;
    vqc_target *targets;
    size_t target_count;
    const vqc_yaml_node *node; /* where it stands, in the job file or a table; NULL for a line of a text file */
} vqc_prompt;

/* The weight at a step, from 0, of a render with these settings; whether it is not always the same. */
double vqc_target_weight(const vqc_target *target, const vqc_settings *settings, int64_t step);
bool vqc_target_changes(const vqc_target *target);

/* A story with a phrase that no step of a render with these settings tells is VQC_BAD_INPUT; other targets are not.
 */
VQC_MUST_CHECK vqc_status vqc_target_story_check(const vqc_target *target, const vqc_settings *settings,
                                                 vqc_error *error);

/* Appends what a render with these settings is told at a step, from 0, for people: of a story the phrase that has the
 * most of the step, without what it is to avoid; else the prompt's text. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_prompt_told(const vqc_prompt *prompt, const vqc_settings *settings, int64_t step,
                                          vqc_text *text, vqc_error *error);

/* Splits a prompt "a painting of X | blurry:-0.5 | red:1:0.3" at the bars into targets; a number behind a colon is
 * the weight (default 1), a second one the stop (default −∞); U+2212 is a minus too. With ^ among the signs it is a
 * story, split into phrases before. A sign behind a backslash is part of the text if it is among them, and so is a
 * colon that nothing like a number follows. VQC_BAD_INPUT for a part without text, a weight out of the range that it
 * has in a mapping, and for what begins like a number and is none: taken as text it would pull the picture towards
 * what was to be avoided. The result belongs to the storage. */
VQC_MUST_CHECK vqc_status vqc_prompt_split(const char *text, const char *signs, vqc_study_storage *storage,
                                           vqc_target **targets_out, size_t *count_out, vqc_error *error);

/* Reads one entry of the list of prompts: a text, or a mapping with `text` or `targets`. Its settings are left to the
 * caller (vqc_prompt_schema has the keys that are not settings). `number` counts from 1 and is the id where none is
 * given. */
VQC_MUST_CHECK vqc_status vqc_prompt_read(const vqc_yaml_node *node, size_t number, const char *signs,
                                          vqc_study_storage *storage, vqc_prompt *prompt_out, vqc_error *error);

#endif
