#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/visible.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/exported.h"
#include "cli/frames.h"
#include "cli/video.h"
#include "image/caption.h"
#include "image/image.h"
#include "image/sheet.h"
#include "record/archived_study.h"

typedef struct export_options {
    const char *output;
    const char *video;
    bool snapshots, captions;
    long fps;
} export_options;

/* What an export reads and writes. */
typedef struct export_work {
    const export_options *options;
    const vqc_archive *archive;
    const char *folder;
    vqc_captions *captions; /* NULL: the sheets have no words */
    size_t written;         /* pictures so far */
    size_t damaged;         /* those that do not have their digest, and renders with such snapshots */
    size_t frames;          /* snapshots so far */
    size_t *numbers;        /* of the archive's renders, which are those of its part */
    size_t count;
    size_t sheet_count;
    size_t sheet_cells; /* pictures of every sheet, the last may have fewer */
} export_work;

/* Writes a picture with what it was made from. */
static vqc_status picture_write(const export_work *work, size_t number, const vqc_image *image, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->archive);
    const vqc_archive_render *render = &outline->renders[number];
    char seed[32];
    char name[VQC_EXPORTED_NAME_SIZE];
    vqc_text path = {0};
    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)render->seed);
    const vqc_image_text texts[] = {
        {VQC_EXPORTED_PROMPT, render->prompt},
        {"Software", "vqclip"},
        {VQC_EXPORTED_STUDY, outline->study},
        {VQC_EXPORTED_ID, render->id},
        {VQC_EXPORTED_SEED, seed},
        {VQC_EXPORTED_SETTINGS, render->settings},
        {VQC_EXPORTED_JOB, outline->job_sha256},
        {VQC_EXPORTED_CATEGORY, outline->category_count == 0 ? "" : outline->categories[number]},
    };
    const size_t count = sizeof texts / sizeof texts[0] - (outline->category_count == 0 ? 1 : 0);
    vqc_exported_name(number, name);
    vqc_status status = vqc_text_append(&path, error, "%s/%s", work->folder, name);
    if (status == VQC_OK)
        status = vqc_image_write_png(path.data, image, texts, count, error);
    vqc_text_release(&path);
    return status;
}

/* Writes one plane of a relevance as a grey picture of the render's size. */
static vqc_status plane_write(const export_work *work, size_t number, const char *what, const float *plane,
                              const vqc_archive_extents *shape, vqc_error *error)
{
    vqc_image image;
    vqc_text path = {0};
    VQC_TRY(vqc_image_create(shape->height, shape->width, &image, error));
    for (int64_t i = 0; i < image.height * image.width; i++) {
        const int64_t row = i / image.width * shape->latent_rows / image.height;
        const int64_t column = i % image.width * shape->latent_columns / image.width;
        const float value = plane[row * shape->latent_columns + column];
        memset(image.pixels + 3 * i, value > 0.0F ? (int)(255.0F * (value < 1.0F ? value : 1.0F) + 0.5F) : 0, 3);
    }
    vqc_status status = vqc_text_append(&path, error, "%s/%05zu-%s.png", work->folder, number, what);
    if (status == VQC_OK)
        status = vqc_image_write_png(path.data, &image, NULL, 0, error);
    vqc_text_release(&path);
    vqc_image_release(&image);
    return status;
}

/* Writes what a text found, and the mask of it, beside the picture. */
static vqc_status relevance_export(const export_work *work, size_t number, const vqc_archive_extents *shape,
                                   vqc_error *error)
{
    const size_t count = (size_t)shape->latent_rows * shape->latent_columns;
    float *planes;
    if (!shape->relevance)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(2 * count, sizeof *planes, "a relevance", &planes, error));
    vqc_status status = vqc_archive_relevance_read(work->archive, number, planes, error);
    if (status == VQC_OK)
        status = plane_write(work, number, "relevance", planes, shape, error);
    if (status == VQC_OK)
        status = plane_write(work, number, "mask", planes + count, shape, error);
    free(planes);
    return status;
}

/* That a relevance, which is exported with the picture, is what the archive's digests are of. */
static vqc_status relevance_check(const export_work *work, size_t number, const vqc_archive_extents *shape,
                                  vqc_error *error)
{
    bool intact;
    if (!shape->relevance)
        return VQC_OK;
    VQC_TRY(vqc_archive_record_check(work->archive, number, &intact, error));
    if (intact)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: render %zu: %s does not have the recorded SHA-256",
                         vqc_archive_path(work->archive), number, vqc_archive_damage_word(VQC_ARCHIVE_DAMAGE_RECORD));
}

