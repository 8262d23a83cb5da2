#include "base/stream.h"

#include <math.h>
#include <string.h>

vqc_random_key vqc_stream_key(const vqc_stream *stream)
{
    return (vqc_random_key){{(uint32_t)stream->seed, (uint32_t)(stream->seed >> 32)}};
}

vqc_random_block vqc_stream_counter(const vqc_stream *stream)
{
    return (vqc_random_block){{stream->draw, stream->item, stream->step,
                               (uint32_t)stream->purpose << 24 | stream->place << 16 | stream->perceptor}};
}

void vqc_stream_noise(const vqc_stream *stream, float scale, int32_t words[VQC_STREAM_NOISE_WORDS])
{
    vqc_random_key key = vqc_stream_key(stream);
    vqc_random_block counter = vqc_stream_counter(stream);
    memcpy(words, key.word, sizeof key.word);
    memcpy(words + 2, &counter.word[1], 3 * sizeof counter.word[1]);
    memcpy(words + 5, &scale, sizeof scale);
}

/* The next 64 random bits. */
static uint64_t stream_bits(vqc_stream *stream)
{
    vqc_random_block block = vqc_random_block_at(vqc_stream_key(stream), vqc_stream_counter(stream));
    stream->draw++;
    return (uint64_t)block.word[0] << 32 | block.word[1];
}

double vqc_stream_uniform(vqc_stream *stream)
{
    return (double)(stream_bits(stream) >> 11) * 0x1p-53;
}

double vqc_stream_between(vqc_stream *stream, double low, double high)
{
    return low + vqc_stream_uniform(stream) * (high - low);
}

double vqc_stream_symmetric(vqc_stream *stream, double limit)
{
    return (2.0 * vqc_stream_uniform(stream) - 1.0) * limit;
}

int64_t vqc_stream_integer(vqc_stream *stream, int64_t count)
{
    /* The upper half of a 128-bit product: uniform up to count / 2^64. */
    return (int64_t)((unsigned __int128)stream_bits(stream) * (uint64_t)count >> 64);
}

double vqc_stream_normal(vqc_stream *stream)
{
    static const double two_pi = 6.28318530717958647692;
    double radius = sqrt(-2.0 * log(1.0 - vqc_stream_uniform(stream))); /* of a number above 0 */
    return radius * cos(two_pi * vqc_stream_uniform(stream));
}
