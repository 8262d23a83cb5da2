/* Pictures are read as people see them: turned as Exif says. Expected values: tests/oracle/make_orientations.py. */

#include "../fuzz/memory_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "image/orientation.h"

typedef struct orientation_case {
    int64_t height, width; /* upright */
    const uint8_t *file;
    size_t size;
    const uint8_t *pixels;
} orientation_case;

#include "orientation_cases.h"

static vqc_image bytes_read(const uint8_t *bytes, size_t size)
{
    vqc_error error = {0};
    vqc_image image;
    memory_file file;
    memory_file_open(&file, bytes, size);
    if (vqc_image_read(file.path, &image, &error) != VQC_OK)
        fail_msg("%s", error.message);
    memory_file_close(&file);
    return image;
}

static void test_png(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        const orientation_case *c = &orientation_cases[i];
        vqc_image image = bytes_read(c->file, c->size);
        assert_int_equal(image.height, c->height);
        assert_int_equal(image.width, c->width);
        assert_memory_equal(image.pixels, c->pixels, (size_t)(3 * c->height * c->width));
        vqc_image_release(&image);
    }
}

/* A photograph with Exif put into it, in both orders of bytes, against its pixels turned. */
static void test_jpeg(void **state)
{
    (void)state;
    static uint8_t bytes[65536];
    FILE *stream = fopen(VQC_SOURCE_DIR "/tests/image/pictures/colour.jpg", "rb");
    assert_non_null(stream);
    size_t size = fread(bytes, 1, sizeof bytes - 100, stream);
    assert_int_equal(fclose(stream), 0);
    const uint8_t heads[2][26] = {
        {'I', 'I', '*', 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0},
    };
    for (int i = 0; i < 16; i++) {
        int orientation = i % 8 + 1;
        uint8_t with[65536] = {0xff, 0xd8, 0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0};
        memcpy(with + 12, heads[i / 8], 26);
        with[12 + (i < 8 ? 18 : 19)] = (uint8_t)orientation;
        memcpy(with + 38, bytes + 2, size - 2);
        vqc_error error = {0};
        vqc_image expected = bytes_read(bytes, size);
        vqc_image found = bytes_read(with, size + 36);
        assert_int_equal(vqc_image_orient(&expected, orientation, &error), VQC_OK);
        assert_int_equal(found.width, orientation < 5 ? 37 : 21);
        assert_int_equal(found.width, expected.width);
        assert_memory_equal(found.pixels, expected.pixels, (size_t)(3 * found.width * found.height));
        vqc_image_release(&expected);
        vqc_image_release(&found);
    }
}

/* Damaged notes are passed over. */
static void test_damaged_exif(void **state)
{
    (void)state;
    const uint8_t good[] = {'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0};
    assert_int_equal(vqc_exif_orientation(good, sizeof good), 6);
    for (size_t size = 0; size < sizeof good; size++) {
        uint8_t *cut = malloc(size + 1); /* so that the address sanitizer sees a read beyond it */
        assert_non_null(cut);
        memcpy(cut, good, size);
        assert_int_equal(vqc_exif_orientation(cut, size), 1);
        free(cut);
    }
    const struct {
        size_t place;
        uint8_t value;
    } changes[] = {{0, 'X'}, {3, '+'}, {4, 0xff}, {7, 0x15}, {9, 0}, {11, 0x13}, {13, 4}, {19, 0}, {19, 9}, {18, 1}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint8_t changed[sizeof good];
        memcpy(changed, good, sizeof good);
        changed[changes[i].place] = changes[i].value;
        assert_int_equal(vqc_exif_orientation(changed, sizeof changed), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_damaged_exif),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
