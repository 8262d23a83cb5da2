#include "image/libraries.h"

#include <stdio.h>

#include <jpeglib.h>
#include <png.h>

#include "image/caption.h"
#include "image/codec.h"

/* What a macro of numbers and dots expands to. */
#define TEXT_OF(words) #words
#define VERSION_OF(macro) TEXT_OF(macro)

static vqc_status jpeg_append(vqc_text *text, vqc_error *error)
{
#ifdef LIBJPEG_TURBO_VERSION
    return vqc_text_append(text, error, "libjpeg-turbo %s (built with)\n", VERSION_OF(LIBJPEG_TURBO_VERSION));
#else
    return vqc_text_append(text, error, "libjpeg %s (built with)\n", VERSION_OF(JPEG_LIB_VERSION));
#endif
}

vqc_status vqc_image_libraries(vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "libpng %s\n", png_get_libpng_ver(NULL)));
    VQC_TRY(jpeg_append(text, error));
    VQC_TRY(vqc_image_webp_library(text, error));
    return vqc_caption_libraries(text, error);
}
