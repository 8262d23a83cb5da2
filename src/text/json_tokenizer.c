#include "text/json_tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/json_file.h"
#include "text/added_tokens.h"
#include "text/byte_pairs.h"
#include "text/named_tokens.h"
#include "text/normaliser.h"
#include "text/post_processor.h"
#include "text/pre_tokenizer.h"
#include "text/unigram.h"

/* tokenizer.json, the file of the library tokenizers: added tokens are cut out, what lies between is normalised,
 * split into words, and each word is encoded by the model. */

struct vqc_json_tokenizer {
    vqc_pieces pieces;
    vqc_byte_pairs *pairs; /* NULL: the model is the Unigram */
    vqc_unigram unigram;
    double *scores;
    vqc_normaliser *normaliser;
    vqc_pre_tokenizer *pre_tokenizer;
    vqc_added_tokens added;
    vqc_token_list before, after;
};

/* ---- The vocabulary and the model ---- */

/* One kind of model. */
typedef struct model_type {
    const char *name;
    vqc_status (*read)(vqc_json_tokenizer *tokenizer, const vqc_json_place *model, vqc_error *error);
} model_type;

/* The ids of a vocabulary must be 0 to its size - 1. */
static vqc_status ids_check(vqc_json_tokenizer *tokenizer, const vqc_json_place *vocabulary, vqc_error *error)
{
    bool complete;
    int32_t id;
    VQC_TRY(vqc_pieces_ids_check(&tokenizer->pieces, &complete, &id, error));
    if (!complete)
        return vqc_json_refuse(vocabulary, error, "expected the ids 0 to %zu, each once, found %d",
                               tokenizer->pieces.count - 1, id);
    return vqc_pieces_sort(&tokenizer->pieces, error);
}

static vqc_status pieces_read(vqc_json_tokenizer *tokenizer, const vqc_json_place *vocabulary, vqc_error *error)
{
    VQC_TRY(vqc_json_object(vocabulary, error));
    void *root = (void *)(uintptr_t)vocabulary->value; /* jansson's iterators take no const */
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        const char *text = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        json_int_t id = json_integer_value(value);
        vqc_json_place place = {.parent = vocabulary, .key = text, .value = value, .file = vocabulary->file};
        if (!json_is_integer(value) || id < 0 || id > INT32_MAX)
            return vqc_json_refuse_value(&place, "a token id", error);
        VQC_TRY(vqc_pieces_add(&tokenizer->pieces, text, strlen(text), (int32_t)id, error));
    }
    return ids_check(tokenizer, vocabulary, error);
}

/* A merge is a pair of texts, in older files one text with a space between them. */
static vqc_status merge_read(vqc_json_tokenizer *tokenizer, const vqc_json_place *place, vqc_error *error)
{
    vqc_json_place pair[2] = {vqc_json_item(place, 0), vqc_json_item(place, 1)};
    const char *left = json_string_value(pair[0].value);
    const char *right = json_string_value(pair[1].value);
    size_t left_size = left == NULL ? 0 : strlen(left);
    bool is_pair = left != NULL && right != NULL && vqc_json_count(place) == 2;
    if (json_is_string(place->value)) {
        left = json_string_value(place->value);
        left_size = strcspn(left, " ");
        right = left + left_size + (left[left_size] == ' ');
        is_pair = left_size > 0 && right[0] != '\0' && strchr(right, ' ') == NULL;
    }
    if (!is_pair)
        return vqc_json_refuse_value(place, "two pieces", error);
    vqc_error reason = {0};
    vqc_status status = vqc_byte_pairs_add(tokenizer->pairs, left, left_size, right, strlen(right), &reason);
    return status == VQC_OK ? VQC_OK : vqc_json_refuse(place, error, "%s", reason.message);
}

