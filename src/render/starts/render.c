#include "render/start.h"

/* Copies the latent of the render that this one starts from, which the launch has made before. */
static vqc_status latent_copy(const vqc_start_site *site, float *z, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(site->archive);
    const size_t number = (size_t)site->render->source;
    const vqc_archive_extents *found = &outline->shapes[outline->renders[number].shape];
    vqc_archive_state state;
    if (found->latent_rows != site->rows || found->latent_columns != site->columns ||
        found->latent_width != site->generator->width)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "render %zu (%s), which it starts from: expected a latent of %lld x %lld cells of width %lld, found %u x "
            "%u of %u",
            number, outline->renders[number].id, (long long)site->columns, (long long)site->rows,
            (long long)site->generator->width, found->latent_columns, found->latent_rows, found->latent_width);
    VQC_TRY(vqc_archive_state_read(site->archive, number, &state, error));
    if (state != VQC_ARCHIVE_DONE)
        return vqc_error_set(error, VQC_BAD_INPUT, "render %zu (%s), which it starts from, is not finished", number,
                             outline->renders[number].id);
    return vqc_archive_latent_read(site->archive, number, z, error);
}

static vqc_status latent_read(const vqc_start_site *site, float *z, vqc_error *error)
{
    if (site->archive == NULL || site->render->source == VQC_RENDER_NONE)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "it starts from render %s of its study, which is in the archive of a launch alone",
                             site->render->settings->init.source);
    return latent_copy(site, z, error);
}

const vqc_start_type vqc_start_render = {.latent = latent_read};
