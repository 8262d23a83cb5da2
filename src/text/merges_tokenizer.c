#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text_file.h"
#include "base/utf8.h"
#include "config/json_file.h"
#include "text/json_tokenizer.h"

/* vocab.json and merges.txt of transformers' CLIPTokenizer, side by side: read as the tokenizer.json that
 * transformers would make of them. The steps are those of the class. */

static const char steps[] =
    "{\"added_tokens\":[],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},"
    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s+\"},\"content\":\" \"},{\"type\":\"Lowercase\"}]},"
    "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":"
    "\"<\\\\|startoftext\\\\|>|<\\\\|endoftext\\\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\\\p{L}]+|[\\\\p{N}]|"
    "[^\\\\s\\\\p{L}\\\\p{N}]+\"},\"behavior\":\"Removed\",\"invert\":true},{\"type\":\"ByteLevel\","
    "\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}]},"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<|endoftext|>\",\"end_of_word_suffix\":\"</w>\","
    "\"fuse_unk\":false,\"byte_fallback\":false}}";

enum { MAX_MERGES_FILE = 64 << 20 };

/* Appends a line as a merge; what begins with #version is none. */
static vqc_status line_append(const char *path, const char *line, size_t size, size_t number, json_t *merges,
                              vqc_error *error)
{
    if (size > 0 && line[size - 1] == '\r')
        size--;
    if (size == 0 || (number == 1 && size >= 8 && memcmp(line, "#version", 8) == 0))
        return VQC_OK;
    if (!vqc_utf8_is_valid(line, size) || memchr(line, '\0', size) != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: line %zu: not UTF-8", path, number);
    if (json_array_append_new(merges, json_stringn(line, size)) != 0)
        return vqc_error_set(error, VQC_FAILED, "no memory for the merges of %s", path);
    return VQC_OK;
}

static vqc_status lines_append(const char *path, const char *bytes, size_t size, json_t *merges, vqc_error *error)
{
    size_t number = 0;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(bytes + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - (bytes + at));
        VQC_TRY(line_append(path, bytes + at, length, ++number, merges, error));
        at += length + 1;
    }
    return VQC_OK;
}

static vqc_status merges_read(const char *path, json_t *merges, vqc_error *error)
{
    vqc_text text;
    VQC_TRY(vqc_text_file_read(path, MAX_MERGES_FILE, &text, error));
    vqc_status status = lines_append(path, text.data, text.size, merges, error);
    vqc_text_release(&text);
    return status;
}

/* The two special tokens as added ones, where the vocabulary has them. */
static void specials_add(json_t *root, const json_t *vocabulary)
{
    static const char *const specials[] = {"<|startoftext|>", "<|endoftext|>"};
    for (size_t i = 0; i < 2; i++) {
        json_t *id = json_object_get(vocabulary, specials[i]);
        if (id != NULL)
            (void)json_array_append_new(
                json_object_get(root, "added_tokens"),
                json_pack("{s:O, s:s, s:b}", "id", id, "content", specials[i], "normalized", 0));
    }
}

/* The whole as one tokenizer.json. */
static vqc_status pair_read(const char *vocabulary_path, const char *merges_path, json_t *root, vqc_error *error)
{
    json_t *vocabulary;
    json_t *model = json_object_get(root, "model");
    const vqc_json_file_form form = {.maximum = VQC_TOKENIZER_MAX_JSON};
    VQC_TRY(vqc_json_file_read_as(vocabulary_path, &form, &vocabulary, error));
    specials_add(root, vocabulary);
    (void)json_object_set_new(model, "vocab", vocabulary);
    (void)json_object_set_new(model, "merges", json_array());
    return merges_read(merges_path, json_object_get(model, "merges"), error);
}

static bool is_beside(const char *path, const char *name)
{
    struct stat information;
    char *beside;
    vqc_error ignored = {0};
    if (vqc_tokenizer_beside(path, name, &beside, &ignored) != VQC_OK)
        return false;
    bool is_there = stat(beside, &information) == 0;
    free(beside);
    return is_there;
}

/* merges.txt alone has no ids: it is OpenAI's, unless the ids lie beside it. */
static bool merges_recognise(const vqc_tokenizer_file *file)
{
    if (strcmp(file->name, "vocab.json") == 0)
        return true;
    return strcmp(file->name, "merges.txt") == 0 &&
           (is_beside(file->path, "vocab.json") || is_beside(file->path, "tokenizer.json"));
}

static vqc_status both_create(const char *vocabulary_path, const char *merges_path,
                              vqc_tokenizer_surroundings *surroundings, void **own_out, vqc_tokenizer_facts *facts,
                              vqc_error *error)
{
    json_t *root = json_loads(steps, 0, NULL);
    vqc_status status = pair_read(vocabulary_path, merges_path, root, error);
    vqc_json_place whole = vqc_json_whole(vocabulary_path, root);
    if (status == VQC_OK)
        status = vqc_json_tokenizer_create(&whole, surroundings, own_out, facts, error);
    json_decref(root);
    return status;
}

/* The flags of added tokens stand in tokenizer_config.json alone; what transformers takes them for without it depends
 * on which of them it names. */
static vqc_status added_check(const vqc_tokenizer_surroundings *surroundings, vqc_error *error)
{
    vqc_json_place config = vqc_json_whole(surroundings->tokenizer_config_path, surroundings->tokenizer_config);
    vqc_json_place decoder = vqc_json_member(&config, "added_tokens_decoder");
    if (surroundings->added_tokens == NULL || decoder.value != NULL)
        return VQC_OK;
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "%s: expected added_tokens_decoder in tokenizer_config.json beside it, which has the tokens' "
        "flags: save the tokenizer again with transformers 5",
        surroundings->added_tokens_path);
}

static vqc_status merges_type_read(const vqc_tokenizer_file *file, vqc_tokenizer_surroundings *surroundings,
                                   void **own_out, vqc_tokenizer_facts *facts, vqc_error *error)
{
    char *vocabulary_path = NULL;
    char *merges_path = NULL;
    if (!is_beside(file->path, "vocab.json"))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: the ids of these merges are those of tokenizer.json beside it: give that file",
                             file->path);
    VQC_TRY(vqc_tokenizer_surroundings_classify_as(surroundings, "CLIPTokenizer", file->path, error));
    VQC_TRY(added_check(surroundings, error));
    vqc_status status = vqc_tokenizer_beside(file->path, "vocab.json", &vocabulary_path, error);
    if (status == VQC_OK)
        status = vqc_tokenizer_beside(file->path, "merges.txt", &merges_path, error);
    if (status == VQC_OK)
        status = both_create(vocabulary_path, merges_path, surroundings, own_out, facts, error);
    free(vocabulary_path);
    free(merges_path);
    VQC_TRY(status);
    VQC_TRY(vqc_tokenizer_surroundings_cleaning(surroundings, false, &facts->cleaning, error));
    vqc_tokenizer_surroundings_describe(surroundings, "vocab.json and merges.txt", facts->rules, sizeof facts->rules);
    return VQC_OK;
}

const vqc_tokenizer_type vqc_tokenizer_merges = {
    .name = "vocab.json and merges.txt",
    .recognise = merges_recognise,
    .read = merges_type_read,
    .encode = vqc_json_tokenizer_encode,
    .token_text = vqc_json_tokenizer_text,
    .destroy = vqc_json_tokenizer_destroy,
};
