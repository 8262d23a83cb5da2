#include "record/merging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/copy.h"
#include "base/memory.h"
#include "base/text.h"
#include "record/environment.h"

enum { LAUNCHES_MORE = 64 }; /* that there is room for at least in a merged archive */

/* One of the archives. */
typedef struct merge_item {
    const char *path;
    dev_t device;
    ino_t inode;
    unsigned number, parts; /* of its part; 0 of 0: the whole study */
    size_t launches;
    vqc_archive_source *sources; /* itself, or what it was merged from */
    size_t source_count;
} merge_item;

/* Where a render comes from. */
typedef struct merge_render {
    const merge_item *item; /* NULL: nobody holds it */
    vqc_archive_state state;
    uint32_t step; /* of its checkpoint */
    char picture_sha256[VQC_DIGEST_TEXT_SIZE], latent_sha256[VQC_DIGEST_TEXT_SIZE];
    char device[VQC_ARCHIVE_DEVICE_SIZE];
} merge_render;

typedef struct merge_work {
    const vqc_merging *merging;
    merge_item *items;
    size_t item_count; /* of those that have been looked at */
    vqc_archive *first;
    merge_render *renders;
    vqc_archive_source *sources; /* of all items */
    size_t source_count, launches;
    vqc_merging_outcome outcome;
} merge_work;

static void sources_release(vqc_archive_source *sources, size_t count)
{
    for (size_t i = 0; sources != NULL && i < count; i++) {
        free((void *)sources[i].file);
        free((void *)sources[i].part);
        free((void *)sources[i].versions);
        free((void *)sources[i].build);
    }
    free(sources);
}

static void work_release(merge_work *work)
{
    for (size_t i = 0; i < work->item_count; i++)
        sources_release(work->items[i].sources, work->items[i].source_count);
    vqc_archive_close(work->first);
    free(work->items);
    free(work->renders);
    free(work->sources);
}

/* ---- Looking at the archives ---- */

static vqc_status source_copy(const vqc_archive_source *from, vqc_archive_source *to, vqc_error *error)
{
    char *texts[4] = {NULL};
    const char *const found[4] = {from->file, from->part, from->versions, from->build};
    vqc_status status = VQC_OK;
    for (int i = 0; i < 4 && status == VQC_OK; i++)
        status = vqc_memory_copy_text(found[i], &texts[i], error);
    *to = (vqc_archive_source){.file = texts[0], .part = texts[1], .versions = texts[2], .build = texts[3]};
    return status;
}

/* Keeps what the new archive says of this one: of one that was merged itself, what that says. */
static vqc_status sources_take(merge_item *item, const vqc_archive_outline *outline, vqc_error *error)
{
    const char *slash = strrchr(item->path, '/');
    const vqc_archive_source self = {.file = slash == NULL ? item->path : slash + 1,
                                     .part = outline->part == NULL ? "" : outline->part,
                                     .versions = outline->versions,
                                     .build = outline->build};
    const size_t count = outline->source_count == 0 ? 1 : outline->source_count;
    VQC_TRY(vqc_memory_allocate(count, sizeof *item->sources, "an archive's sources", &item->sources, error));
    item->source_count = count;
    for (size_t i = 0; i < count; i++)
        VQC_TRY(source_copy(outline->source_count == 0 ? &self : &outline->sources[i], &item->sources[i], error));
    return VQC_OK;
}

static vqc_status part_read(merge_item *item, const vqc_archive_outline *outline, vqc_error *error)
{
    int end = 0;
    if (outline->part == NULL)
        return VQC_OK;
    if (sscanf(outline->part, "%u of %u%n", &item->number, &item->parts, &end) == 2 && outline->part[end] == '\0')
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset /study/part: expected \"I of N\", found \"%s\"",
                         item->path, outline->part);
}

/* An archive that is there twice would have its launches there twice. */
static vqc_status item_identify(const merge_work *work, merge_item *item, vqc_error *error)
{
    struct stat information;
    if (stat(item->path, &information) != 0)
        return VQC_OK; /* opening it says why */
    item->device = information.st_dev;
    item->inode = information.st_ino;
    for (const merge_item *other = work->items; other < item; other++)
        if (other->device == item->device && other->inode == item->inode)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: is given twice", item->path);
    if (vqc_archive_is_held(item->path))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: a launch is writing this archive; wait until it ends",
                             item->path);
    return VQC_OK;
}

