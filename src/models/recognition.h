#ifndef VQC_MODELS_RECOGNITION_H
#define VQC_MODELS_RECOGNITION_H

#include "weights/weights.h"

enum { VQC_RECOGNITION_SIZE = 1280 };

/* Says in one line what model a weights file holds and how large it is, "CLIP ViT, 224 pixels in patches of 32, ...",
 * or "no model that vqclip knows". */
void vqc_recognition_describe(const char *path, const vqc_weights *weights, char text[VQC_RECOGNITION_SIZE]);

#endif
