#ifndef VQC_CLI_REPORT_DATA_H
#define VQC_CLI_REPORT_DATA_H

#include <stdio.h>

#include <jansson.h>

#include "cli/report_pictures.h"

/* What a page has of an archive besides pictures and curves, as a new JSON value: its study, job, models, inputs,
 * launches and shapes, the settings that its renders have, and each render's id, prompt, category, seed (a text of
 * digits), state, loss, digests, and the reason of a failure. Every done render is compared with all its digests, as
 * `verify` does; `damaged` counts those that do not have theirs. Fills in archive->done. Settings that are no mapping
 * are VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_report_data_make(vqc_report_archive *archive, size_t *damaged, json_t **data_out,
                                               vqc_error *error);

/* Writes the value as JSON of ASCII alone that no browser takes for the end of a script's text, or for HTML: <, > and
 * & of texts are escaped too. A value that memory was lacking for is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_report_data_write(FILE *stream, const json_t *value, vqc_error *error);

#endif
