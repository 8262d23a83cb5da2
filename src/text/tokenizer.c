#include "text/tokenizer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "text/tokenizer_surroundings.h"
#include "text/tokenizer_type.h"

/* The first that recognises a file reads it. */
static const vqc_tokenizer_type *const types[] = {&vqc_tokenizer_merges, &vqc_tokenizer_json,
                                                  &vqc_tokenizer_sentencepiece, &vqc_tokenizer_openai};

struct vqc_tokenizer {
    const vqc_tokenizer_type *type;
    void *own;
    vqc_tokenizer_facts facts;
    char rules[160];
};

static bool is_folder(const char *path)
{
    struct stat information;
    return stat(path, &information) == 0 && S_ISDIR(information.st_mode);
}

vqc_status vqc_tokenizer_path(const char *path, char **file_out, vqc_error *error)
{
    static const char *const names[] = {"tokenizer.json", "vocab.json", "spiece.model"};
    vqc_text file = {0};
    struct stat information;
    if (!is_folder(path))
        return vqc_memory_copy_text(path, file_out, error);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        file.size = 0;
        vqc_status status = vqc_text_append(&file, error, "%s/%s", path, names[i]);
        if (status == VQC_OK && stat(file.data, &information) != 0)
            continue;
        *file_out = file.data;
        return status;
    }
    vqc_text_release(&file);
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: no tokenizer in it: expected tokenizer.json, vocab.json or spiece.model", path);
}

/* Looks at the file without reading it. */
static vqc_status file_look(const char *path, vqc_tokenizer_file *file, vqc_error *error)
{
    struct stat information;
    const char *slash = strrchr(path, '/');
    *file = (vqc_tokenizer_file){.path = path, .name = slash == NULL ? path : slash + 1};
    if (stat(path, &information) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot open the vocabulary: %s", path, strerror(errno));
    if (!S_ISREG(information.st_mode))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a vocabulary file, found no regular file", path);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot open the vocabulary: %s", path, strerror(errno));
    file->head_size = fread(file->head, 1, sizeof file->head, stream);
    (void)fclose(stream);
    return VQC_OK;
}

static const vqc_tokenizer_type *type_find(const vqc_tokenizer_file *file)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i]->recognise(file))
            return types[i];
    return NULL;
}

const vqc_tokenizer_companion vqc_tokenizer_companions[VQC_TOKENIZER_COMPANIONS] = {
    {.key = "tokenizer_config", .name = "tokenizer_config.json"},
    {.key = "tokenizer_model", .name = "config.json"},
    {.key = "tokenizer_ids", .name = "vocab.json"},
    {.key = "tokenizer_merges", .name = "merges.txt"},
};

vqc_status vqc_tokenizer_companion_find(const char *file, const vqc_tokenizer_companion *companion, char **path_out,
                                        vqc_error *error)
{
    vqc_tokenizer_file look;
    struct stat information;
    *path_out = NULL;
    VQC_TRY(file_look(file, &look, error));
    const vqc_tokenizer_type *type = type_find(&look);
    bool is_of_pair = strcmp(companion->name, "vocab.json") == 0 || strcmp(companion->name, "merges.txt") == 0;
    if (type == NULL || type == &vqc_tokenizer_openai || strcmp(look.name, companion->name) == 0 ||
        (is_of_pair && type != &vqc_tokenizer_merges))
        return VQC_OK;
    VQC_TRY(vqc_tokenizer_beside(file, companion->name, path_out, error));
    if (stat(*path_out, &information) == 0)
        return VQC_OK;
    free(*path_out);
    *path_out = NULL;
    return VQC_OK;
}

/* Every id must have its row, and every row its id. */
static vqc_status rows_check(const vqc_tokenizer *tokenizer, const char *path, const vqc_tokenizer_options *options,
                             vqc_error *error)
{
    if (options->rows == 0 || options->rows == tokenizer->facts.size)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: a vocabulary of %zu ids, but the token table of %s has %zu rows: not its vocabulary",
                         path, tokenizer->facts.size, options->weights == NULL ? "the model" : options->weights,
                         options->rows);
}

