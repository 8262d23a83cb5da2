#include "ops/cuda/cudnn_graph.h"

#include <stdlib.h>

enum { MOST_DESCRIPTORS = 64, MOST_CONFIGURATIONS = 16, MOST_NOTES = 32 };

/* The most workspace that a kernel may ask for. */
static const int64_t workspace_most = (int64_t)64 << 20;

struct vqc_cuda_graph {
    cudnnHandle_t cudnn;
    cudnnBackendDescriptor_t made[MOST_DESCRIPTORS]; /* all that the plan refers to, in the order of their making */
    int count;
    cudnnBackendDescriptor_t plan;
    int64_t workspace_size;
};

/* Identify the tensors. */
enum { INPUT = 1, WEIGHT, OUTPUT, BIAS, TENSOR, SUM, SUM_WITH_BIAS };

enum { DIMENSIONS = 4, SPATIAL = 2 };

/* A tensor's sizes in cuDNN's order: batch or out channels, channels, height, width. */
typedef struct sizes {
    int64_t of[DIMENSIONS];
} sizes;

void vqc_cuda_graph_destroy(vqc_cuda_graph *graph)
{
    if (graph == NULL)
        return;
    while (graph->count > 0)
        (void)cudnnBackendDestroyDescriptor(graph->made[--graph->count]);
    free(graph);
}

/* NULL on failure. */
static cudnnBackendDescriptor_t make(vqc_cuda_graph *graph, cudnnBackendDescriptorType_t type)
{
    cudnnBackendDescriptor_t descriptor;
    if (graph->count == MOST_DESCRIPTORS || cudnnBackendCreateDescriptor(type, &descriptor) != CUDNN_STATUS_SUCCESS)
        return NULL;
    graph->made[graph->count++] = descriptor;
    return descriptor;
}

static bool set(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t count, const void *values)
{
    return cudnnBackendSetAttribute(descriptor, name, type, count, values) == CUDNN_STATUS_SUCCESS;
}

