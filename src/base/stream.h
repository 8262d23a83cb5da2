#ifndef VQC_BASE_STREAM_H
#define VQC_BASE_STREAM_H

#include <stdint.h>

#include "base/random.h"

/* The random numbers of a render. Each is a function of the render's seed and of what it is for, never of the rank
 * that asks or of the order of asking: the key is the seed, the counter (draw, item, step, purpose, place and
 * perceptor). */
typedef enum vqc_stream_purpose {
    VQC_STREAM_INIT,         /* item: cell of the latent, or pixel */
    VQC_STREAM_CROP,         /* item: crop; draws: size, left, top, scale of the noise */
    VQC_STREAM_AUGMENTATION, /* item: crop; draws in the order of the list of augmentations */
    VQC_STREAM_NOISE,        /* item: crop; draws: elements / 4 */
    VQC_STREAM_BATCH,        /* what all crops of a step have in common; place: augmentation */
    VQC_STREAM_STAGE_NOISE,  /* noise, or displacements, of an augmentation; item: crop, place: augmentation, draws:
                                elements / 4 */
    VQC_STREAM_CHOICE,       /* words of a prompt; step: hash of its text, item: which of its places */
    VQC_STREAM_RELEVANCE     /* item: crop of a mask's relevance; draws: size, top, left */
} vqc_stream_purpose;

typedef struct vqc_stream {
    uint64_t seed;
    vqc_stream_purpose purpose;
    uint32_t place;     /* in the list of augmentations, where the purpose says so; below 2^8 */
    uint32_t perceptor; /* below 2^16 */
    uint32_t step;
    uint32_t item;
    uint32_t draw; /* of the next number */
} vqc_stream;

/* Key and counter of the stream's next block. */
vqc_random_key vqc_stream_key(const vqc_stream *stream);
vqc_random_block vqc_stream_counter(const vqc_stream *stream);

/* What tells the noise operation (operation.h, vqc_noise) to add the stream's normal numbers, times scale. */
enum { VQC_STREAM_NOISE_WORDS = 6 };
void vqc_stream_noise(const vqc_stream *stream, float scale, int32_t words[VQC_STREAM_NOISE_WORDS]);

/* The next number, uniform in [0, 1). */
double vqc_stream_uniform(vqc_stream *stream);
/* The next number, uniform in [low, high); uniform in [-limit, limit). */
double vqc_stream_between(vqc_stream *stream, double low, double high);
double vqc_stream_symmetric(vqc_stream *stream, double limit);
/* The next whole number, uniform in [0, count), count at least 1. */
int64_t vqc_stream_integer(vqc_stream *stream, int64_t count);
/* A normal number, of mean 0 and deviation 1, from the next two (Box and Muller). */
double vqc_stream_normal(vqc_stream *stream);

#endif
