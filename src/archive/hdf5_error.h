#ifndef VQC_ARCHIVE_HDF5_ERROR_H
#define VQC_ARCHIVE_HDF5_ERROR_H

#include "base/status.h"

/* Keeps HDF5 from printing its errors, in this thread. */
void vqc_hdf5_error_silence(void);

/* Fills the error with the formatted text, followed by the deepest message on HDF5's error stack, which is nearest
 * to the cause. To be called directly after the HDF5 function that failed. Returns the status. */
vqc_status vqc_hdf5_error_set(vqc_error *error, vqc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
