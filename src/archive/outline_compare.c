#include <string.h>

#include "archive/outline.h"

static vqc_status difference(vqc_error *error, const char *what)
{
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "this archive holds another study: %s differs; take another output folder, or remove the "
                         "archive",
                         what);
}

static vqc_status number_compare(const char *what, uint64_t stored, uint64_t wanted, vqc_error *error)
{
    if (stored == wanted)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "this archive holds another study: it has %llu as the %s, now it is %llu; take another "
                         "output folder, or remove the archive",
                         (unsigned long long)stored, what, (unsigned long long)wanted);
}

static vqc_status column_compare(const vqc_outline_column *column, const vqc_archive_outline *stored,
                                 const vqc_archive_outline *wanted, vqc_error *error)
{
    const size_t rows = vqc_outline_rows(stored, column->list);
    for (size_t row = 0; column->compared && row < rows; row++) {
        if (strcmp(vqc_outline_text(stored, column, row), vqc_outline_text(wanted, column, row)) == 0)
            continue;
        if (column->list == VQC_OUTLINE_STUDY)
            return difference(error, column->path);
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "this archive holds another study: row %zu of %s differs; take another output folder, or "
            "remove the archive",
            row, column->path);
    }
    return VQC_OK;
}

/* An archive that does not record its inputs takes all. */
static vqc_status inputs_compare(const vqc_archive_outline *stored, const vqc_archive_outline *wanted,
                                 vqc_error *error)
{
    if (stored->input_count == 0)
        return VQC_OK;
    VQC_TRY(number_compare("number of input files", stored->input_count, wanted->input_count, error));
    for (size_t i = 0; i < stored->input_count; i++) {
        const vqc_archive_input *was = &stored->inputs[i];
        const vqc_archive_input *is = &wanted->inputs[i];
        if (strcmp(was->what, is->what) != 0 || strcmp(was->path, is->path) != 0)
            return difference(error, "the list of input files");
        if (was->sha256[0] != '\0' && (strcmp(was->size, is->size) != 0 || strcmp(was->sha256, is->sha256) != 0))
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s (%s) is not the file that this archive was begun with: expected %s bytes with "
                                 "SHA-256 %.12s..., found %s with %.12s...; put it back, or take another output "
                                 "folder",
                                 is->path, is->what, was->size, was->sha256, is->size, is->sha256);
    }
    return VQC_OK;
}

/* Only one has checkpoints: packed archives, and what was merged from them, have none. */
static vqc_status checkpoints_compare(uint64_t stored, uint64_t wanted, vqc_error *error)
{
    if ((stored == 0) == (wanted == 0))
        return number_compare("size of checkpoints", stored, wanted, error);
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "no room for checkpoints, as packed archives and what is merged from them have none; go on "
                         "with the archives that were packed");
}

vqc_status vqc_outline_shape_compare(const vqc_archive_extents *stored, const vqc_archive_extents *wanted,
                                     vqc_error *error)
{
    VQC_TRY(number_compare("pictures' height", stored->height, wanted->height, error));
    VQC_TRY(number_compare("pictures' width", stored->width, wanted->width, error));
    VQC_TRY(number_compare("latents' rows", stored->latent_rows, wanted->latent_rows, error));
    VQC_TRY(number_compare("latents' columns", stored->latent_columns, wanted->latent_columns, error));
    VQC_TRY(number_compare("latents' width", stored->latent_width, wanted->latent_width, error));
    VQC_TRY(number_compare("number of codes", vqc_archive_code_count(stored), vqc_archive_code_count(wanted), error));
    VQC_TRY(number_compare("number of steps", stored->steps, wanted->steps, error));
    VQC_TRY(number_compare("number of loss terms", stored->loss_count, wanted->loss_count, error));
    VQC_TRY(number_compare("number of snapshots", stored->snapshot_count, wanted->snapshot_count, error));
    VQC_TRY(checkpoints_compare(stored->checkpoint_bytes, wanted->checkpoint_bytes, error));
    VQC_TRY(number_compare("masks that a text finds", stored->relevance, wanted->relevance, error));
    for (uint32_t i = 0; i < stored->loss_count; i++)
        if (strcmp(stored->loss_names[i], wanted->loss_names[i]) != 0)
            return difference(error, "the name of a loss term");
    return VQC_OK;
}

