#ifndef VQC_MODELS_CLIP_H
#define VQC_MODELS_CLIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "models/clip_naming.h"
#include "models/parameters.h"
#include "models/prefixes.h"
#include "network/network.h"

/* A CLIP model (Radford et al. 2021): an image tower and a text tower that map into one space of embeddings. Read
 * are OpenAI's files, open_clip's and Hugging Face's; every dimension is read off the shapes of the tensors. What
 * shapes do not tell, as the activation function, the number of heads, how tokens are pooled, mean and deviation of
 * the training pictures, comes from the configuration beside the file (open_clip_config.json; config.json and
 * processor_config.json or preprocessor_config.json) where there is one, else it is as OpenAI has it: QuickGELU,
 * heads of width 64 (of the published picture towers of 1280, 1408 and 1664: 80, 88 and 104), and its pictures'
 * numbers. A file that is no such model, lacks a tensor or has it in another shape, or whose configuration is not
 * understood wholly or does not fit its tensors, is VQC_BAD_INPUT, when it is opened or when a tower reads it. */
typedef struct vqc_clip_vision {
    const struct vqc_image_tower_type *type; /* towers.h */
    int64_t side;                            /* of the square input picture, pixels */
    int64_t head_width;                      /* of its attention */
    void *own;                               /* what the type alone knows; one piece of memory, NULL for none */
} vqc_clip_vision;

typedef struct vqc_clip_text {
    const struct vqc_text_tower_type
        *type; /* NULL: the file has no text tower that is known, and texts are refused */
    int64_t width, head_width;
    int64_t context;    /* longest sequence of tokens */
    int64_t vocabulary; /* number of token ids */
    void *own;
} vqc_clip_text;

typedef struct vqc_clip {
    vqc_clip_vision vision;
    vqc_clip_text text;
    int64_t embed_width;
    vqc_clip_config config;
    const char *cleaning; /* what the options say */
    vqc_weights *weights;
    vqc_clip_naming naming; /* its prefix is the one below */
    char prefix[VQC_PREFIX_SIZE];
    vqc_parameters parameters; /* under OpenAI's names */
} vqc_clip;

/* What the caller says where neither the file nor a configuration beside it does; zero or NULL: not said. */
typedef struct vqc_clip_options {
    int64_t head_width;     /* of the picture tower's transformer blocks */
    const char *key;        /* of vqc_weights_open_key */
    const char *activation; /* "quick_gelu", "gelu" or "gelu_tanh" */
    const char *cleaning;   /* of its texts, a word of text/text_cleaning.h; must outlive the model */
} vqc_clip_options;

/* Opens a weights file: one that no naming and type of towers recognises is VQC_BAD_INPUT. Tensors are read when a
 * tower is made. */
VQC_MUST_CHECK vqc_status vqc_clip_open(const char *path, const vqc_clip_options *options, vqc_clip **clip_out,
                                        vqc_error *error);
/* Whether a weights file has the tensors by which a CLIP model is known, under some prefix; others may still lack. */
bool vqc_clip_is_recognised(const vqc_weights *weights);
/* Closes it; towers made from it stay usable. NULL is allowed. */
void vqc_clip_close(vqc_clip *clip);

/* From pictures to embeddings, which are not normalised. */
typedef struct vqc_clip_image_tower {
    vqc_network *network;
    vqc_value pixels;    /* input f32 (batch, side, side, 3), 0 to 1; has the gradient */
    vqc_value embedding; /* output f32 (batch, embed_width) */
} vqc_clip_image_tower;

/* Makes an image tower for batches of this size; `precision` is the dtype of the activations. `ops` NULL: only tells
 * whether it can be made (network.h); this one too is to be destroyed. */
VQC_MUST_CHECK vqc_status vqc_clip_image_tower_create(const vqc_clip *clip, vqc_ops *ops, vqc_dtype precision,
                                                      int64_t batch, bool backward, vqc_clip_image_tower *tower_out,
                                                      vqc_error *error);
void vqc_clip_image_tower_destroy(vqc_clip_image_tower *tower);

/* Adds the tower to a network that has the pixels as a value of its own, f32 (batch, side, side, 3), 0 to 1. */
VQC_MUST_CHECK vqc_status vqc_clip_image_tower_add(const vqc_clip *clip, vqc_network *network, vqc_dtype precision,
                                                   vqc_value pixels, vqc_value *embedding_out, vqc_error *error);

/* From token ids to embeddings, which are not normalised. Which token stands for the text: vqc_clip_end. */
typedef struct vqc_clip_text_tower {
    vqc_network *network;
    vqc_value tokens;    /* input int32 (batch, tokens): ids, the rest of a shorter text filled with 0; with a class
                          * token one more, which has the id `vocabulary` */
    vqc_value last;      /* input int32 (batch): the place of the token that stands for each text */
    vqc_value seen;      /* with a class token: input int32 (batch, tokens), 0 for those that no token looks at */
    vqc_value embedding; /* output f32 (batch, embed_width) */
    int64_t batch, length, vocabulary;
    vqc_clip_end end;
    int64_t end_id;
    bool class_token;
    int64_t padding_id;
} vqc_clip_text_tower;

/* Makes a text tower for texts of `length` tokens at most, up to the context, or of the context alone where
 * vqc_clip_text_is_whole says so. Without gradients. VQC_BAD_INPUT where the model has none. `ops` as above. */
VQC_MUST_CHECK vqc_status vqc_clip_text_tower_create(const vqc_clip *clip, vqc_ops *ops, vqc_dtype precision,
                                                     int64_t batch, int64_t length, vqc_clip_text_tower *tower_out,
                                                     vqc_error *error);
void vqc_clip_text_tower_destroy(vqc_clip_text_tower *tower);

/* Whether what stands behind the end token changes the embedding, so that texts must be filled up to the context, as
 * the model was trained. */
bool vqc_clip_text_is_whole(const vqc_clip *clip);

/* Writes ids (batch, length) to the tower, after checking that each is in the vocabulary, and finds the end tokens.
 */
VQC_MUST_CHECK vqc_status vqc_clip_text_tower_write(vqc_clip_text_tower *tower, const int32_t *ids, vqc_error *error);

#endif
