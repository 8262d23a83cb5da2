#include <stdio.h>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "text/tokenizer.h"

static void ids_print(const vqc_token_list *tokens)
{
    for (size_t i = 0; i < tokens->count; i++)
        (void)printf(i == 0 ? "%d" : " %d", tokens->ids[i]);
    (void)printf("\n");
}

/* {"text", "ids", "tokens", "rules"} */
static json_t *text_to_json(const vqc_tokenizer *tokenizer, const char *text, const vqc_token_list *tokens)
{
    json_t *ids = json_array();
    json_t *names = json_array();
    for (size_t i = 0; i < tokens->count; i++) {
        json_array_append_new(ids, json_integer(tokens->ids[i]));
        json_array_append_new(names, json_string(vqc_tokenizer_token_text(tokenizer, tokens->ids[i])));
    }
    json_t *object = json_object();
    json_object_set_new(object, "text", json_string(text));
    json_object_set_new(object, "ids", ids);
    json_object_set_new(object, "tokens", names);
    json_object_set_new(object, "rules", json_string(vqc_tokenizer_rules(tokenizer)));
    return object;
}

/* Tokenises every text; as JSON they are collected in `report`, which is NULL otherwise. */
static vqc_status texts_tokenise(const vqc_tokenizer *tokenizer, const vqc_text_list *texts, json_t *report,
                                 vqc_error *error)
{
    vqc_token_list tokens = {0};
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < texts->count && status == VQC_OK; i++) {
        status = vqc_tokenizer_encode(tokenizer, texts->items[i], &tokens, error);
        if (status == VQC_OK && report != NULL)
            json_array_append_new(report, text_to_json(tokenizer, texts->items[i], &tokens));
        else if (status == VQC_OK)
            ids_print(&tokens);
    }
    vqc_token_list_release(&tokens);
    return status;
}

typedef struct tokenize_options {
    bool json;
    const char *vocabulary;
    const char *cleaning;
} tokenize_options;

static vqc_status tokenize_run(void *context, const vqc_text_list *texts, vqc_error *error)
{
    const tokenize_options *options = context;
    const vqc_tokenizer_options tokenizer_options = {.cleaning = options->cleaning};
    vqc_tokenizer *tokenizer;
    if (options->vocabulary == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "tokenize: --vocabulary is needed");
    VQC_TRY(vqc_tokenizer_create(options->vocabulary, &tokenizer_options, &tokenizer, error));
    json_t *report = options->json ? json_array() : NULL;
    vqc_status status = texts_tokenise(tokenizer, texts, report, error);
    vqc_tokenizer_destroy(tokenizer);
    if (options->json && status == VQC_OK)
        return vqc_json_print(report, error);
    json_decref(report);
    return status;
}

static const vqc_option table[] = {
    {.name = "--vocabulary",
     .value = "FILE",
     .help = "byte-pair vocabulary (gzip or plain text), tokenizer.json, vocab.json, spiece.model, or their folder",
     VQC_OPTION_MEMBER(tokenize_options, vocabulary)},
    {.name = "--cleaning",
     .value = "NAME",
     .help = "none, lower, whitespace or canonicalize (the rule: as the files say)",
     VQC_OPTION_MEMBER(tokenize_options, cleaning)},
    {.name = "--json", .help = "print the result as JSON", VQC_OPTION_MEMBER(tokenize_options, json)},
};

const vqc_command vqc_command_tokenize = {
    .name = "tokenize",
    .summary = "texts to token ids",
    .usage = "vqclip tokenize --vocabulary FILE [--cleaning NAME] TEXT...",
    .about =
        "Prints the token ids of each text on a line of its own, start and end included. As JSON also whose rules\n"
        "these are: the library's whose file it is.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = SIZE_MAX,
    .options_size = sizeof(tokenize_options),
    .run = tokenize_run,
};
