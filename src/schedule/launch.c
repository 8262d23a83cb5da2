#include "schedule/launch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "image/image.h"
#include "schedule/checkpoint.h"

/* A render under way on this rank. */
typedef struct render_work {
    const vqc_launch *launch;
    vqc_launch_progress *progress;
    double started; /* of the launch */
    size_t number;
    const vqc_render *render;
    vqc_render_shape shape;
    vqc_checkpoint checkpoint;
    double checkpoint_at; /* when the last one was written, or the render begun */
    double step_started;
    float *picture;  /* (height, width, 3) */
    int32_t *codes;  /* (rows, columns) */
    vqc_image image; /* the picture in bytes */
} render_work;

static vqc_status work_init(render_work *work, vqc_error *error)
{
    const vqc_render_shape *shape = &work->shape;
    VQC_TRY(vqc_renderer_shape(work->launch->renderer, work->render, &work->shape, error));
    VQC_TRY(vqc_checkpoint_init(&work->checkpoint, shape, error));
    VQC_TRY(vqc_memory_allocate((size_t)(3 * shape->height * shape->width), sizeof(float), "a picture",
                                &work->picture, error));
    VQC_TRY(
        vqc_memory_allocate((size_t)(shape->rows * shape->columns), sizeof(int32_t), "codes", &work->codes, error));
    return vqc_image_create(shape->height, shape->width, &work->image, error);
}

static void work_release(render_work *work)
{
    vqc_checkpoint_release(&work->checkpoint);
    free(work->picture);
    free(work->codes);
    vqc_image_release(&work->image);
}

/* Goes back to the newest checkpoint, if there is one. */
static vqc_status work_resume(render_work *work, vqc_error *error)
{
    uint32_t step;
    bool present;
    VQC_TRY(vqc_archive_checkpoint_read(work->launch->archive, work->number, &step, work->checkpoint.bytes, &present,
                                        error));
    if (!present) {
        memset(work->checkpoint.bytes, 0, work->checkpoint.size);
        return VQC_OK;
    }
    vqc_renderer_restore(work->launch->renderer, work->checkpoint.state, step);
    return VQC_OK;
}

static vqc_status work_save(render_work *work, vqc_error *error)
{
    vqc_renderer *renderer = work->launch->renderer;
    vqc_renderer_save(renderer, work->checkpoint.state);
    work->checkpoint_at = vqc_clock_seconds();
    return vqc_archive_checkpoint_write(work->launch->archive, work->number,
                                        (uint32_t)vqc_renderer_steps_done(renderer), work->checkpoint.bytes, error);
}

/* The picture as it is now, in bytes. */
static vqc_status work_draw(render_work *work, vqc_error *error)
{
    VQC_TRY(vqc_renderer_picture(work->launch->renderer, work->picture, work->codes, error));
    vqc_image_from_float(work->picture, &work->image);
    return VQC_OK;
}

/* Writes the snapshot that is due after this many steps, if one is. */
static vqc_status work_snapshot(render_work *work, int64_t done, vqc_error *error)
{
    int64_t every = work->render->settings.snapshots;
    if (every == 0 || done % every != 0)
        return VQC_OK;
    VQC_TRY(work_draw(work, error));
    return vqc_archive_snapshot_write(work->launch->archive, work->number, (uint32_t)(done / every - 1),
                                      work->image.pixels, error);
}

static vqc_status work_finish(render_work *work, vqc_error *error)
{
    float *latent;
    const vqc_render_shape *shape = &work->shape;
    VQC_TRY(work_draw(work, error));
    VQC_TRY(vqc_memory_allocate((size_t)(shape->rows * shape->columns * shape->latent_width), sizeof *latent,
                                "a latent", &latent, error));
    vqc_renderer_latent(work->launch->renderer, latent);
    vqc_archive_result result = {
        .picture = work->image.pixels,
        .latent = latent,
        .codes = work->codes,
        .losses = work->checkpoint.losses,
        .seconds = *work->checkpoint.seconds,
        .device = work->launch->device,
        .host = vqc_comm_host(work->launch->comm),
    };
    vqc_status status = vqc_archive_result_write(work->launch->archive, work->number, &result, error);
    free(latent);
    return status;
}

/* Counts what the archive has, for a rank that reports; at most once a second, since it reads every render's state.
 */
static vqc_status progress_count(const vqc_launch *launch, vqc_launch_progress *progress, double *counted,
                                 vqc_error *error)
{
    double now = vqc_clock_seconds();
    if (launch->report == NULL || now - *counted < 1.0)
        return VQC_OK;
    *counted = now;
    progress->renders_done = 0;
    progress->renders_failed = 0;
    for (size_t i = 0; i < progress->renders; i++) {
        vqc_archive_state state;
        VQC_TRY(vqc_archive_state_read(launch->archive, i, &state, error));
        progress->renders_done += state == VQC_ARCHIVE_DONE;
        progress->renders_failed += state == VQC_ARCHIVE_FAILED;
    }
    return VQC_OK;
}

static void progress_report(render_work *work, int64_t step)
{
    vqc_launch_progress *progress = work->progress;
    progress->step = step;
    progress->steps = work->shape.steps;
    progress->steps_made += 1.0;
    progress->seconds = vqc_clock_seconds() - work->started;
    if (work->launch->report != NULL)
        work->launch->report(progress, work->launch->report_context);
}

