#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ops/cuda/correlation.h"
#include "ops/cuda/cudnn_graphs.h"

struct vqc_cuda_correlation {
    cudnnHandle_t cudnn;
    cudnnTensorDescriptor_t input, output, bias;
    cudnnFilterDescriptor_t weight;
    cudnnConvolutionDescriptor_t convolution;
    cudnnActivationDescriptor_t identity;
    cudnnConvolutionFwdAlgo_t algorithm;
    const vqc_cuda_graph *graph[VQC_CUDA_GRAPH_KINDS]; /* the device's; NULL in f32, and where there is none */
    size_t workspace_size;
};

static const float one = 1.0F;
static const float zero = 0.0F;

void vqc_cuda_correlation_destroy(vqc_cuda_correlation *correlation)
{
    if (correlation == NULL)
        return;
    if (correlation->identity != NULL)
        (void)cudnnDestroyActivationDescriptor(correlation->identity);
    if (correlation->convolution != NULL)
        (void)cudnnDestroyConvolutionDescriptor(correlation->convolution);
    if (correlation->weight != NULL)
        (void)cudnnDestroyFilterDescriptor(correlation->weight);
    if (correlation->bias != NULL)
        (void)cudnnDestroyTensorDescriptor(correlation->bias);
    if (correlation->output != NULL)
        (void)cudnnDestroyTensorDescriptor(correlation->output);
    if (correlation->input != NULL)
        (void)cudnnDestroyTensorDescriptor(correlation->input);
    free(correlation);
}

/* Whether cuDNN says that it does not have something; not, that something is wrong with the installation. */
static bool is_not_supported(cudnnStatus_t status)
{
    switch (status) {
    case CUDNN_STATUS_NOT_SUPPORTED:
    case CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN:
    case CUDNN_STATUS_NOT_SUPPORTED_SHAPE:
    case CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE:
    case CUDNN_STATUS_NOT_SUPPORTED_LAYOUT:
    case CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH:
        return true;
    default:
        return false;
    }
}

#define SET(expression) VQC_TRY(vqc_cuda_cudnn_check((expression), "describing a convolution", error))

static vqc_status tensor_describe(cudnnTensorDescriptor_t *descriptor, cudnnDataType_t type, int64_t batch,
                                  int64_t channels, int64_t height, int64_t width, vqc_error *error)
{
    SET(cudnnCreateTensorDescriptor(descriptor));
    SET(cudnnSetTensor4dDescriptor(*descriptor, CUDNN_TENSOR_NHWC, type, (int)batch, (int)channels, (int)height,
                                   (int)width));
    return VQC_OK;
}

/* Products of f32 are exact unless TF32 was asked for: cuDNN's default would use it unasked. */
static cudnnMathType_t math_of(const vqc_cuda_plan *plan)
{
    if (plan->operation.dtype == VQC_DTYPE_BF16)
        return CUDNN_TENSOR_OP_MATH;
    return plan->device->tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
}

/* That cuDNN means the output that we do. */
static vqc_status output_check(const vqc_cuda_correlation *correlation, const vqc_cuda_correlation_shape *s,
                               vqc_error *error)
{
    int batch, channels, height, width;
    SET(cudnnGetConvolution2dForwardOutputDim(correlation->convolution, correlation->input, correlation->weight,
                                              &batch, &channels, &height, &width));
    if (batch != s->batch || channels != s->out_channels || height != vqc_cuda_correlation_out_height(s) ||
        width != vqc_cuda_correlation_out_width(s))
        return vqc_error_set(error, VQC_FAILED, "cuda: cuDNN would give an output of (%d, %d, %d, %d)", batch, height,
                             width, channels);
    return VQC_OK;
}

static vqc_status describe(const vqc_cuda_plan *plan, const vqc_cuda_correlation_shape *s,
                           vqc_cuda_correlation *correlation, vqc_error *error)
{
    cudnnDataType_t type = plan->operation.dtype == VQC_DTYPE_BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    VQC_TRY(tensor_describe(&correlation->input, type, s->batch, s->in_channels, s->height, s->width, error));
    VQC_TRY(tensor_describe(&correlation->output, type, s->batch, s->out_channels, vqc_cuda_correlation_out_height(s),
                            vqc_cuda_correlation_out_width(s), error));
    VQC_TRY(tensor_describe(&correlation->bias, type, 1, s->out_channels, 1, 1, error));
    SET(cudnnCreateFilterDescriptor(&correlation->weight));
    SET(cudnnSetFilter4dDescriptor(correlation->weight, type, CUDNN_TENSOR_NHWC, (int)s->out_channels,
                                   (int)s->in_channels, (int)s->kernel_height, (int)s->kernel_width));
    SET(cudnnCreateConvolutionDescriptor(&correlation->convolution));
    SET(cudnnSetConvolution2dDescriptor(correlation->convolution, (int)s->pad_height, (int)s->pad_width,
                                        (int)s->stride, (int)s->stride, 1, 1, CUDNN_CROSS_CORRELATION,
                                        CUDNN_DATA_FLOAT));
    SET(cudnnSetConvolutionMathType(correlation->convolution, math_of(plan)));
    SET(cudnnCreateActivationDescriptor(&correlation->identity));
    SET(cudnnSetActivationDescriptor(correlation->identity, CUDNN_ACTIVATION_IDENTITY, CUDNN_PROPAGATE_NAN, 0.0));
    return output_check(correlation, s, error);
}

