#include "text/named_tokens.h"

#include <string.h>

/* Whoever takes the tokens. */
typedef struct taker {
    const vqc_tokenizer_surroundings *surroundings;
    vqc_status (*take)(void *context, const vqc_named_token *token, vqc_error *error);
    void *context;
} taker;

static const char *const keys[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                   "cls_token", "pad_token", "mask_token"};
static const char *const lists[] = {"extra_special_tokens", "additional_special_tokens"};
enum { KEYS = sizeof keys / sizeof keys[0], LISTS = sizeof lists / sizeof lists[0] };

static vqc_status token_take(const taker *to, const vqc_json_place *place, bool is_of_config, vqc_error *error)
{
    vqc_json_place content = vqc_json_member(place, "content");
    vqc_named_token token = {
        .place = place, .is_of_config = is_of_config, .is_bare = !json_is_object(place->value), .id = -1};
    VQC_TRY(vqc_json_text(token.is_bare ? place : &content, &token.text, error));
    return to->take(to->context, &token, error);
}

/* A list of tokens, or an object that has each under a name of the model's. */
static vqc_status list_take(const taker *to, const vqc_json_place *list, vqc_error *error)
{
    void *root = (void *)(uintptr_t)list->value; /* jansson's iterators take no const */
    for (size_t i = 0; i < vqc_json_count(list); i++) {
        vqc_json_place item = vqc_json_item(list, i);
        VQC_TRY(token_take(to, &item, false, error));
    }
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        vqc_json_place item = vqc_json_member(list, json_object_iter_key(at));
        VQC_TRY(token_take(to, &item, false, error));
    }
    return VQC_OK;
}

static vqc_status lists_take(const taker *to, const vqc_json_place *config, vqc_error *error)
{
    for (size_t i = 0; i < LISTS; i++) {
        vqc_json_place list = vqc_json_member(config, lists[i]);
        VQC_TRY(list_take(to, &list, error));
    }
    return VQC_OK;
}

static vqc_status config_take(const taker *to, vqc_error *error)
{
    vqc_json_place config =
        vqc_json_whole(to->surroundings->tokenizer_config_path, to->surroundings->tokenizer_config);
    for (size_t i = 0; i < KEYS; i++) {
        vqc_json_place place = vqc_json_member(&config, keys[i]);
        if (place.value != NULL)
            VQC_TRY(token_take(to, &place, true, error));
    }
    return lists_take(to, &config, error);
}

/* The class's own token of a key; NULL: it has none, or none that changes ids. */
static const char *class_token(const vqc_tokenizer_class *class, const char *key)
{
    if (class == NULL)
        return NULL;
    if (strcmp(key, "bos_token") == 0)
        return class->before;
    if (strcmp(key, "eos_token") == 0)
        return class->after;
    if (strcmp(key, "pad_token") == 0)
        return class->padding;
    return strcmp(key, "unk_token") == 0 ? class->unknown : NULL;
}

/* transformers lets a token of special_tokens_map.json replace the one of tokenizer_config.json, or not, by what else
 * the latter has: so they must be the same. */
static vqc_status same_check(const taker *to, const vqc_json_place *place, vqc_error *error)
{
    const char *wanted;
    const char *found;
    vqc_json_place content = vqc_json_member(place, "content");
    VQC_TRY(vqc_json_text(json_is_object(place->value) ? &content : place, &found, error));
    VQC_TRY(vqc_tokenizer_surroundings_token(to->surroundings, place->key, &wanted, error));
    bool is_said = wanted != NULL;
    if (!is_said)
        wanted = class_token(to->surroundings->class, place->key);
    if (wanted == NULL && strcmp(place->key, "pad_token") == 0)
        return vqc_json_refuse_value(place, "tokenizer_config.json to say it too", error);
    if (wanted == NULL || strcmp(wanted, found) == 0)
        return VQC_OK;
    return vqc_json_refuse(place, error, "expected \"%s\", as %s has it, found \"%s\"", wanted,
                           is_said ? "tokenizer_config.json" : "its class", found);
}

static vqc_status map_take(const taker *to, vqc_error *error)
{
    vqc_json_place map = vqc_json_whole(to->surroundings->special_tokens_path, to->surroundings->special_tokens);
    static const char *const known[KEYS + LISTS + 1] = {"bos_token",
                                                        "eos_token",
                                                        "unk_token",
                                                        "sep_token",
                                                        "cls_token",
                                                        "pad_token",
                                                        "mask_token",
                                                        "extra_special_tokens",
                                                        "additional_special_tokens"};
    if (map.value == NULL)
        return VQC_OK;
    VQC_TRY(vqc_json_keys_check(&map, known, error));
    for (size_t i = 0; i < KEYS; i++) {
        vqc_json_place place = vqc_json_member(&map, keys[i]);
        if (place.value == NULL)
            continue;
        VQC_TRY(same_check(to, &place, error));
        VQC_TRY(token_take(to, &place, false, error));
    }
    return lists_take(to, &map, error);
}

/* added_tokens.json: {text: id}. */
static vqc_status added_take(const taker *to, vqc_error *error)
{
    vqc_json_place file = vqc_json_whole(to->surroundings->added_tokens_path, to->surroundings->added_tokens);
    void *root = (void *)(uintptr_t)file.value; /* jansson's iterators take no const */
    if (file.value == NULL)
        return VQC_OK;
    VQC_TRY(vqc_json_object(&file, error));
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        vqc_json_place place = vqc_json_member(&file, json_object_iter_key(at));
        vqc_named_token token = {.place = &place, .text = place.key, .is_bare = true};
        VQC_TRY(vqc_json_id(&place, &token.id, error));
        VQC_TRY(to->take(to->context, &token, error));
    }
    return VQC_OK;
}

vqc_status vqc_named_tokens_each(const vqc_tokenizer_surroundings *surroundings,
                                 vqc_status (*take)(void *context, const vqc_named_token *token, vqc_error *error),
                                 void *context, vqc_error *error)
{
    const taker to = {.surroundings = surroundings, .take = take, .context = context};
    VQC_TRY(config_take(&to, error));
    VQC_TRY(map_take(&to, error));
    return added_take(&to, error);
}