static const char *part_name(const vqc_archive_outline *outline)
{
    return outline->part == NULL ? "1 of 1" : outline->part;
}

/* Whether both are for the same renders of the study. */
static vqc_status parts_compare(const vqc_archive_outline *stored, const vqc_archive_outline *wanted,
                                vqc_error *error)
{
    if ((stored->part == NULL) != (wanted->part == NULL) || strcmp(part_name(stored), part_name(wanted)) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "this archive is part %s of the study, now it is to be part %s",
                             part_name(stored), part_name(wanted));
    for (size_t i = 0; i < stored->render_count; i++)
        if (vqc_archive_outline_holds(stored, i) != vqc_archive_outline_holds(wanted, i))
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "this archive was made for other renders as part %s of the study, render %zu is the "
                                 "first; go on with the version of vqclip that made it",
                                 part_name(stored), i);
    return VQC_OK;
}

vqc_status vqc_outline_compare(const vqc_archive_outline *stored, const vqc_archive_outline *wanted, vqc_error *error)
{
    if (strcmp(stored->job_sha256, wanted->job_sha256) != 0)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "this archive was made from another job file (SHA-256 %.12s..., now it is %.12s...); take "
            "another output folder, or remove the archive; --extend takes in prompts, seeds and values of the sweep "
            "that "
            "were added",
            stored->job_sha256, wanted->job_sha256);
    VQC_TRY(number_compare("number of models", stored->model_count, wanted->model_count, error));
    VQC_TRY(number_compare("number of renders", stored->render_count, wanted->render_count, error));
    VQC_TRY(number_compare("number of picture shapes", stored->shape_count, wanted->shape_count, error));
    VQC_TRY(number_compare("number of tables of prompts", stored->table != NULL, wanted->table != NULL, error));
    VQC_TRY(number_compare("number of categories", stored->category_count, wanted->category_count, error));
    VQC_TRY(inputs_compare(stored, wanted, error));
    VQC_TRY(parts_compare(stored, wanted, error));
    for (size_t i = 0; i < VQC_OUTLINE_COLUMN_COUNT; i++)
        VQC_TRY(column_compare(&vqc_outline_columns[i], stored, wanted, error));
    for (size_t i = 0; i < stored->render_count; i++) {
        VQC_TRY(number_compare("seed of a render", stored->renders[i].seed, wanted->renders[i].seed, error));
        VQC_TRY(number_compare("shape of a render", stored->renders[i].shape, wanted->renders[i].shape, error));
    }
    for (size_t i = 0; i < stored->shape_count; i++)
        VQC_TRY(vqc_outline_shape_compare(&stored->shapes[i], &wanted->shapes[i], error));
    return VQC_OK;
}

vqc_status vqc_archive_outline_same_study(const vqc_archive_outline *one, const vqc_archive_outline *other,
                                          vqc_error *error)
{
    /* What somebody may do who wants to write the archive is of no use here. */
    static const char *const advice[] = {"; take another output folder", "; put it back"};
    vqc_archive_outline whole[] = {*one, *other};
    for (int i = 0; i < 2; i++) {
        whole[i].part = NULL;
        whole[i].held = NULL;
    }
    vqc_status status = vqc_outline_compare(&whole[0], &whole[1], error);
    for (size_t i = 0; status != VQC_OK && i < sizeof advice / sizeof advice[0]; i++) {
        char *end = strstr(error->message, advice[i]);
        if (end != NULL)
            *end = '\0';
    }
    return status;
}
