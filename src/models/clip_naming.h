#ifndef VQC_MODELS_CLIP_NAMING_H
#define VQC_MODELS_CLIP_NAMING_H

#include <stdbool.h>

#include "base/status.h"
#include "models/parameters.h"

/* What a CLIP file calls its tensors. The program's own names are OpenAI's. */
typedef enum vqc_clip_family {
    VQC_CLIP_OPENAI,      /* OpenAI, and open_clip, which took the names over */
    VQC_CLIP_HUGGING_FACE /* CLIPModel of the transformers library */
} vqc_clip_family;

typedef struct vqc_clip_naming {
    vqc_clip_family family;
    const char *prefix;      /* in front of every name: "" or "module." */
    const char *text_prefix; /* further, in front of the text tower's: "" or "text." */
} vqc_clip_naming;

/* Finds out how the file names its tensors; a file without a CLIP model is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_clip_naming_recognise(const vqc_weights *weights, vqc_clip_naming *naming_out,
                                                    vqc_error *error);

/* The file's name for one of OpenAI's; the `translate` of vqc_parameters, context a vqc_clip_naming. Hugging Face's
 * split of attn.in_proj into q, k and v is asked for as attn.q_proj, attn.k_proj, attn.v_proj. */
void vqc_clip_naming_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE]);

#endif
