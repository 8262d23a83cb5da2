#include "image/caption.h"

/* A build without Pango: there are no captions, so that nothing can be drawn with them. */

vqc_status vqc_captions_create(vqc_captions **captions_out, const char **lack_out, vqc_error *error)
{
    (void)error;
    *captions_out = NULL;
    *lack_out = "this build is without Pango";
    return VQC_OK;
}

void vqc_captions_destroy(vqc_captions *captions)
{
    (void)captions;
}

int64_t vqc_caption_height(const vqc_captions *captions, const char *text, int64_t width,
                           const vqc_caption_style *style)
{
    (void)captions;
    (void)text;
    (void)width;
    (void)style;
    return 0;
}

vqc_status vqc_caption_paint(const vqc_captions *captions, const char *text, const vqc_caption_style *style,
                             vqc_image *image, int64_t top, int64_t left, int64_t height, int64_t width,
                             vqc_error *error)
{
    (void)captions;
    (void)text;
    (void)style;
    (void)image;
    (void)top;
    (void)left;
    (void)height;
    (void)width;
    return vqc_error_set(error, VQC_FAILED, "this build is without Pango and draws no captions");
}

vqc_status vqc_caption_libraries(vqc_text *text, vqc_error *error)
{
    (void)text, (void)error;
    return VQC_OK;
}
