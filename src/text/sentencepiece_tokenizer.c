#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/added_tokens.h"
#include "text/code_points.h"
#include "text/lower_case.h"
#include "text/named_tokens.h"
#include "text/sentencepiece_model.h"
#include "text/tokenizer_surroundings.h"
#include "text/tokenizer_type.h"

/* spiece.model as transformers' SiglipTokenizer uses it: marks in the text become spaces, one is put in front;
 * special tokens are cut out; each stretch between them is put into lower case, loses its ASCII punctuation and all
 * white space but single spaces, and is encoded behind the text of the unknown token, whose ids are then taken off;
 * the end token stands behind all, once. */

static const char mark[] = "\xe2\x96\x81";

typedef struct siglip_tokenizer {
    vqc_sentencepiece_model model;
    vqc_added_tokens specials;
    const char *unknown;  /* the unknown token's text: that of the model's pieces */
    size_t unknown_count; /* of ids that it becomes */
    int32_t mark_id;      /* of the mark alone; VQC_PIECES_NONE: it is no piece */
    int32_t end;
} siglip_tokenizer;

/* ---- Reading ---- */

/* A token that is cut out, by its text in the vocabulary; what the file says of it counts more than the usual. */
static vqc_status special_add(siglip_tokenizer *tokenizer, const vqc_json_place *table, const char *token,
                              int32_t *id_out, vqc_error *error)
{
    char number[16];
    int32_t id = vqc_pieces_find(&tokenizer->model.pieces, token, strlen(token));
    if (id == VQC_PIECES_NONE)
        return vqc_json_refuse(table, error, "the token %s is not in the vocabulary", token);
    *id_out = id;
    if (vqc_pieces_find(&tokenizer->specials.plain, token, strlen(token)) != VQC_PIECES_NONE)
        return VQC_OK;
    (void)snprintf(number, sizeof number, "%d", id);
    vqc_json_place entry = vqc_json_member(table, number);
    vqc_json_place left = vqc_json_member(&entry, "lstrip");
    vqc_json_place right = vqc_json_member(&entry, "rstrip");
    bool usual = entry.value == NULL;
    VQC_TRY(vqc_json_only_flag(&entry, "single_word", false, error));
    VQC_TRY(vqc_json_flag(&left, usual, &tokenizer->specials.flags[id].takes_left, error));
    VQC_TRY(vqc_json_flag(&right, usual, &tokenizer->specials.flags[id].takes_right, error));
    return vqc_pieces_add(&tokenizer->specials.plain, token, strlen(token), id, error);
}

/* Those of added_tokens_decoder, whose ids must be the vocabulary's. */
static vqc_status table_add(siglip_tokenizer *tokenizer, const vqc_json_place *table, vqc_error *error)
{
    void *root = (void *)(uintptr_t)table->value; /* jansson's iterators take no const */
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        const char *content;
        char number[16];
        int32_t id;
        vqc_json_place entry = vqc_json_member(table, json_object_iter_key(at));
        vqc_json_place text = vqc_json_member(&entry, "content");
        VQC_TRY(vqc_json_text(&text, &content, error));
        VQC_TRY(special_add(tokenizer, table, content, &id, error));
        (void)snprintf(number, sizeof number, "%d", id);
        if (strcmp(number, entry.key) != 0)
            return vqc_json_refuse(&entry, error, "the token %s has the id %s in the vocabulary", content, number);
    }
    return VQC_OK;
}

/* Every token that a file names must be one that is cut out. */
static vqc_status named_token_take(void *context, const vqc_named_token *token, vqc_error *error)
{
    const siglip_tokenizer *tokenizer = context;
    int32_t id = vqc_pieces_find(&tokenizer->specials.plain, token->text, strlen(token->text));
    if (id == VQC_PIECES_NONE)
        return vqc_json_refuse_value(token->place,
                                     "the end, padding or unknown token, or one of added_tokens_decoder", error);
    return token->id < 0 || token->id == id
               ? VQC_OK
               : vqc_json_refuse(token->place, error, "expected the id %d, as the vocabulary has it, found %d", id,
                                 token->id);
}

