/* Lists of prompts as text files, as a job file names them. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "study/study.h"

static void file_write(const char *name, const char *bytes, size_t size)
{
    char path[PATH_SIZE];
    (void)bytes_write(path, name, bytes, size);
}

/* Opens a study whose prompts are the file of that name. */
static vqc_status study_open(const char *prompts, vqc_study **study, vqc_error *error)
{
    char job[512];
    char path[PATH_SIZE];
    int size = snprintf(job, sizeof job,
                        "study: s\nmodels: {generator: {config: /dev/null, checkpoint: /dev/null},\n"
                        "  perceptors: [{checkpoint: /dev/null}]}\nprompts: %s\n",
                        prompts);
    file_write("job", job, (size_t)size);
    return vqc_study_open(path_in(path, "job"), study, error);
}

static void accepted(const char *bytes, const char *first, const char *last, size_t count)
{
    vqc_error error = {0};
    vqc_study *study;
    file_write("p.txt", bytes, strlen(bytes));
    if (study_open("p.txt", &study, &error) != VQC_OK)
        fail_msg("%s", error.message);
    assert_int_equal(study->prompt_count, count);
    assert_string_equal(study->prompts[0].text, first);
    assert_string_equal(study->prompts[count - 1].text, last);
    vqc_study_close(study);
}

static void refused(const char *name, const char *bytes, size_t size, const char *expected)
{
    vqc_error error = {0};
    vqc_study *study;
    if (bytes != NULL)
        file_write(name, bytes, size);
    assert_int_equal(study_open(name, &study, &error), VQC_BAD_INPUT);
    if (strstr(error.message, expected) == NULL)
        fail_msg("%s: expected %s", error.message, expected);
}

static void test_lines(void **state)
{
    (void)state;
    accepted("a red house\n", "a red house", "a red house", 1);
    accepted("a\n\n \t \nb", "a", "b", 2);
    accepted("a \r\nb\t\r\n", "a", "b", 2);
    accepted("\xef\xbb\xbf"
             "caf\xc3\xa9\nb\n",
             "caf\xc3\xa9", "b", 2);
    accepted("a\tb\nc\n", "a\tb", "c", 2);
    accepted("a fast, prompt answer\nb\n", "a fast, prompt answer", "b", 2);
    accepted("prompt\nb\n", "prompt", "b", 2);
}

static void test_refused(void **state)
{
    (void)state;
    static char line[16384 + 2];
    memset(line, 'x', sizeof line);
    refused("p.txt", "", 0, "prompts: expected at least one prompt");
    refused("p.txt", "a red house\0 on fire\n", 21, "p.txt:1:12: found a NUL byte");
    refused("p.txt", "a\ncaf\xe9\n", 7, "p.txt:2:4: not UTF-8: perhaps Latin-1");
    refused("p.txt",
            "\xff\xfe"
            "a\0\n\0",
            6, "p.txt:1:1: not UTF-8: found UTF-16");
    refused("p.txt", "a\rb\r", 4, "p.txt:1: expected lines that end in a line feed, found a carriage return");
    refused("p.txt", line, sizeof line, "p.txt:1: a line of more than 16382 bytes");
    refused("p.txt", "a\nb:0\n", 6, "p.txt:2: expected a weight that is not 0");
    refused("p.txt", "id\tprompt\n1\ta cat\n", 18, "p.txt:1: expected one prompt a line, found a tab in every line");
    refused("p.txt", "id,prompt\n1,a cat\n", 18,
            "p.txt:1: expected one prompt a line, found the heading of a table (CSV)");
    refused("p.txt", "\"Prompt\",\"steps\"\na cat,4\n", 25, "p.txt:1: expected one prompt a line, found the heading");
    refused("p.CSV", "a\n", 2, "p.CSV:1:1: unknown column \"a\", the nearest known one is");
    refused("p.tsv", "a\n", 2, "p.tsv:1:1: unknown column \"a\"");
    refused("p.jsonl", "{}\n", 3, "found lines of JSON");
    refused("/dev/zero", NULL, 0, "job:4:10: prompts: /dev/zero: expected a regular file, found a device");
    refused(scratch_folder(), NULL, 0, "expected a regular file, found a folder");
}

static void test_a_pipe_is_no_list(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    assert_int_equal(mkfifo(path_in(path, "pipe"), 0600), 0);
    refused(path, NULL, 0, "expected a regular file, found a pipe");
    assert_int_equal(unlink(path), 0);
}

/* A file to which another process appends all the time: a study of whole lines, or a refusal. */
static void test_a_file_that_grows(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    (void)bytes_write(path, "grows.txt", "a red house\n", 12);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        for (int i = 0; i < 400; i++) {
            FILE *file = fopen(path, "a");
            for (int j = 0; file != NULL && j < 100; j++)
                (void)fputs("a red house\n", file);
            if (file == NULL || fclose(file) != 0)
                _exit(1);
            (void)usleep(1000);
        }
        _exit(0);
    }
    int result;
    while (waitpid(writer, &result, WNOHANG) == 0) {
        vqc_error error = {0};
        vqc_study *study;
        if (study_open("grows.txt", &study, &error) != VQC_OK) {
            assert_non_null(strstr(error.message, "grows.txt: changed while it was read"));
            continue;
        }
        for (size_t i = 0; i < study->prompt_count; i++)
            assert_string_equal(study->prompts[i].text, "a red house");
        vqc_study_close(study);
    }
    assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_a_pipe_is_no_list),
        cmocka_unit_test(test_a_file_that_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
