#ifndef VQC_STUDY_READER_H
#define VQC_STUDY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/yaml.h"
#include "study/storage.h"
#include "study/study.h"

/* Reading a job file, for the files of this module that do a part of it each: what a study keeps in memory until it
 * is closed, and what reading it needs. Errors are as vqc_study_open has them. */
typedef struct vqc_study_reader {
    vqc_study *study;
    vqc_study_storage *storage;
    vqc_yaml *yaml;
    vqc_yaml *table;    /* the prompts, where they came from one; NULL: they did not */
    const char *folder; /* of the job file: the first folder_size bytes, which end in a slash */
    int folder_size;
    const vqc_study_source *source; /* NULL: a file, and the files that it names must be there */
    size_t input_capacity;
} vqc_study_reader;

/* ---- reader.c ---- */

/* Makes a path of the job file one that is seen from where the program runs; the file must be there. NULL stays. */
VQC_MUST_CHECK vqc_status vqc_study_path_locate(vqc_study_reader *reader, const vqc_yaml_node *place,
                                                const char **path, vqc_error *error);

/* Does so with those of an owner that have a row in study/inputs.h, and adds them to the study's inputs; `place` is
 * named where one cannot be read. */
VQC_MUST_CHECK vqc_status vqc_study_inputs_locate(vqc_study_reader *reader, vqc_input_owner type, void *owner,
                                                  const vqc_yaml_node *place, vqc_error *error);

/* The edition that the job file is read by. */
vqc_edition vqc_study_edition(const vqc_study_reader *reader);

/* The signs of a prompt's text that a backslash makes text of (prompt.h); NULL: a line. A ^ has a meaning where the
 * prompt's settings, the study's or the sweep have a key of story; elsewhere it is text, as it always was. The first
 * edition did not know \|. */
const char *vqc_study_signs(const vqc_study_reader *reader, const vqc_yaml_node *prompt);

/* ---- choices.c ---- */

/* Checks the job file's lists of choices; `root` may have none. */
VQC_MUST_CHECK vqc_status vqc_study_choices_check(const vqc_yaml_node *root, vqc_error *error);

/* Whether the prompt's text has a brace, where the job file has choices. */
bool vqc_study_chooses(const vqc_yaml_node *root, const vqc_prompt *prompt);

/* The prompt as a seed has it: with a text in place of each {NAME}, drawn by seed, text and place alone, so that it
 * does not change with what else the study has. VQC_BAD_INPUT for names without a list and braces without an end. */
VQC_MUST_CHECK vqc_status vqc_study_choose(vqc_study_reader *reader, const vqc_prompt *prompt, uint64_t seed,
                                           vqc_prompt *chosen_out, vqc_error *error);

/* Refuses braces in texts of a prompt that are not filled in, those of its targets and of a mask, where the job file
 * has choices. */
VQC_MUST_CHECK vqc_status vqc_study_choices_elsewhere(const vqc_study_reader *reader, const vqc_prompt *prompt,
                                                      const vqc_settings *settings, vqc_error *error);

/* ---- seeds.c ---- */

/* The seeds of the node, 0 where there is none: a list of numbers and ranges "3..7", such a range, or {count, from}.
 * They belong to the storage. Two equal ones would make the same pictures twice, under the same ids, and are refused;
 * archives of version 0.1 may have them. */
VQC_MUST_CHECK vqc_status vqc_study_seeds_read(vqc_study_reader *reader, const vqc_yaml_node *node,
                                               const uint64_t **seeds_out, size_t *count_out, vqc_error *error);

/* ---- sources.c ---- */

/* Finds the render that each render starts from, where its init says so, and so the waves. VQC_BAD_INPUT for ids that
 * there are not, and for circles, which are named. */
VQC_MUST_CHECK vqc_status vqc_study_sources_find(vqc_study_reader *reader, vqc_error *error);

/* ---- expansion.c ---- */

enum { VQC_STUDY_MAX_RENDERS = 10000000 };

/* Fills in the renders: every prompt with every seed and every combination of the sweep. The prompts are read. */
VQC_MUST_CHECK vqc_status vqc_study_expand(vqc_study_reader *reader, const vqc_yaml_node *root, vqc_error *error);

#endif
