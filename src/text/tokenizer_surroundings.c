#include "text/tokenizer_surroundings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/json_file.h"

#define CLIP_NORMALIZER                                                                                              \
    "{\"normalizers\":[{\"type\":\"NFC\"},{\"content\":\" \",\"pattern\":{\"Regex\":\"\\\\s+\"},\"type\":"           \
    "\"Replace\"},{\"type\":\"Lowercase\"}],\"type\":\"Sequence\"}"
#define CLIP_PRE_TOKENIZER(SPECIALS)                                                                                 \
    "{\"pretokenizers\":[{\"behavior\":\"Removed\",\"invert\":true,\"pattern\":{\"Regex\":\"" SPECIALS               \
    "'s|'t|'re|'ve|'m|'ll|'d|[\\\\p{L}]+|[\\\\p{N}]|[^\\\\s\\\\p{L}\\\\p{N}]+\"},\"type\":\"Split\"},"               \
    "{\"add_prefix_space\":false,\"trim_offsets\":true,\"type\":\"ByteLevel\",\"use_regex\":true}],"                 \
    "\"type\":\"Sequence\"}"
#define WORDS_AND_METASPACE(METASPACE)                                                                               \
    "{\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"}," METASPACE "],\"type\":\"Sequence\"}"
#define METASPACE "{\"prepend_scheme\":\"always\",\"replacement\":\"▁\",\"split\":true,\"type\":\"Metaspace\"}"
#define METASPACE_OLD "{\"add_prefix_space\":true,\"replacement\":\"▁\",\"type\":\"Metaspace\"}"
#define MAP "{\"type\":\"Precompiled\"}"
/* What transformers 4 wrote: after the map, spaces at the end removed and runs of them marked; words begin at spaces,
 * so that this gives the same. */
#define MAP_AND_SPACES                                                                                               \
    "{\"normalizers\":[" MAP ",{\"strip_left\":false,\"strip_right\":true,\"type\":\"Strip\"},"                      \
    "{\"content\":\"▁\",\"pattern\":{\"Regex\":\" {2,}\"},\"type\":\"Replace\"}],\"type\":\"Sequence\"}"
#define SPACES_MARKED "{\"content\":\"▁\",\"pattern\":{\"String\":\" \"},\"type\":\"Replace\"}"
#define LOWER_AND_MARKED "{\"normalizers\":[{\"type\":\"Lowercase\"}," SPACES_MARKED "],\"type\":\"Sequence\"}"
#define SPACES_SPLIT                                                                                                 \
    "{\"behavior\":\"MergedWithPrevious\",\"invert\":false,\"pattern\":{\"String\":\" \"},\"type\":\"Split\"}"

