/* tokenizer.json: any bytes are a tokenizer or a one-line error; one that is read encodes texts of any kind. */

#include "memory_file.h"

#include <string.h>

#include "fuzz.h"
#include "text/tokenizer.h"

static void encode(const vqc_tokenizer *tokenizer, const char *text)
{
    vqc_token_list tokens = {0};
    vqc_error error = {0};
    size_t size = vqc_tokenizer_vocabulary_size(tokenizer);
    if (vqc_tokenizer_encode(tokenizer, text, &tokens, &error) == VQC_OK)
        for (size_t i = 0; i < tokens.count; i++)
            if (tokens.ids[i] < 0 || (size_t)tokens.ids[i] >= size ||
                vqc_tokenizer_token_text(tokenizer, tokens.ids[i]) == NULL)
                abort();
    vqc_token_list_release(&tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"", " ", "the Sea's 12 caf\u00e9  \u2581<unk></s> \U0001f469\u200d\U0001f467",
                                        "aaaaaaaaaaaab"};
    memory_file file;
    vqc_tokenizer *tokenizer;
    vqc_error error = {0};
    memory_file_open(&file, data, size);
    vqc_status status = vqc_tokenizer_create(file.path, &(vqc_tokenizer_options){0}, &tokenizer, &error);
    memory_file_close(&file);
    if (status != VQC_OK)
        return 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        encode(tokenizer, texts[i]);
    vqc_tokenizer_destroy(tokenizer);
    return 0;
}
