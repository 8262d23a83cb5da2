#include <stdio.h>
#include <stdlib.h>

#include "archive/archive.h"
#include "base/memory.h"
#include "base/visible.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/json_output.h"

static const char *const state_names[] = {"pending", "done", "failed"};

/* The last step's total loss of a render that is done. */
static vqc_status final_loss(const vqc_archive *archive, size_t render, double *loss_out, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[render].shape];
    size_t count = (size_t)shape->steps * shape->loss_count;
    float *losses;
    VQC_TRY(vqc_memory_allocate(count, sizeof *losses, "losses", &losses, error));
    vqc_status status = vqc_archive_losses_read(archive, render, losses, error);
    *loss_out = status == VQC_OK ? (double)losses[count - 1] : 0.0;
    free(losses);
    return status;
}

/* An archive that is shown. */
typedef struct show_work {
    const vqc_archive *archive;
    bool held; /* by a launch */
    size_t damaged;
} show_work;

/* Compares a render that is done with the digest of its record, which holds all that is shown of it; counts those
 * that do not have theirs. */
static vqc_status damage_find(show_work *work, size_t number, vqc_archive_state state, vqc_archive_damage *damage_out,
                              vqc_error *error)
{
    *damage_out = VQC_ARCHIVE_DAMAGE_NONE;
    if (state == VQC_ARCHIVE_DONE)
        VQC_TRY(vqc_archive_claim_check(work->archive, number, damage_out, error));
    work->damaged += *damage_out != VQC_ARCHIVE_DAMAGE_NONE;
    return VQC_OK;
}

/* How far a render is that is not finished. */
typedef struct render_way {
    bool at_work;  /* a launch is */
    uint32_t step; /* that is saved; 0: none */
    uint32_t steps;
    vqc_archive_worker worker;
} render_way;

static vqc_status way_read(const show_work *work, size_t number, render_way *way, vqc_error *error)
{
    const vqc_archive *archive = work->archive;
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    way->steps = outline->shapes[outline->renders[number].shape].steps;
    VQC_TRY(vqc_archive_checkpoint_step(archive, number, &way->step, error));
    VQC_TRY(vqc_archive_worker_read(archive, number, &way->worker, error));
    way->at_work = work->held && way->worker.present;
    return VQC_OK;
}

/* "step 120 of 300, rank 3 on node7", as far as it is known, in the columns of what a finished render has. */
static void way_print(const render_way *way)
{
    char step[64] = "";
    char text[VQC_ARCHIVE_HOST_SIZE + 128] = "";
    if (way->step > 0)
        (void)snprintf(step, sizeof step, "step %u of %u", way->step, way->steps);
    if (way->at_work)
        (void)snprintf(text, sizeof text, "%s%srank %d on %s", step, way->step > 0 ? ", " : "", way->worker.rank,
                       way->worker.host);
    vqc_print(stdout, "  %-34s", way->at_work ? text : step);
}

/* What is known of a render, beside the archive's outline. */
typedef struct render_found {
    vqc_archive_outcome outcome;
    vqc_archive_damage damage;
    render_way way;
    double loss;
} render_found;

static vqc_status render_find(show_work *work, size_t number, render_found *found, vqc_error *error)
{
    *found = (render_found){0};
    VQC_TRY(vqc_archive_outcome_read(work->archive, number, &found->outcome, error));
    VQC_TRY(damage_find(work, number, found->outcome.state, &found->damage, error));
    if (found->outcome.state == VQC_ARCHIVE_DONE)
        return final_loss(work->archive, number, &found->loss, error);
    return way_read(work, number, &found->way, error);
}

static const char *state_name(const render_found *found)
{
    if (found->damage != VQC_ARCHIVE_DAMAGE_NONE)
        return "damaged";
    return found->way.at_work ? "at work" : state_names[found->outcome.state];
}