static bool set_descriptor(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                           cudnnBackendDescriptor_t value)
{
    return set(descriptor, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

static bool finalise(cudnnBackendDescriptor_t descriptor)
{
    return cudnnBackendFinalize(descriptor) == CUDNN_STATUS_SUCCESS;
}

/* A tensor, channels last, or one that only exists between two operations, which is in f32; NULL on failure. */
static cudnnBackendDescriptor_t tensor_make(vqc_cuda_graph *graph, int64_t identity, sizes s, bool between)
{
    const int64_t strides[DIMENSIONS] = {s.of[1] * s.of[2] * s.of[3], 1, s.of[1] * s.of[3], s.of[1]};
    const int64_t alignment = 16;
    cudnnDataType_t type = between ? CUDNN_DATA_FLOAT : CUDNN_DATA_BFLOAT16;
    cudnnBackendDescriptor_t tensor = make(graph, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    bool made = tensor != NULL && set(tensor, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type) &&
                set(tensor, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, DIMENSIONS, s.of) &&
                set(tensor, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, DIMENSIONS, strides) &&
                set(tensor, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &identity) &&
                set(tensor, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment) &&
                set(tensor, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &between) && finalise(tensor);
    return made ? tensor : NULL;
}

static cudnnBackendDescriptor_t convolution_make(vqc_cuda_graph *graph, const vqc_cuda_correlation_shape *s)
{
    const int64_t spatial = SPATIAL;
    const int64_t padding[SPATIAL] = {s->pad_height, s->pad_width};
    const int64_t strides[SPATIAL] = {s->stride, s->stride};
    const int64_t dilations[SPATIAL] = {1, 1};
    cudnnDataType_t type = CUDNN_DATA_FLOAT;
    cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    cudnnBackendDescriptor_t c = make(graph, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    bool made = c != NULL && set(c, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &spatial) &&
                set(c, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type) &&
                set(c, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode) &&
                set(c, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, SPATIAL, padding) &&
                set(c, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, SPATIAL, padding) &&
                set(c, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, SPATIAL, strides) &&
                set(c, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, SPATIAL, dilations) && finalise(c);
    return made ? c : NULL;
}

/* result = the correlation */
static cudnnBackendDescriptor_t correlation_make(vqc_cuda_graph *graph, const vqc_cuda_correlation_shape *s,
                                                 cudnnBackendDescriptor_t result)
{
    const sizes input = {{s->batch, s->in_channels, s->height, s->width}};
    const sizes weight = {{s->out_channels, s->in_channels, s->kernel_height, s->kernel_width}};
    const float one = 1.0F;
    const float zero = 0.0F;
    cudnnBackendDescriptor_t x = tensor_make(graph, INPUT, input, false);
    cudnnBackendDescriptor_t w = tensor_make(graph, WEIGHT, weight, false);
    cudnnBackendDescriptor_t convolution = convolution_make(graph, s);
    cudnnBackendDescriptor_t o = make(graph, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
    bool made = x != NULL && w != NULL && convolution != NULL && o != NULL && result != NULL &&
                set_descriptor(o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution) &&
                set_descriptor(o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x) &&
                set_descriptor(o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w) &&
                set_descriptor(o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, result) &&
                set(o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &one) &&
                set(o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &zero) && finalise(o);
    return made ? o : NULL;
}

/* result = a + b */
static cudnnBackendDescriptor_t addition_make(vqc_cuda_graph *graph, cudnnBackendDescriptor_t a,
                                              cudnnBackendDescriptor_t b, cudnnBackendDescriptor_t result)
{
    cudnnPointwiseMode_t mode = CUDNN_POINTWISE_ADD;
    cudnnDataType_t type = CUDNN_DATA_FLOAT;
    cudnnBackendDescriptor_t p = make(graph, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    cudnnBackendDescriptor_t o = make(graph, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    bool made = a != NULL && b != NULL && result != NULL && p != NULL && o != NULL &&
                set(p, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode) &&
                set(p, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &type) && finalise(p) &&
                set_descriptor(o, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, p) &&
                set_descriptor(o, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, a) &&
                set_descriptor(o, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b) &&
                set_descriptor(o, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, result) && finalise(o);
    return made ? o : NULL;
}

/* The operations: the correlation, then the tensor, then the bias, in the order in which cuDNN has them compiled. */
static cudnnBackendDescriptor_t operations_make(vqc_cuda_graph *graph, const vqc_cuda_correlation_shape *s,
                                                vqc_cuda_graph_kind kind)
{
    enum { MOST = 3 };
    const sizes result = {
        {s->batch, s->out_channels, vqc_cuda_correlation_out_height(s), vqc_cuda_correlation_out_width(s)}};
    const sizes channels = {{1, s->out_channels, 1, 1}};
    cudnnBackendDescriptor_t operation[MOST];
    int64_t count = 0;
    cudnnBackendDescriptor_t output = tensor_make(graph, OUTPUT, result, false);
    cudnnBackendDescriptor_t sum = kind == VQC_CUDA_GRAPH_PLAIN ? output : tensor_make(graph, SUM, result, true);
    operation[count++] = correlation_make(graph, s, sum);
    if (kind == VQC_CUDA_GRAPH_BIAS_AND_TENSOR) {
        cudnnBackendDescriptor_t next = tensor_make(graph, SUM_WITH_BIAS, result, true);
        operation[count++] = addition_make(graph, sum, tensor_make(graph, TENSOR, result, false), next);
        sum = next;
    }
    if (kind != VQC_CUDA_GRAPH_PLAIN)
        operation[count++] = addition_make(graph, sum, tensor_make(graph, BIAS, channels, false), output);
    for (int64_t i = 0; i < count; i++)
        if (operation[i] == NULL)
            return NULL;
    cudnnBackendDescriptor_t all = make(graph, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    bool made = all != NULL && set(all, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &graph->cudnn) &&
                set(all, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, count, operation) &&
                finalise(all);
    return made ? all : NULL;
}

/* Whether what an engine says of itself lets it be taken: the same bits every time, products in full, and no minutes
 * of compiling. */
static bool engine_fits(cudnnBackendDescriptor_t engine)
{
    cudnnBackendNumericalNote_t numerical[MOST_NOTES];
    cudnnBackendBehaviorNote_t behaviour[MOST_NOTES];
    int64_t count = 0;
    if (cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, MOST_NOTES,
                                 &count, numerical) != CUDNN_STATUS_SUCCESS)
        return false;
    for (int64_t i = 0; i < count && i < MOST_NOTES; i++)
        if (numerical[i] != CUDNN_NUMERICAL_NOTE_TENSOR_CORE && numerical[i] != CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP)
            return false;
    if (cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, MOST_NOTES,
                                 &count, behaviour) != CUDNN_STATUS_SUCCESS)
        return false;
    for (int64_t i = 0; i < count && i < MOST_NOTES; i++)
        if (behaviour[i] == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)
            return false;
    return true;
}

/* Makes the plan of a configuration; whether it can be taken. */
static bool plan_make(vqc_cuda_graph *graph, cudnnBackendDescriptor_t configuration)
{
    int64_t count = 0;
    cudnnBackendDescriptor_t engine = make(graph, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    if (engine == NULL ||
        cudnnBackendGetAttribute(configuration, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count,
                                 &engine) != CUDNN_STATUS_SUCCESS ||
        count != 1 || !engine_fits(engine))
        return false;
    cudnnBackendDescriptor_t plan = make(graph, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    if (plan == NULL || !set(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &graph->cudnn) ||
        !set_descriptor(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration) || !finalise(plan))
        return false;
    if (cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &count,
                                 &graph->workspace_size) != CUDNN_STATUS_SUCCESS ||
        graph->workspace_size > workspace_most)
        return false;
    graph->plan = plan;
    return true;
}

/* The first plan, in the order of cuDNN's expectation of their speed, that can be taken. */
static bool plan_choose(vqc_cuda_graph *graph, cudnnBackendDescriptor_t operations)
{
    cudnnBackendHeurMode_t mode = CUDNN_HEUR_MODE_A;
    cudnnBackendDescriptor_t configuration[MOST_CONFIGURATIONS];
    int64_t count = 0;
    cudnnBackendDescriptor_t expectation = make(graph, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    if (operations == NULL || expectation == NULL ||
        !set_descriptor(expectation, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, operations) ||
        !set(expectation, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode) || !finalise(expectation))
        return false;
    for (int i = 0; i < MOST_CONFIGURATIONS; i++) {
        configuration[i] = make(graph, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
        if (configuration[i] == NULL)
            return false;
    }
    if (cudnnBackendGetAttribute(expectation, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                 MOST_CONFIGURATIONS, &count, configuration) != CUDNN_STATUS_SUCCESS)
        return false;
    for (int64_t i = 0; i < count && i < MOST_CONFIGURATIONS; i++)
        if (plan_make(graph, configuration[i]))
            return true;
    return false;
}

vqc_cuda_graph *vqc_cuda_graph_create(cudnnHandle_t cudnn, const vqc_cuda_correlation_shape *shape,
                                      vqc_cuda_graph_kind kind)
{
    vqc_cuda_graph *graph = calloc(1, sizeof *graph);
    if (graph == NULL)
        return NULL;
    graph->cudnn = cudnn;
    if (plan_choose(graph, operations_make(graph, shape, kind)))
        return graph;
    vqc_cuda_graph_destroy(graph);
    return NULL;
}

size_t vqc_cuda_graph_workspace(const vqc_cuda_graph *graph)
{
    return (size_t)graph->workspace_size;
}

cudnnStatus_t vqc_cuda_graph_run(const vqc_cuda_graph *graph, const vqc_cuda_correlation_operands *operands,
                                 const void *bias, const void *tensor)
{
    enum { MOST = 5 };
    int64_t identities[MOST] = {INPUT, WEIGHT, OUTPUT};
    const void *pointers[MOST] = {operands->input, operands->weight, operands->output};
    int64_t count = 3;
    if (bias != NULL) {
        identities[count] = BIAS;
        pointers[count++] = bias;
    }
    if (tensor != NULL) {
        identities[count] = TENSOR;
        pointers[count++] = tensor;
    }
    cudnnBackendDescriptor_t pack;
    cudnnStatus_t status = cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack);
    if (status != CUDNN_STATUS_SUCCESS)
        return status;
    status = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, identities);
    if (status == CUDNN_STATUS_SUCCESS)
        status = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count,
                                          pointers);
    if (status == CUDNN_STATUS_SUCCESS)
        status = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1,
                                          &operands->workspace);
    if (status == CUDNN_STATUS_SUCCESS)
        status = cudnnBackendFinalize(pack);
    if (status == CUDNN_STATUS_SUCCESS)
        status = cudnnBackendExecute(graph->cudnn, graph->plan, pack);
    (void)cudnnBackendDestroyDescriptor(pack);
    return status;
}