static vqc_status study_compare(const merge_work *work, const merge_item *item, const vqc_archive *archive,
                                vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_outline *first = vqc_archive_outline_of(work->first);
    if (vqc_archive_outline_same_study(first, outline, error) != VQC_OK)
        return vqc_error_prefix(error, "%s and %s are not of one study", vqc_archive_path(work->first), item->path);
    const long long editions[] = {vqc_environment_edition(first->versions),
                                  vqc_environment_edition(outline->versions)};
    if (editions[0] != editions[1])
        return vqc_error_set(error, VQC_BAD_INPUT, "%s and %s are of different editions of job files: %lld and %lld",
                             vqc_archive_path(work->first), item->path, editions[0], editions[1]);
    if (vqc_archive_has_record_digests(archive))
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: is of vqclip 0.1.0, which had no digests of records: it cannot be merged", item->path);
}

/* Both are done: they must be the same. */
static vqc_status results_compare(const merge_render *one, const merge_item *item, const merge_render *other,
                                  size_t number, vqc_error *error)
{
    const bool same_picture = strcmp(one->picture_sha256, other->picture_sha256) == 0;
    const char *const here = same_picture ? one->latent_sha256 : one->picture_sha256;
    const char *const there = same_picture ? other->latent_sha256 : other->picture_sha256;
    if (strcmp(here, there) == 0)
        return VQC_OK;
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "render %zu differs in %s and %s: the SHA-256 of its %s is %.12s... and %.12s...; computed by "
        "%s and by %s",
        number, one->item->path, item->path, same_picture ? "latent" : "picture", here, there, one->device,
        other->device);
}

/* Whether a render of another archive is to be taken instead. */
static bool is_further(const merge_render *one, const merge_render *other)
{
    if (one->item == NULL || one->state == VQC_ARCHIVE_DONE || other->state == VQC_ARCHIVE_DONE)
        return one->item == NULL || one->state != VQC_ARCHIVE_DONE;
    return other->step > one->step;
}

static vqc_status render_look(merge_work *work, const merge_item *item, const vqc_archive *archive, size_t number,
                              vqc_error *error)
{
    vqc_archive_outcome outcome;
    merge_render *chosen = &work->renders[number];
    merge_render found = {.item = item};
    VQC_TRY(vqc_archive_outcome_read(archive, number, &outcome, error));
    VQC_TRY(vqc_archive_checkpoint_step(archive, number, &found.step, error));
    found.state = outcome.state;
    memcpy(found.picture_sha256, outcome.picture_sha256, sizeof found.picture_sha256);
    memcpy(found.latent_sha256, outcome.latent_sha256, sizeof found.latent_sha256);
    memcpy(found.device, outcome.device, sizeof found.device);
    if (chosen->item != NULL && chosen->state == VQC_ARCHIVE_DONE && found.state == VQC_ARCHIVE_DONE)
        return results_compare(chosen, item, &found, number, error);
    if (is_further(chosen, &found))
        *chosen = found;
    return VQC_OK;
}

static vqc_status archive_look(merge_work *work, merge_item *item, const vqc_archive *archive, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    VQC_TRY(study_compare(work, item, archive, error));
    VQC_TRY(part_read(item, outline, error));
    VQC_TRY(vqc_archive_check(archive, error));
    VQC_TRY(sources_take(item, outline, error));
    VQC_TRY(vqc_archive_launch_count(archive, &item->launches, error));
    work->launches += item->launches;
    work->source_count += item->source_count;
    for (size_t i = 0; i < outline->render_count; i++)
        if (vqc_archive_outline_holds(outline, i))
            VQC_TRY(render_look(work, item, archive, i, error));
    return VQC_OK;
}

