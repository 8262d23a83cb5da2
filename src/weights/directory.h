#ifndef VQC_WEIGHTS_DIRECTORY_H
#define VQC_WEIGHTS_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "weights/weights.h"

/* What a file holds: tensors by name, and the storages (runs of bytes) that they are views of. The readers of the
 * formats fill it; everything in it is checked. */

/* One run of bytes of the file. */
typedef struct vqc_storage {
    const uint8_t *bytes; /* in the mapped file; NULL where a zip file holds it compressed */
    uint64_t size;        /* bytes, uncompressed */
    uint64_t zip_index;   /* number of the zip entry */
    uint32_t checksum;    /* CRC-32 of the bytes, which is still to be compared while must_check is set */
    bool must_check;
    bool known; /* the fields above are filled */
} vqc_storage;

/* One tensor: element (i0, i1, ...) is found at start + (i0·stride[0] + i1·stride[1] + ...) elements. */
typedef struct vqc_directory_entry {
    vqc_weights_tensor tensor; /* first, so that a public tensor can be turned back into its entry */
    size_t storage;            /* index into the directory's storages */
    uint64_t start;            /* byte of the first element in the storage */
    int64_t stride[VQC_WEIGHTS_MAX_RANK];
    size_t file;   /* number of its file among the model's */
    bool was_read; /* its elements were asked for, and given */
} vqc_directory_entry;

typedef struct vqc_directory_text {
    char *key;
    char *value;
} vqc_directory_text;

/* Initialise with {.file_size = bytes}, and with .key, a copy, where one is wanted. */
typedef struct vqc_directory {
    uint64_t file_size;
    vqc_directory_entry *entries; /* in the file's order */
    size_t count, capacity;
    const vqc_directory_entry **by_name; /* the same, sorted; made by vqc_directory_finish */
    vqc_storage *storages;               /* allocated by the format's reader */
    size_t storage_count;
    vqc_directory_text *texts;
    size_t text_count, text_capacity;
    char *key; /* of the part of the file that the tensors were under, or shall be; NULL: at its top, or any */
} vqc_directory;

/* Sets the strides and the count of a row-major tensor from its shape. VQC_BAD_INPUT for a negative size and for
 * more elements than can be counted. */
VQC_MUST_CHECK vqc_status vqc_directory_entry_lay_out(vqc_directory_entry *entry, vqc_error *error);

/* Adds a tensor. The entry is complete but for its name and count; `limit` is the number of bytes at the beginning
 * of its storage that the tensor may touch, at most the storage's size. Checks the name (UTF-8, no NUL), sizes,
 * strides and that every element lies before the limit; of an unreadable tensor only name and sizes. Errors do not
 * name the tensor; the caller does. */
VQC_MUST_CHECK vqc_status vqc_directory_add(vqc_directory *directory, const vqc_directory_entry *entry,
                                            const char *name, size_t name_size, uint64_t limit, vqc_error *error);

/* Adds a text stored beside the tensors. */
VQC_MUST_CHECK vqc_status vqc_directory_add_text(vqc_directory *directory, const char *key, const char *value,
                                                 vqc_error *error);

/* After the last tensor: makes the index of names. A name that appears twice is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_directory_finish(vqc_directory *directory, vqc_error *error);

/* The tensor of that name, NULL if there is none. */
const vqc_directory_entry *vqc_directory_find(const vqc_directory *directory, const char *name);

void vqc_directory_release(vqc_directory *directory);

#endif
