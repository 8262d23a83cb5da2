#ifndef VQC_CLI_SETTINGS_JSON_H
#define VQC_CLI_SETTINGS_JSON_H

#include "base/text.h"

/* Appends the settings of a render, as an archive has them (a job file's `render` mapping, YAML), as JSON on one
 * line, without the mapping's name; real numbers with as few digits as give the same one. `name` stands for the text
 * in errors; a text that is no such mapping is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_settings_json_append(const char *name, const char *settings, vqc_text *json,
                                                   vqc_error *error);

#endif
