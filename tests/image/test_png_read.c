/* Reading PNG files: every kind there is, and broken ones. */

#include "../fuzz/memory_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <png.h>

#include "damage.h"
#include "png_build.h"

static void assert_reads(const scratch *fixture, png_build *build)
{
    png_build_fill(build);
    png_build_write(build, fixture->path);
    vqc_image image = picture_read(fixture->path);
    assert_int_equal(image.height, PNG_BUILD_HEIGHT);
    assert_int_equal(image.width, PNG_BUILD_WIDTH);
    for (int y = 0; y < PNG_BUILD_HEIGHT; y++) {
        for (int x = 0; x < PNG_BUILD_WIDTH; x++) {
            uint8_t expected[3];
            const uint8_t *found = image.pixels + (y * PNG_BUILD_WIDTH + x) * 3;
            png_build_colour(build, y, x, expected);
            if (memcmp(found, expected, 3) != 0)
                fail_msg("colour type %d, depth %d, interlaced %d, transparency %d: pixel %d, %d is %d %d %d, not "
                         "%d %d %d",
                         build->colour_type, build->depth, build->interlaced, build->has_transparency, x, y, found[0],
                         found[1], found[2], expected[0], expected[1], expected[2]);
        }
    }
    vqc_image_release(&image);
}

static const struct kind {
    int colour_type, depth;
} kinds[] = {
    {PNG_COLOR_TYPE_GRAY, 1},        {PNG_COLOR_TYPE_GRAY, 2},      {PNG_COLOR_TYPE_GRAY, 4},
    {PNG_COLOR_TYPE_GRAY, 8},        {PNG_COLOR_TYPE_GRAY, 16},     {PNG_COLOR_TYPE_RGB, 8},
    {PNG_COLOR_TYPE_RGB, 16},        {PNG_COLOR_TYPE_PALETTE, 1},   {PNG_COLOR_TYPE_PALETTE, 2},
    {PNG_COLOR_TYPE_PALETTE, 4},     {PNG_COLOR_TYPE_PALETTE, 8},   {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_RGB_ALPHA, 8}, {PNG_COLOR_TYPE_RGB_ALPHA, 16},
};

static void test_every_kind(void **state)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        bool has_alpha = (kinds[i].colour_type & PNG_COLOR_MASK_ALPHA) != 0;
        for (int variant = 0; variant < 8; variant++) {
            png_build build = {.colour_type = kinds[i].colour_type,
                               .depth = kinds[i].depth,
                               .interlaced = (variant & 1) != 0,
                               .has_gamma = (variant & 2) != 0,
                               .has_transparency = (variant & 4) != 0};
            if (!has_alpha || !build.has_transparency)
                assert_reads(*state, &build);
        }
    }
}

/* The last sample of a pixel, the palette's opacity; where there is neither, it is refused. */
static void test_opacity(void **state)
{
    const scratch *fixture = *state;
    for (int variant = 0; variant < 6; variant++) {
        const int types[] = {PNG_COLOR_TYPE_RGB_ALPHA, PNG_COLOR_TYPE_PALETTE, PNG_COLOR_TYPE_RGB};
        png_build build = {.colour_type = types[variant % 3], .depth = 8, .interlaced = variant >= 3};
        build.has_transparency = build.colour_type == PNG_COLOR_TYPE_PALETTE;
        vqc_image image = {0};
        vqc_error error = {0};
        png_build_fill(&build);
        png_build_write(&build, fixture->path);
        vqc_status status = vqc_image_read_opacity(fixture->path, &image, &error);
        assert_int_equal(status, build.colour_type == PNG_COLOR_TYPE_RGB ? VQC_BAD_INPUT : VQC_OK);
        for (int i = 0; status == VQC_OK && i < PNG_BUILD_HEIGHT * PNG_BUILD_WIDTH; i++) {
            const uint16_t *samples = build.samples[i / PNG_BUILD_WIDTH][i % PNG_BUILD_WIDTH];
            uint8_t opacity = build.has_transparency ? build.palette_alpha[samples[0]] : (uint8_t)samples[3];
            for (int c = 0; c < 3; c++)
                assert_int_equal(image.pixels[3 * i + c], opacity);
        }
        vqc_image_release(&image);
    }
}

static void test_damage(void **state)
{
    const scratch *fixture = *state;
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        png_build build = {.colour_type = PNG_COLOR_TYPE_PALETTE, .depth = 4, .interlaced = interlaced != 0};
        build.has_transparency = true;
        png_build_fill(&build);
        png_build_write(&build, fixture->path);
        assert_survives_damage(fixture->path);
    }
}

static void test_messages(void **state)
{
    const scratch *fixture = *state;
    png_build build = {.colour_type = PNG_COLOR_TYPE_RGB, .depth = 8};
    png_build_fill(&build);
    png_build_write(&build, fixture->path);
    size_t size;
    uint8_t *bytes = file_bytes(fixture->path, &size);
    scratch_write(fixture, bytes, size / 2);
    assert_refused(fixture->path, "is not a readable PNG file: it ends too early");
    scratch_write(fixture, bytes, size - 12); /* without the last chunk */
    assert_refused(fixture->path, "is not a readable PNG file: it ends too early");
    bytes[size / 2] ^= 1;
    scratch_write(fixture, bytes, size);
    assert_refused(fixture->path, "is not a readable PNG file: IDAT: ");
    free(bytes);
}

/* A file that is nothing but a header, with a size and a checksum for it. */
static void header_write(const scratch *fixture, uint32_t width, uint32_t height, uint32_t checksum)
{
    uint8_t bytes[33] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\0\x08\x02\0\0\0";
    const uint32_t words[] = {width, height};
    for (int i = 0; i < 8; i++)
        bytes[16 + i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)));
    for (int i = 0; i < 4; i++)
        bytes[29 + i] = (uint8_t)(checksum >> (24 - 8 * i));
    uint8_t file[33 + 12] = {0};
    memcpy(file, bytes, sizeof bytes);
    memcpy(file + sizeof bytes, "\0\0\0\0IDAT\x35\xaf\x06\x1e", 12);
    scratch_write(fixture, file, sizeof file);
}

/* Sizes are checked before memory of those sizes is asked for. Checksums: zlib's crc32. */
static void test_claimed_sizes(void **state)
{
    const scratch *fixture = *state;
    header_write(fixture, 8192, 8192, 0xfdc85d0e);
    assert_refused(fixture->path, "expected a picture of 8192 × 8192 pixels, found 45 bytes, which cannot hold that");
    header_write(fixture, 32768, 32768, 0x4b1e3428);
    assert_refused(fixture->path, "expected a picture of 32768 × 32768 pixels, found 45 bytes, which cannot");
    header_write(fixture, 1, 32769, 0x1861b92c);
    assert_refused(fixture->path, "expected a picture with sides of 1 to 32768 and");
    header_write(fixture, 0x7fffffff, 0x7fffffff, 0x9bab9c31);
    assert_refused(fixture->path, "");
    header_write(fixture, 0, 1, 0x7fb538e0);
    assert_refused(fixture->path, "is not a readable PNG file: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_kind, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_opacity, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_damage, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_messages, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_claimed_sizes, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
