/* Times of the command line: any text is a time or a one-line error, and a time in seconds is read as the same. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/duration.h"
#include "fuzz.h"

static const double most_seconds = 999999999.0; /* nine digits: the longest first number */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vqc_error error = {0};
    double seconds = 0.0;
    double again = 0.0;
    char digits[32];
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    vqc_status status = vqc_duration_parse("--time-limit", text, &seconds, &error);
    free(text);
    if (status != VQC_OK) {
        if (strncmp(error.message, "--time-limit", 12) != 0 || strchr(error.message, '\n') != NULL)
            abort();
        return 0;
    }
    if (!(seconds >= 1.0 && seconds <= (most_seconds + 1.0) * 86400.0))
        abort();
    (void)snprintf(digits, sizeof digits, "%.0f", seconds);
    if (seconds <= most_seconds &&
        (vqc_duration_parse("--time-limit", digits, &again, &error) != VQC_OK || again != seconds))
        abort();
    return 0;
}
