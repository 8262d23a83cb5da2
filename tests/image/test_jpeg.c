/* Reading JPEG files. Pictures and expected values: tests/oracle/make_pictures.py. */

#include "../fuzz/memory_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage.h"

#define PICTURES VQC_SOURCE_DIR "/tests/image/pictures/"

/* Decoders of JPEG may differ in the last bits. */
enum { TOLERANCE = 2 };

static void assert_like(const char *name)
{
    char path[sizeof PICTURES + 64];
    (void)snprintf(path, sizeof path, PICTURES "%s.jpg", name);
    vqc_image image = picture_read(path);
    (void)snprintf(path, sizeof path, PICTURES "%s.png", name);
    vqc_image expected = picture_read(path);
    assert_int_equal(image.height, 21);
    assert_int_equal(image.width, 37);
    assert_int_equal(expected.height, 21);
    assert_int_equal(expected.width, 37);
    for (int i = 0; i < 21 * 37 * 3; i++)
        if (abs(image.pixels[i] - expected.pixels[i]) > TOLERANCE)
            fail_msg("%s.jpg: byte %d is %d, not %d", name, i, image.pixels[i], expected.pixels[i]);
    vqc_image_release(&expected);
    vqc_image_release(&image);
}

static void test_every_kind(void **state)
{
    (void)state;
    assert_like("colour");
    assert_like("subsampled");
    assert_like("progressive");
    assert_like("restarts");
    assert_like("grey");
    assert_like("cmyk");
    assert_like("cmyk_plain");
}

static void test_damage(void **state)
{
    (void)state;
    assert_survives_damage(PICTURES "subsampled.jpg");
    assert_survives_damage(PICTURES "progressive.jpg");
    assert_survives_damage(PICTURES "restarts.jpg");
    assert_survives_damage(PICTURES "cmyk.jpg");
}

/* The bytes of colour.jpg and its frame header: marker, length, precision, height, width, components. */
static uint8_t *frame_find(uint8_t **bytes_out, size_t *size_out)
{
    *bytes_out = file_bytes(PICTURES "colour.jpg", size_out);
    uint8_t *frame = memmem(*bytes_out, *size_out, "\xff\xc0\0\x11\x08\0\x15\0\x25\x03", 10);
    assert_non_null(frame);
    return frame;
}

/* Sizes are checked before memory of those sizes is asked for. */
static void test_claimed_sizes(void **state)
{
    const scratch *fixture = *state;
    size_t size;
    uint8_t *bytes;
    uint8_t *frame = frame_find(&bytes, &size);
    frame[5] = 0x20;
    frame[7] = 0x20;
    scratch_write(fixture, bytes, size);
    assert_refused(fixture->path, "expected a picture of 8229 × 8213 pixels, found ");
    frame[5] = frame[7] = 0xff;
    scratch_write(fixture, bytes, size);
    assert_refused(fixture->path, "");
    frame[5] = frame[6] = 0;
    scratch_write(fixture, bytes, size);
    assert_refused(fixture->path, "is not a readable JPEG file: ");
    free(bytes);
}

static void test_arithmetic_coding(void **state)
{
    const scratch *fixture = *state;
    size_t size;
    uint8_t *bytes;
    uint8_t *frame = frame_find(&bytes, &size);
    frame[1] = 0xc9;
    scratch_write(fixture, bytes, size);
    assert_refused(fixture->path, "expected a JPEG file with Huffman coding, found arithmetic");
    free(bytes);
}

/* Repeats the first scan of a progressive file; each repetition is a walk over the whole picture. */
static void test_too_many_scans(void **state)
{
    enum { REPETITIONS = 300 };
    const scratch *fixture = *state;
    size_t size;
    uint8_t *bytes = file_bytes(PICTURES "progressive.jpg", &size);
    uint8_t *scan = memmem(bytes, size, "\xff\xda", 2);
    assert_non_null(scan);
    uint8_t *next = memmem(scan + 2, size - (size_t)(scan + 2 - bytes), "\xff\xc4", 2); /* the next one's table */
    assert_non_null(next);
    size_t scan_size = (size_t)(next - scan);
    size_t rest = size - (size_t)(next - bytes);
    uint8_t *long_file = malloc(size + REPETITIONS * scan_size);
    memcpy(long_file, bytes, (size_t)(next - bytes));
    uint8_t *end = long_file + (next - bytes);
    for (int i = 0; i < REPETITIONS; i++, end += scan_size)
        memcpy(end, scan, scan_size);
    memcpy(end, next, rest);
    scratch_write(fixture, long_file, size + REPETITIONS * scan_size);
    assert_refused(fixture->path, "is not a readable JPEG file: more than 200 scans");
    free(long_file);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_damage),
        cmocka_unit_test_setup_teardown(test_claimed_sizes, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_arithmetic_coding, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_too_many_scans, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