/* The first of the algorithms that cuDNN has for the shape. */
static vqc_status algorithm_choose(vqc_cuda_correlation *correlation, bool *found_out, vqc_error *error)
{
    static const cudnnConvolutionFwdAlgo_t algorithms[] = {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                                                           CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM};
    *found_out = false;
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0] && !*found_out; i++) {
        cudnnStatus_t found = cudnnGetConvolutionForwardWorkspaceSize(
            correlation->cudnn, correlation->input, correlation->weight, correlation->convolution,
            correlation->output, algorithms[i], &correlation->workspace_size);
        if (is_not_supported(found))
            continue;
        SET(found);
        correlation->algorithm = algorithms[i];
        *found_out = true;
    }
    return VQC_OK;
}

static vqc_status graphs_find(vqc_cuda_graphs *graphs, const vqc_cuda_correlation_shape *shape,
                              vqc_cuda_correlation *correlation, vqc_error *error)
{
    for (int kind = 0; kind < VQC_CUDA_GRAPH_KINDS; kind++) {
        const vqc_cuda_graph *graph;
        VQC_TRY(vqc_cuda_graphs_find(graphs, shape, (vqc_cuda_graph_kind)kind, &graph, error));
        correlation->graph[kind] = graph;
        if (graph != NULL && vqc_cuda_graph_workspace(graph) > correlation->workspace_size)
            correlation->workspace_size = vqc_cuda_graph_workspace(graph);
    }
    return VQC_OK;
}

vqc_status vqc_cuda_correlation_create(const vqc_cuda_plan *plan, const vqc_cuda_correlation_shape *shape,
                                       vqc_cuda_correlation **correlation_out, vqc_error *error)
{
    vqc_cuda_correlation *correlation;
    bool found = false;
    *correlation_out = NULL;
    VQC_TRY(vqc_memory_allocate(1, sizeof *correlation, "a plan", &correlation, error));
    correlation->cudnn = plan->device->cudnn;
    vqc_status status = describe(plan, shape, correlation, error);
    if (status == VQC_OK)
        status = algorithm_choose(correlation, &found, error);
    if (status == VQC_OK && found && plan->operation.dtype == VQC_DTYPE_BF16)
        status = graphs_find(plan->device->graphs, shape, correlation, error);
    if (status == VQC_OK && found)
        *correlation_out = correlation;
    else
        vqc_cuda_correlation_destroy(correlation);
    return status;
}

size_t vqc_cuda_correlation_workspace(const vqc_cuda_correlation *correlation)
{
    return correlation->workspace_size;
}

vqc_status vqc_cuda_correlation_run(const vqc_cuda_correlation *c, const vqc_cuda_correlation_operands *operands,
                                    vqc_error *error)
{
    const vqc_cuda_graph *graph = c->graph[VQC_CUDA_GRAPH_PLAIN];
    if (graph != NULL)
        return vqc_cuda_cudnn_check(vqc_cuda_graph_run(graph, operands, NULL, NULL), "a convolution", error);
    return vqc_cuda_cudnn_check(cudnnConvolutionForward(c->cudnn, &one, c->input, operands->input, c->weight,
                                                        operands->weight, c->convolution, c->algorithm,
                                                        operands->workspace, c->workspace_size, &zero, c->output,
                                                        operands->output),
                                "a convolution", error);
}

vqc_status vqc_cuda_correlation_run_with(const vqc_cuda_correlation *c, const vqc_cuda_correlation_operands *operands,
                                         const void *bias, const void *added, bool *done_out, vqc_error *error)
{
    const vqc_cuda_graph *graph = c->graph[added != NULL ? VQC_CUDA_GRAPH_BIAS_AND_TENSOR : VQC_CUDA_GRAPH_BIAS];
    *done_out = graph != NULL;
    if (graph != NULL)
        return vqc_cuda_cudnn_check(vqc_cuda_graph_run(graph, operands, bias, added), "a convolution", error);
    if (c->algorithm != CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM) /* the only one without an activation */
        return VQC_OK;
    cudnnStatus_t status = cudnnConvolutionBiasActivationForward(
        c->cudnn, &one, c->input, operands->input, c->weight, operands->weight, c->convolution, c->algorithm,
        operands->workspace, c->workspace_size, added != NULL ? &one : &zero, c->output,
        added != NULL ? added : operands->output, c->bias, bias, c->identity, c->output, operands->output);
    if (is_not_supported(status))
        return VQC_OK;
    *done_out = true;
    return vqc_cuda_cudnn_check(status, "a convolution", error);
}

#define GRADIENT_ALGORITHM CUDNN_CONVOLUTION_BWD_DATA_ALGO_1

vqc_status vqc_cuda_correlation_gradient_prepare(vqc_cuda_correlation *c, bool *offered_out, vqc_error *error)
{
    size_t size = 0;
    cudnnStatus_t found = cudnnGetConvolutionBackwardDataWorkspaceSize(c->cudnn, c->weight, c->output, c->convolution,
                                                                       c->input, GRADIENT_ALGORITHM, &size);
    *offered_out = !is_not_supported(found);
    if (!*offered_out)
        return VQC_OK;
    SET(found);
    if (size > c->workspace_size)
        c->workspace_size = size;
    return VQC_OK;
}

vqc_status vqc_cuda_correlation_gradient_run(const vqc_cuda_correlation *c,
                                             const vqc_cuda_correlation_operands *operands, vqc_error *error)
{
    return vqc_cuda_cudnn_check(cudnnConvolutionBackwardData(c->cudnn, &one, c->weight, operands->weight, c->output,
                                                             operands->input, c->convolution, GRADIENT_ALGORITHM,
                                                             operands->workspace, c->workspace_size, &zero, c->input,
                                                             operands->output),
                                "a convolution's gradient", error);
}
