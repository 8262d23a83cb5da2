#include "schedule/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "image/image.h"
#include "schedule/checkpoint.h"
#include "schedule/recruitment.h"

/* What only the leader has is empty on other members. */
struct vqc_work {
    vqc_rank *rank;
    vqc_archive *archive;
    vqc_renderer *renderer;
    bool leads;
    bool recruits;
    int64_t number;
    const vqc_render *render;
    vqc_render_extents shape;
    double *losses; /* (terms) of a step */
    double step_seconds;
    int64_t steps; /* that they are from */
    bool stopped;  /* a member was asked to stop */
    bool started;
    bool under_way;
    double step_begun;
    double begin_seconds; /* that its first part took */
    vqc_error failure;    /* what ended the render, if anything has */
    /* The leader's. */
    vqc_checkpoint checkpoint;
    double checkpoint_at; /* when the last one was written, or the render begun */
    float *picture;       /* (height, width, 3) */
    float *latent;        /* (rows, columns, latent_width) */
    int32_t *codes;       /* (rows, columns), or none */
    vqc_image image;      /* the picture in bytes */
    vqc_recruitment recruitment;
};

static vqc_status leader_init(vqc_work *work, vqc_error *error)
{
    const vqc_render_extents *shape = &work->shape;
    size_t cells = (size_t)(shape->rows * shape->columns);
    VQC_TRY(vqc_checkpoint_init(&work->checkpoint, shape, error));
    VQC_TRY(vqc_memory_allocate((size_t)(3 * shape->height * shape->width), sizeof(float), "a picture",
                                &work->picture, error));
    VQC_TRY(
        vqc_memory_allocate(cells * (size_t)shape->latent_width, sizeof(float), "a latent", &work->latent, error));
    VQC_TRY(vqc_memory_allocate((size_t)shape->codes, sizeof(int32_t), "codes", &work->codes, error));
    VQC_TRY(vqc_recruitment_init(work->rank, &work->recruitment, error));
    return vqc_image_create(shape->height, shape->width, &work->image, error);
}

/* `leads` is decided by the caller; a rank that joins never does. */
static vqc_status work_init(vqc_work *work, vqc_error *error)
{
    VQC_TRY(vqc_renderer_extents(work->renderer, work->render, &work->shape, error));
    VQC_TRY(vqc_memory_allocate((size_t)work->shape.terms, sizeof(double), "losses", &work->losses, error));
    return work->leads ? leader_init(work, error) : VQC_OK;
}

static void work_release(vqc_work *work)
{
    vqc_checkpoint_release(&work->checkpoint);
    vqc_recruitment_release(&work->recruitment);
    free(work->losses);
    free(work->picture);
    free(work->latent);
    free(work->codes);
    vqc_image_release(&work->image);
    free(work);
}

/* Says why a render that was under way begins again. */
static void restart_say(const vqc_work *work, const vqc_archive_checkpoint *found)
{
    char line[VQC_ERROR_MESSAGE_SIZE];
    const vqc_launch *launch = work->rank->launch;
    if (launch->say == NULL)
        return;
    (void)snprintf(line, sizeof line,
                   "render %lld begins again: its checkpoint is of another environment, %s; here: %s",
                   (long long)work->number, found->environment[0] == '\0' ? "not recorded" : found->environment,
                   launch->environment);
    launch->say(line);
}

/* Says where a mask changes nothing. */
static void mask_say(const vqc_work *work)
{
    char line[VQC_ERROR_MESSAGE_SIZE];
    const vqc_launch *launch = work->rank->launch;
    if (launch->say == NULL || !vqc_render_mask_frees_all(vqc_renderer_mask(work->renderer)))
        return;
    (void)snprintf(line, sizeof line, "render %lld: its mask frees every cell, as if there were none",
                   (long long)work->number);
    launch->say(line);
}

/* Goes back to the newest checkpoint, if there is one of this environment. */
static vqc_status work_resume(vqc_work *work, vqc_error *error)
{
    vqc_archive_checkpoint found;
    VQC_TRY(vqc_archive_checkpoint_read(work->archive, (size_t)work->number, work->rank->launch->environment,
                                        work->checkpoint.bytes, &found, error));
    if (found.foreign)
        restart_say(work, &found);
    if (!found.present) {
        memset(work->checkpoint.bytes, 0, work->checkpoint.size);
        return VQC_OK;
    }
    if (found.step > work->shape.steps)
        return vqc_error_set(
            error, VQC_BAD_INPUT, "%s: dataset /renders/checkpoint_step: render %lld has %lld steps, found %u",
            vqc_archive_path(work->archive), (long long)work->number, (long long)work->shape.steps, found.step);
    VQC_TRY(vqc_renderer_restore(work->renderer, work->checkpoint.state, found.step, error));
    work->rank->spared += found.step;
    return VQC_OK;
}

