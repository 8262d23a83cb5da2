/* That a report's page holds what its archives hold, and nothing that a browser would run. The page in a browser:
 * report_browser.py. */
#define _GNU_SOURCE /* memmem */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "../support/command_run.h"
#include "../support/scratch.h"
#include "base/digest.h"
#include "cli/commands.h"
#include "cli/report_pictures.h"
#include "image/image.h"
#include "report_study.h"

/* Makes an archive in the folder. */
static void archive_make(const report_study *study, const char *name)
{
    char path[PATH_SIZE];
    vqc_error error = {0};
    if (report_study_write(study, path_in(path, name), &error) != VQC_OK)
        fail_msg("%s", error.message);
}

/* Runs the command on archives of the folder; the page's text, to be freed. */
static char *page_make(const char *first, const char *second, const char *full, vqc_status expected)
{
    char paths[2][PATH_SIZE], page[PATH_SIZE], said[PATH_SIZE], option[32];
    vqc_error error;
    size_t size;
    (void)snprintf(option, sizeof option, "--full=%s", full);
    char *words[] = {(char *)path_in(paths[0], first), option, "-o", (char *)path_in(page, "page.html"),
                     second == NULL ? NULL : (char *)path_in(paths[1], second)};
    const vqc_status status =
        command_run_into(path_in(said, "said"), &vqc_command_report, second == NULL ? 4 : 5, words, &error);
    if (status != expected)
        fail_msg("%s", error.message);
    return file_read(page, &size);
}

/* The text of a data block, without its end; NULL where there is none. */
static char *block_of(const char *page, const char *type, const char *id)
{
    char start[128];
    (void)snprintf(start, sizeof start, "<script type=\"%s\" id=\"%s\">", type, id);
    const char *found = strstr(page, start);
    if (found == NULL)
        return NULL;
    found += strlen(start);
    const char *end = strstr(found, "</script>");
    assert_non_null(end);
    return strndup(found, (size_t)(end - found));
}

static json_t *data_of(const char *page)
{
    char *text = block_of(page, "application/json", "data");
    json_error_t fault;
    assert_non_null(text);
    json_t *data = json_loads(text, 0, &fault);
    if (data == NULL)
        fail_msg("%s", fault.text);
    free(text);
    return data;
}

/* Decodes Base64, by the alphabet alone; new memory. */
static uint8_t *base64_read(const char *text, size_t *size_out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t length = strspn(text, letters);
    uint8_t *bytes = calloc(1, length + 4);
    uint32_t bits = 0;
    *size_out = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 6 | (uint32_t)(strchr(letters, text[i]) - letters);
        if (i % 4 != 0)
            bytes[(*size_out)++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    return bytes;
}

/* The picture that stands as "KIND BASE64". */
static vqc_image picture_of(const char *text, const char *kind)
{
    char path[PATH_SIZE];
    size_t size;
    vqc_image image;
    vqc_error error = {0};
    assert_non_null(text);
    assert_int_equal(strncmp(text, kind, strlen(kind)), 0);
    uint8_t *bytes = base64_read(text + strlen(kind) + 1, &size);
    (void)bytes_write(path, "picture", bytes, size);
    free(bytes);
    if (vqc_image_read(path, &image, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return image;
}

static void text_expect(const json_t *object, const char *key, const char *expected)
{
    const char *found = json_string_value(json_object_get(object, key));
    if (found == NULL || strcmp(found, expected) != 0)
        fail_msg("%s: expected \"%s\", found \"%s\"", key, expected, found == NULL ? "nothing" : found);
}

static void digest_expect(const json_t *object, const uint8_t *pixels, size_t size)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    vqc_error error;
    assert_int_equal(vqc_digest_bytes(pixels, size, digest, &error), VQC_OK);
    text_expect(object, "picture_sha256", digest);
}

/* The render's row of the page's data is what was put into the archive. */
static void row_expect(const report_study *study, size_t number, const json_t *data, const uint8_t *pixels,
                       const float *losses)
{
    const vqc_archive_render *render = &study->renders[number];
    const json_t *row = json_array_get(json_object_get(data, "renders"), number);
    const json_t *settings = json_array_get(json_object_get(data, "settings"),
                                            (size_t)json_integer_value(json_object_get(row, "settings")));
    char seed[32];
    (void)snprintf(seed, sizeof seed, "%" PRIu64, render->seed);
    text_expect(row, "id", render->id);
    text_expect(row, "prompt", render->prompt);
    text_expect(row, "seed", seed);
    text_expect(row, "category", study->categories[number]);
    text_expect(settings, "text", render->settings);
    text_expect(json_object_get(settings, "values"), "optimizer.lr", number % 2 == 0 ? "0.1" : "0.5");
    text_expect(json_object_get(settings, "values"), "augment", "[{name: Hf, p: 0.5}]");
    if (report_state(number) == VQC_ARCHIVE_PENDING)
        text_expect(row, "state", "pending");
    if (report_state(number) == VQC_ARCHIVE_FAILED)
        text_expect(row, "reason", report_reason(study));
    if (report_state(number) != VQC_ARCHIVE_DONE)
        return;
    digest_expect(row, pixels, (size_t)3 * study->sizes.side * study->sizes.side);
    const double loss = (double)losses[(size_t)REPORT_LOSSES * study->sizes.steps - 1];
    assert_true(fabs(json_real_value(json_object_get(row, "loss")) - loss) <= 1e-8);
    assert_true(json_real_value(json_object_get(row, "seconds")) == 0.5 + (double)number);
}

/* The render's blocks hold its picture, to the byte, and the losses of the steps that are wanted. */
static void blocks_expect(const report_study *study, size_t number, const char *page, const uint8_t *pixels,
                          const float *losses, size_t stride)
{
    char id[32];
    size_t size;
    (void)snprintf(id, sizeof id, "d0-%zu", number);
    char *block = block_of(page, "text/plain", id);
    assert_non_null(block);
    id[0] = 't';
    char *thumbnail = block_of(page, "text/plain", id);
    const char *picture = strstr(block, "\npicture ");
    vqc_image image = picture_of(picture == NULL ? thumbnail : picture + strlen("\npicture "), "png");
    assert_int_equal(image.height, study->sizes.side);
    assert_memory_equal(image.pixels, pixels, (size_t)3 * study->sizes.side * study->sizes.side);
    vqc_image_release(&image);
    const char *curve = strstr(block, "\nlosses ");
    assert_non_null(curve);
    assert_int_equal(strtoul(curve + strlen("\nlosses "), (char **)&curve, 10), stride);
    float *found = (float *)(void *)base64_read(curve + 1, &size);
    const size_t rows = size / sizeof(float) / REPORT_LOSSES;
    assert_int_equal(rows, (study->sizes.steps - 1 + stride - 1) / stride + 1);
    for (size_t row = 0; row < rows; row++) {
        const size_t step = row * stride < study->sizes.steps ? row * stride : study->sizes.steps - 1;
        assert_memory_equal(found + REPORT_LOSSES * row, losses + REPORT_LOSSES * step,
                            REPORT_LOSSES * sizeof(float));
    }
    free(found);
    free(block);
    free(thumbnail);
}

static size_t times_in(const char *text, const char *words)
{
    size_t count = 0;
    for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words))
        count++;
    return count;
}

