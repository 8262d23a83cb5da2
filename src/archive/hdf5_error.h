#ifndef VQC_ARCHIVE_HDF5_ERROR_H
#define VQC_ARCHIVE_HDF5_ERROR_H

#include "base/status.h"

/* Keeps HDF5 from printing its errors, in this thread, and from putting the library away when the process ends: after
 * a write that failed (a full disk) HDF5 has data left that it cannot write, and 1.10.8 faults there. What is to be
 * closed is closed. To be called before any other function of HDF5, and as often as one likes. */
void vqc_hdf5_begin(void);

/* Fills the error with the formatted text, followed by the deepest message on HDF5's error stack, which is nearest
 * to the cause. To be called directly after the HDF5 function that failed. Returns the status. */
vqc_status vqc_hdf5_error_set(vqc_error *error, vqc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