static vqc_status work_save(vqc_work *work, vqc_error *error)
{
    VQC_TRY(vqc_renderer_save(work->renderer, work->checkpoint.state, error));
    work->checkpoint_at = vqc_clock_seconds();
    return vqc_archive_checkpoint_write(work->archive, (size_t)work->number,
                                        (uint32_t)vqc_renderer_steps_done(work->renderer),
                                        work->rank->launch->environment, work->checkpoint.bytes, error);
}

/* The picture as it is now, in bytes. */
static vqc_status work_draw(vqc_work *work, vqc_error *error)
{
    VQC_TRY(vqc_renderer_picture(work->renderer, work->picture, work->codes, error));
    vqc_image_from_float(work->picture, &work->image);
    return VQC_OK;
}

/* Writes the snapshot that is due after this many steps, if one is. */
static vqc_status work_snapshot(vqc_work *work, int64_t done, vqc_error *error)
{
    int64_t every = work->render->settings->snapshots;
    if (every == 0 || done % every != 0)
        return VQC_OK;
    VQC_TRY(work_draw(work, error));
    return vqc_archive_snapshot_write(work->archive, (size_t)work->number, (uint32_t)(done / every - 1),
                                      work->image.pixels, error);
}

static vqc_status work_finish(vqc_work *work, vqc_error *error)
{
    VQC_TRY(work_draw(work, error));
    VQC_TRY(vqc_renderer_latent(work->renderer, work->latent, error));
    vqc_archive_result result = {
        .picture = work->image.pixels,
        .latent = work->latent,
        .codes = work->codes,
        .losses = work->checkpoint.losses,
        .relevance = vqc_renderer_mask(work->renderer)->relevance,
        .seconds = *work->checkpoint.seconds,
        .device = work->rank->launch->device,
        .host = vqc_comm_host(work->rank->launch->comm),
    };
    return vqc_archive_result_write(work->archive, (size_t)work->number, &result, error);
}

static vqc_status progress_report(vqc_work *work, vqc_error *error)
{
    vqc_launch_progress *progress = &work->rank->progress;
    progress->render = vqc_archive_outline_of(work->archive)->renders[work->number].id;
    progress->step = vqc_renderer_steps_done(work->renderer);
    progress->steps = work->shape.steps;
    return vqc_rank_report(work->rank, error);
}

/* The end of a step: the leader keeps its losses in the checkpoint's memory. */
static vqc_status work_step(vqc_work *work, vqc_error *error)
{
    vqc_launch_totals *totals = &work->rank->totals;
    int64_t step = vqc_renderer_steps_done(work->renderer);
    double started = vqc_clock_seconds();
    vqc_status status = vqc_renderer_step_end(work->renderer, work->losses, error);
    double ended = vqc_clock_seconds();
    double seconds = ended - work->step_begun;
    totals->step_seconds += work->begin_seconds + ended - started; /* without other renders' parts between them */
    VQC_TRY(status);
    work->step_seconds += seconds;
    work->steps++;
    if (vqc_team_size(work->rank->team) > 1)
        totals->team_steps += 1.0;
    if (!work->leads)
        return VQC_OK;
    totals->steps += 1.0;
    work->rank->made++;
    for (int64_t i = 0; i < work->shape.terms; i++)
        work->checkpoint.losses[step * work->shape.terms + i] = (float)work->losses[i];
    *work->checkpoint.seconds += seconds;
    return VQC_OK;
}

/* What the leader writes after a step; its failure is kept for the next step, which tells the others. */
static void step_keep(vqc_work *work)
{
    vqc_error failure = {0};
    double started = vqc_clock_seconds();
    int64_t done = vqc_renderer_steps_done(work->renderer);
    vqc_status status = work_snapshot(work, done, &failure);
    bool due = started - work->checkpoint_at > work->rank->launch->checkpoint_seconds;
    if (status == VQC_OK && due && done < work->shape.steps)
        status = work_save(work, &failure);
    if (status != VQC_OK)
        vqc_renderer_fail(work->renderer, &failure);
    work->rank->totals.finish_seconds += vqc_clock_seconds() - started;
}

