#ifndef VQC_CLI_SHIPPED_JOBS_H
#define VQC_CLI_SHIPPED_JOBS_H

#include <stdio.h>

#include "base/status.h"
#include "study/study.h"

/* The job files that come with the program. They are found from where the program itself lies, so that an installed
 * folder can be moved as a whole: share/vqclip/jobs of its prefix; the folder of a build has a link there.
 * Their names are those of the files, without ".yaml" and with the folder they are in: "quickstart", "demo/styles".
 */

/* Opens the study that a command is given, as vqc_study_open does: the file of that path, or, where there is none and
 * the path does not end in ".yaml", the shipped job of that name. VQC_BAD_INPUT where it is neither, which names a
 * file JOB.yaml that is there, or the nearest shipped one, or where they were looked for; and where a file JOB.yaml,
 * other than the shipped one, could be meant as well. */
VQC_MUST_CHECK vqc_status vqc_shipped_study_open(const char *job, vqc_study **study_out, vqc_error *error);

/* Prints the shipped jobs, a line each in order of name: the name, and the first sentence of what the file says of
 * itself; names alone with `names_only`. VQC_FAILED where they are not beside the program. */
VQC_MUST_CHECK vqc_status vqc_shipped_jobs_print(FILE *stream, bool names_only, vqc_error *error);

#endif
