#ifndef VQC_MODELS_TOWERS_H
#define VQC_MODELS_TOWERS_H

#include "models/clip.h"
#include "models/layers.h"

/* The families of towers. A new one is a file with a value of one of these types, a line in towers.c, and a fixture.
 */

enum { VQC_TOWER_DESCRIPTION_SIZE = 128 };

typedef struct vqc_image_tower_type {
    const char *name;
    const char *const
        *harmless; /* patterns (models/unread.h) of what this tower alone may leave unread; NULL: none */
    /* Whether a file with these names holds such a tower; no other type may say so too. */
    bool (*recognise)(const vqc_parameters *parameters);
    /* Sets clip->vision and clip->embed_width from the shapes of the tensors and the configuration. VQC_BAD_INPUT
     * names file and tensor. */
    vqc_status (*configure)(vqc_clip *clip, const vqc_clip_config *config, vqc_error *error);
    /* Adds the tower: x (batch, side, side, 3), normalised, f32; output (batch, embed_width). */
    vqc_status (*build)(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                        vqc_error *error);
    /* Says what it is and how large, "ViT, patches of 32, 12 layers of width 768". */
    void (*describe)(const vqc_clip *clip, char text[VQC_TOWER_DESCRIPTION_SIZE]);
} vqc_image_tower_type;

/* What a text tower is given: the inputs of vqc_clip_text_tower. */
typedef struct vqc_text_inputs {
    vqc_value tokens, last;
    const vqc_value *seen; /* NULL: there is none */
} vqc_text_inputs;

/* The same of text towers: configure sets clip->text. */
typedef struct vqc_text_tower_type {
    const char *name;
    const char *const *harmless;
    bool (*recognise)(const vqc_parameters *parameters);
    vqc_status (*configure)(vqc_clip *clip, const vqc_clip_config *config, vqc_error *error);
    vqc_status (*build)(const vqc_clip *clip, const vqc_layers *layers, const vqc_text_inputs *inputs,
                        vqc_value *output, vqc_error *error);
    void (*describe)(const vqc_clip *clip, char text[VQC_TOWER_DESCRIPTION_SIZE]);
} vqc_text_tower_type;

/* OpenAI's vision transformer and ModifiedResNet, and its text transformer. */
extern const vqc_image_tower_type vqc_image_tower_vit, vqc_image_tower_resnet;
/* SigLIP's picture tower; its text tower is one of CLIP's. */
extern const vqc_image_tower_type vqc_image_tower_siglip;
/* timm's vision transformer under its names of CLIP. */
extern const vqc_image_tower_type vqc_image_tower_timm_vit;
extern const vqc_text_tower_type vqc_text_tower_clip;

/* All of them. */
extern const vqc_image_tower_type *const vqc_image_tower_types[];
extern const size_t vqc_image_tower_type_count;
extern const vqc_text_tower_type *const vqc_text_tower_types[];
extern const size_t vqc_text_tower_type_count;

/* The type that recognises the file; NULL: none does. */
const vqc_image_tower_type *vqc_image_tower_type_find(const vqc_parameters *parameters);
const vqc_text_tower_type *vqc_text_tower_type_find(const vqc_parameters *parameters);

/* Refuses a file with more in a tower that was built than it has read (models/unread.h): `family` is its name for the
 * message, `owned` its naming's patterns of what belongs to it, `harmless` the type's. */
VQC_MUST_CHECK vqc_status vqc_tower_all_read(const vqc_clip *clip, const char *family, const char *const *owned,
                                             const char *const *harmless, vqc_error *error);

/* Whether a file has the table of a text tower, under any name that is known. */
bool vqc_text_table_is_there(const vqc_weights *weights);

/* The name of a family that is known by its tensors and not computed; NULL: none is recognised. */
const char *vqc_tower_stranger_find(const vqc_weights *weights);

#endif
