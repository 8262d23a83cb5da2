/* What archives hold of settings, and what is said of bad ones, letter by letter: golden/settings.yaml sets every
 * key, augmentation, optimiser, schedule and start, and golden/settings.txt is what is written of each of its
 * renders; golden/errors.txt has pairs of lines, a piece of a job file and the message. Archives are read for years:
 * a change of the first must not be. Given the word "write", the program writes the two files instead. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../every_augmentation.h"
#include "../support/check.h"
#include "study/study.h"
#include "study/tables.h"

#define GOLDEN VQC_SOURCE_DIR "/tests/study/golden/"
#define START "{study: s, models: {generator: {config: c, checkpoint: c}, perceptors: [{checkpoint: c, name: p}]}, "

static vqc_status study_from(const char *text, vqc_study **study_out, vqc_error *error)
{
    const vqc_study_source source = {.name = "job", .text = text, .size = strlen(text), .folder = ""};
    return vqc_study_read(&source, study_out, error);
}

/* The file's bytes and a NUL; to be freed. */
static char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(size + 1, 1);
    assert_int_equal(fread(text, 1, size, file), size);
    (void)fclose(file);
    return text;
}

static void file_write(const char *path, const vqc_text *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text->data, 1, text->size, file), text->size);
    assert_int_equal(fclose(file), 0);
}

static vqc_text settings_text(void)
{
    vqc_error error = {0};
    vqc_text text = {0};
    vqc_study *study;
    char *job = file_text(GOLDEN "settings.yaml");
    check(study_from(job, &study, &error), &error);
    for (size_t i = 0; i < study->render_count; i++) {
        const vqc_render *render = &study->renders[i];
        check(vqc_text_append(&text, &error, "%s\n", render->prompt->id), &error);
        check(vqc_settings_write(render->settings, &text, &error), &error);
    }
    vqc_study_close(study);
    free(job);
    return text;
}

/* A list of all augmentations becomes the word CODES: a new one changes no golden message. */
static void codes_stand_aside(char *message)
{
    char codes[512];
    every_augmentation(codes, sizeof codes);
    char *found = strstr(message, codes);
    if (found == NULL)
        return;
    memmove(found + strlen("CODES"), found + strlen(codes), strlen(found + strlen(codes)) + 1);
    memcpy(found, "CODES", strlen("CODES"));
}

/* Appends the piece and what is said of it. A piece that begins with a brace is a whole job file. */
static void message_append(const char *piece, vqc_text *text)
{
    vqc_error error = {0};
    vqc_text job = {0};
    vqc_study *study = NULL;
    check(vqc_text_append(&job, &error, piece[0] == '{' ? "%.0s%s" : "%s%s}", START, piece), &error);
    vqc_status status = study_from(job.data, &study, &error);
    if (status != VQC_BAD_INPUT)
        fail_msg("nothing is said of %s", piece);
    codes_stand_aside(error.message);
    check(vqc_text_append(text, &error, "%s\n    %s\n", piece, error.message), &error);
    vqc_text_release(&job);
}

