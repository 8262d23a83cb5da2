/* Resizing against Pillow, byte for byte. Expected values: tests/oracle/make_resize.py. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "tiles.h"

#include "resize_cases.h"

static vqc_image resize_good(const vqc_image *source, int64_t height, int64_t width, vqc_image_filter filter)
{
    vqc_error error = {0};
    vqc_image out;
    if (vqc_image_resize(source, height, width, filter, &out, &error) != VQC_OK)
        fail_msg("%s", error.message);
    assert_int_equal(out.height, height);
    assert_int_equal(out.width, width);
    return out;
}

static void test_pixels(void **state)
{
    (void)state;
    vqc_image source = tiles_make(3, 5);
    vqc_image out = resize_good(&source, 4, 2, VQC_IMAGE_BICUBIC);
    assert_memory_equal(out.pixels, resized_pixels, sizeof resized_pixels);
    vqc_image_release(&out);
    vqc_image_release(&source);
}

static void test_digests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof resize_cases / sizeof resize_cases[0]; i++) {
        const resize_case *expected = &resize_cases[i];
        vqc_error error = {0};
        char digest[VQC_DIGEST_TEXT_SIZE];
        vqc_image source = tiles_make(expected->height, expected->width);
        vqc_image out = resize_good(&source, expected->new_height, expected->new_width, expected->filter);
        size_t size = (size_t)(out.height * out.width * 3);
        assert_int_equal(vqc_digest_bytes(out.pixels, size, digest, &error), VQC_OK);
        if (strcmp(digest, expected->digest) != 0)
            fail_msg("case %zu: %d × %d to %d × %d differs", i, (int)expected->height, (int)expected->width,
                     (int)expected->new_height, (int)expected->new_width);
        vqc_image_release(&out);
        vqc_image_release(&source);
    }
}

/* White stays white at every size: the weights sum to one, and overshoot is cut off. */
static void test_white_stays_white(void **state)
{
    (void)state;
    vqc_image source = tiles_make(17, 17);
    memset(source.pixels, 255, 17 * 17 * 3);
    for (int64_t size = 1; size < 40; size++) {
        vqc_image out = resize_good(&source, size, 40 - size, VQC_IMAGE_LANCZOS);
        for (int64_t i = 0; i < size * (40 - size) * 3; i++)
            assert_int_equal(out.pixels[i], 255);
        vqc_image_release(&out);
    }
    vqc_image_release(&source);
}

static void test_wrong_sizes(void **state)
{
    (void)state;
    static const int64_t wrong[][2] = {{0, 4}, {4, 0}, {-1, 4}, {VQC_IMAGE_MAX_SIDE + 1, 4}, {4, INT64_MAX}};
    vqc_error error = {0};
    vqc_image source = tiles_make(4, 4);
    vqc_image out = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(vqc_image_resize(&source, wrong[i][0], wrong[i][1], VQC_IMAGE_BICUBIC, &out, &error),
                         VQC_BAD_INPUT);
        assert_null(out.pixels);
    }
    vqc_image_release(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_white_stays_white),
        cmocka_unit_test(test_wrong_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
