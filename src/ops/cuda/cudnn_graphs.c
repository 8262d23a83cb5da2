#include "ops/cuda/cudnn_graphs.h"

#include <stdlib.h>

#include "base/memory.h"

typedef struct graphs_entry {
    vqc_cuda_correlation_shape shape;
    vqc_cuda_graph_kind kind;
    vqc_cuda_graph *graph; /* NULL: there is none */
} graphs_entry;

struct vqc_cuda_graphs {
    cudnnHandle_t cudnn;
    graphs_entry *entries;
    size_t count, capacity;
};

vqc_status vqc_cuda_graphs_create(cudnnHandle_t cudnn, vqc_cuda_graphs **graphs_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate(1, sizeof **graphs_out, "a device's convolutions", graphs_out, error));
    (*graphs_out)->cudnn = cudnn;
    return VQC_OK;
}

void vqc_cuda_graphs_destroy(vqc_cuda_graphs *graphs)
{
    if (graphs == NULL)
        return;
    for (size_t i = 0; i < graphs->count; i++)
        vqc_cuda_graph_destroy(graphs->entries[i].graph);
    free(graphs->entries);
    free(graphs);
}

static bool shapes_equal(const vqc_cuda_correlation_shape *a, const vqc_cuda_correlation_shape *b)
{
    return a->batch == b->batch && a->height == b->height && a->width == b->width &&
           a->in_channels == b->in_channels && a->out_channels == b->out_channels &&
           a->kernel_height == b->kernel_height && a->kernel_width == b->kernel_width && a->stride == b->stride &&
           a->pad_height == b->pad_height && a->pad_width == b->pad_width;
}

vqc_status vqc_cuda_graphs_find(vqc_cuda_graphs *graphs, const vqc_cuda_correlation_shape *shape,
                                vqc_cuda_graph_kind kind, const vqc_cuda_graph **graph_out, vqc_error *error)
{
    for (size_t i = 0; i < graphs->count; i++) {
        const graphs_entry *entry = &graphs->entries[i];
        if (entry->kind != kind || !shapes_equal(&entry->shape, shape))
            continue;
        *graph_out = entry->graph;
        return VQC_OK;
    }
    VQC_TRY(vqc_memory_grow(&graphs->entries, &graphs->capacity, graphs->count + 1, sizeof(graphs_entry),
                            "a device's convolutions", error));
    vqc_cuda_graph *graph = vqc_cuda_graph_create(graphs->cudnn, shape, kind);
    graphs->entries[graphs->count++] = (graphs_entry){*shape, kind, graph};
    *graph_out = graph;
    return VQC_OK;
}