/* Everything of an archive is in its page. */
static void archive_expect(const report_sizes *sizes, size_t stride)
{
    report_study study;
    report_study_init(&study, sizes);
    archive_make(&study, "study.h5");
    char *page = page_make("study.h5", NULL, "200", VQC_OK);
    json_t *data = data_of(page);
    const json_t *archive = json_array_get(json_object_get(data, "archives"), 0);
    uint8_t *pixels = calloc((size_t)3 * sizes->side, sizes->side);
    float *losses = calloc(sizes->steps, REPORT_LOSSES * sizeof *losses);
    text_expect(archive, "study", study.outline.study);
    text_expect(archive, "job_text", study.outline.job_text);
    assert_int_equal(json_array_size(json_object_get(archive, "renders")), study.outline.render_count);
    size_t done = 0;
    for (size_t i = 0; i < study.outline.render_count; i++) {
        report_picture(&study, i, -1, pixels);
        report_losses(&study, i, losses);
        row_expect(&study, i, archive, pixels, losses);
        done += report_state(i) == VQC_ARCHIVE_DONE;
        if (report_state(i) == VQC_ARCHIVE_DONE)
            blocks_expect(&study, i, page, pixels, losses, stride);
    }
    assert_int_equal(times_in(page, "id=\"t0-"), done);
    assert_int_equal(times_in(page, "id=\"d0-"), done);
    assert_int_equal(times_in(page, "\nframe "), done * sizes->snapshots);
    json_decref(data);
    free(page);
    free(pixels);
    free(losses);
    report_study_release(&study);
}

static void the_page_holds_the_archive(void **state)
{
    (void)state;
    archive_expect(&(report_sizes){.prompts = 8, .seeds = 4, .side = 32, .steps = 5, .snapshots = 2}, 1);
    char path[PATH_SIZE];
    (void)unlink(path_in(path, "study.h5"));
    archive_expect(&(report_sizes){.prompts = 2, .seeds = 1, .side = 200, .steps = 1101}, 3);
    (void)unlink(path_in(path, "study.h5"));
}

