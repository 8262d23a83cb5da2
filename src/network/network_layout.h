#ifndef VQC_NETWORK_NETWORK_LAYOUT_H
#define VQC_NETWORK_NETWORK_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "network/memory_packing.h"
#include "network/network.h"

/* When the nodes of a network run and which memory its values have in which times: a function of the list of nodes
 * and of where it is cut into segments. For network.c, recomputation.c and their tests only.
 *
 * Forwards all nodes run in their order. Backwards the segments are taken from the last to the first: of each, the
 * nodes whose results its backward pass reads run once more, forwards, and then its nodes run backwards. What does
 * not leave its segment is thereby alive for a short time twice, instead of a long time once. The last segment is
 * not run again, as its backward pass follows at once; without cuts it is the only one. Fails for want of memory
 * alone. */

enum { VQC_NO_NODE = -1, VQC_NO_BLOCK = -1, VQC_NO_TIME = -1 };

/* A value of a network. */
typedef struct vqc_network_value {
    vqc_dtype dtype;
    vqc_shape shape;
    size_t size;       /* bytes */
    int producer;      /* the node it comes from, VQC_NO_NODE for inputs and constants */
    void *constant;    /* the data of a constant, host memory; else NULL */
    bool output;       /* the backward pass starts from its gradient */
    bool kept;         /* readable for the caller after every run */
    bool has_gradient; /* a gradient flows to it */
} vqc_network_value;

/* An operation of a network. */
typedef struct vqc_network_node {
    vqc_plan *plan;
    vqc_operation_kind kind;
    vqc_operation_layout layout;
    int input[VQC_OPERATION_MAX_INPUTS]; /* values */
    int output;
    bool gradient_wanted[VQC_OPERATION_MAX_INPUTS];
} vqc_network_node;

typedef struct vqc_network_graph {
    bool backward;
    vqc_network_value *values;
    size_t value_count, value_capacity;
    vqc_network_node *nodes;
    size_t node_count, node_capacity;
} vqc_network_graph;

/* The values and nodes of a network; its own, and only as long as nothing is added. */
const vqc_network_graph *vqc_network_graph_of(const vqc_network *network);

/* Where a value's data and gradient are: numbers of blocks. */
typedef struct vqc_value_place {
    int data;            /* as the forward pass computes it */
    int data_again;      /* as the backward pass reads it; the same for what is not computed again */
    int gradient;        /* may be shared with the value it was added to; VQC_NO_BLOCK without gradient */
    bool gradient_begun; /* while laying out: some node has written its gradient */
} vqc_value_place;

/* When a node runs, and with which memory besides its values'. */
typedef struct vqc_node_place {
    int segment;
    int again, backward; /* times; VQC_NO_TIME if it does not run again. Forwards node i runs at time i */
    int saved, saved_again;
    int workspace, workspace_again, workspace_backward;
    bool gradient_written[VQC_OPERATION_MAX_INPUTS]; /* false also where its memory is that of the output's */
    bool accumulate[VQC_OPERATION_MAX_INPUTS];
} vqc_node_place;

typedef struct vqc_network_layout {
    vqc_value_place *values;
    vqc_node_place *nodes;
    vqc_memory_block *blocks;
    size_t block_count, block_capacity;
    int segments;
    int end; /* the last time */
} vqc_network_layout;

/* Lays a network out. cuts (nodes): whether a segment begins with the node; the first one's is not read. The blocks
 * have no offsets yet. A layout that has been filled before may be filled anew; initialise it with {0}. */
VQC_MUST_CHECK vqc_status vqc_network_layout_fill(const vqc_network_graph *graph, const bool *cuts,
                                                  vqc_network_layout *layout, vqc_error *error);
void vqc_network_layout_release(vqc_network_layout *layout);

/* The most bytes that are alive at one time: what any placing of the blocks needs at least. */
VQC_MUST_CHECK vqc_status vqc_network_layout_least(const vqc_network_layout *layout, size_t *bytes_out,
                                                   vqc_error *error);

#endif