static const vqc_tokenizer_class classes[] = {
    {.name = "CLIPTokenizer",
     .normalizers = {CLIP_NORMALIZER},
     .pre_tokenizers = {CLIP_PRE_TOKENIZER("<\\\\|startoftext\\\\|>|<\\\\|endoftext\\\\|>|"), CLIP_PRE_TOKENIZER("")},
     .model = "{\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\",\"fuse_unk\":false,\"byte_fallback\":false}",
     .before = "<|startoftext|>",
     .after = "<|endoftext|>",
     .padding = "<|endoftext|>",
     .unknown = "<|endoftext|>"},
    {.name = "T5Tokenizer",
     .normalizers = {MAP, "null", MAP_AND_SPACES},
     .pre_tokenizers = {WORDS_AND_METASPACE(METASPACE), WORDS_AND_METASPACE(METASPACE_OLD), METASPACE, METASPACE_OLD},
     .model = "{\"type\":\"Unigram\",\"unk_id\":2}",
     .map_alone = true,
     .after = "</s>",
     .padding = "<pad>"},
    {.name = "XLMRobertaTokenizer",
     .normalizers = {MAP, "null", MAP_AND_SPACES},
     .pre_tokenizers = {WORDS_AND_METASPACE(METASPACE), WORDS_AND_METASPACE(METASPACE_OLD), METASPACE, METASPACE_OLD},
     .model = "{\"type\":\"Unigram\",\"unk_id\":3}",
     .config = "{\"add_prefix_space\":true}",
     .map_alone = true,
     .before = "<s>",
     .after = "</s>",
     .padding = "<pad>"},
    {.name = "GemmaTokenizer",
     .normalizers = {SPACES_MARKED},
     .pre_tokenizers = {SPACES_SPLIT, "null"},
     .model = "{\"type\":\"BPE\",\"end_of_word_suffix\":\"\",\"fuse_unk\":true,\"byte_fallback\":true}",
     .padding = "<pad>",
     .unknown = "<unk>",
     .pads_left = true},
    {.name = "Siglip2Tokenizer",
     .normalizers = {LOWER_AND_MARKED, SPACES_MARKED},
     .pre_tokenizers = {SPACES_SPLIT, "null"},
     .model = "{\"type\":\"BPE\",\"end_of_word_suffix\":\"\",\"fuse_unk\":true,\"byte_fallback\":true}",
     .lower_first = true,
     .padding = "<pad>",
     .unknown = "<unk>",
     .pads_left = true},
    {.name = "SiglipTokenizer", .after = "</s>", .padding = "</s>", .unknown = "<unk>"},
};

/* The class of a model's type where no tokenizer_config.json names one. */
static const struct {
    const char *model_type, *class;
} models[] = {
    {"clip", "CLIPTokenizer"},
    {"siglip", "SiglipTokenizer"},
    {"siglip2", "Siglip2Tokenizer"},
    {"metaclip_2", "XLMRobertaTokenizer"},
    {"t5", "T5Tokenizer"},
    {"mt5", "T5Tokenizer"},
    {"xlm-roberta", "XLMRobertaTokenizer"},
    {"gemma", "GemmaTokenizer"},
};

vqc_status vqc_tokenizer_beside(const char *path, const char *name, char **beside_out, vqc_error *error)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    VQC_TRY(vqc_memory_allocate(folder + strlen(name) + 1, 1, "a path", beside_out, error));
    memcpy(*beside_out, path, folder);
    strcpy(*beside_out + folder, name);
    return VQC_OK;
}

static vqc_status beside_read_as(const char *path, const char *name, bool reals, char **beside_out, json_t **root_out,
                                 vqc_error *error)
{
    VQC_TRY(vqc_tokenizer_beside(path, name, beside_out, error));
    const vqc_json_file_form form = {.maximum = VQC_TOKENIZER_MAX_JSON, .optional = true, .reals = reals};
    return vqc_json_file_read_as(*beside_out, &form, root_out, error);
}

/* Whole numbers as reals: model_max_length may be 1e30 */
static vqc_status beside_read(const char *path, const char *name, char **beside_out, json_t **root_out,
                              vqc_error *error)
{
    return beside_read_as(path, name, true, beside_out, root_out, error);
}

/* ---- The class ---- */

/* The class of a name, with or without the "Fast" at its end that older files have. */
static const vqc_tokenizer_class *class_find(const char *name)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        size_t size = strlen(classes[i].name);
        if (strncmp(classes[i].name, name, size) == 0 && (name[size] == '\0' || strcmp(name + size, "Fast") == 0))
            return &classes[i];
    }
    return NULL;
}

/* Classes that take the file at its word. */
static bool is_plain_class(const char *name)
{
    return strcmp(name, "PreTrainedTokenizerFast") == 0 || strcmp(name, "TokenizersBackend") == 0;
}

static const char *model_class(const vqc_json_place *config)
{
    const vqc_json_place type = vqc_json_member(config, "model_type");
    const char *name = json_string_value(type.value);
    for (size_t i = 0; name != NULL && i < sizeof models / sizeof models[0]; i++)
        if (strcmp(models[i].model_type, name) == 0)
            return models[i].class;
    return NULL;
}

