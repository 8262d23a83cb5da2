/* Texts: any bytes are token ids or a one-line error, and a clean text stays well-formed UTF-8. */

#include "memory_file.h"

#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "text/text_cleaning.h"
#include "text/tokenizer.h"

static vqc_tokenizer *make_tokenizer(void)
{
    static const char merges[] =
        "header\ni n\nt h\na n\nr e\nth e</w>\nin g</w>\na a\naa aa\na a</w>\n! !\n!! !</w>\n";
    memory_file file;
    memory_file_open(&file, merges, sizeof merges - 1);
    vqc_tokenizer *tokenizer;
    vqc_error error = {0};
    if (vqc_tokenizer_create(file.path, &(vqc_tokenizer_options){0}, &tokenizer, &error) != VQC_OK)
        abort();
    memory_file_close(&file);
    return tokenizer;
}

static void encode(const char *text)
{
    vqc_tokenizer *tokenizer = make_tokenizer();
    vqc_token_list tokens = {0};
    vqc_error error = {0};
    size_t size = vqc_tokenizer_vocabulary_size(tokenizer);
    if (vqc_tokenizer_encode(tokenizer, text, &tokens, &error) != VQC_OK)
        abort();
    if (tokens.count < 2)
        abort();
    for (size_t i = 0; i < tokens.count; i++)
        if (tokens.ids[i] < 0 || (size_t)tokens.ids[i] >= size)
            abort();
    vqc_token_list_release(&tokens);
    vqc_tokenizer_destroy(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vqc_error error = {0};
    char *clean;
    if (vqc_text_clean(VQC_CLEANING_LOWER, (const char *)data, size, &clean, &error) != VQC_OK)
        return 0;
    if (!vqc_utf8_is_valid(clean, strlen(clean)))
        abort();
    free(clean);
    char *text = strndup((const char *)data, size);
    if (text == NULL)
        abort();
    encode(text);
    free(text);
    return 0;
}
