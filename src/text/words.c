#include "text/words.h"

#include <stdlib.h>

#include "base/memory.h"

void vqc_words_release(vqc_words *words)
{
    vqc_code_points_release(&words->text);
    free(words->ends);
    *words = (vqc_words){0};
}

vqc_status vqc_words_add(vqc_words *words, const int32_t *code_points, size_t count, vqc_error *error)
{
    if (count == 0)
        return VQC_OK;
    VQC_TRY(vqc_code_points_append_array(&words->text, code_points, count, error));
    VQC_TRY(vqc_memory_grow(&words->ends, &words->capacity, words->count + 1, sizeof *words->ends, "words", error));
    words->ends[words->count++] = words->text.count;
    return VQC_OK;
}

vqc_code_points vqc_words_at(const vqc_words *words, size_t index)
{
    size_t start = index == 0 ? 0 : words->ends[index - 1];
    return (vqc_code_points){.at = words->text.at + start, .count = words->ends[index] - start};
}
