/* Where the latent may change: a picture's path, or a mapping of a picture or of a text. */

#include <string.h>

#include "study/tables.h"

static const char neutral_usual[] = "a picture";

static const vqc_word channels[] = {
    [VQC_MASK_LUMA] = {.word = "luma"},
    [VQC_MASK_ALPHA] = {.word = "alpha"},
};

static const vqc_word kept[] = {{.word = "latent"}, {.word = "pixels"}};

/* ---- threshold: one of these words, or a number ---- */

static const struct {
    const char *word;
    vqc_mask_rule rule;
} rules[] = {{"auto", VQC_MASK_AUTO}, {"otsu", VQC_MASK_OTSU}, {"none", VQC_MASK_NONE}};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

static void threshold_reset(void *object)
{
    vqc_mask *mask = object;
    mask->rule = VQC_MASK_AUTO;
    mask->level = 0.0;
}

static vqc_status threshold_read(void *object, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_mask *mask = object;
    vqc_error ignored;
    const char *scalar = vqc_yaml_scalar(node);
    threshold_reset(mask);
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (scalar != NULL && strcmp(scalar, rules[i].word) == 0) {
            mask->rule = rules[i].rule;
            return VQC_OK;
        }
    mask->rule = VQC_MASK_LEVEL;
    if (vqc_yaml_read_real(node, 0.0, 1.0, &mask->level, &ignored) == VQC_OK && mask->level > 0.0)
        return VQC_OK;
    return vqc_yaml_error(node, error, "expected auto, otsu, none or a number above 0 to 1, found %s",
                          scalar == NULL ? "a list, a mapping or nothing" : scalar);
}

static vqc_status threshold_write(const void *object, vqc_text *text, vqc_error *error)
{
    const vqc_mask *mask = object;
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (mask->rule == rules[i].rule)
            return vqc_text_append(text, error, "%s", rules[i].word);
    return vqc_text_append(text, error, "%.17g", mask->level);
}

static const vqc_field_hooks threshold_hooks = {
    .reset = threshold_reset, .read = threshold_read, .write = threshold_write};

/* ---- The keys ---- */

/* What both kinds of masks have. */
#define SHARED_FIELDS                                                                                                \
    {.key = "invert",                                                                                                \
     .kind = VQC_FIELD_BOOL,                                                                                         \
     VQC_MEMBER(vqc_mask, invert),                                                                                   \
     .says = "the latent may change where the mask is black, or transparent"},                                       \
        {.key = "soft",                                                                                              \
         .kind = VQC_FIELD_BOOL,                                                                                     \
         VQC_MEMBER(vqc_mask, soft),                                                                                 \
         .says = "a cell of the latent goes the share of each step that the mask has of white there; false: all of " \
                 "it where that is at least half, else none"},                                                       \
        {.key = "feather",                                                                                           \
         .kind = VQC_FIELD_INTEGER,                                                                                  \
         VQC_MEMBER(vqc_mask, feather),                                                                              \
         .maximum = 4096,                                                                                            \
         .says =                                                                                                     \
             "pixels to each side of the mask's edge over which it rises: every pixel becomes the mean of those "    \
             "at most so far away along both axes"},                                                                 \
        {.key = "keep",                                                                                              \
         .kind = VQC_FIELD_CHOICE,                                                                                   \
         VQC_MEMBER(vqc_mask, keep_pixels),                                                                          \
         VQC_WORDS(kept),                                                                                            \
         .says = "what stays outside: the latent, whose picture the generator makes, or the pixels of "              \
                 "init: {image: FILE}, laid over every picture, by the mask's values where they are neither black "  \
                 "nor white"},

static const vqc_field image_fields[] = {
    {.key = "image",
     .kind = VQC_FIELD_PATH,
     VQC_MEMBER(vqc_mask, file),
     .required = true,
     .says = "picture file, resized to the render's size"},
    {.key = "channel",
     .kind = VQC_FIELD_CHOICE,
     VQC_MEMBER(vqc_mask, channel),
     VQC_WORDS(channels),
     .says = "what of it counts: the mean of red, green and blue, white where the latent may change (transparent "
             "pixels lie on white), or the opacity"},
    SHARED_FIELDS};

