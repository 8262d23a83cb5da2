#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/visible.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/duration.h"
#include "cli/interruption.h"
#include "cli/lanes.h"
#include "cli/launch_head.h"
#include "cli/launch_record.h"
#include "cli/launch_report.h"
#include "cli/progress.h"
#include "cli/study_report.h"
#include "comm/arrival.h"
#include "comm/devices.h"
#include "guide/targets.h"
#include "record/agreement.h"
#include "record/environment.h"
#include "record/study_archive.h"
#include "render/study_inputs.h"
#include "schedule/launch.h"
#include "study/idle.h"

static const double arrival_seconds = 20.0; /* of the other ranks, before that is said */

typedef struct render_options {
    vqc_compute compute;
    const char *output;
    long checkpoint;        /* seconds */
    long team;              /* ranks of a team; 0: as the job file says */
    long lanes;             /* renders that a rank makes at a time; 0: chosen by the device */
    long peer_timeout;      /* seconds; 0: no watch over the ranks */
    bool no_lock;           /* of the archive */
    const char *time_limit; /* of the process, from its start; NULL: none */
} render_options;

/* Everything that a launch holds open. */
typedef struct render_work {
    vqc_comm *comm;
    vqc_watch *watch;
    vqc_study *study;
    vqc_environment environment;
    char environment_line[VQC_ARCHIVE_DEVICE_SIZE];
    char environment_bytes[VQC_ARCHIVE_DEVICE_SIZE]; /* without the threads */
    vqc_renderer *renderer;
    vqc_lanes lanes;
    vqc_study_archive *outline;
    vqc_archive *archive;
    vqc_text path;    /* of the archive */
    vqc_text remarks; /* on the study */
} render_work;

static void work_release(render_work *work)
{
    vqc_archive_close(work->archive);
    vqc_study_archive_destroy(work->outline);
    vqc_lanes_close(&work->lanes);
    vqc_renderer_destroy(work->renderer);
    vqc_study_close(work->study);
    vqc_text_release(&work->path);
    vqc_text_release(&work->remarks);
}

/* Lanes to make ready: not more than there are renders for. */
static int lanes_wanted(const render_options *options, const render_work *work)
{
    return vqc_lane_count_useful(vqc_lanes_choose(options->lanes, options->compute.ops), work->study->render_count,
                                 vqc_comm_size(work->comm));
}

/* Reads the study and opens its models; on every rank by itself. */
static vqc_status study_open(const render_options *options, const char *job, render_work *work, vqc_error *error)
{
    VQC_TRY(vqc_study_open(job, &work->study, error));
    VQC_TRY(vqc_targets_check(work->study, false, error));
    VQC_TRY(vqc_study_inputs_digest(work->study, error));
    VQC_TRY(vqc_text_append(&work->path, error, "%s/%s.h5", options->output, work->study->name));
    VQC_TRY(vqc_renderer_create(work->study, options->compute.ops, options->compute.dtype, &work->renderer, error));
    const vqc_generator *generator = vqc_renderer_generator(work->renderer);
    VQC_TRY(vqc_study_idle_keys(work->study, vqc_generator_has_codes(generator), &work->remarks, error));
    VQC_TRY(vqc_lanes_open(&work->lanes, &options->compute, work->renderer, lanes_wanted(options, work), error));
    VQC_TRY(
        vqc_environment_find(options->compute.ops, options->compute.dtype, VQC_VERSION, &work->environment, error));
    vqc_environment_write(&work->environment, work->environment_line);
    vqc_environment_write_bytes(&work->environment, work->environment_bytes);
    return vqc_study_archive_create(work->study, work->renderer, &work->environment, &work->outline, error);
}

/* The size of teams: the option's, else the study's; 0: auto. */
static int64_t team_of(const render_options *options, const render_work *work)
{
    return options->team > 0 ? options->team : work->study->team;
}

static void line_say(const char *line)
{
    vqc_print(stderr, "vqclip: %s\n", line);
}

/* Says which sizes are not made as asked for, as they are no multiples of the generator's factor: at the first render
 * of each run of one size. */
