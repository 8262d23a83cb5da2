#include "archive/layout.h"

#include <stdio.h>
#include <string.h>

size_t vqc_layout_text_bytes(const char *const *texts, size_t count)
{
    size_t longest = 1;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(texts[i]);
        longest = length > longest ? length : longest;
    }
    return longest;
}

vqc_dataset_form vqc_layout_file_form(vqc_file_table table, size_t launches)
{
    switch (table) {
    case VQC_FILE_VERSION:
        return (vqc_dataset_form){.path = "/format_version", .element = VQC_ELEMENT_U32};
    case VQC_FILE_LAUNCH_COUNT:
        return (vqc_dataset_form){.path = "/launches/count", .element = VQC_ELEMENT_U32};
    case VQC_FILE_LAUNCH_TEXT:
        return (vqc_dataset_form){.path = "/launches/text",
                                  .element = VQC_ELEMENT_TEXT,
                                  .text_bytes = VQC_ARCHIVE_LAUNCH_SIZE,
                                  .rank = 1,
                                  .dims = {launches == 0 ? VQC_ARCHIVE_LAUNCH_CAPACITY : launches}};
    case VQC_FILE_TABLE_COUNT:
        break;
    }
    return (vqc_dataset_form){0};
}

vqc_dataset_form vqc_layout_render_form(vqc_render_table table, size_t render_count)
{
    static const struct {
        const char *name;
        vqc_element element;
        size_t text_bytes;
        hsize_t columns; /* 0: one value a row */
    } tables[VQC_RENDER_TABLE_COUNT] = {
        [VQC_RENDER_SEED] = {"seed", VQC_ELEMENT_U64, 0, 0},
        [VQC_RENDER_SHAPE] = {"shape", VQC_ELEMENT_U32, 0, 0},
        [VQC_RENDER_ROW] = {"row", VQC_ELEMENT_U32, 0, 0},
        [VQC_RENDER_STATE] = {"state", VQC_ELEMENT_U8, 0, 0},
        [VQC_RENDER_PICTURE_SHA256] = {"picture_sha256", VQC_ELEMENT_TEXT, VQC_LAYOUT_DIGEST_BYTES, 0},
        [VQC_RENDER_LATENT_SHA256] = {"latent_sha256", VQC_ELEMENT_TEXT, VQC_LAYOUT_DIGEST_BYTES, 0},
        [VQC_RENDER_SECONDS] = {"seconds", VQC_ELEMENT_F64, 0, 0},
        [VQC_RENDER_DEVICE] = {"device", VQC_ELEMENT_TEXT, VQC_ARCHIVE_DEVICE_SIZE, 0},
        [VQC_RENDER_HOST] = {"host", VQC_ELEMENT_TEXT, VQC_ARCHIVE_HOST_SIZE, 0},
        [VQC_RENDER_REASON] = {"reason", VQC_ELEMENT_TEXT, VQC_ARCHIVE_REASON_SIZE, 0},
        [VQC_RENDER_CHECKPOINT_STEP] = {"checkpoint_step", VQC_ELEMENT_U32, 0, VQC_LAYOUT_SLOTS},
        [VQC_RENDER_CHECKPOINT_SHA256] = {"checkpoint_sha256", VQC_ELEMENT_TEXT, VQC_LAYOUT_DIGEST_BYTES,
                                          VQC_LAYOUT_SLOTS},
        [VQC_RENDER_CHECKPOINT_ENVIRONMENT] = {"checkpoint_environment", VQC_ELEMENT_TEXT, VQC_ARCHIVE_DEVICE_SIZE,
                                               VQC_LAYOUT_SLOTS},
        [VQC_RENDER_RECORD_SHA256] = {"record_sha256", VQC_ELEMENT_TEXT, VQC_LAYOUT_DIGEST_BYTES, 0},
        [VQC_RENDER_WORKER] = {"worker", VQC_ELEMENT_TEXT, VQC_LAYOUT_WORKER_BYTES, 0},
    };
    vqc_dataset_form form = {.element = tables[table].element,
                             .text_bytes = tables[table].text_bytes,
                             .rank = tables[table].columns == 0 ? 1 : 2,
                             .dims = {render_count, tables[table].columns}};
    (void)snprintf(form.path, sizeof form.path, "/renders/%s", tables[table].name);
    return form;
}

