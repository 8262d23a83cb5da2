/* The reader of texts that users give: what is a text, what is a file that ends, and nothing that changes meanwhile.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "base/text_file.h"

enum { MAXIMUM = 100000 };

static void refused(const char *path, const char *expected)
{
    vqc_error error = {0};
    vqc_text text;
    assert_int_equal(vqc_text_file_read(path, MAXIMUM, &text, &error), VQC_BAD_INPUT);
    if (strstr(error.message, expected) == NULL || strncmp(error.message, path, strlen(path)) != 0)
        fail_msg("%s: expected %s", error.message, expected);
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    char pipe[PATH_SIZE];
    assert_int_equal(mkfifo(path_in(pipe, "pipe"), 0600), 0);
    refused(pipe, "expected a regular file, found a pipe");
    refused(scratch_folder(), "expected a regular file, found a folder");
    refused("/dev/zero", "expected a regular file, found a device");
    refused("/nowhere/at/all", "cannot open: No such file or directory");
    /* Said to be empty, and not: as a file that grows while it is read. */
    refused("/proc/self/status", "changed while it was read");
}

static void test_whole_files(void **state)
{
    (void)state;
    static char bytes[MAXIMUM + 1];
    memset(bytes, 'x', sizeof bytes);
    const size_t sizes[] = {0, 1, 4096, MAXIMUM, MAXIMUM + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char path[PATH_SIZE];
        vqc_error error = {0};
        vqc_text text;
        vqc_status status = vqc_text_file_read(bytes_write(path, "text", bytes, sizes[i]), MAXIMUM, &text, &error);
        assert_int_equal(status, sizes[i] > MAXIMUM ? VQC_BAD_INPUT : VQC_OK);
        if (status == VQC_OK) {
            assert_int_equal(text.size, sizes[i]);
            assert_memory_equal(text.data, bytes, sizes[i]);
            assert_int_equal(text.data[text.size], 0);
            vqc_text_release(&text);
        } else {
            assert_non_null(strstr(error.message, "at most 100000 bytes, found more"));
        }
    }
}

static void test_what_is_no_text(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size, start;
        const char *message; /* NULL: a text */
    } cases[] = {
        {"a\n\xc3\xa9", 4, 0, NULL},
        {"", 0, 0, NULL},
        {"\xef\xbb\xbf", 3, 3, NULL},
        {"\xef\xbb\xbf"
         "a",
         4, 3, NULL},
        {"\xff\xfe"
         "a\0",
         4, 0, "f:1:1: not UTF-8: found UTF-16, by its byte-order mark"},
        {"\xfe\xff\0a", 4, 0, "f:1:1: not UTF-8: found UTF-16, by its byte-order mark"},
        {"\xff\xfe\0\0", 4, 0, "f:1:1: not UTF-8: found UTF-32, by its byte-order mark"},
        {"\x1f\x8b\x08", 3, 0, "f:1:1: not UTF-8: found a gzip file"},
        {"PK\x03\x04", 4, 0, "f:1:1: not a text: found a zip file, as spreadsheets and documents are"},
        {"ab\n\xc3\xa9 caf\xe9 x", 12, 0, "f:2:6: not UTF-8: perhaps Latin-1 or Windows-1252"},
        {"\xef\xbb\xbf\xe9", 4, 0, "f:1:1: not UTF-8: perhaps Latin-1 or Windows-1252"},
        {"a\nb\0c", 5, 0, "f:2:2: found a NUL byte, which no text has (UTF-16 without a mark has many)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_error error = {0};
        size_t start = 77;
        vqc_status status = vqc_text_check("f", cases[i].bytes, cases[i].size, &start, &error);
        if (cases[i].message == NULL) {
            assert_int_equal(status, VQC_OK);
            assert_int_equal(start, cases[i].start);
        } else {
            assert_int_equal(status, VQC_BAD_INPUT);
            assert_string_equal(error.message, cases[i].message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_file),
        cmocka_unit_test(test_whole_files),
        cmocka_unit_test(test_what_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
