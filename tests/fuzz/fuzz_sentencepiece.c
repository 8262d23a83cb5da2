/* Models of sentencepiece: any bytes are a model or a one-line error; one that is read encodes texts of any kind. */

#include "memory_file.h"

#include <string.h>

#include "fuzz.h"
#include "text/sentencepiece_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"", "  ", "the Sea's 12 caf\u00e9  \u2581<unk></s> \uff21", "aaaaaaaaaaaab"};
    memory_file file;
    vqc_sentencepiece_model model;
    vqc_error error = {0};
    memory_file_open(&file, data, size);
    vqc_status status = vqc_sentencepiece_model_init(&model, file.path, &error);
    memory_file_close(&file);
    if (status != VQC_OK)
        return 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vqc_token_list tokens = {0};
        status = vqc_sentencepiece_model_encode(&model, texts[i], strlen(texts[i]), &tokens, &error);
        for (size_t k = 0; k < tokens.count && status == VQC_OK; k++)
            if (tokens.ids[k] < 0 || (size_t)tokens.ids[k] >= model.pieces.count)
                abort();
        vqc_token_list_release(&tokens);
    }
    vqc_sentencepiece_model_release(&model);
    return 0;
}
