/* vocab.json and merges.txt side by side: the bytes before the first NUL are the one, those behind it the other. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "text/tokenizer.h"

static void file_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static void load_and_encode(const char *path)
{
    vqc_error error = {0};
    vqc_tokenizer *tokenizer;
    vqc_token_list tokens = {0};
    if (vqc_tokenizer_create(path, &(vqc_tokenizer_options){0}, &tokenizer, &error) != VQC_OK)
        return;
    size_t size = vqc_tokenizer_vocabulary_size(tokenizer);
    if (vqc_tokenizer_encode(tokenizer, "the Sea's 12 boats <|endoftext|>", &tokens, &error) == VQC_OK)
        for (size_t i = 0; i < tokens.count; i++)
            if (tokens.ids[i] < 0 || (size_t)tokens.ids[i] >= size)
                abort();
    vqc_token_list_release(&tokens);
    vqc_tokenizer_destroy(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/tmp/fuzz_merges.XXXXXX";
    char vocabulary[64];
    char merges[64];
    const uint8_t *nul = size == 0 ? NULL : memchr(data, 0, size);
    size_t first = nul == NULL ? size : (size_t)(nul - data);
    if (mkdtemp(folder) == NULL)
        abort();
    (void)snprintf(vocabulary, sizeof vocabulary, "%s/vocab.json", folder);
    (void)snprintf(merges, sizeof merges, "%s/merges.txt", folder);
    file_write(vocabulary, data, first);
    if (nul != NULL)
        file_write(merges, nul + 1, size - first - 1);
    load_and_encode(vocabulary);
    (void)remove(vocabulary);
    (void)remove(merges);
    (void)rmdir(folder);
    return 0;
}
