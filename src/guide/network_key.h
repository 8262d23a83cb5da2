#ifndef VQC_GUIDE_NETWORK_KEY_H
#define VQC_GUIDE_NETWORK_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "guide/augment.h"
#include "study/study.h"

/* What a render's networks depend on beside the study's models, the device and the precision: renders with equal keys
 * are computed with the same networks, one after another in a launch, and a forecast counts them once. Whatever else
 * changes networks belongs in here; nothing else compares settings for it. */
typedef struct vqc_network_key {
    int64_t height, width;                    /* of the picture: multiples of the generator's factor */
    int64_t groups[VQC_STUDY_MAX_PERCEPTORS]; /* crops of one batch, of each perceptor; 0 behind the last */
    bool recompute;
    bool unlimited; /* the decoder shows its picture before the limits, too */
    vqc_parametrisation_kind parametrisation;
    vqc_crop_method crops; /* vqc_crop_network */
    bool noise;
    int stage_count;
    vqc_augmentation_kind stages[VQC_SETTINGS_MAX_AUGMENTATIONS]; /* vqc_augment_stages */
} vqc_network_key;

/* `factor`: pixels of a picture to one cell of the latent, each way. A picture of less than one cell has size 0. */
vqc_network_key vqc_network_key_of(const vqc_study *study, const vqc_settings *settings, int64_t factor);

/* The largest of its groups. */
int64_t vqc_network_key_group(const vqc_network_key *key);

bool vqc_network_key_equal(const vqc_network_key *a, const vqc_network_key *b);

/* What becomes of a crop, in words: the method's name unless it is the first, the codes of the stages, "noise", with
 * spaces between. */
enum { VQC_NETWORK_KEY_TEXT_SIZE = 96 };
void vqc_network_key_crops_write(const vqc_network_key *key, char text_out[VQC_NETWORK_KEY_TEXT_SIZE]);

/* Sets this part of the key from such words, or from those with the codes of the augmentations themselves; false if a
 * word is none of them. */
bool vqc_network_key_crops_read(const char *text, vqc_network_key *key);

#endif