/* The settings of the pairs from the keys of the model. */
static vqc_status pairs_settings_read(const vqc_json_tokenizer *tokenizer, const vqc_json_place *model,
                                      vqc_byte_pairs_settings *settings, vqc_error *error)
{
    const char *unknown;
    vqc_json_place suffix = vqc_json_member(model, "end_of_word_suffix");
    vqc_json_place token = vqc_json_member(model, "unk_token");
    vqc_json_place fuse = vqc_json_member(model, "fuse_unk");
    vqc_json_place bytes = vqc_json_member(model, "byte_fallback");
    *settings = (vqc_byte_pairs_settings){.pieces = &tokenizer->pieces, .suffix = "", .unknown = VQC_PIECES_NONE};
    if (suffix.value != NULL)
        VQC_TRY(vqc_json_text(&suffix, &settings->suffix, error));
    VQC_TRY(vqc_json_flag(&fuse, false, &settings->fuses_unknown, error));
    VQC_TRY(vqc_json_flag(&bytes, false, &settings->has_bytes, error));
    if (token.value == NULL)
        return VQC_OK;
    VQC_TRY(vqc_json_text(&token, &unknown, error));
    settings->unknown = vqc_pieces_find(&tokenizer->pieces, unknown, strlen(unknown));
    return settings->unknown != VQC_PIECES_NONE ? VQC_OK
                                                : vqc_json_refuse_value(&token, "a piece of the vocabulary", error);
}

static vqc_status nothing_check(const vqc_json_place *model, const char *key, vqc_error *error)
{
    vqc_json_place place = vqc_json_member(model, key);
    bool is_nothing = place.value == NULL || (json_is_string(place.value) && json_string_length(place.value) == 0) ||
                      (json_is_number(place.value) && json_number_value(place.value) == 0.0);
    return is_nothing ? VQC_OK : vqc_json_refuse_value(&place, "nothing", error);
}

static vqc_status pairs_read(vqc_json_tokenizer *tokenizer, const vqc_json_place *model, vqc_error *error)
{
    static const char *const keys[] = {"type",          "dropout",       "unk_token", "continuing_subword_prefix",
                                       "fuse_unk",      "byte_fallback", "vocab",     "end_of_word_suffix",
                                       "ignore_merges", "merges",        NULL};
    vqc_byte_pairs_settings settings;
    VQC_TRY(vqc_json_keys_check(model, keys, error));
    VQC_TRY(nothing_check(model, "dropout", error));
    VQC_TRY(nothing_check(model, "continuing_subword_prefix", error));
    VQC_TRY(vqc_json_only_flag(model, "ignore_merges", false, error));
    vqc_json_place vocabulary = vqc_json_member(model, "vocab");
    vqc_json_place merges = vqc_json_member(model, "merges");
    VQC_TRY(pieces_read(tokenizer, &vocabulary, error));
    VQC_TRY(pairs_settings_read(tokenizer, model, &settings, error));
    VQC_TRY(vqc_json_array(&merges, error));
    vqc_error reason = {0};
    if (vqc_byte_pairs_create(&settings, vqc_json_count(&merges), &tokenizer->pairs, &reason) != VQC_OK)
        return vqc_json_refuse(model, error, "%s", reason.message);
    for (size_t i = 0; i < vqc_json_count(&merges); i++) {
        vqc_json_place merge = vqc_json_item(&merges, i);
        VQC_TRY(merge_read(tokenizer, &merge, error));
    }
    return VQC_OK;
}

/* A piece with its score: [text, number]. */
static vqc_status scored_read(vqc_json_tokenizer *tokenizer, const vqc_json_place *place, int32_t id,
                              vqc_error *error)
{
    const char *text;
    vqc_json_place piece = vqc_json_item(place, 0);
    vqc_json_place score = vqc_json_item(place, 1);
    VQC_TRY(vqc_json_text(&piece, &text, error));
    if (!json_is_number(score.value) || vqc_json_count(place) != 2)
        return vqc_json_refuse_value(place, "a piece and its score", error);
    double number = json_number_value(score.value);
    tokenizer->scores[id] = number;
    if (id == 0 || number < tokenizer->unigram.unknown_score)
        tokenizer->unigram.unknown_score = number;
    return vqc_pieces_add(&tokenizer->pieces, text, strlen(text), id, error);
}

