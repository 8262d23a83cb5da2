/* Scores against those of open_clip on the same pictures and weights (tests/oracle/scores.py), and what is refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../comparison.h"
#include "../support/command_run.h"
#include "../support/scratch.h"
#include "base/text_file.h"
#include "cli/commands.h"
#include "config/table.h"
#include "weights/weights.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/cli/fixtures/scores/"
#define MODELS VQC_SOURCE_DIR "/jobs/models/"
#define VIT MODELS "picturebook-vit.safetensors"
#define JUDGE MODELS "picturebook-judge.safetensors"
#define PAIRS MODELS "picturebook.bpe.gz"

enum { MAX_WORDS = 32, PICTURES = 8 };

static const char *const files[PICTURES] = {
    "00-orange-car.png",   "01-black-flower.png", "02-white-butterfly.png", "03-yellow-fish.png",
    "04-brown-rocket.png", "05-yellow-heart.png", "06-red-sun.png",         "07-pink-fish.png",
};

/* A new folder with the pictures, and a list of them. */
static void folder_fill(char *folder, size_t size, const char *list, const char *text)
{
    char path[PATH_SIZE];
    char target[PATH_SIZE];
    folder_make(folder, size);
    for (int i = 0; i < PICTURES; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)snprintf(target, sizeof target, MODELS "test-pictures/%s", files[i]);
        assert_int_equal(symlink(target, path), 0);
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, list);
    bytes_put(path, text, strlen(text));
}

static vqc_status run(const char *const *words, vqc_error *error)
{
    char *copies[MAX_WORDS];
    char path[PATH_SIZE];
    int count = 0;
    for (; words[count] != NULL; count++)
        copies[count] = strdup(words[count]);
    vqc_status status = command_run_into(path_in(path, "output"), &vqc_command_score, count, copies, error);
    for (int i = 0; i < count; i++)
        free(copies[i]);
    return status;
}

static vqc_table *table_open(const char *path)
{
    vqc_error error = {0};
    vqc_text text = {0};
    vqc_table *table;
    if (vqc_text_file_read(path, VQC_TABLE_MAX_SIZE, &text, &error) != VQC_OK ||
        vqc_table_parse(path, text.data, text.size, (vqc_table_form){.separator = ','}, &table, &error) != VQC_OK)
        fail_msg("%s", error.message);
    vqc_text_release(&text);
    return table;
}

static size_t column_find(const vqc_table *table, const char *heading)
{
    for (size_t i = 0; i < vqc_table_column_count(table); i++)
        if (strcmp(vqc_table_heading(table, i), heading) == 0)
            return i;
    fail_msg("no column %s", heading);
    return 0;
}

static void cells_compare(const char *column, const char *found, const char *expected)
{
    char *end;
    if (expected[0] == '\0' || found[0] == '\0' || strcmp(column, "file") == 0) {
        assert_string_equal(found, expected);
        return;
    }
    const double difference = fabs(strtod(found, &end) - strtod(expected, NULL));
    const double scale = fmax(1.0, fabs(strtod(expected, NULL)));
    assert_int_equal(*end, '\0');
    if (!(difference <= SCORE_LARGEST * scale))
        fail_msg("%s: expected %s, found %s", column, expected, found);
}

/* Every column of the public package's. */
static void test_open_clip(void **state)
{
    (void)state;
    char folder[64];
    char output[PATH_SIZE];
    vqc_error error = {0};
    vqc_text list = {0};
    assert_int_equal(vqc_text_file_read(FIXTURES "pictures.csv", 1 << 16, &list, &error), VQC_OK);
    folder_fill(folder, sizeof folder, "pictures.csv", list.data);
    vqc_text_release(&list);
    (void)path_in(output, "scores.csv");
    const char *words[] = {folder,
                           "--perceptor",
                           "vit=" VIT,
                           "--vocabulary",
                           PAIRS,
                           "--head",
                           "vit=" FIXTURES "head.safetensors",
                           "--perceptor",
                           "judge=" JUDGE,
                           "--vocabulary",
                           PAIRS,
                           "-o",
                           output,
                           "--threads",
                           "1",
                           NULL};
    if (run(words, &error) != VQC_OK)
        fail_msg("%s", error.message);
    vqc_table *found = table_open(output);
    vqc_table *expected = table_open(FIXTURES "expected.csv");
    assert_int_equal(vqc_table_row_count(found), vqc_table_row_count(expected));
    for (size_t column = 0; column < vqc_table_column_count(expected); column++) {
        const size_t at = column_find(found, vqc_table_heading(expected, column));
        for (size_t row = 0; row < vqc_table_row_count(expected); row++)
            cells_compare(vqc_table_heading(expected, column), vqc_table_cell(found, row, at),
                          vqc_table_cell(expected, row, column));
    }
    vqc_table_destroy(found);
    vqc_table_destroy(expected);
}

