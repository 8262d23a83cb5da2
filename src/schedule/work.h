#ifndef VQC_SCHEDULE_WORK_H
#define VQC_SCHEDULE_WORK_H

#include "schedule/rank.h"

/* One render from its start or checkpoint to its end, by this rank's team; collective over it. The leader alone
 * writes to the archive. */

/* Makes render number `number`. One that fails is recorded with its reason and is no failure here. If a member is
 * asked to stop, or the launch is being ended, the render is saved, and the launch ends. */
VQC_MUST_CHECK vqc_status vqc_work_make(vqc_rank *rank, int64_t number, vqc_error *error);

/* The same for a rank that joins: its renderer has started the render, and its team, which has just been formed, is
 * in the middle of it. */
VQC_MUST_CHECK vqc_status vqc_work_join(vqc_rank *rank, int64_t number, vqc_error *error);

#endif
