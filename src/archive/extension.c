/* An archive with more renders takes the place of the one that had fewer. */

#include "archive/creation.h"
#include "archive/internal.h"

/* What is copied. */
typedef struct copying {
    const vqc_archive *from;
    const size_t *numbers;
    size_t damaged;
} copying;

/* A vqc_archive_fill. */
static vqc_status extension_fill(vqc_archive *to, void *context, vqc_error *error)
{
    copying *copy = context;
    VQC_TRY(vqc_archive_launches_copy(copy->from, to, error));
    for (size_t i = 0; i < copy->from->stored.outline.render_count; i++) {
        vqc_archive_damage damage;
        VQC_TRY(vqc_archive_render_copy(copy->from, i, to, copy->numbers[i], &damage, error));
        copy->damaged += damage != VQC_ARCHIVE_DAMAGE_NONE && damage != VQC_ARCHIVE_DAMAGE_SNAPSHOT;
    }
    return VQC_OK;
}

/* That the archive is the one that was to be extended, and has room for its renders in the new one. */
static vqc_status extension_check(const vqc_archive *archive, const vqc_archive_outline *from,
                                  const vqc_archive_outline *to, const size_t *numbers, vqc_error *error)
{
    if (!vqc_archive_has_record_digests(archive))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "this archive is of an earlier version, without digests of what it holds, and cannot be "
                             "extended");
    VQC_TRY(vqc_outline_compare(&archive->stored.outline, from, error));
    for (size_t i = 0; i < from->render_count; i++) {
        if (numbers[i] >= to->render_count)
            return vqc_error_set(error, VQC_FAILED, "there is no render %zu among %zu", numbers[i], to->render_count);
        if (vqc_outline_shape_compare(&from->shapes[from->renders[i].shape],
                                      &to->shapes[to->renders[numbers[i]].shape], error) != VQC_OK)
            return vqc_error_prefix(error, "render %s", from->renders[i].id);
    }
    return VQC_OK;
}

/* What an archive says of its own past comes along. */
static vqc_status archive_extend(copying *copy, const vqc_archive_outline *from, const vqc_archive_outline *to,
                                 vqc_error *error)
{
    const char *path = copy->from->path;
    const vqc_archive_outline *stored = &copy->from->stored.outline;
    vqc_archive_outline longer = *to;
    longer.sources = stored->sources;
    longer.source_count = stored->source_count;
    longer.launch_capacity = stored->launch_capacity;
    if (extension_check(copy->from, from, to, copy->numbers, error) != VQC_OK)
        return vqc_error_prefix(error, "%s", path);
    return vqc_archive_create(path, &longer, extension_fill, copy, error);
}

vqc_status vqc_archive_extend(const char *path, const vqc_archive_outline *from, const vqc_archive_outline *to,
                              const size_t *numbers, vqc_archive_locking locking, size_t *damaged_out,
                              vqc_error *error)
{
    copying copy = {.numbers = numbers};
    vqc_archive_lock *lock = NULL;
    vqc_archive *archive = NULL;
    if (locking == VQC_ARCHIVE_LOCKED)
        VQC_TRY(vqc_archive_lock_take(path, &lock, error));
    vqc_status status = vqc_archive_open(path, &archive, error);
    copy.from = archive;
    if (status == VQC_OK)
        status = vqc_archive_unpacked_check(archive, error);
    if (status == VQC_OK)
        status = archive_extend(&copy, from, to, error);
    vqc_archive_close(archive);
    vqc_archive_lock_release(lock);
    *damaged_out = copy.damaged;
    return status;
}
