#include "text/token_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void vqc_token_list_release(vqc_token_list *tokens)
{
    free(tokens->ids);
    *tokens = (vqc_token_list){0};
}

vqc_status vqc_token_list_append(vqc_token_list *tokens, const int32_t *ids, size_t count, vqc_error *error)
{
    if (count == 0)
        return VQC_OK;
    VQC_TRY(vqc_memory_grow(&tokens->ids, &tokens->capacity, tokens->count + count, sizeof *tokens->ids, "token ids",
                            error));
    memcpy(tokens->ids + tokens->count, ids, count * sizeof *ids);
    tokens->count += count;
    return VQC_OK;
}
