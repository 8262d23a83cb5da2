#ifndef VQC_GUIDE_CROPS_H
#define VQC_GUIDE_CROPS_H

#include <stdint.h>

#include "base/stream.h"

/* The rectangle of one random crop ("original" method of the public notebooks): a square of side
 * floor(U^power · (max − min) + min), max = min(width, height), min = min(width, height, perceptor's side), anywhere
 * in the picture. rectangle: picture 0, top, left, height, width, as vqc_resample takes it. The stream is at its
 * first draw and left at the next one. */
void vqc_crop_draw(double power, int64_t width, int64_t height, int64_t side, vqc_stream *stream,
                   int32_t rectangle[5]);

#endif
