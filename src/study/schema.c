#include "study/schema.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "config/yaml_write.h"

enum { KEY_SIZE = 128 };

/* ---- One field ---- */

static bool is_pair(const vqc_field *field)
{
    return field->kind == VQC_FIELD_SIZE || field->kind == VQC_FIELD_RANGE || field->kind == VQC_FIELD_AXES ||
           field->kind == VQC_FIELD_FRACTIONS;
}

static bool is_text(const vqc_field *field)
{
    return field->kind == VQC_FIELD_TEXT || field->kind == VQC_FIELD_WORD || field->kind == VQC_FIELD_PATH;
}

static bool is_integer(const vqc_field *field)
{
    return field->kind == VQC_FIELD_INTEGER || field->kind == VQC_FIELD_SIZE;
}

/* A bool, or a choice that is kept in one. */
static bool is_bool(const vqc_field *field)
{
    return field->kind == VQC_FIELD_BOOL || (field->kind == VQC_FIELD_CHOICE && field->size == sizeof(bool));
}

static const void *member_of(const vqc_field *field, const void *object)
{
    return (const unsigned char *)object + field->offset;
}

/* The member's number, or the second one of a pair; a choice's is that of its word. Integers of tables are below
 * 2^53, so that a double holds them. */
static double number_get(const vqc_field *field, const void *object, size_t index)
{
    const void *member = member_of(field, object);
    if (is_integer(field))
        return (double)((const int64_t *)member)[index];
    if (is_bool(field))
        return *(const bool *)member ? 1.0 : 0.0;
    if (field->kind == VQC_FIELD_CHOICE)
        return (double)*(const unsigned *)member;
    return ((const double *)member)[index];
}

static void number_set(const vqc_field *field, void *object, size_t index, double value)
{
    void *member = (unsigned char *)object + field->offset;
    if (is_integer(field))
        ((int64_t *)member)[index] = (int64_t)value;
    else if (is_bool(field))
        *(bool *)member = value != 0.0;
    else if (field->kind == VQC_FIELD_CHOICE)
        *(unsigned *)member = (unsigned)value;
    else
        ((double *)member)[index] = value;
}

static const char *text_get(const vqc_field *field, const void *object)
{
    return *(const char *const *)member_of(field, object);
}

const char **vqc_field_text(const vqc_field *field, void *object)
{
    return (const char **)(void *)((unsigned char *)object + field->offset);
}

static const vqc_word *word_of(const vqc_field *field, const void *object)
{
    return &field->words[(size_t)number_get(field, object, 0)];
}

/* The place of the field's curve; NULL where its number may not change. */
static vqc_curve *curve_of(const vqc_field *field, void *object)
{
    return field->curve == 0 ? NULL : (vqc_curve *)(void *)((unsigned char *)object + field->curve);
}

const vqc_curve *vqc_field_curve(const vqc_field *field, const void *object)
{
    const vqc_curve *curve = (const vqc_curve *)(const void *)((const unsigned char *)object + field->curve);
    return field->curve == 0 || curve->count == 0 ? NULL : curve;
}

void vqc_field_reset(const vqc_field *field, void *object)
{
    vqc_curve *curve = curve_of(field, object);
    if (curve != NULL)
        memset(curve, 0, sizeof *curve);
    if (is_text(field)) {
        *vqc_field_text(field, object) = NULL;
    } else if (field->kind != VQC_FIELD_OTHER) {
        number_set(field, object, 0, field->usual[0]);
        if (is_pair(field))
            number_set(field, object, 1, field->usual[1]);
    } else if (field->hooks != NULL) {
        field->hooks->reset(object);
    }
}

bool vqc_field_is_usual(const vqc_field *field, const void *object)
{
    if (is_text(field))
        return text_get(field, object) == NULL;
    if (field->kind == VQC_FIELD_OTHER)
        return field->hooks != NULL && field->hooks->is_usual != NULL && field->hooks->is_usual(object);
    if (vqc_field_curve(field, object) != NULL)
        return false;
    return number_get(field, object, 0) == field->usual[0] &&
           (!is_pair(field) || number_get(field, object, 1) == field->usual[1]);
}

