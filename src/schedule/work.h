#ifndef VQC_SCHEDULE_WORK_H
#define VQC_SCHEDULE_WORK_H

#include <stdbool.h>

#include "schedule/rank.h"

/* One render from its start or checkpoint to its end, by this rank's team; collective over it. The leader alone
 * writes to the archive.
 *
 *     start or join → { step_begin → step_end }* while it is under way → end
 *
 * What the render fails with goes into the archive. Other failures are VQC_FAILED: the archive's, and MPI's. */
typedef struct vqc_work vqc_work;

/* Makes ready for render number `number` on this renderer. A render that cannot be started is no failure here: it is
 * not under way, and its end records why. `recruits`: free ranks may be asked to join. */
VQC_MUST_CHECK vqc_status vqc_work_start(vqc_rank *rank, vqc_renderer *renderer, int64_t number, bool recruits,
                                         vqc_work **work_out, vqc_error *error);

/* The same for a rank that joins: its renderer has started the render, and its team, which has just been formed, is
 * in the middle of it. */
VQC_MUST_CHECK vqc_status vqc_work_join(vqc_rank *rank, int64_t number, vqc_work **work_out, vqc_error *error);

/* Whether there is a step to make: neither the last one is made, nor has the render failed, nor has the launch, or a
 * member, been asked to stop, in which case the render is saved. */
bool vqc_work_is_under_way(const vqc_work *work);

/* Whether it could be started. */
bool vqc_work_is_started(const vqc_work *work);
/* Lets go of one that could not, without a word in the archive: its render will be tried elsewhere. */
void vqc_work_abandon(vqc_work *work);

/* The next step in two parts, as the renderer has them: between them, other renders may be given their share of the
 * device. */
void vqc_work_step_begin(vqc_work *work);
void vqc_work_step_end(vqc_work *work);

/* Comes to the end: the leader writes the result, or why there is none; a render that failed is no failure here. If a
 * member was asked to stop, the launch ends. Releases the work, whatever comes of it. NULL is allowed. */
VQC_MUST_CHECK vqc_status vqc_work_end(vqc_work *work, vqc_error *error);

#endif