static void sizes_say(const render_work *work)
{
    const vqc_archive_outline *outline = vqc_study_archive_outline(work->outline);
    const vqc_settings *said = NULL;
    for (size_t i = 0; i < outline->render_count; i++) {
        const vqc_archive_extents *made = &outline->shapes[outline->renders[i].shape];
        const vqc_settings *asked = work->study->renders[i].settings;
        bool again = said != NULL && said->width == asked->width && said->height == asked->height;
        if (again || (made->width == asked->width && made->height == asked->height))
            continue;
        (void)fprintf(stderr,
                      "vqclip: size %lldx%lld is made as %lldx%lld, the next %s multiples of the "
                      "generator's factor\n",
                      (long long)asked->width, (long long)asked->height, (long long)made->width,
                      (long long)made->height, asked->size_rounding == VQC_SIZES_UP ? "upper" : "lower");
        said = asked;
    }
}

static vqc_status launch_run(const render_options *options, render_work *work, bool resumed, bool *finished,
                             vqc_launch_totals *totals, vqc_error *error)
{
    vqc_progress progress;
    int rank = vqc_comm_rank(work->comm);
    vqc_progress_init(&progress);
    vqc_launch launch = {
        .comm = work->comm,
        .archive = work->archive,
        .study = work->study,
        .renderer = work->renderer,
        .device = work->environment_line,
        .environment = work->environment_bytes,
        .checkpoint_seconds = (double)options->checkpoint,
        .team = team_of(options, work),
        .resumed = resumed,
        .stopped = vqc_interruption_asked,
        .report = rank == 0 ? vqc_progress_show : NULL,
        .report_context = &progress,
        .say = line_say,
        .lane_count = work->lanes.count,
    };
    memcpy(launch.lanes, work->lanes.renderers, sizeof launch.lanes);
    vqc_status status = vqc_launch_run(&launch, finished, totals, error);
    vqc_progress_end(&progress);
    if (status == VQC_OK && rank == 0 && totals->lanes_closed > 0.0)
        (void)fprintf(stderr, "vqclip: %.0f lanes were closed, as no render could be started beside the others\n",
                      totals->lanes_closed);
    return status;
}

/* Says what came of the launch; renders that failed make it a failure. */
static vqc_status outcome_print(const render_work *work, bool json, bool finished, vqc_error *error)
{
    size_t failed = 0;
    size_t done = 0;
    for (size_t i = 0; i < work->study->render_count; i++) {
        vqc_archive_outcome outcome;
        VQC_TRY(vqc_archive_outcome_read(work->archive, i, &outcome, error));
        done += outcome.state == VQC_ARCHIVE_DONE;
        failed += outcome.state == VQC_ARCHIVE_FAILED;
        if (outcome.state == VQC_ARCHIVE_FAILED && vqc_comm_rank(work->comm) == 0)
            vqc_print(stderr, "vqclip: render %zu failed: %s\n", i, outcome.reason);
    }
    if (vqc_comm_rank(work->comm) == 0 && !json)
        vqc_print(stdout, "%zu of %zu renders in %s\n", done, work->study->render_count, work->path.data);
    if (!finished)
        return vqc_error_set(error, VQC_STOPPED, "stopped and saved; the same command goes on from here");
    if (failed > 0)
        return vqc_error_set(error, VQC_FAILED, "%zu renders failed; the same command tries them again", failed);
    return VQC_OK;
}

/* The study on all ranks, which must be one and the same; then the archive's folder. What fails on rank 0 says so;
 * what fails elsewhere alone says where. */
static vqc_status study_agree(const render_options *options, const char *job, render_work *work, vqc_error *error)
{
    const int rank = vqc_comm_rank(work->comm);
    vqc_status status = study_open(options, job, work, error);
    if (status != VQC_OK && rank != 0)
        status = vqc_error_prefix(error, "rank %d on %s", rank, vqc_comm_host(work->comm));
    VQC_TRY(vqc_comm_agree(work->comm, status, error));
    VQC_TRY(vqc_plan_agree(work->comm, vqc_study_archive_outline(work->outline), &work->environment, error));
    return vqc_comm_agree(work->comm, vqc_folder_make(options->output, error), error);
}