/* One step: its losses are kept in the checkpoint's memory. */
static vqc_status work_step(render_work *work, double *losses, vqc_error *error)
{
    vqc_renderer *renderer = work->launch->renderer;
    double started = vqc_clock_seconds();
    int64_t step = vqc_renderer_steps_done(renderer);
    VQC_TRY(vqc_renderer_step(renderer, losses, error));
    for (int64_t i = 0; i < work->shape.terms; i++)
        work->checkpoint.losses[step * work->shape.terms + i] = (float)losses[i];
    *work->checkpoint.seconds += vqc_clock_seconds() - started;
    return VQC_OK;
}

/* Makes the steps that are left. *stopped_out: asked to stop before the last one; then the render is saved. */
static vqc_status work_steps(render_work *work, double *losses, bool *stopped_out, vqc_error *error)
{
    const vqc_launch *launch = work->launch;
    work->checkpoint_at = vqc_clock_seconds();
    for (;;) {
        int64_t done = vqc_renderer_steps_done(launch->renderer);
        if (done == work->shape.steps)
            return VQC_OK;
        if (launch->stopped()) {
            *stopped_out = true;
            return work_save(work, error);
        }
        VQC_TRY(work_step(work, losses, error));
        VQC_TRY(work_snapshot(work, done + 1, error));
        if (vqc_clock_seconds() - work->checkpoint_at > launch->checkpoint_seconds && done + 1 < work->shape.steps)
            VQC_TRY(work_save(work, error));
        progress_report(work, done + 1);
        VQC_TRY(vqc_comm_progress(launch->comm, error));
    }
}

/* Computes one render from its start or checkpoint to its end. */
static vqc_status work_run(render_work *work, bool *stopped_out, vqc_error *error)
{
    double *losses;
    VQC_TRY(work_init(work, error));
    VQC_TRY(vqc_renderer_start(work->launch->renderer, work->render, error));
    VQC_TRY(work_resume(work, error));
    VQC_TRY(vqc_memory_allocate((size_t)work->shape.terms, sizeof *losses, "losses", &losses, error));
    vqc_status status = work_steps(work, losses, stopped_out, error);
    free(losses);
    if (status != VQC_OK || *stopped_out)
        return status;
    return work_finish(work, error);
}

/* Makes render number `number`, unless it is done. One that fails is recorded. */
static vqc_status render_make(const vqc_launch *launch, size_t number, double started, double *counted,
                              vqc_launch_progress *progress, bool *stopped_out, vqc_error *error)
{
    vqc_archive_state state;
    VQC_TRY(vqc_archive_state_read(launch->archive, number, &state, error));
    if (state == VQC_ARCHIVE_DONE)
        return VQC_OK;
    render_work work = {.launch = launch,
                        .progress = progress,
                        .started = started,
                        .number = number,
                        .render = &launch->study->renders[number]};
    VQC_TRY(progress_count(launch, progress, counted, error));
    progress->render = vqc_archive_plan_of(launch->archive)->renders[number].id;
    vqc_error failure = {0};
    vqc_status status = work_run(&work, stopped_out, &failure);
    work_release(&work);
    if (status == VQC_OK)
        return VQC_OK;
    return vqc_archive_failure_write(launch->archive, number, failure.message, error);
}

/* Takes renders until none is left or the launch is stopped. */
static vqc_status renders_take(const vqc_launch *launch, vqc_comm_numbers *counter, bool *stopped_out,
                               vqc_error *error)
{
    double started = vqc_clock_seconds();
    double counted = 0.0;
    vqc_launch_progress progress = {.renders = launch->study->render_count};
    while (!*stopped_out) {
        int64_t number;
        VQC_TRY(vqc_comm_numbers_add(counter, 0, 1, &number, error));
        if (number >= (int64_t)launch->study->render_count)
            return VQC_OK;
        VQC_TRY(render_make(launch, (size_t)number, started, &counted, &progress, stopped_out, error));
    }
    return VQC_OK;
}

/* Whether no rank was stopped. */
static vqc_status finished_agree(const vqc_launch *launch, bool stopped, bool *finished_out, vqc_error *error)
{
    int size = vqc_comm_size(launch->comm);
    unsigned char mine = stopped;
    unsigned char *all;
    VQC_TRY(vqc_memory_allocate((size_t)size, 1, "ranks", &all, error));
    vqc_status status = vqc_comm_all_gather(launch->comm, &mine, 1, all, error);
    *finished_out = true;
    for (int rank = 0; status == VQC_OK && rank < size; rank++)
        *finished_out = *finished_out && all[rank] == 0;
    free(all);
    return status;
}

vqc_status vqc_launch_run(const vqc_launch *launch, bool *finished_out, vqc_error *error)
{
    vqc_comm_numbers *counter;
    bool stopped = false;
    VQC_TRY(vqc_comm_numbers_create(launch->comm, 1, &counter, error));
    vqc_status status = renders_take(launch, counter, &stopped, error);
    status = vqc_comm_agree(launch->comm, status, error);
    vqc_comm_numbers_destroy(counter);
    VQC_TRY(status);
    return finished_agree(launch, stopped, finished_out, error);
}
