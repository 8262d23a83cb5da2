#include "cli/scored.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/scored_sources.h"

const char *const vqc_scored_state_words[VQC_SCORED_STATE_COUNT] = {
    [VQC_SCORED_READY] = "scored",
    [VQC_SCORED_PENDING] = "pending",
    [VQC_SCORED_FAILED] = "failed",
    [VQC_SCORED_DAMAGED] = "damaged",
};

/* The folder's list, new memory, and what separates its cells; NULL: it has none. Two of them are refused. */
static vqc_status list_find(const char *folder, char **list_out, char *separator_out, vqc_error *error)
{
    static const char *const names[] = {"pictures.csv", "pictures.tsv"};
    static const char separators[] = {',', '\t'};
    *list_out = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        vqc_text path = {0};
        vqc_status status = vqc_text_append(&path, error, "%s/%s", folder, names[i]);
        const bool there = status == VQC_OK && access(path.data, F_OK) == 0;
        if (there && *list_out != NULL)
            status = vqc_error_set(error, VQC_BAD_INPUT, "%s: expected one list, found pictures.csv and pictures.tsv",
                                   folder);
        else if (there)
            status = vqc_memory_copy_text(path.data, list_out, error);
        *separator_out = there ? separators[i] : *separator_out;
        vqc_text_release(&path);
        if (status != VQC_OK) {
            free(*list_out);
            return status;
        }
    }
    return VQC_OK;
}

static vqc_status folder_open(vqc_scored *scored, vqc_error *error)
{
    char *list;
    char separator = ',';
    VQC_TRY(list_find(scored->path, &list, &separator, error));
    if (list == NULL)
        return vqc_scored_exported_open(scored, error);
    vqc_status status = vqc_scored_list_open(scored, list, separator, error);
    free(list);
    return status;
}

static vqc_status source_open(vqc_scored *scored, vqc_error *error)
{
    struct stat about;
    VQC_TRY(vqc_study_storage_create(&scored->storage, error));
    if (stat(scored->path, &about) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected an archive or a folder of pictures: %s",
                             scored->path, strerror(errno));
    return S_ISDIR(about.st_mode) ? folder_open(scored, error) : vqc_scored_archive_open(scored, error);
}

/* ---- Groups: pictures that differ in their seeds alone ---- */

typedef struct group_entry {
    const vqc_scored_picture *picture;
    size_t index;
} group_entry;

/* By prompt and settings, then by place. */
static int entries_compare(const void *left, const void *right)
{
    const group_entry *a = left;
    const group_entry *b = right;
    int order = strcmp(a->picture->prompt, b->picture->prompt);
    if (order == 0)
        order = strcmp(a->picture->settings, b->picture->settings);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static bool are_alike(const vqc_scored_picture *left, const vqc_scored_picture *right)
{
    return strcmp(left->prompt, right->prompt) == 0 && strcmp(left->settings, right->settings) == 0;
}

/* Numbers the groups in the order of their first pictures: until then a picture's group is the place of that one. */
static void groups_number(vqc_scored *scored, const group_entry *sorted)
{
    size_t count = 0;
    for (size_t i = 0; i < scored->count; i++) {
        const bool first = i == 0 || !are_alike(sorted[i].picture, sorted[i - 1].picture);
        scored->pictures[sorted[i].index].group =
            first ? sorted[i].index : scored->pictures[sorted[i - 1].index].group;
    }
    for (size_t i = 0; i < scored->count; i++) {
        vqc_scored_picture *picture = &scored->pictures[i];
        picture->group = picture->group == i ? count++ : scored->pictures[picture->group].group;
    }
}

static vqc_status groups_find(vqc_scored *scored, vqc_error *error)
{
    group_entry *entries;
    VQC_TRY(vqc_memory_allocate(scored->count, sizeof *entries, "groups of pictures", &entries, error));
    for (size_t i = 0; i < scored->count; i++)
        entries[i] = (group_entry){&scored->pictures[i], i};
    qsort(entries, scored->count, sizeof *entries, entries_compare);
    groups_number(scored, entries);
    free(entries);
    return VQC_OK;
}

vqc_status vqc_scored_open(const char *path, vqc_scored *scored_out, vqc_error *error)
{
    vqc_scored scored = {.path = path, .study = "", .job_sha256 = "", .list_sha256 = ""};
    vqc_status status = source_open(&scored, error);
    if (status == VQC_OK)
        status = groups_find(&scored, error);
    if (status != VQC_OK) {
        vqc_scored_close(&scored);
        return status;
    }
    *scored_out = scored;
    return VQC_OK;
}

void vqc_scored_close(vqc_scored *scored)
{
    vqc_archived_study_close(scored->archived);
    vqc_archive_close(scored->archive);
    vqc_study_storage_destroy(scored->storage);
    *scored = (vqc_scored){0};
}

bool vqc_scored_reads_apart(const vqc_scored *scored)
{
    return scored->archive == NULL;
}

static vqc_status render_read(const vqc_scored *scored, size_t number, vqc_image *image_out,
                              char sha256[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(scored->archive);
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[number].shape];
    vqc_archive_outcome outcome;
    VQC_TRY(vqc_archive_outcome_read(scored->archive, number, &outcome, error));
    memcpy(sha256, outcome.picture_sha256, VQC_DIGEST_TEXT_SIZE);
    VQC_TRY(vqc_image_create(shape->height, shape->width, image_out, error));
    vqc_status status = vqc_archive_picture_read(scored->archive, number, image_out->pixels, error);
    if (status != VQC_OK)
        vqc_image_release(image_out);
    return status;
}

static vqc_status file_read(const vqc_scored *scored, const char *file, vqc_image *image_out,
                            char sha256[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    vqc_text path = {0};
    vqc_status status = file[0] == '/' ? vqc_text_append(&path, error, "%s", file)
                                       : vqc_text_append(&path, error, "%s/%s", scored->path, file);
    if (status == VQC_OK)
        status = vqc_image_read(path.data, image_out, error);
    vqc_text_release(&path);
    VQC_TRY(status);
    status = vqc_digest_bytes(image_out->pixels, (size_t)(3 * image_out->height * image_out->width), sha256, error);
    if (status != VQC_OK)
        vqc_image_release(image_out);
    return status;
}

vqc_status vqc_scored_read(const vqc_scored *scored, size_t index, vqc_image *image_out,
                           char sha256[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    if (scored->archive != NULL)
        return render_read(scored, scored->pictures[index].number, image_out, sha256, error);
    return file_read(scored, scored->pictures[index].file, image_out, sha256, error);
}
