/* Tokenizers of every kind against the ids that the public libraries give (oracle/make_tokenizers.py), and files that
 * ask for what is not computed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "json_lines.h"
#include "text/token_batch.h"
#include "text/tokenizer.h"

static const char fixtures[] = VQC_SOURCE_DIR "/tests/text/fixtures";
static const char shared[] = VQC_SHARED_DIR "/reference/today";

static vqc_tokenizer *tokenizer_open(const char *path, const char *cleaning)
{
    vqc_error error = {0};
    vqc_tokenizer *tokenizer = NULL;
    const vqc_tokenizer_options options = {.cleaning = cleaning};
    if (vqc_tokenizer_create(path, &options, &tokenizer, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return tokenizer;
}

static int32_t id_at(const json_t *ids, size_t i)
{
    return (int32_t)json_integer_value(json_array_get(ids, i));
}

static void assert_ids(const char *name, const char *text, const int32_t *ids, size_t count, const json_t *expected)
{
    if (count != json_array_size(expected))
        fail_msg("%s: \"%s\": %zu ids, expected %zu", name, text, count, json_array_size(expected));
    for (size_t i = 0; i < count; i++)
        if (ids[i] != id_at(expected, i))
            fail_msg("%s: \"%s\": id %zu is %d, expected %d", name, text, i, ids[i], id_at(expected, i));
}

/* The row of ids that padding and truncation make. */
static void assert_row(const vqc_tokenizer *tokenizer, const char *name, const char *text, const json_t *expected)
{
    vqc_error error = {0};
    int32_t *ids;
    int64_t length;
    const vqc_token_form form = {.context = json_array_size(expected), .truncate = true, .whole = true};
    if (vqc_token_batch_make(tokenizer, &text, 1, &form, &ids, &length, &error) != VQC_OK)
        fail_msg("%s: \"%s\": %s", name, text, error.message);
    assert_ids(name, text, ids, (size_t)length, expected);
    free(ids);
}

/* ---- Our own fixtures ---- */

/* One tokenizer at a time: the lines of each stand together. */
typedef struct open_tokenizer {
    char key[128];
    vqc_tokenizer *tokenizer;
} open_tokenizer;

static void fixture_open(open_tokenizer *open, const json_t *object)
{
    char key[sizeof open->key];
    char path[512];
    const char *name = json_line_text(object, "tokenizer");
    const char *cleaning = json_line_text(object, "cleaning");
    (void)snprintf(key, sizeof key, "%s %s", name, cleaning);
    if (strcmp(key, open->key) == 0)
        return;
    vqc_tokenizer_destroy(open->tokenizer);
    (void)snprintf(path, sizeof path, "%s/%s", fixtures, name);
    open->tokenizer = tokenizer_open(path, cleaning);
    memcpy(open->key, key, sizeof key);
    const char *class = json_line_text(object, "class");
    if (strstr(vqc_tokenizer_rules(open->tokenizer), class) == NULL)
        fail_msg("%s: %s, expected %s", name, vqc_tokenizer_rules(open->tokenizer), class);
}

static void check_fixture(const json_t *object, void *context)
{
    open_tokenizer *open = context;
    vqc_error error = {0};
    vqc_token_list tokens = {0};
    const char *text = json_line_text(object, "text");
    fixture_open(open, object);
    if (vqc_tokenizer_encode(open->tokenizer, text, &tokens, &error) != VQC_OK)
        fail_msg("%s: %s", open->key, error.message);
    assert_ids(open->key, text, tokens.ids, tokens.count, json_object_get(object, "ids"));
    if (!json_is_null(json_object_get(object, "row")))
        assert_row(open->tokenizer, open->key, text, json_object_get(object, "row"));
    vqc_token_list_release(&tokens);
}

static void test_fixtures(void **state)
{
    (void)state;
    open_tokenizer open = {0};
    char path[512];
    (void)snprintf(path, sizeof path, "%s/expected.jsonl", fixtures);
    int count = json_lines_visit(path, check_fixture, &open);
    assert_true(count > 400);
    vqc_tokenizer_destroy(open.tokenizer);
}

/* ---- The shared texts ---- */

static void scratch_folder(char path[64], const char *name)
{
    (void)snprintf(path, 64, "test_tokenizer_kinds.%ld.%s", (long)getpid(), name);
    assert_int_equal(mkdir(path, 0777), 0);
}

