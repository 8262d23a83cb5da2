#ifndef VQC_ARCHIVE_DATASET_H
#define VQC_ARCHIVE_DATASET_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* One dataset of an archive: contiguous in the file, allocated when it is created, of a size that never changes.
 * Those of a packed archive lie in compressed chunks, and are written once. */

/* An HDF5 file that is open. */
typedef struct vqc_hdf5_file {
    hid_t id;
    const char *path;
    uint64_t bytes; /* the file's size; datasets that are opened must lie within it */
} vqc_hdf5_file;

/* In the file numbers are little-endian, in memory native. */
typedef enum vqc_element {
    VQC_ELEMENT_U8,
    VQC_ELEMENT_U32,
    VQC_ELEMENT_U64,
    VQC_ELEMENT_I32,
    VQC_ELEMENT_F32,
    VQC_ELEMENT_F64,
    VQC_ELEMENT_TEXT, /* UTF-8 of fixed length, filled up with NULs; in memory the same */
} vqc_element;

enum { VQC_DATASET_MAX_RANK = 5, VQC_DATASET_PATH_SIZE = 64 };

typedef struct vqc_dataset_form {
    char path[VQC_DATASET_PATH_SIZE]; /* "/group/name" */
    vqc_element element;
    size_t text_bytes; /* of a text element, else 0 */
    int rank;          /* 0: a single element */
    hsize_t dims[VQC_DATASET_MAX_RANK];
} vqc_dataset_form;

typedef struct vqc_dataset {
    vqc_dataset_form form;
    hid_t id;
    hid_t type; /* of the elements in memory */
    size_t element_bytes;
    bool packed;           /* in chunks, which may be compressed */
    const char *file_path; /* the file's */
} vqc_dataset;

/* What deflate makes of so many bytes is never less than one (zlib, "Technical Details"): the bound of what a packed
 * file can hold. */
enum { VQC_DATASET_DEFLATE_MOST = 1032 };

/* Bytes that a dataset of this form takes; false where that does not fit 63 bits or a size is 0. */
bool vqc_dataset_form_bytes(const vqc_dataset_form *form, uint64_t *bytes_out);

/* Makes a dataset, and its group where that is not there yet. Its contents are undefined. */
VQC_MUST_CHECK vqc_status vqc_dataset_create(const vqc_hdf5_file *file, const vqc_dataset_form *form,
                                             vqc_dataset *dataset_out, vqc_error *error);

/* Makes one for a packed archive: in compressed chunks, all zeros until it is written; contiguous where it is so
 * small that this would be more, and then its contents are undefined. */
VQC_MUST_CHECK vqc_status vqc_dataset_create_packed(const vqc_hdf5_file *file, const vqc_dataset_form *form,
                                                    vqc_dataset *dataset_out, vqc_error *error);

/* Opens a dataset that must have this form; sizes (text_bytes, dims) of 0 in the form stand for any size and are
 * filled in in dataset_out->form. One that is something else, or not wholly within the file, is VQC_BAD_INPUT; so is
 * one in chunks that are larger than the file's bytes can give, or that another filter than HDF5's own deflate,
 * shuffle and fletcher32 was used on. */
VQC_MUST_CHECK vqc_status vqc_dataset_open(const vqc_hdf5_file *file, const vqc_dataset_form *form,
                                           vqc_dataset *dataset_out, vqc_error *error);

/* Whether there is anything at this path ("/group/name"). */
bool vqc_dataset_exists(const vqc_hdf5_file *file, const char *path);

/* A dataset that is all zeros is allowed. */
void vqc_dataset_close(vqc_dataset *dataset);

/* Write and read what is left of the dataset when its first `fixed` indices are given: 0 for all of it, 1 for a row,
 * and so on. An index out of range is VQC_FAILED. Independent of other ranks. */
VQC_MUST_CHECK vqc_status vqc_dataset_write(const vqc_dataset *dataset, int fixed, const uint64_t *index,
                                            const void *data, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_dataset_read(const vqc_dataset *dataset, int fixed, const uint64_t *index,
                                           void *data_out, vqc_error *error);

/* Number of bytes that those two move. */
size_t vqc_dataset_part_bytes(const vqc_dataset *dataset, int fixed);

/* Where in the file its bytes lie, in one piece. */
VQC_MUST_CHECK vqc_status vqc_dataset_place(const vqc_dataset *dataset, uint64_t *offset_out, uint64_t *bytes_out,
                                            vqc_error *error);

/* Writes zeros everywhere. */
VQC_MUST_CHECK vqc_status vqc_dataset_clear(const vqc_dataset *dataset, vqc_error *error);

#endif
