#ifndef VQC_SCHEDULE_DIVISION_H
#define VQC_SCHEDULE_DIVISION_H

#include "schedule/cost.h"

/* How the ranks of a launch are divided into teams at its start.
 *
 * Of a given size: as many teams of that size as there are ranks for, and one of the ranks that are left over. Sizes
 * left to the program: teams of one while there are at least as many renders as ranks; otherwise one team for each
 * render, and the ranks that are left go one by one to the render that takes longest, up to its number of crop
 * groups. Teams hold neighbouring ranks, which mostly share a host. Fails for want of memory alone. */

typedef struct vqc_division {
    int teams;
    int *size;  /* (teams): members of each; together at most the ranks */
    int *first; /* (teams): lowest rank of each */
} vqc_division;

/* Divides `ranks` ranks over the `count` renders `numbers`, which are in the order of vqc_cost_order; the first
 * render of team t is numbers[t]. `team` is the size asked for, 0 to choose. There may be fewer teams than ranks;
 * with no renders there are none. */
VQC_MUST_CHECK vqc_status vqc_division_create(const vqc_study *study, const vqc_cost_seconds *seconds,
                                              const int64_t *numbers, size_t count, int ranks, int64_t team,
                                              vqc_division *division_out, vqc_error *error);
void vqc_division_release(vqc_division *division);

/* The team that a rank belongs to; -1: none. */
int vqc_division_team(const vqc_division *division, int rank);

#endif
