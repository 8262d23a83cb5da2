#ifndef VQC_BASE_PROGRAM_H
#define VQC_BASE_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"

/* Runs another program, which is looked for on PATH, and waits for it; there is no shell between. words: its name,
 * what it is told, and NULL. It reads nothing, and what it prints is dropped, but for the first line of its errors,
 * which is the reason where it ends with another exit code than 0 or by a signal: VQC_FAILED. Where there is no such
 * program that is no failure: *found_out is false. It has this process's signals, none of them blocked. */
VQC_MUST_CHECK vqc_status vqc_program_run(const char *const *words, bool *found_out, vqc_error *error);

/* Starts a program and does not wait for it. `file`: its path, or a name that is looked for on PATH; words: what it
 * is called, what it is told, and NULL. It reads nothing; `output` and `errors` are descriptors for what it prints,
 * -1 for nowhere. It has this process's signals, none of them blocked, as this process's threads may block all.
 * Returns a code of errno, 0 where it runs; the caller waits for *process_out. */
int vqc_program_start(const char *file, const char *const *words, int output, int errors, pid_t *process_out);

#endif
