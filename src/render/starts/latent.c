#include "archive/archive.h"
#include "render/start.h"

/* Copies the latent of another archive's finished render, which must have this size. */
static vqc_status latent_copy(const vqc_start_site *site, const vqc_archive *archive, float *z, vqc_error *error)
{
    const vqc_init *init = &site->render->settings->init;
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    int64_t width = site->generator->width;
    vqc_archive_state state;
    if (init->render >= (int64_t)outline->render_count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a render from 0 to %zu, found %lld", init->file,
                             outline->render_count - 1, (long long)init->render);
    size_t number = (size_t)init->render;
    const vqc_archive_extents *found = &outline->shapes[outline->renders[number].shape];
    if (found->latent_rows != site->rows || found->latent_columns != site->columns || found->latent_width != width)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "%s: render %zu: expected a latent of %lld × %lld cells of width %lld, found %u × %u of %u", init->file,
            number, (long long)site->rows, (long long)site->columns, (long long)width, found->latent_rows,
            found->latent_columns, found->latent_width);
    VQC_TRY(vqc_archive_state_read(archive, number, &state, error));
    if (state != VQC_ARCHIVE_DONE)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: render %zu is not finished", init->file, number);
    return vqc_archive_latent_read(archive, number, z, error);
}

static vqc_status latent_read(const vqc_start_site *site, float *z, vqc_error *error)
{
    vqc_archive *archive;
    VQC_TRY(vqc_archive_open(site->render->settings->init.file, &archive, error));
    vqc_status status = latent_copy(site, archive, z, error);
    vqc_archive_close(archive);
    return status;
}

const vqc_start_type vqc_start_latent = {.latent = latent_read};
