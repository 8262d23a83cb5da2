/* The tokenizer: ids of the public vocabulary, a small vocabulary worked out by hand, and broken vocabulary files. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "json_lines.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

static const char public_vocabulary[] = VQC_SHARED_DIR "/data/bpe_simple_vocab_16e6.txt.gz";

/* ---- A vocabulary file of the test's own ---- */

typedef struct scratch {
    char path[64];
} scratch;

static void scratch_write(scratch *file, const void *bytes, size_t size)
{
    (void)snprintf(file->path, sizeof file->path, "test_tokenizer.%ld.txt", (long)getpid());
    FILE *stream = fopen(file->path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

static void scratch_write_text(scratch *file, const char *text)
{
    scratch_write(file, text, strlen(text));
}

static void scratch_write_gzip(scratch *file, const char *text, size_t repeats)
{
    scratch_write_text(file, "");
    gzFile stream = gzopen(file->path, "wb");
    assert_non_null(stream);
    for (size_t i = 0; i < repeats; i++)
        assert_int_equal(gzwrite(stream, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(stream), Z_OK);
}

static void scratch_remove(const scratch *file)
{
    (void)remove(file->path);
}

/* ---- Helpers ---- */

static void assert_ids(const vqc_tokenizer *tokenizer, const char *text, const int32_t *ids, size_t count)
{
    vqc_error error = {0};
    vqc_token_list tokens = {0};
    assert_int_equal(vqc_tokenizer_encode(tokenizer, text, &tokens, &error), VQC_OK);
    assert_int_equal(tokens.count, count);
    assert_memory_equal(tokens.ids, ids, count * sizeof *ids);
    vqc_token_list_release(&tokens);
}

/* Expects the file to be refused with a message that begins with "PATH: " and goes on as given. */
static void assert_refused(const scratch *file, size_t size, const char *expected)
{
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    const vqc_tokenizer_options options = {.weights = "model.pt", .rows = size};
    assert_int_equal(vqc_tokenizer_create(file->path, &options, &tokenizer, &error), VQC_BAD_INPUT);
    char message[VQC_ERROR_MESSAGE_SIZE];
    (void)snprintf(message, sizeof message, "%s: %s", file->path, expected);
    assert_memory_equal(error.message, message, strlen(message));
}

static void assert_text_refused(const char *text, size_t size, const char *expected)
{
    scratch file;
    scratch_write_text(&file, text);
    assert_refused(&file, size, expected);
    scratch_remove(&file);
}

/* ---- The public vocabulary ---- */

static vqc_tokenizer *open_public(void)
{
    if (access(public_vocabulary, R_OK) != 0) {
        print_message("skipped: %s is not there\n", public_vocabulary);
        skip();
    }
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    assert_int_equal(vqc_tokenizer_create(public_vocabulary, &(vqc_tokenizer_options){0}, &tokenizer, &error),
                     VQC_OK);
    return tokenizer;
}

static void check_ids(const json_t *object, void *context)
{
    const json_t *array = json_object_get(object, "ids");
    size_t count = json_array_size(array);
    int32_t *ids = malloc(count * sizeof *ids + 1);
    assert_non_null(ids);
    for (size_t i = 0; i < count; i++)
        ids[i] = (int32_t)json_integer_value(json_array_get(array, i));
    assert_ids(context, json_line_text(object, "text"), ids, count);
    free(ids);
}

static void test_reference(void **state)
{
    (void)state;
    vqc_tokenizer *tokenizer = open_public();
    assert_int_equal(vqc_tokenizer_vocabulary_size(tokenizer), 49408);
    const int32_t empty[] = {49406, 49407};
    assert_ids(tokenizer, "", empty, 2);
    assert_string_equal(vqc_tokenizer_token_text(tokenizer, 18376), "astronaut</w>");
    int count = json_lines_visit(VQC_SHARED_DIR "/reference/tokenizer_expected.jsonl", check_ids, tokenizer);
    assert_int_equal(count, 40);
    vqc_tokenizer_destroy(tokenizer);
}

static void test_cases(void **state)
{
    (void)state;
    vqc_tokenizer *tokenizer = open_public();
    int count = json_lines_visit(VQC_SOURCE_DIR "/tests/models/text_cleaning_cases.jsonl", check_ids, tokenizer);
    assert_true(count > 200);
    vqc_tokenizer_destroy(tokenizer);
}

/* ---- A small vocabulary, worked out by hand ----
 * Bytes '!' to '~' have the symbols 0 to 93, so a to f 64 to 69; + 256 at the end of a word. Merges from 512 on. */

static const char small[] = "#version: 0.2\na b\nab c</w>\nb c</w>\na a\naa aa\n";
enum { AB = 512, ABC_END = 513, BC_END = 514, AA = 515, AAAA = 516, START = 517, END = 518 };

static void check_small(const vqc_tokenizer *tokenizer)
{
    assert_int_equal(vqc_tokenizer_vocabulary_size(tokenizer), 519);
    const int32_t abc[] = {START, ABC_END, END};
    assert_ids(tokenizer, "ABC", abc, 3);
    /* The more urgent merge wins over the one to its left: b c</w> comes after a b. */
    const int32_t dbc[] = {START, 67, BC_END, END};
    assert_ids(tokenizer, "dbc", dbc, 4);
    const int32_t ab_end[] = {START, 64, 65 + 256, END};
    assert_ids(tokenizer, "ab", ab_end, 4);
    /* From left to right: a a a a a+</w> gives aaaa, a</w>. */
    const int32_t five[] = {START, AAAA, 64 + 256, END};
    assert_ids(tokenizer, "aaaaa", five, 4);
    const int32_t words[] = {START, ABC_END, 0 + 256, 16 + 256, 17 + 256, ABC_END, END};
    assert_ids(tokenizer, "abc!12abc", words, 7);
    const int32_t none[] = {START, END};
    assert_ids(tokenizer, " ", none, 2);
    assert_string_equal(vqc_tokenizer_token_text(tokenizer, ABC_END), "abc</w>");
    assert_string_equal(vqc_tokenizer_token_text(tokenizer, 0), "!");
    /* The byte 0 is the first of those that are written as U+0100 and up. */
    assert_string_equal(vqc_tokenizer_token_text(tokenizer, 188), "\u0100");
    assert_null(vqc_tokenizer_token_text(tokenizer, 519));
    assert_null(vqc_tokenizer_token_text(tokenizer, -1));
}

static void check_small_file(const scratch *file, size_t size)
{
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    const vqc_tokenizer_options options = {.weights = "model.pt", .rows = size};
    assert_int_equal(vqc_tokenizer_create(file->path, &options, &tokenizer, &error), VQC_OK);
    check_small(tokenizer);
    vqc_tokenizer_destroy(tokenizer);
    scratch_remove(file);
}

static void test_small(void **state)
{
    (void)state;
    scratch file;
    scratch_write_text(&file, small);
    check_small_file(&file, 0);
    scratch_write(&file, small, strlen(small) - 1); /* without the last newline */
    check_small_file(&file, 519);
    scratch_write_gzip(&file, small, 1);
    check_small_file(&file, 519);
    scratch_write_text(&file, "header\r\na b\r\nab c</w>\r\nb c</w>\r\na a\r\naa aa\r\n");
    check_small_file(&file, 0);
}

/* Two merges that spell the same symbol: it has the id of the later one. */
static void test_same_symbol_twice(void **state)
{
    (void)state;
    scratch file;
    scratch_write_text(&file, "h\na b\nb c</w>\nab c</w>\na bc</w>\n");
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    assert_int_equal(vqc_tokenizer_create(file.path, &(vqc_tokenizer_options){0}, &tokenizer, &error), VQC_OK);
    const int32_t abc[] = {516, 515, 517};
    assert_ids(tokenizer, "abc", abc, 3);
    vqc_tokenizer_destroy(tokenizer);
    scratch_remove(&file);
}

static void test_texts_one_after_another(void **state)
{
    (void)state;
    scratch file;
    scratch_write_text(&file, small);
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    assert_int_equal(vqc_tokenizer_create(file.path, &(vqc_tokenizer_options){0}, &tokenizer, &error), VQC_OK);
    vqc_token_list tokens = {0};
    for (int i = 0; i < 2; i++) { /* the list is replaced */
        assert_int_equal(vqc_tokenizer_encode(tokenizer, "abc", &tokens, &error), VQC_OK);
        assert_int_equal(tokens.count, 3);
    }
    assert_int_equal(vqc_tokenizer_encode(tokenizer, "a\xff", &tokens, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "text is not UTF-8: byte 2 is 0xff");
    vqc_token_list_release(&tokens);
    vqc_tokenizer_destroy(tokenizer);
    scratch_remove(&file);
}

/* ---- Broken files ---- */

static void test_broken_lines(void **state)
{
    (void)state;
    assert_text_refused("", 0, "expected a header line and merges, found 0 lines");
    assert_text_refused("only a header\n", 0, "expected a header line and merges, found 1 lines");
    assert_text_refused("h\na b\nab\n", 0, "line 3: expected two symbols with one space between them");
    assert_text_refused("h\na b c\n", 0, "line 2: expected two symbols with one space between them");
    assert_text_refused("h\na  b\n", 0, "line 2: expected two symbols with one space between them");
    assert_text_refused("h\n b\n", 0, "line 2: expected two symbols with one space between them");
    assert_text_refused("h\na \n", 0, "line 2: expected two symbols with one space between them");
    assert_text_refused("h\n\na b\n", 0, "line 2: expected two symbols with one space between them");
    assert_text_refused("h\na b\nab xy\n", 0, "line 3: expected symbols made by earlier lines, found \"xy\"");
    assert_text_refused("h\na b\nb a\na b\n", 0, "line 4: the same merge as line 2");
    assert_text_refused("h\na \xff\n", 0, "line 2: not UTF-8");
    scratch file;
    scratch_write(&file, "h\na b\nc\0 d\n", 11);
    assert_refused(&file, 0, "line 3: holds a NUL byte");
    scratch_remove(&file);
}

static void test_wrong_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {49408, 518, 520};
    for (size_t i = 0; i < 3; i++) {
        char expected[128];
        (void)snprintf(expected, sizeof expected,
                       "a vocabulary of 519 ids, but the token table of model.pt has %zu rows", sizes[i]);
        assert_text_refused(small, sizes[i], expected);
    }
}

static void test_broken_compression(void **state)
{
    (void)state;
    scratch file;
    scratch_write_gzip(&file, small, 1);
    char bytes[4096];
    FILE *stream = fopen(file.path, "rb");
    assert_non_null(stream);
    size_t size = fread(bytes, 1, sizeof bytes, stream);
    (void)fclose(stream);
    for (size_t cut = 2; cut < size; cut++) {
        scratch_write(&file, bytes, cut);
        assert_refused(&file, 0, "");
    }
    bytes[size - 6] ^= 1; /* the checksum */
    scratch_write(&file, bytes, size);
    assert_refused(&file, 0, "cannot read the vocabulary: ");
    scratch_remove(&file);
}

static void test_decompression_bomb(void **state)
{
    (void)state;
    enum { PIECE = 1 << 20 };
    char *zeros = malloc(PIECE + 1);
    assert_non_null(zeros);
    memset(zeros, 'x', PIECE);
    zeros[PIECE] = '\0';
    scratch file;
    scratch_write_gzip(&file, zeros, 65);
    assert_refused(&file, 0, "vocabulary is larger than 67108864 bytes");
    scratch_remove(&file);
    free(zeros);
}

static void test_no_file(void **state)
{
    (void)state;
    scratch file = {"nowhere/vocabulary.gz"};
    assert_refused(&file, 0, "cannot open the vocabulary: No such file or directory");
    scratch folder = {"."};
    assert_refused(&folder, 0, "no tokenizer in it: expected tokenizer.json, vocab.json or spiece.model");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_same_symbol_twice),
        cmocka_unit_test(test_texts_one_after_another),
        cmocka_unit_test(test_broken_lines),
        cmocka_unit_test(test_wrong_size),
        cmocka_unit_test(test_broken_compression),
        cmocka_unit_test(test_decompression_bomb),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
