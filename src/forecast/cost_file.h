#ifndef VQC_FORECAST_COST_FILE_H
#define VQC_FORECAST_COST_FILE_H

#include <jansson.h>

#include "forecast/cost_table.h"

/* Measured costs as JSON: the member "costs" of what `vqclip plan JOB --ranks N --json` prints. */

/* A new object; NULL without memory. `environment` is where they were measured. */
json_t *vqc_cost_table_to_json(const vqc_cost_table *table, const char *environment);

/* Reads such a print out of a file, made for a study of as many perceptors. What is missing or of the wrong type is
 * VQC_BAD_INPUT, except that files of before there were lanes, which lack "lanes", are costs of one lane. The table
 * is to be released also after a failure; initialise it with {0}. */
VQC_MUST_CHECK vqc_status vqc_cost_table_read(const char *path, size_t perceptors, vqc_cost_table *table,
                                              vqc_error *error);

#endif
