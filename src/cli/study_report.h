#ifndef VQC_CLI_STUDY_REPORT_H
#define VQC_CLI_STUDY_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"
#include "base/text.h"
#include "study/study.h"

/* Prints a study as its job file expands: its renders, and how its prompts were understood. Text for people lists the
 * targets of those prompts that are more than one text of weight 1, and of texts with a colon, that nobody need
 * wonder what was taken for a weight; JSON lists all. Then come the remarks, as
 * vqc_study_check makes them. Fails as vqc_json_print does. */
VQC_MUST_CHECK vqc_status vqc_study_report_print(const vqc_study *study, const vqc_text *remarks, bool json,
                                                 vqc_error *error);

/* Prints remarks, a line each, with a text before it. */
void vqc_study_remarks_print(FILE *stream, const char *before, const vqc_text *remarks);

#endif
