/* Lists of prompts as tables, as a job file names them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "study/study.h"

#define MODELS                                                                                                       \
    "study: s\nmodels: {generator: {config: /dev/null, checkpoint: /dev/null},\n"                                    \
    "  perceptors: [{checkpoint: /dev/null}]}\nseeds: [1, 2]\nrender: {steps: 9, l2.weight: 0.25}\n"

/* Opens a study whose prompts are what stands behind the key. */
static vqc_status study_open(const char *prompts, vqc_study **study, vqc_error *error)
{
    char job[1024];
    char path[PATH_SIZE];
    int size = snprintf(job, sizeof job, MODELS "prompts: %s\n", prompts);
    (void)bytes_write(path, "job", job, (size_t)size);
    return vqc_study_open(path_in(path, "job"), study, error);
}

static void file_write(const char *name, const char *bytes)
{
    char path[PATH_SIZE];
    (void)bytes_write(path, name, bytes, strlen(bytes));
}

static vqc_study *opened(const char *prompts)
{
    vqc_error error = {0};
    vqc_study *study = NULL;
    if (study_open(prompts, &study, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return study;
}

static void refused_as(const char *prompts, const char *expected)
{
    vqc_error error = {0};
    vqc_study *study;
    assert_int_equal(study_open(prompts, &study, &error), VQC_BAD_INPUT);
    if (strstr(error.message, expected) == NULL)
        fail_msg("%s: expected %s", error.message, expected);
}

static void refused(const char *bytes, const char *expected)
{
    file_write("p.csv", bytes);
    refused_as("p.csv", expected);
}

/* What the columns say; cells without anything are as the study has it. */
static void test_columns(void **state)
{
    (void)state;
    file_write("p.csv", "id,prompt,category,seed,render.steps,l2.weight,size\r\n"
                        "A,\"a cat, \"\"sitting\"\"\non a mat\",animals,18446744073709551615,20,,\"[64, 32]\"\r\n"
                        "\r\n"
                        ",a red house | blurry:-0.5,,,,1,\r\n");
    vqc_study *study = opened("p.csv");
    assert_int_equal(study->prompt_count, 2);
    assert_int_equal(study->render_count, 3);
    const vqc_render *first = &study->renders[0];
    assert_string_equal(first->prompt->id, "A");
    assert_string_equal(first->prompt->text, "a cat, \"sitting\"\non a mat");
    assert_string_equal(first->prompt->category, "animals");
    assert_true(first->seed == UINT64_MAX);
    assert_int_equal(first->settings->steps, 20);
    assert_true(first->settings->l2_weight == 0.25);
    assert_int_equal(first->settings->width, 64);
    assert_int_equal(first->settings->height, 32);
    const vqc_render *second = &study->renders[1];
    assert_string_equal(second->prompt->id, "2");
    assert_null(second->prompt->category);
    assert_int_equal(second->prompt->target_count, 2);
    assert_true(second->prompt->targets[1].weight == -0.5);
    assert_int_equal(second->seed, 1);
    assert_int_equal(study->renders[2].seed, 2);
    assert_int_equal(second->settings->steps, 9);
    assert_true(second->settings->l2_weight == 1.0);
    vqc_study_close(study);
}

/* A mark before the text, other ends of lines, no line feed at the end, and TSV. */
static void test_forms(void **state)
{
    (void)state;
    file_write("p.csv", "\xef\xbb\xbfprompt\ncaf\xc3\xa9");
    vqc_study *study = opened("p.csv");
    assert_string_equal(study->prompts[0].text, "caf\xc3\xa9");
    vqc_study_close(study);
    file_write("p.TSV", "prompt\tid\na, b\t x \n\"a\tb\"\ty\n");
    study = opened("p.TSV");
    assert_string_equal(study->prompts[0].text, "a, b");
    assert_string_equal(study->prompts[0].id, " x ");
    assert_string_equal(study->prompts[1].text, "a\tb");
    vqc_study_close(study);
}

/* Columns that are called otherwise, and quotes that are text, as in PartiPrompts. */
static void test_other_names(void **state)
{
    (void)state;
    file_write("p.tsv", "Prompt\tCategory\tChallenge\tNote\n"
                        "The words \"Fly\" on a wall\tArts\tBasic\t\n"
                        "\"G I\" painted\tArts\tBasic\tx\n");
    vqc_study *study =
        opened("{file: p.tsv, prompt: Prompt, category: Category, ignore: [Challenge, Note], quotes: text}");
    assert_int_equal(study->prompt_count, 2);
    assert_string_equal(study->prompts[0].text, "The words \"Fly\" on a wall");
    assert_string_equal(study->prompts[1].text, "\"G I\" painted");
    assert_string_equal(study->prompts[1].category, "Arts");
    vqc_study_close(study);
    refused_as("{file: p.tsv, prompt: Prompt, category: Category, ignore: [Challenge, Note]}",
               "p.tsv:2:1: expected a cell in quotes as a whole");
    refused_as("{file: p.tsv, prompt: Prompt, ignore: [Challenge, Note], quotes: text}",
               "p.tsv:1:8: unknown column \"Category\", the nearest known one is category");
    refused_as("{file: p.tsv, prompt: Prompt, category: Category, ignore: [Note, Notes], quotes: text}",
               "p.tsv:1:17: unknown column \"Challenge\"");
    refused_as("{file: p.tsv, prompt: Prompt, category: Category, ignore: [Challenge, Note, Notes], quotes: text}",
               "prompts.ignore[2]: the table has no column \"Notes\"");
    refused_as("{file: p.tsv, prompt: Prompt, category: Category, ignore: [Challenge, Note, Prompt], quotes: text}",
               "p.tsv:1:1: the column is the text and is to be ignored too");
    refused_as("{file: p.tsv, prompt: Prompts, category: Category, ignore: [Prompt, Challenge, Note], quotes: text}",
               "p.tsv: expected a column \"Prompts\", found none");
    refused_as("{file: p.txt}", "prompts.file: expected a table");
    refused_as("{file: job}", "prompts.file: expected a table, a name that ends in .csv");
    refused_as("{prompt: p}", "expected the key file");
    refused_as("{file: p.tsv, promt: p}", "unknown");
}

static void test_refused(void **state)
{
    (void)state;
    refused("", "p.csv: expected a column \"prompt\", found none");
    refused("prompt\n", "expected at least one prompt");
    refused("id,prompt,setps\n1,a,2\n", "job:6:10: prompts: ");
    refused("id,prompt,setps\n1,a,2\n", "p.csv:1:11: unknown column \"setps\", the nearest known one is steps");
    refused("id,prompt,l2.wieght\n1,a,2\n", "the nearest known one is l2.weight");
    refused("id,prompt,\n1,a,2\n", "p.csv:1:11: unknown column \"\"");
    refused("id,prompt,steps,render.steps\n1,a,2,3\n", "p.csv:1:17: the column stands twice, as column 3 too");
    refused("id,steps\n1,2\n", "expected a column \"prompt\"");
    refused("id,prompt\n1,\n", "p.csv:2:3: expected a prompt, found an empty cell");
    refused("id,prompt\n1,a,b\n", "p.csv:2:1: expected 2 cells, as the heading has, found 3");
    refused("id,prompt\n1,a\n2\n", "p.csv:3:1: expected 2 cells, as the heading has, found 1");
    refused("id,prompt\n1,a \"b\"\n", "p.csv:2:3: expected a cell in quotes as a whole");
    refused("id,prompt\n1,\"b\" c\n", "p.csv:2:3: expected a cell in quotes as a whole");
    refused("id,prompt\n1,\"b\n", "p.csv:2:3: expected a cell in quotes as a whole");
    refused("id,prompt\r1,b\r", "p.csv:1:10: expected lines that end in a line feed, found a carriage return alone");
    refused("id,prompt\n1,\xe9\n", "p.csv:2:3: not UTF-8");
    refused("prompt,steps\na,4\n\"b\nc\",x\n", "p.csv:4:4: [1].steps: expected an integer");
    refused("prompt,steps\na,0\n", "p.csv:2:3: [0].steps: expected");
    refused("prompt,size\na,\"[64, x]\"\n", "p.csv:2:3: [0].size[1]: expected an integer");
    refused("prompt,size\na,[64\n", "p.csv:2:3: [0].size: its YAML:");
    refused("prompt,seed\na,-1\n", "p.csv:2:3: [0].seed: expected");
    refused("prompt\na:0\n", "p.csv:2:1: [0].text: expected a weight that is not 0");
    refused("id,prompt\nx,a\nx,b\n", "two prompts have the id x");
    refused("prompt,mask\na,none.png\n", "none.png");
}

/* Nothing larger than it may be. */
static void test_limits(void **state)
{
    (void)state;
    char *text = calloc(1, 20000);
    assert_non_null(text);
    (void)snprintf(text, 20000, "prompt\n");
    memset(text + 7, 'x', 16382);
    file_write("p.csv", text);
    vqc_study_close(opened("p.csv"));
    text[7 + 16382] = 'x';
    refused(text, "p.csv:2:1: a cell of more than 16382 bytes");
    memset(text, ',', 1024);
    text[1024] = '\0';
    refused(text, "p.csv:1:1: expected at most 1024 cells, found 1025");
    free(text);
}

/* From the texts that an archive keeps the same study comes, without the file. */
static void test_archived(void **state)
{
    (void)state;
    static const char text[] = MODELS "prompts: gone.csv\n";
    vqc_error error = {0};
    vqc_study *study;
    vqc_study_source source = {.name = "archive",
                               .text = text,
                               .size = sizeof text - 1,
                               .folder = "",
                               .table = "prompt,category,steps\na,x,4\nb,,\n"};
    if (vqc_study_read(&source, &study, &error) != VQC_OK)
        fail_msg("%s", error.message);
    assert_int_equal(study->render_count, 4);
    assert_int_equal(study->renders[0].settings->steps, 4);
    assert_string_equal(study->prompts[0].category, "x");
    assert_string_equal(study->table, source.table);
    vqc_study_close(study);
    source.table = NULL;
    assert_int_equal(vqc_study_read(&source, &study, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "the table gone.csv is not in the archive"));
}

/* The same keys in the job file's own list. */
static void test_in_the_job_file(void **state)
{
    (void)state;
    vqc_study *study = opened("\n- {text: a, category: x, seed: 7}\n- b");
    assert_int_equal(study->render_count, 3);
    assert_int_equal(study->renders[0].seed, 7);
    assert_string_equal(study->prompts[0].category, "x");
    assert_null(study->prompts[1].category);
    vqc_study_close(study);
    refused_as("\n- {text: a, seed: x}", "prompts[0].seed: expected");
    refused_as("\n- {text: a, category: [x]}", "prompts[0].category: expected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),         cmocka_unit_test(test_forms),  cmocka_unit_test(test_other_names),
        cmocka_unit_test(test_refused),         cmocka_unit_test(test_limits), cmocka_unit_test(test_archived),
        cmocka_unit_test(test_in_the_job_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
