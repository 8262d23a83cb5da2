#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/archive.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "image/image.h"

/* White space around the pictures of a contact sheet. */
enum { SHEET_GAP = 4 };

/* What an export reads and writes. */
typedef struct export_work {
    const vqc_archive *archive;
    const char *folder;
    vqc_image sheet;
    int64_t columns; /* of the sheet */
    int64_t cell_height, cell_width;
    size_t placed; /* pictures in the sheet so far */
    size_t written;
} export_work;

/* Writes a picture with what it was made from. */
static vqc_status picture_write(const export_work *work, size_t number, const vqc_image *image, vqc_error *error)
{
    const vqc_archive_plan *plan = vqc_archive_plan_of(work->archive);
    const vqc_archive_render *render = &plan->renders[number];
    char seed[32];
    vqc_text path = {0};
    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)render->seed);
    const vqc_image_text texts[] = {
        {"Title", render->prompt},
        {"Software", "vqclip"},
        {"vqclip study", plan->study},
        {"vqclip id", render->id},
        {"vqclip seed", seed},
        {"vqclip settings", render->settings},
        {"vqclip job SHA-256", plan->job_sha256},
    };
    vqc_status status = vqc_text_append(&path, error, "%s/%05zu.png", work->folder, number);
    if (status == VQC_OK)
        status = vqc_image_write_png(path.data, image, texts, sizeof texts / sizeof texts[0], error);
    vqc_text_release(&path);
    return status;
}

/* Copies a picture into the sheet's next cell. */
static void sheet_place(export_work *work, const vqc_image *image)
{
    int64_t top = SHEET_GAP + (int64_t)work->placed / work->columns * (work->cell_height + SHEET_GAP);
    int64_t left = SHEET_GAP + (int64_t)work->placed % work->columns * (work->cell_width + SHEET_GAP);
    for (int64_t y = 0; y < image->height; y++)
        memcpy(work->sheet.pixels + 3 * ((top + y) * work->sheet.width + left), image->pixels + 3 * y * image->width,
               (size_t)(3 * image->width));
    work->placed++;
}

static vqc_status render_export(export_work *work, size_t number, vqc_error *error)
{
    const vqc_archive_plan *plan = vqc_archive_plan_of(work->archive);
    const vqc_archive_shape *shape = &plan->shapes[plan->renders[number].shape];
    vqc_archive_state state;
    vqc_image image;
    VQC_TRY(vqc_archive_state_read(work->archive, number, &state, error));
    if (state != VQC_ARCHIVE_DONE) {
        work->placed++; /* its cell stays empty */
        return VQC_OK;
    }
    VQC_TRY(vqc_image_create(shape->height, shape->width, &image, error));
    vqc_status status = vqc_archive_picture_read(work->archive, number, image.pixels, error);
    if (status == VQC_OK)
        status = picture_write(work, number, &image, error);
    if (status == VQC_OK)
        sheet_place(work, &image);
    work->written += status == VQC_OK;
    vqc_image_release(&image);
    return status;
}

/* A white sheet with a cell for every render, about as wide as high. */
static vqc_status sheet_create(export_work *work, vqc_error *error)
{
    const vqc_archive_plan *plan = vqc_archive_plan_of(work->archive);
    for (size_t i = 0; i < plan->shape_count; i++) {
        if (plan->shapes[i].height > work->cell_height)
            work->cell_height = plan->shapes[i].height;
        if (plan->shapes[i].width > work->cell_width)
            work->cell_width = plan->shapes[i].width;
    }
    work->columns = (int64_t)ceil(sqrt((double)plan->render_count));
    int64_t rows = ((int64_t)plan->render_count + work->columns - 1) / work->columns;
    VQC_TRY(vqc_image_create(SHEET_GAP + rows * (work->cell_height + SHEET_GAP),
                             SHEET_GAP + work->columns * (work->cell_width + SHEET_GAP), &work->sheet, error));
    memset(work->sheet.pixels, 255, (size_t)(3 * work->sheet.height * work->sheet.width));
    return VQC_OK;
}

static vqc_status pictures_export(export_work *work, vqc_error *error)
{
    size_t count = vqc_archive_plan_of(work->archive)->render_count;
    vqc_text path = {0};
    VQC_TRY(sheet_create(work, error));
    for (size_t i = 0; i < count; i++)
        VQC_TRY(render_export(work, i, error));
    vqc_status status = vqc_text_append(&path, error, "%s/sheet.png", work->folder);
    if (status == VQC_OK)
        status = vqc_image_write_png(path.data, &work->sheet, NULL, 0, error);
    if (status == VQC_OK)
        (void)printf("%zu of %zu pictures and the contact sheet %s\n", work->written, count, path.data);
    vqc_text_release(&path);
    return status;
}

static vqc_status export_run(const char *path, const char *folder, vqc_error *error)
{
    vqc_archive *archive;
    if (folder == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "export: -o, --output is needed");
    VQC_TRY(vqc_archive_open(path, &archive, error));
    export_work work = {.archive = archive, .folder = folder};
    vqc_status status = VQC_OK;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        status = vqc_error_set(error, VQC_FAILED, "%s: the folder cannot be made: %s", folder, strerror(errno));
    if (status == VQC_OK)
        status = pictures_export(&work, error);
    vqc_image_release(&work.sheet);
    vqc_archive_close(archive);
    return status;
}

vqc_status vqc_command_export(int count, char **words, vqc_error *error)
{
    const char *output = NULL;
    vqc_text_list operands = {0};
    const vqc_option table[] = {
        {"-o, --output", "DIR", "folder for the pictures, made if it is not there", VQC_OPTION_TEXT, &output}};
    const vqc_arguments arguments = {
        .usage = "vqclip export ARCHIVE -o DIR",
        .summary =
            "Writes every finished picture as DIR/NUMBER.png, with prompt, seed and settings in its text chunks,\n"
            "and all of them in order on one sheet, DIR/sheet.png.",
        .options = table,
        .option_count = 1,
        .operands = &operands,
        .operand_minimum = 1,
        .operand_maximum = 1,
    };
    bool help;
    vqc_status status = vqc_arguments_parse(&arguments, count, words, &help, error);
    if (status == VQC_OK && !help)
        status = export_run(operands.items[0], output, error);
    vqc_text_list_release(&operands);
    return status;
}
