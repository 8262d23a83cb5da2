#ifndef VQC_ARCHIVE_LAYOUT_H
#define VQC_ARCHIVE_LAYOUT_H

#include "archive/archive.h"
#include "archive/dataset.h"

/* The datasets beside the outline's texts: their paths, types and sizes. README.md shows the whole. */

/* The version of archives of parts is another one, so that no program takes one for a study. */
enum { VQC_LAYOUT_VERSION = 1, VQC_LAYOUT_VERSION_PART = 2 };
enum {
    VQC_LAYOUT_SLOTS = 2,
    VQC_LAYOUT_RELEVANCE_PLANES = 2,
    VQC_LAYOUT_DIGEST_BYTES = 64,
    VQC_LAYOUT_WORKER_BYTES = VQC_ARCHIVE_HOST_SIZE + 64
};

/* Tables with a row for each render. */
typedef enum vqc_render_table {
    VQC_RENDER_SEED,
    VQC_RENDER_SHAPE,
    VQC_RENDER_ROW,
    VQC_RENDER_STATE,
    VQC_RENDER_PICTURE_SHA256,
    VQC_RENDER_LATENT_SHA256,
    VQC_RENDER_SECONDS,
    VQC_RENDER_DEVICE,
    VQC_RENDER_HOST,
    VQC_RENDER_REASON,
    VQC_RENDER_CHECKPOINT_STEP,
    VQC_RENDER_CHECKPOINT_SHA256,
    VQC_RENDER_CHECKPOINT_ENVIRONMENT,
    VQC_RENDER_RECORD_SHA256,
    VQC_RENDER_WORKER,
    VQC_RENDER_TABLE_COUNT
} vqc_render_table;

/* Datasets of a shape, most with a row for each render of it. In this order, when they are opened with unknown
 * sizes, each has the sizes that it shares with another one from an earlier one. */
typedef enum vqc_shape_table {
    VQC_SHAPE_PICTURE,
    VQC_SHAPE_LATENT,
    VQC_SHAPE_CODES,
    VQC_SHAPE_LOSS_NAME,
    VQC_SHAPE_LOSSES,
    VQC_SHAPE_SNAPSHOT,
    VQC_SHAPE_SNAPSHOT_PRESENT,
    VQC_SHAPE_SNAPSHOT_SHA256,
    VQC_SHAPE_CHECKPOINT,
    VQC_SHAPE_RELEVANCE,
    VQC_SHAPE_TABLE_COUNT
} vqc_shape_table;

/* Single values and the launches. */
typedef enum vqc_file_table {
    VQC_FILE_VERSION,
    VQC_FILE_LAUNCH_COUNT,
    VQC_FILE_LAUNCH_TEXT,
    VQC_FILE_TABLE_COUNT
} vqc_file_table;

/* The longest of some texts in bytes, at least 1: what HDF5 needs for them. */
size_t vqc_layout_text_bytes(const char *const *texts, size_t count);

/* With room for so many launches; 0: the usual number. */
vqc_dataset_form vqc_layout_file_form(vqc_file_table table, size_t launches);
vqc_dataset_form vqc_layout_render_form(vqc_render_table table, size_t render_count);

/* Whether an archive may lack the table: those of vqclip 0.1.0 do. */
bool vqc_layout_render_optional(vqc_render_table table);

/* How many parts of the file launches write, at most, in an archive with that many shapes: datasets, and HDF5's mark
 * (archive/file.h). */
size_t vqc_layout_written_count(size_t shapes);

/* The form of a dataset of shape number `index`, which `renders` renders have. Sizes of 0 in the shape, and loss
 * names that are NULL, give sizes of 0 in the form: unknown. */
vqc_dataset_form vqc_layout_shape_form(vqc_shape_table table, size_t index, size_t renders,
                                       const vqc_archive_extents *shape);

/* Whether an archive may lack the dataset: snapshots, checkpoints and relevance, where the outline has none. */
bool vqc_layout_shape_optional(vqc_shape_table table);
/* Whether an archive with this shape has the dataset. */
bool vqc_layout_shape_present(vqc_shape_table table, const vqc_archive_extents *shape);

/* Whether an archive that has the shape's other datasets may lack this one: those of vqclip 0.1.0 do. */
bool vqc_layout_shape_later(vqc_shape_table table);

/* Takes over into the shape the sizes that this dataset tells; one beyond 32 bits is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_layout_shape_learn(vqc_shape_table table, const vqc_dataset *dataset,
                                                 vqc_archive_extents *shape, vqc_error *error);

#endif
