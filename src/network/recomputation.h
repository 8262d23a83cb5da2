#ifndef VQC_NETWORK_RECOMPUTATION_H
#define VQC_NETWORK_RECOMPUTATION_H

#include "network/network_layout.h"

/* Where to cut a network into segments whose values are computed again for the backward pass (network_layout.h), so
 * that its memory becomes small. Cuts stand where at most one value crosses from the nodes before to those after, as
 * between the blocks of a residual network. From all of these, and from none, cuts are taken away and added one by
 * one as long as the most bytes alive at one time become fewer, or stay and less is computed again; of the two
 * results and no cut at all that with the smallest memory is taken. A function of the network alone.
 *
 * cuts (nodes): receives whether a segment begins with the node. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_recomputation_choose(const vqc_network_graph *graph, bool *cuts, vqc_error *error);

#endif