/* Why there is no picture, for the place on the sheet where it would be. */
static vqc_status absence_place(const vqc_archive_outcome *outcome, vqc_sheet *sheet, size_t cell, vqc_error *error)
{
    vqc_text note = {0};
    if (outcome->state != VQC_ARCHIVE_FAILED)
        return vqc_sheet_note_place(sheet, cell, "pending", error);
    vqc_status status = vqc_text_append(&note, error, "failed: %s", outcome->reason);
    if (status == VQC_OK)
        status = vqc_sheet_note_place(sheet, cell, note.data, error);
    vqc_text_release(&note);
    return status;
}

/* A picture that does not have its digest is not written, and the others are. */
static vqc_status damage_place(export_work *work, vqc_error *error, vqc_sheet *sheet, size_t cell)
{
    (void)fprintf(stderr, "vqclip: %s\n", error->message);
    work->damaged++;
    return vqc_sheet_note_place(sheet, cell, "damaged", error);
}

/* Writes a render's picture and puts it on the sheet. */
static vqc_status render_export(export_work *work, size_t number, vqc_sheet *sheet, size_t cell, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->archive);
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[number].shape];
    vqc_archive_outcome outcome;
    vqc_image image;
    VQC_TRY(vqc_archive_outcome_read(work->archive, number, &outcome, error));
    if (outcome.state != VQC_ARCHIVE_DONE)
        return absence_place(&outcome, sheet, cell, error);
    VQC_TRY(vqc_image_create(shape->height, shape->width, &image, error));
    vqc_status status = vqc_archive_picture_read(work->archive, number, image.pixels, error);
    if (status == VQC_OK)
        status = relevance_check(work, number, shape, error);
    if (status == VQC_BAD_INPUT) {
        vqc_image_release(&image);
        return damage_place(work, error, sheet, cell);
    }
    if (status == VQC_OK)
        status = picture_write(work, number, &image, error);
    if (status == VQC_OK)
        status = relevance_export(work, number, shape, error);
    if (status == VQC_OK)
        status = vqc_sheet_picture_place(sheet, cell, &image, error);
    work->written += status == VQC_OK;
    vqc_image_release(&image);
    return status;
}

/* The small print below a picture: its file's number, and the render's id in words. Ids are PROMPT.SEED or
 * PROMPT.SEED.VARIANT (record/study_archive.h). */
static vqc_status detail_make(const vqc_archive_render *render, size_t number, vqc_text *detail, vqc_error *error)
{
    char seed[32];
    size_t size = (size_t)snprintf(seed, sizeof seed, ".%llu", (unsigned long long)render->seed);
    const char *found = strstr(render->id, seed);
    while (found != NULL && found[size] != '\0' && found[size] != '.')
        found = strstr(found + 1, seed);
    if (found == NULL)
        return vqc_text_append(detail, error, "%05zu · %s", number, render->id);
    return vqc_text_append(detail, error, "%05zu · prompt %.*s · seed %s%s%s", number, (int)(found - render->id),
                           render->id, seed + 1, found[size] == '.' ? " · " : "",
                           found[size] == '.' ? found + size + 1 : "");
}

/* Describes the cells of a sheet, from that one of the archive's renders on. */
static vqc_status cells_fill(const export_work *work, size_t first, size_t count, vqc_sheet_cell *cells,
                             vqc_text *details, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->archive);
    for (size_t i = 0; i < count; i++) {
        const size_t number = work->numbers[first + i];
        const vqc_archive_render *render = &outline->renders[number];
        const vqc_archive_extents *shape = &outline->shapes[render->shape];
        VQC_TRY(detail_make(render, number, &details[i], error));
        cells[i] = (vqc_sheet_cell){shape->height, shape->width, render->prompt, details[i].data};
    }
    return VQC_OK;
}

static vqc_status subtitle_make(const export_work *work, size_t number, vqc_text *subtitle, vqc_error *error)
{
    VQC_TRY(vqc_text_append(subtitle, error, "%zu render%s", work->count, work->count == 1 ? "" : "s"));
    if (work->sheet_count == 1)
        return VQC_OK;
    return vqc_text_append(subtitle, error, " · sheet %zu of %zu", number + 1, work->sheet_count);
}