static void file_write(const char *folder, const char *name, const char *content)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
    assert_int_equal(fclose(file), 0);
}

static void folder_remove(const char *folder)
{
    static const char *const names[] = {
        "config.json", "tokenizer_config.json", "tokenizer.json",          "open_clip_config.json", "vocab.json",
        "merges.txt",  "spiece.model",          "special_tokens_map.json", "added_tokens.json"};
    char path[512];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)remove(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void link_make(const char *from, const char *folder, const char *name)
{
    char target[512];
    char path[512];
    (void)snprintf(target, sizeof target, "%s/%s", from, name);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(symlink(target, path), 0);
}

/* Checks one column of the file with the tokenizer of a folder. */
static void column_check(const json_t *root, const char *column, const char *folder, const char *cleaning)
{
    vqc_tokenizer *tokenizer = tokenizer_open(folder, cleaning);
    const json_t *texts = json_object_get(root, "texts");
    assert_int_equal(json_array_size(texts), 40);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const json_t *text = json_array_get(texts, i);
        assert_row(tokenizer, column, json_line_text(text, "text"), json_object_get(text, column));
    }
    vqc_tokenizer_destroy(tokenizer);
}

static json_t *shared_open(void)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/tokenizer-expected.json", shared);
    json_t *root = json_load_file(path, 0, NULL);
    if (root == NULL) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
    return root;
}

static void test_shared(void **state)
{
    (void)state;
    static const struct {
        const char *column, *folder, *cleaning;
    } columns[] = {
        {"siglip_transformers", "unigram-siglip", NULL},
        {"siglip_open_clip", "unigram-t5", "canonicalize"},
        {"t5_raw", "unigram-t5", NULL},
        {"gemma_transformers", "gemma", NULL},
        {"siglip2_open_clip", "gemma", "canonicalize"},
        {"siglip2_built_from_vocabulary", "siglip2-built", NULL},
    };
    json_t *root = shared_open();
    char folder[512];
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        (void)snprintf(folder, sizeof folder, "%s/%s", shared, columns[i].folder);
        column_check(root, columns[i].column, folder, columns[i].cleaning);
    }
    /* The type of the model decides, not the class that the tokenizer's files name. */
    char scratch[64];
    scratch_folder(scratch, "siglip2");
    (void)snprintf(folder, sizeof folder, "%s/gemma", shared);
    link_make(folder, scratch, "tokenizer.json");
    link_make(folder, scratch, "tokenizer_config.json");
    file_write(scratch, "config.json", "{\"model_type\": \"siglip2\"}");
    column_check(root, "siglip2_transformers", scratch, NULL);
    folder_remove(scratch);
    json_decref(root);
}

/* ---- Who cleans ---- */

/* open_clip's configuration beside the tokenizer says how it cleans. */
static void test_open_clip_cleaning(void **state)
{
    (void)state;
    static const struct {
        const char *configuration, *rules;
    } cases[] = {
        {"{\"model_cfg\":{\"text_cfg\":{\"hf_tokenizer_name\":\"x\",\"tokenizer_kwargs\":{\"clean\":\"canonicalize\"}"
         "}}}",
         "tokenizer.json, as transformers' T5Tokenizer, cleaning: canonicalize"},
        {"{\"model_cfg\":{\"text_cfg\":{\"hf_tokenizer_name\":\"x\"}}}",
         "tokenizer.json, as transformers' T5Tokenizer, cleaning: whitespace"},
    };
    char scratch[64];
    char from[512];
    scratch_folder(scratch, "open_clip");
    (void)snprintf(from, sizeof from, "%s/t5", fixtures);
    link_make(from, scratch, "tokenizer.json");
    link_make(from, scratch, "tokenizer_config.json");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        file_write(scratch, "open_clip_config.json", cases[i].configuration);
        vqc_tokenizer *tokenizer = tokenizer_open(scratch, NULL);
        assert_string_equal(vqc_tokenizer_rules(tokenizer), cases[i].rules);
        vqc_tokenizer_destroy(tokenizer);
    }
    /* Without a name open_clip uses its own tokenizer, whatever lies beside the configuration. */
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    file_write(scratch, "open_clip_config.json", "{\"model_cfg\":{\"text_cfg\":{}}}");
    assert_int_equal(vqc_tokenizer_create(scratch, &(vqc_tokenizer_options){0}, &tokenizer, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "open_clip_config.json: model_cfg.text_cfg.hf_tokenizer_name: expected the "
                                          "name of a tokenizer"));
    folder_remove(scratch);
}

