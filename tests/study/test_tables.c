/* The tables of the job file: that every row is whole, and that docs/job-file.md is what they say. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/check.h"
#include "study/idle.h"
#include "study/manual.h"
#include "study/study.h"
#include "study/tables.h"

static const vqc_schema *const schemas[] = {
    &vqc_study_schema,  &vqc_models_schema,    &vqc_generator_schema, &vqc_perceptor_schema,    &vqc_prompt_schema,
    &vqc_target_schema, &vqc_embedding_schema, &vqc_settings_schema,  &vqc_prompt_table_schema,
};

static void row_fail(const vqc_schema *schema, const vqc_field *field, const char *what)
{
    fail_msg("%s: %s: %s", schema->title, field->key, what);
}

/* Bytes of a member of the field's kind; 0: any. */
static size_t kind_size(const vqc_field *field)
{
    static const size_t sizes[] = {
        [VQC_FIELD_INTEGER] = sizeof(int64_t),
        [VQC_FIELD_SIZE] = sizeof(int64_t),
        [VQC_FIELD_REAL] = sizeof(double),
        [VQC_FIELD_RANGE] = sizeof(vqc_range),
        [VQC_FIELD_AXES] = sizeof(vqc_axes),
        [VQC_FIELD_FRACTION] = sizeof(double),
        [VQC_FIELD_FRACTIONS] = sizeof(double),
        [VQC_FIELD_BOOL] = sizeof(bool),
        [VQC_FIELD_TEXT] = sizeof(char *),
        [VQC_FIELD_WORD] = sizeof(char *),
        [VQC_FIELD_PATH] = sizeof(char *),
        [VQC_FIELD_CHOICE] = 0,
        [VQC_FIELD_OTHER] = 0,
    };
    if (field->kind == VQC_FIELD_CHOICE)
        return field->size == sizeof(bool) ? sizeof(bool) : sizeof(unsigned);
    return sizes[field->kind];
}

/* Settings that always have an effect, or are refused where they have none. The others have rows in study/idle.c. */
static bool is_never_idle(const char *key)
{
    static const char *const keys[] = {
        "size",
        "size_rounding",
        "steps",
        "optimizer.name",
        "optimizer.lr",
        "optimizer.betas",
        "optimizer.eps",
        "optimizer.weight_decay",
        "optimizer.alpha",
        "optimizer.delta",
        "crops.count",
        "crops.method",
        "crops.overview",
        "crops.grey",
        "crops.group",
        "augment",
        "noise",
        "l2.weight",
        "tv.weight",
        "smoothness.weight",
        "saturation.weight",
        "range.weight",
        "likeness.weight",
        "average",
        "clamp",
        "init",
        "recompute",
        "snapshots",
        "mask",
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static void test_every_setting_may_be_idle_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < vqc_settings_schema.count; i++) {
        const char *key = vqc_settings_schema.fields[i].key;
        if (is_never_idle(key) == vqc_study_may_be_idle(key))
            fail_msg("%s: say in study/idle.c when it has no effect, or here that it always has one", key);
    }
}

static void words_check(const vqc_schema *schema, const vqc_field *field)
{
    bool chosen = field->kind == VQC_FIELD_CHOICE || field->kind == VQC_FIELD_WORD;
    if (chosen != (field->word_count > 0))
        row_fail(schema, field, "words belong to choices, and choices have words");
    for (size_t i = 0; i < field->word_count; i++) {
        const vqc_word *word = &field->words[i];
        if (word->word == NULL)
            row_fail(schema, field, "a word is missing");
        if ((word->says == NULL) != (field->words[0].says == NULL))
            row_fail(schema, field, "the manual says something of every word or of none");
        for (int j = 0; j < VQC_WORD_OPTIONS && word->options[j].key != NULL; j++) {
            const vqc_field *option = vqc_schema_find(schema, word->options[j].key);
            if (option == NULL || option->leader == NULL || strcmp(option->leader, field->key) != 0)
                row_fail(schema, field, word->options[j].key);
        }
    }
}

/* The default is in its range, and is read again from its own text. */
static void usual_check(const vqc_schema *schema, const vqc_field *field)
{
    vqc_error error = {0};
    vqc_text text = {0};
    vqc_yaml *yaml;
    void *object = calloc(1, schema->object_size);
    void *again = calloc(1, schema->object_size);
    vqc_field_reset(field, object);
    if (!vqc_field_is_usual(field, object))
        row_fail(schema, field, "its default is not its default");
    check(vqc_text_append(&text, &error, "k: "), &error);
    check(vqc_field_write(field, object, &text, &error), &error);
    check(vqc_yaml_parse("default", text.data, text.size, &yaml, &error), &error);
    if (vqc_field_read(field, again, vqc_yaml_at(vqc_yaml_root(yaml), 0), &error) != VQC_OK)
        row_fail(schema, field, error.message);
    if (!vqc_field_is_usual(field, again))
        row_fail(schema, field, "its default reads as something else");
    vqc_yaml_destroy(yaml);
    vqc_text_release(&text);
    free(object);
    free(again);
}

