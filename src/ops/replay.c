#include "ops/replay.h"

static vqc_status record(vqc_replay *replay, vqc_ops *ops, vqc_replay_work *work, void *context, vqc_error *error)
{
    vqc_error unfinished = {0};
    VQC_TRY(vqc_ops_record_begin(ops, error));
    if (work(context, error) == VQC_OK)
        return vqc_ops_record_end(ops, &replay->recording, error);
    if (vqc_ops_record_end(ops, &replay->recording, &unfinished) == VQC_OK)
        vqc_replay_reset(replay);
    return error->status;
}

vqc_status vqc_replay_run(vqc_replay *replay, vqc_ops *ops, vqc_replay_work *work, void *context, vqc_error *error)
{
    if (!replay->begun || !vqc_ops_can_record(ops)) {
        replay->begun = true;
        return work(context, error);
    }
    if (replay->recording == NULL)
        VQC_TRY(record(replay, ops, work, context, error));
    return vqc_recording_run(replay->recording, error);
}

void vqc_replay_reset(vqc_replay *replay)
{
    vqc_recording_destroy(replay->recording);
    *replay = (vqc_replay){0};
}
