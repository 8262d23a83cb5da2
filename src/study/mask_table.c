/* Where the latent may change: a picture's path, or a mapping. */

#include <string.h>

#include "study/tables.h"

static const vqc_word channels[] = {
    [VQC_MASK_LUMA] = {.word = "luma"},
    [VQC_MASK_ALPHA] = {.word = "alpha"},
};

static const vqc_word kept[] = {{.word = "latent"}, {.word = "pixels"}};

static const vqc_field fields[] = {
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
    {.key = "invert",
     .kind = VQC_FIELD_BOOL,
     VQC_MEMBER(vqc_mask, invert),
     .says = "the latent may change where the mask is black, or transparent"},
    {.key = "soft",
     .kind = VQC_FIELD_BOOL,
     VQC_MEMBER(vqc_mask, soft),
     .says = "a cell of the latent goes the share of each step that the mask has of white there; false: all of it "
             "where that is at least half, else none"},
    {.key = "feather",
     .kind = VQC_FIELD_INTEGER,
     VQC_MEMBER(vqc_mask, feather),
     .maximum = 4096,
     .says = "pixels to each side of the mask's edge over which it rises: every pixel becomes the mean of those at "
             "most so far away along both axes"},
    {.key = "keep",
     .kind = VQC_FIELD_CHOICE,
     VQC_MEMBER(vqc_mask, keep_pixels),
     VQC_WORDS(kept),
     .says =
         "what stays outside: the latent, whose picture the generator makes, or the pixels of init: {image: FILE}, "
         "laid over every picture, by the mask's values where they are neither black nor white"},
};

const vqc_schema vqc_mask_schema = {
    .title = "render.mask",
    .says = "A path alone is short for {image: PATH}. A mask that frees no cell of the latent is refused.",
    .fields = fields,
    .count = sizeof fields / sizeof fields[0],
    .object_size = sizeof(vqc_mask),
};

bool vqc_mask_is_given(const vqc_mask *mask)
{
    return mask->file != NULL;
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
    return vqc_schema_read(&vqc_mask_schema, mask, node, error);
}

/* Whether a path alone says it all. */
static bool is_plain(const vqc_mask *mask)
{
    for (size_t i = 1; i < vqc_mask_schema.count; i++)
        if (!vqc_field_is_usual(&fields[i], mask))
            return false;
    return true;
}

static vqc_status mask_write(const void *object, vqc_text *text, vqc_error *error)
{
    const vqc_mask *mask = &((const vqc_settings *)object)->mask;
    bool plain = is_plain(mask);
    VQC_TRY(vqc_text_append(text, error, plain ? " " : " {image: "));
    VQC_TRY(vqc_field_write(&fields[0], mask, text, error));
    for (size_t i = 1; !plain && i < vqc_mask_schema.count; i++) {
        VQC_TRY(vqc_text_append(text, error, ", %s: ", fields[i].key));
        VQC_TRY(vqc_field_write(&fields[i], mask, text, error));
    }
    return plain ? VQC_OK : vqc_text_append(text, error, "}");
}

const vqc_field_hooks vqc_mask_hooks = {
    .reset = mask_reset, .read = mask_read, .write = mask_write, .is_usual = mask_is_usual};
