/* The list of augmentations: its reading and writing by the rows of augmentations.def. */

#include <string.h>

#include "study/tables.h"

enum { DEFAULT_COUNT = 4 };

/* Those of the paper. */
static const vqc_augmentation_kind usual[DEFAULT_COUNT] = {VQC_AUGMENTATION_FLIP, VQC_AUGMENTATION_AFFINE,
                                                           VQC_AUGMENTATION_PERSPECTIVE, VQC_AUGMENTATION_JITTER};

static const struct {
    const char *code, *says;
    double probability;
} augmentations[] = {
#define VQC_AUGMENTATION(kind, identifier, code_, p, says_)                                                          \
    [VQC_AUGMENTATION_##kind] = {.code = code_, .says = says_, .probability = p},
#include "study/augmentations.def"
};

static const vqc_word paddings[] = {{.word = "zeros"}, {.word = "border"}};
static const vqc_word motions[] = {{.word = "shear"}, {.word = "rotation"}};
static const vqc_word orders[] = {{.word = "together"}, {.word = "each"}};

static const vqc_word crops[] = {
    [VQC_AUGMENTED_ALL] = {.word = "all"},
    [VQC_AUGMENTED_OVERVIEW] = {.word = "overview"},
    [VQC_AUGMENTED_INNER] = {.word = "inner"},
};

const vqc_field vqc_augmentation_crops_field = {
    .key = "crops",
    .kind = VQC_FIELD_CHOICE,
    VQC_MEMBER(vqc_augmentation, crops),
    VQC_WORDS(crops),
    .quiet = true,
    .says = "which crops may have it: all, those that crops.overview counts, or the others (pixray: wide and zoom)"};

/* The parameters of all of them. */
static const struct {
    vqc_augmentation_kind kind;
    vqc_field field;
} parameters[] = {
#define VQC_AUGMENTATION_PARAMETER(kind_, type, member, ...)                                                         \
    {.kind = VQC_AUGMENTATION_##kind_, .field = {VQC_MEMBER(vqc_augmentation, member), __VA_ARGS__}},
#define VQC_AUGMENTATION_SHARES(kind_, member, ...)                                                                  \
    {.kind = VQC_AUGMENTATION_##kind_, .field = {VQC_MEMBER(vqc_augmentation, member), __VA_ARGS__}},
#include "study/augmentations.def"
};

/* What some of them had otherwise in the first edition. */
static const struct {
    vqc_augmentation_kind kind;
    vqc_field field;
} first_parameters[] = {
#define VQC_AUGMENTATION_FIRST(kind_, key_, ...)                                                                     \
    {.kind = VQC_AUGMENTATION_##kind_, .field = {.key = (key_), __VA_ARGS__}},
#include "study/augmentations.def"
};

const char *vqc_augmentation_code(vqc_augmentation_kind kind)
{
    return augmentations[kind].code;
}

const char *vqc_augmentation_says(vqc_augmentation_kind kind)
{
    return augmentations[kind].says;
}

size_t vqc_augmentation_fields(vqc_augmentation_kind kind, vqc_field fields[VQC_SCHEMA_FIELDS])
{
    size_t count = 0;
    fields[count++] = (vqc_field){.key = "p",
                                  .kind = VQC_FIELD_REAL,
                                  VQC_MEMBER(vqc_augmentation, probability),
                                  .maximum = 1.0,
                                  .usual = {augmentations[kind].probability},
                                  .says = "its probability"};
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        if (parameters[i].kind == kind)
            fields[count++] = parameters[i].field;
    fields[count++] = vqc_augmentation_crops_field;
    return count;
}

/* The fields as an edition has them. */
static size_t edition_fields(vqc_edition edition, vqc_augmentation_kind kind, vqc_field fields[VQC_SCHEMA_FIELDS])
{
    size_t count = vqc_augmentation_fields(kind, fields);
    for (size_t i = 0; edition == VQC_EDITION_FIRST && i < sizeof first_parameters / sizeof first_parameters[0]; i++)
        for (size_t j = 0; first_parameters[i].kind == kind && j < count; j++)
            if (strcmp(fields[j].key, first_parameters[i].field.key) == 0) {
                memcpy(fields[j].usual, first_parameters[i].field.usual, sizeof fields[j].usual);
                memcpy(fields[j].single, first_parameters[i].field.single, sizeof fields[j].single);
            }
    return count;
}

/* With the published parameters, as an edition took them. */
static vqc_augmentation edition_default(vqc_edition edition, vqc_augmentation_kind kind)
{
    vqc_field fields[VQC_SCHEMA_FIELDS];
    vqc_augmentation augmentation = {.kind = kind};
    size_t count = edition_fields(edition, kind, fields);
    for (size_t i = 0; i < count; i++)
        vqc_field_reset(&fields[i], &augmentation);
    return augmentation;
}

vqc_augmentation vqc_augmentation_default(vqc_augmentation_kind kind)
{
    return edition_default(VQC_EDITION_NOW, kind);
}

/* Refuses a code that is none. */
static vqc_status code_refuse(const vqc_yaml_node *node, const char *code, vqc_error *error)
{
    const char *words[VQC_AUGMENTATION_COUNT];
    char codes[512];
    for (int i = 0; i < VQC_AUGMENTATION_COUNT; i++)
        words[i] = augmentations[i].code;
    vqc_yaml_words_join(words, VQC_AUGMENTATION_COUNT, codes, sizeof codes);
    return vqc_yaml_error(node, error, "expected one of %s, found %s", codes, code);
}

/* Starts an augmentation from its code. */
static vqc_status augmentation_start(const vqc_yaml_node *node, vqc_edition edition, vqc_augmentation *augmentation,
                                     vqc_error *error)
{
    const char *code;
    int kind = 0;
    VQC_TRY(vqc_yaml_read_text(node, &code, error));
    while (kind < VQC_AUGMENTATION_COUNT && strcmp(augmentations[kind].code, code) != 0)
        kind++;
    if (kind == VQC_AUGMENTATION_COUNT)
        return code_refuse(node, code, error);
    *augmentation = edition_default(edition, (vqc_augmentation_kind)kind);
    return VQC_OK;
}

/* Refuses a parameter that the augmentation does not have; says which it has. */
static vqc_status parameter_refuse(const vqc_yaml_node *node, const char *code, const vqc_field *fields, size_t count,
                                   vqc_error *error)
{
    const char *words[VQC_SCHEMA_FIELDS];
    char keys[512];
    for (size_t i = 0; i < count; i++)
        words[i] = fields[i].key;
    vqc_yaml_words_join(words, count, keys, sizeof keys);
    return vqc_yaml_error(node, error, "this augmentation has no such parameter: %s has %s", code, keys);
}

static vqc_status parameter_read(const vqc_yaml_node *node, vqc_edition edition, vqc_augmentation *augmentation,
                                 vqc_error *error)
{
    vqc_field fields[VQC_SCHEMA_FIELDS];
    size_t count = edition_fields(edition, augmentation->kind, fields);
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].key, vqc_yaml_key(node)) == 0)
            return vqc_field_read(&fields[i], augmentation, node, error);
    return parameter_refuse(node, augmentations[augmentation->kind].code, fields, count, error);
}

static vqc_status augmentation_read(const vqc_yaml_node *node, vqc_edition edition, vqc_augmentation *augmentation,
                                    vqc_error *error)
{
    if (vqc_yaml_kind_of(node) == VQC_YAML_SCALAR)
        return augmentation_start(node, edition, augmentation, error);
    const vqc_yaml_node *name;
    VQC_TRY(vqc_yaml_require(node, "name", &name, error));
    VQC_TRY(augmentation_start(name, edition, augmentation, error));
    for (size_t i = 0; i < vqc_yaml_count(node); i++)
        if (vqc_yaml_at(node, i) != name)
            VQC_TRY(parameter_read(vqc_yaml_at(node, i), edition, augmentation, error));
    return VQC_OK;
}

static void list_reset(void *object)
{
    vqc_settings *settings = object;
    settings->augmentation_count = DEFAULT_COUNT;
    for (int i = 0; i < DEFAULT_COUNT; i++)
        settings->augmentations[i] = edition_default(settings->edition, usual[i]);
}

static vqc_status list_read(void *object, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_settings *settings = object;
    VQC_TRY(vqc_yaml_expect(node, VQC_YAML_SEQUENCE, error));
    if (vqc_yaml_count(node) > VQC_SETTINGS_MAX_AUGMENTATIONS)
        return vqc_yaml_error(node, error, "expected at most %d augmentations", VQC_SETTINGS_MAX_AUGMENTATIONS);
    for (size_t i = 0; i < vqc_yaml_count(node); i++)
        VQC_TRY(augmentation_read(vqc_yaml_at(node, i), settings->edition, &settings->augmentations[i], error));
    settings->augmentation_count = (int)vqc_yaml_count(node);
    return VQC_OK;
}

static vqc_status augmentation_write(const vqc_augmentation *augmentation, vqc_text *text, vqc_error *error)
{
    vqc_field fields[VQC_SCHEMA_FIELDS];
    size_t count = vqc_augmentation_fields(augmentation->kind, fields);
    VQC_TRY(vqc_text_append(text, error, "\n    - {name: %s", augmentations[augmentation->kind].code));
    for (size_t i = 0; i < count; i++) {
        if (fields[i].quiet && vqc_field_is_usual(&fields[i], augmentation))
            continue;
        VQC_TRY(vqc_text_append(text, error, ", %s: ", fields[i].key));
        VQC_TRY(vqc_field_write(&fields[i], augmentation, text, error));
    }
    return vqc_text_append(text, error, "}");
}

static vqc_status list_write(const void *object, vqc_text *text, vqc_error *error)
{
    const vqc_settings *settings = object;
    if (settings->augmentation_count == 0)
        return vqc_text_append(text, error, " []");
    for (int i = 0; i < settings->augmentation_count; i++)
        VQC_TRY(augmentation_write(&settings->augmentations[i], text, error));
    return VQC_OK;
}

const vqc_field_hooks vqc_augmentations_hooks = {.reset = list_reset, .read = list_read, .write = list_write};