/* One of the field's words; its number. */
static vqc_status word_read(const vqc_field *field, const vqc_yaml_node *node, size_t *choice, vqc_error *error)
{
    const char *words[VQC_SCHEMA_FIELDS];
    for (size_t i = 0; i < field->word_count; i++)
        words[i] = field->words[i].word;
    return vqc_yaml_read_choice(node, words, field->word_count, choice, error);
}

static vqc_status fraction_read(const vqc_yaml_node *node, double *number, vqc_error *error)
{
    VQC_TRY(vqc_yaml_read_real(node, 0.0, 1.0, number, error));
    return *number < 1.0 ? VQC_OK : vqc_yaml_error(node, error, "expected a number below 1");
}

static vqc_status number_read(const vqc_field *field, const vqc_yaml_node *node, double *number, vqc_error *error)
{
    int64_t integer = 0;
    bool truth = false;
    size_t choice = 0;
    switch (field->kind) {
    case VQC_FIELD_INTEGER:
    case VQC_FIELD_SIZE:
        VQC_TRY(vqc_yaml_read_integer(node, (int64_t)field->minimum, (int64_t)field->maximum, &integer, error));
        *number = (double)integer;
        return VQC_OK;
    case VQC_FIELD_REAL:
    case VQC_FIELD_RANGE:
    case VQC_FIELD_AXES:
        return vqc_yaml_read_real(node, field->minimum, field->maximum, number, error);
    case VQC_FIELD_FRACTION:
    case VQC_FIELD_FRACTIONS:
        return fraction_read(node, number, error);
    case VQC_FIELD_BOOL:
        VQC_TRY(vqc_yaml_read_bool(node, &truth, error));
        *number = truth ? 1.0 : 0.0;
        return VQC_OK;
    case VQC_FIELD_CHOICE:
        VQC_TRY(word_read(field, node, &choice, error));
        *number = (double)choice;
        return VQC_OK;
    case VQC_FIELD_TEXT:
    case VQC_FIELD_WORD:
    case VQC_FIELD_PATH:
    case VQC_FIELD_OTHER:
        break;
    }
    return vqc_error_set(error, VQC_FAILED, "%s is no number", field->key);
}

static vqc_status size_read(const vqc_field *field, const vqc_yaml_node *node, vqc_range pair, vqc_error *error)
{
    int64_t size[2];
    size_t count;
    VQC_TRY(vqc_yaml_read_integers(node, (int64_t)field->minimum, (int64_t)field->maximum, 2, size, &count, error));
    if (count != 2)
        return vqc_yaml_error(node, error, "expected [width, height]");
    pair[0] = (double)size[0];
    pair[1] = (double)size[1];
    return VQC_OK;
}

/* One number for both axes. */
static vqc_status single_read(const vqc_field *field, const vqc_yaml_node *node, vqc_axes pair, vqc_error *error)
{
    double number;
    VQC_TRY(number_read(field, node, &number, error));
    pair[0] = number * field->single[0];
    pair[1] = number * field->single[1];
    return VQC_OK;
}

static vqc_status pair_read(const vqc_field *field, const vqc_yaml_node *node, vqc_range pair, vqc_error *error)
{
    bool range = field->kind == VQC_FIELD_RANGE;
    if (field->kind == VQC_FIELD_SIZE)
        return size_read(field, node, pair, error);
    if (field->kind == VQC_FIELD_AXES && vqc_yaml_kind_of(node) == VQC_YAML_SCALAR)
        return single_read(field, node, pair, error);
    VQC_TRY(vqc_yaml_expect(node, VQC_YAML_SEQUENCE, error));
    if (vqc_yaml_count(node) != 2)
        return vqc_yaml_error(node, error, "expected two numbers%s",
                              range                           ? ", [from, to]"
                              : field->kind == VQC_FIELD_AXES ? ", [x, y], or one"
                                                              : "");
    for (size_t i = 0; i < 2; i++)
        VQC_TRY(number_read(field, vqc_yaml_at(node, i), &pair[i], error));
    if (range && pair[0] > pair[1])
        return vqc_yaml_error(node, error, "expected [from, to], found %g above %g", pair[0], pair[1]);
    return VQC_OK;
}

