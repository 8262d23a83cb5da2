#ifndef VQC_WEIGHTS_ZIP_H
#define VQC_WEIGHTS_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "weights/directory.h"
#include "weights/map.h"

/* A zip file within a map, read-only. Entries that are stored as they are (all that PyTorch writes) are read where
 * they lie in the map; compressed ones are inflated into heap memory. */
typedef struct vqc_zip vqc_zip;

/* Reads the zip file's own directory. The map must stay while the zip is open. */
VQC_MUST_CHECK vqc_status vqc_zip_open(const vqc_map *map, vqc_zip **zip_out, vqc_error *error);
/* NULL is allowed. */
void vqc_zip_close(vqc_zip *zip);

/* Number of entries, and the name of each; NULL for a name that cannot be read. */
uint64_t vqc_zip_count(const vqc_zip *zip);
const char *vqc_zip_name(const vqc_zip *zip, uint64_t index);

/* The number of the entry with that name, -1 if there is none. */
int64_t vqc_zip_find(const vqc_zip *zip, const char *name);

/* Where an entry's bytes are. VQC_BAD_INPUT names the entry, where its place or size cannot be, it is encrypted or
 * compressed in a way that is not supported. */
VQC_MUST_CHECK vqc_status vqc_zip_locate(vqc_zip *zip, uint64_t index, vqc_storage *storage_out, vqc_error *error);

/* The bytes of an entry, after comparing their checksum (the first time; not in a file whose checksums are all 0,
 * which says that they were not computed): in the map, or where the entry is compressed in heap memory that *heap_out
 * then holds and the caller frees; else *heap_out is NULL. */
VQC_MUST_CHECK vqc_status vqc_zip_read(vqc_zip *zip, vqc_storage *storage, const uint8_t **bytes_out,
                                       uint8_t **heap_out, vqc_error *error);

#endif
