#ifndef VQC_OPS_CUDA_KERNELS_H
#define VQC_OPS_CUDA_KERNELS_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops/ops.h"

/* The kernels of this folder as C functions, one group for each .cu file. All of them put their work on a stream and
 * return at once; what they return is whether the launches were accepted. All pointers are to device memory, aligned
 * to 64 bytes; shapes, layouts and element types are those of operation.h. Nothing is allocated and nothing is read
 * back, so that every one of them can be recorded in a CUDA graph.
 *
 * The same input gives the same bits: sums are made in a fixed order. Nothing depends on the number of blocks or of
 * multiprocessors. */

#ifdef __cplusplus
extern "C" {
#endif

/* One call of an operation: its description (the parameters in it are not read), where the device holds the
 * parameters, and the stream. */
enum { VQC_CUDA_CALL_PARAMETERS = 2 };
typedef struct vqc_cuda_call {
    const vqc_operation *operation;
    const void *parameter[VQC_CUDA_CALL_PARAMETERS]; /* as the operation's group below says */
    cudaStream_t stream;
} vqc_cuda_call;

/* The type of all forward and backward functions. `forward->saved` and `->workspace` have the sizes that the group's
 * functions give; where there is none, 0. A backward function does nothing where no gradient is wanted. */
typedef cudaError_t vqc_cuda_forward_function(const vqc_cuda_call *call, const vqc_forward *arguments);
typedef cudaError_t vqc_cuda_backward_function(const vqc_cuda_call *call, const vqc_backward *arguments);

/* activation.cu */
vqc_cuda_forward_function vqc_cuda_activation_forward;
vqc_cuda_backward_function vqc_cuda_activation_backward;

/* adaptive_pool.cu. Saved: where the largest are. Workspace: f32 (side, side, channels). */
vqc_cuda_forward_function vqc_cuda_adaptive_pool_forward;
vqc_cuda_backward_function vqc_cuda_adaptive_pool_backward;

/* add.cu */
vqc_cuda_forward_function vqc_cuda_add_forward;
vqc_cuda_backward_function vqc_cuda_add_backward;

/* average_pool.cu */
vqc_cuda_forward_function vqc_cuda_average_pool_forward;
vqc_cuda_backward_function vqc_cuda_average_pool_backward;

/* cast.cu */
vqc_cuda_forward_function vqc_cuda_cast_forward;
vqc_cuda_backward_function vqc_cuda_cast_backward;

/* channel_scale.cu; parameters: scale, shift (channels). */
vqc_cuda_forward_function vqc_cuda_channel_scale_forward;
vqc_cuda_backward_function vqc_cuda_channel_scale_backward;

/* clamp.cu */
vqc_cuda_forward_function vqc_cuda_clamp_forward;
vqc_cuda_backward_function vqc_cuda_clamp_backward;

/* colour.cu */
vqc_cuda_forward_function vqc_cuda_colour_forward;
vqc_cuda_backward_function vqc_cuda_colour_backward;

/* distance.cu; parameter: targets (prompts, width) of unit length. */
vqc_cuda_forward_function vqc_cuda_distance_forward;
vqc_cuda_backward_function vqc_cuda_distance_backward;

/* elastic_field.cu; parameter: the VQC_ELASTIC_WEIGHTS weights (ops/elastic_formulas.h). No gradient. */
vqc_cuda_forward_function vqc_cuda_elastic_field_forward;
size_t vqc_cuda_elastic_field_workspace_size(const vqc_elastic_field *shape);

/* embed.cu; parameters: table (entries, width), positions (tokens, width). No gradient. */
vqc_cuda_forward_function vqc_cuda_embed_forward;

/* erase.cu */
vqc_cuda_forward_function vqc_cuda_erase_forward;
vqc_cuda_backward_function vqc_cuda_erase_backward;

/* field_warp.cu */
vqc_cuda_forward_function vqc_cuda_field_warp_forward;
vqc_cuda_backward_function vqc_cuda_field_warp_backward;
size_t vqc_cuda_field_warp_workspace_size(const vqc_field_warp *shape);

/* group_norm.cu; parameters: weight, bias (channels). */
vqc_cuda_forward_function vqc_cuda_group_norm_forward;
vqc_cuda_backward_function vqc_cuda_group_norm_backward;
size_t vqc_cuda_group_norm_saved_size(const vqc_group_norm *shape);
size_t vqc_cuda_group_norm_workspace_size(const vqc_group_norm *shape, vqc_dtype dtype);

/* layer_norm.cu; parameters: weight, bias (width). */
vqc_cuda_forward_function vqc_cuda_layer_norm_forward;
vqc_cuda_backward_function vqc_cuda_layer_norm_backward;
size_t vqc_cuda_layer_norm_saved_size(const vqc_layer_norm *shape);

/* noise.cu */
vqc_cuda_forward_function vqc_cuda_noise_forward;
vqc_cuda_backward_function vqc_cuda_noise_backward;

/* quantise.cu; parameters: the codebook's columns (width, entries), and for each entry a vqc_quantise_bound
 * (ops/quantise_formulas.h). Saved: the codes. */
vqc_cuda_forward_function vqc_cuda_quantise_forward;
vqc_cuda_backward_function vqc_cuda_quantise_backward;
size_t vqc_cuda_quantise_workspace_size(const vqc_quantise *shape);

/* resample.cu. Saved: the filters. */
vqc_cuda_forward_function vqc_cuda_resample_forward;
vqc_cuda_backward_function vqc_cuda_resample_backward;
size_t vqc_cuda_resample_saved_size(const vqc_resample *shape);
size_t vqc_cuda_resample_workspace_size(const vqc_resample *shape);

/* select.cu */
vqc_cuda_forward_function vqc_cuda_select_forward;
vqc_cuda_backward_function vqc_cuda_select_backward;

/* sharpen.cu. Saved: a byte for each element, whether its blur is within the limits. */
vqc_cuda_forward_function vqc_cuda_sharpen_forward;
vqc_cuda_backward_function vqc_cuda_sharpen_backward;
size_t vqc_cuda_sharpen_saved_size(const vqc_sharpen *shape);

/* spline_field.cu. No gradient. */
vqc_cuda_forward_function vqc_cuda_spline_field_forward;

/* tokens.cu; parameters: first (width) or NULL, positions (1 + tokens, width). */
vqc_cuda_forward_function vqc_cuda_tokens_forward;
vqc_cuda_backward_function vqc_cuda_tokens_backward;

/* upsample.cu */
vqc_cuda_forward_function vqc_cuda_upsample_forward;
vqc_cuda_backward_function vqc_cuda_upsample_backward;

/* warp.cu */
vqc_cuda_forward_function vqc_cuda_warp_forward;
vqc_cuda_backward_function vqc_cuda_warp_backward;

#ifdef __cplusplus
}
#endif

#endif
