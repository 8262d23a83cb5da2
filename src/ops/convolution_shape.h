#ifndef VQC_OPS_CONVOLUTION_SHAPE_H
#define VQC_OPS_CONVOLUTION_SHAPE_H

#include "ops/operation.h"

/* Sizes of a convolution's output. */
static inline int64_t vqc_convolution_out_height(const vqc_convolution *o)
{
    return (o->height + o->pad_top + o->pad_bottom - o->kernel_height) / o->stride + 1;
}

static inline int64_t vqc_convolution_out_width(const vqc_convolution *o)
{
    return (o->width + o->pad_left + o->pad_right - o->kernel_width) / o->stride + 1;
}

#endif