static const vqc_field text_fields[] = {
    {.key = "text",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_mask, text),
     .required = true,
     .says = "what the perceptors look for in the picture of the start; the mask is white where they find it"},
    {.key = "neutral",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_mask, neutral),
     .otherwise = "a picture",
     .says = "a crop counts by its likeness to the text less that to this one; \"\": by the first alone"},
    {.key = "threshold",
     .kind = VQC_FIELD_OTHER,
     .hooks = &threshold_hooks,
     .form = "auto, otsu, none, number above 0 to 1",
     .otherwise = "auto",
     .says =
         "what is found is 0 to 1, from the least cell to the most; white is the upper class of Otsu's threshold, "
         "or (auto) the upper one of that again, or at least the number; none, with soft: true: the values "
         "themselves"},
    {.key = "crops",
     .kind = VQC_FIELD_INTEGER,
     VQC_MEMBER(vqc_mask, crops),
     .minimum = 1,
     .maximum = VQC_SETTINGS_MAX_CROPS,
     .usual = {256},
     .says = "random crops that each perceptor looks at"},
    {.key = "sizes",
     .kind = VQC_FIELD_RANGE,
     VQC_MEMBER(vqc_mask, sizes),
     .minimum = 0.01,
     .maximum = 1.0,
     .usual = {0.1, 0.3},
     .says = "their sides, as shares of the picture's shorter side"},
    SHARED_FIELDS};

const vqc_schema vqc_mask_schemas[VQC_MASK_SCHEMA_COUNT] = {
    {.title = "render.mask of a picture",
     .says = "A path alone is short for {image: PATH}. A mask that frees no cell of the latent is refused.",
     .fields = image_fields,
     .count = sizeof image_fields / sizeof image_fields[0],
     .object_size = sizeof(vqc_mask)},
    {.title = "render.mask of a text",
     .says = "Self-masking (paper, 2.5): where the perceptors find the text in many random crops of the start.",
     .fields = text_fields,
     .count = sizeof text_fields / sizeof text_fields[0],
     .object_size = sizeof(vqc_mask)},
};

static const vqc_schema *schema_of(const vqc_mask *mask)
{
    return &vqc_mask_schemas[mask->text == NULL ? 0 : 1];
}

/* ---- The mask ---- */

bool vqc_mask_is_given(const vqc_mask *mask)
{
    return mask->file != NULL || mask->text != NULL;
}

static bool texts_equal(const char *left, const char *right)
{
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

bool vqc_mask_is_like(const vqc_mask *left, const vqc_mask *right)
{
    return (left->file == NULL) == (right->file == NULL) && left->channel == right->channel &&
           texts_equal(left->text, right->text) && texts_equal(left->neutral, right->neutral) &&
           left->rule == right->rule && left->level == right->level && left->crops == right->crops &&
           left->sizes[0] == right->sizes[0] && left->sizes[1] == right->sizes[1] && left->invert == right->invert &&
           left->soft == right->soft && left->feather == right->feather && left->keep_pixels == right->keep_pixels;
}

static void mask_reset(void *object)
{
    ((vqc_settings *)object)->mask = (vqc_mask){0};
}

static bool mask_is_usual(const void *object)
{
    return !vqc_mask_is_given(&((const vqc_settings *)object)->mask);
}

static vqc_status mask_read(void *object, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_mask *mask = &((vqc_settings *)object)->mask;
    *mask = (vqc_mask){0};
    if (vqc_yaml_kind_of(node) != VQC_YAML_MAPPING)
        return vqc_yaml_read_text(node, &mask->file, error);
    bool image = vqc_yaml_find(node, "image") != NULL;
    bool text = vqc_yaml_find(node, "text") != NULL;
    if (image == text)
        return vqc_yaml_error(node, error, "expected one of image and text, found %s", image ? "both" : "neither");
    VQC_TRY(vqc_schema_read(&vqc_mask_schemas[text ? 1 : 0], mask, node, error));
    if (text && mask->text[0] == '\0')
        return vqc_yaml_error(vqc_yaml_find(node, "text"), error, "expected a text, found an empty one");
    if (text && mask->neutral == NULL)
        mask->neutral = neutral_usual;
    return VQC_OK;
}

/* Whether a path alone says it all. */
static bool is_plain(const vqc_mask *mask)
{
    const vqc_schema *schema = schema_of(mask);
    for (size_t i = 1; i < schema->count; i++)
        if (!vqc_field_is_usual(&schema->fields[i], mask))
            return false;
    return mask->text == NULL;
}

static vqc_status mask_write(const void *object, vqc_text *text, vqc_error *error)
{
    const vqc_mask *mask = &((const vqc_settings *)object)->mask;
    const vqc_schema *schema = schema_of(mask);
    bool plain = is_plain(mask);
    for (size_t i = 0; i < (plain ? 1 : schema->count); i++) {
        if (plain)
            VQC_TRY(vqc_text_append(text, error, " "));
        else
            VQC_TRY(vqc_text_append(text, error, "%s%s: ", i == 0 ? " {" : ", ", schema->fields[i].key));
        VQC_TRY(vqc_field_write(&schema->fields[i], mask, text, error));
    }
    return plain ? VQC_OK : vqc_text_append(text, error, "}");
}

const vqc_field_hooks vqc_mask_hooks = {
    .reset = mask_reset, .read = mask_read, .write = mask_write, .is_usual = mask_is_usual};
