#include "ops/upsample_folding.h"

enum { SIDE = 4 };

vqc_convolution vqc_upsample_folded(const vqc_upsample_convolution *o, const float *folded)
{
    return (vqc_convolution){.batch = o->batch,
                             .height = 2 * o->height,
                             .width = 2 * o->width,
                             .in_channels = o->out_channels,
                             .out_channels = o->in_channels,
                             .kernel_height = SIDE,
                             .kernel_width = SIDE,
                             .stride = 2,
                             .pad_top = 1,
                             .pad_left = 1,
                             .pad_bottom = 1,
                             .pad_right = 1,
                             .weight = folded};
}

/* Three weights `step` apart. */
static void line_fold(const double *w, int step, double *folded, int folded_step)
{
    folded[0] = w[2 * step];
    folded[folded_step] = w[step] + w[2 * step];
    folded[2 * folded_step] = w[0] + w[step];
    folded[3 * folded_step] = w[0];
}

static void kernel_fold(const float kernel[9], float *folded)
{
    double weights[9];
    double rows[3 * SIDE];
    double all[SIDE * SIDE];
    for (int i = 0; i < 9; i++)
        weights[i] = (double)kernel[i];
    for (int y = 0; y < 3; y++)
        line_fold(weights + 3 * y, 1, rows + SIDE * y, 1);
    for (int x = 0; x < SIDE; x++)
        line_fold(rows + x, SIDE, all + x, SIDE);
    for (int i = 0; i < SIDE * SIDE; i++)
        folded[i] = (float)all[i];
}

void vqc_upsample_fold(const vqc_upsample_convolution *o, float *folded)
{
    for (int64_t in = 0; in < o->in_channels; in++)
        for (int64_t out = 0; out < o->out_channels; out++)
            kernel_fold(o->weight + (out * o->in_channels + in) * 9,
                        folded + (in * o->out_channels + out) * SIDE * SIDE);
}
