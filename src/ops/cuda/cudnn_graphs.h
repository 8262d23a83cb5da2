#ifndef VQC_OPS_CUDA_CUDNN_GRAPHS_H
#define VQC_OPS_CUDA_CUDNN_GRAPHS_H

#include "ops/cuda/cudnn_graph.h"

/* The graphs that have been made on a device: making one takes cuDNN milliseconds, and networks have the same
 * convolution many times, with other weights. */
typedef struct vqc_cuda_graphs vqc_cuda_graphs;

VQC_MUST_CHECK vqc_status vqc_cuda_graphs_create(cudnnHandle_t cudnn, vqc_cuda_graphs **graphs_out, vqc_error *error);
/* With all its graphs. NULL is allowed. */
void vqc_cuda_graphs_destroy(vqc_cuda_graphs *graphs);

/* The graph of this shape and kind, which stays the device's; *graph_out is NULL where there is none
 * (cudnn_graph.h). */
VQC_MUST_CHECK vqc_status vqc_cuda_graphs_find(vqc_cuda_graphs *graphs, const vqc_cuda_correlation_shape *shape,
                                               vqc_cuda_graph_kind kind, const vqc_cuda_graph **graph_out,
                                               vqc_error *error);

#endif
