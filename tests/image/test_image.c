/* Pictures in memory, and finding out what a file is. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "scratch.h"

static void test_create(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_image image = {0};
    assert_int_equal(vqc_image_create(0, 1, &image, &error), VQC_BAD_INPUT);
    assert_int_equal(vqc_image_create(1, -1, &image, &error), VQC_BAD_INPUT);
    assert_int_equal(vqc_image_create(INT64_MAX, INT64_MAX, &image, &error), VQC_BAD_INPUT);
    assert_int_equal(vqc_image_create(1, VQC_IMAGE_MAX_SIDE + 1, &image, &error), VQC_BAD_INPUT);
    assert_int_equal(vqc_image_create(8193, 32768, &image, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "expected a picture with sides of 1 to 32768 and at most 268435456 pixels in "
                                       "all, found a width of 32768 and a height of 8193");
    assert_null(image.pixels);
    assert_int_equal(vqc_image_create(2, VQC_IMAGE_MAX_SIDE, &image, &error), VQC_OK);
    assert_int_equal(image.height, 2);
    assert_int_equal(image.width, VQC_IMAGE_MAX_SIDE);
    assert_int_equal(image.pixels[2 * VQC_IMAGE_MAX_SIDE * 3 - 1], 0);
    vqc_image_release(&image);
    vqc_image_release(&image);
}

static void test_every_byte_survives_floats(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_image image;
    float pixels[256 * 3];
    assert_int_equal(vqc_image_create(16, 16, &image, &error), VQC_OK);
    for (int i = 0; i < 256 * 3; i++)
        image.pixels[i] = (uint8_t)i;
    vqc_image_to_float(&image, pixels);
    for (int i = 0; i < 256 * 3; i++)
        assert_true(pixels[i] == (float)(i % 256) / 255.0F);
    memset(image.pixels, 7, 256 * 3);
    vqc_image_from_float(pixels, &image);
    for (int i = 0; i < 256 * 3; i++)
        assert_int_equal(image.pixels[i], i % 256);
    vqc_image_release(&image);
}

static void test_from_float_rounds(void **state)
{
    (void)state;
    static const struct {
        float value;
        uint8_t byte;
    } cases[] = {
        {-1.0F, 0},
        {-0.0F, 0},
        {1.5F, 255},
        {INFINITY, 255},
        {-INFINITY, 0},
        {NAN, 0},
        {-NAN, 0},
        {0.5F, 128},
        {0.1F, 26},
        {0x1.010100p-9F, 0},
        {0x1.010102p-9F, 1},
        {1e-45F, 0},
        {0.499F, 127},
        {0x1.fefefep-1F, 254},
        {0x1.fefeffp-1F, 255},
    };
    vqc_error error = {0};
    vqc_image image;
    assert_int_equal(vqc_image_create(1, 1, &image, &error), VQC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const float pixels[3] = {cases[i].value, 1.0F, 0.0F};
        vqc_image_from_float(pixels, &image);
        if (image.pixels[0] != cases[i].byte || image.pixels[1] != 255 || image.pixels[2] != 0)
            fail_msg("case %zu: %a became %d", i, (double)cases[i].value, image.pixels[0]);
    }
    vqc_image_release(&image);
}

static void test_crop(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_image image;
    assert_int_equal(vqc_image_create(4, 5, &image, &error), VQC_OK);
    for (int i = 0; i < 4 * 5 * 3; i++)
        image.pixels[i] = (uint8_t)i;
    uint8_t expected[2 * 3 * 3];
    for (int i = 0; i < 18; i++)
        expected[i] = (uint8_t)(((1 + i / 9) * 5 + 2) * 3 + i % 9);
    assert_int_equal(vqc_image_crop(&image, 1, 2, 2, 3, &error), VQC_OK);
    assert_int_equal(image.height, 2);
    assert_int_equal(image.width, 3);
    assert_memory_equal(image.pixels, expected, sizeof expected);

    static const int64_t wrong[][4] = {{0, 0, 3, 3},         {0, 0, 2, 4},  {1, 0, 2, 3},  {0, 1, 2, 3},
                                       {-1, 0, 1, 1},        {0, -1, 1, 1}, {0, 0, 0, 1},  {0, 0, 1, 0},
                                       {INT64_MAX, 0, 2, 2}, {2, 0, 1, 1},  {0, 0, 1, -1}, {0, 0, INT64_MAX, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(vqc_image_crop(&image, wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], &error),
                         VQC_BAD_INPUT);
    assert_string_equal(error.message, "expected a rectangle within 3 × 2 pixels, found 1 × 9223372036854775807 at "
                                       "column 0, row 0");
    assert_memory_equal(image.pixels, expected, sizeof expected);
    vqc_image_release(&image);
}

static void test_other_files(void **state)
{
    const scratch *fixture = *state;
    assert_refused(fixture->path, "cannot be opened: No such file or directory");
    assert_refused(fixture->folder, "is not a regular file");
    scratch_write(fixture, "", 0);
    assert_refused(fixture->path, "is empty");
    scratch_write(fixture, "GIF89a, a picture of another kind", 33);
    assert_refused(fixture->path, "expected a PNG, JPEG or WebP picture, found none of them");
    scratch_write(fixture, "\x89PNG", 4);
    assert_refused(fixture->path, "expected a PNG, JPEG or WebP picture, found none of them");
    scratch_write(fixture, "\xff\xd8\xff", 3);
    assert_refused(fixture->path, "is not a readable JPEG file: ");
    assert_int_equal(unlink(fixture->path), 0);
    assert_int_equal(mkfifo(fixture->path, 0600), 0);
    assert_refused(fixture->path, "is not a regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_every_byte_survives_floats),
        cmocka_unit_test(test_from_float_rounds),
        cmocka_unit_test(test_crop),
        cmocka_unit_test_setup_teardown(test_other_files, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
