#ifndef VQC_TEXT_CHARSMAP_H
#define VQC_TEXT_CHARSMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* sentencepiece's precompiled map of characters to others: a little-endian u32, the bytes of a double array (a tree
 * of keys in the form of Darts-clone); the array's u32 units; then the replacements, each with a NUL. Initialise with
 * {0}. */
typedef struct vqc_charsmap {
    uint32_t *units;
    size_t unit_count;
    char *replacements; /* with a NUL at their end */
    size_t replacements_size;
} vqc_charsmap;

/* Reads the map's bytes. `name` stands for the place in messages; wrong sizes are VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_charsmap_init(vqc_charsmap *map, const char *name, const unsigned char *bytes,
                                            size_t size, vqc_error *error);
/* The same from base64. */
VQC_MUST_CHECK vqc_status vqc_charsmap_init_base64(vqc_charsmap *map, const char *name, const char *text,
                                                   vqc_error *error);
void vqc_charsmap_release(vqc_charsmap *map);

/* The replacement of a key that text begins with, and how many bytes the key has: the shortest key, or the longest.
 * NULL where none fits. Belongs to the map. */
const char *vqc_charsmap_find(const vqc_charsmap *map, const char *text, size_t size, bool longest,
                              size_t *key_size_out);

#endif
