#ifndef VQC_BASE_TEXT_FILE_H
#define VQC_BASE_TEXT_FILE_H

#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

/* The one reader of texts that users give: job files, lists of prompts, configurations. A text is UTF-8 without NUL
 * bytes; a byte-order mark before it is not part of it. */

/* Reads a file once and whole, marks and all; it is not looked at whether the bytes are a text. VQC_BAD_INPUT, naming
 * the path: it cannot be opened or read, is no regular file (with the word for what it is; a pipe or a device might
 * never end), has more than `maximum` bytes, or changes while it is read. */
VQC_MUST_CHECK vqc_status vqc_text_file_read(const char *path, size_t maximum, vqc_text *text_out, vqc_error *error);

/* That the bytes are a text; *start_out is where it begins, 3 behind a byte-order mark. VQC_BAD_INPUT, with
 * "NAME:LINE:COLUMN" (columns count characters): a NUL byte, or what is not UTF-8, with what it seems to be. */
VQC_MUST_CHECK vqc_status vqc_text_check(const char *name, const char *bytes, size_t size, size_t *start_out,
                                         vqc_error *error);

#endif