/* Lays out the sheet of that number, from that one of the archive's renders on. */
static vqc_status sheet_lay_out(const export_work *work, size_t number, size_t first, size_t count,
                                vqc_sheet **sheet_out, vqc_error *error)
{
    vqc_sheet_cell cells[VQC_SHEET_MAX_CELLS];
    vqc_text details[VQC_SHEET_MAX_CELLS] = {0};
    vqc_text subtitle = {0};
    vqc_status status = cells_fill(work, first, count, cells, details, error);
    if (status == VQC_OK)
        status = subtitle_make(work, number, &subtitle, error);
    if (status == VQC_OK)
        status = vqc_sheet_create(&(vqc_sheet_arrangement){.title = vqc_archive_outline_of(work->archive)->study,
                                                           .subtitle = subtitle.data,
                                                           .cells = cells,
                                                           .count = count},
                                  work->captions, sheet_out, error);
    for (size_t i = 0; i < count; i++)
        vqc_text_release(&details[i]);
    vqc_text_release(&subtitle);
    return status;
}

/* DIR/sheet.png, or DIR/sheet-1.png and on. */
static vqc_status sheet_write(const export_work *work, size_t number, const vqc_sheet *sheet, vqc_error *error)
{
    vqc_text path = {0};
    vqc_status status = work->sheet_count == 1
                            ? vqc_text_append(&path, error, "%s/sheet.png", work->folder)
                            : vqc_text_append(&path, error, "%s/sheet-%zu.png", work->folder, number + 1);
    if (status == VQC_OK)
        status = vqc_image_write_png_quickly(path.data, vqc_sheet_image(sheet), error);
    vqc_text_release(&path);
    return status;
}

/* Writes a sheet and the pictures on it. */
static vqc_status sheet_export(export_work *work, size_t number, vqc_error *error)
{
    size_t first = number * work->sheet_cells;
    size_t left = work->count - first;
    size_t count = left < work->sheet_cells ? left : work->sheet_cells;
    vqc_sheet *sheet;
    VQC_TRY(sheet_lay_out(work, number, first, count, &sheet, error));
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < count && status == VQC_OK; i++)
        status = render_export(work, work->numbers[first + i], sheet, i, error);
    if (status == VQC_OK)
        status = sheet_write(work, number, sheet, error);
    vqc_sheet_destroy(sheet);
    return status;
}

/* Says what was written. */
static void outcome_print(const export_work *work, const char *lack)
{
    (void)printf("%zu of %zu pictures and ", work->written, work->count);
    if (work->sheet_count == 1)
        vqc_print(stdout, "the contact sheet %s/sheet.png\n", work->folder);
    else
        vqc_print(stdout, "the contact sheets %s/sheet-1.png to sheet-%zu.png\n", work->folder, work->sheet_count);
    if (lack != NULL)
        vqc_print(stdout, "no captions on contact sheets: %s\n", lack);
}

/* The video's file; with the render's number before its ending, where there are several renders. */
static vqc_status video_path_make(const export_work *work, size_t number, vqc_text *path, vqc_error *error)
{
    const char *file = work->options->video;
    const char *ending = strrchr(file, '.');
    if (work->count == 1)
        return vqc_text_append(path, error, "%s", file);
    return vqc_text_append(path, error, "%.*s-%05zu%s", (int)(ending - file), file, number, ending);
}

static vqc_status video_export(const export_work *work, size_t number, const char *folder, size_t count,
                               vqc_error *error)
{
    vqc_text path = {0};
    vqc_status status = video_path_make(work, number, &path, error);
    if (status == VQC_OK)
        status = vqc_video_make(&(vqc_video){path.data, folder, count, work->options->fps}, error);
    vqc_text_release(&path);
    return status;
}

/* Writes a render's snapshots into a folder beside its picture, and their video. */
static vqc_status snapshots_export(export_work *work, const vqc_frames *frames, size_t number, vqc_error *error)
{
    vqc_archive_state state;
    vqc_text folder = {0};
    size_t count = 0;
    VQC_TRY(vqc_archive_state_read(work->archive, number, &state, error));
    if (state != VQC_ARCHIVE_DONE)
        return VQC_OK;
    vqc_status status = vqc_text_append(&folder, error, "%s/%05zu-snapshots", work->folder, number);
    if (status == VQC_OK)
        status = vqc_frames_write(frames, number, folder.data, &count, error);
    if (status == VQC_OK && count > 0)
        vqc_print(stdout, "%zu snapshots in %s\n", count, folder.data);
    if (status == VQC_OK && count > 0 && work->options->video != NULL)
        status = video_export(work, number, folder.data, count, error);
    vqc_text_release(&folder);
    work->frames += status == VQC_OK ? count : 0;
    if (status != VQC_BAD_INPUT)
        return status;
    (void)fprintf(stderr, "vqclip: %s\n", error->message);
    work->damaged++;
    return VQC_OK;
}

