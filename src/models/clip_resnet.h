#ifndef VQC_MODELS_CLIP_RESNET_H
#define VQC_MODELS_CLIP_RESNET_H

#include "models/clip.h"
#include "models/layers.h"

/* Adds CLIP's ModifiedResNet: a stem of three convolutions, bottleneck blocks that shrink by average pooling, and an
 * attention pool over the last feature map. Batch norms are folded into the convolutions before them.
 * x (batch, side, side, 3), normalised, f32; output (batch, embed_width). */
VQC_MUST_CHECK vqc_status vqc_clip_resnet_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value x,
                                              vqc_value *output, vqc_error *error);

#endif