static vqc_status specials_read(siglip_tokenizer *tokenizer, const vqc_tokenizer_surroundings *surroundings,
                                vqc_tokenizer_facts *facts, vqc_error *error)
{
    const char *end;
    const char *unknown;
    const char *padding;
    int32_t id;
    vqc_json_place config = vqc_json_whole(
        surroundings->tokenizer_config_path == NULL ? "tokenizer_config.json" : surroundings->tokenizer_config_path,
        surroundings->tokenizer_config);
    vqc_json_place table = vqc_json_member(&config, "added_tokens_decoder");
    VQC_TRY(vqc_memory_allocate(tokenizer->model.pieces.count, sizeof *tokenizer->specials.flags, "special tokens",
                                &tokenizer->specials.flags, error));
    tokenizer->specials.flag_count = tokenizer->model.pieces.count;
    VQC_TRY(vqc_tokenizer_surroundings_token(surroundings, "eos_token", &end, error));
    VQC_TRY(vqc_tokenizer_surroundings_token(surroundings, "unk_token", &unknown, error));
    VQC_TRY(vqc_tokenizer_surroundings_padding(surroundings, &padding, &facts->pads_left, error));
    VQC_TRY(special_add(tokenizer, &table, end == NULL ? "</s>" : end, &tokenizer->end, error));
    VQC_TRY(special_add(tokenizer, &table, padding, &facts->padding, error));
    VQC_TRY(special_add(tokenizer, &table, unknown == NULL ? "<unk>" : unknown, &id, error));
    tokenizer->unknown = vqc_pieces_text(&tokenizer->model.pieces, id);
    VQC_TRY(table_add(tokenizer, &table, error));
    return vqc_named_tokens_each(surroundings, named_token_take, tokenizer, error);
}

static vqc_status unknown_count(siglip_tokenizer *tokenizer, vqc_error *error)
{
    vqc_token_list ids = {0};
    vqc_status status = vqc_sentencepiece_model_encode(&tokenizer->model, tokenizer->unknown,
                                                       strlen(tokenizer->unknown), &ids, error);
    tokenizer->unknown_count = ids.count;
    tokenizer->mark_id = vqc_pieces_find(&tokenizer->model.pieces, mark, strlen(mark));
    vqc_token_list_release(&ids);
    return status;
}

static vqc_status siglip_fill(siglip_tokenizer *tokenizer, const vqc_tokenizer_file *file,
                              vqc_tokenizer_surroundings *surroundings, vqc_tokenizer_facts *facts, vqc_error *error)
{
    VQC_TRY(vqc_tokenizer_surroundings_classify_as(surroundings, "SiglipTokenizer", file->path, error));
    VQC_TRY(vqc_sentencepiece_model_init(&tokenizer->model, file->path, error));
    VQC_TRY(specials_read(tokenizer, surroundings, facts, error));
    return unknown_count(tokenizer, error);
}

static void siglip_destroy(void *own)
{
    siglip_tokenizer *tokenizer = own;
    if (tokenizer == NULL)
        return;
    vqc_sentencepiece_model_release(&tokenizer->model);
    vqc_added_tokens_release(&tokenizer->specials);
    free(tokenizer);
}

static vqc_status siglip_read(const vqc_tokenizer_file *file, vqc_tokenizer_surroundings *surroundings,
                              void **own_out, vqc_tokenizer_facts *facts, vqc_error *error)
{
    siglip_tokenizer *tokenizer;
    VQC_TRY(vqc_memory_allocate(1, sizeof *tokenizer, "a tokenizer", &tokenizer, error));
    vqc_status status = siglip_fill(tokenizer, file, surroundings, facts, error);
    if (status != VQC_OK) {
        siglip_destroy(tokenizer);
        return status;
    }
    *own_out = tokenizer;
    facts->size = tokenizer->model.pieces.count;
    facts->after = 1;
    facts->cleaning = VQC_CLEANING_NONE;
    vqc_tokenizer_surroundings_describe(surroundings, "spiece.model", facts->rules, sizeof facts->rules);
    return vqc_tokenizer_surroundings_cleaning(surroundings, false, &facts->cleaning, error);
}

/* ---- Texts ---- */

/* What encoding one text needs. */
typedef struct encode_work {
    const siglip_tokenizer *tokenizer;
    vqc_token_list *tokens;
} encode_work;

/* White space as Python's strings have it: the information separators too. */
static bool is_python_space(int32_t code_point)
{
    return vqc_code_point_is_space(code_point) || (code_point >= 0x1c && code_point <= 0x1f);
}

static bool is_ascii_punctuation(int32_t code_point)
{
    return (code_point >= '!' && code_point <= '/') || (code_point >= ':' && code_point <= '@') ||
           (code_point >= '[' && code_point <= '`') || (code_point >= '{' && code_point <= '~');
}

/* Removes ASCII punctuation, then white space at the ends and all but single spaces between. */
static vqc_status canonical_append(const vqc_code_points *text, vqc_code_points *target, vqc_error *error)
{
    bool space_is_due = false;
    for (size_t i = 0; i < text->count; i++) {
        if (is_ascii_punctuation(text->at[i]))
            continue;
        if (is_python_space(text->at[i])) {
            space_is_due = target->count > 0;
            continue;
        }
        if (space_is_due)
            VQC_TRY(vqc_code_points_append(target, ' ', error));
        space_is_due = false;
        VQC_TRY(vqc_code_points_append(target, text->at[i], error));
    }
    return VQC_OK;
}