/* The same of all renders. */
static vqc_status series_export(export_work *work, vqc_error *error)
{
    vqc_archived_study *study;
    if (!work->options->snapshots && work->options->video == NULL)
        return VQC_OK;
    VQC_TRY(vqc_archived_study_open(work->archive, "", &study, error));
    const vqc_frames frames = {work->archive, vqc_archived_study_of(study),
                               work->options->captions ? work->captions : NULL};
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < vqc_archive_outline_of(work->archive)->render_count && status == VQC_OK; i++)
        status = snapshots_export(work, &frames, i, error);
    vqc_archived_study_close(study);
    if (status == VQC_OK && work->frames == 0)
        (void)printf("no snapshots: none of the finished renders has any\n");
    return status;
}

/* Whoever asks for captions of snapshots does not want them without. */
static vqc_status lack_check(const export_work *work, const char *lack, vqc_error *error)
{
    if (lack == NULL || !work->options->captions)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "--captions: %s", lack);
}

static vqc_status renders_list(export_work *work, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->archive);
    VQC_TRY(vqc_memory_allocate(outline->render_count, sizeof *work->numbers, "renders", &work->numbers, error));
    for (size_t i = 0; i < outline->render_count; i++)
        if (vqc_archive_outline_holds(outline, i))
            work->numbers[work->count++] = i;
    return VQC_OK;
}

static vqc_status pictures_export(export_work *work, vqc_error *error)
{
    const char *lack;
    VQC_TRY(vqc_captions_create(&work->captions, &lack, error));
    VQC_TRY(lack_check(work, lack, error));
    VQC_TRY(renders_list(work, error));
    work->sheet_count = (work->count + VQC_SHEET_MAX_CELLS - 1) / VQC_SHEET_MAX_CELLS;
    work->sheet_cells = (work->count + work->sheet_count - 1) / work->sheet_count; /* about as many on each */
    for (size_t i = 0; i < work->sheet_count; i++)
        VQC_TRY(sheet_export(work, i, error));
    outcome_print(work, lack);
    VQC_TRY(series_export(work, error));
    if (work->damaged == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: %zu pictures are damaged and were not written",
                         vqc_archive_path(work->archive), work->damaged);
}

/* That a picture of the same job is this archive's picture of that number: the job may have been rendered twice, on
 * machines that give other bytes. One that cannot be read to its end, where an export was ended, is written again. */
static vqc_status same_picture_check(const export_work *work, const char *name, const char *path, vqc_error *error)
{
    const unsigned long long number = strtoull(name, NULL, 10);
    vqc_archive_outcome outcome = {.state = VQC_ARCHIVE_PENDING};
    char digest[VQC_DIGEST_TEXT_SIZE];
    vqc_image image;
    vqc_error unreadable;
    if (number < vqc_archive_outline_of(work->archive)->render_count)
        VQC_TRY(vqc_archive_outcome_read(work->archive, number, &outcome, error));
    if (outcome.state != VQC_ARCHIVE_DONE)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: is of another archive of the same job: in this one that render is not finished; "
                             "take another folder",
                             path);
    if (vqc_image_read(path, &image, &unreadable) != VQC_OK)
        return VQC_OK;
    vqc_status status = vqc_digest_bytes(image.pixels, (size_t)image.height * (size_t)image.width * 3, digest, error);
    vqc_image_release(&image);
    if (status != VQC_OK || strcmp(digest, outcome.picture_sha256) == 0)
        return status;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: is of another archive of the same job: expected a picture with the SHA-256 %.12s..., "
                         "found %.12s...; take another folder",
                         path, outcome.picture_sha256, digest);
}

