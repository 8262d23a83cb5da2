#ifndef VQC_MODELS_GENERATORS_H
#define VQC_MODELS_GENERATORS_H

#include "config/yaml.h"
#include "models/coder.h"
#include "models/generator.h"

/* The families of generators. A new one is a file with a value of this type, a line in generators.c, and a fixture.
 */

/* What a configuration calls a model of the family, at the end of `target`, `class_path`, `_class_name` or
 * `model_type`, and how such a model chooses its codes. */
typedef struct vqc_generator_class {
    const char *name; /* NULL ends the list */
    vqc_quantiser quantiser;
} vqc_generator_class;

typedef struct vqc_generator_type {
    const char *name;
    const vqc_generator_class *classes; /* the first is that of a file without a configuration */
    /* Tensors by which the family's files are known, under any prefix: all of `has`, none of `lacks` (NULL: any), and
     * no other family's files fit. NULL ends both. */
    const char *const *has;
    const char *const *lacks;
    const char *codebook; /* name of its tensor; NULL: there is none */
    /* What is to be known of a file whose rows were brought to length one; NULL: nothing. */
    const char *settled_note;
    /* Patterns (models/unread.h) of names without the prefix: what a file may have and changes no result. */
    const char *const *harmless;
    /* What configuration its files do not go without, for messages; NULL: the file alone says everything. */
    const char *needs;
    bool config_beside;                    /* that is a config.json beside the weights */
    float picture_lowest, picture_highest; /* range of the pictures that it makes, and reads */
    /* Sets style, own and the sizes from the configuration's `params`; NULL: it takes none. VQC_BAD_INPUT names file,
     * line, column and key. */
    vqc_status (*configure)(vqc_generator *generator, const vqc_yaml_node *parameters, vqc_error *error);
    /* The same from the file's tensors; NULL: they do not say it. VQC_BAD_INPUT names file and tensor. */
    vqc_status (*derive)(vqc_generator *generator, vqc_error *error);
    /* Add the halves: quantised z (width channels) to a picture, a picture to the encoder's result, and that to z. */
    vqc_status (*decoder)(const vqc_generator *generator, vqc_coder *coder, vqc_error *error);
    vqc_status (*encoder)(const vqc_generator *generator, vqc_coder *coder, vqc_error *error);
    vqc_status (*latent)(const vqc_generator *generator, vqc_coder *coder, vqc_error *error);
    /* Adds the logits of the codes to z, the largest of which an encoder takes; NULL: it takes what the quantiser
     * does. */
    vqc_status (*logits)(const vqc_generator *generator, vqc_coder *coder, vqc_error *error);
} vqc_generator_type;

/* taming-transformers', latent-diffusion's, Chameleon's and IBQ's; LlamaGen's and Janus's copy; diffusers';
 * MaskGIT's; autoencoders without a codebook, latent-diffusion's and diffusers'. */
extern const vqc_generator_type vqc_generator_vqgan, vqc_generator_gumbel_vqgan, vqc_generator_llamagen,
    vqc_generator_janus, vqc_generator_diffusers_vq, vqc_generator_maskgit, vqc_generator_kl,
    vqc_generator_diffusers_kl;

/* All of them. */
extern const vqc_generator_type *const vqc_generator_types[];
extern const size_t vqc_generator_type_count;

/* The type whose class this is, "taming.models.vqgan.VQModel", and the class; NULL: none. */
const vqc_generator_type *vqc_generator_type_of_class(const char *path, const vqc_generator_class **class_out);

bool vqc_generator_type_recognises(const vqc_generator_type *type, const vqc_weights *weights);
/* The type that recognises the weights file; NULL: none does. */
const vqc_generator_type *vqc_generator_type_find(const vqc_weights *weights);

/* The name of a family that is known but not computed, to which the file belongs; NULL: none. */
const char *vqc_generator_other_family(const vqc_weights *weights);

#endif
