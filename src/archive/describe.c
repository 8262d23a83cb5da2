#include "archive/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/attribute.h"
#include "archive/hdf5_error.h"
#include "archive/layout.h"
#include "base/memory.h"

typedef enum axis {
    AXIS_NONE,
    AXIS_RENDER,
    AXIS_Y,
    AXIS_X,
    AXIS_CHANNEL,
    AXIS_ROW,
    AXIS_COLUMN,
    AXIS_COMPONENT,
    AXIS_STEP,
    AXIS_TERM,
    AXIS_SNAPSHOT,
    AXIS_PLANE,
    AXIS_SLOT,
    AXIS_COUNT
} axis;

/* An axis' name; that of its scale, "" where it has none; and the texts of its indices, where they are words. */
static const struct {
    const char *name, *scale;
    const char *words[3];
    uint32_t first; /* else they are numbers, from here on */
} axes[AXIS_COUNT] = {
    [AXIS_NONE] = {.name = "", .scale = ""},
    [AXIS_RENDER] = {.name = "render", .scale = "render"},
    [AXIS_Y] = {.name = "y", .scale = "y"},
    [AXIS_X] = {.name = "x", .scale = "x"},
    [AXIS_CHANNEL] = {.name = "channel", .scale = "channel", .words = {"red", "green", "blue"}},
    [AXIS_ROW] = {.name = "row", .scale = "row"},
    [AXIS_COLUMN] = {.name = "column", .scale = "column"},
    [AXIS_COMPONENT] = {.name = "component", .scale = "component"},
    [AXIS_STEP] = {.name = "step", .scale = "step", .first = 1},
    [AXIS_TERM] = {.name = "term", .scale = "loss_name"},
    [AXIS_SNAPSHOT] = {.name = "snapshot", .scale = "snapshot_step", .first = 1},
    [AXIS_PLANE] = {.name = "plane", .scale = "plane", .words = {"found", "mask"}},
    [AXIS_SLOT] = {.name = "slot", .scale = "slot"},
};

static const axis shape_axes[VQC_SHAPE_TABLE_COUNT][VQC_DATASET_MAX_RANK] = {
    [VQC_SHAPE_PICTURE] = {AXIS_RENDER, AXIS_Y, AXIS_X, AXIS_CHANNEL},
    [VQC_SHAPE_LATENT] = {AXIS_RENDER, AXIS_ROW, AXIS_COLUMN, AXIS_COMPONENT},
    [VQC_SHAPE_CODES] = {AXIS_RENDER, AXIS_ROW, AXIS_COLUMN},
    [VQC_SHAPE_LOSS_NAME] = {AXIS_TERM},
    [VQC_SHAPE_LOSSES] = {AXIS_RENDER, AXIS_STEP, AXIS_TERM},
    [VQC_SHAPE_SNAPSHOT] = {AXIS_RENDER, AXIS_SNAPSHOT, AXIS_Y, AXIS_X, AXIS_CHANNEL},
    [VQC_SHAPE_SNAPSHOT_PRESENT] = {AXIS_RENDER, AXIS_SNAPSHOT},
    [VQC_SHAPE_SNAPSHOT_SHA256] = {AXIS_RENDER, AXIS_SNAPSHOT},
    [VQC_SHAPE_CHECKPOINT] = {AXIS_RENDER, AXIS_SLOT},
    [VQC_SHAPE_RELEVANCE] = {AXIS_RENDER, AXIS_PLANE, AXIS_ROW, AXIS_COLUMN},
};

/* Where the scale of an axis is used so far. */
typedef struct axis_uses {
    vqc_attribute_use *items;
    size_t count, capacity;
} axis_uses;

/* A group of datasets whose axes have the same scales. */
typedef struct group {
    const vqc_hdf5_file *file;
    const vqc_description *what;
    char path[VQC_DATASET_PATH_SIZE];
    size_t shape; /* SIZE_MAX: the tables of renders */
    uint32_t snapshot_every;
    hsize_t sizes[AXIS_COUNT]; /* 0 where no dataset has had the axis */
    hobj_ref_t scales[AXIS_COUNT];
    axis_uses uses[AXIS_COUNT];
} group;