/* That the points of a curve are whole numbers. */
static vqc_status curve_check_whole(const vqc_yaml_node *node, const vqc_curve *curve, vqc_error *error)
{
    for (int32_t i = 0; i < curve->count; i++)
        if (curve->values[i] != floor(curve->values[i]))
            return vqc_yaml_error(node, error, "expected whole numbers, found %g at step %d", curve->values[i],
                                  (int)curve->steps[i]);
    return VQC_OK;
}

/* A number, or how it changes. */
static vqc_status changing_read(const vqc_field *field, void *object, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_curve *curve = curve_of(field, object);
    double number;
    if (vqc_yaml_kind_of(node) == VQC_YAML_MAPPING) {
        VQC_TRY(vqc_curve_read(node, field->minimum, field->maximum, curve, error));
        if (is_integer(field))
            VQC_TRY(curve_check_whole(node, curve, error));
        number_set(field, object, 0, vqc_curve_most(curve));
        return VQC_OK;
    }
    VQC_TRY(number_read(field, node, &number, error));
    memset(curve, 0, sizeof *curve);
    number_set(field, object, 0, number);
    return VQC_OK;
}

vqc_status vqc_field_read(const vqc_field *field, void *object, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_range numbers = {0};
    if (field->curve != 0)
        return changing_read(field, object, node, error);
    if (field->kind == VQC_FIELD_OTHER)
        return field->hooks->read(object, node, error);
    if (field->kind == VQC_FIELD_WORD) {
        size_t choice;
        VQC_TRY(word_read(field, node, &choice, error));
        *vqc_field_text(field, object) = field->words[choice].word;
        return VQC_OK;
    }
    if (is_text(field))
        return vqc_yaml_read_text(node, vqc_field_text(field, object), error);
    if (is_pair(field)) {
        VQC_TRY(pair_read(field, node, numbers, error));
        number_set(field, object, 1, numbers[1]);
    } else {
        VQC_TRY(number_read(field, node, &numbers[0], error));
    }
    number_set(field, object, 0, numbers[0]);
    return VQC_OK;
}

vqc_status vqc_field_write(const vqc_field *field, const void *object, vqc_text *text, vqc_error *error)
{
    if (field->kind == VQC_FIELD_OTHER)
        return field->hooks->write(object, text, error);
    if (is_text(field))
        return vqc_yaml_quote(text_get(field, object), text, error);
    if (vqc_field_curve(field, object) != NULL)
        return vqc_curve_write(vqc_field_curve(field, object), text, error);
    double number = number_get(field, object, 0);
    if (field->kind == VQC_FIELD_CHOICE)
        return vqc_text_append(text, error, "%s", word_of(field, object)->word);
    if (field->kind == VQC_FIELD_BOOL)
        return vqc_text_append(text, error, "%s", number != 0.0 ? "true" : "false");
    if (is_pair(field))
        return vqc_text_append(text, error, "[%.17g, %.17g]", number, number_get(field, object, 1));
    return vqc_text_append(text, error, "%.17g", number);
}

/* ---- A table ---- */

const vqc_field *vqc_schema_find(const vqc_schema *schema, const char *key)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->fields[i].key, key) == 0)
            return &schema->fields[i];
    return NULL;
}

size_t vqc_schema_keys(const vqc_schema *schema, const char *keys[VQC_SCHEMA_FIELDS])
{
    for (size_t i = 0; i < schema->count; i++)
        keys[i] = schema->fields[i].key;
    return schema->count;
}

/* The word of the field's leader that the object has; NULL where the field has none. */
static const vqc_word *leader_word(const vqc_schema *schema, const void *object, const vqc_field *field)
{
    return field->leader == NULL ? NULL : word_of(vqc_schema_find(schema, field->leader), object);
}