static vqc_status unigram_read(vqc_json_tokenizer *tokenizer, const vqc_json_place *model, vqc_error *error)
{
    static const char *const keys[] = {"type", "unk_id", "vocab", "byte_fallback", NULL};
    static const double unknown_penalty = 10.0;
    vqc_unigram *unigram = &tokenizer->unigram;
    *unigram = (vqc_unigram){.pieces = &tokenizer->pieces, .unknown = VQC_PIECES_NONE};
    VQC_TRY(vqc_json_keys_check(model, keys, error));
    VQC_TRY(vqc_json_only_flag(model, "byte_fallback", false, error));
    vqc_json_place vocabulary = vqc_json_member(model, "vocab");
    vqc_json_place unknown = vqc_json_member(model, "unk_id");
    VQC_TRY(vqc_json_array(&vocabulary, error));
    size_t count = vqc_json_count(&vocabulary);
    if (unknown.value != NULL)
        VQC_TRY(vqc_json_id(&unknown, &unigram->unknown, error));
    if (unigram->unknown != VQC_PIECES_NONE && (size_t)unigram->unknown >= count)
        return vqc_json_refuse_value(&unknown, "the id of a piece", error);
    VQC_TRY(vqc_memory_allocate(count, sizeof *tokenizer->scores, "scores", &tokenizer->scores, error));
    for (size_t i = 0; i < count; i++) {
        vqc_json_place item = vqc_json_item(&vocabulary, i);
        VQC_TRY(scored_read(tokenizer, &item, (int32_t)i, error));
    }
    unigram->scores = tokenizer->scores;
    unigram->unknown_score -= unknown_penalty;
    return VQC_OK;
}

static const model_type models[] = {{.name = "BPE", .read = pairs_read}, {.name = "Unigram", .read = unigram_read}};

static vqc_status model_read(vqc_json_tokenizer *tokenizer, const vqc_json_place *model, vqc_error *error)
{
    const char *name;
    vqc_json_place type = vqc_json_member(model, "type");
    VQC_TRY(vqc_json_text(&type, &name, error));
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (strcmp(models[i].name, name) == 0)
            return models[i].read(tokenizer, model, error);
    return vqc_json_refuse_value(&type, "\"BPE\" or \"Unigram\"", error);
}

/* ---- What transformers' class makes of the file ---- */

/* A copy without the maps of characters. */
static json_t *map_removed(const json_t *value)
{
    json_t *copy = json_deep_copy(value);
    (void)json_object_del(copy, "precompiled_charsmap");
    json_t *list = json_object_get(copy, "normalizers");
    for (size_t i = 0; i < json_array_size(list); i++)
        (void)json_object_del(json_array_get(list, i), "precompiled_charsmap");
    return copy;
}

/* The place must be one of the class's spellings. */
static vqc_status spelling_check(const vqc_json_place *place, const char *class, const char *const *spellings,
                                 size_t count, vqc_error *error)
{
    json_t *found = place->value == NULL ? json_null() : map_removed(place->value);
    bool known = false;
    for (size_t i = 0; i < count && spellings[i] != NULL && !known; i++) {
        json_t *spelling = json_loads(spellings[i], JSON_DECODE_ANY, NULL);
        known = spelling != NULL && json_equal(spelling, found);
        json_decref(spelling);
    }
    json_decref(found);
    if (known)
        return VQC_OK;
    vqc_error value = {0};
    (void)vqc_json_refuse_value(place, "the steps of its class", &value);
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "%s; transformers' %s builds its own and drops those of the file: without the configurations "
        "beside it the file is taken at its word",
        value.message, class);
}

/* The class's byte pairs take the configuration's unknown token, else its own, whatever the file's model says. */
static vqc_status unknown_check(const vqc_json_place *model, const vqc_tokenizer_surroundings *surroundings,
                                vqc_error *error)
{
    const char *token;
    VQC_TRY(vqc_tokenizer_surroundings_token(surroundings, "unk_token", &token, error));
    if (surroundings->class->unknown == NULL)
        return VQC_OK;
    const char *wanted = token == NULL ? surroundings->class->unknown : token;
    vqc_json_place place = vqc_json_member(model, "unk_token");
    const char *found = json_string_value(place.value);
    if (found != NULL && strcmp(found, wanted) == 0)
        return VQC_OK;
    return vqc_json_refuse(&place, error, "expected \"%s\", as %s has it", wanted,
                           token == NULL ? "its class" : "tokenizer_config.json");
}

