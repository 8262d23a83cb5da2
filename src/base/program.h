#ifndef VQC_BASE_PROGRAM_H
#define VQC_BASE_PROGRAM_H

#include <stdbool.h>

#include "base/status.h"

/* Runs another program, which is looked for on PATH, and waits for it; there is no shell between. words: its name,
 * what it is told, and NULL. It reads nothing, and what it prints is dropped, but for the first line of its errors,
 * which is the reason where it ends with another exit code than 0 or by a signal: VQC_FAILED. Where there is no such
 * program that is no failure: *found_out is false. It has this process's signals, none of them blocked. */
VQC_MUST_CHECK vqc_status vqc_program_run(const char *const *words, bool *found_out, vqc_error *error);

#endif
