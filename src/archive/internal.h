#ifndef VQC_ARCHIVE_INTERNAL_H
#define VQC_ARCHIVE_INTERNAL_H

#include <hdf5.h>

#include "archive/archive.h"
#include "archive/dataset.h"
#include "archive/layout.h"
#include "archive/lock.h"
#include "archive/outline.h"

/* What an open archive consists of, for the files of this module. */

typedef struct vqc_shape_datasets {
    vqc_dataset table[VQC_SHAPE_TABLE_COUNT]; /* all zeros where the archive lacks one */
} vqc_shape_datasets;

struct vqc_archive {
    char *path;
    vqc_archive_lock *lock; /* on rank 0 of a launch */
    vqc_hdf5_file file;
    int disk;       /* descriptor for forcing data to the disk, -1 if for reading only */
    bool in_making; /* does not have its name yet: all of it is forced to the disk before it has */
    uint64_t bytes; /* of the file, which never change */
    vqc_stored_outline stored;
    vqc_dataset file_table[VQC_FILE_TABLE_COUNT];
    vqc_dataset render_table[VQC_RENDER_TABLE_COUNT];
    vqc_shape_datasets *shapes; /* one for each shape of the outline */
    size_t *rows;               /* of each render within its shape */
    signed char *newest_slot;   /* of each render's checkpoints: 0, 1, SLOT_NONE or SLOT_UNKNOWN */
};

enum { SLOT_NONE = -1, SLOT_UNKNOWN = -2 };

/* An archive that has nothing open; vqc_archive_close releases it at any time. */
VQC_MUST_CHECK vqc_status vqc_archive_allocate(const char *path, vqc_archive **archive_out, vqc_error *error);

/* Finds the file's size and, for writing, a descriptor of it; before the ranks open it together, as none may be
 * missing then. */
VQC_MUST_CHECK vqc_status vqc_archive_examine(vqc_archive *archive, bool writing, vqc_error *error);

/* Opens every dataset and reads the outline. */
VQC_MUST_CHECK vqc_status vqc_archive_contents_open(vqc_archive *archive, vqc_error *error);

/* VQC_BAD_INPUT where the archive is packed: its rows cannot be written in place. */
VQC_MUST_CHECK vqc_status vqc_archive_unpacked_check(const vqc_archive *archive, vqc_error *error);

/* Reads all that lies in chunks, whose index HDF5 looks at only then; to be tried where nothing says that the file is
 * whole. What cannot be read is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_archive_packed_try(const vqc_archive *archive, vqc_error *error);

/* vqc_archive_open without a look at the file first. */
VQC_MUST_CHECK vqc_status vqc_archive_open_unprobed(const char *path, vqc_archive **archive_out, vqc_error *error);

/* One of a render's values: its row in a table of renders, or in a dataset of its shape. */
VQC_MUST_CHECK vqc_status vqc_archive_value_write(vqc_archive *archive, vqc_render_table table, size_t render,
                                                  const void *value, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_archive_value_read(const vqc_archive *archive, vqc_render_table table, size_t render,
                                                 void *value_out, vqc_error *error);
/* The same in a dataset of the render's shape. With fixed = 2, `second` is the index in the row. A render that is
 * not there, or a dataset that this archive lacks, is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_archive_row_write(vqc_archive *archive, vqc_shape_table table, size_t render, int fixed,
                                                uint64_t second, const void *data, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_archive_row_read(const vqc_archive *archive, vqc_shape_table table, size_t render,
                                               int fixed, uint64_t second, void *data_out, vqc_error *error);

/* A render's record: what the digests of picture and latent leave out. Texts end with a NUL. */
typedef struct vqc_archive_record {
    char picture_sha256[VQC_DIGEST_TEXT_SIZE], latent_sha256[VQC_DIGEST_TEXT_SIZE];
    double seconds;
    char device[VQC_ARCHIVE_DEVICE_SIZE + 1], host[VQC_ARCHIVE_HOST_SIZE + 1];
    const int32_t *codes; /* NULL where the shape has none */
    const float *losses;
    const float *relevance; /* NULL where the shape has none */
} vqc_archive_record;

/* Writes the record's digest, where the archive has room for it. */
VQC_MUST_CHECK vqc_status vqc_archive_record_digest_write(vqc_archive *archive, size_t render,
                                                          const vqc_archive_record *record, vqc_error *error);

/* Snapshots with their digests as they are, also where these do not fit; of shapes that have the same sizes. */
VQC_MUST_CHECK vqc_status vqc_archive_snapshots_copy(const vqc_archive *from, size_t render, vqc_archive *to,
                                                     size_t number, vqc_error *error);
/* Checkpoints that are whole, each into the same slot. Those whose environment is not recorded stay behind. */
VQC_MUST_CHECK vqc_status vqc_archive_checkpoints_copy(const vqc_archive *from, size_t render, vqc_archive *to,
                                                       size_t number, vqc_error *error);

/* Bytes of such a row of a render that is there, 0 where the archive lacks the dataset. */
size_t vqc_archive_row_bytes(const vqc_archive *archive, vqc_shape_table table, size_t render, int fixed);

/* VQC_FAILED unless the archive has this render. */
VQC_MUST_CHECK vqc_status vqc_archive_render_check(const vqc_archive *archive, size_t render, vqc_error *error);

/* VQC_FAILED unless it has room for its results as well. */
VQC_MUST_CHECK vqc_status vqc_archive_held_check(const vqc_archive *archive, size_t render, vqc_error *error);

/* VQC_FAILED unless the archive was opened for writing and is still in its place. */
VQC_MUST_CHECK vqc_status vqc_archive_writable_check(const vqc_archive *archive, vqc_error *error);

#endif
