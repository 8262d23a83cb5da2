/* Contact sheets: where pictures stand, how large they are shown, what words of any kind do. Tests that need words
 * skip in a build without captions and where no font is installed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "image/sheet.h"
#include "scratch.h"

/* The distances of sheet.c that the tests rely on. */
enum { MARGIN = 24, COLUMN_GAP = 20, SMALLEST = 192, LARGEST = 384, GROUND = 236 };

static const vqc_caption_style style = {13, false, false, 3, {0, 0, 0}, {255, 255, 255}};

static vqc_sheet *sheet_make(const vqc_sheet_cell *cells, size_t count, const vqc_captions *captions)
{
    vqc_error error = {0};
    vqc_sheet *sheet = NULL;
    vqc_sheet_arrangement arrangement = {.title = "study", .subtitle = "renders", .cells = cells, .count = count};
    if (vqc_sheet_create(&arrangement, captions, &sheet, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return sheet;
}

static vqc_captions *captions_make(void)
{
    vqc_error error = {0};
    vqc_captions *captions;
    const char *lack;
    assert_int_equal(vqc_captions_create(&captions, &lack, &error), VQC_OK);
    assert_true((captions == NULL) == (lack != NULL));
    if (captions == NULL) {
        print_message("skipped: %s\n", lack);
        skip();
    }
    return captions;
}

/* A picture whose pixels all differ from their neighbours. */
static vqc_image picture_make(int64_t height, int64_t width)
{
    vqc_error error = {0};
    vqc_image image;
    assert_int_equal(vqc_image_create(height, width, &image, &error), VQC_OK);
    for (int64_t i = 0; i < 3 * height * width; i++)
        image.pixels[i] = (uint8_t)(i * 37 % 251);
    return image;
}

static const uint8_t *pixel(const vqc_image *image, int64_t y, int64_t x)
{
    return image->pixels + 3 * (y * image->width + x);
}

/* Pixels of a rectangle that differ from white. */
static int64_t ink(const vqc_image *image, int64_t top, int64_t left, int64_t height, int64_t width)
{
    static const uint8_t white[3] = {255, 255, 255};
    int64_t count = 0;
    for (int64_t y = top; y < top + height; y++)
        for (int64_t x = left; x < left + width; x++)
            count += memcmp(pixel(image, y, x), white, 3) != 0;
    return count;
}

static void place(vqc_sheet *sheet, size_t cell, const vqc_image *image)
{
    vqc_error error = {0};
    if (vqc_sheet_picture_place(sheet, cell, image, &error) != VQC_OK)
        fail_msg("%s", error.message);
}

static void test_small_picture_is_enlarged_in_squares(void **state)
{
    (void)state;
    vqc_sheet_cell cell = {64, 64, "", ""};
    vqc_sheet *sheet = sheet_make(&cell, 1, NULL);
    const vqc_image *canvas = vqc_sheet_image(sheet);
    assert_int_equal(canvas->width, SMALLEST + 2 * MARGIN);
    assert_int_equal(canvas->height, SMALLEST + 2 * MARGIN);
    vqc_image image = picture_make(64, 64);
    place(sheet, 0, &image);
    for (int64_t y = 0; y < SMALLEST; y++)
        for (int64_t x = 0; x < SMALLEST; x++)
            assert_memory_equal(pixel(canvas, MARGIN + y, MARGIN + x), pixel(&image, y / 3, x / 3), 3);
    assert_int_equal(ink(canvas, 0, 0, MARGIN, canvas->width), 0);
    assert_int_equal(ink(canvas, MARGIN + SMALLEST, 0, MARGIN, canvas->width), 0);
    vqc_image_release(&image);
    vqc_sheet_destroy(sheet);
}

static void test_large_picture_is_reduced(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_sheet_cell cell = {300, 600, "", ""};
    vqc_sheet *sheet = sheet_make(&cell, 1, NULL);
    const vqc_image *canvas = vqc_sheet_image(sheet);
    vqc_image image = picture_make(300, 600);
    vqc_image reduced;
    assert_int_equal(vqc_image_resize(&image, LARGEST / 2, LARGEST, VQC_IMAGE_LANCZOS, &reduced, &error), VQC_OK);
    assert_int_equal(canvas->width, LARGEST + 2 * MARGIN);
    assert_int_equal(canvas->height, LARGEST / 2 + 2 * MARGIN);
    place(sheet, 0, &image);
    for (int64_t y = 0; y < reduced.height; y++)
        assert_memory_equal(pixel(canvas, MARGIN + y, MARGIN), pixel(&reduced, y, 0), 3 * LARGEST);
    vqc_image_release(&reduced);
    vqc_image_release(&image);
    vqc_sheet_destroy(sheet);
}

/* Pictures of several sizes share one size of box and stand in its middle. */
static void test_sizes_are_mixed(void **state)
{
    (void)state;
    vqc_sheet_cell cells[] = {{256, 128, "", ""}, {100, 256, "", ""}};
    vqc_sheet *sheet = sheet_make(cells, 2, NULL);
    const vqc_image *canvas = vqc_sheet_image(sheet);
    int64_t left = MARGIN + 256 + COLUMN_GAP;
    assert_int_equal(canvas->width, left + 256 + MARGIN);
    assert_int_equal(canvas->height, 256 + 2 * MARGIN);
    vqc_image image = picture_make(100, 256);
    place(sheet, 1, &image);
    for (int64_t y = 0; y < 100; y++)
        assert_memory_equal(pixel(canvas, MARGIN + 78 + y, left), pixel(&image, y, 0), 3 * 256);
    assert_int_equal(pixel(canvas, MARGIN + 77, left)[0], GROUND);
    assert_int_equal(pixel(canvas, MARGIN, MARGIN)[0], GROUND); /* where no picture is yet */
    vqc_image_release(&image);
    vqc_sheet_destroy(sheet);
}

/* A picture of one row is not reduced to none. */
static void test_thin_picture(void **state)
{
    (void)state;
    vqc_sheet_cell cell = {1, 4000, "", ""};
    vqc_sheet *sheet = sheet_make(&cell, 1, NULL);
    vqc_image image = picture_make(1, 4000);
    assert_int_equal(vqc_sheet_image(sheet)->height, 1 + 2 * MARGIN);
    place(sheet, 0, &image);
    vqc_image_release(&image);
    vqc_sheet_destroy(sheet);
}

static void test_shape(void **state)
{
    (void)state;
    vqc_sheet_cell cells[VQC_SHEET_MAX_CELLS];
    for (size_t i = 0; i < VQC_SHEET_MAX_CELLS; i++)
        cells[i] = (vqc_sheet_cell){64, 64, "", ""};
    for (size_t count = 1; count <= VQC_SHEET_MAX_CELLS; count++) {
        vqc_sheet *sheet = sheet_make(cells, count, NULL);
        const vqc_image *canvas = vqc_sheet_image(sheet);
        double ratio = (double)canvas->width / (double)canvas->height;
        int64_t empty =
            canvas->height * canvas->width / ((SMALLEST + COLUMN_GAP) * (SMALLEST + COLUMN_GAP)) - (int64_t)count;
        if (count != 2 && count != 3)
            assert_true(ratio > 0.6 && ratio < 2.6);
        assert_true(empty < 10);
        vqc_sheet_destroy(sheet);
    }
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_sheet_cell cell = {64, 64, "", ""};
    vqc_sheet *sheet = sheet_make(&cell, 1, NULL);
    vqc_sheet *other = NULL;
    vqc_image image = picture_make(64, 65);
    assert_int_equal(vqc_sheet_picture_place(sheet, 1, &image, &error), VQC_FAILED);
    assert_int_equal(vqc_sheet_note_place(sheet, 1, "pending", &error), VQC_FAILED);
    vqc_sheet_arrangement arrangement = {
        .title = "", .subtitle = "", .cells = &cell, .count = VQC_SHEET_MAX_CELLS + 1};
    assert_int_equal(vqc_sheet_create(&arrangement, NULL, &other, &error), VQC_FAILED);
    assert_null(other);
    vqc_image_release(&image);
    vqc_sheet_destroy(sheet);
    vqc_sheet_destroy(NULL);
}

static void test_words_are_drawn(void **state)
{
    (void)state;
    vqc_captions *captions = captions_make();
    vqc_sheet_cell cells[] = {{192, 192, "a red house", "00000"}, {192, 192, "", ""}};
    vqc_sheet *sheet = sheet_make(cells, 2, captions);
    const vqc_image *canvas = vqc_sheet_image(sheet);
    int64_t below = canvas->height - MARGIN; /* of the words */
    assert_true(ink(canvas, MARGIN, MARGIN, 40, 100) > 100);
    assert_true(ink(canvas, below - 34, MARGIN, 17, SMALLEST) > 50);
    assert_true(ink(canvas, below - 14, MARGIN, 14, SMALLEST) > 30);
    assert_int_equal(ink(canvas, below - 34, MARGIN + SMALLEST + COLUMN_GAP, 34, SMALLEST), 0);
    assert_int_equal(ink(canvas, below, 0, MARGIN, canvas->width), 0);
    vqc_sheet_destroy(sheet);
    vqc_captions_destroy(captions);
}

static void test_note_stands_in_the_box(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_captions *captions = captions_make();
    vqc_sheet_cell cell = {192, 192, "", ""};
    vqc_sheet *sheet = sheet_make(&cell, 1, captions);
    const vqc_image *canvas = vqc_sheet_image(sheet);
    vqc_image before = {canvas->height, canvas->width, malloc((size_t)(3 * canvas->height * canvas->width))};
    assert_non_null(before.pixels);
    memcpy(before.pixels, canvas->pixels, (size_t)(3 * canvas->height * canvas->width));
    char note[4000];
    memset(note, 'x', sizeof note);
    note[sizeof note - 1] = '\0';
    memcpy(note, "failed: ", 8);
    assert_int_equal(vqc_sheet_note_place(sheet, 0, note, &error), VQC_OK);
    int64_t changed = 0;
    for (int64_t y = 0; y < canvas->height; y++)
        for (int64_t x = 0; x < canvas->width; x++) {
            bool differs = memcmp(pixel(canvas, y, x), pixel(&before, y, x), 3) != 0;
            changed += differs;
            if (differs)
                assert_int_equal(pixel(&before, y, x)[0], GROUND); /* nothing outside the box */
        }
    assert_true(changed > 500);
    vqc_image_release(&before);
    vqc_sheet_destroy(sheet);
    vqc_captions_destroy(captions);
}

/* Scripts that no font may have, both directions, bytes that are no text: all are drawn, in three lines at most. */
static void test_any_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "一只站在雪山上的红色狐狸",
        "لوحة زيتية لسفينة حمراء في البحر عند الغروب",
        "a happy 🦊👩‍👩‍👧‍👦 family 🎨",
        "Z̸̡̛͉a̶l̷g̵o̴",
        "one\ntwo\r\nthree\tfour\x01\x7F five\nsix\nseven",
        "cut \xE4\xB8",
        "\xFF\xFE\xC0\x80 not UTF-8",
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikantentochterhochzeitskleidschneiderin",
        "<b>no &markup;</b>",
        "\u202E\u2066\u200F\uFEFF\U000E0001\U0010FFFF",
    };
    vqc_error error = {0};
    vqc_captions *captions = captions_make();
    vqc_image image = picture_make(120, 200);
    int64_t line = vqc_caption_height(captions, "x", 150, &style);
    assert_true(line >= 13 && line <= 26);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t height = vqc_caption_height(captions, texts[i], 150, &style);
        assert_true(height >= line && height <= 6 * line); /* fonts of other scripts may be higher */
        assert_int_equal(vqc_caption_paint(captions, texts[i], &style, &image, 10, 10, 80, 150, &error), VQC_OK);
        bool blank = i == 0 || i == sizeof texts / sizeof texts[0] - 1;
        assert_true(blank || ink(&image, 10, 10, 80, 150) > 20);
    }
    vqc_image_release(&image);
    vqc_captions_destroy(captions);
}