/* Cells with all that CSV quotes come back as they were, and texts that are the same to the perceptor are one. */
static void test_quotes(void **state)
{
    (void)state;
    char folder[64];
    char output[PATH_SIZE];
    vqc_error error = {0};
    folder_fill(folder, sizeof folder, "pictures.tsv",
                "prompt\tfile\tid\tseed\tcategory\n"
                "\"a \"\"red\"\" car, new\"\t00-orange-car.png\tA,1\t7\tcars\n"
                "a yellow fish\t03-yellow-fish.png\tB\t8\t\n"
                "A Yellow FISH\t07-pink-fish.png\tC\t9\t\n");
    (void)path_in(output, "quotes.csv");
    const char *words[] = {folder,  "--perceptor", VIT,    "--vocabulary", PAIRS, "--cleaning",
                           "lower", "-o",          output, "--threads",    "1",   NULL};
    if (run(words, &error) != VQC_OK)
        fail_msg("%s", error.message);
    vqc_table *found = table_open(output);
    assert_string_equal(vqc_table_cell(found, 0, column_find(found, "prompt")), "a \"red\" car, new");
    assert_string_equal(vqc_table_cell(found, 0, column_find(found, "id")), "A,1");
    assert_string_equal(vqc_table_cell(found, 2, column_find(found, "seed")), "9");
    assert_string_equal(vqc_table_cell(found, 1, column_find(found, "clip_hit")), "1");
    assert_string_equal(vqc_table_cell(found, 2, column_find(found, "clip_hit")), "1"); /* of the same ids */
    assert_string_equal(vqc_table_cell(found, 1, column_find(found, "clip_diversity")), "");
    assert_string_equal(vqc_table_cell(found, 1, column_find(found, "clip_guided")), "");
    vqc_table_destroy(found);
}

/* Writes a head of these shapes; the path is the scratch's. */
static const char *head_write(char path[PATH_SIZE], const char *second, int64_t rows, int64_t width)
{
    float numbers[256] = {0};
    vqc_error error = {0};
    const vqc_weights_source sources[] = {
        {.name = "weight", .dtype = VQC_DTYPE_F32, .rank = 2, .shape = {rows, width}, .data = numbers},
        {.name = second, .dtype = VQC_DTYPE_F32, .rank = 1, .shape = {1}, .data = numbers},
    };
    assert_int_equal(vqc_weights_write(path_in(path, "head.safetensors"), sources, 2, &error), VQC_OK);
    return path;
}

static void test_bad_heads(void **state)
{
    (void)state;
    static const struct {
        const char *second;
        int64_t rows, width;
        const char *expected;
    } cases[] = {
        {"bias", 2, 128, "expected a tensor weight of 1"},
        {"bias", 1, 127, "expected a width of 128"},
        {"offset", 1, 128, "found the tensor offset"},
    };
    char folder[64];
    char path[PATH_SIZE];
    char output[PATH_SIZE];
    folder_fill(folder, sizeof folder, "pictures.csv", "file,prompt\n00-orange-car.png,a car\n");
    (void)path_in(output, "never.csv");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_error error = {0};
        const char *head = head_write(path, cases[i].second, cases[i].rows, cases[i].width);
        const char *words[] = {folder, "--perceptor", VIT,    "--vocabulary", PAIRS, "--head",
                               head,   "-o",          output, "--threads",    "1",   NULL};
        assert_int_equal(run(words, &error), VQC_BAD_INPUT);
        if (strstr(error.message, cases[i].expected) == NULL)
            fail_msg("expected %s in %s", cases[i].expected, error.message);
    }
}

