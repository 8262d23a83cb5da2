#include "image/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Distances in pixels. */
enum {
    MARGIN = 24,
    COLUMN_GAP = 20,
    ROW_GAP = 24,
    TITLE_GAP = 2,       /* between title and subtitle */
    HEADER_GAP = 20,     /* below the subtitle */
    CAPTION_GAP = 8,     /* between box and caption */
    DETAIL_GAP = 3,      /* between caption and detail */
    NOTE_PADDING = 12,   /* of a note in its box */
    SMALLEST_SIDE = 192, /* of the largest picture of a sheet, and of a box */
    LARGEST_SIDE = 384,
    NOTE_LINE = 18, /* height of a note's line, about */
};

#define WHITE                                                                                                        \
    {                                                                                                                \
        255, 255, 255                                                                                                \
    }
#define GROUND                                                                                                       \
    {                                                                                                                \
        236, 236, 236                                                                                                \
    }

static const uint8_t ground[3] = GROUND;

static const vqc_caption_style title_style = {20, true, false, 1, {24, 24, 24}, WHITE};
static const vqc_caption_style subtitle_style = {13, false, false, 1, {110, 110, 110}, WHITE};
static const vqc_caption_style caption_style = {13, false, false, 3, {24, 24, 24}, WHITE};
static const vqc_caption_style detail_style = {11, false, false, 2, {110, 110, 110}, WHITE};
static const vqc_caption_style note_style = {13, false, true, 3, {90, 90, 90}, GROUND};

struct vqc_sheet {
    const vqc_captions *captions; /* NULL: no words */
    vqc_image canvas;
    size_t count, columns, rows;
    int64_t side;                  /* that no picture exceeds */
    int64_t box_height, box_width; /* of the place for a picture */
    int64_t words_height;          /* of the place for caption and detail */
    int64_t header_height;
};

/* The size at which a picture is shown. */
static void shown_size(int64_t side, int64_t height, int64_t width, int64_t *height_out, int64_t *width_out)
{
    int64_t longest = height > width ? height : width;
    int64_t factor = side / longest;
    *height_out = factor > 0 ? height * factor : (height * side + longest / 2) / longest;
    *width_out = factor > 0 ? width * factor : (width * side + longest / 2) / longest;
    *height_out += *height_out == 0;
    *width_out += *width_out == 0;
}

/* The side that pictures fit in, and the box that holds each of them. */
static void boxes_measure(vqc_sheet *sheet, const vqc_sheet_arrangement *arrangement)
{
    int64_t longest = 1;
    sheet->box_width = SMALLEST_SIDE;
    for (size_t i = 0; i < arrangement->count; i++) {
        longest = arrangement->cells[i].height > longest ? arrangement->cells[i].height : longest;
        longest = arrangement->cells[i].width > longest ? arrangement->cells[i].width : longest;
    }
    int64_t factor = (SMALLEST_SIDE + longest - 1) / longest;
    sheet->side = longest * factor < LARGEST_SIDE ? longest * factor : LARGEST_SIDE;
    for (size_t i = 0; i < arrangement->count; i++) {
        int64_t height;
        int64_t width;
        shown_size(sheet->side, arrangement->cells[i].height, arrangement->cells[i].width, &height, &width);
        sheet->box_height = height > sheet->box_height ? height : sheet->box_height;
        sheet->box_width = width > sheet->box_width ? width : sheet->box_width;
    }
}

/* Room for the words of the cell that has the most, and for the header. */
static void words_measure(vqc_sheet *sheet, const vqc_sheet_arrangement *arrangement)
{
    if (sheet->captions == NULL)
        return;
    for (size_t i = 0; i < arrangement->count; i++) {
        int64_t height =
            CAPTION_GAP +
            vqc_caption_height(sheet->captions, arrangement->cells[i].caption, sheet->box_width, &caption_style) +
            DETAIL_GAP +
            vqc_caption_height(sheet->captions, arrangement->cells[i].detail, sheet->box_width, &detail_style);
        sheet->words_height = height > sheet->words_height ? height : sheet->words_height;
    }
    sheet->header_height =
        vqc_caption_height(sheet->captions, arrangement->title, LARGEST_SIDE, &title_style) + TITLE_GAP +
        vqc_caption_height(sheet->captions, arrangement->subtitle, LARGEST_SIDE, &subtitle_style) + HEADER_GAP;
}

