/* The settings whose rows say that they change networks are those that the key of the networks looks at. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guide/network_key.h"

enum { FACTOR = 16 };

static const vqc_study one = {.perceptor_count = 1};

/* Whether the key of the default settings changes with this value of the field. */
static bool changes_key(const vqc_field *field, const char *value)
{
    vqc_error error = {0};
    vqc_settings settings;
    vqc_yaml *yaml;
    char text[256];
    int size = snprintf(text, sizeof text, "k: %s", value);
    vqc_settings_default(&settings);
    const vqc_network_key before = vqc_network_key_of(&one, &settings, FACTOR);
    if (vqc_yaml_parse("value", text, (size_t)size, &yaml, &error) != VQC_OK ||
        vqc_field_read(field, &settings, vqc_yaml_at(vqc_yaml_root(yaml), 0), &error) != VQC_OK)
        fail_msg("%s: %s", field->key, error.message);
    const vqc_network_key after = vqc_network_key_of(&one, &settings, FACTOR);
    vqc_yaml_destroy(yaml);
    return !vqc_network_key_equal(&before, &after);
}

/* The same with each of some values that the field may have. */
static bool may_change_key(const vqc_field *field)
{
    static const char *const others[][2] = {{"augment", "[]"}, {"init", "pixels"}, {"mask", "mask.png"}};
    char low[64];
    char high[64];
    bool changes = false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(field->key, others[i][0]) == 0)
            return changes_key(field, others[i][1]);
    if (field->kind == VQC_FIELD_OTHER)
        fail_msg("no value of %s is known here", field->key);
    for (size_t i = 0; i < field->word_count; i++)
        changes = changes || changes_key(field, field->words[i].word);
    if (field->word_count > 0)
        return changes;
    if (field->kind == VQC_FIELD_BOOL)
        return changes_key(field, "true") || changes_key(field, "false");
    if (field->kind == VQC_FIELD_PATH || field->kind == VQC_FIELD_TEXT)
        return changes_key(field, "name");
    bool fraction = field->kind == VQC_FIELD_FRACTION || field->kind == VQC_FIELD_FRACTIONS;
    bool pair = field->kind == VQC_FIELD_SIZE || field->kind == VQC_FIELD_FRACTIONS;
    (void)snprintf(low, sizeof low, pair ? "[%.15g, %.15g]" : "%.15g", field->minimum, field->minimum);
    (void)snprintf(high, sizeof high, pair ? "[%.15g, %.15g]" : "%.15g", fraction ? 0.5 : field->maximum,
                   fraction ? 0.5 : field->maximum);
    return changes_key(field, low) || changes_key(field, high);
}

static void test_rows_say_what_changes_networks(void **state)
{
    (void)state;
    for (size_t i = 0; i < vqc_settings_schema.count; i++) {
        const vqc_field *field = &vqc_settings_schema.fields[i];
        if (may_change_key(field) != field->networks)
            fail_msg("%s %s networks; its row in settings.def says otherwise", field->key,
                     field->networks ? "does not change" : "changes");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_say_what_changes_networks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