/* No text of an archive is markup in the page, wherever it stands there: all that begins a tag is the page's own. */
static void no_text_leaves_its_place(void **state)
{
    (void)state;
    const report_sizes sizes = {.prompts = 6, .seeds = 2, .side = 16, .steps = 2, .snapshots = 1, .hostile = true};
    char path[PATH_SIZE];
    archive_expect(&sizes, 1);
    char *page = page_make("study.h5", NULL, "200", VQC_OK);
    const size_t done = times_in(page, "id=\"t0-");
    assert_int_equal(times_in(page, "<script"), 2 + 2 * done);
    assert_int_equal(times_in(page, "</script"), 2 + 2 * done);
    assert_int_equal(times_in(page, "<img"), 0);
    assert_int_equal(times_in(page, "<!--"), 0);
    assert_int_equal(times_in(page, "<b>"), 0);
    assert_int_equal(times_in(page, "</title"), 1);
    assert_int_equal(times_in(page, "/home/somebody"), 0); /* nor the folders of who made it */
    char *data = block_of(page, "application/json", "data");
    assert_int_equal(strcspn(data, "<>&"), strlen(data));
    free(data);
    free(page);
    (void)unlink(path_in(path, "study.h5"));
}

/* What does not have its digest is said to be damaged, is not in the page, and makes the command fail. */
static void damage_is_shown(void **state)
{
    (void)state;
    const report_sizes sizes = {.prompts = 2, .seeds = 2, .side = 16, .steps = 2};
    report_study study;
    uint8_t pixels[3 * 16 * 16];
    char path[PATH_SIZE];
    size_t size;
    report_study_init(&study, &sizes);
    archive_make(&study, "damaged.h5");
    char *bytes = file_read(path_in(path, "damaged.h5"), &size);
    report_picture(&study, 3, -1, pixels);
    char *found = memmem(bytes, size, pixels, sizeof pixels);
    assert_non_null(found);
    found[100] ^= 1;
    bytes_put(path, bytes, size);
    char *page = page_make("damaged.h5", NULL, "200", VQC_FAILED);
    json_t *data = data_of(page);
    const json_t *renders = json_object_get(json_array_get(json_object_get(data, "archives"), 0), "renders");
    text_expect(json_array_get(renders, 3), "damaged", "its picture or latent");
    assert_null(json_object_get(json_array_get(renders, 2), "damaged"));
    assert_null(strstr(page, "id=\"t0-3\""));
    assert_non_null(strstr(page, "id=\"t0-2\""));
    json_decref(data);
    free(page);
    free(bytes);
    report_study_release(&study);
    (void)unlink(path);
}

/* Of more pixels than are allowed there are smaller pictures, of fewer still the thumbnails alone. */
static void large_studies_are_reduced(void **state)
{
    (void)state;
    const report_sizes sizes = {.prompts = 1, .seeds = 2, .side = 600, .steps = 2};
    report_study study;
    char path[PATH_SIZE];
    report_study_init(&study, &sizes);
    archive_make(&study, "large.h5");
    char *page = page_make("large.h5", NULL, "2", VQC_OK); /* four times 1.08 MB do not go in, but with 512 pixels */
    char *block = block_of(page, "text/plain", "d0-1");
    vqc_image image = picture_of(strstr(block, "\npicture ") + strlen("\npicture "), "jpeg");
    assert_int_equal(image.width, 512);
    vqc_image_release(&image);
    free(block);
    block = block_of(page, "text/plain", "t0-1");
    image = picture_of(block, "jpeg");
    assert_int_equal(image.width, VQC_REPORT_THUMBNAIL_SIDE);
    vqc_image_release(&image);
    free(block);
    free(page);
    page = page_make("large.h5", NULL, "0", VQC_OK);
    assert_null(strstr(page, "\npicture "));
    free(page);
    report_study_release(&study);
    (void)unlink(path_in(path, "large.h5"));
}

/* The data of the second archive stand beside the first one's. */
static void two_archives_have_their_places(void **state)
{
    (void)state;
    const report_sizes sizes = {.prompts = 1, .seeds = 1, .side = 16, .steps = 2};
    report_study study;
    char path[PATH_SIZE];
    report_study_init(&study, &sizes);
    archive_make(&study, "one.h5");
    archive_make(&study, "two.h5");
    char *page = page_make("one.h5", "two.h5", "200", VQC_OK);
    json_t *data = data_of(page);
    text_expect(json_array_get(json_object_get(data, "archives"), 1), "file", "two.h5");
    char *blocks[] = {block_of(page, "text/plain", "t0-1"), block_of(page, "text/plain", "t1-1")};
    assert_string_equal(blocks[0], blocks[1]);
    free(blocks[0]);
    free(blocks[1]);
    json_decref(data);
    free(page);
    report_study_release(&study);
    (void)unlink(path_in(path, "one.h5"));
    (void)unlink(path_in(path, "two.h5"));
}

/* A page does not take the place of an archive. */
static void other_endings_are_refused(void **state)
{
    (void)state;
    char *words[] = {"study.h5", "-o", "study.h5"};
    vqc_error error = {0};
    assert_int_equal(vqc_command_run(&vqc_command_report, 3, words, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "--output: expected a file that ends in .html, found study.h5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_holds_the_archive),
        cmocka_unit_test(no_text_leaves_its_place),
        cmocka_unit_test(damage_is_shown),
        cmocka_unit_test(large_studies_are_reduced),
        cmocka_unit_test(two_archives_have_their_places),
        cmocka_unit_test(other_endings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
