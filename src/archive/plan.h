#ifndef VQC_ARCHIVE_PLAN_H
#define VQC_ARCHIVE_PLAN_H

#include "archive/archive.h"
#include "archive/dataset.h"

/* A plan's texts as columns of tables: checking, writing, reading and comparing a plan all go along this list. */
typedef enum vqc_plan_list { VQC_PLAN_STUDY, VQC_PLAN_MODELS, VQC_PLAN_RENDERS } vqc_plan_list;

typedef struct vqc_plan_column {
    const char *path; /* of the dataset */
    vqc_plan_list list;
    size_t offset; /* of the text's pointer in an element of the list */
    bool compared; /* whether an archive that differs here is another study's */
} vqc_plan_column;

enum { VQC_PLAN_COLUMN_COUNT = 13 };
extern const vqc_plan_column vqc_plan_columns[VQC_PLAN_COLUMN_COUNT];

/* Number of rows of a column, and the text in one of them. */
size_t vqc_plan_rows(const vqc_archive_plan *plan, vqc_plan_list list);
const char *vqc_plan_text(const vqc_archive_plan *plan, const vqc_plan_column *column, size_t row);

/* The dataset that holds a column; text_bytes is that of the longest text. */
vqc_dataset_form vqc_plan_column_form(const vqc_archive_plan *plan, const vqc_plan_column *column);

/* The longest of some texts in bytes, at least 1: what HDF5 needs for them. */
size_t vqc_plan_text_bytes(const char *const *texts, size_t count);

/* Number of renders of a shape. */
size_t vqc_plan_shape_renders(const vqc_archive_plan *plan, size_t shape);

/* Whether the plan can be stored; see vqc_archive_bytes. */
VQC_MUST_CHECK vqc_status vqc_plan_check(const vqc_archive_plan *plan, vqc_error *error);

/* Writes every dataset that holds the plan. Rows are those within the shapes. */
VQC_MUST_CHECK vqc_status vqc_plan_write(const vqc_hdf5_file *file, const vqc_archive_plan *plan, const size_t *rows,
                                         vqc_error *error);

/* A plan read from a file, with the memory that it points into. */
typedef struct vqc_stored_plan {
    vqc_archive_plan plan;
    vqc_archive_model *models; /* the plan's lists, to be filled */
    vqc_archive_render *renders;
    void **blocks;
    size_t block_count, block_capacity;
} vqc_stored_plan;

/* Reads and checks it. The plan is to be released also after a failure. */
VQC_MUST_CHECK vqc_status vqc_stored_plan_read(const vqc_hdf5_file *file, vqc_stored_plan *stored, vqc_error *error);
void vqc_stored_plan_release(vqc_stored_plan *stored);

/* Whether two plans are one study's; otherwise VQC_BAD_INPUT tells the first difference. */
VQC_MUST_CHECK vqc_status vqc_plan_compare(const vqc_archive_plan *stored, const vqc_archive_plan *wanted,
                                           vqc_error *error);

#endif