static vqc_text errors_text(void)
{
    vqc_text text = {0};
    char *golden = file_text(GOLDEN "errors.txt");
    for (char *line = strtok(golden, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (line[0] != ' ')
            message_append(line, &text);
    free(golden);
    return text;
}

/* Names the first line that differs. */
static void same(const char *path, const vqc_text *text)
{
    char *golden = file_text(path);
    size_t at = 0;
    size_t line = 1;
    while (golden[at] != '\0' && golden[at] == text->data[at])
        line += golden[at++] == '\n';
    if (golden[at] != text->data[at])
        fail_msg("%s:%zu: \"%.*s...\" is now \"%.*s...\"", path, line, 60, golden + at, 60, text->data + at);
    free(golden);
}

static void test_settings_are_written_as_ever(void **state)
{
    (void)state;
    vqc_text text = settings_text();
    same(GOLDEN "settings.txt", &text);
    vqc_text_release(&text);
}

static void test_errors_are_as_ever(void **state)
{
    (void)state;
    vqc_text text = errors_text();
    same(GOLDEN "errors.txt", &text);
    vqc_text_release(&text);
}

/* The last part of a dotted key, as it stands in a mapping. */
static void key_in_mapping(const char *key, char text[64])
{
    const char *dot = strrchr(key, '.');
    (void)snprintf(text, 64, "%s: ", dot == NULL ? key : dot + 1);
}

static void test_every_key_is_there(void **state)
{
    (void)state;
    char *settings = file_text(GOLDEN "settings.yaml");
    char *errors = file_text(GOLDEN "errors.txt");
    for (size_t i = 0; i < vqc_settings_schema.count; i++) {
        const char *key = vqc_settings_schema.fields[i].key;
        char text[64];
        key_in_mapping(key, text);
        if (strstr(settings, text) == NULL)
            fail_msg("golden/settings.yaml has no %s", key);
        if (strstr(errors, text) == NULL)
            fail_msg("golden/errors.txt has no bad value of %s", key);
    }
    free(settings);
    free(errors);
}

/* ---- Augmentations: what stands in golden/ for some of them holds for every row of the table ---- */

/* A value of the field's other than its default, at one end of its range or the other. */
static void value_append(const vqc_field *field, vqc_text *text)
{
    vqc_error error = {0};
    switch (field->kind) {
    case VQC_FIELD_REAL:
        check(vqc_text_append(text, &error, "%.17g",
                              field->usual[0] == field->maximum ? field->minimum : field->maximum),
              &error);
        return;
    case VQC_FIELD_RANGE:
    case VQC_FIELD_AXES:
        check(vqc_text_append(text, &error, "[%.17g, %.17g]", field->minimum, field->maximum), &error);
        return;
    case VQC_FIELD_CHOICE:
        check(vqc_text_append(text, &error, "%s", field->words[field->usual[0] == 0.0 ? 1 : 0].word), &error);
        return;
    case VQC_FIELD_INTEGER:
    case VQC_FIELD_SIZE:
    case VQC_FIELD_FRACTION:
    case VQC_FIELD_FRACTIONS:
    case VQC_FIELD_BOOL:
    case VQC_FIELD_TEXT:
    case VQC_FIELD_WORD:
    case VQC_FIELD_PATH:
    case VQC_FIELD_OTHER:
        fail_msg("%s: this test knows no value of its kind", field->key);
    }
}

/* The default of the field, as archives have it. */
static void usual_append(const vqc_field *field, vqc_text *text)
{
    vqc_error error = {0};
    const double *usual = field->usual;
    if (field->kind == VQC_FIELD_CHOICE)
        check(vqc_text_append(text, &error, "%s", field->words[(size_t)usual[0]].word), &error);
    else if (field->kind == VQC_FIELD_RANGE || field->kind == VQC_FIELD_AXES)
        check(vqc_text_append(text, &error, "[%.17g, %.17g]", usual[0], usual[1]), &error);
    else
        check(vqc_text_append(text, &error, "%.17g", usual[0]), &error);
}

/* "{name: Xx, p: ..., ...}", with values or with the defaults. */
static vqc_text augmentation_text(vqc_augmentation_kind kind, void (*append)(const vqc_field *field, vqc_text *text))
{
    vqc_error error = {0};
    vqc_text text = {0};
    vqc_field fields[VQC_SCHEMA_FIELDS];
    size_t count = vqc_augmentation_fields(kind, fields);
    check(vqc_text_append(&text, &error, "{name: %s", vqc_augmentation_code(kind)), &error);
    for (size_t i = 0; i < count; i++) {
        if (append == usual_append && fields[i].quiet)
            continue;
        check(vqc_text_append(&text, &error, ", %s: ", fields[i].key), &error);
        append(&fields[i], &text);
    }
    check(vqc_text_append(&text, &error, "}"), &error);
    return text;
}

/* That the archive's text of a study with this augmentation has this line of it. */
static void written_check(const char *augmentation, const vqc_text *line)
{
    vqc_error error = {0};
    vqc_text job = {0};
    vqc_text text = {0};
    vqc_study *study;
    check(vqc_text_append(&job, &error, START "prompts: [x], render: {crops: {method: pooled}, augment: [%s]}}",
                          augmentation),
          &error);
    check(study_from(job.data, &study, &error), &error);
    check(vqc_settings_write(study->renders[0].settings, &text, &error), &error);
    const char *found = strstr(text.data, "    - {name: ");
    assert_non_null(found);
    if (strncmp(found + 6, line->data, line->size) != 0 || found[6 + line->size] != '\n')
        fail_msg("expected %s in:\n%s", line->data, found);
    vqc_study_close(study);
    vqc_text_release(&text);
    vqc_text_release(&job);
}

static void test_every_augmentation_is_written(void **state)
{
    (void)state;
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++) {
        vqc_text values = augmentation_text((vqc_augmentation_kind)kind, value_append);
        vqc_text usual = augmentation_text((vqc_augmentation_kind)kind, usual_append);
        written_check(values.data, &values);
        written_check(vqc_augmentation_code((vqc_augmentation_kind)kind), &usual);
        vqc_text_release(&values);
        vqc_text_release(&usual);
    }
}

/* The message about a value of a parameter has its place and key; `inside`: of which of two numbers. */
static void refused_check(vqc_augmentation_kind kind, const vqc_field *field, const char *value, const char *inside)
{
    vqc_error error = {0};
    vqc_study *study = NULL;
    char before[512];
    char job[1024];
    char message[256];
    char expected[64] = "one of ";
    if (field->kind != VQC_FIELD_CHOICE)
        (void)snprintf(expected, sizeof expected, "a number from %g to %g, found ", field->minimum, field->maximum);
    (void)snprintf(before, sizeof before,
                   START "prompts: [x], render: {augment: [{name: %s, %s: ", vqc_augmentation_code(kind), field->key);
    (void)snprintf(job, sizeof job, "%s%s}]}}", before, value);
    assert_int_equal(study_from(job, &study, &error), VQC_BAD_INPUT);
    (void)snprintf(message, sizeof message, "job:1:%zu: render.augment[0].%s%s: expected %s",
                   strlen(before) + 1 + (value[0] == '['), field->key, inside, expected);
    if (strstr(error.message, message) == NULL)
        fail_msg("expected %s in: %s", message, error.message);
}

static void test_every_parameter_has_its_range(void **state)
{
    (void)state;
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++) {
        vqc_field fields[VQC_SCHEMA_FIELDS];
        size_t count = vqc_augmentation_fields((vqc_augmentation_kind)kind, fields);
        for (size_t i = 0; i < count; i++) {
            const vqc_field *field = &fields[i];
            bool range = field->kind == VQC_FIELD_RANGE || field->kind == VQC_FIELD_AXES;
            char below[64];
            char above[64];
            (void)snprintf(below, sizeof below, range ? "[%g, 1]" : "%g", field->minimum - 0.01);
            (void)snprintf(above, sizeof above, range ? "[%g, 1]" : "%g", field->maximum + 1.0);
            refused_check((vqc_augmentation_kind)kind, field, below, range ? "[0]" : "");
            refused_check((vqc_augmentation_kind)kind, field, above, range ? "[0]" : "");
        }
    }
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "write") == 0) {
        vqc_text settings = settings_text();
        vqc_text errors = errors_text();
        file_write(GOLDEN "settings.txt", &settings);
        file_write(GOLDEN "errors.txt", &errors);
        vqc_text_release(&settings);
        vqc_text_release(&errors);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_are_written_as_ever),
        cmocka_unit_test(test_errors_are_as_ever),
        cmocka_unit_test(test_every_key_is_there),
        cmocka_unit_test(test_every_augmentation_is_written),
        cmocka_unit_test(test_every_parameter_has_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
