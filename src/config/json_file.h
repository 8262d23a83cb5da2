#ifndef VQC_CONFIG_JSON_FILE_H
#define VQC_CONFIG_JSON_FILE_H

#include <jansson.h>

#include "base/status.h"

/* Reads a JSON file as every text that users give (base/text_file.h); keys may not stand twice in one object.
 * VQC_BAD_INPUT: what vqc_text_file_read and vqc_text_check refuse, more than 64 MiB, and what is not JSON, with its
 * line and column. The value is the caller's, to be released with json_decref(). */
VQC_MUST_CHECK vqc_status vqc_json_file_read(const char *path, json_t **root_out, vqc_error *error);

#endif