static void group_release(group *all)
{
    for (int i = 0; i < AXIS_COUNT; i++)
        free(all->uses[i].items);
}

/* --- Scales --- */

/* The number of an index of an axis without words. */
static uint32_t index_number(const group *all, axis which, size_t i)
{
    const uint32_t every = which == AXIS_SNAPSHOT && all->snapshot_every > 0 ? all->snapshot_every : 1;
    return ((uint32_t)i + axes[which].first) * every;
}

/* The numbers of a scale; those of the renders of a shape are in the order of its rows. */
static void numbers_make(const group *all, axis which, uint32_t *numbers)
{
    for (size_t i = 0; i < all->sizes[which]; i++)
        numbers[i] = index_number(all, which, i);
    if (which != AXIS_RENDER || all->shape == SIZE_MAX)
        return;
    for (size_t i = 0; i < all->what->outline->render_count; i++)
        if (all->what->outline->renders[i].shape == all->shape && all->what->rows[i] < all->sizes[which])
            numbers[all->what->rows[i]] = (uint32_t)i;
}

static vqc_status scale_write(const group *all, axis which, const vqc_dataset *dataset, vqc_error *error)
{
    const size_t bytes = vqc_dataset_part_bytes(dataset, 0);
    const size_t each = dataset->form.text_bytes;
    char *data;
    VQC_TRY(vqc_memory_allocate(1, bytes, dataset->form.path, &data, error));
    if (each == 0)
        numbers_make(all, which, (uint32_t *)(void *)data);
    for (size_t i = 0; each > 0 && i < all->sizes[which]; i++)
        memcpy(data + i * each, axes[which].words[i], strlen(axes[which].words[i]));
    vqc_status status = vqc_dataset_write(dataset, 0, NULL, data, error);
    free(data);
    return status;
}

static vqc_dataset_form scale_form(const group *all, axis which)
{
    enum { LONGEST_WORD = 5 };
    const bool words = axes[which].words[0] != NULL;
    vqc_dataset_form form = {.element = words ? VQC_ELEMENT_TEXT : VQC_ELEMENT_U32,
                             .text_bytes = words ? LONGEST_WORD : 0,
                             .rank = 1,
                             .dims = {all->sizes[which]}};
    (void)snprintf(form.path, sizeof form.path, "%.32s/%s", all->path,
                   which == AXIS_RENDER && all->shape == SIZE_MAX ? "number" : axes[which].scale);
    return form;
}

static vqc_status reference_make(const vqc_hdf5_file *file, const char *path, hobj_ref_t *reference_out,
                                 vqc_error *error)
{
    if (H5Rcreate(reference_out, file->id, path, H5R_OBJECT, -1) >= 0)
        return VQC_OK;
    return vqc_hdf5_error_set(error, VQC_FAILED, "%s: dataset %s cannot be referred to", file->path, path);
}

/* Makes the scale of an axis that has that size, unless it is there; AXIS_TERM's is there from the start. */
static vqc_status scale_make(group *all, axis which, hsize_t size, vqc_error *error)
{
    vqc_dataset dataset;
    if (axes[which].scale[0] == '\0' || all->sizes[which] > 0)
        return VQC_OK;
    all->sizes[which] = size;
    const vqc_dataset_form form = scale_form(all, which);
    if (which != AXIS_TERM) {
        VQC_TRY(vqc_dataset_create_packed(all->file, &form, &dataset, error));
        vqc_status status = scale_write(all, which, &dataset, error);
        vqc_dataset_close(&dataset);
        VQC_TRY(status);
    }
    return reference_make(all->file, form.path, &all->scales[which], error);
}

/* --- Datasets --- */

static vqc_attribute_owner owner_of(const vqc_dataset *dataset)
{
    return (vqc_attribute_owner){.id = dataset->id, .file_path = dataset->file_path, .path = dataset->form.path};
}

/* Member by member: what lies between them goes into the file, and is to be zero. */
static vqc_status use_add(axis_uses *uses, hobj_ref_t dataset, size_t dimension, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&uses->items, &uses->capacity, uses->count + 1, sizeof *uses->items, "an archive's axes",
                            error));
    vqc_attribute_use *use = &uses->items[uses->count++];
    memset(use, 0, sizeof *use);
    use->dataset = dataset;
    use->dimension = (int)dimension;
    return VQC_OK;
}