static vqc_status tokenizer_read(vqc_tokenizer *tokenizer, const char *path, const vqc_tokenizer_options *options,
                                 vqc_error *error)
{
    vqc_tokenizer_file file;
    VQC_TRY(file_look(path, &file, error));
    tokenizer->type = type_find(&file);
    if (tokenizer->type == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: not a tokenizer of a kind that is read", path);
    tokenizer->facts.padding = VQC_TOKENIZER_NO_PADDING;
    vqc_tokenizer_surroundings surroundings;
    VQC_TRY(vqc_tokenizer_surroundings_init(&surroundings, path, options->configuration, error));
    vqc_status status = tokenizer->type->read(&file, &surroundings, &tokenizer->own, &tokenizer->facts, error);
    vqc_tokenizer_surroundings_release(&surroundings);
    VQC_TRY(status);
    if (options->cleaning != NULL)
        VQC_TRY(vqc_cleaning_parse(options->cleaning, &tokenizer->facts.cleaning, error));
    (void)snprintf(tokenizer->rules, sizeof tokenizer->rules, "%s, cleaning: %s", tokenizer->facts.rules,
                   vqc_cleaning_word(tokenizer->facts.cleaning));
    return rows_check(tokenizer, path, options, error);
}

vqc_status vqc_tokenizer_create(const char *path, const vqc_tokenizer_options *options, vqc_tokenizer **tokenizer_out,
                                vqc_error *error)
{
    vqc_tokenizer *tokenizer;
    VQC_TRY(vqc_memory_allocate(1, sizeof *tokenizer, "the tokenizer", &tokenizer, error));
    char *file = NULL;
    vqc_status status = vqc_tokenizer_path(path, &file, error);
    if (status == VQC_OK)
        status = tokenizer_read(tokenizer, file, options, error);
    free(file);
    if (status != VQC_OK) {
        vqc_tokenizer_destroy(tokenizer);
        return status;
    }
    *tokenizer_out = tokenizer;
    return VQC_OK;
}

void vqc_tokenizer_destroy(vqc_tokenizer *tokenizer)
{
    if (tokenizer == NULL)
        return;
    if (tokenizer->type != NULL)
        tokenizer->type->destroy(tokenizer->own);
    free(tokenizer);
}

size_t vqc_tokenizer_vocabulary_size(const vqc_tokenizer *tokenizer)
{
    return tokenizer->facts.size;
}

size_t vqc_tokenizer_after(const vqc_tokenizer *tokenizer)
{
    return tokenizer->facts.after;
}

bool vqc_tokenizer_padding(const vqc_tokenizer *tokenizer, int32_t *id_out, bool *left_out)
{
    *id_out = tokenizer->facts.padding;
    *left_out = tokenizer->facts.pads_left;
    return tokenizer->facts.padding != VQC_TOKENIZER_NO_PADDING;
}

const char *vqc_tokenizer_rules(const vqc_tokenizer *tokenizer)
{
    return tokenizer->rules;
}

const char *vqc_tokenizer_token_text(const vqc_tokenizer *tokenizer, int32_t id)
{
    if (id < 0 || (size_t)id >= tokenizer->facts.size)
        return NULL;
    return tokenizer->type->token_text(tokenizer->own, id);
}

vqc_status vqc_tokenizer_encode(const vqc_tokenizer *tokenizer, const char *text, vqc_token_list *tokens,
                                vqc_error *error)
{
    char *clean;
    VQC_TRY(vqc_text_clean(tokenizer->facts.cleaning, text, strlen(text), &clean, error));
    tokens->count = 0;
    vqc_status status = tokenizer->type->encode(tokenizer->own, clean, tokens, error);
    free(clean);
    return status;
}
