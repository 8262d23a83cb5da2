#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#include "base/memory.h"
#include "image/codec.h"
#include "image/image.h"
#include "image/orientation.h"

enum {
    MAX_SCANS = 200, /* honest progressive files have about ten; each scan costs a walk over the whole picture */
    EXIF_MARKER = JPEG_APP0 + 1,
    MAX_MARKER = 0xffff,
    COLOUR_CHANNELS = 3,
    INK_CHANNELS = 4
};

/* A file being read. All that is allocated on the way hangs here, because libjpeg's errors leave by longjmp. */
typedef struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr manager;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    vqc_image_file *file;
    vqc_image image;
    int orientation;
    uint8_t *inks; /* (width, 4): one row of a CMYK picture; NULL otherwise */
    vqc_error *error;
} jpeg_reader;

static void jpeg_failed(j_common_ptr jpeg)
{
    jpeg_reader *reader = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    bool no_memory = jpeg->err->msg_code == JERR_OUT_OF_MEMORY;
    (void)vqc_error_set(reader->error, no_memory ? VQC_FAILED : VQC_BAD_INPUT, "is not a readable JPEG file: %s",
                        message);
    longjmp(reader->escape, 1);
}

/* libjpeg makes up pixels where data is missing or wrong, and only warns. Level −1 marks a warning. */
static void jpeg_noted(j_common_ptr jpeg, int level)
{
    if (level >= 0)
        return;
    switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
        jpeg_failed(jpeg);
        break;
    default:
        break;
    }
}

static void message_dropped(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void jpeg_progressed(j_common_ptr jpeg)
{
    jpeg_reader *reader = jpeg->client_data;
    if (reader->jpeg.input_scan_number <= MAX_SCANS)
        return;
    (void)vqc_error_set(reader->error, VQC_BAD_INPUT, "is not a readable JPEG file: more than %d scans", MAX_SCANS);
    longjmp(reader->escape, 1);
}

static void header_read(jpeg_reader *reader)
{
    jpeg_create_decompress(&reader->jpeg);
    reader->progress.progress_monitor = jpeg_progressed;
    reader->jpeg.progress = &reader->progress;
    jpeg_stdio_src(&reader->jpeg, reader->file->stream);
    jpeg_save_markers(&reader->jpeg, EXIF_MARKER, MAX_MARKER);
    (void)jpeg_read_header(&reader->jpeg, TRUE);
}

/* Whether the file can hold its blocks at all, before anything of their size is allocated: Huffman coding gives at
 * least one bit to each. Arithmetic coding has no such bound. */
static vqc_status blocks_check(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    if (jpeg->arith_code)
        return vqc_error_set(reader->error, VQC_BAD_INPUT,
                             "expected a JPEG file with Huffman coding, found arithmetic");
    int64_t blocks = 0;
    for (int c = 0; c < jpeg->num_components; c++)
        blocks += (int64_t)jpeg->comp_info[c].width_in_blocks * jpeg->comp_info[c].height_in_blocks;
    if (blocks / 8 > reader->file->size)
        return vqc_image_file_too_small(reader->file, jpeg->image_height, jpeg->image_width, reader->error);
    return VQC_OK;
}

/* Chooses what libjpeg gives: RGB, or CMYK, which it cannot change to RGB. */
static vqc_status rows_allocate(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    bool has_inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
    VQC_TRY(vqc_image_create(jpeg->image_height, jpeg->image_width, &reader->image, reader->error));
    if (!has_inks)
        return VQC_OK;
    return vqc_memory_allocate(jpeg->image_width, INK_CHANNELS, "a row of a picture", &reader->inks, reader->error);
}

/* One row: colour = 255 · (1 − ink) · (1 − black). Adobe's programs store what the inks leave instead of the inks,
 * and mark their files. */
static void inks_to_colours(const uint8_t *inks, bool inverted, int64_t width, uint8_t *colours)
{
    unsigned flip = inverted ? 0 : 255;
    for (int64_t x = 0; x < width; x++) {
        unsigned light = inks[x * INK_CHANNELS + COLOUR_CHANNELS] ^ flip;
        for (int c = 0; c < COLOUR_CHANNELS; c++) {
            unsigned left = inks[x * INK_CHANNELS + c] ^ flip;
            colours[x * COLOUR_CHANNELS + c] = (uint8_t)((left * light + 127) / 255);
        }
    }
}

static void rows_read(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *colours = reader->image.pixels + jpeg->output_scanline * reader->image.width * COLOUR_CHANNELS;
        JSAMPROW row = reader->inks != NULL ? reader->inks : colours;
        (void)jpeg_read_scanlines(jpeg, &row, 1);
        if (reader->inks != NULL)
            inks_to_colours(reader->inks, jpeg->saw_Adobe_marker, reader->image.width, colours);
    }
}

/* How the camera was held, by the first Exif in the file. */
static int orientation_of(const jpeg_reader *reader)
{
    static const char head[6] = "Exif\0";
    for (jpeg_saved_marker_ptr marker = reader->jpeg.marker_list; marker != NULL; marker = marker->next)
        if (marker->data_length > sizeof head && memcmp(marker->data, head, sizeof head) == 0)
            return vqc_exif_orientation(marker->data + sizeof head, marker->data_length - sizeof head);
    return 1;
}

/* Where libjpeg's errors arrive. */
static vqc_status reader_run(jpeg_reader *reader)
{
    if (setjmp(reader->escape) != 0)
        return reader->error->status;
    header_read(reader);
    VQC_TRY(blocks_check(reader));
    VQC_TRY(rows_allocate(reader));
    (void)jpeg_start_decompress(&reader->jpeg);
    rows_read(reader);
    reader->orientation = orientation_of(reader); /* finishing forgets the markers */
    (void)jpeg_finish_decompress(&reader->jpeg);
    return VQC_OK;
}

vqc_status vqc_image_jpeg_read(vqc_image_file *file, vqc_image *image_out, vqc_error *error)
{
    jpeg_reader reader = {.file = file, .error = error};
    reader.jpeg.err = jpeg_std_error(&reader.manager);
    reader.jpeg.client_data = &reader;
    reader.manager.error_exit = jpeg_failed;
    reader.manager.emit_message = jpeg_noted;
    reader.manager.output_message = message_dropped;
    vqc_status status = reader_run(&reader);
    if (status == VQC_OK)
        status = vqc_image_orient(&reader.image, reader.orientation, error);
    if (status == VQC_OK)
        *image_out = reader.image;
    else
        vqc_image_release(&reader.image);
    jpeg_destroy_decompress(&reader.jpeg);
    free(reader.inks);
    return status;
}
