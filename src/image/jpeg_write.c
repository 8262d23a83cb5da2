#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "image/image.h"

enum { COLOUR_CHANNELS = 3 };

/* A picture being written. */
typedef struct jpeg_writer {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr manager;
    jmp_buf escape;
    const vqc_image *image;
    FILE *stream;
    int quality;
    vqc_error *error;
} jpeg_writer;

static void jpeg_failed(j_common_ptr jpeg)
{
    jpeg_writer *writer = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    (void)vqc_error_set(writer->error, VQC_FAILED, "a picture: cannot be written: %s", message);
    longjmp(writer->escape, 1);
}

static void message_dropped(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void picture_write(jpeg_writer *writer)
{
    struct jpeg_compress_struct *jpeg = &writer->jpeg;
    const vqc_image *image = writer->image;
    jpeg_create_compress(jpeg);
    jpeg_stdio_dest(jpeg, writer->stream);
    jpeg->image_width = (JDIMENSION)image->width;
    jpeg->image_height = (JDIMENSION)image->height;
    jpeg->input_components = COLOUR_CHANNELS;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, writer->quality, TRUE);
    jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1; /* the others' are 1 */
    jpeg->optimize_coding = TRUE;
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = image->pixels + (int64_t)jpeg->next_scanline * image->width * COLOUR_CHANNELS;
        (void)jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

/* Where libjpeg's errors arrive. */
static vqc_status writer_run(jpeg_writer *writer)
{
    if (setjmp(writer->escape) != 0)
        return writer->error->status;
    picture_write(writer);
    return VQC_OK;
}

vqc_status vqc_image_print_jpeg(FILE *stream, const vqc_image *image, int quality, vqc_error *error)
{
    jpeg_writer writer = {.image = image, .stream = stream, .quality = quality, .error = error};
    writer.jpeg.err = jpeg_std_error(&writer.manager);
    writer.jpeg.client_data = &writer;
    writer.manager.error_exit = jpeg_failed;
    writer.manager.output_message = message_dropped;
    vqc_status status = writer_run(&writer);
    jpeg_destroy_compress(&writer.jpeg);
    return status;
}
