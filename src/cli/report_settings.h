#ifndef VQC_CLI_REPORT_SETTINGS_H
#define VQC_CLI_REPORT_SETTINGS_H

#include <jansson.h>

#include "base/status.h"

/* The settings of a render, as an archive has them (a job file's `render` mapping), as a flat JSON object: the whole
 * way to each key, without "render.", with its value as text: {"optimizer.lr": "0.5", "size": "[64, 64]"}. Real
 * numbers have as few digits as give the same one. Lists, and what is in them, are on one line. `name` stands for the
 * text in errors; a text that is no such mapping is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_report_settings_read(const char *name, const char *settings, json_t **object_out,
                                                   vqc_error *error);

#endif
