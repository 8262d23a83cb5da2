#include "png_build.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

static uint16_t random_sample(int depth)
{
    static uint32_t state = 1;
    state = state * 1664525U + 1013904223U;
    return (uint16_t)(state >> (32 - depth));
}

static int channel_count(int colour_type)
{
    if (colour_type == PNG_COLOR_TYPE_RGB)
        return 3;
    if (colour_type == PNG_COLOR_TYPE_RGB_ALPHA)
        return 4;
    return colour_type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : 1;
}

void png_build_fill(png_build *build)
{
    build->channels = channel_count(build->colour_type);
    for (int y = 0; y < PNG_BUILD_HEIGHT; y++)
        for (int x = 0; x < PNG_BUILD_WIDTH; x++)
            for (int c = 0; c < build->channels; c++)
                build->samples[y][x][c] = random_sample(build->depth);
    for (int i = 0; i < PNG_BUILD_PALETTE; i++) {
        for (int c = 0; c < 3; c++)
            build->palette[i][c] = (uint8_t)random_sample(8);
        build->palette_alpha[i] = (uint8_t)random_sample(8);
    }
    for (int c = 0; c < build->channels && c < 3; c++)
        build->transparent[c] = build->samples[5][5][c];
}

static void settings_write(const png_build *build, png_structp png, png_infop info)
{
    int colours = 1 << (build->depth < 8 ? build->depth : 8);
    png_color palette[PNG_BUILD_PALETTE];
    for (int i = 0; i < PNG_BUILD_PALETTE; i++)
        palette[i] = (png_color){build->palette[i][0], build->palette[i][1], build->palette[i][2]};
    png_color_16 transparent = {.red = build->transparent[0],
                                .green = build->transparent[1],
                                .blue = build->transparent[2],
                                .gray = build->transparent[0]};
    png_set_IHDR(png, info, PNG_BUILD_WIDTH, PNG_BUILD_HEIGHT, build->depth, build->colour_type,
                 build->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (build->colour_type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, colours);
    if (build->has_transparency)
        png_set_tRNS(png, info, build->palette_alpha, colours, &transparent);
    if (build->has_gamma)
        png_set_gAMA(png, info, 1.0);
    png_write_info(png, info);
}

/* A row as PNG stores it: samples from the high bits down, 16-bit ones with the high byte first. */
static void row_pack(const png_build *build, int y, uint8_t *row)
{
    int position = 0;
    for (int x = 0; x < PNG_BUILD_WIDTH; x++) {
        for (int c = 0; c < build->channels; c++) {
            uint16_t sample = build->samples[y][x][c];
            for (int bit = build->depth - 1; bit >= 0; bit--, position++)
                row[position / 8] |= (uint8_t)(((sample >> bit) & 1) << (7 - position % 8));
        }
    }
}

void png_build_write(const png_build *build, const char *path)
{
    static uint8_t rows[PNG_BUILD_HEIGHT][PNG_BUILD_WIDTH * PNG_BUILD_MAX_CHANNELS * 2];
    FILE *stream = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_bytep pointers[PNG_BUILD_HEIGHT];
    if (stream == NULL || info == NULL)
        abort();
    memset(rows, 0, sizeof rows);
    for (int y = 0; y < PNG_BUILD_HEIGHT; y++) {
        row_pack(build, y, rows[y]);
        pointers[y] = rows[y];
    }
    png_init_io(png, stream);
    settings_write(build, png, info);
    png_write_image(png, pointers);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    if (fclose(stream) != 0)
        abort();
}

/* Rounds a sample to 8 bits. */
static unsigned sample_to_byte(const png_build *build, unsigned sample)
{
    unsigned most = (1U << build->depth) - 1;
    return (sample * 255 + most / 2) / most;
}

static bool is_transparent(const png_build *build, const uint16_t *samples)
{
    return memcmp(samples, build->transparent, (size_t)build->channels * sizeof *samples) == 0;
}

void png_build_colour(const png_build *build, int y, int x, uint8_t colour[3])
{
    const uint16_t *samples = build->samples[y][x];
    bool has_alpha = (build->colour_type & PNG_COLOR_MASK_ALPHA) != 0;
    unsigned alpha = 255;
    if (build->colour_type == PNG_COLOR_TYPE_PALETTE) {
        memcpy(colour, build->palette[samples[0]], 3);
        alpha = build->has_transparency ? build->palette_alpha[samples[0]] : 255;
    } else {
        for (int c = 0; c < 3; c++)
            colour[c] = (uint8_t)sample_to_byte(build, samples[build->channels < 3 ? 0 : c]);
        if (has_alpha)
            alpha = sample_to_byte(build, samples[build->channels - 1]);
        else if (build->has_transparency && is_transparent(build, samples))
            alpha = 0;
    }
    for (int c = 0; c < 3; c++)
        colour[c] = (uint8_t)(255.0 + (colour[c] - 255.0) * alpha / 255.0 + 0.5);
}
