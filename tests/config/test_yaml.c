/* The YAML reader: the tree and its places, typed values, and what is refused with which message. */

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/yaml.h"

static vqc_yaml *parse(const char *text)
{
    vqc_error error = {0};
    vqc_yaml *yaml;
    assert_int_equal(vqc_yaml_parse("f", text, strlen(text), &yaml, &error), VQC_OK);
    return yaml;
}

static void assert_refused(const char *text, size_t size, const char *expected)
{
    vqc_error error = {0};
    vqc_yaml *yaml;
    assert_int_equal(vqc_yaml_parse("f", text, size, &yaml, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, expected);
}

static void assert_place(const vqc_yaml_node *node, size_t line, size_t column)
{
    assert_non_null(node);
    assert_int_equal(vqc_yaml_line(node), line);
    assert_int_equal(vqc_yaml_column(node), column);
}

/* ---- The tree ---- */

static void test_tree(void **state)
{
    (void)state;
    static const char text[] = "# comment\n"
                               "study: name\n"
                               "sizes: [1, 22]\n"
                               "prompts:\n"
                               "  - \"é \\u2192 b\"\n"
                               "  - {id: B,   text: 'it''s'}\n"
                               "empty:\n";
    vqc_yaml *yaml = parse(text);
    const vqc_yaml_node *root = vqc_yaml_root(yaml);
    size_t size;
    assert_string_equal(vqc_yaml_source(yaml, &size), text);
    assert_int_equal(size, sizeof text - 1);
    assert_string_equal(vqc_yaml_name(yaml), "f");
    assert_int_equal(vqc_yaml_kind_of(root), VQC_YAML_MAPPING);
    assert_int_equal(vqc_yaml_count(root), 4);
    assert_place(root, 2, 1);
    assert_null(vqc_yaml_key(root));
    assert_null(vqc_yaml_scalar(root));
    assert_null(vqc_yaml_find(root, "none"));

    const vqc_yaml_node *sizes = vqc_yaml_find(root, "sizes");
    assert_place(sizes, 3, 8);
    assert_string_equal(vqc_yaml_key(sizes), "sizes");
    assert_int_equal(vqc_yaml_key_line(sizes), 3);
    assert_int_equal(vqc_yaml_key_column(sizes), 1);
    assert_place(vqc_yaml_at(sizes, 1), 3, 12);
    assert_null(vqc_yaml_find(sizes, "none"));

    const vqc_yaml_node *prompts = vqc_yaml_at(root, 2);
    assert_int_equal(vqc_yaml_kind_of(prompts), VQC_YAML_SEQUENCE);
    assert_string_equal(vqc_yaml_scalar(vqc_yaml_at(prompts, 0)), "é → b");
    assert_false(vqc_yaml_is_plain(vqc_yaml_at(prompts, 0)));
    const vqc_yaml_node *quoted = vqc_yaml_find(vqc_yaml_at(prompts, 1), "text");
    assert_string_equal(vqc_yaml_scalar(quoted), "it's");
    assert_place(quoted, 6, 21);
    assert_int_equal(vqc_yaml_key_column(quoted), 15);

    assert_true(vqc_yaml_is_null(vqc_yaml_find(root, "empty")));
    vqc_yaml_destroy(yaml);
    vqc_yaml_destroy(NULL);
}

static void test_null(void **state)
{
    (void)state;
    vqc_yaml *yaml = parse("[~, null, Null, NULL, '', 'null', nul, []]");
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(vqc_yaml_is_null(vqc_yaml_at(vqc_yaml_root(yaml), i)), i < 4);
    vqc_yaml_destroy(yaml);
}

/* ---- Values ---- */

static void test_text(void **state)
{
    (void)state;
    vqc_yaml *yaml = parse("[plain words, '300', 300, null, [x]]");
    const vqc_yaml_node *root = vqc_yaml_root(yaml);
    vqc_error error = {0};
    const char *text;
    static const char *const expected[] = {"plain words", "300", "300"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(vqc_yaml_read_text(vqc_yaml_at(root, i), &text, &error), VQC_OK);
        assert_string_equal(text, expected[i]);
    }
    assert_int_equal(vqc_yaml_read_text(vqc_yaml_at(root, 3), &text, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:27: [3]: expected a text, found nothing");
    assert_int_equal(vqc_yaml_read_text(vqc_yaml_at(root, 4), &text, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:33: [4]: expected a text, found a list");
    vqc_yaml_destroy(yaml);
}

static void test_bool(void **state)
{
    (void)state;
    vqc_yaml *yaml = parse("[false, False, true, True, yes, on, 1, 'true', TRUE, ~, {}]");
    const vqc_yaml_node *root = vqc_yaml_root(yaml);
    vqc_error error = {0};
    for (size_t i = 0; i < vqc_yaml_count(root); i++) {
        bool value;
        vqc_status status = vqc_yaml_read_bool(vqc_yaml_at(root, i), &value, &error);
        assert_int_equal(status, i < 4 ? VQC_OK : VQC_BAD_INPUT);
        if (i < 4)
            assert_int_equal(value, i >= 2);
        if (i == 4)
            assert_string_equal(error.message, "f:1:28: [4]: expected true or false, found yes");
    }
    vqc_yaml_destroy(yaml);
}

static void test_choice(void **state)
{
    (void)state;
    static const char *const words[] = {"random", "pixels", "gradient"};
    vqc_yaml *yaml = parse("{init: pixels, other: noise, list: []}");
    const vqc_yaml_node *root = vqc_yaml_root(yaml);
    vqc_error error = {0};
    size_t index;
    assert_int_equal(vqc_yaml_read_choice(vqc_yaml_find(root, "init"), words, 3, &index, &error), VQC_OK);
    assert_int_equal(index, 1);
    assert_int_equal(vqc_yaml_read_choice(vqc_yaml_find(root, "other"), words, 3, &index, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:23: other: expected one of random, pixels, gradient, found noise");
    assert_int_equal(vqc_yaml_read_choice(vqc_yaml_find(root, "list"), words, 3, &index, &error), VQC_BAD_INPUT);
    vqc_yaml_destroy(yaml);
}

/* Reads one scalar as an integer. */
static vqc_status integer_of(const char *scalar, int64_t minimum, int64_t maximum, int64_t *value, vqc_error *error)
{
    char text[128];
    (void)snprintf(text, sizeof text, "steps: %s\n", scalar);
    vqc_yaml *yaml = parse(text);
    vqc_status status =
        vqc_yaml_read_integer(vqc_yaml_find(vqc_yaml_root(yaml), "steps"), minimum, maximum, value, error);
    vqc_yaml_destroy(yaml);
    return status;
}

static void test_integer(void **state)
{
    (void)state;
    static const struct {
        const char *scalar;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"+5", 5},
                {"300", 300},
                {"-17", -17},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {"0300",
                                      "0x10",
                                      "0o17",
                                      "300x",
                                      "x300",
                                      "1_000",
                                      "1.0",
                                      "1e3",
                                      "'300'",
                                      "\"1\"",
                                      "--1",
                                      "+",
                                      "1,0",
                                      "007",
                                      "true",
                                      "1:30",
                                      "[1]",
                                      "{}",
                                      "'0,1'",
                                      "",
                                      "~",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999999"};
    vqc_error error = {0};
    int64_t value;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(integer_of(good[i].scalar, INT64_MIN, INT64_MAX, &value, &error), VQC_OK);
        assert_int_equal(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(integer_of(bad[i], INT64_MIN, INT64_MAX, &value, &error), VQC_BAD_INPUT);
    assert_int_equal(integer_of("300x", 1, 1000, &value, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:8: steps: expected an integer from 1 to 1000, found 300x");
    assert_int_equal(integer_of("0", 1, INT64_MAX, &value, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:8: steps: expected an integer of at least 1, found 0");
    assert_int_equal(integer_of("9", INT64_MIN, 8, &value, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:8: steps: expected an integer of at most 8, found 9");
    assert_int_equal(integer_of("'300'", INT64_MIN, INT64_MAX, &value, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:8: steps: expected an integer, found the text \"300\"");
    assert_int_equal(integer_of("1000", 1, 1000, &value, &error), VQC_OK);
    assert_int_equal(integer_of("1001", 1, 1000, &value, &error), VQC_BAD_INPUT);
}

/* Reads one scalar as a number. */
static vqc_status real_of(const char *scalar, double minimum, double maximum, double *value, vqc_error *error)
{
    char text[128];
    (void)snprintf(text, sizeof text, "lr: %s\n", scalar);
    vqc_yaml *yaml = parse(text);
    vqc_status status = vqc_yaml_read_real(vqc_yaml_find(vqc_yaml_root(yaml), "lr"), minimum, maximum, value, error);
    vqc_yaml_destroy(yaml);
    return status;
}

static void test_real(void **state)
{
    (void)state;
    static const struct {
        const char *scalar;
        double value;
    } good[] = {{"0", 0},    {"1", 1},       {"-2.5", -2.5}, {".5", 0.5},  {"1.", 1},           {"1e-5", 1e-5},
                {"+.5", .5}, {"1E+3", 1000}, {"0.15", 0.15}, {"0e0", 0.0}, {"4.5e-06", 4.5e-6}, {"-.25e1", -2.5}};
    static const char *const bad[] = {"0,1",   "1_000.5", "0x1p3", "00.5", "03",    ".",     "-.",   "e5",
                                      "1e",    "1e+",     "1.5x",  "x",    "'0.5'", "nan",   ".nan", "inf",
                                      "1e999", "1 2",     "1..2",  ".e5",  ".inf",  "-.inf", "~",    "[1]",
                                      "1f",    "1d0",     "true",  "1-5",  ".5.5",  ""};
    vqc_error error = {0};
    double value;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(real_of(good[i].scalar, -DBL_MAX, DBL_MAX, &value, &error), VQC_OK);
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(real_of(bad[i], -DBL_MAX, DBL_MAX, &value, &error), VQC_BAD_INPUT);
    assert_int_equal(real_of("-.inf", -INFINITY, DBL_MAX, &value, &error), VQC_OK);
    assert_true(isinf(value) && value < 0);
    assert_int_equal(real_of(".INF", -INFINITY, DBL_MAX, &value, &error), VQC_BAD_INPUT);
    assert_int_equal(real_of("+.inf", 0, INFINITY, &value, &error), VQC_OK);
    assert_true(isinf(value) && value > 0);
    assert_int_equal(real_of("1e999", 0, INFINITY, &value, &error), VQC_BAD_INPUT);
    assert_int_equal(real_of("0,1", 0, 1, &value, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:5: lr: expected a number from 0 to 1, found 0,1");
    assert_int_equal(real_of("-1", 0, DBL_MAX, &value, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:5: lr: expected a number of at least 0, found -1");
    assert_int_equal(real_of("fast", -DBL_MAX, DBL_MAX, &value, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:5: lr: expected a number, found fast");
}

static void test_integers(void **state)
{
    (void)state;
    vqc_yaml *yaml = parse("good: [1, 2, 4]\nlong: [1, 1, 1, 1]\nword: [1, two]\none: 1\nnone: []\n");
    const vqc_yaml_node *root = vqc_yaml_root(yaml);
    vqc_error error = {0};
    int64_t values[3];
    size_t count;
    assert_int_equal(vqc_yaml_read_integers(vqc_yaml_find(root, "good"), 1, 8, 3, values, &count, &error), VQC_OK);
    assert_int_equal(count, 3);
    assert_int_equal(values[2], 4);
    assert_int_equal(vqc_yaml_read_integers(vqc_yaml_find(root, "none"), 1, 8, 3, values, &count, &error), VQC_OK);
    assert_int_equal(count, 0);
    assert_int_equal(vqc_yaml_read_integers(vqc_yaml_find(root, "long"), 1, 8, 3, values, &count, &error),
                     VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:2:7: long: expected a list of at most 3 integers, found 4");
    assert_int_equal(vqc_yaml_read_integers(vqc_yaml_find(root, "word"), 1, 8, 3, values, &count, &error),
                     VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:3:11: word[1]: expected an integer from 1 to 8, found two");
    assert_int_equal(vqc_yaml_read_integers(vqc_yaml_find(root, "one"), 1, 8, 3, values, &count, &error),
                     VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:4:6: one: expected a list, found 1");
    vqc_yaml_destroy(yaml);
}

/* ---- Keys ---- */

static void test_keys(void **state)
{
    (void)state;
    static const char *const allowed[] = {"steps", "size", "optimizer"};
    vqc_yaml *yaml = parse("render:\n  size: 5\n  stpes: 3\n");
    const vqc_yaml_node *render = vqc_yaml_find(vqc_yaml_root(yaml), "render");
    vqc_error error = {0};
    assert_int_equal(vqc_yaml_check_keys(render, allowed, 3, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:3:3: render.stpes: unknown key, the nearest known one is steps");
    assert_int_equal(vqc_yaml_check_keys(vqc_yaml_at(render, 0), allowed, 3, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:2:9: render.size: expected a mapping, found 5");
    static const char *const both[] = {"size", "stpes"};
    assert_int_equal(vqc_yaml_check_keys(render, both, 2, &error), VQC_OK);

    const vqc_yaml_node *node;
    assert_int_equal(vqc_yaml_require(render, "size", &node, &error), VQC_OK);
    assert_place(node, 2, 9);
    assert_int_equal(vqc_yaml_require(render, "steps", &node, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:2:3: render: expected the key steps, found a mapping without it");
    assert_int_equal(vqc_yaml_require(vqc_yaml_root(yaml), "models", &node, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:1:1: expected the key models, found a mapping without it");
    assert_int_equal(vqc_yaml_error(vqc_yaml_at(render, 1), &error, "too %s", "bad"), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f:3:10: render.stpes: too bad");
    vqc_yaml_destroy(yaml);
}

/* ---- What is refused ---- */

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "f: expected a YAML document, found nothing"},
        {"# only a comment\n", "f: expected a YAML document, found nothing"},
        {"a: 1\n---\nb: 2\n", "f:2:1: expected one YAML document, found a second one"},
        {"a: 1\nb: 2\na: 3\n", "f:3:1: a: the key stands twice in this mapping, first in line 1"},
        {"x:\n  - {b: 1, \"b\": 2}\n", "f:2:12: x[0].b: the key stands twice in this mapping, first in line 2"},
        {"a: &anchor 1\n", "f:1:4: anchors are not supported"},
        {"a: &anchor [1]\n", "f:1:4: anchors are not supported"},
        {"&k a: 1\n", "f:1:1: anchors are not supported"},
        {"a: *alias\n", "f:1:4: aliases are not supported"},
        {"*alias : 1\n", "f:1:1: expected a key, found no plain text"},
        {"a: !!int 1\n", "f:1:4: tags are not supported"},
        {"a: !own {}\n", "f:1:4: tags are not supported"},
        {"? [1]\n: 2\n", "f:1:3: expected a key, found no plain text"},
        {"{\"\": 2}\n", "f:1:2: expected a key, found nothing"},
        {"a: \"\\0\"\n", "f:1:4: expected text, found the character U+0000"},
        {"a: [1, 2\nb: 3\n", "f:2:2: did not find expected ',' or ']'"},
        {"a: b: c\n", "f:1:5: mapping values are not allowed in this context"},
        {"\ta: 1\n", "f:1:1: found character that cannot start any token"},
        {"ab\n\xc3\xa9: \xff\n", "f:2:4: not UTF-8: perhaps Latin-1 or Windows-1252"},
        {"a: 1\n\xc3\xa9\x01\n", "f:2:2: control characters are not allowed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].message);
    assert_refused("a: \0\n", 5, "f:1:4: found a NUL byte, which no text has (UTF-16 without a mark has many)");
}

static void test_utf16_is_refused(void **state)
{
    (void)state;
    assert_refused("\xff\xfe"
                   "a\0:\0 \0b\0",
                   10, "f:1:1: not UTF-8: found UTF-16, by its byte-order mark");
    /* The byte order mark of UTF-8 is no harm. */
    vqc_yaml *yaml = parse("\xef\xbb\xbf"
                           "a: 1\n");
    assert_non_null(vqc_yaml_find(vqc_yaml_root(yaml), "a"));
    vqc_yaml_destroy(yaml);
    /* Nor before several keys; places count from behind it, and the source keeps it. */
    yaml = parse("\xef\xbb\xbf"
                 "a: 1\nb: 2\n");
    size_t size;
    assert_int_equal(vqc_yaml_column(vqc_yaml_find(vqc_yaml_root(yaml), "a")), 4);
    assert_non_null(vqc_yaml_find(vqc_yaml_root(yaml), "b"));
    assert_memory_equal(vqc_yaml_source(yaml, &size),
                        "\xef\xbb\xbf"
                        "a",
                        4);
    assert_int_equal(size, 13);
    vqc_yaml_destroy(yaml);
}

/* Comments behind scalars, also behind letters of several bytes and line ends of two. */
static void test_comments(void **state)
{
    (void)state;
    vqc_yaml *yaml = parse("\xef\xbb\xbf"
                           "- \xc3\xa4\xe2\x82\xac\r\n- b #c\n- '\xc3\xa4' \t# d\n- e#f\n- [g , h] # i\n-  j\n");
    static const bool expected[] = {false, true, true, false, false, false};
    assert_int_equal(vqc_yaml_count(vqc_yaml_root(yaml)), 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(vqc_yaml_has_comment(vqc_yaml_at(vqc_yaml_root(yaml), i)), expected[i]);
    vqc_yaml_destroy(yaml);
}

static void test_limits(void **state)
{
    (void)state;
    char text[4096];
    memset(text, '[', VQC_YAML_MAX_DEPTH);
    memset(text + VQC_YAML_MAX_DEPTH, ']', VQC_YAML_MAX_DEPTH);
    text[2 * VQC_YAML_MAX_DEPTH] = '\0';
    vqc_yaml_destroy(parse(text));
    memset(text, '[', sizeof text);
    assert_refused(text, sizeof text, "f:1:65: nested too deeply");

    size_t size = VQC_YAML_MAX_SIZE + 1;
    char *large = malloc(size);
    assert_non_null(large);
    memset(large, 'x', size);
    assert_refused(large, size, "f: a YAML file may have 4194304 bytes at most");
    size_t length = 0;
    for (int i = 0; i <= VQC_YAML_MAX_KEYS; i++)
        length += (size_t)snprintf(large + length, size - length, "k%d:\n", i);
    assert_refused(large, length, "f:1025:1: too many keys in one mapping");
    free(large);
}

static void test_files(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_yaml *yaml;
    assert_int_equal(vqc_yaml_read("nowhere.yaml", &yaml, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "nowhere.yaml: cannot open: No such file or directory");
    assert_int_equal(vqc_yaml_read(".", &yaml, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, ".: expected a regular file, found a folder");
    static const char published[] = VQC_SHARED_DIR "/reference/vqgan.yaml";
    if (access(published, R_OK) != 0) {
        print_message("skipped: %s is not there\n", published);
        skip();
    }
    assert_int_equal(vqc_yaml_read(published, &yaml, &error), VQC_OK);
    const vqc_yaml_node *model = vqc_yaml_find(vqc_yaml_root(yaml), "model");
    double rate;
    assert_int_equal(vqc_yaml_read_real(vqc_yaml_find(model, "base_learning_rate"), 0, 1, &rate, &error), VQC_OK);
    assert_true(rate == 4.5e-6);
    vqc_yaml_destroy(yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_null),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_integer),
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_utf16_is_refused),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