/* ---- What is refused ---- */

/* A tokenizer.json of one character, with one part of it another. */
static void refused_check(const char *part, const char *other, const char *expected)
{
    static const char *const parts[][2] = {
        {"normalizer", "null"},
        {"pre_tokenizer", "null"},
        {"post_processor", "null"},
        {"added_tokens", "[]"},
        {"model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[[\"a\",\"b\"]]}"},
        {"truncation", "null"},
    };
    char scratch[64];
    char content[4096] = "{";
    char message[VQC_ERROR_MESSAGE_SIZE];
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    bool found = false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bool is_it = strcmp(parts[i][0], part) == 0;
        found = found || is_it;
        size_t used = strlen(content);
        (void)snprintf(content + used, sizeof content - used, "%s\"%s\":%s", i == 0 ? "" : ",", parts[i][0],
                       is_it ? other : parts[i][1]);
    }
    if (!found) {
        size_t used = strlen(content);
        (void)snprintf(content + used, sizeof content - used, ",\"%s\":%s", part, other);
    }
    strcat(content, "}");
    scratch_folder(scratch, "refused");
    file_write(scratch, "tokenizer.json", content);
    vqc_status status = vqc_tokenizer_create(scratch, &(vqc_tokenizer_options){0}, &tokenizer, &error);
    folder_remove(scratch);
    if (expected == NULL) {
        if (status != VQC_OK)
            fail_msg("%s", error.message);
        vqc_tokenizer_destroy(tokenizer);
        return;
    }
    (void)snprintf(message, sizeof message, "%s/tokenizer.json: %s", scratch, expected);
    assert_int_equal(status, VQC_BAD_INPUT);
    assert_string_equal(error.message, message);
}

static void test_refused_steps(void **state)
{
    (void)state;
    refused_check("none", "null",
                  "none: a key that vqclip does not know, with the value null; the nearest one is model");
    refused_check("normalizer", "null", NULL);
    refused_check("normalizer", "{\"type\":\"NFKC\"}",
                  "normalizer.type: expected a normaliser that is computed, found \"NFKC\"");
    refused_check("normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"Nmt\"}]}",
                  "normalizer.normalizers[1].type: expected a normaliser that is computed, found \"Nmt\"");
    refused_check("normalizer", "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a+\"},\"content\":\"\"}",
                  "normalizer.pattern.Regex: expected an expression that is known, found \"a+\"");
    refused_check("normalizer", "{\"type\":\"NFC\",\"strength\":2}",
                  "normalizer.strength: a key that vqclip does not know, with the value 2; the nearest one is type");
    refused_check("normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAA\"}",
                  "normalizer: precompiled_charsmap: expected base64");
    refused_check("normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}",
                  "normalizer: precompiled_charsmap: expected a map of characters, found 3 bytes that are none");
    refused_check("pre_tokenizer", "{\"type\":\"Digits\"}",
                  "pre_tokenizer.type: expected a pre-tokenizer that is computed, found \"Digits\"");
    refused_check("pre_tokenizer", "{\"type\":\"ByteLevel\",\"add_prefix_space\":true}",
                  "pre_tokenizer.add_prefix_space: expected false, found true");
    refused_check("pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"first\"}",
                  "pre_tokenizer.prepend_scheme: expected \"always\" or \"never\", found \"first\"");
    refused_check("pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"String\":\"x\"},\"behavior\":\"Isolated\"}",
                  "pre_tokenizer.behavior: expected \"Removed\" or \"MergedWithPrevious\", found \"Isolated\"");
    refused_check("post_processor", "{\"type\":\"Other\"}",
                  "post_processor.type: expected a post-processor that is computed, found \"Other\"");
    refused_check("post_processor", "{\"type\":\"BertProcessing\",\"sep\":[\"x\",9],\"cls\":[\"a\",0]}",
                  "post_processor: the id 9 is not below 3");
    refused_check("truncation", "{\"direction\":\"Left\"}",
                  "truncation.direction: expected \"Right\", found \"Left\"");
    refused_check("added_tokens", "[{\"id\":3,\"content\":\"x\"}]", NULL);
    refused_check("added_tokens", "[{\"id\":4,\"content\":\"x\"}]",
                  "added_tokens[0].id: expected the id 3, the next behind the vocabulary, found 4");
    refused_check("added_tokens", "[{\"id\":2,\"content\":\"a\"}]",
                  "added_tokens[0].id: \"a\" has the id 2 here and 0 in the vocabulary");
    refused_check("added_tokens", "[{\"id\":0,\"content\":\"a\",\"single_word\":true}]",
                  "added_tokens[0].single_word: expected false, found true");
}

