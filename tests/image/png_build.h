#ifndef VQC_TESTS_IMAGE_PNG_BUILD_H
#define VQC_TESTS_IMAGE_PNG_BUILD_H

#include <stdbool.h>
#include <stdint.h>

enum { PNG_BUILD_HEIGHT = 13, PNG_BUILD_WIDTH = 11, PNG_BUILD_MAX_CHANNELS = 4, PNG_BUILD_PALETTE = 256 };

/* A small picture of any kind that PNG has, and how it is stored. */
typedef struct png_build {
    int colour_type, depth;
    bool interlaced;
    bool has_transparency; /* a tRNS chunk: palette_alpha, or the colour `transparent` */
    bool has_gamma;        /* a gAMA chunk that would change every colour */
    int channels;
    uint16_t samples[PNG_BUILD_HEIGHT][PNG_BUILD_WIDTH][PNG_BUILD_MAX_CHANNELS]; /* of `depth` bits */
    uint16_t transparent[3];
    uint8_t palette[PNG_BUILD_PALETTE][3];
    uint8_t palette_alpha[PNG_BUILD_PALETTE];
} png_build;

/* Chooses random samples, palette and transparent colour (which some pixels have). */
void png_build_fill(png_build *build);
/* Writes the file. Anything that goes wrong aborts. */
void png_build_write(const png_build *build, const char *path);
/* The 8-bit RGB of a pixel: what a reader should find. */
void png_build_colour(const png_build *build, int y, int x, uint8_t colour[3]);

#endif