/* The first one stays open, for its outline. */
static vqc_status item_look(merge_work *work, size_t index, vqc_error *error)
{
    vqc_archive *archive;
    merge_item *item = &work->items[index];
    item->path = work->merging->paths[index];
    work->item_count = index + 1;
    VQC_TRY(item_identify(work, item, error));
    VQC_TRY(vqc_archive_open(item->path, &archive, error));
    if (index > 0) {
        vqc_status status = archive_look(work, item, archive, error);
        vqc_archive_close(archive);
        return status;
    }
    work->first = archive;
    work->outcome.renders = vqc_archive_outline_of(archive)->render_count;
    VQC_TRY(vqc_memory_allocate(work->outcome.renders, sizeof *work->renders, "renders", &work->renders, error));
    return archive_look(work, item, archive, error);
}

/* ---- What is missing ---- */

/* Appends the numbers of the parts that no archive is of, where all are parts of one division. */
static vqc_status parts_list(const merge_work *work, vqc_text *list, vqc_error *error)
{
    const unsigned parts = work->items[0].parts;
    for (size_t i = 0; i < work->item_count; i++)
        if (work->items[i].parts != parts)
            return VQC_OK;
    for (unsigned number = 1; number <= parts; number++) {
        bool found = false;
        for (size_t i = 0; i < work->item_count; i++)
            found = found || work->items[i].number == number;
        if (!found)
            VQC_TRY(vqc_text_append(list, error, "%s%u", list->size == 0 ? "" : ", ", number));
    }
    return VQC_OK;
}

static vqc_status missing_describe(const merge_work *work, vqc_text *text, vqc_error *error)
{
    size_t first = 0;
    vqc_text parts = {0};
    while (work->renders[first].item != NULL)
        first++;
    vqc_status status = parts_list(work, &parts, error);
    if (status == VQC_OK && parts.size > 0)
        status = vqc_text_append(text, error, "of %u parts these are missing: %s: %zu renders, %zu is the first",
                                 work->items[0].parts, parts.data, work->outcome.missing, first);
    else if (status == VQC_OK)
        status = vqc_text_append(text, error, "%zu renders are in none of the archives, %zu is the first",
                                 work->outcome.missing, first);
    vqc_text_release(&parts);
    return status;
}

static vqc_status missing_check(merge_work *work, vqc_error *error)
{
    vqc_text text = {0};
    for (size_t i = 0; i < work->outcome.renders; i++)
        work->outcome.missing += work->renders[i].item == NULL;
    if (work->outcome.missing == 0)
        return VQC_OK;
    vqc_status status = missing_describe(work, &text, error);
    if (status == VQC_OK && !work->merging->partial)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s; with --partial they become pending", text.data);
    else if (status == VQC_OK && work->merging->say != NULL)
        work->merging->say(text.data);
    vqc_text_release(&text);
    return status;
}

/* ---- The new archive ---- */

/* Parts in their order, whichever way they were given; the first is the one that the study's own lines come from. */
static int items_compare(const void *first, const void *second)
{
    const merge_item *const *a = first;
    const merge_item *const *b = second;
    if ((*a)->number != (*b)->number)
        return (*a)->number < (*b)->number ? -1 : 1;
    return *a < *b ? -1 : *a > *b;
}

typedef struct merge_filling {
    merge_work *work;
    const merge_item **order; /* (item_count) */
} merge_filling;

static vqc_status render_fill(merge_work *work, const vqc_archive *from, vqc_archive *to, size_t number,
                              vqc_error *error)
{
    vqc_archive_damage damage;
    char line[VQC_ERROR_MESSAGE_SIZE];
    VQC_TRY(vqc_archive_render_copy(from, number, to, number, &damage, error));
    if (damage == VQC_ARCHIVE_DAMAGE_NONE)
        return VQC_OK;
    (void)snprintf(line, sizeof line, "%s: render %zu: %s does not have the recorded SHA-256", vqc_archive_path(from),
                   number, vqc_archive_damage_word(damage));
    if (damage != VQC_ARCHIVE_DAMAGE_SNAPSHOT)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s; the same launch again makes it again", line);
    if (work->merging->say != NULL)
        work->merging->say(line);
    return VQC_OK;
}

