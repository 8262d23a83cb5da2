#include "text/post_processor.h"

#include <string.h>

/* What one kind of post-processor adds. */
typedef struct processor_type {
    const char *name;
    vqc_status (*read)(const vqc_json_place *place, vqc_token_list *before, vqc_token_list *after, vqc_error *error);
} processor_type;

/* Appends the id of a pair [text, id]. */
static vqc_status pair_append(const vqc_json_place *place, const char *key, vqc_token_list *tokens, vqc_error *error)
{
    int32_t id;
    vqc_json_place pair = vqc_json_member(place, key);
    vqc_json_place number = vqc_json_item(&pair, 1);
    VQC_TRY(vqc_json_array(&pair, error));
    VQC_TRY(vqc_json_id(&number, &id, error));
    return vqc_token_list_append(tokens, &id, 1, error);
}

static vqc_status two_ends_read(const vqc_json_place *place, vqc_token_list *before, vqc_token_list *after,
                                vqc_error *error)
{
    static const char *const keys[] = {"type", "sep", "cls", "trim_offsets", "add_prefix_space", NULL};
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    VQC_TRY(pair_append(place, "cls", before, error));
    return pair_append(place, "sep", after, error);
}

static vqc_status byte_level_read(const vqc_json_place *place, vqc_token_list *before, vqc_token_list *after,
                                  vqc_error *error)
{
    static const char *const keys[] = {"type", "trim_offsets", "add_prefix_space", "use_regex", NULL};
    (void)before;
    (void)after;
    return vqc_json_keys_check(place, keys, error);
}

/* Appends the ids of a special token of a template. */
static vqc_status special_append(const vqc_json_place *template, const vqc_json_place *special,
                                 vqc_token_list *tokens, vqc_error *error)
{
    const char *name;
    vqc_json_place id = vqc_json_member(special, "id");
    vqc_json_place table = vqc_json_member(template, "special_tokens");
    VQC_TRY(vqc_json_text(&id, &name, error));
    vqc_json_place entry = vqc_json_member(&table, name);
    vqc_json_place ids = vqc_json_member(&entry, "ids");
    VQC_TRY(vqc_json_array(&ids, error));
    for (size_t i = 0; i < vqc_json_count(&ids); i++) {
        int32_t number;
        vqc_json_place item = vqc_json_item(&ids, i);
        VQC_TRY(vqc_json_id(&item, &number, error));
        VQC_TRY(vqc_token_list_append(tokens, &number, 1, error));
    }
    return VQC_OK;
}

static vqc_status template_read(const vqc_json_place *place, vqc_token_list *before, vqc_token_list *after,
                                vqc_error *error)
{
    static const char *const keys[] = {"type", "single", "pair", "special_tokens", NULL};
    size_t texts = 0;
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    vqc_json_place single = vqc_json_member(place, "single");
    VQC_TRY(vqc_json_array(&single, error));
    for (size_t i = 0; i < vqc_json_count(&single); i++) {
        vqc_json_place item = vqc_json_item(&single, i);
        vqc_json_place sequence = vqc_json_member(&item, "Sequence");
        vqc_json_place special = vqc_json_member(&item, "SpecialToken");
        texts += sequence.value != NULL;
        if (special.value != NULL)
            VQC_TRY(special_append(place, &special, texts == 0 ? before : after, error));
        else if (sequence.value == NULL)
            return vqc_json_refuse_value(&item, "a Sequence or a SpecialToken", error);
    }
    return texts == 1 ? VQC_OK : vqc_json_refuse(&single, error, "expected the text once, found it %zu times", texts);
}

static const processor_type types[] = {
    {.name = "TemplateProcessing", .read = template_read},
    {.name = "RobertaProcessing", .read = two_ends_read},
    {.name = "BertProcessing", .read = two_ends_read},
    {.name = "ByteLevel", .read = byte_level_read},
};

static vqc_status processor_read(const vqc_json_place *place, vqc_token_list *before, vqc_token_list *after,
                                 vqc_error *error)
{
    const char *name;
    vqc_json_place type = vqc_json_member(place, "type");
    VQC_TRY(vqc_json_text(&type, &name, error));
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].read(place, before, after, error);
    return vqc_json_refuse_value(&type, "a post-processor that is computed", error);
}

vqc_status vqc_post_processor_read(const vqc_json_place *place, vqc_token_list *before, vqc_token_list *after,
                                   vqc_error *error)
{
    vqc_json_place type = vqc_json_member(place, "type");
    vqc_json_place list = vqc_json_member(place, "processors");
    if (place->value == NULL)
        return VQC_OK;
    if (list.value == NULL ||
        strcmp(json_string_value(type.value) == NULL ? "" : json_string_value(type.value), "Sequence") != 0)
        return processor_read(place, before, after, error);
    VQC_TRY(vqc_json_array(&list, error));
    for (size_t i = 0; i < vqc_json_count(&list); i++) {
        vqc_json_place item = vqc_json_item(&list, i);
        size_t added = before->count + after->count;
        VQC_TRY(processor_read(&item, before, after, error));
        if (added > 0 && before->count + after->count > added)
            return vqc_json_refuse(&item, error, "a second post-processor that adds tokens is not computed");
    }
    return VQC_OK;
}