/* Names the axes of a dataset and attaches their scales. A scale has none itself. */
static vqc_status axes_write(group *all, const vqc_dataset *dataset, const axis *which, vqc_error *error)
{
    const size_t rank = (size_t)dataset->form.rank;
    const vqc_attribute_owner owner = owner_of(dataset);
    const char *names[VQC_DATASET_MAX_RANK];
    hobj_ref_t scales[VQC_DATASET_MAX_RANK] = {0};
    hobj_ref_t self;
    VQC_TRY(reference_make(all->file, dataset->form.path, &self, error));
    for (size_t i = 0; i < rank; i++) {
        names[i] = axes[which[i]].name;
        VQC_TRY(scale_make(all, which[i], dataset->form.dims[i], error));
        scales[i] = all->scales[which[i]];
        if (scales[i] != 0 && scales[i] != self)
            VQC_TRY(use_add(&all->uses[which[i]], self, i, error));
    }
    VQC_TRY(vqc_attribute_texts(&owner, "DIMENSION_LABELS", names, rank, error));
    return scales[0] == self ? VQC_OK : vqc_attribute_scales(&owner, scales, rank, error);
}

/* "HDF5 Image and Palette Specification", version 1.2: true colour, by pixels. */
static vqc_status image_say(const vqc_dataset *dataset, vqc_error *error)
{
    static const uint8_t range[] = {0, 255};
    const vqc_attribute_owner owner = owner_of(dataset);
    VQC_TRY(vqc_attribute_text(&owner, "CLASS", "IMAGE", error));
    VQC_TRY(vqc_attribute_text(&owner, "IMAGE_VERSION", "1.2", error));
    VQC_TRY(vqc_attribute_text(&owner, "IMAGE_SUBCLASS", "IMAGE_TRUECOLOR", error));
    VQC_TRY(vqc_attribute_text(&owner, "INTERLACE_MODE", "INTERLACE_PIXEL", error));
    return vqc_attribute_bytes(&owner, "IMAGE_MINMAXRANGE", range, sizeof range, error);
}

/* The meaning of a table of renders' values. */
static vqc_status values_say(const vqc_dataset *dataset, vqc_render_table table, vqc_error *error)
{
    static const uint8_t states[] = {VQC_ARCHIVE_PENDING, VQC_ARCHIVE_DONE, VQC_ARCHIVE_FAILED};
    const vqc_attribute_owner owner = owner_of(dataset);
    if (table == VQC_RENDER_SECONDS)
        return vqc_attribute_text(&owner, "units", "s", error);
    if (table != VQC_RENDER_STATE)
        return VQC_OK;
    VQC_TRY(vqc_attribute_bytes(&owner, "flag_values", states, sizeof states, error));
    return vqc_attribute_text(&owner, "flag_meanings", "pending done failed", error);
}

/* Says of every scale that it is one. */
static vqc_status scales_finish(const group *all, vqc_error *error)
{
    for (int i = 0; i < AXIS_COUNT; i++) {
        const axis which = (axis)i;
        if (all->uses[which].count == 0)
            continue;
        vqc_dataset_form form = scale_form(all, which);
        vqc_dataset dataset;
        if (which == AXIS_TERM)
            form.element = VQC_ELEMENT_TEXT; /* of whatever length */
        VQC_TRY(vqc_dataset_open(all->file, &form, &dataset, error));
        const vqc_attribute_owner owner = owner_of(&dataset);
        vqc_status status =
            vqc_attribute_scale(&owner, axes[which].name, all->uses[which].items, all->uses[which].count, error);
        vqc_dataset_close(&dataset);
        VQC_TRY(status);
    }
    return VQC_OK;
}

/* --- The archive --- */

static const axis render_axes[VQC_DATASET_MAX_RANK] = {AXIS_RENDER, AXIS_SLOT};