static vqc_status outcome_count(merge_work *work, const vqc_archive *archive, size_t number, vqc_error *error)
{
    vqc_archive_state state;
    VQC_TRY(vqc_archive_state_read(archive, number, &state, error));
    work->outcome.done += state == VQC_ARCHIVE_DONE;
    work->outcome.failed += state == VQC_ARCHIVE_FAILED;
    work->outcome.pending += state == VQC_ARCHIVE_PENDING;
    return VQC_OK;
}

static vqc_status item_fill(merge_work *work, const merge_item *item, vqc_archive *to, vqc_error *error)
{
    vqc_archive *from;
    VQC_TRY(vqc_archive_open(item->path, &from, error));
    vqc_status status = study_compare(work, item, from, error);
    if (status == VQC_OK)
        status = vqc_archive_launches_copy(from, to, error);
    for (size_t i = 0; i < work->outcome.renders && status == VQC_OK; i++)
        if (work->renders[i].item == item)
            status = render_fill(work, from, to, i, error);
    vqc_archive_close(from);
    return status;
}

static vqc_status archive_fill(vqc_archive *archive, void *context, vqc_error *error)
{
    const merge_filling *filling = context;
    merge_work *work = filling->work;
    for (size_t i = 0; i < work->item_count; i++)
        VQC_TRY(item_fill(work, filling->order[i], archive, error));
    for (size_t i = 0; i < work->outcome.renders; i++)
        VQC_TRY(outcome_count(work, archive, i, error));
    return VQC_OK;
}

/* Room for all launches so far and some more, a multiple of the usual number. */
static size_t capacity_of(size_t launches)
{
    const size_t wanted = launches + LAUNCHES_MORE;
    return (wanted + VQC_ARCHIVE_LAUNCH_CAPACITY - 1) / VQC_ARCHIVE_LAUNCH_CAPACITY * VQC_ARCHIVE_LAUNCH_CAPACITY;
}

static vqc_status sources_join(merge_work *work, const merge_item *const *order, vqc_error *error)
{
    size_t count = 0;
    VQC_TRY(vqc_memory_allocate(work->source_count, sizeof *work->sources, "sources", &work->sources, error));
    for (size_t i = 0; i < work->item_count; i++)
        for (size_t j = 0; j < order[i]->source_count; j++)
            work->sources[count++] = order[i]->sources[j];
    return VQC_OK;
}

/* The outline is that of the first in order, without its part. */
static vqc_status archive_make(merge_work *work, merge_filling *filling, vqc_error *error)
{
    VQC_TRY(sources_join(work, filling->order, error));
    vqc_archive_outline outline = *vqc_archive_outline_of(work->first);
    outline.part = NULL;
    outline.held = NULL;
    outline.sources = work->sources;
    outline.source_count = work->source_count;
    outline.launch_capacity = capacity_of(work->launches);
    outline.versions = filling->order[0]->sources[0].versions;
    outline.build = filling->order[0]->sources[0].build;
    return vqc_archive_make(work->merging->output, &outline, work->merging->locking, archive_fill, filling, error);
}

static vqc_status items_join(merge_work *work, vqc_error *error)
{
    merge_filling filling = {.work = work};
    VQC_TRY(vqc_memory_allocate(work->item_count, sizeof(void *), "archives", &filling.order, error));
    for (size_t i = 0; i < work->item_count; i++)
        filling.order[i] = &work->items[i];
    qsort(filling.order, work->item_count, sizeof(void *), items_compare);
    vqc_status status = archive_make(work, &filling, error);
    free(filling.order);
    return status;
}

vqc_status vqc_archives_merge(const vqc_merging *merging, vqc_merging_outcome *outcome_out, vqc_error *error)
{
    merge_work work = {.merging = merging};
    VQC_TRY(vqc_memory_allocate(merging->count, sizeof *work.items, "archives", &work.items, error));
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < merging->count && status == VQC_OK; i++)
        status = item_look(&work, i, error);
    if (status == VQC_OK)
        status = missing_check(&work, error);
    if (status == VQC_OK)
        status = items_join(&work, error);
    *outcome_out = work.outcome;
    work_release(&work);
    return status;
}
