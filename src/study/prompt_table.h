#ifndef VQC_STUDY_PROMPT_TABLE_H
#define VQC_STUDY_PROMPT_TABLE_H

#include <stddef.h>

#include "base/status.h"
#include "config/yaml.h"

/* A list of prompts as a table, CSV or TSV (config/table.h): a row each, the columns named in the heading: id,
 * prompt, category, seed, and any setting by its key, "l2.weight" or "render.l2.weight". An empty cell is as if the
 * column were not there, for that prompt; a cell of a setting that begins with [ or { is YAML. */

/* How a job file asks for one where its columns are called otherwise. Members that are NULL: as above. */
typedef struct vqc_prompt_table_form {
    const char *file;
    const char *id, *prompt, *category, *seed; /* headings */
    const vqc_yaml_node *ignore;               /* a list of headings of columns that are left out */
    bool quotes_are_text;
} vqc_prompt_table_form;

/* The separator of tables with that ending, .csv, .tsv or .tab; 0 where the name is not a table's. */
char vqc_prompt_table_separator(const char *path);

/* The prompts of a table's text as a YAML document, a list of mappings as a job file has them; `path` stands for the
 * file. VQC_BAD_INPUT: what is no table; columns that are not known (with the nearest one that is), stand twice or
 * are missing; rows without a prompt. */
VQC_MUST_CHECK vqc_status vqc_prompt_table_parse(const char *path, const char *text, size_t size,
                                                 const vqc_prompt_table_form *form, vqc_yaml **yaml_out,
                                                 vqc_error *error);

/* The same of the file. */
VQC_MUST_CHECK vqc_status vqc_prompt_table_read(const char *path, const vqc_prompt_table_form *form,
                                                vqc_yaml **yaml_out, vqc_error *error);

#endif