static void test_bad_lists(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"file,prompt\n", "found no row"},
        {"file\n00-orange-car.png\n", "expected a column prompt"},
        {"file,prompt,sed\n00-orange-car.png,a car,1\n", ":1:13: expected file, prompt, id, seed"},
        {"file,prompt,file\n00-orange-car.png,a car,1\n", "a second column file"},
        {"file,prompt\n00-orange-car.png,\n", ":2:19: expected the prompt of a picture"},
        {"file,prompt\nnone.png,a car\n", "none.png"},
        {"file,prompt\npictures.csv,a car\n", "pictures.csv"},
        {"file,prompt\n00-orange-car.png,a car a car a car a car a car a car a car a car a car a car a car a car "
         "a car a car a car a car\n",
         "the perceptor takes 32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char folder[64];
        char output[PATH_SIZE];
        vqc_error error = {0};
        folder_fill(folder, sizeof folder, "pictures.csv", cases[i].text);
        (void)path_in(output, "never.csv");
        const char *words[] = {folder,      "--perceptor", VIT, "--vocabulary", PAIRS, "-o", output,
                               "--threads", "1",           NULL};
        assert_int_equal(run(words, &error), VQC_BAD_INPUT);
        if (strstr(error.message, cases[i].expected) == NULL)
            fail_msg("expected %s in %s", cases[i].expected, error.message);
        assert_int_not_equal(access(output, F_OK), 0);
    }
}

static void test_bad_usage(void **state)
{
    (void)state;
    char folder[64];
    folder_fill(folder, sizeof folder, "pictures.csv", "file,prompt\n00-orange-car.png,a car\n");
    const struct {
        const char *words[MAX_WORDS];
        const char *expected;
    } cases[] = {
        {{folder, "--perceptor", VIT, "--vocabulary", PAIRS}, "are needed"},
        {{folder, "-o", "x.csv"}, "are needed"},
        {{folder, "--perceptor", VIT, "-o", "x.csv"}, "--vocabulary: expected one for each"},
        {{folder, "--perceptor", VIT, "--vocabulary", PAIRS, "--key", "a", "--key", "b", "-o", "x.csv"},
         "--key: expected one for each"},
        {{folder, "--perceptor", VIT, "--vocabulary", PAIRS, "--head-width", "x", "-o", "x.csv"}, "--head-width"},
        {{folder, "--perceptor", "a=" VIT, "--vocabulary", PAIRS, "--perceptor", "a=" JUDGE, "--vocabulary", PAIRS,
          "-o", "x.csv"},
         "found a again"},
        {{folder, "--perceptor", VIT, "--vocabulary", PAIRS, "--head", "b=" FIXTURES "head.safetensors", "-o",
          "x.csv"},
         "with the name of a perceptor"},
        {{folder, "--perceptor", VIT, "--vocabulary", PAIRS, "--peer-timeout", "1", "-o", "x.csv"}, "--peer-timeout"},
        {{FIXTURES, "--perceptor", VIT, "--vocabulary", PAIRS, "-o", "x.csv"}, "00-orange-car.png"},
        {{"/none", "--perceptor", VIT, "--vocabulary", PAIRS, "-o", "x.csv"}, "expected an archive or a folder"},
        {{scratch_folder(), "--perceptor", VIT, "--vocabulary", PAIRS, "-o", "x.csv"}, "found neither"},
        {{PAIRS, "--perceptor", VIT, "--vocabulary", PAIRS, "-o", "x.csv"}, "picturebook.bpe.gz"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_error error = {0};
        assert_int_equal(run(cases[i].words, &error), VQC_BAD_INPUT);
        if (strstr(error.message, cases[i].expected) == NULL)
            fail_msg("expected %s in %s", cases[i].expected, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_clip), cmocka_unit_test(test_quotes),    cmocka_unit_test(test_bad_heads),
        cmocka_unit_test(test_bad_lists), cmocka_unit_test(test_bad_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
