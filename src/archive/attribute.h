#ifndef VQC_ARCHIVE_ATTRIBUTE_H
#define VQC_ARCHIVE_ATTRIBUTE_H

#include <hdf5.h>

#include "base/status.h"

/* Attributes of an open dataset, which says the name of its file and its own in errors: what other programs read of
 * it. Each can be written once. */
typedef struct vqc_attribute_owner {
    hid_t id;
    const char *file_path, *path;
} vqc_attribute_owner;

VQC_MUST_CHECK vqc_status vqc_attribute_text(const vqc_attribute_owner *owner, const char *name, const char *text,
                                             vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_attribute_texts(const vqc_attribute_owner *owner, const char *name,
                                              const char *const *texts, size_t count, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_attribute_bytes(const vqc_attribute_owner *owner, const char *name,
                                              const uint8_t *bytes, size_t count, vqc_error *error);

/* A dataset and the dimension of it that a scale is of. */
typedef struct vqc_attribute_use {
    hobj_ref_t dataset;
    int dimension;
} vqc_attribute_use;

/* The two halves of "HDF5 Dimension Scale Specification": of a dataset the scale of each dimension, 0 where it has
 * none; and of a scale its name and where it is used. */
VQC_MUST_CHECK vqc_status vqc_attribute_scales(const vqc_attribute_owner *owner, const hobj_ref_t *scales,
                                               size_t count, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_attribute_scale(const vqc_attribute_owner *owner, const char *name,
                                              const vqc_attribute_use *uses, size_t count, vqc_error *error);

#endif