static vqc_status class_check(const vqc_json_place *whole, const vqc_tokenizer_surroundings *surroundings,
                              vqc_error *error)
{
    const vqc_tokenizer_class *class = surroundings->class;
    vqc_json_place model = vqc_json_member(whole, "model");
    vqc_json_place normalizer = vqc_json_member(whole, "normalizer");
    vqc_json_place pre_tokenizer = vqc_json_member(whole, "pre_tokenizer");
    if (class->model == NULL)
        return vqc_json_refuse(whole, error, "transformers' %s reads no such file, but spiece.model", class->name);
    VQC_TRY(vqc_json_only_those(&model, class->model, error));
    VQC_TRY(unknown_check(&model, surroundings, error));
    VQC_TRY(spelling_check(&normalizer, class->name, class->normalizers,
                           sizeof class->normalizers / sizeof class->normalizers[0], error));
    return spelling_check(&pre_tokenizer, class->name, class->pre_tokenizers,
                          sizeof class->pre_tokenizers / sizeof class->pre_tokenizers[0], error);
}

/* The class's own pre-tokenizer; its spellings are checked by the tests. */
static vqc_status class_pre_tokenizer_create(vqc_json_tokenizer *tokenizer, const vqc_tokenizer_class *class,
                                             vqc_error *error)
{
    json_t *root = json_loads(class->pre_tokenizers[0], 0, NULL);
    vqc_json_place place = vqc_json_whole(class->name, root);
    vqc_status status = vqc_pre_tokenizer_create(&place, &tokenizer->pre_tokenizer, error);
    json_decref(root);
    return status;
}

static vqc_status steps_read(vqc_json_tokenizer *tokenizer, const vqc_json_place *whole,
                             const vqc_tokenizer_surroundings *surroundings, vqc_error *error)
{
    const vqc_tokenizer_class *class = surroundings->class;
    vqc_json_place normalizer = vqc_json_member(whole, "normalizer");
    vqc_json_place pre_tokenizer = vqc_json_member(whole, "pre_tokenizer");
    if (class != NULL)
        VQC_TRY(class_check(whole, surroundings, error));
    VQC_TRY(vqc_normaliser_create(&normalizer, &tokenizer->normaliser, error));
    if (class == NULL)
        return vqc_pre_tokenizer_create(&pre_tokenizer, &tokenizer->pre_tokenizer, error);
    if (class->map_alone)
        vqc_normaliser_keep_map(tokenizer->normaliser);
    if (class->lower_first)
        VQC_TRY(vqc_normaliser_lower_first(tokenizer->normaliser, error));
    return class_pre_tokenizer_create(tokenizer, class, error);
}

/* ---- The ends of a text ---- */

static int32_t token_find(const vqc_json_tokenizer *tokenizer, const char *text)
{
    int32_t id = vqc_pieces_find(&tokenizer->pieces, text, strlen(text));
    return id != VQC_PIECES_NONE ? id : vqc_pieces_find(&tokenizer->added.extra, text, strlen(text));
}

/* Puts the id of a token of the configuration, or of the class, into an empty list. */
static vqc_status end_set(vqc_json_tokenizer *tokenizer, const vqc_json_place *whole,
                          const vqc_tokenizer_surroundings *surroundings, const char *key, const char *otherwise,
                          vqc_token_list *tokens, vqc_error *error)
{
    const char *token;
    tokens->count = 0;
    VQC_TRY(vqc_tokenizer_surroundings_token(surroundings, key, &token, error));
    if (otherwise == NULL)
        return VQC_OK;
    token = token == NULL ? otherwise : token;
    int32_t id = token_find(tokenizer, token);
    if (id == VQC_PIECES_NONE)
        return vqc_json_refuse(whole, error, "the token %s is not in the vocabulary: the %s of its class", token,
                               key);
    return vqc_token_list_append(tokens, &id, 1, error);
}