/* SigLIP 2's type comes before the class that the tokenizer's files name, any other after it. */
static vqc_status class_decide(vqc_tokenizer_surroundings *surroundings, vqc_error *error)
{
    vqc_json_place model = vqc_json_whole(surroundings->model_config_path, surroundings->model_config);
    vqc_json_place config = vqc_json_whole(surroundings->tokenizer_config_path, surroundings->tokenizer_config);
    vqc_json_place named = vqc_json_member(&config, "tokenizer_class");
    vqc_json_place type = vqc_json_member(&model, "model_type");
    const char *name = model_class(&model);
    if (named.value == NULL)
        named = vqc_json_member(&model, "tokenizer_class");
    if (named.value == NULL && name == NULL && type.value != NULL)
        return vqc_json_refuse_value(&type,
                                     "a model whose tokenizer's rules are known, or a tokenizer_config.json that "
                                     "names its class",
                                     error);
    if (named.value != NULL && (name == NULL || strcmp(name, "Siglip2Tokenizer") != 0))
        VQC_TRY(vqc_json_text(&named, &name, error));
    surroundings->class = name == NULL ? NULL : class_find(name);
    if (surroundings->class == NULL && name != NULL && !is_plain_class(name))
        return vqc_json_refuse_value(&named, "a class whose rules are known", error);
    return VQC_OK;
}

/* ---- tokenizer_config.json ---- */

/* Keys that change no ids, or that are looked at here. */
static const char *const config_keys[] = {"add_bos_token",
                                          "add_eos_token",
                                          "add_prefix_space",
                                          "added_tokens_decoder",
                                          "additional_special_tokens",
                                          "backend",
                                          "bos_token",
                                          "chat_template",
                                          "clean_up_tokenization_spaces",
                                          "cls_token",
                                          "do_lower_case",
                                          "eos_token",
                                          "errors",
                                          "extra_ids",
                                          "extra_special_tokens",
                                          "is_local",
                                          "legacy",
                                          "local_files_only",
                                          "mask_token",
                                          "model_input_names",
                                          "model_max_length",
                                          "name_or_path",
                                          "pad_token",
                                          "padding_side",
                                          "processor_class",
                                          "sep_token",
                                          "sp_model_kwargs",
                                          "spaces_between_special_tokens",
                                          "special_tokens_map_file",
                                          "split_special_tokens",
                                          "tokenizer_class",
                                          "tokenizer_file",
                                          "truncation_side",
                                          "unk_id",
                                          "unk_token",
                                          "use_default_system_prompt",
                                          "vocab_file",
                                          NULL};

static vqc_status config_check(const vqc_json_place *config, vqc_error *error)
{
    json_t *right = json_string("right");
    vqc_status status = vqc_json_keys_check(config, config_keys, error);
    if (status == VQC_OK && right != NULL)
        status = vqc_json_only(config, "truncation_side", right, error);
    json_decref(right);
    VQC_TRY(status);
    VQC_TRY(vqc_json_only_flag(config, "split_special_tokens", false, error));
    VQC_TRY(vqc_json_only_flag(config, "do_lower_case", true, error));
    vqc_json_place arguments = vqc_json_member(config, "sp_model_kwargs");
    if (arguments.value != NULL && json_object_size(arguments.value) > 0)
        return vqc_json_refuse_value(&arguments, "nothing", error);
    return VQC_OK;
}

/* A token is a text, or an object that has it as "content". */
static vqc_status token_text(const vqc_json_place *place, const char **token_out, vqc_error *error)
{
    vqc_json_place content = vqc_json_member(place, "content");
    return vqc_json_text(json_is_object(place->value) ? &content : place, token_out, error);
}

vqc_status vqc_tokenizer_surroundings_token(const vqc_tokenizer_surroundings *surroundings, const char *key,
                                            const char **token_out, vqc_error *error)
{
    vqc_json_place config = vqc_json_whole(surroundings->tokenizer_config_path, surroundings->tokenizer_config);
    vqc_json_place token = vqc_json_member(&config, key);
    *token_out = NULL;
    return token.value == NULL ? VQC_OK : token_text(&token, token_out, error);
}