bool vqc_layout_render_optional(vqc_render_table table)
{
    return table == VQC_RENDER_CHECKPOINT_ENVIRONMENT || table == VQC_RENDER_RECORD_SHA256 ||
           table == VQC_RENDER_WORKER;
}

size_t vqc_layout_written_count(size_t shapes)
{
    return 1 + VQC_FILE_TABLE_COUNT + VQC_RENDER_TABLE_COUNT + shapes * VQC_SHAPE_TABLE_COUNT;
}

static const char *const shape_names[VQC_SHAPE_TABLE_COUNT] = {
    [VQC_SHAPE_PICTURE] = "picture",
    [VQC_SHAPE_LATENT] = "latent",
    [VQC_SHAPE_CODES] = "codes",
    [VQC_SHAPE_LOSS_NAME] = "loss_name",
    [VQC_SHAPE_LOSSES] = "losses",
    [VQC_SHAPE_SNAPSHOT] = "snapshot",
    [VQC_SHAPE_SNAPSHOT_PRESENT] = "snapshot_present",
    [VQC_SHAPE_SNAPSHOT_SHA256] = "snapshot_sha256",
    [VQC_SHAPE_CHECKPOINT] = "checkpoint",
    [VQC_SHAPE_RELEVANCE] = "relevance",
};

vqc_dataset_form vqc_layout_shape_form(vqc_shape_table table, size_t index, size_t renders,
                                       const vqc_archive_extents *shape)
{
    vqc_dataset_form form = {0};
    switch (table) {
    case VQC_SHAPE_PICTURE:
        form = (vqc_dataset_form){
            .element = VQC_ELEMENT_U8, .rank = 4, .dims = {renders, shape->height, shape->width, 3}};
        break;
    case VQC_SHAPE_LATENT:
        form = (vqc_dataset_form){.element = VQC_ELEMENT_F32,
                                  .rank = 4,
                                  .dims = {renders, shape->latent_rows, shape->latent_columns, shape->latent_width}};
        break;
    case VQC_SHAPE_CODES:
        form = (vqc_dataset_form){
            .element = VQC_ELEMENT_I32, .rank = 3, .dims = {renders, shape->latent_rows, shape->latent_columns}};
        break;
    case VQC_SHAPE_LOSS_NAME:
        form = (vqc_dataset_form){
            .element = VQC_ELEMENT_TEXT,
            .text_bytes = shape->loss_names ? vqc_layout_text_bytes(shape->loss_names, shape->loss_count) : 0,
            .rank = 1,
            .dims = {shape->loss_count}};
        break;
    case VQC_SHAPE_LOSSES:
        form = (vqc_dataset_form){
            .element = VQC_ELEMENT_F32, .rank = 3, .dims = {renders, shape->steps, shape->loss_count}};
        break;
    case VQC_SHAPE_SNAPSHOT:
        form = (vqc_dataset_form){.element = VQC_ELEMENT_U8,
                                  .rank = 5,
                                  .dims = {renders, shape->snapshot_count, shape->height, shape->width, 3}};
        break;
    case VQC_SHAPE_SNAPSHOT_PRESENT:
        form = (vqc_dataset_form){.element = VQC_ELEMENT_U8, .rank = 2, .dims = {renders, shape->snapshot_count}};
        break;
    case VQC_SHAPE_SNAPSHOT_SHA256:
        form = (vqc_dataset_form){.element = VQC_ELEMENT_TEXT,
                                  .text_bytes = VQC_LAYOUT_DIGEST_BYTES,
                                  .rank = 2,
                                  .dims = {renders, shape->snapshot_count}};
        break;
    case VQC_SHAPE_CHECKPOINT:
        form = (vqc_dataset_form){
            .element = VQC_ELEMENT_U8, .rank = 3, .dims = {renders, VQC_LAYOUT_SLOTS, shape->checkpoint_bytes}};
        break;
    case VQC_SHAPE_RELEVANCE:
        form = (vqc_dataset_form){
            .element = VQC_ELEMENT_F32,
            .rank = 4,
            .dims = {renders, VQC_LAYOUT_RELEVANCE_PLANES, shape->latent_rows, shape->latent_columns}};
        break;
    case VQC_SHAPE_TABLE_COUNT:
        break;
    }
    (void)snprintf(form.path, sizeof form.path, "/shape_%zu/%s", index, shape_names[table]);
    return form;
}