static vqc_status render_study(render_options *options, const char *job, render_work *work, vqc_error *error)
{
    bool created;
    bool finished;
    vqc_launch_totals totals;
    VQC_TRY(study_agree(options, job, work, error));
    if (vqc_comm_rank(work->comm) == 0) {
        sizes_say(work);
        vqc_study_remarks_print(stderr, "vqclip: ", &work->remarks);
    }
    if (options->no_lock && vqc_comm_rank(work->comm) == 0)
        line_say("--no-lock: nothing keeps a second launch from writing the same archive");
    VQC_TRY(vqc_archive_start(work->comm, work->path.data, vqc_study_archive_outline(work->outline),
                              options->no_lock ? VQC_ARCHIVE_UNLOCKED : VQC_ARCHIVE_LOCKED, &work->archive, &created,
                              error));
    VQC_TRY(vqc_launch_head_say(work->comm, &work->environment, error));
    VQC_TRY(vqc_comm_agree(work->comm,
                           vqc_launch_record(work->archive, work->comm, &options->compute, &work->environment, job,
                                             team_of(options, work), error),
                           error));
    VQC_TRY(launch_run(options, work, !created, &finished, &totals, error));
    VQC_TRY(vqc_comm_agree(work->comm, vqc_archive_place_check(work->archive, error), error));
    if (options->compute.json && vqc_comm_rank(work->comm) == 0)
        VQC_TRY(vqc_launch_report_print(&totals, vqc_comm_size(work->comm), error));
    return outcome_print(work, options->compute.json, finished, error);
}

/* That all ranks compute on the same kind of device: the same study would not give the same bytes otherwise. */
static vqc_status devices_check(const render_options *options, vqc_comm *comm, vqc_error *error)
{
    char name[8] = {0};
    char *names;
    int size = vqc_comm_size(comm);
    (void)snprintf(name, sizeof name, "%s", vqc_ops_name(options->compute.ops));
    VQC_TRY(vqc_memory_allocate((size_t)size, sizeof name, "device names", &names, error));
    vqc_status status = vqc_comm_all_gather(comm, name, sizeof name, names, error);
    for (int rank = 1; rank < size && status == VQC_OK; rank++)
        if (strcmp(names + (size_t)rank * sizeof name, names) != 0)
            status = vqc_error_set(error, VQC_BAD_INPUT,
                                   "--device auto: %s on rank 0 but %s on rank %d; name one that all have", names,
                                   names + (size_t)rank * sizeof name, rank);
    free(names);
    return status;
}

/* Opens each rank's device: where several ranks share a host, each has its own, unless they are to share. */
static vqc_status devices_open(render_options *options, vqc_comm *comm, vqc_error *error)
{
    options->compute.device_number = vqc_comm_local_rank(comm);
    options->compute.quiet = vqc_comm_rank(comm) != 0;
    VQC_TRY(vqc_comm_agree(comm, vqc_compute_open(&options->compute, error), error));
    VQC_TRY(devices_check(options, comm, error));
    const vqc_devices_options devices = {
        .share = options->compute.share_device,
        .timeout_seconds = (double)options->peer_timeout,
        .lost = vqc_interruption_lost,
    };
    return vqc_comm_devices_set(comm, options->compute.ops, &devices, error);
}

/* Checks the options, and sets the time limit, which counts from `started`. */
static vqc_status options_check(const render_options *options, double started, vqc_error *error)
{
    double seconds;
    long timeout = options->peer_timeout;
    if (options->output == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "render: -o, --output is needed");
    if (timeout != 0 && (timeout < VQC_WATCH_TIMEOUT_MINIMUM || timeout > VQC_WATCH_TIMEOUT_MAXIMUM))
        return vqc_error_set(error, VQC_BAD_INPUT, "--peer-timeout: expected 0 or %d to %d, found %ld",
                             VQC_WATCH_TIMEOUT_MINIMUM, VQC_WATCH_TIMEOUT_MAXIMUM, timeout);
    VQC_TRY(vqc_lanes_check(options->lanes, error));
    if (options->time_limit == NULL)
        return VQC_OK;
    VQC_TRY(vqc_duration_parse("--time-limit", options->time_limit, &seconds, error));
    vqc_interruption_limit(started, seconds);
    return VQC_OK;
}