/* Two texts that must look the same. */
static void same_look_expect(const vqc_captions *captions, const char *one, const char *other)
{
    vqc_error error = {0};
    vqc_image first = picture_make(40, 200);
    vqc_image second = picture_make(40, 200);
    assert_int_equal(vqc_caption_paint(captions, one, &style, &first, 0, 0, 40, 200, &error), VQC_OK);
    assert_int_equal(vqc_caption_paint(captions, other, &style, &second, 0, 0, 40, 200, &error), VQC_OK);
    assert_memory_equal(first.pixels, second.pixels, 3 * 40 * 200);
    vqc_image_release(&first);
    vqc_image_release(&second);
}

static void test_what_is_no_text_is_replaced(void **state)
{
    (void)state;
    vqc_captions *captions = captions_make();
    same_look_expect(captions, "a\xFF\xE4\xB8z", "a???z");
    same_look_expect(captions, "a\nb\x01\x7Fz", "a b  z");
    vqc_captions_destroy(captions);
}

static void test_long_text_ends_in_an_ellipsis(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    vqc_captions *captions = captions_make();
    char *text = malloc(SIZE);
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = i % 7 == 6 ? ' ' : 'm';
    text[SIZE - 1] = '\0';
    int64_t line = vqc_caption_height(captions, "m", 150, &style);
    assert_int_equal(vqc_caption_height(captions, text, 150, &style), 3 * line);
    text[10] = '\0';
    assert_true(vqc_caption_height(captions, text, 150, &style) < 3 * line);
    free(text);
    vqc_captions_destroy(captions);
}

