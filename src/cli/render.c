#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/folder.h"
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
#include "cli/part.h"
#include "cli/progress.h"
#include "cli/ranks.h"
#include "cli/shipped_jobs.h"
#include "cli/study_report.h"
#include "guide/targets.h"
#include "record/agreement.h"
#include "record/environment.h"
#include "record/extension.h"
#include "record/study_archive.h"
#include "render/study_inputs.h"
#include "schedule/launch.h"
#include "study/idle.h"

typedef struct render_options {
    vqc_compute compute;
    const char *output;
    const char *part_text; /* NULL: all of the study */
    vqc_part part;
    long checkpoint;        /* seconds */
    long team;              /* ranks of a team; 0: as the job file says */
    long lanes;             /* renders that a rank makes at a time; 0: chosen by the device */
    long peer_timeout;      /* seconds; 0: no watch over the ranks */
    bool no_lock;           /* of the archive */
    bool extend;            /* the archive takes in what was added to the job file */
    bool check;             /* pictures of renders that are done */
    const char *time_limit; /* of the process, from its start; NULL: none */
} render_options;

/* Everything that a launch holds open. */
typedef struct render_work {
    vqc_ranks ranks;
    vqc_comm *comm; /* theirs */
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
    return vqc_lane_count_useful(vqc_lanes_choose(options->lanes, options->compute.ops),
                                 vqc_archive_outline_held(vqc_study_archive_outline(work->outline)),
                                 vqc_comm_size(work->comm));
}

/* Reads the study and opens its models; on every rank by itself. */
static vqc_status study_open(const render_options *options, const char *job, render_work *work, vqc_error *error)
{
    VQC_TRY(vqc_shipped_study_open(job, &work->study, error));
    VQC_TRY(vqc_targets_check(work->study, false, error));
    VQC_TRY(vqc_study_inputs_digest(work->study, error));
    VQC_TRY(vqc_part_path(options->output, work->study->name, options->part, &work->path, error));
    VQC_TRY(vqc_renderer_create(work->study, options->compute.ops, options->compute.dtype, &work->renderer, error));
    const vqc_generator *generator = vqc_renderer_generator(work->renderer);
    VQC_TRY(vqc_study_idle_keys(work->study, vqc_generator_has_codes(generator), &work->remarks, error));
    VQC_TRY(
        vqc_environment_find(options->compute.ops, options->compute.dtype, VQC_VERSION, &work->environment, error));
    vqc_environment_write(&work->environment, work->environment_line);
    vqc_environment_write_bytes(&work->environment, work->environment_bytes);
    VQC_TRY(vqc_study_archive_create(work->study, work->renderer, &work->environment, &work->outline, error));
    if (options->part.count > 0)
        VQC_TRY(vqc_study_archive_part(work->outline, work->study, options->part.number, options->part.count, error));
    return vqc_lanes_open(&work->lanes, &options->compute, work->renderer, lanes_wanted(options, work), error);
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
        .check_pictures = options->check,
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
        vqc_print(stdout, "%zu of %zu renders in %s\n", done,
                  vqc_archive_outline_held(vqc_archive_outline_of(work->archive)), work->path.data);
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
    status = vqc_folder_make(options->output, error);
    if (status == VQC_OK && rank == 0)
        status = vqc_part_folder_check(options->output, work->study->name, options->part, error);
    return vqc_comm_agree(work->comm, status, error);
}

/* Says which part of the study this launch makes. */
static void part_say(const render_work *work)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->archive);
    if (outline->part != NULL && vqc_comm_rank(work->comm) == 0)
        vqc_print(stderr, "vqclip: part %s of the study, %zu of its %zu renders\n", outline->part,
                  vqc_archive_outline_held(outline), outline->render_count);
}

static vqc_archive_locking locking_of(const render_options *options)
{
    return options->no_lock ? VQC_ARCHIVE_UNLOCKED : VQC_ARCHIVE_LOCKED;
}

