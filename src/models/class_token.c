#include "models/class_token.h"

#include <stdlib.h>

vqc_status vqc_class_token_add(const vqc_layers *layers, const vqc_class_token *token, vqc_value x, vqc_value *output,
                               vqc_error *error)
{
    const int64_t class_shape[] = {1, 1, token->width};
    const int64_t position_shape[] = {1, 1 + token->patches, token->width};
    const int of_class = token->batched ? 0 : 2; /* axes left out */
    const int of_positions = token->batched ? 0 : 1;
    float *class_token = NULL;
    float *positions = NULL;
    vqc_status status = vqc_parameters_read(layers->parameters, token->name, 3 - of_class, class_shape + of_class,
                                            &class_token, error);
    if (status == VQC_OK)
        status = vqc_parameters_read(layers->parameters, token->positions, 3 - of_positions,
                                     position_shape + of_positions, &positions, error);
    if (status == VQC_OK)
        status = vqc_layer_tokens(layers, x, VQC_TOKENS_FRONT_GIVEN, class_token, positions, output, error);
    free(class_token);
    free(positions);
    return status;
}
