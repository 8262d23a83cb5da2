/* Times of the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/duration.h"

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {
        {"1", 1},
        {"007", 7},
        {"86400", 86400},
        {"999999999", 999999999},
        {"0:01", 1},
        {"1:30", 90},
        {"90:00", 5400},
        {"1:00:00", 3600},
        {"36:00:05", 129605},
        {"0-00:00:01", 1},
        {"2-03:04:05", 183845},
        {"30-23:59:59", 2678399},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double seconds = -1.0;
        vqc_error error = {0};
        if (vqc_duration_parse("--time-limit", cases[i].text, &seconds, &error) != VQC_OK)
            fail_msg("%s", error.message);
        assert_true(seconds == cases[i].seconds);
    }
}

static void test_what_is_no_time(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",           "0",
        "00:00",      "0-00:00:00",
        "-1",         "+1",
        " 1",         "1 ",
        "1s",         "1.5",
        "1e3",        "0x10",
        "1:",         ":30",
        "1:5",        "1:60",
        "1:005",      "1:2:30",
        "1:60:00",    "1:00:60",
        "1-",         "1-12",
        "1-12:00",    "1-24:00:00",
        "1-2:00:00",  "1-00:00:00:00",
        "1:00:00:00", "1-1-00:00:00",
        "1:00-00:00", "-:00:00",
        "1000000000", "99999999999999999999",
        "12:-1",      "one",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double seconds = -1.0;
        vqc_error error = {0};
        if (vqc_duration_parse("--time-limit", texts[i], &seconds, &error) != VQC_BAD_INPUT)
            fail_msg("'%s' is taken for %g seconds", texts[i], seconds);
        assert_true(seconds == -1.0);
        assert_non_null(strstr(error.message, "--time-limit"));
        assert_non_null(strstr(error.message, texts[i]));
    }
}

/* The command refuses them before it looks at anything else. */
static void test_command_refuses(void **state)
{
    (void)state;
    static const char *const options[] = {"--time-limit=1:5", "--peer-timeout=1", "--peer-timeout=86401",
                                          "--peer-timeout=-1"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        vqc_error error = {0};
        char *words[] = {(char *)"no-such-job.yaml", (char *)"-o", (char *)"no-such-folder", (char *)options[i]};
        assert_int_equal(vqc_command_run(&vqc_command_render, 4, words, &error), VQC_BAD_INPUT);
        assert_memory_equal(error.message, options[i], strcspn(options[i], "="));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_what_is_no_time),
        cmocka_unit_test(test_command_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
