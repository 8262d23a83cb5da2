#ifndef VQC_OPS_CPU_WARP_PIECE_H
#define VQC_OPS_CPU_WARP_PIECE_H

#include "ops/cpu/element.h"
#include "ops/warp_formulas.h"

/* What the operations that move pixels have in common. A row's pixels are taken in pieces: first where each comes
 * from, a loop that becomes vector code, then the pixels one by one. */

enum { VQC_CPU_WARP_PIECE = 64 };

/* The squares of a piece's pixels, part by part. */
typedef struct vqc_cpu_warp_piece {
    int32_t left[VQC_CPU_WARP_PIECE], top[VQC_CPU_WARP_PIECE];
    float weight[4][VQC_CPU_WARP_PIECE];
} vqc_cpu_warp_piece;

/* The squares around the places of a piece's pixels; to be inlined into a VQC_CPU_KERNEL. */
VQC_CPU_INLINE void vqc_cpu_warp_squares_set(int64_t height, int64_t width, const double x[VQC_CPU_WARP_PIECE],
                                             const double y[VQC_CPU_WARP_PIECE], int32_t count,
                                             vqc_cpu_warp_piece *restrict piece)
{
    for (int32_t i = 0; i < count; i++) {
        vqc_warp_square square = vqc_warp_square_of(height, width, (vqc_warp_place){x[i], y[i]});
        piece->left[i] = square.left;
        piece->top[i] = square.top;
        for (int k = 0; k < 4; k++)
            piece->weight[k][i] = square.weight[k];
    }
}

VQC_CPU_INLINE vqc_warp_taps vqc_cpu_warp_taps_at(int64_t height, int64_t width, const vqc_cpu_warp_piece *piece,
                                                  int64_t i)
{
    vqc_warp_square square = {piece->left[i], piece->top[i], {0}};
    for (int k = 0; k < 4; k++)
        square.weight[k] = piece->weight[k][i];
    return vqc_warp_square_taps(height, width, square);
}

/* The channels are an argument so that a call with 3 has no loop over them. */
VQC_CPU_INLINE void vqc_cpu_warp_pixel_forward(int64_t channels, const vqc_warp_taps *taps, const float *input,
                                               float *output)
{
    for (int64_t c = 0; c < channels; c++) {
        float sum = 0.0F;
        for (int k = 0; k < 4; k++)
            sum += taps->weight[k] * input[taps->index[k] * channels + c];
        output[c] = sum;
    }
}

VQC_CPU_INLINE void vqc_cpu_warp_pixel_backward(int64_t channels, const vqc_warp_taps *taps, const float *gradient,
                                                float *grad_input)
{
    for (int k = 0; k < 4; k++)
        for (int64_t c = 0; c < channels; c++)
            grad_input[taps->index[k] * channels + c] += taps->weight[k] * gradient[c];
}

/* `count` neighbouring pixels of a crop's output, from the crop's whole input. */
static inline void vqc_cpu_warp_piece_forward(int64_t height, int64_t width, int64_t channels,
                                              const vqc_cpu_warp_piece *piece, int64_t count, const float *input,
                                              float *output)
{
    for (int64_t i = 0; i < count; i++) {
        vqc_warp_taps taps = vqc_cpu_warp_taps_at(height, width, piece, i);
        if (channels == 3)
            vqc_cpu_warp_pixel_forward(3, &taps, input, output + i * 3);
        else
            vqc_cpu_warp_pixel_forward(channels, &taps, input, output + i * channels);
    }
}

/* Adds what they give to the gradient of the input. */
static inline void vqc_cpu_warp_piece_backward(int64_t height, int64_t width, int64_t channels,
                                               const vqc_cpu_warp_piece *piece, int64_t count, const float *gradient,
                                               float *grad_input)
{
    for (int64_t i = 0; i < count; i++) {
        vqc_warp_taps taps = vqc_cpu_warp_taps_at(height, width, piece, i);
        if (channels == 3)
            vqc_cpu_warp_pixel_backward(3, &taps, gradient + i * 3, grad_input);
        else
            vqc_cpu_warp_pixel_backward(channels, &taps, gradient + i * channels, grad_input);
    }
}

#endif
