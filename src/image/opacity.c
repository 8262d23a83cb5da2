#include <string.h>

#include "image/codec.h"

enum { COLOUR_CHANNELS = 3, ALPHA_CHANNELS = 4 };

void vqc_image_lay_on_white(const uint8_t *transparent, vqc_image *image)
{
    int64_t count = image->height * image->width;
    for (int64_t i = 0; i < count; i++) {
        unsigned alpha = transparent[i * ALPHA_CHANNELS + COLOUR_CHANNELS];
        for (int c = 0; c < COLOUR_CHANNELS; c++) {
            unsigned colour = transparent[i * ALPHA_CHANNELS + c];
            image->pixels[i * COLOUR_CHANNELS + c] = (uint8_t)((colour * alpha + 255 * (255 - alpha) + 127) / 255);
        }
    }
}

void vqc_image_take_opacity(const uint8_t *transparent, vqc_image *image)
{
    int64_t count = image->height * image->width;
    for (int64_t i = 0; i < count; i++)
        memset(image->pixels + i * COLOUR_CHANNELS, transparent[i * ALPHA_CHANNELS + COLOUR_CHANNELS],
               COLOUR_CHANNELS);
}
