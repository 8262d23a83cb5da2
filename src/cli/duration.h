#ifndef VQC_CLI_DURATION_H
#define VQC_CLI_DURATION_H

#include "base/status.h"

/* Reads a time as "SECONDS", "MM:SS", "HH:MM:SS" or "D-HH:MM:SS". Behind the first number all have two digits and
 * stay below 60 (hours below 24); the first may be as long as it likes: "90:00" is an hour and a half. Zero, signs,
 * blanks and anything else are VQC_BAD_INPUT, named as the value of `option`. */
VQC_MUST_CHECK vqc_status vqc_duration_parse(const char *option, const char *text, double *seconds_out,
                                             vqc_error *error);

#endif
