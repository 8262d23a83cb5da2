/* WebP files, made and read by Pillow: tests/oracle/make_webp.py. */

#include "../fuzz/memory_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "damage.h"

#define PICTURES VQC_SOURCE_DIR "/tests/image/webp/"

/* The largest difference of a colour. */
static int difference(const vqc_image *found, const vqc_image *expected)
{
    int largest = 0;
    assert_int_equal(found->height, expected->height);
    assert_int_equal(found->width, expected->width);
    for (int64_t i = 0; i < 3 * found->height * found->width; i++) {
        int apart = abs(found->pixels[i] - expected->pixels[i]);
        largest = apart > largest ? apart : largest;
    }
    return largest;
}

/* Without loss to the bit, held sideways too; on white as Pillow lays it, which rounds otherwise. */
static void test_pictures(void **state)
{
    (void)state;
    static const struct {
        const char *file, *expected;
        int apart;
    } cases[] = {
        {.file = PICTURES "lossless.webp", .expected = PICTURES "lossless.png"},
        {.file = PICTURES "held.webp", .expected = PICTURES "held.png"},
        {.file = PICTURES "transparent.webp", .expected = PICTURES "transparent.png", .apart = 1},
        {.file = PICTURES "lossy.webp", .expected = PICTURES "lossy.png", .apart = 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_image found = picture_read(cases[i].file);
        vqc_image expected = picture_read(cases[i].expected);
        print_message("%s\n", cases[i].file);
        assert_in_range(difference(&found, &expected), 0, cases[i].apart);
        vqc_image_release(&found);
        vqc_image_release(&expected);
    }
}

static void test_opacity(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_image image = {0};
    assert_int_equal(vqc_image_read_opacity(PICTURES "transparent.webp", &image, &error), VQC_OK);
    for (int64_t x = 0; x < image.width; x++)
        assert_int_equal(image.pixels[3 * x], x * 255 / (image.width - 1));
    vqc_image_release(&image);
    assert_int_equal(vqc_image_read_opacity(PICTURES "lossless.webp", &image, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "found one without"));
}

static void test_animations_are_refused(void **state)
{
    (void)state;
    assert_refused(PICTURES "animated.webp", "expected one picture, found a WebP animation");
}

static void test_damage(void **state)
{
    (void)state;
    assert_survives_damage(PICTURES "lossy.webp");
    assert_survives_damage(PICTURES "lossless.webp");
    assert_survives_damage(PICTURES "transparent.webp");
    assert_survives_damage(PICTURES "held.webp");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_opacity),
        cmocka_unit_test(test_animations_are_refused),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