static vqc_status render_print(show_work *work, size_t number, vqc_error *error)
{
    render_found found;
    const vqc_archive_render *render = &vqc_archive_outline_of(work->archive)->renders[number];
    VQC_TRY(render_find(work, number, &found, error));
    const vqc_archive_outcome *outcome = &found.outcome;
    vqc_print(stdout, "%5zu  %-8s", number, state_name(&found));
    if (outcome->state == VQC_ARCHIVE_DONE)
        vqc_print(stdout, "  %9.5f  %7.1f s  %.12s", found.loss, outcome->seconds, outcome->picture_sha256);
    else
        way_print(&found.way);
    vqc_print(stdout, "  %s  %s\n", render->id,
              outcome->state == VQC_ARCHIVE_FAILED && !found.way.at_work ? outcome->reason : render->prompt);
    return VQC_OK;
}

/* The job file; where further ones extended the archive, all of them. */
static void jobs_print(const vqc_archive_outline *outline)
{
    if (outline->job_count == 0)
        vqc_print(stdout, "job     %s\n", outline->job_sha256);
    for (size_t i = 0; i < outline->job_count; i++) {
        const vqc_archive_job *job = &outline->jobs[i];
        vqc_print(stdout, "job     %s  %s renders%s%s\n", job->sha256, job->renders,
                  job->added[0] == '\0' ? "" : ", added ", job->added);
    }
}

static vqc_status archive_print(show_work *work, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->archive);
    vqc_print(stdout, "study   %s\n", outline->study);
    jobs_print(outline);
    for (size_t i = 0; i < outline->model_count; i++)
        vqc_print(stdout, "model   %s  %s  %s\n", outline->models[i].role, outline->models[i].sha256,
                  outline->models[i].path);
    if (outline->part != NULL)
        vqc_print(stdout, "part    %s, %zu of the study's %zu renders\n", outline->part,
                  vqc_archive_outline_held(outline), outline->render_count);
    if (!vqc_archive_has_record_digests(work->archive))
        (void)printf("digests of pictures and latents alone; this archive, of an earlier version, has no others\n");
    (void)printf("\nnumber  state          loss       time  picture       render\n");
    for (size_t i = 0; i < outline->render_count; i++)
        if (vqc_archive_outline_holds(outline, i))
            VQC_TRY(render_print(work, i, error));
    return VQC_OK;
}

/* How far a render is, and who is at work on it. */
static void way_to_json(const render_way *way, json_t *object)
{
    if (way->step > 0)
        json_object_set_new(object, "step", json_integer(way->step));
    if (way->at_work)
        json_object_set_new(object, "at_work",
                            json_pack("{s: i, s: s}", "rank", way->worker.rank, "host", way->worker.host));
}

static void result_to_json(const render_found *found, json_t *object)
{
    if (found->damage != VQC_ARCHIVE_DAMAGE_NONE)
        json_object_set_new(object, "damaged", json_string(vqc_archive_damage_word(found->damage)));
    json_object_set_new(object, "loss", json_real(found->loss));
    json_object_set_new(object, "seconds", json_real(found->outcome.seconds));
    json_object_set_new(object, "device", json_string(found->outcome.device));
    json_object_set_new(object, "host", json_string(found->outcome.host));
    json_object_set_new(object, "picture_sha256", json_string(found->outcome.picture_sha256));
    json_object_set_new(object, "latent_sha256", json_string(found->outcome.latent_sha256));
}

