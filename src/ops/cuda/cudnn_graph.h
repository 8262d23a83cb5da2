#ifndef VQC_OPS_CUDA_CUDNN_GRAPH_H
#define VQC_OPS_CUDA_CUDNN_GRAPH_H

#include "ops/cuda/correlation.h"

/* A correlation as a graph of cuDNN's operations, for which it has the kernels of its newest devices: those of
 * cudnnConvolutionForward are partly of older ones. */
typedef struct vqc_cuda_graph vqc_cuda_graph;

/* What is added to the correlation. */
typedef enum vqc_cuda_graph_kind {
    VQC_CUDA_GRAPH_PLAIN,
    VQC_CUDA_GRAPH_BIAS,            /* (out_channels) */
    VQC_CUDA_GRAPH_BIAS_AND_TENSOR, /* and one like the output */
    VQC_CUDA_GRAPH_KINDS
} vqc_cuda_graph_kind;

/* In bf16, computed in f32. NULL where cuDNN offers nothing that is compiled already and gives the same bits every
 * time, or where making it failed: there are other ways. Which of its kernels is taken is a function of the shape,
 * the library and the kind of device. To be released with vqc_cuda_graph_destroy, which takes NULL too. */
vqc_cuda_graph *vqc_cuda_graph_create(cudnnHandle_t cudnn, const vqc_cuda_correlation_shape *shape,
                                      vqc_cuda_graph_kind kind);
void vqc_cuda_graph_destroy(vqc_cuda_graph *graph);

/* Bytes of workspace that a run needs. */
size_t vqc_cuda_graph_workspace(const vqc_cuda_graph *graph);

/* Bias and tensor are those that the graph was made for, else NULL; the tensor may be the output. */
cudnnStatus_t vqc_cuda_graph_run(const vqc_cuda_graph *graph, const vqc_cuda_correlation_operands *operands,
                                 const void *bias, const void *tensor);

#endif