/* Rank 0's part: the archive takes in what was added to the job file, if anything, and that is said. */
static vqc_status archive_extend(const render_options *options, const render_work *work, vqc_error *error)
{
    vqc_extension done;
    if (!options->extend || vqc_comm_rank(work->comm) != 0)
        return VQC_OK;
    VQC_TRY(vqc_study_archive_extend(work->path.data, work->study, vqc_study_archive_outline(work->outline),
                                     locking_of(options), &done, error));
    if (done.extended)
        vqc_print(stderr, "vqclip: %s is extended from %zu renders to %zu%s\n", work->path.data, done.before,
                  work->study->render_count,
                  done.renumbered > 0 ? "; the numbers of the old ones are those of the new job file" : "");
    if (done.damaged > 0)
        vqc_print(stderr, "vqclip: %zu of the old ones did not have their digests, and are made again\n",
                  done.damaged);
    return VQC_OK;
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
    VQC_TRY(vqc_comm_agree(work->comm, archive_extend(options, work, error), error));
    VQC_TRY(vqc_archive_start(work->comm, work->path.data, vqc_study_archive_outline(work->outline),
                              locking_of(options), &work->archive, &created, error));
    VQC_TRY(vqc_launch_head_say(work->comm, &work->environment, error));
    part_say(work);
    VQC_TRY(vqc_comm_agree(work->comm,
                           vqc_launch_record(work->archive, work->comm, &options->compute, &work->environment,
                                             work->study->path, team_of(options, work), error),
                           error));
    VQC_TRY(launch_run(options, work, !created, &finished, &totals, error));
    VQC_TRY(vqc_comm_agree(work->comm, vqc_archive_place_check(work->archive, error), error));
    if (options->compute.json && vqc_comm_rank(work->comm) == 0)
        VQC_TRY(vqc_launch_report_print(&totals, vqc_comm_size(work->comm), error));
    return outcome_print(work, options->compute.json, finished, error);
}

/* Checks the options, and sets the time limit, which counts from `started`. */
static vqc_status options_check(render_options *options, double started, vqc_error *error)
{
    double seconds;
    if (options->output == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "render: -o, --output is needed");
    VQC_TRY(vqc_ranks_timeout_check(options->peer_timeout, error));
    VQC_TRY(vqc_lanes_check(options->lanes, error));
    VQC_TRY(vqc_part_parse(options->part_text, &options->part, error));
    if (options->extend && options->part_text != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "--extend: not with --part, as which renders are in a part depends on all of the study; "
                             "merge the parts first");
    if (options->time_limit == NULL)
        return VQC_OK;
    VQC_TRY(vqc_duration_parse("--time-limit", options->time_limit, &seconds, error));
    vqc_interruption_limit(started, seconds);
    return VQC_OK;
}

static vqc_status render_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    const double started = vqc_clock_seconds();
    render_options *options = context;
    render_work work = {0};
    VQC_TRY(options_check(options, started, error));
    VQC_TRY(vqc_interruption_watch(error));
    vqc_status status = vqc_ranks_meet(options->peer_timeout, &work.ranks, error);
    work.comm = work.ranks.comm;
    if (work.comm == NULL)
        return status;
    if (status == VQC_OK)
        status = vqc_ranks_open_devices(&work.ranks, options->peer_timeout, &options->compute, error);
    if (status == VQC_OK)
        status = render_study(options, operands->items[0], &work, error);
    vqc_ranks_say(&work.ranks, status, error);
    work_release(&work);
    vqc_ranks_part(&work.ranks);
    vqc_compute_close(&options->compute);
    return status;
}

static const vqc_option table[] = {
    {.name = "-o, --output",
     .value = "DIR",
     .help = "folder for the archive, made if it is not there",
     VQC_OPTION_MEMBER(render_options, output)},
    {.name = "--part",
     .value = "I/N",
     .help = "make part I of N alone, from 1; array: as the task's place in its Slurm array says",
     VQC_OPTION_MEMBER(render_options, part_text)},
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
    VQC_PEER_TIMEOUT_OPTION(render_options),
    {.name = "--extend",
     .help = "prompts, seeds or swept values were added to the job file: the archive takes them in",
     VQC_OPTION_MEMBER(render_options, extend)},
    {.name = "--check",
     .help = "compare all of what is done with its digests, not its record alone, and make again what differs",
     VQC_OPTION_MEMBER(render_options, check)},
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
             "goes on where the last one stopped, and makes again what is done but does not have the digest of its\n"
             "record, or with --check any of its digests. With --extend the job file may have got further prompts,\n"
             "seeds or swept values, and nothing is made twice. With --json it says where the launch's time went.\n"
             "With --part it makes a share of the renders, in an archive DIR/STUDY.part-I-of-N.h5 of its own;\n"
             "vqclip merge joins them. Shares cost about the same, and depend on the study and N alone.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(render_options),
    .run = render_run,
};
