#ifndef VQC_GUIDE_STREAM_H
#define VQC_GUIDE_STREAM_H

#include <stdint.h>

#include "base/random.h"

/* The random numbers of a render. Each is a function of the render's seed and of what it is for, never of the rank
 * that asks or of the order of asking: the key is the seed, the counter (draw, item, step, purpose and perceptor). */
typedef enum vqc_stream_purpose {
    VQC_STREAM_INIT,         /* item: cell of the latent, or pixel */
    VQC_STREAM_CROP,         /* item: crop; draws: size, left, top, scale of the noise */
    VQC_STREAM_AUGMENTATION, /* item: crop; draws in the order of the list of augmentations */
    VQC_STREAM_NOISE         /* item: crop; draws: elements / 4 */
} vqc_stream_purpose;

typedef struct vqc_stream {
    uint64_t seed;
    vqc_stream_purpose purpose;
    uint32_t perceptor;
    uint32_t step;
    uint32_t item;
    uint32_t draw; /* of the next number */
} vqc_stream;

/* Key and counter of the stream's next block. */
vqc_random_key vqc_stream_key(const vqc_stream *stream);
vqc_random_block vqc_stream_counter(const vqc_stream *stream);

/* The next number, uniform in [0, 1). */
double vqc_stream_uniform(vqc_stream *stream);
/* The next whole number, uniform in [0, count), count at least 1. */
int64_t vqc_stream_integer(vqc_stream *stream, int64_t count);

#endif