/* What this member has to tell the others with the next step. */
static vqc_status notice_find(vqc_work *work, vqc_error *error)
{
    vqc_render_notice *notice = vqc_renderer_notice(work->renderer);
    bool ending = false;
    int ready = 0;
    int64_t left = work->shape.steps - vqc_renderer_steps_done(work->renderer);
    if (work->recruits && work->steps > 0)
        VQC_TRY(vqc_recruitment_advance(&work->recruitment, work->rank, work->number, left,
                                        (double)left * work->step_seconds / (double)work->steps, &ready, &ending,
                                        error));
    notice->stop = ending || work->rank->ending || work->rank->launch->stopped();
    notice->newcomers = ready;
    return VQC_OK;
}

/* Before a step. What fails here fails on this member alone, and is told to the others like the rest. */
static void notice_set(vqc_work *work)
{
    vqc_error failure = {0};
    if (notice_find(work, &failure) != VQC_OK)
        vqc_renderer_fail(work->renderer, &failure);
}

/* After a step. */
static void step_report(vqc_work *work)
{
    vqc_error failure = {0};
    if (progress_report(work, &failure) != VQC_OK)
        vqc_renderer_fail(work->renderer, &failure);
}

/* Lets the newcomers in; what steps take is measured anew then. */
static vqc_status newcomers_join(vqc_work *work, int64_t newcomers, vqc_error *error)
{
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_recruitment_join(work->leads ? &work->recruitment : NULL, work->rank, work->number, (int)newcomers,
                                 error));
    work->step_seconds = 0.0;
    work->steps = 0;
    if (work->leads)
        work->rank->totals.joins += (double)newcomers;
    work->rank->totals.start_seconds += vqc_clock_seconds() - started;
    return VQC_OK;
}

/* For those who look meanwhile. */
static vqc_status worker_write(vqc_work *work, vqc_error *error)
{
    vqc_comm *comm = work->rank->launch->comm;
    return vqc_archive_worker_write(work->archive, (size_t)work->number, vqc_comm_rank(comm), vqc_comm_host(comm),
                                    error);
}

/* Everything up to the first step; a failure of one member becomes that of all. */
static vqc_status work_start(vqc_work *work, vqc_error *error)
{
    double started = vqc_clock_seconds();
    vqc_status status = work_init(work, error);
    if (status == VQC_OK)
        status = vqc_renderer_start(work->renderer, work->render, error);
    double seconds = vqc_clock_seconds() - started;
    if (seconds > work->rank->start_seconds)
        work->rank->start_seconds = seconds;
    if (status == VQC_OK && work->leads)
        mask_say(work);
    if (status == VQC_OK && work->leads)
        status = work_resume(work, error);
    if (status == VQC_OK && work->leads)
        status = worker_write(work, error);
    status = vqc_team_agree(work->rank->team, status, error);
    if (status == VQC_OK)
        status = vqc_renderer_join(work->renderer, work->rank->team, error);
    work->rank->totals.start_seconds += vqc_clock_seconds() - started;
    return status;
}

static vqc_status work_create(vqc_rank *rank, vqc_renderer *renderer, int64_t number, vqc_work **work_out,
                              vqc_error *error)
{
    vqc_work *work;
    VQC_TRY(vqc_memory_allocate(1, sizeof *work, "a render", &work, error));
    work->rank = rank;
    work->archive = rank->launch->archive;
    work->renderer = renderer;
    work->number = number;
    work->render = &rank->launch->study->renders[number];
    *work_out = work;
    return VQC_OK;
}

/* Whether there are steps left to make. */
static bool steps_left(const vqc_work *work)
{
    return vqc_renderer_steps_done(work->renderer) < work->shape.steps;
}

vqc_status vqc_work_start(vqc_rank *rank, vqc_renderer *renderer, int64_t number, bool recruits, vqc_work **work_out,
                          vqc_error *error)
{
    VQC_TRY(work_create(rank, renderer, number, work_out, error));
    vqc_work *work = *work_out;
    work->leads = vqc_team_member(rank->team) == 0;
    work->recruits = recruits && work->leads;
    work->started = work_start(work, &work->failure) == VQC_OK;
    work->under_way = work->started && steps_left(work);
    work->checkpoint_at = vqc_clock_seconds();
    return VQC_OK;
}

