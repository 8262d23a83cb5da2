#ifndef VQC_MODELS_CLIP_CONFIG_H
#define VQC_MODELS_CLIP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "config/json_keys.h"
#include "models/picture_input.h"
#include "ops/operation.h"

/* What the towers of a CLIP file need to know and the shapes of its tensors do not tell, and what a configuration
 * says of the shapes, which is compared with them. The readers are strict: a key that they do not know, or one at a
 * value that is not computed, is VQC_BAD_INPUT naming file, key and value. */

/* Which token stands for a text. */
typedef enum vqc_clip_end {
    VQC_CLIP_END_LARGEST, /* that with the largest id, the first of several */
    VQC_CLIP_END_ID,      /* the first with the id `end_id`; where there is none, the first of all */
    VQC_CLIP_END_FIRST,   /* the first */
    VQC_CLIP_END_LAST     /* the last of the context */
} vqc_clip_end;

/* Which tokens stand for a picture. */
typedef enum vqc_clip_pool {
    VQC_CLIP_POOL_TOKEN, /* the class token */
    VQC_CLIP_POOL_MEAN   /* the mean of the patches */
} vqc_clip_pool;

/* How open_clip makes embeddings of what a network of timm's gives. */
typedef enum vqc_timm_projection {
    VQC_TIMM_TRUNK,  /* by the network's own classifier */
    VQC_TIMM_LINEAR, /* by a linear layer */
    VQC_TIMM_MLP,    /* by two of them */
    VQC_TIMM_NONE    /* they are it */
} vqc_timm_projection;

/* What both towers have. */
typedef struct vqc_clip_tower_config {
    int64_t heads;                       /* 0: by their width */
    int64_t head_width;                  /* 0: by what is published of a tower of that width, else 64 */
    vqc_activation_function activation;  /* of the perceptrons */
    double epsilon;                      /* of the layer norms */
    bool layer_scale;                    /* the blocks' sums are scaled by ls_1.gamma and ls_2.gamma */
    bool head_scale;                     /* what each head finds is scaled by a number of its own */
    bool inner_norm;                     /* a norm of what the heads find, before their projection */
    bool attention_norm;                 /* a norm behind it */
    bool hidden_norm;                    /* a norm inside the perceptron, before its second layer */
    vqc_json_said width, layers, hidden; /* hidden: of the perceptrons */
    vqc_json_said ratio;                 /* the same, as a part of the width */
} vqc_clip_tower_config;

typedef struct vqc_clip_config {
    vqc_clip_tower_config image, text;
    bool activation_assumed;   /* nobody said it */
    bool text_activation_said; /* the configuration has the text tower's, so that a caller means the other's */
    bool model_said; /* a configuration says what the model has; else optional tensors are as the file has them */

    bool pre_norm;        /* a layer norm before the picture tower's first block */
    bool norm_after_pool; /* the last layer norm is one of the pooled token, not of all before they are pooled */
    vqc_clip_pool pool;
    bool latent_pool; /* a pool of one learned query is said */
    bool timm_known;  /* timm_model_name is one whose tower is known */
    vqc_timm_projection timm_projection;
    bool timm_projection_bias;
    bool attentional_pool; /* learned queries look at all tokens; `pool` is then of what they find */
    int64_t pool_heads;    /* of that */
    vqc_json_said pool_queries;
    vqc_json_said patch, side;

    bool causal; /* a text's token sees those before it alone */
    vqc_clip_end end;
    int64_t end_id;
    bool text_class_token; /* a learned token behind the context stands for a text; `end` is not looked at */
    int64_t padding_id;    /* with it: what a text is filled up with, and which the tokens do not look at */
    bool projection;       /* of the text tower */
    bool projection_bias;  /* the text's projection is a linear layer with a bias */
    vqc_json_said context, vocabulary;

    vqc_json_said embed_width;

    float pixel_mean[3], pixel_deviation[3]; /* of the training pictures, 0 to 1, by channel */
    double pixel_scale;                      /* what 1 is multiplied by before that; mostly 1 */
    vqc_picture_preparation preparation;     /* of picture files */
    vqc_json_said picture_side;              /* of prepared pictures */

    char *config_path;       /* the file beside the weights file that says some of the above; NULL: none is there */
    char *preprocessor_path; /* the same for pictures in Hugging Face's layout */
} vqc_clip_config;

/* As OpenAI has it, and others where no file says otherwise. */
extern const vqc_clip_config vqc_clip_config_openai;

/* "quick_gelu", "gelu" or "gelu_tanh"; another name is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_clip_activation_parse(const char *name, vqc_activation_function *function_out,
                                                    vqc_error *error);

/* Opens a file of the weights file's folder and sets *path_out, new memory; where there is none, both are NULL. */
VQC_MUST_CHECK vqc_status vqc_clip_config_beside(const char *weights_path, const char *name, char **path_out,
                                                 vqc_json_config **json_out, vqc_error *error);

/* What reads the configuration beside a weights file: open_clip's (OpenAI's files have none), and Hugging Face's.
 * What is not said stays. `text`: whether the file has a text tower that is known; else what is said of it is passed
 * over. */
VQC_MUST_CHECK vqc_status vqc_clip_config_read_open_clip(const char *weights_path, bool text, vqc_clip_config *config,
                                                         vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_clip_config_read_hugging_face(const char *weights_path, bool text,
                                                            vqc_clip_config *config, vqc_error *error);

/* Of Hugging Face's library: the keys that every configuration may hold, and what it says of pictures beside one. */
extern const vqc_json_table vqc_hugging_face_general;
VQC_MUST_CHECK vqc_status vqc_hugging_face_pictures_read(const char *weights_path, vqc_clip_config *config,
                                                         vqc_error *error);

/* The words of `hidden_act` that are computed, NULL behind the last, and what each means, in the same order. */
extern const char *const vqc_hugging_face_activations[];
extern const vqc_activation_function vqc_hugging_face_activation_functions[];

#endif