uint64_t vqc_archive_code_count(const vqc_archive_extents *shape)
{
    return shape->without_codes ? 0 : (uint64_t)shape->latent_rows * shape->latent_columns;
}

bool vqc_layout_shape_optional(vqc_shape_table table)
{
    return table == VQC_SHAPE_CODES || table == VQC_SHAPE_SNAPSHOT || table == VQC_SHAPE_SNAPSHOT_PRESENT ||
           table == VQC_SHAPE_SNAPSHOT_SHA256 || table == VQC_SHAPE_CHECKPOINT || table == VQC_SHAPE_RELEVANCE;
}

bool vqc_layout_shape_later(vqc_shape_table table)
{
    return table == VQC_SHAPE_SNAPSHOT_SHA256;
}

bool vqc_layout_shape_present(vqc_shape_table table, const vqc_archive_extents *shape)
{
    if (table == VQC_SHAPE_CHECKPOINT)
        return shape->checkpoint_bytes > 0;
    if (table == VQC_SHAPE_CODES)
        return !shape->without_codes;
    if (table == VQC_SHAPE_RELEVANCE)
        return shape->relevance;
    return !vqc_layout_shape_optional(table) || shape->snapshot_count > 0;
}

vqc_status vqc_layout_shape_learn(vqc_shape_table table, const vqc_dataset *dataset, vqc_archive_extents *shape,
                                  vqc_error *error)
{
    const hsize_t *dims = dataset->form.dims;
    /* A checkpoint's size may be beyond 32 bits; the number of renders was known. */
    for (int i = 1; i < dataset->form.rank; i++)
        if (dims[i] > UINT32_MAX && table != VQC_SHAPE_CHECKPOINT)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset %s: size %llu in dimension %d is too large",
                                 dataset->file_path, dataset->form.path, (unsigned long long)dims[i], i);
    switch (table) {
    case VQC_SHAPE_PICTURE:
        shape->height = (uint32_t)dims[1];
        shape->width = (uint32_t)dims[2];
        break;
    case VQC_SHAPE_LATENT:
        shape->latent_rows = (uint32_t)dims[1];
        shape->latent_columns = (uint32_t)dims[2];
        shape->latent_width = (uint32_t)dims[3];
        break;
    case VQC_SHAPE_LOSSES:
        shape->steps = (uint32_t)dims[1];
        shape->loss_count = (uint32_t)dims[2];
        break;
    case VQC_SHAPE_SNAPSHOT:
        shape->snapshot_count = (uint32_t)dims[1];
        break;
    case VQC_SHAPE_CHECKPOINT:
        shape->checkpoint_bytes = dims[2];
        break;
    case VQC_SHAPE_RELEVANCE:
        shape->relevance = true;
        break;
    case VQC_SHAPE_CODES:
    case VQC_SHAPE_LOSS_NAME:
    case VQC_SHAPE_SNAPSHOT_PRESENT:
    case VQC_SHAPE_SNAPSHOT_SHA256:
    case VQC_SHAPE_TABLE_COUNT:
        break;
    }
    return VQC_OK;
}
