#ifndef VQC_SCHEDULE_COST_H
#define VQC_SCHEDULE_COST_H

#include <stddef.h>
#include <stdint.h>

#include "render/share.h"
#include "study/study.h"

/* How long renders take, estimated from the study alone, or from seconds measured on the device at hand. For the
 * order in which renders are taken, the sizes of teams, and `plan`; pictures do not depend on it. Opens no model.
 *
 *     step   = pixels × pixel + Σ perceptors groups × crops of a group × crop
 *     render = start + steps × step + finish
 *
 * Groups are those of the step with the most crops, also where their number changes over the steps.
 *
 * In a team the decoder's part stays as it is, since every member decodes, and the crop groups are shared. Fails for
 * want of memory alone. */

/* Seconds of the parts of a render. */
typedef struct vqc_cost_seconds {
    double start;                          /* turning to a render: making its networks, its first latent */
    double pixel;                          /* decoder forward and backward, per pixel of the picture */
    double crop[VQC_STUDY_MAX_PERCEPTORS]; /* one crop through perceptor i, forward and backward */
    double finish;                         /* last picture, writing the result */
} vqc_cost_seconds;

/* What is assumed where nothing is measured: a crop of every perceptor costs 1, a pixel a 2400th of it (about what
 * the multiplications of ViT-B/32 and of the f = 16 VQGAN come to), start and finish nothing. So the costs stand in
 * proportion to each other, but are no seconds. */
void vqc_cost_guess(const vqc_study *study, vqc_cost_seconds *seconds_out);

/* The same in whole numbers, whose sums are exact: what is decided by them is decided alike on every machine. */
void vqc_cost_guess_whole(const vqc_study *study, vqc_cost_seconds *seconds_out);

/* The render's crop groups, with what one of each perceptor costs. */
void vqc_cost_work(const vqc_study *study, const vqc_render *render, const vqc_cost_seconds *seconds,
                   vqc_share_work *work_out);

/* Crop groups of all perceptors in a step of the render: the most members that can share it. */
int64_t vqc_cost_groups(const vqc_study *study, const vqc_render *render);

/* One step of the render in a team of this many members, 1 or more. */
VQC_MUST_CHECK vqc_status vqc_cost_step(const vqc_study *study, const vqc_render *render,
                                        const vqc_cost_seconds *seconds, int members, double *step_out,
                                        vqc_error *error);

/* The whole render on one rank. */
double vqc_cost_render(const vqc_study *study, const vqc_render *render, const vqc_cost_seconds *seconds);

/* Puts `count` numbers of renders into the order in which they are taken: wave by wave, in each by falling cost of
 * the whole render, equal ones by their number. */
VQC_MUST_CHECK vqc_status vqc_cost_order(const vqc_study *study, const vqc_cost_seconds *seconds, int64_t *numbers,
                                         size_t count, vqc_error *error);

#endif
