#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/exported.h"
#include "cli/scored_sources.h"
#include "study/prompt.h"
#include "study/repeats.h"

/* Numbers of the pictures in a folder. */
typedef struct numbers {
    size_t *items;
    size_t count, capacity;
} numbers;

static int numbers_compare(const void *left, const void *right)
{
    const size_t a = *(const size_t *)left;
    const size_t b = *(const size_t *)right;
    return (a > b) - (a < b);
}

static vqc_status numbers_read(const char *path, numbers *found, vqc_error *error)
{
    DIR *folder = opendir(path);
    vqc_status status = VQC_OK;
    if (folder == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: the folder cannot be read: %s", path, strerror(errno));
    for (struct dirent *entry = readdir(folder); entry != NULL && status == VQC_OK; entry = readdir(folder)) {
        if (!vqc_exported_is_picture(entry->d_name))
            continue;
        status = vqc_memory_grow(&found->items, &found->capacity, found->count + 1, sizeof *found->items,
                                 "a folder's pictures", error);
        if (status == VQC_OK)
            found->items[found->count++] = strtoull(entry->d_name, NULL, 10);
    }
    (void)closedir(folder);
    if (status == VQC_OK && found->count == 0)
        status = vqc_error_set(error, VQC_BAD_INPUT,
                               "%s: expected pictures that vqclip export wrote, or a list of pictures, pictures.csv "
                               "with the columns file and prompt; found neither",
                               path);
    if (found->count > 1)
        qsort(found->items, found->count, sizeof *found->items, numbers_compare);
    return status;
}

/* A text of the picture, kept; what is not there is refused. */
static vqc_status text_take(vqc_scored *scored, const vqc_image_texts *texts, const char *key, const char **text_out,
                            vqc_error *error)
{
    const char *found = vqc_exported_text(texts, key);
    if (found == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected a picture that vqclip export wrote, found none of its texts \"%s\"; a list, "
                             "pictures.csv, says what other pictures show",
                             key);
    return vqc_study_storage_text(scored->storage, text_out, error, "%s", found);
}

/* A prompt that is one text, and nothing else. */
static vqc_status own_text_find(vqc_scored *scored, vqc_scored_picture *picture, vqc_error *error)
{
    vqc_target *targets;
    size_t count;
    if (picture->prompt[0] == '\0')
        return VQC_OK;
    VQC_TRY(vqc_prompt_split(picture->prompt, ":|", scored->storage, &targets, &count, error));
    if (count != 1 || targets[0].weight != 1.0 || strchr(picture->prompt, '^') != NULL)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "its prompt has parts, weights or phrases, and the picture does not say what they meant: "
            "\"%s\"; score the archive, or give the texts in pictures.csv",
            picture->prompt);
    picture->text = targets[0].text;
    return VQC_OK;
}

/* That all pictures are of one archive, as the first one is. */
static vqc_status job_check(vqc_scored *scored, const vqc_image_texts *texts, vqc_error *error)
{
    const char *job;
    VQC_TRY(text_take(scored, texts, VQC_EXPORTED_JOB, &job, error));
    if (scored->job_sha256[0] != '\0' && strcmp(scored->job_sha256, job) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected a picture of the study %s like those before (job SHA-256 %.12s...), found one "
                             "of another archive (%.12s...)",
                             scored->study, scored->job_sha256, job);
    scored->job_sha256 = job;
    return text_take(scored, texts, VQC_EXPORTED_STUDY, &scored->study, error);
}

static vqc_status picture_fill(vqc_scored *scored, const vqc_image_texts *texts, vqc_scored_picture *picture,
                               vqc_error *error)
{
    const char *category = vqc_exported_text(texts, VQC_EXPORTED_CATEGORY);
    VQC_TRY(job_check(scored, texts, error));
    VQC_TRY(text_take(scored, texts, VQC_EXPORTED_PROMPT, &picture->prompt, error));
    VQC_TRY(text_take(scored, texts, VQC_EXPORTED_ID, &picture->id, error));
    VQC_TRY(text_take(scored, texts, VQC_EXPORTED_SEED, &picture->seed, error));
    VQC_TRY(text_take(scored, texts, VQC_EXPORTED_SETTINGS, &picture->settings, error));
    if (category != NULL)
        VQC_TRY(vqc_study_storage_text(scored->storage, &picture->category, error, "%s", category));
    return own_text_find(scored, picture, error);
}

static vqc_status picture_add(vqc_scored *scored, size_t number, vqc_scored_picture *picture, vqc_error *error)
{
    char name[VQC_EXPORTED_NAME_SIZE];
    vqc_text path = {0};
    vqc_image_texts texts = {0};
    vqc_exported_name(number, name);
    picture->number = number;
    VQC_TRY(vqc_study_storage_text(scored->storage, &picture->file, error, "%s", name));
    VQC_TRY(vqc_text_append(&path, error, "%s/%s", scored->path, name));
    vqc_status status = vqc_image_texts_read(path.data, &texts, error);
    if (status == VQC_OK && picture_fill(scored, &texts, picture, error) != VQC_OK)
        status = vqc_error_prefix(error, "%s", path.data);
    vqc_image_texts_release(&texts);
    vqc_text_release(&path);
    return status;
}

static int renders_compare(const void *pictures, size_t a, size_t b)
{
    const vqc_scored_picture *one = (const vqc_scored_picture *)pictures + a;
    const vqc_scored_picture *other = (const vqc_scored_picture *)pictures + b;
    const int order = strcmp(one->id, other->id);
    return order != 0 ? order : strcmp(one->settings, other->settings);
}

/* That no render is there twice, under another's number. */
static vqc_status repeats_check(const vqc_scored *scored, vqc_error *error)
{
    bool found;
    size_t first;
    size_t second;
    VQC_TRY(vqc_repeat_find(scored->pictures, scored->count, renders_compare, &found, &first, &second, error));
    if (!found)
        return VQC_OK;
    return vqc_error_set(
        error, VQC_BAD_INPUT, "%s/%s: expected a render of its own, found %s, as in %s: export the archive again",
        scored->path, scored->pictures[second].file, scored->pictures[second].id, scored->pictures[first].file);
}

vqc_status vqc_scored_exported_open(vqc_scored *scored, vqc_error *error)
{
    numbers found = {0};
    vqc_status status = numbers_read(scored->path, &found, error);
    scored->kind = "exported pictures";
    if (status == VQC_OK)
        status = vqc_scored_allocate(scored, found.count, error);
    for (size_t i = 0; i < found.count && status == VQC_OK; i++)
        status = picture_add(scored, found.items[i], &scored->pictures[i], error);
    if (status == VQC_OK)
        status = repeats_check(scored, error);
    free(found.items);
    return status;
}
