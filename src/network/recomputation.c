#include "network/recomputation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Rounds over all places for a cut; the search ends earlier where nothing becomes better. */
enum { MOST_ROUNDS = 8 };

typedef struct search {
    const vqc_network_graph *graph;
    vqc_network_layout layout; /* of the cuts that were measured last */
    int *places;               /* (place_count) nodes before which a cut may stand */
    size_t place_count;
} search;

/* What cuts are judged by. */
typedef struct cuts_cost {
    size_t memory; /* the most bytes alive at one time */
    size_t again;  /* bytes that are computed again */
} cuts_cost;

/* ---- Places ---- */

/* The last node that reads each value (values); VQC_NO_NODE for none. */
static void last_reads_set(const vqc_network_graph *graph, int *last)
{
    for (size_t v = 0; v < graph->value_count; v++)
        last[v] = VQC_NO_NODE;
    for (size_t i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i].layout.input_count; k++)
            last[graph->nodes[i].input[k]] = (int)i;
}

/* Counts the values that cross from the nodes before `node` to it and those after. Inputs are there in any case. */
static int crossing_count(const vqc_network_graph *graph, const int *last, int node)
{
    int count = 0;
    for (size_t v = 0; v < graph->value_count; v++)
        count += graph->values[v].producer != VQC_NO_NODE && graph->values[v].producer < node && last[v] >= node;
    return count;
}

static vqc_status places_find(search *s, vqc_error *error)
{
    int *last;
    VQC_TRY(vqc_memory_allocate(s->graph->node_count, sizeof *s->places, "a network", &s->places, error));
    VQC_TRY(vqc_memory_allocate(s->graph->value_count, sizeof *last, "a network", &last, error));
    last_reads_set(s->graph, last);
    for (int node = 1; node < (int)s->graph->node_count; node++)
        if (crossing_count(s->graph, last, node) <= 1)
            s->places[s->place_count++] = node;
    free(last);
    return VQC_OK;
}

/* ---- The search ---- */

static vqc_status cuts_measure(search *s, const bool *cuts, cuts_cost *cost_out, vqc_error *error)
{
    VQC_TRY(vqc_network_layout_fill(s->graph, cuts, &s->layout, error));
    VQC_TRY(vqc_network_layout_least(&s->layout, &cost_out->memory, error));
    cost_out->again = 0;
    for (size_t i = 0; i < s->graph->node_count; i++)
        if (s->layout.nodes[i].again != VQC_NO_TIME)
            cost_out->again += s->graph->values[s->graph->nodes[i].output].size;
    return VQC_OK;
}

static bool is_better(const cuts_cost *a, const cuts_cost *b)
{
    return a->memory < b->memory || (a->memory == b->memory && a->again < b->again);
}

/* Changes the cut at every place in turn and keeps what is better; *better_out says whether anything was. */
static vqc_status round_make(search *s, bool *cuts, cuts_cost *cost, bool *better_out, vqc_error *error)
{
    *better_out = false;
    for (size_t i = 0; i < s->place_count; i++) {
        bool *cut = &cuts[s->places[i]];
        cuts_cost changed;
        *cut = !*cut;
        VQC_TRY(cuts_measure(s, cuts, &changed, error));
        if (is_better(&changed, cost)) {
            *cost = changed;
            *better_out = true;
        } else {
            *cut = !*cut;
        }
    }
    return VQC_OK;
}

static vqc_status cuts_improve(search *s, bool *cuts, vqc_error *error)
{
    cuts_cost cost;
    bool better = true;
    VQC_TRY(cuts_measure(s, cuts, &cost, error));
    for (int round = 0; better && round < MOST_ROUNDS; round++)
        VQC_TRY(round_make(s, cuts, &cost, &better, error));
    return VQC_OK;
}

/* Takes the candidate if its memory, placed, is smaller than the smallest so far. */
static vqc_status candidate_compare(search *s, const bool *candidate, bool *cuts, size_t *smallest, vqc_error *error)
{
    size_t bytes;
    VQC_TRY(vqc_network_layout_fill(s->graph, candidate, &s->layout, error));
    VQC_TRY(vqc_memory_packing(s->layout.blocks, s->layout.block_count, &bytes, error));
    if (bytes < *smallest) {
        *smallest = bytes;
        memcpy(cuts, candidate, s->graph->node_count * sizeof *cuts);
    }
    return VQC_OK;
}

static vqc_status cuts_search(search *s, bool *candidate, bool *cuts, vqc_error *error)
{
    size_t smallest = SIZE_MAX;
    VQC_TRY(candidate_compare(s, candidate, cuts, &smallest, error));
    VQC_TRY(cuts_improve(s, candidate, error));
    VQC_TRY(candidate_compare(s, candidate, cuts, &smallest, error));
    memset(candidate, 0, s->graph->node_count * sizeof *candidate);
    for (size_t i = 0; i < s->place_count; i++)
        candidate[s->places[i]] = true;
    VQC_TRY(cuts_improve(s, candidate, error));
    return candidate_compare(s, candidate, cuts, &smallest, error);
}

vqc_status vqc_recomputation_choose(const vqc_network_graph *graph, bool *cuts, vqc_error *error)
{
    search s = {.graph = graph};
    bool *candidate;
    VQC_TRY(vqc_memory_allocate(graph->node_count, sizeof *candidate, "a network", &candidate, error));
    vqc_status status = places_find(&s, error);
    if (status == VQC_OK)
        status = cuts_search(&s, candidate, cuts, error);
    vqc_network_layout_release(&s.layout);
    free(s.places);
    free(candidate);
    return status;
}