static void test_caption_stays_in_its_rectangle(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_captions *captions = captions_make();
    vqc_image image = picture_make(40, 60);
    vqc_image before = picture_make(40, 60);
    assert_int_equal(vqc_caption_paint(captions, "mmm", &style, &image, 0, 0, 41, 60, &error), VQC_FAILED);
    assert_int_equal(vqc_caption_paint(captions, "mmm", &style, &image, -1, 0, 10, 60, &error), VQC_FAILED);
    assert_int_equal(vqc_caption_paint(captions, "mmm", &style, &image, 0, 60, 10, 1, &error), VQC_FAILED);
    assert_memory_equal(image.pixels, before.pixels, 3 * 40 * 60);
    assert_int_equal(vqc_caption_paint(captions, "mmm mmm", &style, &image, 10, 20, 9, 30, &error), VQC_OK);
    for (int64_t y = 0; y < 40; y++)
        for (int64_t x = 0; x < 60; x++)
            if (y < 10 || y >= 19 || x < 20 || x >= 50)
                assert_memory_equal(pixel(&image, y, x), pixel(&before, y, x), 3);
    vqc_image_release(&before);
    vqc_image_release(&image);
    vqc_captions_destroy(captions);
}

/* Runs first, while fontconfig has read nothing yet, and in a process of its own: one that finds no font. */
static void test_no_font(void **state)
{
    const scratch *fixture = *state;
    static const char configuration[] = "<?xml version=\"1.0\"?>\n<fontconfig></fontconfig>\n";
    scratch_write(fixture, configuration, sizeof configuration - 1);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        vqc_error error = {0};
        vqc_captions *captions;
        const char *lack = NULL;
        (void)setenv("FONTCONFIG_FILE", fixture->path, 1);
        bool good = vqc_captions_create(&captions, &lack, &error) == VQC_OK && captions == NULL && lack != NULL;
        _exit(good ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_font, scratch_setup, scratch_teardown),
        cmocka_unit_test(test_small_picture_is_enlarged_in_squares),
        cmocka_unit_test(test_large_picture_is_reduced),
        cmocka_unit_test(test_sizes_are_mixed),
        cmocka_unit_test(test_thin_picture),
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_words_are_drawn),
        cmocka_unit_test(test_note_stands_in_the_box),
        cmocka_unit_test(test_any_text),
        cmocka_unit_test(test_what_is_no_text_is_replaced),
        cmocka_unit_test(test_long_text_ends_in_an_ellipsis),
        cmocka_unit_test(test_caption_stays_in_its_rectangle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
