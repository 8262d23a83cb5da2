#ifndef VQC_WEIGHTS_MAP_H
#define VQC_WEIGHTS_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A file mapped into memory, read-only. Its pages are read when they are touched and belong to the system's cache,
 * so that a file of any size costs no memory until then. The file must not be shortened while it is mapped: that
 * ends the process (SIGBUS), as with every program that maps files. A file that is not there, or is none of these,
 * is VQC_BAD_INPUT. */
typedef struct vqc_map {
    const uint8_t *data;
    size_t size; /* at least 1 */
} vqc_map;

/* Maps a regular file that is not empty. The error does not name the path, which the caller puts in front. */
VQC_MUST_CHECK vqc_status vqc_map_open(const char *path, vqc_map *map, vqc_error *error);
void vqc_map_close(vqc_map *map);

/* Tells the system that these bytes of a map are not needed soon, so that they stop counting as this process's
 * memory. They stay readable. */
void vqc_map_forget(const void *bytes, size_t size);

#endif