/* What the word brings of the field; NULL where that is nothing. */
static const vqc_word_option *option_find(const vqc_word *word, const vqc_field *field)
{
    for (int i = 0; word != NULL && i < VQC_WORD_OPTIONS && word->options[i].key != NULL; i++)
        if (strcmp(word->options[i].key, field->key) == 0)
            return &word->options[i];
    return NULL;
}

vqc_field vqc_field_led(const vqc_word *word, const vqc_field *field)
{
    vqc_field led = *field;
    const vqc_word_option *option = option_find(word, field);
    if (option != NULL && option->usual[0] != 0.0)
        memcpy(led.usual, option->usual, sizeof led.usual);
    if (option != NULL && option->maximum != 0.0)
        led.maximum = option->maximum;
    return led;
}

/* Whether the leader's word, if the field has a leader, has it among its options. */
static bool is_option(const vqc_schema *schema, const void *object, const vqc_field *field)
{
    return field->leader == NULL || option_find(leader_word(schema, object, field), field) != NULL;
}

/* Gives the fields their defaults that this one leads; NULL: those that none leads. */
static void led_reset(const vqc_schema *schema, void *object, const char *leader)
{
    for (size_t i = 0; i < schema->count; i++) {
        const vqc_field led = vqc_field_led(leader_word(schema, object, &schema->fields[i]), &schema->fields[i]);
        if (leader == NULL ? led.leader == NULL : led.leader != NULL && strcmp(led.leader, leader) == 0)
            vqc_field_reset(&led, object);
    }
}

void vqc_schema_reset(const vqc_schema *schema, void *object)
{
    led_reset(schema, object, NULL);
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].leads != NULL)
            led_reset(schema, object, schema->fields[i].key);
}

/* Whether the table's reader reads the field; else it is left to the caller. */
static bool is_read(const vqc_field *field)
{
    return field->kind != VQC_FIELD_OTHER || field->hooks != NULL;
}

vqc_status vqc_schema_read(const vqc_schema *schema, void *object, const vqc_yaml_node *mapping, vqc_error *error)
{
    const char *keys[VQC_SCHEMA_FIELDS];
    const vqc_yaml_node *node;
    VQC_TRY(vqc_yaml_check_keys(mapping, keys, vqc_schema_keys(schema, keys), error));
    vqc_schema_reset(schema, object);
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].required && is_read(&schema->fields[i]))
            VQC_TRY(vqc_yaml_require(mapping, keys[i], &node, error));
    for (size_t i = 0; i < schema->count; i++) {
        node = vqc_yaml_find(mapping, keys[i]);
        if (node != NULL && is_read(&schema->fields[i]))
            VQC_TRY(vqc_field_read(&schema->fields[i], object, node, error));
    }
    return VQC_OK;
}

/* The first key under that of a group, "latent.kind" of "latent"; NULL where it is none. */
static const char *group_first(const vqc_schema *schema, const char *key)
{
    const size_t length = strlen(key);
    for (size_t i = 0; i < schema->count; i++)
        if (strncmp(schema->fields[i].key, key, length) == 0 && schema->fields[i].key[length] == '.')
            return schema->fields[i].key + length + 1;
    return NULL;
}

/* Refuses an unknown dotted key with the nearest known one, or, where it is that of a group, says how its keys are
 * written. */
static vqc_status key_refuse(const vqc_schema *schema, const vqc_yaml_node *place, const char *key, vqc_error *error)
{
    const char *keys[VQC_SCHEMA_FIELDS];
    size_t count = vqc_schema_keys(schema, keys);
    const char *first = group_first(schema, key);
    if (first != NULL)
        return vqc_yaml_key_error(place, error, "expected a mapping of its keys, as in %s: {%s: ...}", key, first);
    return vqc_yaml_key_error(place, error, "unknown setting %s, the nearest known one is %s", key,
                              vqc_yaml_nearest(keys, count, key));
}

