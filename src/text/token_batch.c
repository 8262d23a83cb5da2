#include "text/token_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Tokenises one text to at most `context` ids. */
static vqc_status text_encode(const vqc_tokenizer *tokenizer, const char *text, const vqc_token_form *form,
                              vqc_token_list *tokens, vqc_error *error)
{
    size_t context = form->context;
    size_t after = vqc_tokenizer_after(tokenizer);
    VQC_TRY(vqc_tokenizer_encode(tokenizer, text, tokens, error));
    if (tokens->count <= context)
        return VQC_OK;
    if (!form->truncate)
        return vqc_error_set(error, VQC_BAD_INPUT, "text of %zu tokens, the perceptor takes %zu: %s", tokens->count,
                             context, text);
    if (after > context)
        return vqc_error_set(error, VQC_BAD_INPUT, "a text's end is %zu tokens, the perceptor takes %zu", after,
                             context);
    memmove(tokens->ids + context - after, tokens->ids + tokens->count - after, after * sizeof *tokens->ids);
    tokens->count = context;
    return VQC_OK;
}

/* How rows are filled up. */
typedef struct row_filling {
    int32_t padding;
    bool left;
} row_filling;

static vqc_status filling_find(const vqc_tokenizer *tokenizer, const vqc_token_form *form, row_filling *filling,
                               vqc_error *error)
{
    *filling = (row_filling){0};
    if (!form->whole || vqc_tokenizer_padding(tokenizer, &filling->padding, &filling->left))
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "the perceptor looks at what stands behind a text, and no file of its tokenizer says which "
                         "token that is: expected pad_token in tokenizer_config.json");
}

/* Tokenises every text into rows as long as the context. */
static vqc_status rows_encode(const vqc_tokenizer *tokenizer, const char *const *texts, size_t count,
                              const vqc_token_form *form, int32_t *rows, size_t *longest, vqc_error *error)
{
    vqc_token_list tokens = {0};
    row_filling filling;
    vqc_status status = filling_find(tokenizer, form, &filling, error);
    *longest = form->whole ? form->context : 0;
    for (size_t i = 0; i < count && status == VQC_OK; i++) {
        status = text_encode(tokenizer, texts[i], form, &tokens, error);
        if (status != VQC_OK)
            break;
        int32_t *row = rows + i * form->context;
        for (size_t place = 0; place < form->context; place++)
            row[place] = filling.padding;
        size_t first = filling.left ? form->context - tokens.count : 0;
        for (size_t k = 0; k < tokens.count; k++)
            row[first + k] = tokens.ids[k];
        if (tokens.count > *longest)
            *longest = tokens.count;
    }
    vqc_token_list_release(&tokens);
    return status;
}

vqc_status vqc_token_batch_make(const vqc_tokenizer *tokenizer, const char *const *texts, size_t count,
                                const vqc_token_form *form, int32_t **ids_out, int64_t *length_out, vqc_error *error)
{
    int32_t *rows;
    size_t longest;
    VQC_TRY(vqc_memory_allocate(count * form->context, sizeof *rows, "token ids", &rows, error));
    vqc_status status = rows_encode(tokenizer, texts, count, form, rows, &longest, error);
    if (status != VQC_OK) {
        free(rows);
        return status;
    }
    for (size_t i = 1; i < count; i++)
        memmove(rows + i * longest, rows + i * form->context, longest * sizeof *rows);
    *ids_out = rows;
    *length_out = (int64_t)longest;
    return VQC_OK;
}