/* That a picture which lies where one would be written is of the same archive. */
static vqc_status picture_check(const export_work *work, const char *name, vqc_error *error)
{
    vqc_text path = {0};
    vqc_image_texts texts = {0};
    const char *job = vqc_archive_outline_of(work->archive)->job_sha256;
    vqc_status status = vqc_text_append(&path, error, "%s/%s", work->folder, name);
    if (status == VQC_OK)
        status = vqc_image_texts_read(path.data, &texts, error);
    const char *found = vqc_exported_text(&texts, VQC_EXPORTED_JOB);
    const char *study = vqc_exported_text(&texts, VQC_EXPORTED_STUDY);
    if (status == VQC_OK && found == NULL)
        status = vqc_error_set(error, VQC_BAD_INPUT,
                               "%s: expected a picture of this study, found one that no vqclip export wrote; take "
                               "another folder",
                               path.data);
    else if (status == VQC_OK && strcmp(found, job) != 0)
        status = vqc_error_set(error, VQC_BAD_INPUT,
                               "%s: expected a picture of this study, found one of the study %s, of another archive "
                               "(job SHA-256 %.12s, not %.12s); take another folder",
                               path.data, study == NULL ? "" : study, found, job);
    if (status == VQC_OK)
        status = same_picture_check(work, name, path.data, error);
    vqc_image_texts_release(&texts);
    vqc_text_release(&path);
    return status;
}

/* That pictures of other archives do not lie in the folder, among which these would be lost. */
static vqc_status folder_check(const export_work *work, vqc_error *error)
{
    DIR *folder = opendir(work->folder);
    if (folder == NULL)
        return vqc_error_set(error, VQC_FAILED, "%s: the folder cannot be read: %s", work->folder, strerror(errno));
    vqc_status status = VQC_OK;
    for (struct dirent *entry = readdir(folder); entry != NULL && status == VQC_OK; entry = readdir(folder))
        if (vqc_exported_is_picture(entry->d_name))
            status = picture_check(work, entry->d_name, error);
    (void)closedir(folder);
    return status;
}

enum { MAX_RATE = 240 };

static vqc_status options_check(const export_options *options, vqc_error *error)
{
    if (options->output == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "export: -o, --output is needed");
    if (options->captions && !options->snapshots && options->video == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "export: --captions are of --snapshots or --video, found neither");
    if (options->fps < 1 || options->fps > MAX_RATE)
        return vqc_error_set(error, VQC_BAD_INPUT, "--fps: expected 1 to %d, found %ld", MAX_RATE, options->fps);
    return options->video == NULL ? VQC_OK : vqc_video_path_check(options->video, error);
}

static vqc_status export_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    const export_options *options = context;
    const char *folder = options->output;
    vqc_archive *archive;
    VQC_TRY(options_check(options, error));
    VQC_TRY(vqc_archive_open(operands->items[0], &archive, error));
    export_work work = {.options = options, .archive = archive, .folder = folder};
    vqc_status status = vqc_folder_make(folder, error);
    if (status == VQC_OK)
        status = folder_check(&work, error);
    if (status == VQC_OK)
        status = pictures_export(&work, error);
    vqc_captions_destroy(work.captions);
    free(work.numbers);
    vqc_archive_close(archive);
    return status;
}

static const vqc_option table[] = {
    {.name = "-o, --output",
     .value = "DIR",
     .help = "folder for the pictures, made if it is not there",
     VQC_OPTION_MEMBER(export_options, output)},
    {.name = "--snapshots",
     .help = "also the snapshots, as DIR/NUMBER-snapshots/00000.png and on",
     VQC_OPTION_MEMBER(export_options, snapshots)},
    {.name = "--video",
     .value = "FILE",
     .help = "the snapshots, and a video of them: .mp4, .mov, .mkv, .webm or .gif",
     VQC_OPTION_MEMBER(export_options, video)},
    {.name = "--fps",
     .value = "N",
     .usual = "10",
     .help = "snapshots of a second of the video, 1 to 240",
     VQC_OPTION_MEMBER(export_options, fps)},
    {.name = "--captions",
     .help = "prompt and step below each snapshot; of a story the phrase",
     VQC_OPTION_MEMBER(export_options, captions)},
};

const vqc_command vqc_command_export = {
    .name = "export",
    .summary = "an archive's pictures as PNG files and a contact sheet",
    .usage = "vqclip export ARCHIVE -o DIR [--snapshots] [--video FILE] [--captions]",
    .about =
        "Writes every finished picture as DIR/NUMBER.png, with prompt, seed and settings in its text chunks,\n"
        "where a text made the mask also DIR/NUMBER-relevance.png and DIR/NUMBER-mask.png,\n"
        "and all of them in order, each with its prompt, on DIR/sheet.png; more than 100 renders are spread\n"
        "over DIR/sheet-1.png and on.\n"
        "Videos are made by ffmpeg, where it is on PATH; else the command that makes them is printed. Of several\n"
        "renders each has its own, FILE with the render's number before its ending.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(export_options),
    .run = export_run,
};