static vqc_status table_describe(group *all, vqc_render_table table, vqc_error *error)
{
    const vqc_dataset_form form = vqc_layout_render_form(table, all->what->outline->render_count);
    vqc_dataset dataset;
    if (!vqc_dataset_exists(all->file, form.path))
        return VQC_OK;
    VQC_TRY(vqc_dataset_open(all->file, &form, &dataset, error));
    vqc_status status = axes_write(all, &dataset, render_axes, error);
    if (status == VQC_OK)
        status = values_say(&dataset, table, error);
    vqc_dataset_close(&dataset);
    return status;
}

/* Texts of the renders. */
static vqc_status texts_describe(group *all, const char *path, vqc_error *error)
{
    vqc_dataset_form form = {.element = VQC_ELEMENT_TEXT, .rank = 1, .dims = {all->what->outline->render_count}};
    vqc_dataset dataset;
    memcpy(form.path, path, strlen(path) + 1);
    VQC_TRY(vqc_dataset_open(all->file, &form, &dataset, error));
    vqc_status status = axes_write(all, &dataset, render_axes, error);
    vqc_dataset_close(&dataset);
    return status;
}

static vqc_status renders_describe(group *all, vqc_error *error)
{
    for (int i = 0; i < VQC_RENDER_TABLE_COUNT; i++)
        VQC_TRY(table_describe(all, (vqc_render_table)i, error));
    for (size_t i = 0; i < VQC_OUTLINE_COLUMN_COUNT; i++) {
        const vqc_outline_list list = vqc_outline_columns[i].list;
        if ((list == VQC_OUTLINE_RENDERS || list == VQC_OUTLINE_CATEGORIES) &&
            vqc_outline_rows(all->what->outline, list) > 0)
            VQC_TRY(texts_describe(all, vqc_outline_columns[i].path, error));
    }
    for (size_t i = 0; i < all->what->path_count; i++)
        VQC_TRY(texts_describe(all, all->what->paths[i], error));
    return scales_finish(all, error);
}

static vqc_status shape_table_describe(group *all, vqc_shape_table table, size_t renders, vqc_error *error)
{
    const vqc_dataset_form form =
        vqc_layout_shape_form(table, all->shape, renders, &all->what->outline->shapes[all->shape]);
    vqc_dataset dataset;
    if (!vqc_dataset_exists(all->file, form.path))
        return VQC_OK;
    VQC_TRY(vqc_dataset_open(all->file, &form, &dataset, error));
    vqc_status status = axes_write(all, &dataset, shape_axes[table], error);
    if (status == VQC_OK && (table == VQC_SHAPE_PICTURE || table == VQC_SHAPE_SNAPSHOT))
        status = image_say(&dataset, error);
    vqc_dataset_close(&dataset);
    return status;
}

static vqc_status shape_describe(const vqc_hdf5_file *file, const vqc_description *what, size_t shape, size_t renders,
                                 vqc_error *error)
{
    group all = {.file = file, .what = what, .shape = shape, .snapshot_every = what->snapshot_every[shape]};
    vqc_status status = VQC_OK;
    (void)snprintf(all.path, sizeof all.path, "/shape_%zu", shape);
    for (int i = 0; i < VQC_SHAPE_TABLE_COUNT && status == VQC_OK; i++)
        status = shape_table_describe(&all, (vqc_shape_table)i, renders, error);
    if (status == VQC_OK)
        status = scales_finish(&all, error);
    group_release(&all);
    return status;
}

vqc_status vqc_archive_describe(const vqc_hdf5_file *file, const vqc_description *what, vqc_error *error)
{
    /* Its size is not known yet, and what lies in it is the program's own. */
    const vqc_hdf5_file own = {.id = file->id, .path = file->path, .bytes = INT64_MAX / 4096};
    group renders = {.file = &own, .what = what, .path = "/renders", .shape = SIZE_MAX};
    size_t *counts;
    vqc_status status = renders_describe(&renders, error);
    group_release(&renders);
    VQC_TRY(status);
    VQC_TRY(vqc_outline_shapes_count(what->outline, &counts, error));
    for (size_t i = 0; i < what->outline->shape_count && status == VQC_OK; i++)
        status = shape_describe(&own, what, i, counts[i], error);
    free(counts);
    return status;
}
