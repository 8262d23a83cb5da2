#ifndef VQC_WEIGHTS_GATHER_H
#define VQC_WEIGHTS_GATHER_H

#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "weights/directory.h"

/* Converts count elements that lie one after another at source (any alignment) into the target's type. */
typedef void (*vqc_gather_convert)(vqc_dtype dtype, const void *source, size_t count, void *target);

/* Reads a tensor, which may be strided, out of its storage's bytes into a contiguous row-major target whose elements
 * have target_size bytes. Works in pieces; where the bytes are those of a mapped file (`mapped`), every piece is
 * given back to the system when it is done. */
void vqc_gather(const vqc_directory_entry *entry, const uint8_t *bytes, bool mapped, vqc_gather_convert convert,
                size_t target_size, void *target);

#endif
