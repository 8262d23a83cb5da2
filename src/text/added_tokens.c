#include "text/added_tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "text/code_points.h"

void vqc_added_tokens_release(vqc_added_tokens *tokens)
{
    vqc_pieces_release(&tokens->plain);
    vqc_pieces_release(&tokens->normalised);
    vqc_pieces_release(&tokens->extra);
    free(tokens->flags);
    *tokens = (vqc_added_tokens){0};
}

/* Puts a token under its normalised text. */
static vqc_status normalised_add(vqc_added_tokens *tokens, const vqc_normaliser *normaliser, const char *content,
                                 int32_t id, vqc_error *error)
{
    vqc_code_points text = {0};
    char *utf8 = NULL;
    vqc_status status = vqc_code_points_append_utf8(&text, content, strlen(content), error);
    if (status == VQC_OK)
        status = vqc_normaliser_run(normaliser, &text, error);
    if (status == VQC_OK)
        status = vqc_code_points_to_utf8(&text, &utf8, error);
    if (status == VQC_OK && utf8[0] != '\0')
        status = vqc_pieces_add(&tokens->normalised, utf8, strlen(utf8), id, error);
    free(utf8);
    vqc_code_points_release(&text);
    return status;
}

/* The token has its id in the vocabulary, or is the next behind it. */
static vqc_status token_place(vqc_added_tokens *tokens, const vqc_json_place *place, const char *content, int32_t id,
                              const vqc_pieces *vocabulary, vqc_error *error)
{
    int32_t known = vqc_pieces_find(vocabulary, content, strlen(content));
    if (known != VQC_PIECES_NONE && known != id)
        return vqc_json_refuse(place, error, "\"%s\" has the id %d here and %d in the vocabulary", content, id,
                               known);
    if (known == id)
        return VQC_OK;
    size_t next = vocabulary->count + tokens->extra.count;
    if ((size_t)id != next)
        return vqc_json_refuse(place, error, "expected the id %zu, the next behind the vocabulary, found %d", next,
                               id);
    return vqc_pieces_add(&tokens->extra, content, strlen(content), id, error);
}

/* What the configuration says under the token's id. */
static vqc_status said_read(const vqc_json_place *said, int32_t id, bool *normalised, vqc_error *error)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%d", id);
    vqc_json_place entry = vqc_json_member(said, number);
    vqc_json_place flag = vqc_json_member(&entry, "normalized");
    return vqc_json_flag(&flag, *normalised, normalised, error);
}

static vqc_status token_read(vqc_added_tokens *tokens, const vqc_json_place *place, const vqc_normaliser *normaliser,
                             const vqc_pieces *vocabulary, const vqc_json_place *said, vqc_error *error)
{
    static const char *const keys[] = {"id",     "content",    "single_word", "lstrip",
                                       "rstrip", "normalized", "special",     NULL};
    const char *content;
    int32_t id;
    bool normalised;
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    vqc_json_place member = vqc_json_member(place, "content");
    VQC_TRY(vqc_json_text(&member, &content, error));
    if (content[0] == '\0')
        return vqc_json_refuse(&member, error, "expected a text that is not empty");
    member = vqc_json_member(place, "id");
    VQC_TRY(vqc_json_id(&member, &id, error));
    VQC_TRY(vqc_json_only_flag(place, "single_word", false, error));
    VQC_TRY(token_place(tokens, &member, content, id, vocabulary, error));
    vqc_json_place left = vqc_json_member(place, "lstrip");
    vqc_json_place right = vqc_json_member(place, "rstrip");
    vqc_json_place flag = vqc_json_member(place, "normalized");
    VQC_TRY(vqc_json_flag(&left, false, &tokens->flags[id].takes_left, error));
    VQC_TRY(vqc_json_flag(&right, false, &tokens->flags[id].takes_right, error));
    VQC_TRY(vqc_json_flag(&flag, true, &normalised, error));
    VQC_TRY(said_read(said, id, &normalised, error));
    if (normalised)
        return normalised_add(tokens, normaliser, content, id, error);
    return vqc_pieces_add(&tokens->plain, content, strlen(content), id, error);
}

vqc_status vqc_added_tokens_init(vqc_added_tokens *tokens, const vqc_json_place *place,
                                 const vqc_normaliser *normaliser, const vqc_pieces *vocabulary,
                                 const vqc_json_place *said, vqc_error *error)
{
    *tokens = (vqc_added_tokens){0};
    if (place->value == NULL)
        return VQC_OK;
    VQC_TRY(vqc_json_array(place, error));
    tokens->flag_count = vocabulary->count + vqc_json_count(place);
    VQC_TRY(vqc_memory_allocate(tokens->flag_count, sizeof *tokens->flags, "added tokens", &tokens->flags, error));
    for (size_t i = 0; i < vqc_json_count(place); i++) {
        vqc_json_place item = vqc_json_item(place, i);
        vqc_status status = token_read(tokens, &item, normaliser, vocabulary, said, error);
        if (status != VQC_OK) {
            vqc_added_tokens_release(tokens);
            return status;
        }
    }
    return VQC_OK;
}

/* The size of the longest token that begins here, 0 for none. */
static size_t token_match(const vqc_pieces *searched, const char *text, size_t size, int32_t *id_out)
{
    uint64_t hash = vqc_pieces_hash_start();
    size_t found = 0;
    for (size_t length = 1; length <= size && length <= searched->longest; length++) {
        hash = vqc_pieces_hash_byte(hash, text[length - 1]);
        int32_t id = vqc_pieces_find_hashed(searched, text, length, hash);
        if (id == VQC_PIECES_NONE)
            continue;
        found = length;
        *id_out = id;
    }
    return found;
}

/* The code point of size bytes. */
static bool is_space(const char *text, size_t size)
{
    vqc_code_points one = {0};
    vqc_error ignored = {0};
    bool space = vqc_code_points_append_utf8(&one, text, size, &ignored) == VQC_OK && one.count == 1 &&
                 vqc_code_point_is_space(one.at[0]);
    vqc_code_points_release(&one);
    return space;
}

/* Where the white space before `end` begins, not before `start`. */
static size_t spaces_start(const char *text, size_t start, size_t end)
{
    while (end > start) {
        size_t at = end - 1;
        while (at > start && ((unsigned char)text[at] & 0xc0U) == 0x80)
            at--;
        if (!is_space(text + at, end - at))
            break;
        end = at;
    }
    return end;
}

static size_t spaces_end(const char *text, size_t at, size_t size)
{
    while (at < size) {
        size_t length = vqc_utf8_sequence_size(text + at, size - at);
        if (length == 0 || !is_space(text + at, length))
            break;
        at += length;
    }
    return at;
}

vqc_status vqc_added_tokens_split(const vqc_added_tokens *tokens, const vqc_pieces *searched, const char *text,
                                  size_t size, vqc_added_take *take, void *context, vqc_error *error)
{
    size_t done = 0;
    for (size_t at = 0; at < size;) {
        int32_t id = VQC_PIECES_NONE;
        size_t length = token_match(searched, text + at, size - at, &id);
        if (length == 0) {
            at++;
            continue;
        }
        size_t start = tokens->flags[id].takes_left ? spaces_start(text, done, at) : at;
        size_t end = at + length;
        if (tokens->flags[id].takes_right)
            end = spaces_end(text, end, size);
        if (done < start)
            VQC_TRY(take(context, text + done, start - done, VQC_PIECES_NONE, error));
        VQC_TRY(take(context, text + start, end - start, id, error));
        at = done = end;
    }
    return done < size ? take(context, text + done, size - done, VQC_PIECES_NONE, error) : VQC_OK;
}
