#include "archive/hdf5_error.h"

#include <hdf5.h>
#include <stdarg.h>
#include <stdio.h>

void vqc_hdf5_begin(void)
{
    (void)H5dont_atexit();
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* Walking upward meets the deepest entry first. */
static herr_t deepest_copy(unsigned depth, const H5E_error2_t *entry, void *message)
{
    if (depth == 0 && entry->desc)
        (void)snprintf(message, VQC_ERROR_MESSAGE_SIZE, "%s", entry->desc);
    return 0;
}

vqc_status vqc_hdf5_error_set(vqc_error *error, vqc_status status, const char *format, ...)
{
    char cause[VQC_ERROR_MESSAGE_SIZE] = "HDF5 gives no reason";
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, deepest_copy, cause);
    for (char *at = cause; *at != '\0'; at++)
        if (*at == '\n')
            *at = ' '; /* HDF5 puts dates into some messages, with their line ends */

    char text[VQC_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return vqc_error_set(error, status, "%s: %s", text, cause);
}
