#include "text/token_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Tokenises one text to at most `context` ids. */
static vqc_status text_encode(const vqc_tokenizer *tokenizer, const char *text, size_t context, bool truncate,
                              vqc_token_list *tokens, vqc_error *error)
{
    VQC_TRY(vqc_tokenizer_encode(tokenizer, text, tokens, error));
    if (tokens->count <= context)
        return VQC_OK;
    if (!truncate)
        return vqc_error_set(error, VQC_BAD_INPUT, "text of %zu tokens, the perceptor takes %zu: %s", tokens->count,
                             context, text);
    tokens->ids[context - 1] = tokens->ids[tokens->count - 1];
    tokens->count = context;
    return VQC_OK;
}

/* Tokenises every text into rows as long as the context. */
static vqc_status rows_encode(const vqc_tokenizer *tokenizer, const char *const *texts, size_t count, size_t context,
                              bool truncate, int32_t *rows, size_t *longest, vqc_error *error)
{
    vqc_token_list tokens = {0};
    vqc_status status = VQC_OK;
    *longest = 0;
    for (size_t i = 0; i < count && status == VQC_OK; i++) {
        status = text_encode(tokenizer, texts[i], context, truncate, &tokens, error);
        if (status != VQC_OK)
            break;
        memcpy(rows + i * context, tokens.ids, tokens.count * sizeof *rows);
        if (tokens.count > *longest)
            *longest = tokens.count;
    }
    vqc_token_list_release(&tokens);
    return status;
}

vqc_status vqc_token_batch_make(const vqc_tokenizer *tokenizer, const char *const *texts, size_t count,
                                size_t context, bool truncate, int32_t **ids_out, int64_t *length_out,
                                vqc_error *error)
{
    int32_t *rows;
    size_t longest;
    VQC_TRY(vqc_memory_allocate(count * context, sizeof *rows, "token ids", &rows, error));
    vqc_status status = rows_encode(tokenizer, texts, count, context, truncate, rows, &longest, error);
    if (status != VQC_OK) {
        free(rows);
        return status;
    }
    for (size_t i = 1; i < count; i++)
        memmove(rows + i * longest, rows + i * context, longest * sizeof *rows);
    *ids_out = rows;
    *length_out = (int64_t)longest;
    return VQC_OK;
}
