#include "image/caption.h"

#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

enum { TEXT_SIZE = 2000 };

struct vqc_captions {
    PangoFontMap *fonts;
    PangoContext *context;
};

/* Pango ends the process where there is no font at all, so that fontconfig is asked first. */
static bool fonts_exist(void)
{
    static const FcSetName sets[] = {FcSetSystem, FcSetApplication};
    if (!FcInit())
        return false;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        const FcFontSet *set = FcConfigGetFonts(NULL, sets[i]);
        if (set != NULL && set->nfont > 0)
            return true;
    }
    return false;
}

/* Grey edges and whole-pixel advances: legible small letters, whatever the desktop is set to. */
static void context_configure(PangoContext *context)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
}

vqc_status vqc_captions_create(vqc_captions **captions_out, const char **lack_out, vqc_error *error)
{
    vqc_captions *captions;
    *captions_out = NULL;
    *lack_out = "no font is installed";
    if (!fonts_exist())
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(1, sizeof *captions, "captions", &captions, error));
    captions->fonts = pango_cairo_font_map_new();
    captions->context = pango_font_map_create_context(captions->fonts);
    context_configure(captions->context);
    *captions_out = captions;
    *lack_out = NULL;
    return VQC_OK;
}

void vqc_captions_destroy(vqc_captions *captions)
{
    if (captions == NULL)
        return;
    g_object_unref(captions->context);
    g_object_unref(captions->fonts);
    free(captions);
}

/* The text as it is drawn: well-formed UTF-8 without control characters, not too long. */
static void text_clean(const char *text, char clean[TEXT_SIZE + 1])
{
    size_t left = strnlen(text, TEXT_SIZE + 4);
    size_t size = 0;
    while (left > 0) {
        size_t sequence = vqc_utf8_sequence_size(text, left);
        size_t step = sequence == 0 ? 1 : sequence;
        if (size + step > TEXT_SIZE)
            break;
        if (sequence == 0)
            clean[size] = '?';
        else if ((unsigned char)text[0] < ' ' || text[0] == 0x7F)
            clean[size] = ' ';
        else
            memcpy(clean + size, text, step);
        size += step;
        text += step;
        left -= step;
    }
    clean[size] = '\0';
}

/* Words that are broken get no hyphen: a prompt is shown as it was written. */
static void hyphens_forbid(PangoLayout *layout)
{
    PangoAttrList *attributes = pango_attr_list_new();
    pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
}

/* The text broken into lines; the caller releases it. */
static PangoLayout *layout_make(const vqc_captions *captions, const char *text, int64_t width,
                                const vqc_caption_style *style)
{
    char clean[TEXT_SIZE + 1];
    PangoLayout *layout = pango_layout_new(captions->context);
    PangoFontDescription *font = pango_font_description_new();
    text_clean(text, clean);
    pango_font_description_set_family(font, "Sans");
    pango_font_description_set_weight(font, style->strong ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_absolute_size(font, (double)style->size * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(layout, (int)width * PANGO_SCALE);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_height(layout, -style->lines);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(layout, style->centred ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
    hyphens_forbid(layout);
    pango_layout_set_text(layout, clean, -1);
    return layout;
}

int64_t vqc_caption_height(const vqc_captions *captions, const char *text, int64_t width,
                           const vqc_caption_style *style)
{
    int height;
    PangoLayout *layout = layout_make(captions, text, width, style);
    pango_layout_get_pixel_size(layout, NULL, &height);
    g_object_unref(layout);
    return height;
}

static void colour_set(cairo_t *cairo, const uint8_t colour[3])
{
    cairo_set_source_rgb(cairo, colour[0] / 255.0, colour[1] / 255.0, colour[2] / 255.0);
}

static void surface_paint(cairo_surface_t *surface, PangoLayout *layout, const vqc_caption_style *style)
{
    cairo_t *cairo = cairo_create(surface);
    colour_set(cairo, style->paper);
    cairo_paint(cairo);
    colour_set(cairo, style->colour);
    pango_cairo_show_layout(cairo, layout);
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
}

/* Copies a surface, whose pixels are 0x00RRGGBB words, into the picture. */
static void surface_copy(cairo_surface_t *surface, vqc_image *image, int64_t top, int64_t left, int64_t height,
                         int64_t width)
{
    const unsigned char *row = cairo_image_surface_get_data(surface);
    for (int64_t y = 0; y < height; y++) {
        uint8_t *pixels = image->pixels + 3 * ((top + y) * image->width + left);
        for (int64_t x = 0; x < width; x++) {
            uint32_t word;
            memcpy(&word, row + 4 * x, sizeof word);
            pixels[3 * x] = (uint8_t)(word >> 16);
            pixels[3 * x + 1] = (uint8_t)(word >> 8);
            pixels[3 * x + 2] = (uint8_t)word;
        }
        row += cairo_image_surface_get_stride(surface);
    }
}

vqc_status vqc_caption_paint(const vqc_captions *captions, const char *text, const vqc_caption_style *style,
                             vqc_image *image, int64_t top, int64_t left, int64_t height, int64_t width,
                             vqc_error *error)
{
    if (top < 0 || left < 0 || height < 1 || width < 1 || top > image->height - height || left > image->width - width)
        return vqc_error_set(error, VQC_FAILED, "a caption reaches beyond its picture");
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    PangoLayout *layout = layout_make(captions, text, width, style);
    surface_paint(surface, layout, style);
    g_object_unref(layout);
    vqc_status status = VQC_OK;
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
        surface_copy(surface, image, top, left, height, width);
    else
        status = vqc_error_set(error, VQC_FAILED, "a caption cannot be drawn: %s",
                               cairo_status_to_string(cairo_surface_status(surface)));
    cairo_surface_destroy(surface);
    return status;
}

vqc_status vqc_caption_libraries(vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "Pango %s\n", pango_version_string()));
    VQC_TRY(vqc_text_append(text, error, "cairo %s\n", cairo_version_string()));
    const int fonts = FcGetVersion();
    return vqc_text_append(text, error, "fontconfig %d.%d.%d\n", fonts / 10000, fonts / 100 % 100, fonts % 100);
}
