/* Text cleaning against what the Python packages ftfy and html make of the same texts (oracle/make_text_cleaning.py),
 * and against hand-made texts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json_lines.h"
#include "text/html_entity.h"
#include "text/text_cleaning.h"

static void assert_clean(const char *text, const char *expected)
{
    vqc_error error = {0};
    char *clean;
    assert_int_equal(vqc_text_clean(VQC_CLEANING_LOWER, text, strlen(text), &clean, &error), VQC_OK);
    assert_string_equal(clean, expected);
    free(clean);
}

static void check_case(const json_t *object, void *context)
{
    (void)context;
    assert_clean(json_line_text(object, "text"), json_line_text(object, "clean"));
}

static void test_cases(void **state)
{
    (void)state;
    int count = json_lines_visit(VQC_SOURCE_DIR "/tests/models/text_cleaning_cases.jsonl", check_case, NULL);
    assert_true(count > 200);
}

/* Each repair alone, by hand. */
static void test_repairs(void **state)
{
    (void)state;
    assert_clean("", "");
    assert_clean(" \t\n ", "");
    assert_clean("A  B\r\n\r\nC", "a b c");
    assert_clean("&lt;b&gt; &amp;amp;", "<b> &");
    assert_clean("\033[1;31mRed\033[0m", "red");
    assert_clean("\ufb01re \uff21", "fire a");
    assert_clean("\u201cx\u201d \u2019", "\"x\" '");
    assert_clean("e\u0301", "\u00e9");
    assert_clean("\u0130", "i\u0307");
    assert_clean("\u039f\u03a3 \u03a3\u039f", "\u03bf\u03c2 \u03c3\u03bf");
    /* Not repaired: the header says so. */
    assert_clean("caf\u00c3\u00a9", "caf\u00e3\u00a9");
}

/* Every name of a table gives the code points that stand after it. */
static void names_check(const char *table)
{
    for (const char *line = table; *line != '\0'; line = strchr(line, '\n') + 1) {
        vqc_error error = {0};
        vqc_code_points reference = {0};
        vqc_code_points found = {0};
        const char *next = strchr(line, ' ');
        assert_int_equal(vqc_code_points_append(&reference, '&', &error), VQC_OK);
        assert_int_equal(vqc_code_points_append_utf8(&reference, line, (size_t)(next - line), &error), VQC_OK);
        bool certain = next[-1] == ';' && next - line <= 24;
        assert_int_equal((certain ? vqc_html_unescape_certain : vqc_html_unescape)(&reference, &found, &error),
                         VQC_OK);
        for (size_t i = 0; i < found.count; i++)
            assert_int_equal(strtol(next, (char **)&next, 16), found.at[i]);
        assert_int_equal(*next, '\n');
        vqc_code_points_release(&reference);
        vqc_code_points_release(&found);
    }
}

static void test_finds_every_name(void **state)
{
    (void)state;
    names_check(vqc_html_entities);
    names_check(vqc_html_capitals);
}

static void test_removes_nul(void **state)
{
    (void)state;
    vqc_error error = {0};
    char *clean;
    assert_int_equal(vqc_text_clean(VQC_CLEANING_LOWER, "a\0b", 3, &clean, &error), VQC_OK);
    assert_string_equal(clean, "ab");
    free(clean);
}

static void test_refuses_what_is_not_utf8(void **state)
{
    (void)state;
    static const char *const texts[] = {"ab\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vqc_error error = {0};
        char *clean;
        assert_int_equal(vqc_text_clean(VQC_CLEANING_LOWER, texts[i], strlen(texts[i]), &clean, &error),
                         VQC_BAD_INPUT);
        assert_non_null(strstr(error.message, "not UTF-8: byte"));
    }
}

static void test_refuses_long_text(void **state)
{
    (void)state;
    size_t size = VQC_TEXT_CLEANING_MAX_SIZE + 1;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    vqc_error error = {0};
    char *clean;
    assert_int_equal(vqc_text_clean(VQC_CLEANING_LOWER, text, size, &clean, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "text has 8193 bytes, at most 8192 are accepted");
    assert_int_equal(vqc_text_clean(VQC_CLEANING_LOWER, text, size - 1, &clean, &error), VQC_OK);
    free(clean);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_repairs),
        cmocka_unit_test(test_finds_every_name),
        cmocka_unit_test(test_removes_nul),
        cmocka_unit_test(test_refuses_what_is_not_utf8),
        cmocka_unit_test(test_refuses_long_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
