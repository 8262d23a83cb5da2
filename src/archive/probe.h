#ifndef VQC_ARCHIVE_PROBE_H
#define VQC_ARCHIVE_PROBE_H

#include "base/status.h"

/* Opens the archive in a process of its own and closes it there, so that a file on which HDF5
 * faults or does not end costs that process alone: for archives without a seal. What it says of the file is passed
 * on; where it does not come back to say anything, that is VQC_BAD_INPUT too.
 *
 * The process is this program once more, started anew: nothing of a process that has threads, MPI or a GPU is copied,
 * as fork would. VQC_FAILED: it cannot be started. */
VQC_MUST_CHECK vqc_status vqc_archive_probe(const char *path, vqc_error *error);

#endif