/* Starts MPI and the watch over the ranks, before which nothing else notices one that does not come. Without MPI
 * there is no comm. */
static vqc_status ranks_meet(const render_options *options, render_work *work, vqc_error *error)
{
    vqc_arrival *arrival;
    VQC_TRY(vqc_arrival_await(arrival_seconds, line_say, &arrival, error));
    vqc_status status = vqc_comm_start(NULL, NULL, &work->comm, error);
    if (status == VQC_OK)
        status = vqc_interruption_ranks(work->comm, options->peer_timeout, &work->watch, error);
    vqc_arrival_end(arrival);
    return status;
}

static vqc_status render_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    const double started = vqc_clock_seconds();
    render_options *options = context;
    render_work work = {0};
    VQC_TRY(options_check(options, started, error));
    VQC_TRY(vqc_interruption_watch(error));
    vqc_status status = ranks_meet(options, &work, error);
    if (work.comm == NULL)
        return status;
    if (status == VQC_OK)
        status = devices_open(options, work.comm, error);
    if (status == VQC_OK)
        status = render_study(options, operands->items[0], &work, error);
    /* All ranks have the same error; one says it, and before the others end: mpirun stops all ranks at the first exit
     * code that is not 0. */
    if (vqc_comm_rank(work.comm) != 0)
        error->message[0] = '\0';
    else if (status != VQC_OK && vqc_comm_size(work.comm) > 1)
        vqc_command_error_say(error);
    work_release(&work);
    vqc_comm_stop(work.comm);
    vqc_watch_stop(work.watch);
    vqc_compute_close(&options->compute);
    return status;
}

static const vqc_option table[] = {
    {.name = "-o, --output",
     .value = "DIR",
     .help = "folder for the archive, made if it is not there",
     VQC_OPTION_MEMBER(render_options, output)},
    {.name = "--checkpoint",
     .value = "SECONDS",
     .usual = "10",
     .help = "between checkpoints of a render; 0: after every step",
     VQC_OPTION_MEMBER(render_options, checkpoint)},
    {.name = "--team",
     .value = "N",
     .help = "ranks that work on one render together (default: as the job file says)",
     VQC_OPTION_MEMBER(render_options, team)},
    VQC_LANES_OPTION(render_options),
    {.name = "--time-limit",
     .value = "TIME",
     .help = "save and stop before SECONDS or [[D-]HH:]MM:SS are over (exit code 3)",
     VQC_OPTION_MEMBER(render_options, time_limit)},
    {.name = "--peer-timeout",
     .value = "SECONDS",
     .usual = "20",
     .help = "end when a rank does not answer for so long; 0: wait for ever",
     VQC_OPTION_MEMBER(render_options, peer_timeout)},
    {.name = "--no-lock",
     .help = "where the file system cannot lock; nothing keeps a second launch from the same archive then",
     VQC_OPTION_MEMBER(render_options, no_lock)},
    {.name = "--share-device",
     .help = "cuda: several ranks may compute on one GPU",
     VQC_OPTION_MEMBER(render_options, compute.share_device)},
    VQC_COMPUTE_OPTIONS(render_options, "cpu", "f32"),
};

const vqc_command vqc_command_render = {
    .name = "render",
    .summary = "a study's pictures into an archive",
    .usage = "vqclip render JOB -o DIR",
    .about = "Renders a study into the archive DIR/STUDY.h5, alone or under mpirun or srun. The same command again\n"
             "goes on where the last one stopped. With --json it says where the launch's time went.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(render_options),
    .run = render_run,
};
