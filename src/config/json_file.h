#ifndef VQC_CONFIG_JSON_FILE_H
#define VQC_CONFIG_JSON_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* How a JSON file is read. */
typedef struct vqc_json_file_form {
    size_t maximum; /* bytes */
    bool optional;  /* it need not be there */
    bool reals;     /* every integer as a real: some files have integers of any size */
} vqc_json_file_form;

/* Reads a JSON file as every text that users give (base/text_file.h); keys may not stand twice in one object.
 * VQC_BAD_INPUT: what vqc_text_file_read and vqc_text_check refuse, and what is not JSON, with its line and column.
 * The value is the caller's, to be released with json_decref(); NULL, without an error, where an optional file is not
 * there. */
VQC_MUST_CHECK vqc_status vqc_json_file_read_as(const char *path, const vqc_json_file_form *form, json_t **root_out,
                                                vqc_error *error);

/* The same of a file that must be there, of at most 64 MiB. */
VQC_MUST_CHECK vqc_status vqc_json_file_read(const char *path, json_t **root_out, vqc_error *error);

#endif