/* add_bos_token and add_eos_token of the configuration must say what the post-processor does. */
static vqc_status end_flag_check(const vqc_tokenizer_surroundings *surroundings, const char *key,
                                 const vqc_token_list *tokens, vqc_error *error)
{
    vqc_json_place config = vqc_json_whole(surroundings->tokenizer_config_path, surroundings->tokenizer_config);
    return vqc_json_only_flag(&config, key, tokens->count > 0, error);
}

static vqc_status ends_set(vqc_json_tokenizer *tokenizer, const vqc_json_place *whole,
                           const vqc_tokenizer_surroundings *surroundings, vqc_error *error)
{
    const vqc_tokenizer_class *class = surroundings->class;
    if (class != NULL && (class->before != NULL || class->after != NULL)) {
        VQC_TRY(end_set(tokenizer, whole, surroundings, "bos_token", class->before, &tokenizer->before, error));
        VQC_TRY(end_set(tokenizer, whole, surroundings, "eos_token", class->after, &tokenizer->after, error));
    }
    VQC_TRY(end_flag_check(surroundings, "add_bos_token", &tokenizer->before, error));
    return end_flag_check(surroundings, "add_eos_token", &tokenizer->after, error);
}

/* ---- The whole file ---- */

static vqc_status padding_read(const vqc_json_place *whole, vqc_tokenizer_facts *facts, vqc_error *error)
{
    const char *side;
    vqc_json_place padding = vqc_json_member(whole, "padding");
    vqc_json_place id = vqc_json_member(&padding, "pad_id");
    vqc_json_place direction = vqc_json_member(&padding, "direction");
    if (padding.value == NULL)
        return VQC_OK;
    VQC_TRY(vqc_json_id(&id, &facts->padding, error));
    VQC_TRY(vqc_json_text(&direction, &side, error));
    facts->pads_left = strcmp(side, "Left") == 0;
    return facts->pads_left || strcmp(side, "Right") == 0
               ? VQC_OK
               : vqc_json_refuse_value(&direction, "\"Left\" or \"Right\"", error);
}

/* What the configuration says of padding counts more than what the file does. */
static vqc_status padding_set(const vqc_json_tokenizer *tokenizer, const vqc_json_place *whole,
                              const vqc_tokenizer_surroundings *surroundings, vqc_tokenizer_facts *facts,
                              vqc_error *error)
{
    const char *token;
    bool left;
    VQC_TRY(vqc_tokenizer_surroundings_padding(surroundings, &token, &left, error));
    if (token == NULL)
        return VQC_OK;
    facts->padding = token_find(tokenizer, token);
    facts->pads_left = left;
    if (facts->padding == VQC_PIECES_NONE)
        return vqc_json_refuse(whole, error, "the token %s is not in the vocabulary: the pad_token of its class",
                               token);
    return VQC_OK;
}

static bool is_cut_out(const vqc_json_tokenizer *tokenizer, const char *token)
{
    return vqc_pieces_find(&tokenizer->added.plain, token, strlen(token)) != VQC_PIECES_NONE ||
           vqc_pieces_find(&tokenizer->added.normalised, token, strlen(token)) != VQC_PIECES_NONE;
}

/* A token that a file beside this one names must be in the vocabulary: transformers would give it a new id. Those of
 * tokenizer_config.json are cut out of texts like the added ones; any other must be one of these. */
static vqc_status named_token_take(void *context, const vqc_named_token *token, vqc_error *error)
{
    vqc_json_tokenizer *tokenizer = context;
    int32_t id = token_find(tokenizer, token->text);
    if (id == VQC_PIECES_NONE)
        return vqc_json_refuse_value(token->place, "a token of the vocabulary", error);
    if (token->id >= 0 && token->id != id)
        return vqc_json_refuse(token->place, error, "expected the id %d, as the vocabulary has it, found %d", id,
                               token->id);
    if (is_cut_out(tokenizer, token->text) || token->text[0] == '\0')
        return VQC_OK;
    if (!token->is_of_config || !token->is_bare)
        return vqc_json_refuse_value(token->place, "one of the added tokens", error);
    return vqc_pieces_add(&tokenizer->added.plain, token->text, strlen(token->text), id, error);
}