vqc_status vqc_schema_apply_key(const vqc_schema *schema, void *object, const char *key, const vqc_yaml_node *value,
                                const vqc_yaml_node *place, vqc_error *error)
{
    const vqc_field *field = vqc_schema_find(schema, key);
    if (field == NULL)
        return key_refuse(schema, place, key, error);
    if (!is_option(schema, object, field)) {
        const vqc_field *leader = vqc_schema_find(schema, field->leader);
        return vqc_yaml_key_error(value, error, "the %s %s has no such option", leader->leads,
                                  word_of(leader, object)->word);
    }
    const vqc_word *before = field->leads == NULL ? NULL : word_of(field, object);
    const vqc_field led = vqc_field_led(leader_word(schema, object, field), field);
    VQC_TRY(vqc_field_read(&led, object, value, error));
    if (field->leads != NULL && word_of(field, object) != before)
        led_reset(schema, object, key);
    return VQC_OK;
}

/* Applies the leading fields that stand in the mapping whose keys stand under the prefix. */
static vqc_status leading_apply(const vqc_schema *schema, void *object, const char *prefix,
                                const vqc_yaml_node *mapping, vqc_error *error)
{
    size_t length = strlen(prefix);
    for (size_t i = 0; i < schema->count; i++) {
        const char *key = schema->fields[i].key;
        bool leads = schema->fields[i].leads != NULL && strncmp(key, prefix, length) == 0;
        const vqc_yaml_node *value = leads ? vqc_yaml_find(mapping, key + length) : NULL;
        if (value != NULL)
            VQC_TRY(vqc_schema_apply_key(schema, object, key, value, value, error));
    }
    return VQC_OK;
}

/* Whether there are keys under the prefix, which ends with a dot. */
static bool has_group(const vqc_schema *schema, const char *prefix)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strncmp(schema->fields[i].key, prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

/* That no key of a mapping's inner mapping, whose prefix this is, stands in the outer one with a dot as well. */
static vqc_status once_check(const char *prefix, const vqc_yaml_node *outer, const vqc_yaml_node *inner,
                             vqc_error *error)
{
    for (size_t i = 0; i < vqc_yaml_count(inner); i++) {
        char key[KEY_SIZE];
        int size = snprintf(key, sizeof key, "%s%s", prefix, vqc_yaml_key(vqc_yaml_at(inner, i)));
        if (size > 0 && (size_t)size < sizeof key && vqc_yaml_find(outer, key) != NULL)
            return vqc_yaml_error(vqc_yaml_at(inner, i), error, "the key stands twice, as %s too", key);
    }
    return VQC_OK;
}

/* Applies a mapping whose keys stand under the prefix. */
static vqc_status mapping_apply(const vqc_schema *schema, void *object, const char *prefix,
                                const vqc_yaml_node *mapping, const vqc_schema *except, vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(mapping, VQC_YAML_MAPPING, error));
    VQC_TRY(leading_apply(schema, object, prefix, mapping, error));
    for (size_t i = 0; i < vqc_yaml_count(mapping); i++) {
        const vqc_yaml_node *value = vqc_yaml_at(mapping, i);
        char key[KEY_SIZE];
        if (except != NULL && vqc_schema_find(except, vqc_yaml_key(value)) != NULL)
            continue;
        int size = snprintf(key, sizeof key, "%s%s", prefix, vqc_yaml_key(value));
        if (size < 0 || (size_t)size + 1 >= sizeof key)
            return vqc_yaml_error(value, error, "unknown setting");
        if (vqc_schema_find(schema, key) != NULL || vqc_yaml_kind_of(value) != VQC_YAML_MAPPING ||
            prefix[0] != '\0') {
            VQC_TRY(vqc_schema_apply_key(schema, object, key, value, value, error));
            continue;
        }
        key[size] = '.';
        key[size + 1] = '\0';
        if (vqc_yaml_count(value) == 0 && !has_group(schema, key)) { /* else its first key is refused */
            key[size] = '\0';
            return vqc_schema_apply_key(schema, object, key, value, value, error);
        }
        VQC_TRY(once_check(key, mapping, value, error));
        VQC_TRY(mapping_apply(schema, object, key, value, NULL, error));
    }
    return VQC_OK;
}

