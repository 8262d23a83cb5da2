/* That help says all that the tables of the commands hold, and that the manual page is what help makes of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/help.h"

/* What `write` writes, to be freed. */
static char *text_of(void (*write)(const vqc_command *command, FILE *stream), const vqc_command *command)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    write(command, stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void overview_write(const vqc_command *command, FILE *stream)
{
    (void)command;
    vqc_help_overview_write(stream);
}

static void manual_write(const vqc_command *command, FILE *stream)
{
    (void)command;
    vqc_help_manual_write(stream);
}

/* Takes out the backslashes that man's language has before some characters. */
static void man_plain(char *text)
{
    char *end = text;
    for (const char *from = text; *from != '\0'; from++)
        if (*from != '\\')
            *end++ = *from;
    *end = '\0';
}

static void words_expect(const char *text, const char *words, const char *command)
{
    if (words != NULL && strstr(text, words) == NULL)
        fail_msg("%s: expected to read: %s\nin: %s", command, words, text);
}

/* Every line of the text by itself, as the manual page has some of them indented otherwise. */
static void lines_expect(const char *text, const char *lines, const char *command)
{
    char copy[2048];
    (void)snprintf(copy, sizeof copy, "%s", lines);
    for (char *line = strtok(copy, "\n"); line != NULL; line = strtok(NULL, "\n"))
        words_expect(text, line, command);
}

static void command_expect(const char *text, const vqc_command *command)
{
    lines_expect(text, command->usage, command->name);
    lines_expect(text, command->about, command->name);
    for (size_t i = 0; i < command->option_count; i++) {
        words_expect(text, command->options[i].name, command->name);
        words_expect(text, command->options[i].value, command->name);
        words_expect(text, command->options[i].help, command->name);
        words_expect(text, command->options[i].usual, command->name);
    }
}

static void test_help_says_all(void **state)
{
    (void)state;
    char *overview = text_of(overview_write, NULL);
    char *manual = text_of(manual_write, NULL);
    man_plain(manual);
    for (size_t i = 0; vqc_commands[i] != NULL; i++) {
        char *help = text_of(vqc_help_command_write, vqc_commands[i]);
        command_expect(help, vqc_commands[i]);
        command_expect(manual, vqc_commands[i]);
        words_expect(overview, vqc_commands[i]->name, "overview");
        words_expect(overview, vqc_commands[i]->summary, "overview");
        free(help);
    }
    free(overview);
    free(manual);
}

/* Every command is found by its name and has what the help needs. */
static void test_rows_are_whole(void **state)
{
    (void)state;
    vqc_error error = {0};
    for (size_t c = 0; vqc_commands[c] != NULL; c++) {
        const vqc_command *command = vqc_commands[c];
        const vqc_command *found;
        assert_int_equal(vqc_command_find(command->name, &found, &error), VQC_OK);
        assert_ptr_equal(found, command);
        assert_true(command->summary != NULL && command->run != NULL && command->options_size > 0);
        assert_true(command->operand_minimum <= command->operand_maximum);
        for (size_t i = 0; i < command->option_count; i++)
            assert_true((command->options[i].kind == VQC_OPTION_FLAG) == (command->options[i].value == NULL));
    }
}

static void test_built_page_is_helps(void **state)
{
    (void)state;
    char *manual = text_of(manual_write, NULL);
    size_t size = strlen(manual);
    char *page = calloc(size + 2, 1);
    FILE *file = fopen(VQC_MANUAL_PAGE, "r");
    assert_true(page != NULL && file != NULL);
    assert_int_equal(fread(page, 1, size + 1, file), size);
    assert_string_equal(page, manual);
    (void)fclose(file);
    free(page);
    free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help_says_all),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_built_page_is_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
