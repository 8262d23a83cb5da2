/*
 * Group norm followed by swish, forward and backward, for training on a CPU.
 * Activations are bf16 with channels last: x[picture][pixel][channel].
 * One thread takes one picture; statistics are float32.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHANNELS 1024

static inline float widen(uint16_t bits)
{
    union { uint32_t bits; float value; } u = {(uint32_t)bits << 16};
    return u.value;
}

static inline uint16_t narrow(float value)
{
    union { float value; uint32_t bits; } u = {value};
    return (uint16_t)((u.bits + 0x7fff + ((u.bits >> 16) & 1)) >> 16);
}

/* mean and rstd are (pictures, groups); swish 0 leaves the activation out. */
void group_norm_forward(const uint16_t *x, uint16_t *y, const float *weight, const float *bias,
                        float *mean, float *rstd, int pictures, int channels, int pixels,
                        int groups, float epsilon, int swish, int threads)
{
    const int width = channels / groups;
#pragma omp parallel for num_threads(threads)
    for (int b = 0; b < pictures; b++) {
        const size_t start = (size_t)b * channels * pixels;
        float sum[MAX_CHANNELS] = {0}, square[MAX_CHANNELS] = {0};
        float scale[MAX_CHANNELS], shift[MAX_CHANNELS];
        for (int i = 0; i < pixels; i++) {
            const uint16_t *row = x + start + (size_t)i * channels;
#pragma omp simd
            for (int c = 0; c < channels; c++) {
                const float v = widen(row[c]);
                sum[c] += v;
                square[c] += v * v;
            }
        }
        for (int g = 0; g < groups; g++) {
            double total = 0, total_square = 0;
            for (int c = g * width; c < (g + 1) * width; c++) {
                total += sum[c];
                total_square += square[c];
            }
            const double count = (double)width * pixels, m = total / count;
            const float r = 1 / sqrt(fmax(total_square / count - m * m, 0) + epsilon);
            mean[b * groups + g] = m;
            rstd[b * groups + g] = r;
            for (int c = g * width; c < (g + 1) * width; c++) {
                scale[c] = weight[c] * r;
                shift[c] = bias[c] - weight[c] * r * m;
            }
        }
        for (int i = 0; i < pixels; i++) {
            const uint16_t *row = x + start + (size_t)i * channels;
            uint16_t *out = y + start + (size_t)i * channels;
#pragma omp simd
            for (int c = 0; c < channels; c++) {
                const float v = widen(row[c]) * scale[c] + shift[c];
                out[c] = narrow(swish ? v / (1 + expf(-v)) : v);
            }
        }
    }
}

/* dweight and dbias are (pictures, channels): one row of sums for each picture. */
void group_norm_backward(const uint16_t *x, const uint16_t *dy, uint16_t *dx, const float *weight,
                         const float *bias, const float *mean, const float *rstd, float *dweight,
                         float *dbias, int pictures, int channels, int pixels, int groups,
                         int swish, int threads)
{
    const int width = channels / groups;
#pragma omp parallel for num_threads(threads)
    for (int b = 0; b < pictures; b++) {
        const size_t start = (size_t)b * channels * pixels;
        float *dnorm = malloc(sizeof(float) * channels * pixels);
        float sum[MAX_CHANNELS] = {0}, product[MAX_CHANNELS] = {0};
        float scale[MAX_CHANNELS], shift[MAX_CHANNELS], slope[MAX_CHANNELS], offset[MAX_CHANNELS];
        for (int c = 0; c < channels; c++) {
            const int g = b * groups + c / width;
            scale[c] = weight[c] * rstd[g];
            shift[c] = bias[c] - weight[c] * rstd[g] * mean[g];
        }
        for (int i = 0; i < pixels; i++) {
            const uint16_t *row = x + start + (size_t)i * channels;
            const uint16_t *grad = dy + start + (size_t)i * channels;
            float *out = dnorm + (size_t)i * channels;
#pragma omp simd
            for (int c = 0; c < channels; c++) {
                const float v = widen(row[c]), n = v * scale[c] + shift[c];
                const float gate = 1 / (1 + expf(-n));
                const float d = widen(grad[c]) * (swish ? gate * (1 + n * (1 - gate)) : 1);
                out[c] = d;
                sum[c] += d;
                product[c] += d * v;
            }
        }
        for (int g = 0; g < groups; g++) {
            const float m = mean[b * groups + g], r = rstd[b * groups + g];
            const float count = (float)width * pixels;
            double total = 0, total_normed = 0;
            for (int c = g * width; c < (g + 1) * width; c++) {
                const float normed = r * (product[c] - m * sum[c]);
                total += weight[c] * sum[c];
                total_normed += weight[c] * normed;
                dweight[(size_t)b * channels + c] = normed;
                dbias[(size_t)b * channels + c] = sum[c];
            }
            for (int c = g * width; c < (g + 1) * width; c++) {
                slope[c] = -r * r * total_normed / count;
                offset[c] = -r * total / count - slope[c] * m;
            }
        }
        for (int i = 0; i < pixels; i++) {
            const uint16_t *row = x + start + (size_t)i * channels;
            const float *grad = dnorm + (size_t)i * channels;
            uint16_t *out = dx + start + (size_t)i * channels;
#pragma omp simd
            for (int c = 0; c < channels; c++)
                out[c] = narrow(grad[c] * scale[c] + widen(row[c]) * slope[c] + offset[c]);
        }
        free(dnorm);
    }
}
