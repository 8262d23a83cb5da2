#ifndef VQC_MODELS_RECOGNITION_H
#define VQC_MODELS_RECOGNITION_H

#include <stddef.h>

#include "models/clip.h"
#include "weights/weights.h"

enum { VQC_RECOGNITION_SIZE = 4096, VQC_RECOGNITION_PARTS = 2 };

/* What is said of the file elsewhere, as the commands that use the model take it. */
typedef struct vqc_recognition_options {
    vqc_clip_options clip; /* its key is a generator's too */
    const char *generator; /* a generator's configuration; NULL: as vqc_generator_open finds it */
} vqc_recognition_options;

typedef struct vqc_recognition {
    /* One line: the model and how large it is, "CLIP ViT, 224 pixels in patches of 32, ...", what is assumed, and
     * why a part of it cannot be used; or "no model that vqclip knows". */
    char model[VQC_RECOGNITION_SIZE];
    /* The parts that the commands can use: "picture tower", "text tower"; "decoder", "encoder". */
    const char *usable[VQC_RECOGNITION_PARTS];
    size_t usable_count;
} vqc_recognition;

/* Says what model an open weights file holds. A part counts as usable when it could be built, all of its tensors
 * read: the same functions make it, of the same options, as where it is used. Nothing can be said of what is chosen
 * only there: a vocabulary, the size of a picture, the device. */
void vqc_recognise(const vqc_weights *weights, const vqc_recognition_options *options, vqc_recognition *found_out);

#endif