/* Encodes a stretch behind the unknown token's text; the ids of that are taken off. */
static vqc_status stretch_encode(const encode_work *work, const char *stretch, vqc_error *error)
{
    const siglip_tokenizer *tokenizer = work->tokenizer;
    size_t before = strlen(tokenizer->unknown);
    size_t size = strlen(stretch);
    char *both;
    vqc_token_list ids = {0};
    VQC_TRY(vqc_memory_allocate(before + size + 1, 1, "a text", &both, error));
    memcpy(both, tokenizer->unknown, before);
    memcpy(both + before, stretch, size);
    vqc_status status = vqc_sentencepiece_model_encode(&tokenizer->model, both, before + size, &ids, error);
    size_t off = ids.count >= tokenizer->unknown_count ? tokenizer->unknown_count : 0;
    if (status == VQC_OK && ids.count > off)
        status = vqc_token_list_append(work->tokens, ids.ids + off, ids.count - off, error);
    vqc_token_list_release(&ids);
    free(both);
    return status;
}

static vqc_status stretch_clean(const char *text, size_t size, char **clean_out, vqc_error *error)
{
    vqc_code_points whole = {0};
    vqc_code_points lower = {0};
    vqc_code_points clean = {0};
    vqc_status status = vqc_code_points_append_utf8(&whole, text, size, error);
    if (status == VQC_OK)
        status = vqc_lower_case(&whole, &lower, error);
    if (status == VQC_OK)
        status = canonical_append(&lower, &clean, error);
    if (status == VQC_OK)
        status = vqc_code_points_to_utf8(&clean, clean_out, error);
    vqc_code_points_release(&whole);
    vqc_code_points_release(&lower);
    vqc_code_points_release(&clean);
    return status;
}

static vqc_status stretch_take(void *context, const char *text, size_t size, int32_t id, vqc_error *error)
{
    const encode_work *work = context;
    char *clean;
    if (id != VQC_PIECES_NONE) { /* a mark alone before the first of them is dropped */
        if (work->tokens->count == 1 && work->tokens->ids[0] == work->tokenizer->mark_id)
            work->tokens->count = 0;
        return vqc_token_list_append(work->tokens, &id, 1, error);
    }
    VQC_TRY(stretch_clean(text, size, &clean, error));
    vqc_status status = stretch_encode(work, clean, error);
    free(clean);
    return status;
}

/* The text with spaces for its marks, and a mark in front. */
static vqc_status marked_make(const char *text, vqc_code_points *marked, vqc_error *error)
{
    static const int32_t mark_point = 0x2581;
    VQC_TRY(vqc_code_points_append(marked, mark_point, error));
    VQC_TRY(vqc_code_points_append_utf8(marked, text, strlen(text), error));
    for (size_t i = 1; i < marked->count; i++)
        if (marked->at[i] == mark_point)
            marked->at[i] = ' ';
    return VQC_OK;
}

/* The end token is added, unless it is there. */
static vqc_status end_append(const siglip_tokenizer *tokenizer, vqc_token_list *tokens, vqc_error *error)
{
    if (tokens->count > 0 && tokens->ids[tokens->count - 1] == tokenizer->end)
        return VQC_OK;
    return vqc_token_list_append(tokens, &tokenizer->end, 1, error);
}

static vqc_status siglip_encode(const void *own, const char *text, vqc_token_list *tokens, vqc_error *error)
{
    const siglip_tokenizer *tokenizer = own;
    encode_work work = {.tokenizer = tokenizer, .tokens = tokens};
    vqc_code_points marked = {0};
    char *utf8 = NULL;
    vqc_status status = marked_make(text, &marked, error);
    if (status == VQC_OK)
        status = vqc_code_points_to_utf8(&marked, &utf8, error);
    if (status == VQC_OK)
        status = vqc_added_tokens_split(&tokenizer->specials, &tokenizer->specials.plain, utf8, strlen(utf8),
                                        stretch_take, &work, error);
    free(utf8);
    vqc_code_points_release(&marked);
    VQC_TRY(status);
    return end_append(tokenizer, tokens, error);
}

static const char *siglip_text(const void *own, int32_t id)
{
    const siglip_tokenizer *tokenizer = own;
    return vqc_pieces_text(&tokenizer->model.pieces, id);
}

/* The first field is a piece, whose first field is its text. */
static bool siglip_recognise(const vqc_tokenizer_file *file)
{
    size_t size = strlen(file->name);
    bool is_named = size >= 6 && strcmp(file->name + size - 6, ".model") == 0;
    return is_named || (file->head_size > 4 && file->head[0] == 0x0a && file->head[2] == 0x0a &&
                        file->head[1] > file->head[3] && file->head[1] < 0x80);
}

const vqc_tokenizer_type vqc_tokenizer_sentencepiece = {
    .name = "spiece.model",
    .recognise = siglip_recognise,
    .read = siglip_read,
    .encode = siglip_encode,
    .token_text = siglip_text,
    .destroy = siglip_destroy,
};
