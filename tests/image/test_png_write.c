/* Writing PNG files, and texts in them. */

#define _GNU_SOURCE /* memmem */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "scratch.h"

/* A picture of noise; the caller releases it. */
static vqc_image picture_make(int64_t height, int64_t width)
{
    vqc_error error = {0};
    vqc_image image;
    uint32_t state = 1;
    assert_int_equal(vqc_image_create(height, width, &image, &error), VQC_OK);
    for (int64_t i = 0; i < height * width * 3; i++) {
        state = state * 1664525U + 1013904223U;
        image.pixels[i] = (uint8_t)(state >> 24);
    }
    return image;
}

static void write_good(const scratch *fixture, const vqc_image *image, const vqc_image_text *texts, size_t count)
{
    vqc_error error = {0};
    if (vqc_image_write_png(fixture->path, image, texts, count, &error) != VQC_OK)
        fail_msg("%s", error.message);
}

static void test_pixels_return(void **state)
{
    static const int64_t sizes[][2] = {{1, 1}, {19, 37}, {1, 500}, {500, 1}, {64, 64}};
    const scratch *fixture = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) { /* each one replaces the one before */
        vqc_image image = picture_make(sizes[i][0], sizes[i][1]);
        write_good(fixture, &image, NULL, 0);
        vqc_image copy = picture_read(fixture->path);
        assert_int_equal(copy.height, image.height);
        assert_int_equal(copy.width, image.width);
        assert_memory_equal(copy.pixels, image.pixels, (size_t)(image.height * image.width * 3));
        vqc_image_release(&copy);
        vqc_image_release(&image);
    }
}

/* With less work the pixels are the same, and what can be compressed still is. */
static void test_quick_pixels_return(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    vqc_image image;
    struct stat about;
    assert_int_equal(vqc_image_create(200, 300, &image, &error), VQC_OK);
    memset(image.pixels, 77, (size_t)(3 * 100 * 300));
    assert_int_equal(vqc_image_write_png_quickly(fixture->path, &image, &error), VQC_OK);
    vqc_image copy = picture_read(fixture->path);
    assert_int_equal(copy.height, image.height);
    assert_int_equal(copy.width, image.width);
    assert_memory_equal(copy.pixels, image.pixels, (size_t)(image.height * image.width * 3));
    assert_int_equal(stat(fixture->path, &about), 0);
    assert_true(about.st_size < 5000);
    vqc_image_release(&copy);
    vqc_image_release(&image);
}

static const vqc_image_text some_texts[] = {
    {"Prompt", "na\xc3\xafve caf\xc3\xa9 \xe2\x86\x92 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x8e\xa8\nsecond line"},
    {"Seed", "17"},
    {"Empty", ""},
    {"Seed", "the same key again"},
};

enum { SOME_TEXTS = sizeof some_texts / sizeof some_texts[0] };

static void test_texts_return(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    vqc_image image = picture_make(3, 4);
    vqc_image_texts texts = {0};
    write_good(fixture, &image, some_texts, SOME_TEXTS);
    assert_int_equal(vqc_image_texts_read(fixture->path, &texts, &error), VQC_OK);
    assert_int_equal(texts.count, SOME_TEXTS);
    for (size_t i = 0; i < texts.count; i++) {
        assert_string_equal(texts.items[i].key, some_texts[i].key);
        assert_string_equal(texts.items[i].value, some_texts[i].value);
    }
    vqc_image_texts_release(&texts);
    vqc_image_texts_release(&texts);

    size_t size;
    uint8_t *bytes = file_bytes(fixture->path, &size);
    static const char chunk[] = "iTXtSeed\0\0\0\0\0"
                                "17"; /* PNG specification, 11.3.4.5 */
    assert_non_null(memmem(bytes, size, chunk, sizeof chunk - 1));
    free(bytes);

    write_good(fixture, &image, NULL, 0);
    assert_int_equal(vqc_image_texts_read(fixture->path, &texts, &error), VQC_OK);
    assert_int_equal(texts.count, 0);
    vqc_image_texts_release(&texts);
    vqc_image_release(&image);
}

