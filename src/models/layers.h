#ifndef VQC_MODELS_LAYERS_H
#define VQC_MODELS_LAYERS_H

#include "models/parameters.h"
#include "network/network.h"

/* The layers of the published networks: each function reads a layer's parameters under `name` and adds its operation
 * to a network. A missing or wrongly shaped tensor is VQC_BAD_INPUT. */
typedef struct vqc_layers {
    vqc_network *network;
    const vqc_parameters *parameters;
    vqc_dtype dtype; /* of the activations */
} vqc_layers;

/* Kernel, stride and zero padding of a convolution. */
typedef struct vqc_kernel {
    int64_t size; /* square */
    int64_t stride;
    int64_t pad_top, pad_left, pad_bottom, pad_right;
} vqc_kernel;

/* NAME.weight (out_channels, in_channels, size, size) and NAME.bias on a picture. `residual`, if not NULL, is added
 * to the result. */
VQC_MUST_CHECK vqc_status vqc_layer_convolution(const vqc_layers *layers, const char *name, vqc_value input,
                                                int64_t out_channels, vqc_kernel kernel, const vqc_value *residual,
                                                vqc_value *output, vqc_error *error);

/* The same with parameters in memory, bias NULL for none. */
VQC_MUST_CHECK vqc_status vqc_layer_convolution_with(const vqc_layers *layers, const float *weight, const float *bias,
                                                     vqc_value input, int64_t out_channels, vqc_kernel kernel,
                                                     const vqc_value *residual, vqc_value *output, vqc_error *error);

/* Every pixel becomes 2 × 2, and of that a convolution with a 3 × 3 kernel, padded by 1: weight (out_channels,
 * in_channels, 3, 3), bias NULL for none. */
VQC_MUST_CHECK vqc_status vqc_layer_upsample_convolution_with(const vqc_layers *layers, const float *weight,
                                                              const float *bias, vqc_value input,
                                                              int64_t out_channels, vqc_value *output,
                                                              vqc_error *error);

/* NAME.weight (out_width, in_width), or (out_width, in_width, 1, 1) with `pointwise` (a 1×1 convolution), and
 * NAME.bias, on the last axis. */
VQC_MUST_CHECK vqc_status vqc_layer_linear(const vqc_layers *layers, const char *name, bool pointwise,
                                           vqc_value input, int64_t out_width, const vqc_value *residual,
                                           vqc_value *output, vqc_error *error);

/* The same with parameters in memory, bias NULL for none. */
VQC_MUST_CHECK vqc_status vqc_layer_linear_with(const vqc_layers *layers, const float *weight, const float *bias,
                                                vqc_value input, int64_t out_width, const vqc_value *residual,
                                                vqc_value *output, vqc_error *error);

/* Several linear layers on the same input as one product: their results, of out_width each, side by side. */
VQC_MUST_CHECK vqc_status vqc_layer_linear_stack(const vqc_layers *layers, const char *const *names, int count,
                                                 bool pointwise, vqc_value input, int64_t out_width,
                                                 vqc_value *output, vqc_error *error);

/* NAME.weight, NAME.bias (channels): so many groups, followed by swish if asked for. */
VQC_MUST_CHECK vqc_status vqc_layer_group_norm(const vqc_layers *layers, const char *name, int64_t groups,
                                               float epsilon, vqc_value input, bool swish, vqc_value *output,
                                               vqc_error *error);

/* NAME.weight, NAME.bias (width). */
VQC_MUST_CHECK vqc_status vqc_layer_layer_norm(const vqc_layers *layers, const char *name, float epsilon,
                                               vqc_value input, vqc_value *output, vqc_error *error);

/* Layers without parameters. */
VQC_MUST_CHECK vqc_status vqc_layer_activation(const vqc_layers *layers, vqc_activation_function function,
                                               vqc_value input, vqc_value *output, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_layer_add(const vqc_layers *layers, vqc_value left, vqc_value right, vqc_value *output,
                                        vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_layer_average_pool(const vqc_layers *layers, vqc_value input, int64_t window,
                                                 vqc_value *output, vqc_error *error);
/* Self-attention over (batch, tokens, 3 · width), or over a picture whose pixels are the tokens. `seen`, int32
 * (batch, tokens), is 0 for tokens that none looks at; NULL: all are looked at. */
VQC_MUST_CHECK vqc_status vqc_layer_attention(const vqc_layers *layers, vqc_value packed, int64_t heads, bool causal,
                                              const vqc_value *seen, vqc_value *output, vqc_error *error);
/* What `weight` (width, width) and `bias` (width) make of `rows` (count, width), which no picture changes, once for
 * each picture: a constant of this shape, (batch, width) of one row or (batch, count, width). */
VQC_MUST_CHECK vqc_status vqc_layer_constant_queries(const vqc_layers *layers, const float *weight, const float *bias,
                                                     const double *rows, vqc_shape shape, vqc_value *output,
                                                     vqc_error *error);
/* Attention of queries (batch, width) or (batch, queries, width) over their sequence's (batch, keys, 2 · width): key
 * and value of each. */
VQC_MUST_CHECK vqc_status vqc_layer_query_attention(const vqc_layers *layers, vqc_value query, vqc_value keys_values,
                                                    int64_t heads, vqc_value *output, vqc_error *error);
/* Puts a token in front of (batch, tokens, width), or of a picture whose pixels are the tokens, and adds positions;
 * see vqc_tokens. `first` is NULL where it is not given. */
VQC_MUST_CHECK vqc_status vqc_layer_tokens(const vqc_layers *layers, vqc_value input, vqc_tokens_front front,
                                           const float *first, const float *positions, vqc_value *output,
                                           vqc_error *error);
/* Which token is the first of each sequence: a constant for vqc_layer_select. */
VQC_MUST_CHECK vqc_status vqc_layer_first(const vqc_layers *layers, int64_t batch, vqc_value *which_out,
                                          vqc_error *error);
/* Token number which[n] of sequence n; `which` is an int32 value (batch). */
VQC_MUST_CHECK vqc_status vqc_layer_select(const vqc_layers *layers, vqc_value input, vqc_value which,
                                           vqc_value *output, vqc_error *error);
/* input · scale + shift by channel, in the input's dtype. */
VQC_MUST_CHECK vqc_status vqc_layer_channel_scale(const vqc_layers *layers, vqc_value input, const float *scale,
                                                  const float *shift, vqc_value *output, vqc_error *error);
/* The same value in another dtype; where it has it already, the value itself. */
VQC_MUST_CHECK vqc_status vqc_layer_cast(const vqc_layers *layers, vqc_value input, vqc_dtype dtype,
                                         vqc_value *output, vqc_error *error);

#endif
