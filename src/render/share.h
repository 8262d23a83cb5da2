#ifndef VQC_RENDER_SHARE_H
#define VQC_RENDER_SHARE_H

#include <stddef.h>
#include <stdint.h>

#include "study/study.h"

/* Which member of a team computes which crop groups of a step. A pure function of its arguments, so that all members
 * come to the same answer; pictures do not depend on it. */

/* The crop groups of one step. */
typedef struct vqc_share_work {
    size_t perceptors;
    int64_t groups[VQC_STUDY_MAX_PERCEPTORS];
    double seconds[VQC_STUDY_MAX_PERCEPTORS]; /* of one group, or anything in proportion to them; above 0 */
} vqc_share_work;

/* Crop groups of all perceptors. */
int64_t vqc_share_groups(const vqc_share_work *work);

/* Gives every group to a member, the longest first, each to the member with the least to do so far (Graham 1969,
 * "longest processing time"); ties go to the lower number. owner (groups of all perceptors, one perceptor's after the
 * other's): the member; may be NULL. load (members): the seconds that each has to do. Returns the largest of them. */
double vqc_share_assign(const vqc_share_work *work, int members, double *load, int *owner);

#endif
