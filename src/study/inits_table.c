/* What a latent starts as: a word, or a mapping of one word to what belongs to it. */

#include <string.h>

#include "study/tables.h"

static const vqc_field image_fields[] = {
    {.key = "image",
     .kind = VQC_FIELD_PATH,
     VQC_MEMBER(vqc_init, file),
     .required = true,
     .says = "picture file (PNG, JPEG)"},
    {.key = "noise",
     .kind = VQC_FIELD_REAL,
     VQC_MEMBER(vqc_init, noise),
     .maximum = 1.0,
     .quiet = true,
     .says =
         "beside image, {image: FILE, noise: 0.3}: share of uniform noise, as of pixels, on the picture before it "
         "is encoded: (1 - noise) colour + noise U, each U drawn for itself"},
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

static const vqc_field render_fields[] = {
    {.key = "render",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_init, source),
     .required = true,
     .says =
         "id of a prompt, whose render with the same seed and swept values it is; or of one render, PROMPT.SEED, and "
         ".KEY=VALUE where there is a sweep, as vqclip show has it. It is made first, of the same size; where it "
         "fails, so does this one. No circles"},
};

static const vqc_field color_fields[] = {
    {.key = "red", .kind = VQC_FIELD_REAL, VQC_MEMBER(vqc_init, red), .maximum = 1.0, .says = "of the colour"},
    {.key = "green", .kind = VQC_FIELD_REAL, VQC_MEMBER(vqc_init, green), .maximum = 1.0, .says = "of the colour"},
    {.key = "blue", .kind = VQC_FIELD_REAL, VQC_MEMBER(vqc_init, blue), .maximum = 1.0, .says = "of the colour"},
};

static const vqc_word perlin_modes[] = {
    [VQC_PERLIN_MIXED] = {.word = "mixed"},
    [VQC_PERLIN_COLOR] = {.word = "color"},
    [VQC_PERLIN_GRAY] = {.word = "gray"},
};

static const vqc_field perlin_fields[] = {
    {.key = "mode",
     .kind = VQC_FIELD_CHOICE,
     VQC_MEMBER(vqc_init, perlin),
     VQC_WORDS(perlin_modes),
     .says = "colours in coarse and fine noise, in the coarse one alone (mixed), or none"},
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
    [VQC_INIT_PERLIN] = {.word = "perlin",
                         .alone = true,
                         .schema =
                             SCHEMA(perlin_fields, "a picture of Perlin's noise in 12 and in 8 octaves, encoded "
                                                   "(diffusion notebooks)")},
    [VQC_INIT_RENDER] = {.word = "render",
                         .bare = true,
                         .schema = SCHEMA(render_fields, "the latent that another render of this study ends with")},
    [VQC_INIT_LATENT] = {.word = "latent", .schema = SCHEMA(latent_fields, "the latent that a render ended with")},
};

/* The words that may stand alone, or those that may stand in a mapping. */
static size_t words_list(bool alone, const char *words[VQC_INIT_COUNT])
{
    size_t count = 0;
    for (int i = 0; i < VQC_INIT_COUNT; i++)
        if (alone ? vqc_init_forms[i].schema.count == 0 || vqc_init_forms[i].alone
                  : vqc_init_forms[i].schema.count > 0)
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

static bool text_is_like(const char *left, const char *right)
{
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

bool vqc_init_is_like(const vqc_init *left, const vqc_init *right)
{
    return left->kind == right->kind && (left->file == NULL) == (right->file == NULL) &&
           text_is_like(left->tensor, right->tensor) && text_is_like(left->source, right->source) &&
           left->render == right->render && left->red == right->red && left->green == right->green &&
           left->blue == right->blue && left->perlin == right->perlin && left->noise == right->noise;
}

static void init_reset(void *object)
{
    vqc_settings *settings = object;
    settings->init = (vqc_init){.kind = VQC_INIT_RANDOM};
}

/* The words that may stand in a mapping, and what may stand beside them; their number. */
static size_t keys_list(const char *keys[VQC_INIT_COUNT + VQC_SCHEMA_FIELDS])
{
    size_t count = words_list(false, keys);
    for (int i = 0; i < VQC_INIT_COUNT; i++)
        for (size_t j = 1; vqc_init_forms[i].bare && j < vqc_init_forms[i].schema.count; j++)
            keys[count++] = vqc_init_forms[i].schema.fields[j].key;
    return count;
}

/* The only one of the words in a mapping of as many keys as it may have; NULL where that is not so. */
static const vqc_yaml_node *word_find(const vqc_yaml_node *node, const char *words[], size_t count)
{
    const vqc_yaml_node *found = NULL;
    for (size_t i = 0; i < count; i++) {
        const vqc_yaml_node *value = vqc_yaml_find(node, words[i]);
        if (value != NULL && found != NULL)
            return NULL;
        found = value != NULL ? value : found;
    }
    if (found == NULL || (vqc_yaml_count(node) > 1 && !vqc_init_forms[kind_find(vqc_yaml_key(found))].bare))
        return NULL;
    return found;
}

static vqc_status mapping_read(vqc_init *init, const vqc_yaml_node *node, vqc_error *error)
{
    const char *keys[VQC_INIT_COUNT + VQC_SCHEMA_FIELDS];
    const char *words[VQC_INIT_COUNT];
    size_t count = words_list(false, words);
    VQC_TRY(vqc_yaml_check_keys(node, keys, keys_list(keys), error));
    const vqc_yaml_node *value = word_find(node, words, count);
    if (value == NULL) {
        char expected[512];
        vqc_yaml_words_join(words, count, expected, sizeof expected);
        return vqc_yaml_error(node, error, "expected one of %s", expected);
    }
    init->kind = kind_find(vqc_yaml_key(value));
    const vqc_init_form *form = &vqc_init_forms[init->kind];
    return vqc_schema_read(&form->schema, init, form->bare ? node : value, error);
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
    vqc_schema_reset(&vqc_init_forms[settings->init.kind].schema, &settings->init);
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
        if (schema->fields[i].quiet && vqc_field_is_usual(&schema->fields[i], init))
            continue;
        VQC_TRY(vqc_text_append(text, error, "%s%s: ", i == 0 ? "" : ", ", schema->fields[i].key));
        VQC_TRY(vqc_field_write(&schema->fields[i], init, text, error));
    }
    return vqc_text_append(text, error, form->bare ? "}" : "}}");
}

const vqc_field_hooks vqc_init_hooks = {.reset = init_reset, .read = init_read, .write = init_write};