/* Whether the default is a value that a job file may have. */
static bool has_usual(const vqc_field *field)
{
    return !field->required && field->otherwise == NULL && field->kind != VQC_FIELD_OTHER &&
           isfinite(field->usual[0]);
}

static void usuals_check(const vqc_schema *schema, const vqc_field *field)
{
    if (field->leader == NULL) {
        if (has_usual(field))
            usual_check(schema, field);
        return;
    }
    const vqc_field *leader = vqc_schema_find(schema, field->leader);
    size_t words = 0;
    if (leader == NULL || leader->leads == NULL)
        row_fail(schema, field, "its leader leads nothing");
    for (size_t i = 0; i < leader->word_count; i++)
        for (int j = 0; j < VQC_WORD_OPTIONS && leader->words[i].options[j].key != NULL; j++) {
            if (strcmp(leader->words[i].options[j].key, field->key) != 0)
                continue;
            const vqc_field led = vqc_field_led(&leader->words[i], field);
            usual_check(schema, &led);
            words++;
        }
    if (words == 0)
        row_fail(schema, field, "no word of its leader has it");
}

static void schema_check(const vqc_schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        const vqc_field *field = &schema->fields[i];
        if (field->key == NULL || vqc_schema_find(schema, field->key) != field)
            row_fail(schema, field, "it has no key, or that of a row before");
        if (field->says == NULL || field->says[0] == '\0')
            row_fail(schema, field, "the manual says nothing of it");
        if (field->offset + field->size > schema->object_size && field->size > 0)
            row_fail(schema, field, "its member is outside the object");
        if (kind_size(field) != 0 && kind_size(field) != field->size)
            row_fail(schema, field, "its member is not of its kind");
        if (field->kind == VQC_FIELD_OTHER && field->form == NULL)
            row_fail(schema, field, "the manual does not say what it is");
        words_check(schema, field);
        usuals_check(schema, field);
    }
}

static void test_rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++)
        schema_check(schemas[i]);
    for (int i = 0; i < VQC_INIT_COUNT; i++) {
        assert_non_null(vqc_init_forms[i].word);
        schema_check(&vqc_init_forms[i].schema);
    }
}

static void test_augmentations_are_whole(void **state)
{
    (void)state;
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++) {
        vqc_field fields[VQC_SCHEMA_FIELDS];
        const vqc_schema schema = {
            .title = vqc_augmentation_code((vqc_augmentation_kind)kind),
            .fields = fields,
            .count = vqc_augmentation_fields((vqc_augmentation_kind)kind, fields),
            .object_size = sizeof(vqc_augmentation),
        };
        schema_check(&schema);
        for (int other = 0; other < kind; other++)
            assert_string_not_equal(schema.title, vqc_augmentation_code((vqc_augmentation_kind)other));
    }
}

static vqc_text manual(bool markdown)
{
    vqc_error error = {0};
    vqc_text text = {0};
    check(vqc_job_manual_write(&text, markdown, &error), &error);
    return text;
}

static void test_example_is_a_job(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_study *study;
    const char *example = vqc_job_manual_example();
    const vqc_study_source source = {.name = "example", .text = example, .size = strlen(example), .folder = ""};
    check(vqc_study_read(&source, &study, &error), &error);
    assert_int_equal(study->render_count, 8);
    vqc_study_close(study);
}

static void test_manual_fits_a_terminal(void **state)
{
    (void)state;
    vqc_text text = manual(false);
    for (const char *line = strtok(text.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (strlen(line) > 100)
            fail_msg("%s", line);
    vqc_text_release(&text);
}

static void test_docs_are_the_manual(void **state)
{
    (void)state;
    vqc_text text = manual(true);
    char *docs = calloc(1, text.size + 2);
    FILE *file = fopen(VQC_SOURCE_DIR "/docs/job-file.md", "r");
    assert_non_null(file);
    size_t size = fread(docs, 1, text.size + 1, file);
    (void)fclose(file);
    if (size != text.size || memcmp(docs, text.data, size) != 0)
        fail_msg("docs/job-file.md is not what `vqclip help job --markdown` says");
    free(docs);
    vqc_text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_setting_may_be_idle_or_not), cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_augmentations_are_whole),          cmocka_unit_test(test_example_is_a_job),
        cmocka_unit_test(test_manual_fits_a_terminal),           cmocka_unit_test(test_docs_are_the_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
