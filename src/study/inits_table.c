/* What a latent starts as: a word, or a mapping of one word to what belongs to it. */

#include <string.h>

#include "study/tables.h"

static const vqc_field image_fields[] = {
    {.key = "image",
     .kind = VQC_FIELD_PATH,
     VQC_MEMBER(vqc_init, file),
     .required = true,
     .says = "picture file (PNG, JPEG)"},
};

static const vqc_field codes_fields[] = {
    {.key = "file", .kind = VQC_FIELD_PATH, VQC_MEMBER(vqc_init, file), .required = true, .says = "safetensors file"},
    {.key = "tensor",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_init, tensor),
     .required = true,
     .says = "the name of integers (rows, columns) in it"},
};

static const vqc_field latent_fields[] = {
    {.key = "archive",
     .kind = VQC_FIELD_PATH,
     VQC_MEMBER(vqc_init, file),
     .required = true,
     .says = "archive of another study"},
    {.key = "render",
     .kind = VQC_FIELD_INTEGER,
     VQC_MEMBER(vqc_init, render),
     .maximum = INT32_MAX,
     .required = true,
     .says = "number of its render, which must be finished"},
};

static const vqc_field color_fields[] = {
    {.key = "red", .kind = VQC_FIELD_REAL, VQC_MEMBER(vqc_init, red), .maximum = 1.0, .says = "of the colour"},
    {.key = "green", .kind = VQC_FIELD_REAL, VQC_MEMBER(vqc_init, green), .maximum = 1.0, .says = "of the colour"},
    {.key = "blue", .kind = VQC_FIELD_REAL, VQC_MEMBER(vqc_init, blue), .maximum = 1.0, .says = "of the colour"},
};

#define SCHEMA(list, text)                                                                                           \
    {                                                                                                                \
        .title = "init", .says = (text), .fields = (list), .count = sizeof(list) / sizeof((list)[0]),                \
        .object_size = sizeof(vqc_init)                                                                              \
    }

const vqc_init_form vqc_init_forms[] = {
    [VQC_INIT_RANDOM] = {.word = "random",
                         .schema = {.says = "uniformly random codes; without a codebook, normal numbers"}},
    [VQC_INIT_PIXELS] = {.word = "pixels", .schema = {.says = "a picture of uniform noise, encoded"}},
    [VQC_INIT_GRADIENT] = {.word = "gradient",
                           .schema = {.says = "a picture of random linear colour gradients, encoded"}},
    [VQC_INIT_IMAGE] = {.word = "image", .bare = true, .schema = SCHEMA(image_fields, "a picture, encoded")},
    [VQC_INIT_CODES] = {.word = "codes", .schema = SCHEMA(codes_fields, "codes from a file")},
    [VQC_INIT_COLOR] = {.word = "color", .schema = SCHEMA(color_fields, "a picture of one colour, encoded")},
    [VQC_INIT_LATENT] = {.word = "latent", .schema = SCHEMA(latent_fields, "the latent that a render ended with")},
};

/* The words that stand alone, or those that do not. */
static size_t words_list(bool alone, const char *words[VQC_INIT_COUNT])
{
    size_t count = 0;
    for (int i = 0; i < VQC_INIT_COUNT; i++)
        if ((vqc_init_forms[i].schema.count == 0) == alone)
            words[count++] = vqc_init_forms[i].word;
    return count;
}

static vqc_init_kind kind_find(const char *word)
{
    int kind = 0;
    while (strcmp(vqc_init_forms[kind].word, word) != 0)
        kind++;
    return (vqc_init_kind)kind;
}

static void init_reset(void *object)
{
    vqc_settings *settings = object;
    settings->init = (vqc_init){.kind = VQC_INIT_RANDOM};
}

static vqc_status mapping_read(vqc_init *init, const vqc_yaml_node *node, vqc_error *error)
{
    const char *words[VQC_INIT_COUNT];
    size_t count = words_list(false, words);
    VQC_TRY(vqc_yaml_check_keys(node, words, count, error));
    if (vqc_yaml_count(node) != 1) {
        char expected[512];
        vqc_yaml_words_join(words, count, expected, sizeof expected);
        return vqc_yaml_error(node, error, "expected one of %s", expected);
    }
    const vqc_yaml_node *value = vqc_yaml_at(node, 0);
    init->kind = kind_find(vqc_yaml_key(value));
    const vqc_init_form *form = &vqc_init_forms[init->kind];
    return form->bare ? vqc_field_read(form->schema.fields, init, value, error)
                      : vqc_schema_read(&form->schema, init, value, error);
}

static vqc_status init_read(void *object, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_settings *settings = object;
    const char *words[VQC_INIT_COUNT];
    size_t choice;
    settings->init = (vqc_init){0};
    if (vqc_yaml_kind_of(node) == VQC_YAML_MAPPING)
        return mapping_read(&settings->init, node, error);
    VQC_TRY(vqc_yaml_read_choice(node, words, words_list(true, words), &choice, error));
    settings->init.kind = kind_find(words[choice]);
    return VQC_OK;
}

static vqc_status init_write(const void *object, vqc_text *text, vqc_error *error)
{
    const vqc_init *init = &((const vqc_settings *)object)->init;
    const vqc_init_form *form = &vqc_init_forms[init->kind];
    const vqc_schema *schema = &form->schema;
    if (schema->count == 0)
        return vqc_text_append(text, error, " %s", form->word);
    VQC_TRY(vqc_text_append(text, error, form->bare ? " {" : " {%s: {", form->word));
    for (size_t i = 0; i < schema->count; i++) {
        VQC_TRY(vqc_text_append(text, error, "%s%s: ", i == 0 ? "" : ", ", schema->fields[i].key));
        VQC_TRY(vqc_field_write(&schema->fields[i], init, text, error));
    }
    return vqc_text_append(text, error, form->bare ? "}" : "}}");
}

const vqc_field_hooks vqc_init_hooks = {.reset = init_reset, .read = init_read, .write = init_write};