static void test_refused_models(void **state)
{
    (void)state;
    refused_check("model", "{\"type\":\"WordPiece\"}",
                  "model.type: expected \"BPE\" or \"Unigram\", found \"WordPiece\"");
    refused_check("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":2},\"merges\":[]}",
                  "model.vocab: expected the ids 0 to 1, each once, found 2");
    refused_check("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":0},\"merges\":[]}",
                  "model.vocab: expected the ids 0 to 1, each once, found 0");
    refused_check("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":-1},\"merges\":[]}",
                  "model.vocab.a: expected a token id, found -1");
    refused_check("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[\"a b\"]}",
                  "model.merges[0]: expected pieces of the vocabulary, found \"ab\"");
    refused_check("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[[\"a\",\"x\"]]}",
                  "model.merges[0]: expected pieces of the vocabulary, found \"x\"");
    refused_check("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"aa\"]}",
                  "model.merges[0]: expected two pieces, found \"aa\"");
    refused_check("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"dropout\":0.1}",
                  "model.dropout: expected nothing, found 0.10000000000000001");
    refused_check("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"byte_fallback\":true}",
                  "model: byte_fallback: the piece <0x00> is missing");
    refused_check("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"unk_token\":\"?\"}",
                  "model.unk_token: expected a piece of the vocabulary, found \"?\"");
    refused_check("model", "{\"type\":\"Unigram\",\"vocab\":[[\"a\",0.0]],\"unk_id\":1}",
                  "model.unk_id: expected the id of a piece, found 1");
    refused_check("model", "{\"type\":\"Unigram\",\"vocab\":[[\"a\"]]}",
                  "model.vocab[0]: expected a piece and its score, found [\"a\"]");
    refused_check("model", "{\"type\":\"Unigram\",\"vocab\":[[\"a\",0]],\"byte_fallback\":true}",
                  "model.byte_fallback: expected false, found true");
}

