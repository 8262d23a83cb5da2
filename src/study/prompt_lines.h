#ifndef VQC_STUDY_PROMPT_LINES_H
#define VQC_STUDY_PROMPT_LINES_H

#include <stddef.h>

#include "base/status.h"
#include "study/storage.h"

/* A list of prompts as a text file: one a line, blanks at its end do not count, nor do lines without anything. */

typedef struct vqc_prompt_line {
    const char *text;
    size_t number; /* of the line, from 1 */
} vqc_prompt_line;

typedef struct vqc_prompt_lines {
    vqc_prompt_line *lines;
    size_t count;
} vqc_prompt_lines;

/* Reads the file; texts and lines belong to the storage. VQC_BAD_INPUT, naming file and line: what is no text
 * (base/text_file.h), a file of more than 1 GiB, a line of more than 16382 bytes, a carriage return inside a line,
 * and tables and documents, whose lines are no prompts: by the end of the name, where every line has a tab, and
 * where the first line is the heading of a table. Tables are read by study/prompt_table.h. */
VQC_MUST_CHECK vqc_status vqc_prompt_lines_read(const char *path, vqc_study_storage *storage,
                                                vqc_prompt_lines *lines_out, vqc_error *error);

#endif
