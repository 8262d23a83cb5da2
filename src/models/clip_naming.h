#ifndef VQC_MODELS_CLIP_NAMING_H
#define VQC_MODELS_CLIP_NAMING_H

#include <stdbool.h>

#include "base/status.h"
#include "models/parameters.h"
#include "ops/operation.h"

/* What the towers of a CLIP file need to know and the shapes of its tensors do not tell. */
typedef struct vqc_clip_config {
    int64_t image_heads, text_heads;           /* 0: by their width */
    int64_t image_head_width, text_head_width; /* of the transformer blocks */
    vqc_activation_function activation;        /* of both towers */
    float epsilon;                             /* of the layer norms */
    float pixel_mean[3], pixel_deviation[3];   /* of the training pictures, 0 to 1, by channel */
    char *config_path;       /* the file beside the weights file that says some of the above; NULL: none is there */
    char *preprocessor_path; /* the same for mean and deviation in Hugging Face's layout */
} vqc_clip_config;

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
    /* Reads what lies beside the weights file, where it does; what it does not say stays. VQC_BAD_INPUT names the
     * key. */
    vqc_status (*config_read)(const char *weights_path, vqc_clip_config *config, vqc_error *error);
} vqc_clip_naming_type;

typedef struct vqc_clip_naming {
    const vqc_clip_naming_type *type;
    const char *prefix;      /* in front of every name: "" or "module." */
    const char *text_prefix; /* further, in front of the text tower's: "" or "text." */
} vqc_clip_naming;

/* All that are known; of several that fit a file the first is taken. */
extern const vqc_clip_naming vqc_clip_namings[];
extern const size_t vqc_clip_naming_count;

/* "quick_gelu" or "gelu"; another name is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_clip_activation_parse(const char *name, vqc_activation_function *function_out,
                                                    vqc_error *error);

/* What reads the configuration of one naming: open_clip's (OpenAI's files have none), and Hugging Face's. */
VQC_MUST_CHECK vqc_status vqc_clip_config_read_open_clip(const char *weights_path, vqc_clip_config *config,
                                                         vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_clip_config_read_hugging_face(const char *weights_path, vqc_clip_config *config,
                                                            vqc_error *error);

#endif