vqc_status vqc_tokenizer_surroundings_padding(const vqc_tokenizer_surroundings *surroundings, const char **token_out,
                                              bool *left_out, vqc_error *error)
{
    vqc_json_place config = vqc_json_whole(surroundings->tokenizer_config_path, surroundings->tokenizer_config);
    vqc_json_place side = vqc_json_member(&config, "padding_side");
    const char *word = surroundings->class != NULL && surroundings->class->pads_left ? "left" : "right";
    VQC_TRY(vqc_tokenizer_surroundings_token(surroundings, "pad_token", token_out, error));
    if (*token_out == NULL && surroundings->class != NULL)
        *token_out = surroundings->class->padding;
    if (side.value != NULL)
        VQC_TRY(vqc_json_text(&side, &word, error));
    *left_out = strcmp(word, "left") == 0;
    return *left_out || strcmp(word, "right") == 0 ? VQC_OK
                                                   : vqc_json_refuse_value(&side, "\"left\" or \"right\"", error);
}

/* ---- open_clip_config.json ---- */

vqc_status vqc_tokenizer_surroundings_cleaning(const vqc_tokenizer_surroundings *surroundings, bool openai,
                                               vqc_cleaning *cleaning, vqc_error *error)
{
    static const char *const keys[] = {"clean", "strip_sep_token", NULL};
    const char *word;
    vqc_json_place whole = vqc_json_whole(surroundings->open_clip_config_path, surroundings->open_clip_config);
    vqc_json_place model = vqc_json_member(&whole, "model_cfg");
    vqc_json_place text = vqc_json_member(model.value == NULL ? &whole : &model, "text_cfg");
    vqc_json_place mode = vqc_json_member(&text, "tokenizer_mode");
    vqc_json_place arguments = vqc_json_member(&text, "tokenizer_kwargs");
    vqc_json_place clean = vqc_json_member(&arguments, "clean");
    vqc_json_place hugging_face = vqc_json_member(&text, "hf_tokenizer_name");
    if (surroundings->open_clip_config == NULL)
        return VQC_OK;
    if (mode.value != NULL)
        return vqc_json_refuse_value(&mode, "nothing", error);
    if (arguments.value != NULL)
        VQC_TRY(vqc_json_keys_check(&arguments, keys, error));
    VQC_TRY(vqc_json_only_flag(&arguments, "strip_sep_token", false, error));
    if (openai != (hugging_face.value == NULL))
        return vqc_json_refuse_value(&hugging_face,
                                     openai
                                         ? "nothing, as it is where a text has OpenAI's byte pairs"
                                         : "the name of a tokenizer: without one open_clip uses OpenAI's byte pairs",
                                     error);
    *cleaning = openai ? VQC_CLEANING_LOWER : VQC_CLEANING_WHITESPACE;
    if (clean.value == NULL)
        return VQC_OK;
    VQC_TRY(vqc_json_text(&clean, &word, error));
    return vqc_cleaning_parse(word, cleaning, error);
}

/* ---- All of them ---- */

/* The weights' own configuration says which library they are of; without one, what lies beside the tokenizer. */
static vqc_status open_clip_read(vqc_tokenizer_surroundings *surroundings, const char *tokenizer,
                                 const char *configuration, vqc_error *error)
{
    static const char name[] = "open_clip_config.json";
    const char *slash = configuration == NULL ? NULL : strrchr(configuration, '/');
    const char *last = slash == NULL ? configuration : slash + 1;
    if (configuration == NULL && surroundings->model_config != NULL)
        return VQC_OK;
    if (configuration != NULL && strcmp(last, name) != 0)
        return VQC_OK;
    return beside_read(configuration == NULL ? tokenizer : configuration, name, &surroundings->open_clip_config_path,
                       &surroundings->open_clip_config, error);
}

