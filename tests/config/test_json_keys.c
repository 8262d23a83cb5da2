/* Tables of keys: what each use reads, what stands for a key that is not there, and that nothing else passes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "config/json_keys.h"

typedef struct target {
    int64_t whole;
    double real, reals[3];
    bool yes;
    int word, other;
    vqc_json_said said, size;
} target;

static const char *const words[] = {"one", "two", NULL};

#define MEMBER(name) .member = offsetof(target, name)
static const vqc_json_key rows[] = {
    {.key = "harmless", .use = VQC_JSON_HARMLESS},
    {.key = "fixed", .use = VQC_JSON_FIXED, .values = "[0, \"a\", {}]"},
    {.key = "object", .use = VQC_JSON_OBJECT},
    {.key = "whole",
     .use = VQC_JSON_INTEGER,
     MEMBER(whole),
     .minimum = 1,
     .maximum = 9,
     .usual = "4",
     .null_is_usual = true},
    {.key = "real", .use = VQC_JSON_REAL, MEMBER(real), .minimum = 0, .maximum = 1},
    {.key = "reals", .use = VQC_JSON_REALS, MEMBER(reals), .minimum = 0, .maximum = 1},
    {.key = "yes", .use = VQC_JSON_BOOLEAN, MEMBER(yes), .usual = "true"},
    {.key = "word", .use = VQC_JSON_WORD, .words = words, MEMBER(word), .usual = "\"two\"", .null_is_usual = true},
    {.key = "other",
     .use = VQC_JSON_WORD,
     .words = words,
     MEMBER(other),
     .usual = "\"two\"",
     .null_usual = "\"one\""},
    {.key = "said", .use = VQC_JSON_SAID, MEMBER(said), .usual = "7"},
    {.key = "size", .use = VQC_JSON_SIZE, MEMBER(size)},
};
static const vqc_json_table table = {.keys = rows, .count = sizeof rows / sizeof rows[0]};

/* Reads a text as a file's object `level`. */
static vqc_status text_read(const char *text, const char *level, target *out, vqc_error *error)
{
    char path[PATH_SIZE];
    vqc_json_config *config;
    vqc_status status = vqc_json_config_open(bytes_write(path, "keys", text, strlen(text)), &config, error);
    if (status == VQC_OK) {
        status = vqc_json_keys_read(config, level, &table, 1, out, error);
        vqc_json_config_close(config);
    }
    assert_int_equal(unlink(path), 0);
    return status;
}

static void test_values(void **state)
{
    vqc_error error = {0};
    target found = {0};
    (void)state;
    assert_int_equal(text_read("{\"in\": {\"harmless\": [{}], \"fixed\": 0.0, \"object\": {\"x\": 1}, \"whole\": 9, "
                               "\"real\": 1, \"reals\": [0, 0.5, 1], \"yes\": false, \"word\": \"one\", \"said\": "
                               "[3, 4.5], \"size\": {\"a\": 1}}}",
                               "in", &found, &error),
                     VQC_OK);
    assert_int_equal(found.whole, 9);
    assert_true(found.real == 1.0 && found.reals[1] == 0.5 && !found.yes && found.word == 0);
    assert_true(found.said.count == 2 && found.said.values[1] == 4.5 && !found.said.usual);
    assert_string_equal(found.said.level, "in");
    assert_null(found.size.key);
}

static void test_usual(void **state)
{
    static const char *const texts[] = {"{}", "{\"in\": null}", "{\"in\": {\"whole\": null, \"word\": null}}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vqc_error error = {0};
        target found = {.real = 0.25};
        assert_int_equal(text_read(texts[i], "in", &found, &error), VQC_OK);
        assert_true(found.whole == 4 && found.real == 0.25 && found.yes && found.word == 1);
        assert_true(found.said.usual && found.said.count == 1 && found.said.values[0] == 7.0);
    }
}

/* A key may say what null stands for, which is another value than that of a key left out. */
static void test_null_of_its_own(void **state)
{
    vqc_error error = {0};
    target found = {0};
    (void)state;
    assert_int_equal(text_read("{\"other\": null}", "", &found, &error), VQC_OK);
    assert_int_equal(found.other, 0);
    assert_int_equal(text_read("{}", "", &found, &error), VQC_OK);
    assert_int_equal(found.other, 1);
}

/* null is false to Python, and nothing where the key has nothing usual. */
static void test_null(void **state)
{
    vqc_error error = {0};
    target found = {.real = 0.25, .yes = true};
    (void)state;
    assert_int_equal(text_read("{\"real\": null, \"yes\": null, \"size\": null}", "", &found, &error), VQC_OK);
    assert_true(found.real == 0.25 && !found.yes);
    assert_null(found.size.key);
}

static void test_refusals(void **state)
{
    static const char *const cases[][2] = {
        {"{\"fixed\": 1}", ": fixed: expected 0, \"a\", {}, found 1"},
        {"{\"fixed\": \"b\"}", ": fixed: expected 0, \"a\", {}, found \"b\""},
        {"{\"fixed\": null}", ": fixed: expected 0, \"a\", {}, found null"},
        {"{\"object\": []}", ": object: expected an object, found []"},
        {"{\"whole\": 10}", ": whole: expected an integer from 1 to 9, found 10"},
        {"{\"whole\": 1.0}", ": whole: expected an integer from 1 to 9, found 1.0"},
        {"{\"real\": \"x\"}", ": real: expected a number from 0 to 1, found \"x\""},
        {"{\"reals\": [1, 1]}", ": reals: expected an array of 3 numbers from 0 to 1, found [1,1]"},
        {"{\"reals\": [1, 1, 2]}", ": reals: expected an array of 3 numbers"},
        {"{\"yes\": 1}", ": yes: expected true or false, found 1"},
        {"{\"word\": 1}", ": word: expected one, two, found 1"},
        {"{\"said\": [1, 2, 3, 4, 5]}", ": said: expected a number or a list of at most 4"},
        {"{\"said\": null}", ": said: expected a number or a list of at most 4, found null"},
        {"{\"said\": []}", ": said: expected a number or a list"},
        {"{\"size\": true}", ": size: expected a number or a list"},
        {"{\"wohle\": null}",
         ": wohle: a key that vqclip does not know, with the value null; the nearest one is whole"},
        {"[]", ": the whole: expected an object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_error error = {0};
        target found = {0};
        assert_int_equal(text_read(cases[i][0], "", &found, &error), VQC_BAD_INPUT);
        if (strstr(error.message, cases[i][1]) == NULL)
            fail_msg("%s: %s", cases[i][0], error.message);
    }
}

static void test_said(void **state)
{
    vqc_error error = {0};
    vqc_json_said said = {.level = "in", .key = "said", .values = {3, 4}, .count = 2};
    const vqc_json_said nothing = {.key = NULL};
    (void)state;
    assert_int_equal(vqc_json_said_check(&nothing, "f", "it is so", 3, &error), VQC_OK);
    assert_int_equal(vqc_json_said_check(&said, "f", "it is so", 3, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "f: in.said: expected 3, as it is so, found 4");
    said.count = 1;
    assert_int_equal(vqc_json_said_check(&said, "f", "it is so", 3, &error), VQC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),          cmocka_unit_test(test_usual),    cmocka_unit_test(test_null),
        cmocka_unit_test(test_null_of_its_own), cmocka_unit_test(test_refusals), cmocka_unit_test(test_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
