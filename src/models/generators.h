#ifndef VQC_MODELS_GENERATORS_H
#define VQC_MODELS_GENERATORS_H

#include "config/yaml.h"
#include "models/generator.h"
#include "models/layers.h"

/* The families of generators. A new one is a file with a value of this type, a line in generators.c, and a fixture.
 */

enum { VQC_GENERATOR_DESCRIPTION_SIZE = 160 };

typedef struct vqc_generator_type {
    const char *name;
    const char *const
        *classes;         /* what a configuration calls such a model (the end of `target`); NULL ends the list */
    const char *codebook; /* name of its tensor, by which the file's prefix is found too */
    /* Patterns of names without the prefix (models/unread.h): what only the encoder or only the decoder reads, and
     * what neither does and changes no result. All else under the prefix both must have read, or it was read when the
     * file was opened. */
    const char *const *encoder_owned;
    const char *const *decoder_owned;
    const char *const *harmless;
    /* Whether a weights file holds such a generator, under any prefix; no other type may say so too. */
    bool (*recognise)(const vqc_generator_type *type, const vqc_weights *weights);
    /* Sets factor, width, codes, the picture's range and own from the configuration's `params`. VQC_BAD_INPUT names
     * file, line, column and key. */
    vqc_status (*configure)(vqc_generator *generator, const vqc_yaml_node *parameters, vqc_error *error);
    /* Add the two halves, in the layers' dtype: quantised (batch, rows, columns, width) to a picture (batch, rows ·
     * factor, columns · factor, 3), and a picture to the encoder's result before its last layer, `encoded`, and after
     * it, `latent`, shaped like z. */
    vqc_status (*decode)(const vqc_generator *generator, const vqc_layers *layers, vqc_value quantised,
                         vqc_value *picture_out, vqc_error *error);
    vqc_status (*encode)(const vqc_generator *generator, const vqc_layers *layers, vqc_value picture,
                         vqc_value *encoded_out, vqc_value *latent_out, vqc_error *error);
    /* Adds the logits of the codes (batch, rows, columns, codes), the largest of which an encoder takes; NULL: it
     * takes the nearest row of the codebook. */
    vqc_status (*logits)(const vqc_generator *generator, const vqc_layers *layers, vqc_value latent,
                         vqc_value *logits_out, vqc_error *error);
    /* Says what a recognised file holds, "VQGAN, 1024 codes of width 256, 128 channels at full resolution". */
    void (*describe)(const vqc_generator_type *type, const vqc_weights *weights,
                     char text[VQC_GENERATOR_DESCRIPTION_SIZE]);
} vqc_generator_type;

extern const vqc_generator_type vqc_generator_vqgan, vqc_generator_gumbel_vqgan;

/* All of them. */
extern const vqc_generator_type *const vqc_generator_types[];
extern const size_t vqc_generator_type_count;

/* The type whose class this is, "taming.models.vqgan.VQModel"; NULL: none. */
const vqc_generator_type *vqc_generator_type_of_target(const char *target);

/* The type that recognises the weights file; NULL: none does. */
const vqc_generator_type *vqc_generator_type_find(const vqc_weights *weights);

#endif
