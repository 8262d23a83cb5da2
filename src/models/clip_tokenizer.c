#include "models/clip_tokenizer.h"

vqc_status vqc_clip_tokenizer_create(const vqc_clip *clip, const char *vocabulary, vqc_tokenizer **tokenizer_out,
                                     vqc_error *error)
{
    const vqc_tokenizer_options options = {.weights = vqc_weights_path(clip->weights),
                                           .configuration = clip->config.config_path,
                                           .rows = (size_t)clip->text.vocabulary,
                                           .cleaning = clip->cleaning};
    if (clip->text.type == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: has no text tower that vqclip knows", options.weights);
    return vqc_tokenizer_create(vocabulary, &options, tokenizer_out, error);
}