/* A file beside the tokenizer.json and the tokenizer_config.json of a fixture, or in place of the latter. */
static void beside_refused(const char *fixture, const char *name, const char *content, const char *expected)
{
    char scratch[64];
    char from[512];
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    scratch_folder(scratch, "configuration");
    (void)snprintf(from, sizeof from, "%s/%s", fixtures, fixture);
    link_make(from, scratch, "tokenizer.json");
    if (strcmp(name, "tokenizer_config.json") != 0 && strcmp(name, "config.json") != 0)
        link_make(from, scratch, "tokenizer_config.json");
    file_write(scratch, name, content);
    vqc_status status = vqc_tokenizer_create(scratch, &(vqc_tokenizer_options){0}, &tokenizer, &error);
    folder_remove(scratch);
    assert_int_equal(status, VQC_BAD_INPUT);
    if (strstr(error.message, expected) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", expected, error.message);
}

static void configuration_refused(const char *fixture, const char *configuration, const char *expected)
{
    beside_refused(fixture, "tokenizer_config.json", configuration, expected);
}

/* Tokens that a file beside the tokenizer names must be those that are cut out of texts already. */
static void test_refused_tokens(void **state)
{
    (void)state;
    configuration_refused("xlm-roberta", "{\"tokenizer_class\":\"XLMRobertaTokenizer\",\"add_prefix_space\":false}",
                          "tokenizer_config.json: add_prefix_space: expected true, found false");
    configuration_refused("gemma", "{\"tokenizer_class\":\"GemmaTokenizer\",\"unk_token\":\"a\"}",
                          "tokenizer.json: model.unk_token: expected \"a\", as tokenizer_config.json has it");
    configuration_refused("t5", "{\"extra_special_tokens\":{\"image_token\":\"s\"}}",
                          "extra_special_tokens.image_token: expected one of the added tokens, found \"s\"");
    configuration_refused("t5", "{\"additional_special_tokens\":[\"s\"]}",
                          "additional_special_tokens[0]: expected one of the added tokens, found \"s\"");
    configuration_refused("t5", "{\"mask_token\":{\"content\":\"s\",\"lstrip\":true}}",
                          "mask_token: expected one of the added tokens, found {");
    beside_refused(
        "t5", "special_tokens_map.json", "{\"eos_token\":\"s\"}",
        "special_tokens_map.json: eos_token: expected \"</s>\", as tokenizer_config.json has it, found \"s\"");
    beside_refused("t5", "special_tokens_map.json", "{\"mask_token\":{\"content\":\"s\"}}",
                   "special_tokens_map.json: mask_token: expected one of the added tokens, found {");
    beside_refused("t5", "special_tokens_map.json", "{\"eos_tokens\":\"s\"}",
                   "eos_tokens: a key that vqclip does not know");
    beside_refused("t5", "added_tokens.json", "{\"moon\":1000}",
                   "added_tokens.json: moon: expected a token of the vocabulary");
    beside_refused("t5", "added_tokens.json", "{\"s\":7}", "added_tokens.json: s: expected ");
    beside_refused("t5", "added_tokens.json", "{\"</s>\":7}",
                   "added_tokens.json: </s>: expected the id 1, as the vocabulary has it, found 7");
    beside_refused("t5", "config.json", "{\"model_type\":\"bert\"}",
                   "config.json: model_type: expected a model whose tokenizer's rules are known");
    beside_refused("t5", "config.json", "{\"model_type\":\"clip\",\"tokenizer_class\":\"GPT2Tokenizer\"}",
                   "config.json: tokenizer_class: expected a class whose rules are known");
}

static void test_refused_configurations(void **state)
{
    (void)state;
    configuration_refused("t5", "{\"tokenizer_class\":\"LlamaTokenizer\"}",
                          "tokenizer_config.json: tokenizer_class: expected a class whose rules are known");
    configuration_refused("t5", "{\"tokenizer_class\":\"GemmaTokenizer\"}", "model.type: expected \"BPE\"");
    configuration_refused("t5", "{\"tokenizer_class\":\"XLMRobertaTokenizer\"}", "model.unk_id: expected 3, found 2");
    configuration_refused("t5", "{\"tokenizer_class\":\"SiglipTokenizer\"}", "reads no such file, but spiece.model");
    configuration_refused("siglip2", "{\"tokenizer_class\":\"CLIPTokenizer\"}", "tokenizer.json: model.");
    configuration_refused("t5", "{\"truncation_side\":\"left\"}",
                          "truncation_side: expected \"right\", found \"left\"");
    configuration_refused("t5", "{\"split_special_tokens\":true}",
                          "split_special_tokens: expected false, found true");
    configuration_refused("t5", "{\"surprise\":1}", "surprise: a key that vqclip does not know, with the value 1");
    configuration_refused("t5", "{\"pad_token\":\"<nothing>\"}", "pad_token: expected a token of the vocabulary");
    configuration_refused("t5", "{\"padding_side\":\"middle\"}", "padding_side: expected \"left\" or \"right\"");
    configuration_refused("t5", "{\"add_eos_token\":false}", "add_eos_token: expected true, found false");
    configuration_refused("gemma", "{\"add_bos_token\":true}", "add_bos_token: expected false, found true");
}

/* merges.txt with other ids beside it than OpenAI's. */
static void test_merges_without_ids(void **state)
{
    (void)state;
    char scratch[64];
    char path[128];
    char from[512];
    char message[VQC_ERROR_MESSAGE_SIZE];
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    scratch_folder(scratch, "merges");
    (void)snprintf(from, sizeof from, "%s/clip-merges", fixtures);
    link_make(from, scratch, "merges.txt");
    (void)snprintf(from, sizeof from, "%s/clip", fixtures);
    link_make(from, scratch, "tokenizer.json");
    (void)snprintf(path, sizeof path, "%s/merges.txt", scratch);
    vqc_status status = vqc_tokenizer_create(path, &(vqc_tokenizer_options){0}, &tokenizer, &error);
    folder_remove(scratch);
    (void)snprintf(message, sizeof message,
                   "%s: the ids of these merges are those of tokenizer.json beside it: give that file", path);
    assert_int_equal(status, VQC_BAD_INPUT);
    assert_string_equal(error.message, message);
}

/* A tokenizer.json that is nothing but its model, and the ids of a text. */
static void model_check(const char *model, const char *text, const char *expected)
{
    char scratch[64];
    char content[512];
    vqc_token_list tokens = {0};
    vqc_error error = {0};
    scratch_folder(scratch, "model");
    (void)snprintf(content, sizeof content, "{\"model\":%s}", model);
    file_write(scratch, "tokenizer.json", content);
    vqc_tokenizer *tokenizer = tokenizer_open(scratch, NULL);
    folder_remove(scratch);
    json_t *ids = json_loads(expected, 0, NULL);
    assert_int_equal(vqc_tokenizer_encode(tokenizer, text, &tokens, &error), VQC_OK);
    assert_ids(model, text, tokens.ids, tokens.count, ids);
    json_decref(ids);
    vqc_token_list_release(&tokens);
    vqc_tokenizer_destroy(tokenizer);
}

/* Of merges of one rank the leftmost comes first; of ways of one score the one that was there first stays. */
static void test_ties(void **state)
{
    (void)state;
    static const char pairs[] = "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"aa\":1},\"merges\":[\"a a\"]}";
    model_check(pairs, "aaa", "[1,0]");
    model_check(pairs, "aaaaa", "[1,1,0]");
    model_check("{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1],[\"b\",-1],[\"ab\",-2]]}", "ab", "[2]");
    model_check("{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1],[\"b\",-1],[\"ab\",-2.5]]}", "ab", "[0,1]");
}

/* Which files beside a tokenizer's own count, as letters in the order of the table: c, m, i, g, or a dot. */
static void companions_check(const char *fixture, const char *expected)
{
    static const char letters[] = "cmig";
    char found[VQC_TOKENIZER_COMPANIONS + 1] = {0};
    char path[512];
    vqc_error error = {0};
    (void)snprintf(path, sizeof path, "%s/%s", fixtures, fixture);
    for (size_t i = 0; i < VQC_TOKENIZER_COMPANIONS; i++) {
        char *beside;
        assert_int_equal(vqc_tokenizer_companion_find(path, &vqc_tokenizer_companions[i], &beside, &error), VQC_OK);
        found[i] = beside == NULL ? '.' : letters[i];
        free(beside);
    }
    assert_string_equal(found, expected);
}

static void test_companions(void **state)
{
    (void)state;
    companions_check("t5/tokenizer.json", "c...");
    companions_check("siglip2/tokenizer.json", "cm..");
    companions_check("siglip/spiece.model", "c...");
    companions_check("clip-old/tokenizer.json", "....");
    companions_check("clip-merges/vocab.json", "...g");
    companions_check("clip-merges/merges.txt", "..i.");
    companions_check("expected.jsonl", "....");
}

/* A tower that looks behind the text needs to know what stands there. */
static void test_no_padding(void **state)
{
    (void)state;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/clip-old", fixtures);
    vqc_tokenizer *tokenizer = tokenizer_open(path, NULL);
    const char *text = "sea";
    vqc_error error = {0};
    int32_t *ids;
    int64_t length;
    vqc_token_form form = {.context = 8, .whole = true};
    assert_int_equal(vqc_token_batch_make(tokenizer, &text, 1, &form, &ids, &length, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "expected pad_token in tokenizer_config.json"));
    form.whole = false;
    assert_int_equal(vqc_token_batch_make(tokenizer, &text, 1, &form, &ids, &length, &error), VQC_OK);
    free(ids);
    vqc_tokenizer_destroy(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixtures),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_open_clip_cleaning),
        cmocka_unit_test(test_refused_steps),
        cmocka_unit_test(test_refused_models),
        cmocka_unit_test(test_refused_tokens),
        cmocka_unit_test(test_refused_configurations),
        cmocka_unit_test(test_merges_without_ids),
        cmocka_unit_test(test_no_padding),
        cmocka_unit_test(test_companions),
        cmocka_unit_test(test_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
