#ifndef VQC_OPS_REPLAY_H
#define VQC_OPS_REPLAY_H

#include "ops/ops.h"

/* A piece of work that is queued again and again, always on the same memory: the first time call by call, the second
 * time recorded, from then on as the recording, where the implementation records. Initialise with {0}. */
typedef struct vqc_replay {
    bool begun; /* has been done once */
    vqc_recording *recording;
} vqc_replay;

/* The work: calls that may be recorded (ops.h) and nothing else. */
typedef vqc_status vqc_replay_work(void *context, vqc_error *error);

/* Queues the work. */
VQC_MUST_CHECK vqc_status vqc_replay_run(vqc_replay *replay, vqc_ops *ops, vqc_replay_work *work, void *context,
                                         vqc_error *error);

/* Forgets the work; for when its plans or memory change, and before the vqc_ops is destroyed. */
void vqc_replay_reset(vqc_replay *replay);

#endif
