#ifndef VQC_ARCHIVE_SEAL_H
#define VQC_ARCHIVE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

/* The seal of an archive: the SHA-256 of everything in its file that launches never write, which is HDF5's own
 * structures and all that was known when the archive was made. It stands in the user block, which HDF5 leaves to
 * others, at the file's start, as text (README.md shows it), and is looked at before HDF5 sees the file: one changed
 * byte there is enough to make HDF5 fault.
 *
 * It is written once, before the archive has its name, and never changes: no crash can part it from what it is of. */

/* The parts of the file that launches write. */
typedef struct vqc_seal {
    vqc_digest_range *written;
    size_t count, capacity;
} vqc_seal;

/* Size of the user block that has room for this number of written parts: a power of two, as HDF5 wants it. */
uint64_t vqc_seal_block_bytes(size_t written);

/* Adds a part. The seal starts as all zeros, and is to be released also after a failure. */
VQC_MUST_CHECK vqc_status vqc_seal_add(vqc_seal *seal, uint64_t offset, uint64_t size, vqc_error *error);
void vqc_seal_release(vqc_seal *seal);

/* Writes the seal into the file, which is complete and has a user block of this size. Sorts the parts. */
VQC_MUST_CHECK vqc_status vqc_seal_write(vqc_seal *seal, const char *path, uint64_t block_bytes, vqc_error *error);

/* Whether the file has a seal; one that does not fit the file is VQC_BAD_INPUT. Memory: that of the block, which is
 * within the file. */
VQC_MUST_CHECK vqc_status vqc_seal_check(const char *path, bool *sealed_out, vqc_error *error);

#endif