static int64_t sheet_width(const vqc_sheet *sheet, size_t columns)
{
    return 2 * MARGIN - COLUMN_GAP + (int64_t)columns * (sheet->box_width + COLUMN_GAP);
}

static int64_t sheet_height(const vqc_sheet *sheet, size_t rows)
{
    return 2 * MARGIN + sheet->header_height - ROW_GAP +
           (int64_t)rows * (sheet->box_height + sheet->words_height + ROW_GAP);
}

/* Chooses the columns: as near to 4 to 3 as can be, an empty place in the last row counting as a small fault. */
static void columns_choose(vqc_sheet *sheet, size_t count)
{
    double best = INFINITY;
    for (size_t columns = 1; columns <= count; columns++) {
        size_t rows = (count + columns - 1) / columns;
        double ratio = (double)sheet_width(sheet, columns) / (double)sheet_height(sheet, rows);
        double fault = fabs(log(ratio * 3.0 / 4.0)) + 0.5 * (double)(rows * columns - count) / (double)columns;
        if (fault < best) {
            best = fault;
            sheet->columns = columns;
            sheet->rows = rows;
        }
    }
}

static int64_t cell_left(const vqc_sheet *sheet, size_t cell)
{
    return MARGIN + (int64_t)(cell % sheet->columns) * (sheet->box_width + COLUMN_GAP);
}

static int64_t cell_top(const vqc_sheet *sheet, size_t cell)
{
    return MARGIN + sheet->header_height +
           (int64_t)(cell / sheet->columns) * (sheet->box_height + sheet->words_height + ROW_GAP);
}

/* Paints a text and moves *top below it. */
static vqc_status text_paint(vqc_sheet *sheet, const char *text, const vqc_caption_style *style, int64_t *top,
                             int64_t left, int64_t width, vqc_error *error)
{
    int64_t height = vqc_caption_height(sheet->captions, text, width, style);
    VQC_TRY(vqc_caption_paint(sheet->captions, text, style, &sheet->canvas, *top, left, height, width, error));
    *top += height;
    return VQC_OK;
}

static vqc_status header_paint(vqc_sheet *sheet, const vqc_sheet_arrangement *arrangement, vqc_error *error)
{
    int64_t top = MARGIN;
    int64_t width = sheet->canvas.width - 2 * MARGIN;
    VQC_TRY(text_paint(sheet, arrangement->title, &title_style, &top, MARGIN, width, error));
    top += TITLE_GAP;
    return text_paint(sheet, arrangement->subtitle, &subtitle_style, &top, MARGIN, width, error);
}

static vqc_status words_paint(vqc_sheet *sheet, const vqc_sheet_arrangement *arrangement, vqc_error *error)
{
    if (sheet->captions == NULL)
        return VQC_OK;
    VQC_TRY(header_paint(sheet, arrangement, error));
    for (size_t i = 0; i < arrangement->count; i++) {
        int64_t left = cell_left(sheet, i);
        int64_t top = cell_top(sheet, i) + sheet->box_height + CAPTION_GAP;
        VQC_TRY(
            text_paint(sheet, arrangement->cells[i].caption, &caption_style, &top, left, sheet->box_width, error));
        top += DETAIL_GAP;
        VQC_TRY(text_paint(sheet, arrangement->cells[i].detail, &detail_style, &top, left, sheet->box_width, error));
    }
    return VQC_OK;
}

/* The pixel of the canvas. */
static uint8_t *canvas_at(vqc_sheet *sheet, int64_t y, int64_t x)
{
    return sheet->canvas.pixels + 3 * (y * sheet->canvas.width + x);
}

static void box_paint(vqc_sheet *sheet, size_t cell)
{
    for (int64_t y = 0; y < sheet->box_height; y++)
        for (int64_t x = 0; x < sheet->box_width; x++)
            memcpy(canvas_at(sheet, cell_top(sheet, cell) + y, cell_left(sheet, cell) + x), ground, sizeof ground);
}