vqc_status vqc_work_join(vqc_rank *rank, int64_t number, vqc_work **work_out, vqc_error *error)
{
    VQC_TRY(work_create(rank, rank->launch->renderer, number, work_out, error));
    vqc_work *work = *work_out;
    vqc_status status = work_init(work, error);
    if (status == VQC_OK)
        status = vqc_renderer_join(work->renderer, rank->team, error);
    if (status != VQC_OK)
        work_release(work);
    else
        work->under_way = steps_left(work);
    return status;
}

bool vqc_work_is_started(const vqc_work *work)
{
    return work->started;
}

void vqc_work_abandon(vqc_work *work)
{
    work_release(work);
}

bool vqc_work_is_under_way(const vqc_work *work)
{
    return work->under_way;
}

void vqc_work_step_begin(vqc_work *work)
{
    notice_set(work);
    work->step_begun = vqc_clock_seconds();
    vqc_renderer_step_begin(work->renderer);
    work->begin_seconds = vqc_clock_seconds() - work->step_begun;
}

/* After a step: lets newcomers in, or, if a member was asked to stop, saves the render. */
static vqc_status notice_follow(vqc_work *work, vqc_error *error)
{
    const vqc_render_notice *notice = vqc_renderer_notice(work->renderer);
    work->under_way = steps_left(work);
    if (notice->stop != 0)
        work->stopped = true;
    if (!work->under_way)
        return VQC_OK;
    if (notice->stop != 0) {
        work->under_way = false;
        return work->leads ? work_save(work, error) : VQC_OK;
    }
    if (notice->newcomers > 0)
        VQC_TRY(newcomers_join(work, notice->newcomers, error));
    return VQC_OK;
}

static vqc_status step_end(vqc_work *work, vqc_error *error)
{
    VQC_TRY(work_step(work, error));
    if (work->leads)
        step_keep(work);
    step_report(work);
    VQC_TRY(notice_follow(work, error));
    return vqc_comm_progress(work->rank->launch->comm, error);
}

/* A failure is all members' alike. */
void vqc_work_step_end(vqc_work *work)
{
    if (step_end(work, &work->failure) != VQC_OK)
        work->under_way = false;
}

/* Of a render that could not be started the renderer knows nothing. */
static int64_t steps_made(const vqc_work *work)
{
    return work->started ? vqc_renderer_steps_done(work->renderer) : 0;
}

/* The leader writes the result, or why there is none. */
static vqc_status outcome_write(vqc_work *work, vqc_error *error)
{
    vqc_error *failure = &work->failure;
    vqc_error archive_failure = {0};
    vqc_status status = failure->status;
    if (status == VQC_OK)
        status = vqc_renderer_failure(work->renderer, failure);
    if (status == VQC_OK && steps_left(work))
        return VQC_OK;
    if (status == VQC_OK)
        status = work_finish(work, failure);
    if (status != VQC_OK &&
        vqc_archive_failure_write(work->archive, (size_t)work->number, failure->message, &archive_failure) != VQC_OK)
        return vqc_rank_fail(work->rank, &archive_failure, error);
    if (status != VQC_OK)
        work->rank->spared += work->render->settings->steps - steps_made(work);
    VQC_TRY(vqc_rank_count_steps(work->rank, error));
    return vqc_board_count_render(work->rank->board, status != VQC_OK, error);
}

/* The leader's last part. */
static vqc_status leader_end(vqc_work *work, vqc_error *error)
{
    double started = vqc_clock_seconds();
    if (work->recruits)
        VQC_TRY(vqc_recruitment_dismiss(&work->recruitment, work->rank, error));
    VQC_TRY(outcome_write(work, error));
    if (work->stopped)
        VQC_TRY(vqc_board_end(work->rank->board, error));
    work->rank->totals.finish_seconds += vqc_clock_seconds() - started;
    return VQC_OK;
}

vqc_status vqc_work_end(vqc_work *work, vqc_error *error)
{
    if (work == NULL)
        return VQC_OK;
    vqc_status status = work->leads ? leader_end(work, error) : VQC_OK;
    work_release(work);
    return status;
}
