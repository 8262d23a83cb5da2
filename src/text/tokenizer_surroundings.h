#ifndef VQC_TEXT_TOKENIZER_SURROUNDINGS_H
#define VQC_TEXT_TOKENIZER_SURROUNDINGS_H

#include "config/json_place.h"
#include "text/text_cleaning.h"

enum { VQC_TOKENIZER_MAX_JSON = 128 << 20 }; /* bytes of a tokenizer's file in JSON */

/* What lies beside a tokenizer's file and says how its library uses it. transformers: tokenizer_config.json, and
 * config.json, whose model_type comes before the class that the former names; special_tokens_map.json and
 * added_tokens.json, which may only repeat what the others say (text/named_tokens.h). open_clip:
 * open_clip_config.json beside the weights, which says how texts are cleaned before transformers' tokenizer has them.
 */

/* A class of transformers 5, which builds the steps of its tokenizer itself and takes from tokenizer.json the
 * vocabulary, the added tokens, the map of characters and, but for T5's, the post-processor. The steps of a file must
 * be those of the class in one of the spellings that are known, as JSON without the map and with sorted keys. */
typedef struct vqc_tokenizer_class {
    const char *name;
    const char *normalizers[3]; /* the first is the class's own; NULL: no more */
    const char *pre_tokenizers[4];
    const char *model; /* keys of "model" with the values that the class gives them, as JSON */
    bool lower_first;  /* letters to lower case before anything else, whatever the file says */
    bool map_alone;    /* of the file's normaliser nothing else counts */
    /* The tokens of a text's two ends where tokenizer_config.json names no others; both NULL: as the file's
     * post-processor says. */
    const char *before, *after;
    const char *padding; /* token, where tokenizer_config.json names none */
    const char *unknown; /* token of the byte pairs' model, where tokenizer_config.json names none; NULL: by its id */
    const char *config;  /* keys of tokenizer_config.json with the only values that are computed, as JSON; or NULL */
    bool pads_left;
} vqc_tokenizer_class;

typedef struct vqc_tokenizer_surroundings {
    json_t *tokenizer_config, *model_config, *open_clip_config; /* NULL: there is none */
    json_t *special_tokens, *added_tokens; /* of transformers 4: special_tokens_map.json, added_tokens.json */
    char *tokenizer_config_path, *model_config_path, *open_clip_config_path;
    char *special_tokens_path, *added_tokens_path;
    const vqc_tokenizer_class *class; /* NULL: none, the file is taken at its word */
    bool is_assumed;                  /* the class, since no file names one */
} vqc_tokenizer_surroundings;

/* Reads them. `configuration` is the path of the one that counts for the weights, NULL for none: then one beside the
 * tokenizer does. In all of these VQC_BAD_INPUT names file and key: a class, a key or a value whose effect is not
 * computed. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_surroundings_init(vqc_tokenizer_surroundings *surroundings,
                                                          const char *tokenizer, const char *configuration,
                                                          vqc_error *error);
void vqc_tokenizer_surroundings_release(vqc_tokenizer_surroundings *surroundings);

/* Decides the class and checks tokenizer_config.json: for the files of transformers. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_surroundings_classify(vqc_tokenizer_surroundings *surroundings,
                                                              vqc_error *error);

/* The same for a file that only one class reads: another is VQC_BAD_INPUT, none is taken to be that one. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_surroundings_classify_as(vqc_tokenizer_surroundings *surroundings,
                                                                 const char *class, const char *file,
                                                                 vqc_error *error);

/* How open_clip cleans a text; where it has no say, *cleaning stays. It uses OpenAI's byte pairs where its
 * configuration names no tokenizer, and those of Hugging Face where it does: `openai` says which are given, others
 * are refused. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_surroundings_cleaning(const vqc_tokenizer_surroundings *surroundings,
                                                              bool openai, vqc_cleaning *cleaning, vqc_error *error);

/* The token that fills up rows, NULL where nothing says it, and its side. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_surroundings_padding(const vqc_tokenizer_surroundings *surroundings,
                                                             const char **token_out, bool *left_out,
                                                             vqc_error *error);

/* The token under a key of tokenizer_config.json ("eos_token"), NULL where it has none. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_surroundings_token(const vqc_tokenizer_surroundings *surroundings,
                                                           const char *key, const char **token_out, vqc_error *error);

/* Whose rules these are, for people: "transformers' T5Tokenizer". */
void vqc_tokenizer_surroundings_describe(const vqc_tokenizer_surroundings *surroundings, const char *file, char *text,
                                         size_t size);

/* The path of a file beside another, in memory of the caller's. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_beside(const char *path, const char *name, char **beside_out,
                                               vqc_error *error);

#endif