static vqc_status render_to_json(show_work *work, size_t number, json_t *renders, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->archive);
    const vqc_archive_render *render = &outline->renders[number];
    render_found found;
    VQC_TRY(render_find(work, number, &found, error));
    json_t *object = json_object();
    json_array_append_new(renders, object);
    json_object_set_new(object, "number", json_integer((json_int_t)number));
    json_object_set_new(object, "id", json_string(render->id));
    json_object_set_new(object, "prompt", json_string(render->prompt));
    if (outline->category_count > 0)
        json_object_set_new(object, "category", json_string(outline->categories[number]));
    json_object_set_new(object, "seed", vqc_json_seed(render->seed));
    json_object_set_new(object, "settings", json_string(render->settings));
    json_object_set_new(object, "state", json_string(state_names[found.outcome.state]));
    if (found.outcome.state == VQC_ARCHIVE_FAILED)
        json_object_set_new(object, "reason", json_string(found.outcome.reason));
    if (found.outcome.state == VQC_ARCHIVE_DONE)
        result_to_json(&found, object);
    else
        way_to_json(&found.way, object);
    return VQC_OK;
}

static json_t *models_to_json(const vqc_archive_outline *outline)
{
    json_t *models = json_array();
    for (size_t i = 0; i < outline->model_count; i++) {
        json_t *model =
            json_pack("{s: s, s: s, s: s, s: s}", "role", outline->models[i].role, "name", outline->models[i].name,
                      "path", outline->models[i].path, "sha256", outline->models[i].sha256);
        json_array_append_new(models, model);
    }
    return models;
}

/* The job files of an archive that was extended. */
static json_t *jobs_to_json(const vqc_archive_outline *outline)
{
    json_t *jobs = json_array();
    for (size_t i = 0; i < outline->job_count; i++) {
        const vqc_archive_job *job = &outline->jobs[i];
        json_array_append_new(jobs, json_pack("{s: s, s: s, s: s, s: s}", "sha256", job->sha256, "renders",
                                              job->renders, "added", job->added, "text", job->text));
    }
    return jobs;
}

static vqc_status archive_print_json(show_work *work, vqc_error *error)
{
    const vqc_archive *archive = work->archive;
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    json_t *renders = json_array();
    json_t *report = json_pack("{s: s, s: s, s: b, s: o, s: o}", "study", outline->study, "job_sha256",
                               outline->job_sha256, "record_digests", vqc_archive_has_record_digests(archive),
                               "models", models_to_json(outline), "renders", renders);
    if (outline->part != NULL)
        json_object_set_new(report, "part", json_string(outline->part));
    if (outline->job_count > 0)
        json_object_set_new(report, "jobs", jobs_to_json(outline));
    for (size_t i = 0; i < outline->render_count; i++) {
        if (!vqc_archive_outline_holds(outline, i))
            continue;
        vqc_status status = render_to_json(work, i, renders, error);
        if (status != VQC_OK) {
            json_decref(report);
            return status;
        }
    }
    return vqc_json_print(report, error);
}

typedef struct show_options {
    bool json;
} show_options;

static vqc_status show_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    const show_options *options = context;
    vqc_archive *archive;
    VQC_TRY(vqc_archive_open(operands->items[0], &archive, error));
    show_work work = {.archive = archive, .held = vqc_archive_is_held(operands->items[0])};
    vqc_status status = options->json ? archive_print_json(&work, error) : archive_print(&work, error);
    if (status == VQC_OK && work.damaged > 0)
        status =
            vqc_error_set(error, VQC_FAILED, "%s: %zu of its renders are damaged; vqclip verify says what of them",
                          operands->items[0], work.damaged);
    vqc_archive_close(archive);
    return status;
}

static const vqc_option table[] = {
    {.name = "--json", .help = "print the result as JSON", VQC_OPTION_MEMBER(show_options, json)},
};

const vqc_command vqc_command_show = {
    .name = "show",
    .summary = "what an archive holds",
    .usage = "vqclip show ARCHIVE [--json]",
    .about =
        "Lists an archive's renders: state, last loss, time, SHA-256 of the picture, prompt. The record of what\n"
        "is done is compared with its digest; vqclip verify compares pictures, latents and snapshots too. A launch\n"
        "may be writing the archive meanwhile: then it says which renders are at work, by whom, and at which step\n"
        "they were saved last. Of a part it lists its own renders.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(show_options),
    .run = show_run,
};