static void test_longest_text_returns(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    vqc_image image = picture_make(1, 1);
    vqc_image_texts texts = {0};
    char key[80] = {0};
    char *value = calloc(VQC_IMAGE_MAX_TEXT + 2, 1);
    memset(key, 'k', 79);
    memset(value, 'v', VQC_IMAGE_MAX_TEXT);
    const vqc_image_text text = {key, value};
    write_good(fixture, &image, &text, 1);
    assert_int_equal(vqc_image_texts_read(fixture->path, &texts, &error), VQC_OK);
    assert_int_equal(texts.count, 1);
    assert_string_equal(texts.items[0].key, key);
    assert_true(strcmp(texts.items[0].value, value) == 0);
    vqc_image_texts_release(&texts);
    value[VQC_IMAGE_MAX_TEXT] = 'v';
    assert_int_equal(vqc_image_write_png(fixture->path, &image, &text, 1, &error), VQC_BAD_INPUT);
    free(value);
    vqc_image_release(&image);
}

static void test_most_texts_return(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    vqc_image image = picture_make(1, 1);
    vqc_image_texts texts = {0};
    vqc_image_text many[VQC_IMAGE_MAX_TEXTS + 1];
    for (int i = 0; i < VQC_IMAGE_MAX_TEXTS + 1; i++)
        many[i] = (vqc_image_text){"Key", "value"};
    many[VQC_IMAGE_MAX_TEXTS - 1].value = "last";
    write_good(fixture, &image, many, VQC_IMAGE_MAX_TEXTS);
    assert_int_equal(vqc_image_texts_read(fixture->path, &texts, &error), VQC_OK);
    assert_int_equal(texts.count, VQC_IMAGE_MAX_TEXTS);
    assert_string_equal(texts.items[VQC_IMAGE_MAX_TEXTS - 1].value, "last");
    vqc_image_texts_release(&texts);
    assert_int_equal(vqc_image_write_png(fixture->path, &image, many, VQC_IMAGE_MAX_TEXTS + 1, &error),
                     VQC_BAD_INPUT);
    vqc_image_release(&image);
}

