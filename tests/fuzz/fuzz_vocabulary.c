/* Vocabulary files: any bytes are a vocabulary or a one-line error. */

#include "memory_file.h"

#include "fuzz.h"
#include "text/tokenizer.h"

/* Loads the file, and encodes a text with what was loaded. */
static void load_and_encode(const char *path)
{
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    if (vqc_tokenizer_create(path, &(vqc_tokenizer_options){0}, &tokenizer, &error) != VQC_OK)
        return;
    vqc_token_list tokens = {0};
    if (vqc_tokenizer_encode(tokenizer, "the quick brown fox's 12 aaaaaaaa", &tokens, &error) != VQC_OK)
        abort();
    size_t size = vqc_tokenizer_vocabulary_size(tokenizer);
    for (size_t i = 0; i < tokens.count; i++)
        if (tokens.ids[i] < 0 || (size_t)tokens.ids[i] >= size)
            abort();
    vqc_token_list_release(&tokens);
    vqc_tokenizer_destroy(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memory_file file;
    memory_file_open(&file, data, size);
    load_and_encode(file.path);
    memory_file_close(&file);
    return 0;
}
