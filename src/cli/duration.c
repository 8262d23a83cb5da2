#include "cli/duration.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { DIGITS_MAXIMUM = 9 };

/* Reads digits at *at and moves it behind them; false if there are none, too many, or, where there must be two of
 * them, another number or a value that reaches the limit. */
static bool number_read(const char **at, bool two, long limit, long *number)
{
    size_t count = strspn(*at, "0123456789");
    if (count == 0 || count > DIGITS_MAXIMUM || (two && count != 2))
        return false;
    *number = 0;
    for (size_t i = 0; i < count; i++)
        *number = *number * 10 + (*(*at)++ - '0');
    return !two || *number < limit;
}

/* Reads "-HH:MM:SS", ":MM:SS" or ":SS" behind the first number. */
static bool rest_read(const char *at, long *seconds)
{
    bool days = *at == '-';
    size_t colons = 0;
    for (const char *c = at; *c != '\0'; c++)
        colons += *c == ':';
    if (colons > 2 || (days && colons != 2))
        return false;
    for (bool hours = days; *at != '\0'; hours = false) {
        long number;
        if (*at++ != (hours ? '-' : ':') || !number_read(&at, true, hours ? 24 : 60, &number))
            return false;
        *seconds = *seconds * (hours ? 24 : 60) + number;
    }
    return true;
}

vqc_status vqc_duration_parse(const char *option, const char *text, double *seconds_out, vqc_error *error)
{
    const char *at = text;
    long seconds;
    if (!number_read(&at, false, 0, &seconds) || !rest_read(at, &seconds) || seconds == 0)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: expected a time above zero as SECONDS, MM:SS, HH:MM:SS or D-HH:MM:SS, found '%s'",
                             option, text);
    *seconds_out = (double)seconds;
    return VQC_OK;
}