static void test_same_bytes(void **state)
{
    const scratch *fixture = *state;
    vqc_image image = picture_make(40, 30);
    size_t sizes[2];
    uint8_t *files[2];
    for (int i = 0; i < 2; i++) {
        write_good(fixture, &image, some_texts, SOME_TEXTS);
        files[i] = file_bytes(fixture->path, &sizes[i]);
        assert_int_equal(unlink(fixture->path), 0);
        (void)sleep(i == 0 ? 1 : 0); /* so that a time in the file would show */
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(files[0], files[1], sizes[0]);
    free(files[0]);
    free(files[1]);
    vqc_image_release(&image);
}

static void test_wrong_texts(void **state)
{
    const scratch *fixture = *state;
    static const vqc_image_text wrong[] = {
        {"", "value"},
        {" a", "value"},
        {"a ", "value"},
        {"a  b", "value"},
        {"a\nb", "value"},
        {"a\x7f", "value"},
        {"caf\xc3\xa9", "value"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890", "value"},
        {"Key", "not UTF-8: \xff"},
        {"Key", "cut \xe2\x86"},
    };
    vqc_error error = {0};
    vqc_image image = picture_make(2, 2);
    char start[sizeof fixture->path + 16];
    (void)snprintf(start, sizeof start, "%s: text ", fixture->path);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(vqc_image_write_png(fixture->path, &image, &wrong[i], 1, &error), VQC_BAD_INPUT);
        assert_memory_equal(error.message, start, strlen(start));
        assert_int_not_equal(access(fixture->path, F_OK), 0);
    }
    vqc_image_release(&image);
}

/* Changes bytes of the first text and its checksum (zlib's crc32), as another program may write it. */
static void test_foreign_texts(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    vqc_image image = picture_make(2, 2);
    vqc_image_texts texts = {0};
    const vqc_image_text text = {"Key", "abc"};
    write_good(fixture, &image, &text, 1);
    size_t size;
    uint8_t *bytes = file_bytes(fixture->path, &size);
    uint8_t *chunk = memmem(bytes, size, "iTXtKey", 7);
    assert_non_null(chunk);
    memcpy(chunk + 12, "\xff", 1);
    memcpy(chunk + 15, "\x0a\xb2\x62\x41", 4);
    scratch_write(fixture, bytes, size);
    assert_int_equal(vqc_image_texts_read(fixture->path, &texts, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "/picture: text Key: expected UTF-8"));
    assert_null(texts.items);
    vqc_image_release(&image);
    image = picture_read(fixture->path); /* the picture is good all the same */
    scratch_write(fixture, bytes, 36);
    assert_int_equal(vqc_image_texts_read(fixture->path, &texts, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "/picture: is not a readable PNG file: it ends too early"));
    memcpy(chunk - 4, "\x7f\xff\xff\xf0", 4); /* its length, which must not be allocated */
    scratch_write(fixture, bytes, size);
    assert_int_equal(vqc_image_texts_read(fixture->path, &texts, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "/picture: is not a readable PNG file: a chunk reaches beyond its end"));
    scratch_write(fixture, "\xff\xd8\xff, another format", 20);
    assert_int_equal(vqc_image_texts_read(fixture->path, &texts, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "/picture: expected a PNG picture"));
    free(bytes);
    vqc_image_release(&image);
}

static void test_unwritable(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    vqc_image image = picture_make(2, 2);
    char path[sizeof fixture->folder + 16];
    (void)snprintf(path, sizeof path, "%s/nowhere/a.png", fixture->folder);
    assert_int_equal(vqc_image_write_png(path, &image, NULL, 0, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "/nowhere/a.png: cannot be created: No such file or directory"));
    /* A folder stands where the file should; the teardown sees that nothing is left beside it. */
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_int_equal(vqc_image_write_png(fixture->path, &image, NULL, 0, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "/picture: cannot be written: Is a directory"));
    assert_int_equal(rmdir(fixture->path), 0);
    /* Nor may a folder without write permission be written to; the superuser may all the same. */
    assert_int_equal(chmod(fixture->folder, 0500), 0);
    if (geteuid() != 0) {
        assert_int_equal(vqc_image_write_png(fixture->path, &image, NULL, 0, &error), VQC_FAILED);
        assert_non_null(strstr(error.message, "/picture: cannot be created: Permission denied"));
    }
    assert_int_equal(chmod(fixture->folder, 0700), 0);
    vqc_image_release(&image);
}

/* A limit on the sizes of files stands in for a full disk. What was there before must be there still. */
static void assert_disk_full(const scratch *fixture, const vqc_image *image, const vqc_image *old, rlim_t limit)
{
    vqc_error error = {0};
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {.rlim_cur = limit, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    vqc_status status = vqc_image_write_png(fixture->path, image, NULL, 0, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, VQC_FAILED);
    assert_non_null(strstr(error.message, "/picture: cannot be written: File too large"));
    vqc_image copy = picture_read(fixture->path);
    assert_memory_equal(copy.pixels, old->pixels, (size_t)(old->height * old->width * 3));
    vqc_image_release(&copy);
}

static void test_disk_full(void **state)
{
    const scratch *fixture = *state;
    vqc_image large = picture_make(100, 100); /* 30000 bytes that cannot be compressed */
    vqc_image old = picture_make(2, 2);
    (void)signal(SIGXFSZ, SIG_IGN);
    write_good(fixture, &old, NULL, 0);
    assert_disk_full(fixture, &large, &old, 10000);
    assert_disk_full(fixture, &old, &old, 10); /* small enough to wait in the stream until the end */
    vqc_image_release(&old);
    vqc_image_release(&large);
}

#define SCRATCH_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_pixels_return),     SCRATCH_TEST(test_quick_pixels_return),
        SCRATCH_TEST(test_texts_return),      SCRATCH_TEST(test_longest_text_returns),
        SCRATCH_TEST(test_most_texts_return), SCRATCH_TEST(test_same_bytes),
        SCRATCH_TEST(test_wrong_texts),       SCRATCH_TEST(test_foreign_texts),
        SCRATCH_TEST(test_unwritable),        SCRATCH_TEST(test_disk_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