static vqc_status sheet_paint(vqc_sheet *sheet, const vqc_sheet_arrangement *arrangement, vqc_error *error)
{
    boxes_measure(sheet, arrangement);
    words_measure(sheet, arrangement);
    columns_choose(sheet, arrangement->count);
    VQC_TRY(vqc_image_create(sheet_height(sheet, sheet->rows), sheet_width(sheet, sheet->columns), &sheet->canvas,
                             error));
    memset(sheet->canvas.pixels, 255, (size_t)(3 * sheet->canvas.height * sheet->canvas.width));
    for (size_t i = 0; i < arrangement->count; i++)
        box_paint(sheet, i);
    return words_paint(sheet, arrangement, error);
}

vqc_status vqc_sheet_create(const vqc_sheet_arrangement *arrangement, const vqc_captions *captions,
                            vqc_sheet **sheet_out, vqc_error *error)
{
    vqc_sheet *sheet;
    if (arrangement->count < 1 || arrangement->count > VQC_SHEET_MAX_CELLS)
        return vqc_error_set(error, VQC_FAILED, "a contact sheet of %zu pictures: expected 1 to %d",
                             arrangement->count, VQC_SHEET_MAX_CELLS);
    VQC_TRY(vqc_memory_allocate(1, sizeof *sheet, "a contact sheet", &sheet, error));
    sheet->captions = captions;
    sheet->count = arrangement->count;
    vqc_status status = sheet_paint(sheet, arrangement, error);
    if (status != VQC_OK) {
        vqc_sheet_destroy(sheet);
        return status;
    }
    *sheet_out = sheet;
    return VQC_OK;
}

void vqc_sheet_destroy(vqc_sheet *sheet)
{
    if (sheet == NULL)
        return;
    vqc_image_release(&sheet->canvas);
    free(sheet);
}

/* Copies a picture to the canvas, each of its pixels as a square. */
static void squares_copy(vqc_sheet *sheet, const vqc_image *image, int64_t factor, int64_t top, int64_t left)
{
    for (int64_t y = 0; y < image->height * factor; y++) {
        const uint8_t *row = image->pixels + 3 * (y / factor) * image->width;
        for (int64_t x = 0; x < image->width * factor; x++)
            memcpy(canvas_at(sheet, top + y, left + x), row + 3 * (x / factor), 3);
    }
}

vqc_status vqc_sheet_picture_place(vqc_sheet *sheet, size_t cell, const vqc_image *image, vqc_error *error)
{
    vqc_image reduced = {0};
    const vqc_image *shown = image;
    int64_t height;
    int64_t width;
    shown_size(sheet->side, image->height, image->width, &height, &width);
    if (cell >= sheet->count || height > sheet->box_height || width > sheet->box_width)
        return vqc_error_set(error, VQC_FAILED, "picture %zu does not fit the contact sheet", cell);
    if (height < image->height || width < image->width) {
        VQC_TRY(vqc_image_resize(image, height, width, VQC_IMAGE_LANCZOS, &reduced, error));
        shown = &reduced;
    }
    int64_t top = cell_top(sheet, cell) + (sheet->box_height - height) / 2;
    int64_t left = cell_left(sheet, cell) + (sheet->box_width - width) / 2;
    squares_copy(sheet, shown, height / shown->height, top, left);
    vqc_image_release(&reduced);
    return VQC_OK;
}

vqc_status vqc_sheet_note_place(vqc_sheet *sheet, size_t cell, const char *note, vqc_error *error)
{
    vqc_caption_style style = note_style;
    int64_t room = sheet->box_height - 2 * NOTE_PADDING;
    int64_t width = sheet->box_width - 2 * NOTE_PADDING;
    if (cell >= sheet->count)
        return vqc_error_set(error, VQC_FAILED, "picture %zu does not fit the contact sheet", cell);
    if (sheet->captions == NULL || room < NOTE_LINE)
        return VQC_OK;
    style.lines = (int)(room / NOTE_LINE);
    int64_t height = vqc_caption_height(sheet->captions, note, width, &style);
    height = height < room ? height : room;
    int64_t top = cell_top(sheet, cell) + (sheet->box_height - height) / 2;
    return vqc_caption_paint(sheet->captions, note, &style, &sheet->canvas, top,
                             cell_left(sheet, cell) + NOTE_PADDING, height, width, error);
}

const vqc_image *vqc_sheet_image(const vqc_sheet *sheet)
{
    return &sheet->canvas;
}
