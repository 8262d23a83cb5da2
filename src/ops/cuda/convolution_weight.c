#include "ops/cuda/convolution_weight.h"

#include "base/memory.h"

vqc_status vqc_cuda_weight_arrange(const vqc_convolution *o, int64_t rows, int64_t row_stride, int64_t place_stride,
                                   float **arranged_out, vqc_error *error)
{
    int64_t places = o->kernel_height * o->kernel_width;
    float *arranged;
    VQC_TRY(vqc_memory_allocate((size_t)(rows * row_stride), sizeof *arranged, "weights", &arranged, error));
    for (int64_t out = 0; out < o->out_channels; out++)
        for (int64_t in = 0; in < o->in_channels; in++)
            for (int64_t place = 0; place < places; place++)
                arranged[out * row_stride + place * place_stride + in] =
                    o->weight[(out * o->in_channels + in) * places + place];
    *arranged_out = arranged;
    return VQC_OK;
}
