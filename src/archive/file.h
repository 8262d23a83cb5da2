#ifndef VQC_ARCHIVE_FILE_H
#define VQC_ARCHIVE_FILE_H

#include "archive/dataset.h"
#include "comm/comm.h"

/* Where in the file, behind the user block, HDF5 notes that somebody has it open for writing ("file consistency
 * flags" in the superblock, version 0): the only bytes of its own that a launch changes. */
enum { VQC_HDF5_MARK_OFFSET = 20, VQC_HDF5_MARK_BYTES = 4 };

/* Makes a new, empty HDF5 file in place of what is there, with a user block of this size, a power of two of at least
 * 512; by one process. The path must outlive the file. */
VQC_MUST_CHECK vqc_status vqc_hdf5_file_create(const char *path, uint64_t block_bytes, vqc_hdf5_file *file_out,
                                               vqc_error *error);

/* Opens an HDF5 file of this size, to write it too or to read it alone. With a comm of several ranks all of them
 * together; with NULL this process alone. A file that is not HDF5 is VQC_BAD_INPUT. */
typedef enum vqc_hdf5_access { VQC_HDF5_READS, VQC_HDF5_WRITES } vqc_hdf5_access;

VQC_MUST_CHECK vqc_status vqc_hdf5_file_open(const char *path, uint64_t bytes, vqc_hdf5_access access, vqc_comm *comm,
                                             vqc_hdf5_file *file_out, vqc_error *error);

/* Closes it, together with its comm's other ranks. Every dataset has been closed before. Can fail only in a file
 * that was created, as an opened one has nothing left to be written. One that is not open is allowed. */
vqc_status vqc_hdf5_file_close(vqc_hdf5_file *file, vqc_error *error);

#endif
