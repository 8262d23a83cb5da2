#include "cli/frames.h"

#include <string.h>

#include "base/folder.h"
#include "base/text.h"
#include "image/image.h"

enum {
    SMALLEST_WIDTH = 256, /* of a frame with words, about; words of a smaller one could not be read */
    MARGIN = 8,           /* around the words, pixels */
};

static const vqc_caption_style prompt_style = {13, false, false, 3, {24, 24, 24}, {255, 255, 255}};
static const vqc_caption_style step_style = {11, false, false, 1, {110, 110, 110}, {255, 255, 255}};

/* A render's frames on their way. */
typedef struct frame_series {
    const vqc_frames *frames;
    size_t render;
    const char *folder;
    int64_t factor;        /* by which they are enlarged */
    int64_t prompt_height; /* of the words: the most that any frame's have */
    int64_t step_height;
    vqc_image snapshot;
    vqc_image frame; /* with captions */
} frame_series;

static const vqc_render *render_of(const frame_series *series)
{
    return &series->frames->study->renders[series->render];
}

/* Steps made when a snapshot was taken. */
static int64_t steps_at(const frame_series *series, uint32_t snapshot)
{
    return ((int64_t)snapshot + 1) * render_of(series)->settings->snapshots;
}

static vqc_status words_make(const frame_series *series, uint32_t snapshot, vqc_text *prompt, vqc_text *step,
                             vqc_error *error)
{
    const vqc_render *render = render_of(series);
    const int64_t done = steps_at(series, snapshot);
    VQC_TRY(vqc_prompt_told(render->prompt, render->settings, done - 1, prompt, error));
    return vqc_text_append(step, error, "step %lld of %lld", (long long)done, (long long)render->settings->steps);
}

static int64_t words_width(const frame_series *series)
{
    return series->snapshot.width * series->factor - 2 * MARGIN;
}

/* Makes room for the words of a frame. */
static vqc_status words_measure(frame_series *series, uint32_t snapshot, vqc_error *error)
{
    const vqc_captions *captions = series->frames->captions;
    vqc_text prompt = {0};
    vqc_text step = {0};
    vqc_status status = words_make(series, snapshot, &prompt, &step, error);
    if (status == VQC_OK) {
        const int64_t height = vqc_caption_height(captions, prompt.data, words_width(series), &prompt_style);
        series->prompt_height = height > series->prompt_height ? height : series->prompt_height;
        series->step_height = vqc_caption_height(captions, step.data, words_width(series), &step_style);
    }
    vqc_text_release(&prompt);
    vqc_text_release(&step);
    return status;
}

/* Lays the frames out. */
static vqc_status frame_create(frame_series *series, uint32_t count, vqc_error *error)
{
    const int64_t width = series->snapshot.width;
    series->factor = width < SMALLEST_WIDTH ? (SMALLEST_WIDTH + width - 1) / width : 1;
    for (uint32_t i = 0; i < count; i++)
        VQC_TRY(words_measure(series, i, error));
    const int64_t height =
        series->snapshot.height * series->factor + 3 * MARGIN + series->prompt_height + series->step_height;
    return vqc_image_create(height, width * series->factor, &series->frame, error);
}

/* Each pixel of the snapshot becomes a square, on white. */
static void squares_paint(frame_series *series)
{
    const vqc_image *from = &series->snapshot;
    vqc_image *to = &series->frame;
    memset(to->pixels, 255, (size_t)(3 * to->height * to->width));
    for (int64_t y = 0; y < from->height * series->factor; y++)
        for (int64_t x = 0; x < to->width; x++)
            memcpy(to->pixels + 3 * (y * to->width + x),
                   from->pixels + 3 * (y / series->factor * from->width + x / series->factor), 3);
}

static vqc_status words_paint(frame_series *series, uint32_t snapshot, vqc_error *error)
{
    const vqc_captions *captions = series->frames->captions;
    const int64_t top = series->snapshot.height * series->factor + MARGIN;
    const int64_t width = words_width(series);
    vqc_text prompt = {0};
    vqc_text step = {0};
    vqc_status status = words_make(series, snapshot, &prompt, &step, error);
    if (status == VQC_OK)
        status = vqc_caption_paint(captions, prompt.data, &prompt_style, &series->frame, top, MARGIN,
                                   series->prompt_height, width, error);
    if (status == VQC_OK)
        status = vqc_caption_paint(captions, step.data, &step_style, &series->frame,
                                   top + series->prompt_height + MARGIN, MARGIN, series->step_height, width, error);
    vqc_text_release(&prompt);
    vqc_text_release(&step);
    return status;
}

static vqc_status frame_file_write(const frame_series *series, uint32_t snapshot, const vqc_image *image,
                                   vqc_error *error)
{
    vqc_text path = {0};
    vqc_status status = vqc_text_append(&path, error, "%s/%05u.png", series->folder, snapshot);
    if (status == VQC_OK)
        status = vqc_image_write_png(path.data, image, NULL, 0, error);
    vqc_text_release(&path);
    return status;
}

static vqc_status frame_write(frame_series *series, uint32_t snapshot, vqc_error *error)
{
    bool present;
    VQC_TRY(vqc_archive_snapshot_read(series->frames->archive, series->render, snapshot, series->snapshot.pixels,
                                      &present, error));
    if (!present)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: render %zu: snapshot %u is not there",
                             vqc_archive_path(series->frames->archive), series->render, snapshot);
    if (series->frames->captions == NULL)
        return frame_file_write(series, snapshot, &series->snapshot, error);
    squares_paint(series);
    VQC_TRY(words_paint(series, snapshot, error));
    return frame_file_write(series, snapshot, &series->frame, error);
}

static vqc_status series_write(frame_series *series, uint32_t count, vqc_error *error)
{
    VQC_TRY(vqc_folder_make(series->folder, error));
    if (series->frames->captions != NULL)
        VQC_TRY(frame_create(series, count, error));
    for (uint32_t i = 0; i < count; i++)
        VQC_TRY(frame_write(series, i, error));
    return VQC_OK;
}

vqc_status vqc_frames_write(const vqc_frames *frames, size_t render, const char *folder, size_t *count_out,
                            vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(frames->archive);
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[render].shape];
    frame_series series = {.frames = frames, .render = render, .folder = folder};
    *count_out = shape->snapshot_count;
    if (shape->snapshot_count == 0)
        return VQC_OK;
    VQC_TRY(vqc_image_create(shape->height, shape->width, &series.snapshot, error));
    vqc_status status = series_write(&series, shape->snapshot_count, error);
    vqc_image_release(&series.snapshot);
    vqc_image_release(&series.frame);
    return status;
}