/* config.json beside the tokenizer, else the one of the weights. */
static vqc_status model_config_read(vqc_tokenizer_surroundings *surroundings, const char *tokenizer,
                                    const char *configuration, vqc_error *error)
{
    VQC_TRY(
        beside_read(tokenizer, "config.json", &surroundings->model_config_path, &surroundings->model_config, error));
    if (surroundings->model_config != NULL || configuration == NULL)
        return VQC_OK;
    free(surroundings->model_config_path);
    surroundings->model_config_path = NULL;
    return beside_read(configuration, "config.json", &surroundings->model_config_path, &surroundings->model_config,
                       error);
}

static vqc_status surroundings_read(vqc_tokenizer_surroundings *surroundings, const char *tokenizer,
                                    const char *configuration, vqc_error *error)
{
    VQC_TRY(model_config_read(surroundings, tokenizer, configuration, error));
    VQC_TRY(open_clip_read(surroundings, tokenizer, configuration, error));
    VQC_TRY(beside_read(tokenizer, "tokenizer_config.json", &surroundings->tokenizer_config_path,
                        &surroundings->tokenizer_config, error));
    VQC_TRY(beside_read(tokenizer, "special_tokens_map.json", &surroundings->special_tokens_path,
                        &surroundings->special_tokens, error));
    return beside_read_as(tokenizer, "added_tokens.json", false, &surroundings->added_tokens_path,
                          &surroundings->added_tokens, error);
}

vqc_status vqc_tokenizer_surroundings_init(vqc_tokenizer_surroundings *surroundings, const char *tokenizer,
                                           const char *configuration, vqc_error *error)
{
    *surroundings = (vqc_tokenizer_surroundings){0};
    vqc_status status = surroundings_read(surroundings, tokenizer, configuration, error);
    if (status != VQC_OK)
        vqc_tokenizer_surroundings_release(surroundings);
    return status;
}

void vqc_tokenizer_surroundings_release(vqc_tokenizer_surroundings *surroundings)
{
    json_decref(surroundings->tokenizer_config);
    json_decref(surroundings->model_config);
    json_decref(surroundings->open_clip_config);
    json_decref(surroundings->special_tokens);
    json_decref(surroundings->added_tokens);
    free(surroundings->tokenizer_config_path);
    free(surroundings->model_config_path);
    free(surroundings->open_clip_config_path);
    free(surroundings->special_tokens_path);
    free(surroundings->added_tokens_path);
    *surroundings = (vqc_tokenizer_surroundings){0};
}

vqc_status vqc_tokenizer_surroundings_classify(vqc_tokenizer_surroundings *surroundings, vqc_error *error)
{
    vqc_json_place config = vqc_json_whole(surroundings->tokenizer_config_path, surroundings->tokenizer_config);
    if (config.value != NULL)
        VQC_TRY(config_check(&config, error));
    VQC_TRY(class_decide(surroundings, error));
    return surroundings->class == NULL || surroundings->class->config == NULL
               ? VQC_OK
               : vqc_json_only_those(&config, surroundings->class->config, error);
}

vqc_status vqc_tokenizer_surroundings_classify_as(vqc_tokenizer_surroundings *surroundings, const char *class,
                                                  const char *file, vqc_error *error)
{
    VQC_TRY(vqc_tokenizer_surroundings_classify(surroundings, error));
    if (surroundings->class == NULL) {
        surroundings->class = class_find(class);
        surroundings->is_assumed = true;
    }
    if (strcmp(surroundings->class->name, class) == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: read as %s alone, but beside it the class is %s", file, class,
                         surroundings->class->name);
}

void vqc_tokenizer_surroundings_describe(const vqc_tokenizer_surroundings *surroundings, const char *file, char *text,
                                         size_t size)
{
    if (surroundings->class == NULL)
        (void)snprintf(text, size, "%s, at its word", file);
    else
        (void)snprintf(text, size, "%s, as transformers' %s%s", file, surroundings->class->name,
                       surroundings->is_assumed ? " (assumed)" : "");
}