/* "added_tokens_decoder" of the configuration repeats added tokens under their ids. */
static vqc_status config_added_check(const vqc_json_tokenizer *tokenizer,
                                     const vqc_tokenizer_surroundings *surroundings, vqc_error *error)
{
    vqc_json_place config = vqc_json_whole(surroundings->tokenizer_config_path, surroundings->tokenizer_config);
    vqc_json_place table = vqc_json_member(&config, "added_tokens_decoder");
    void *root = (void *)(uintptr_t)table.value; /* jansson's iterators take no const */
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        const char *content;
        vqc_json_place token = vqc_json_member(&table, json_object_iter_key(at));
        vqc_json_place text = vqc_json_member(&token, "content");
        VQC_TRY(vqc_json_text(&text, &content, error));
        int32_t id = token_find(tokenizer, content);
        char name[16];
        (void)snprintf(name, sizeof name, "%d", id);
        if (id == VQC_PIECES_NONE || strcmp(name, token.key) != 0)
            return vqc_json_refuse(&token, error, "the token %s has the id %s in the vocabulary", content,
                                   id == VQC_PIECES_NONE ? "of none" : name);
        if (!is_cut_out(tokenizer, content))
            return vqc_json_refuse_value(&token, "one of the added tokens", error);
        bool is_plain = vqc_pieces_find(&tokenizer->added.plain, content, strlen(content)) != VQC_PIECES_NONE;
        VQC_TRY(vqc_json_only_flag(&token, "normalized", !is_plain, error));
        VQC_TRY(vqc_json_only_flag(&token, "single_word", false, error));
        bool strips = tokenizer->added.flags != NULL && tokenizer->added.flags[id].takes_left;
        VQC_TRY(vqc_json_only_flag(&token, "lstrip", strips, error));
        strips = tokenizer->added.flags != NULL && tokenizer->added.flags[id].takes_right;
        VQC_TRY(vqc_json_only_flag(&token, "rstrip", strips, error));
    }
    return VQC_OK;
}

/* The ids of a list must be those of tokens. */
static vqc_status list_check(const vqc_json_tokenizer *tokenizer, const vqc_json_place *place,
                             const vqc_token_list *tokens, vqc_error *error)
{
    size_t size = tokenizer->pieces.count + tokenizer->added.extra.count;
    for (size_t i = 0; i < tokens->count; i++)
        if ((size_t)tokens->ids[i] >= size)
            return vqc_json_refuse(place, error, "the id %d is not below %zu", tokens->ids[i], size);
    return VQC_OK;
}

static vqc_status whole_read(vqc_json_tokenizer *tokenizer, const vqc_json_place *whole,
                             const vqc_tokenizer_surroundings *surroundings, vqc_tokenizer_facts *facts,
                             vqc_error *error)
{
    static const char *const keys[] = {"version",       "truncation",     "padding", "added_tokens", "normalizer",
                                       "pre_tokenizer", "post_processor", "decoder", "model",        NULL};
    VQC_TRY(vqc_json_keys_check(whole, keys, error));
    vqc_json_place model = vqc_json_member(whole, "model");
    vqc_json_place added = vqc_json_member(whole, "added_tokens");
    vqc_json_place post_processor = vqc_json_member(whole, "post_processor");
    vqc_json_place config = vqc_json_whole(surroundings->tokenizer_config_path, surroundings->tokenizer_config);
    /* A class has the flags of the configuration, the library tokenizers those of the file. */
    vqc_json_place said =
        surroundings->class == NULL ? (vqc_json_place){0} : vqc_json_member(&config, "added_tokens_decoder");
    VQC_TRY(model_read(tokenizer, &model, error));
    VQC_TRY(steps_read(tokenizer, whole, surroundings, error));
    VQC_TRY(
        vqc_added_tokens_init(&tokenizer->added, &added, tokenizer->normaliser, &tokenizer->pieces, &said, error));
    VQC_TRY(vqc_post_processor_read(&post_processor, &tokenizer->before, &tokenizer->after, error));
    VQC_TRY(list_check(tokenizer, &post_processor, &tokenizer->before, error));
    VQC_TRY(list_check(tokenizer, &post_processor, &tokenizer->after, error));
    VQC_TRY(ends_set(tokenizer, whole, surroundings, error));
    VQC_TRY(config_added_check(tokenizer, surroundings, error));
    VQC_TRY(vqc_named_tokens_each(surroundings, named_token_take, tokenizer, error));
    VQC_TRY(padding_read(whole, facts, error));
    return padding_set(tokenizer, whole, surroundings, facts, error);
}

