/* Picture files as CLIP sees them. Expected values: tests/oracle/make_resize.py. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "models/picture_input.h"
#include "scratch.h"
#include "tiles.h"

#include "resize_cases.h"

/* A file's size, the perceptor's side, and how it is prepared. */
typedef struct preparation_case {
    int64_t height, width, side;
    vqc_picture_preparation preparation;
    const char *digest;
} preparation_case;

#include "preparation_cases.h"

static const vqc_picture_preparation openai;

static void tiles_write(const scratch *fixture, int64_t height, int64_t width)
{
    vqc_error error = {0};
    vqc_image image = tiles_make(height, width);
    assert_int_equal(vqc_image_write_png(fixture->path, &image, NULL, 0, &error), VQC_OK);
    vqc_image_release(&image);
}

static void case_check(const scratch *fixture, const preparation_case *expected)
{
    size_t count = (size_t)(expected->side * expected->side * 3);
    float *pixels = malloc(count * sizeof *pixels);
    vqc_error error = {0};
    char digest[VQC_DIGEST_TEXT_SIZE];
    tiles_write(fixture, expected->height, expected->width);
    if (vqc_picture_input_read(fixture->path, &expected->preparation, expected->side, pixels, &error) != VQC_OK)
        fail_msg("%s", error.message);
    assert_int_equal(vqc_digest_bytes(pixels, count * sizeof *pixels, digest, &error), VQC_OK);
    if (strcmp(digest, expected->digest) != 0)
        fail_msg("%d × %d to %d differs", (int)expected->height, (int)expected->width, (int)expected->side);
    free(pixels);
}

static void test_digests(void **state)
{
    for (size_t i = 0; i < sizeof crop_cases / sizeof crop_cases[0]; i++) {
        const preparation_case expected = {.height = crop_cases[i].height,
                                           .width = crop_cases[i].width,
                                           .side = crop_cases[i].side,
                                           .digest = crop_cases[i].digest};
        case_check(*state, &expected);
    }
}

static void test_preparations(void **state)
{
    for (size_t i = 0; i < sizeof preparation_cases / sizeof preparation_cases[0]; i++)
        case_check(*state, &preparation_cases[i]);
}

static void test_errors(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    float pixels[8 * 8 * 3];
    char expected[sizeof fixture->path + 128];
    assert_int_equal(vqc_picture_input_read(fixture->path, &openai, 8, pixels, &error), VQC_BAD_INPUT);
    (void)snprintf(expected, sizeof expected, "%s: cannot be opened: No such file or directory", fixture->path);
    assert_string_equal(error.message, expected);
    tiles_write(fixture, 1, 5000); /* the longer side would become too long */
    assert_int_equal(vqc_picture_input_read(fixture->path, &openai, 8, pixels, &error), VQC_BAD_INPUT);
    (void)snprintf(expected, sizeof expected, "%s: expected a picture with sides of 1 to", fixture->path);
    assert_memory_equal(error.message, expected, strlen(expected));
    assert_int_equal(vqc_picture_input_read(fixture->path, &openai, 0, pixels, &error), VQC_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_digests, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_preparations, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_errors, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
