/* Pictures of another shape than the one that is asked for. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"

/* A picture whose pixels tell their places: (10 column, 10 row, 7). */
static vqc_image places(int64_t height, int64_t width)
{
    vqc_error error = {0};
    vqc_image image;
    assert_int_equal(vqc_image_create(height, width, &image, &error), VQC_OK);
    for (int64_t i = 0; i < height * width; i++) {
        image.pixels[3 * i] = (uint8_t)(10 * (i % width));
        image.pixels[3 * i + 1] = (uint8_t)(10 * (i / width));
        image.pixels[3 * i + 2] = 7;
    }
    return image;
}

static vqc_image fitted(int64_t height, int64_t width, vqc_image_fit fit, int64_t to_height, int64_t to_width)
{
    vqc_error error = {0};
    vqc_image image = places(height, width);
    assert_int_equal(vqc_image_fit_to(&image, to_height, to_width, fit, VQC_IMAGE_LANCZOS, &error), VQC_OK);
    assert_int_equal(image.height, to_height);
    assert_int_equal(image.width, to_width);
    return image;
}

static void pixel_check(const vqc_image *image, int64_t row, int64_t column, int red, int green, int blue)
{
    const uint8_t *pixel = image->pixels + 3 * (row * image->width + column);
    if (pixel[0] != red || pixel[1] != green || pixel[2] != blue)
        fail_msg("row %d, column %d: found %d %d %d, expected %d %d %d", (int)row, (int)column, pixel[0], pixel[1],
                 pixel[2], red, green, blue);
}

/* 20 × 8 to 8 × 8: columns 6 to 13, as they are; of 8 × 21 rows 6 to 13, as the place is rounded down. */
static void test_cover(void **state)
{
    (void)state;
    vqc_image wide = fitted(8, 20, VQC_IMAGE_COVER, 8, 8);
    pixel_check(&wide, 0, 0, 60, 0, 7);
    pixel_check(&wide, 7, 7, 130, 70, 7);
    vqc_image_release(&wide);
    vqc_image tall = fitted(21, 8, VQC_IMAGE_COVER, 8, 8);
    pixel_check(&tall, 0, 0, 0, 60, 7);
    pixel_check(&tall, 7, 7, 70, 130, 7);
    vqc_image_release(&tall);
}

/* 8 × 20 into 20 × 20: black, the picture as it is from column 6, black; 20 × 8 the same for rows. */
static void test_contain(void **state)
{
    (void)state;
    vqc_image tall = fitted(20, 8, VQC_IMAGE_CONTAIN, 20, 20);
    pixel_check(&tall, 3, 5, 0, 0, 0);
    pixel_check(&tall, 3, 6, 0, 30, 7);
    pixel_check(&tall, 19, 13, 70, 190, 7);
    pixel_check(&tall, 19, 14, 0, 0, 0);
    vqc_image_release(&tall);
    vqc_image wide = fitted(8, 20, VQC_IMAGE_CONTAIN, 20, 20);
    pixel_check(&wide, 5, 3, 0, 0, 0);
    pixel_check(&wide, 6, 3, 30, 0, 7);
    pixel_check(&wide, 13, 19, 190, 70, 7);
    pixel_check(&wide, 14, 19, 0, 0, 0);
    vqc_image_release(&wide);
}

/* Stretched is resized, and so are all where the shape is the same. One so thin that nothing would be left is a row.
 */
static void test_resized(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_image source = places(12, 9);
    vqc_image expected;
    assert_int_equal(vqc_image_resize(&source, 8, 6, VQC_IMAGE_LANCZOS, &expected, &error), VQC_OK);
    for (int fit = VQC_IMAGE_STRETCH; fit <= VQC_IMAGE_CONTAIN; fit++) {
        vqc_image found = fitted(12, 9, (vqc_image_fit)fit, 8, 6);
        assert_memory_equal(found.pixels, expected.pixels, 3 * 8 * 6);
        vqc_image_release(&found);
        vqc_image thin = fitted(1, 25, (vqc_image_fit)fit, 16, 8);
        vqc_image_release(&thin);
    }
    vqc_image_release(&expected);
    assert_int_equal(vqc_image_resize(&source, 8, 12, VQC_IMAGE_LANCZOS, &expected, &error), VQC_OK);
    vqc_image found = fitted(12, 9, VQC_IMAGE_STRETCH, 8, 12);
    assert_memory_equal(found.pixels, expected.pixels, 3 * 8 * 12);
    vqc_image_release(&found);
    vqc_image_release(&expected);
    vqc_image_release(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cover),
        cmocka_unit_test(test_contain),
        cmocka_unit_test(test_resized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
