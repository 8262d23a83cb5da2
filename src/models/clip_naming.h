#ifndef VQC_MODELS_CLIP_NAMING_H
#define VQC_MODELS_CLIP_NAMING_H

#include <stdbool.h>

#include "models/clip_config.h"
#include "models/parameters.h"

/* One way to name the tensors of a CLIP file. The program's own names are OpenAI's. */
typedef struct vqc_clip_naming_type {
    const char *name;
    /* Patterns of the file's names (models/unread.h): what belongs to which tower, and what changes no embedding. */
    const char *const *image_owned;
    const char *const *text_owned;
    const char *const *harmless;
    bool packed; /* q, k and v of a block are one tensor, attn.in_proj; else attn.q_proj, attn.k_proj, attn.v_proj */
    /* The file's name for one of OpenAI's; the `translate` of vqc_parameters, context a vqc_clip_naming. The name of
     * a projection with .weight behind it asks for a linear layer's. */
    void (*translate)(const void *naming, const char *name, char translated[VQC_PARAMETER_NAME_SIZE]);
    /* Reads what lies beside the weights file, where it does (clip_config.h). */
    vqc_status (*config_read)(const char *weights_path, bool text, vqc_clip_config *config, vqc_error *error);
} vqc_clip_naming_type;

typedef struct vqc_clip_naming {
    const vqc_clip_naming_type *type;
    const char *prefix;      /* in front of every name (models/prefixes.h) */
    const char *text_prefix; /* further, in front of the text tower's: "" or "text." */
} vqc_clip_naming;

/* All that are known, without a prefix; of several that fit a file the first is taken. */
extern const vqc_clip_naming vqc_clip_namings[];
extern const size_t vqc_clip_naming_count;

#endif
