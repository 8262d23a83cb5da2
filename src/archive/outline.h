#ifndef VQC_ARCHIVE_OUTLINE_H
#define VQC_ARCHIVE_OUTLINE_H

#include "archive/archive.h"
#include "archive/dataset.h"

/* A outline's texts as columns of tables: checking, writing, reading and comparing a outline all go along this list.
 */
typedef enum vqc_outline_list {
    VQC_OUTLINE_STUDY,
    VQC_OUTLINE_MODELS,
    VQC_OUTLINE_RENDERS,
    /* These may have no rows, and then have no datasets. */
    VQC_OUTLINE_INPUTS,
    VQC_OUTLINE_TABLE,
    VQC_OUTLINE_PART,
    VQC_OUTLINE_SOURCES,
    VQC_OUTLINE_JOBS,
    VQC_OUTLINE_CATEGORIES /* after the renders: as many */
} vqc_outline_list;

typedef struct vqc_outline_column {
    const char *path; /* of the dataset */
    vqc_outline_list list;
    size_t offset; /* of the text's pointer in an element of the list */
    bool compared; /* whether an archive that differs here is another study's */
} vqc_outline_column;

enum { VQC_OUTLINE_COLUMN_COUNT = 30 };
extern const vqc_outline_column vqc_outline_columns[VQC_OUTLINE_COLUMN_COUNT];

/* Whether archives may do without the list. */
bool vqc_outline_list_optional(vqc_outline_list list);

/* The rank of its datasets: 0 where there is one text, 1 where there are rows of them. */
int vqc_outline_list_rank(vqc_outline_list list);

/* Number of rows of a column, and the text in one of them. */
size_t vqc_outline_rows(const vqc_archive_outline *outline, vqc_outline_list list);
const char *vqc_outline_text(const vqc_archive_outline *outline, const vqc_outline_column *column, size_t row);

/* The dataset that holds a column; text_bytes is that of the longest text. */
vqc_dataset_form vqc_outline_column_form(const vqc_archive_outline *outline, const vqc_outline_column *column);

/* Number of rows of each shape, all below shape_count, in memory that the caller frees: of the renders that the
 * archive holds, and one where it holds none of those that have the shape, for its sizes. */
VQC_MUST_CHECK vqc_status vqc_outline_shapes_count(const vqc_archive_outline *outline, size_t **counts_out,
                                                   vqc_error *error);

/* Numbers the renders that the archive holds within their shapes: rows_out has render_count elements. Others have no
 * row, which is VQC_OUTLINE_NO_ROW in files, and SIZE_MAX in memory. */
#define VQC_OUTLINE_NO_ROW UINT32_MAX

VQC_MUST_CHECK vqc_status vqc_outline_rows_number(const vqc_archive_outline *outline, size_t *rows_out,
                                                  vqc_error *error);

/* Whether the outline can be stored; see vqc_archive_bytes. */
VQC_MUST_CHECK vqc_status vqc_outline_check(const vqc_archive_outline *outline, vqc_error *error);

/* Writes every dataset that holds the outline. Rows are those within the shapes. */
VQC_MUST_CHECK vqc_status vqc_outline_write(const vqc_hdf5_file *file, const vqc_archive_outline *outline,
                                            const size_t *rows, vqc_error *error);

/* A outline read from a file, with the memory that it points into. */
typedef struct vqc_stored_outline {
    vqc_archive_outline outline;
    vqc_archive_model *models; /* the outline's lists, to be filled */
    vqc_archive_input *inputs;
    vqc_archive_job *jobs;
    vqc_archive_render *renders;
    const char **categories;
    vqc_archive_source *sources;
    bool *held;
    void **blocks;
    size_t block_count, block_capacity;
    const char *path; /* of the file, for errors */
    uint64_t file_bytes;
    uint64_t bytes,
        bytes_maximum; /* of the blocks; datasets that share their place would make it more than the file's */
} vqc_stored_outline;

/* Reads and checks it. Memory is bounded by the file's size. The outline is to be released also after a failure. */
VQC_MUST_CHECK vqc_status vqc_stored_outline_read(const vqc_hdf5_file *file, vqc_stored_outline *stored,
                                                  vqc_error *error);
void vqc_stored_outline_release(vqc_stored_outline *stored);

/* Whether one render's sizes are the same in two outlines; otherwise VQC_BAD_INPUT tells the first difference. */
VQC_MUST_CHECK vqc_status vqc_outline_shape_compare(const vqc_archive_extents *stored,
                                                    const vqc_archive_extents *wanted, vqc_error *error);

/* Whether two outlines are one study's; otherwise VQC_BAD_INPUT tells the first difference. */
VQC_MUST_CHECK vqc_status vqc_outline_compare(const vqc_archive_outline *stored, const vqc_archive_outline *wanted,
                                              vqc_error *error);

#endif