/* Truncation on the right is the caller's; the file's own length is what transformers sets aside too. */
static vqc_status truncation_check(const vqc_json_place *whole, vqc_error *error)
{
    vqc_json_place truncation = vqc_json_member(whole, "truncation");
    json_t *right = json_string("Right");
    vqc_status status = vqc_json_only(&truncation, "direction", right, error);
    json_decref(right);
    return status;
}

vqc_status vqc_json_tokenizer_create(const vqc_json_place *whole, const vqc_tokenizer_surroundings *surroundings,
                                     void **own_out, vqc_tokenizer_facts *facts, vqc_error *error)
{
    vqc_json_tokenizer *tokenizer;
    VQC_TRY(vqc_memory_allocate(1, sizeof *tokenizer, "a tokenizer", &tokenizer, error));
    vqc_status status = truncation_check(whole, error);
    if (status == VQC_OK)
        status = whole_read(tokenizer, whole, surroundings, facts, error);
    if (status != VQC_OK) {
        vqc_json_tokenizer_destroy(tokenizer);
        return status;
    }
    facts->size = tokenizer->pieces.count + tokenizer->added.extra.count;
    facts->after = tokenizer->after.count;
    facts->cleaning = VQC_CLEANING_NONE;
    *own_out = tokenizer;
    return VQC_OK;
}

void vqc_json_tokenizer_destroy(void *own)
{
    vqc_json_tokenizer *tokenizer = own;
    if (tokenizer == NULL)
        return;
    vqc_byte_pairs_destroy(tokenizer->pairs);
    vqc_pieces_release(&tokenizer->pieces);
    free(tokenizer->scores);
    vqc_normaliser_destroy(tokenizer->normaliser);
    vqc_pre_tokenizer_destroy(tokenizer->pre_tokenizer);
    vqc_added_tokens_release(&tokenizer->added);
    vqc_token_list_release(&tokenizer->before);
    vqc_token_list_release(&tokenizer->after);
    free(tokenizer);
}

const char *vqc_json_tokenizer_text(const void *own, int32_t id)
{
    const vqc_json_tokenizer *tokenizer = own;
    if ((size_t)id < tokenizer->pieces.count)
        return vqc_pieces_text(&tokenizer->pieces, id);
    return vqc_pieces_text(&tokenizer->added.extra, id - (int32_t)tokenizer->pieces.count);
}

/* ---- Texts ---- */

/* What encoding one text needs. */
typedef struct encode_work {
    const vqc_json_tokenizer *tokenizer;
    vqc_token_list *tokens;
} encode_work;

static vqc_status word_encode(const encode_work *work, const vqc_code_points *word, vqc_error *error)
{
    const vqc_json_tokenizer *tokenizer = work->tokenizer;
    char *utf8;
    VQC_TRY(vqc_code_points_to_utf8(word, &utf8, error));
    vqc_status status = tokenizer->pairs != NULL
                            ? vqc_byte_pairs_encode(tokenizer->pairs, utf8, strlen(utf8), work->tokens, error)
                            : vqc_unigram_encode(&tokenizer->unigram, utf8, strlen(utf8), work->tokens, error);
    free(utf8);
    return status;
}