vqc_status vqc_schema_apply(const vqc_schema *schema, void *object, const vqc_yaml_node *mapping,
                            const vqc_schema *except, vqc_error *error)
{
    return mapping_apply(schema, object, "", mapping, except, error);
}

bool vqc_schema_has(const vqc_schema *schema, const void *object, const vqc_field *field)
{
    return is_option(schema, object, field);
}

bool vqc_schema_is_given(const vqc_schema *schema, const void *object, const vqc_field *field)
{
    const vqc_field led = vqc_field_led(leader_word(schema, object, field), field);
    return is_option(schema, object, field) && !vqc_field_is_usual(&led, object);
}

/* Whether the text must hold the field. */
static bool is_written(const vqc_schema *schema, const void *object, const vqc_field *field)
{
    if (!is_option(schema, object, field))
        return false;
    return !field->quiet || vqc_schema_is_given(schema, object, field);
}

/* Letters before the dot. */
static size_t group_of(const char *key)
{
    const char *dot = strchr(key, '.');
    return dot == NULL ? 0 : (size_t)(dot - key);
}

vqc_status vqc_schema_write(const vqc_schema *schema, const void *object, vqc_text *text, vqc_error *error)
{
    const char *open = ""; /* the key before, where it has a dot */
    for (size_t i = 0; i < schema->count; i++) {
        const vqc_field *field = &schema->fields[i];
        size_t group = group_of(field->key);
        if (!is_written(schema, object, field))
            continue;
        bool inside = group > 0 && strncmp(field->key, open, group + 1) == 0;
        if (open[0] != '\0' && !inside)
            VQC_TRY(vqc_text_append(text, error, "}\n"));
        if (group == 0)
            VQC_TRY(vqc_text_append(text, error, "  %s:%s", field->key, field->hooks == NULL ? " " : ""));
        else if (inside)
            VQC_TRY(vqc_text_append(text, error, ", %s: ", field->key + group + 1));
        else
            VQC_TRY(vqc_text_append(text, error, "  %.*s: {%s: ", (int)group, field->key, field->key + group + 1));
        VQC_TRY(vqc_field_write(field, object, text, error));
        if (group == 0)
            VQC_TRY(vqc_text_append(text, error, "\n"));
        open = group == 0 ? "" : field->key;
    }
    return open[0] == '\0' ? VQC_OK : vqc_text_append(text, error, "}\n");
}

/* The field's value as it is compared. */
static vqc_status value_write(const vqc_field *field, const void *object, vqc_text *text, vqc_error *error)
{
    text->size = 0;
    /* Texts that are not there, and others that are not written then, have no text. */
    if ((is_text(field) || field->kind == VQC_FIELD_OTHER) && vqc_field_is_usual(field, object))
        return vqc_text_append(text, error, "nothing");
    return vqc_field_write(field, object, text, error);
}

/* The value as people write it. */
static vqc_status value_show(const vqc_field *field, const void *object, vqc_text *text, vqc_error *error)
{
    if (field->kind != VQC_FIELD_REAL || vqc_field_curve(field, object) != NULL)
        return VQC_OK;
    text->size = 0;
    return vqc_text_append(text, error, "%.15g", number_get(field, object, 0));
}

vqc_status vqc_schema_compare(const vqc_schema *schema, const void *left, const void *right,
                              const vqc_field **differs_out, vqc_text *was, vqc_text *is, vqc_error *error)
{
    *differs_out = NULL;
    for (size_t i = 0; i < schema->count; i++) {
        const vqc_field *field = &schema->fields[i];
        if (!is_read(field) || field->kind == VQC_FIELD_PATH)
            continue;
        VQC_TRY(value_write(field, left, was, error));
        VQC_TRY(value_write(field, right, is, error));
        if (strcmp(was->data, is->data) == 0)
            continue;
        *differs_out = field;
        VQC_TRY(value_show(field, left, was, error));
        return value_show(field, right, is, error);
    }
    return VQC_OK;
}
