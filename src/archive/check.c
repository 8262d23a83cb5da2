#include <stdio.h>
#include <string.h>

#include "archive/hdf5_error.h"
#include "archive/internal.h"

static vqc_status job_check(const vqc_archive *archive, vqc_error *error)
{
    const vqc_archive_outline *outline = &archive->stored.outline;
    char digest[VQC_DIGEST_TEXT_SIZE];
    VQC_TRY(vqc_digest_bytes(outline->job_text, strlen(outline->job_text), digest, error));
    if (strcmp(digest, outline->job_sha256) == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: dataset /study/job_text: expected SHA-256 %.12s..., found %.12s...", archive->path,
                         outline->job_sha256, digest);
}

/* The job files of an archive that was extended; the last is the study's. */
static vqc_status jobs_check(const vqc_archive *archive, vqc_error *error)
{
    const vqc_archive_outline *outline = &archive->stored.outline;
    for (size_t i = 0; i < outline->job_count; i++) {
        char digest[VQC_DIGEST_TEXT_SIZE];
        VQC_TRY(vqc_digest_bytes(outline->jobs[i].text, strlen(outline->jobs[i].text), digest, error));
        if (strcmp(digest, outline->jobs[i].sha256) != 0)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s: dataset /jobs/text: row %zu: expected SHA-256 %.12s..., found %.12s...",
                                 archive->path, i, outline->jobs[i].sha256, digest);
    }
    if (outline->job_count == 0 || strcmp(outline->jobs[outline->job_count - 1].sha256, outline->job_sha256) == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: dataset /jobs/sha256: the last is not that of the study's job file", archive->path);
}

static bool is_digest(const char *text)
{
    return strspn(text, "0123456789abcdef") == VQC_LAYOUT_DIGEST_BYTES;
}

static vqc_status render_check(const vqc_archive *archive, size_t render, vqc_error *error)
{
    vqc_archive_outcome outcome;
    uint32_t row;
    VQC_TRY(vqc_archive_outcome_read(archive, render, &outcome, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_ROW, render, &row, error));
    if (row != (uint32_t)archive->rows[render])
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset /renders/row: render %zu: expected row %zu, found %u",
                             archive->path, render, archive->rows[render], row);
    if (outcome.state != VQC_ARCHIVE_PENDING && row == VQC_OUTLINE_NO_ROW)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: dataset /renders/state: render %zu is not in part %s of the study: expected state "
                             "%d, found %d",
                             archive->path, render, archive->stored.outline.part, VQC_ARCHIVE_PENDING, outcome.state);
    if (outcome.state != VQC_ARCHIVE_DONE)
        return VQC_OK;
    if (is_digest(outcome.picture_sha256) && is_digest(outcome.latent_sha256))
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: datasets /renders/picture_sha256 and latent_sha256: render %zu is done, but has no "
                         "digests",
                         archive->path, render);
}

vqc_status vqc_archive_check(const vqc_archive *archive, vqc_error *error)
{
    size_t launches;
    VQC_TRY(job_check(archive, error));
    VQC_TRY(jobs_check(archive, error));
    VQC_TRY(vqc_archive_launch_count(archive, &launches, error));
    for (size_t i = 0; i < archive->stored.outline.render_count; i++)
        VQC_TRY(render_check(archive, i, error));
    return VQC_OK;
}

void vqc_archive_library(char text_out[VQC_ARCHIVE_LIBRARY_SIZE])
{
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    vqc_hdf5_begin();
    (void)H5get_libversion(&major, &minor, &release);
    (void)snprintf(text_out, VQC_ARCHIVE_LIBRARY_SIZE, "HDF5 %u.%u.%u", major, minor, release);
}