/* A token, or a normalised stretch, which is split into words. */
static vqc_status normalised_take(void *context, const char *text, size_t size, int32_t id, vqc_error *error)
{
    const encode_work *work = context;
    vqc_code_points code_points = {0};
    vqc_words words = {0};
    if (id != VQC_PIECES_NONE)
        return vqc_token_list_append(work->tokens, &id, 1, error);
    vqc_status status = vqc_code_points_append_utf8(&code_points, text, size, error);
    if (status == VQC_OK)
        status = vqc_pre_tokenizer_run(work->tokenizer->pre_tokenizer, &code_points, &words, error);
    for (size_t i = 0; i < words.count && status == VQC_OK; i++) {
        vqc_code_points word = vqc_words_at(&words, i);
        status = word_encode(work, &word, error);
    }
    vqc_words_release(&words);
    vqc_code_points_release(&code_points);
    return status;
}

/* A token, or a stretch, which is normalised. */
static vqc_status plain_take(void *context, const char *text, size_t size, int32_t id, vqc_error *error)
{
    const encode_work *work = context;
    const vqc_added_tokens *added = &work->tokenizer->added;
    vqc_code_points code_points = {0};
    char *utf8 = NULL;
    if (id != VQC_PIECES_NONE)
        return vqc_token_list_append(work->tokens, &id, 1, error);
    vqc_status status = vqc_code_points_append_utf8(&code_points, text, size, error);
    if (status == VQC_OK)
        status = vqc_normaliser_run(work->tokenizer->normaliser, &code_points, error);
    if (status == VQC_OK)
        status = vqc_code_points_to_utf8(&code_points, &utf8, error);
    if (status == VQC_OK)
        status =
            vqc_added_tokens_split(added, &added->normalised, utf8, strlen(utf8), normalised_take, context, error);
    free(utf8);
    vqc_code_points_release(&code_points);
    return status;
}

vqc_status vqc_json_tokenizer_encode(const void *own, const char *text, vqc_token_list *tokens, vqc_error *error)
{
    const vqc_json_tokenizer *tokenizer = own;
    encode_work work = {.tokenizer = tokenizer, .tokens = tokens};
    VQC_TRY(vqc_token_list_append(tokens, tokenizer->before.ids, tokenizer->before.count, error));
    VQC_TRY(vqc_added_tokens_split(&tokenizer->added, &tokenizer->added.plain, text, strlen(text), plain_take, &work,
                                   error));
    return vqc_token_list_append(tokens, tokenizer->after.ids, tokenizer->after.count, error);
}

/* ---- The type ---- */

static bool json_recognise(const vqc_tokenizer_file *file)
{
    size_t size = strlen(file->name);
    bool is_named = size >= 5 && strcmp(file->name + size - 5, ".json") == 0;
    return is_named || (file->head_size > 0 && file->head[0] == '{');
}

static vqc_status json_read(const vqc_tokenizer_file *file, vqc_tokenizer_surroundings *surroundings, void **own_out,
                            vqc_tokenizer_facts *facts, vqc_error *error)
{
    json_t *root;
    VQC_TRY(vqc_tokenizer_surroundings_classify(surroundings, error));
    const vqc_json_file_form form = {.maximum = VQC_TOKENIZER_MAX_JSON};
    VQC_TRY(vqc_json_file_read_as(file->path, &form, &root, error));
    vqc_json_place whole = vqc_json_whole(file->path, root);
    vqc_status status = vqc_json_tokenizer_create(&whole, surroundings, own_out, facts, error);
    json_decref(root);
    VQC_TRY(status);
    VQC_TRY(vqc_tokenizer_surroundings_cleaning(surroundings, false, &facts->cleaning, error));
    vqc_tokenizer_surroundings_describe(surroundings, "tokenizer.json", facts->rules, sizeof facts->rules);
    return VQC_OK;
}

const vqc_tokenizer_type vqc_tokenizer_json = {
    .name = "tokenizer.json",
    .recognise = json_recognise,
    .read = json_read,
    .encode = vqc_json_tokenizer_encode,
    .token_text = vqc_json_tokenizer_text,
    .destroy = vqc_json_tokenizer_destroy,
};
