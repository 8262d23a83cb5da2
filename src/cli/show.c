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

/* Compares a render that is done with its digests, and counts those that do not have theirs. */
static vqc_status damage_find(const vqc_archive *archive, size_t number, vqc_archive_state state, size_t *damaged,
                              vqc_archive_damage *damage_out, vqc_error *error)
{
    *damage_out = VQC_ARCHIVE_DAMAGE_NONE;
    if (state == VQC_ARCHIVE_DONE)
        VQC_TRY(vqc_archive_result_check(archive, number, damage_out, error));
    *damaged += *damage_out != VQC_ARCHIVE_DAMAGE_NONE;
    return VQC_OK;
}

static vqc_status render_print(const vqc_archive *archive, size_t number, size_t *damaged, vqc_error *error)
{
    vqc_archive_damage damage;
    const vqc_archive_render *render = &vqc_archive_outline_of(archive)->renders[number];
    vqc_archive_outcome outcome;
    double loss = 0.0;
    VQC_TRY(vqc_archive_outcome_read(archive, number, &outcome, error));
    VQC_TRY(damage_find(archive, number, outcome.state, damaged, &damage, error));
    if (outcome.state == VQC_ARCHIVE_DONE)
        VQC_TRY(final_loss(archive, number, &loss, error));
    vqc_print(stdout, "%5zu  %-8s", number,
              damage == VQC_ARCHIVE_DAMAGE_NONE ? state_names[outcome.state] : "damaged");
    if (outcome.state == VQC_ARCHIVE_DONE)
        vqc_print(stdout, "  %9.5f  %7.1f s  %.12s", loss, outcome.seconds, outcome.picture_sha256);
    else
        vqc_print(stdout, "  %9s  %9s  %12s", "", "", "");
    vqc_print(stdout, "  %s  %s\n", render->id,
              outcome.state == VQC_ARCHIVE_FAILED ? outcome.reason : render->prompt);
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

static vqc_status archive_print(const vqc_archive *archive, size_t *damaged, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    vqc_print(stdout, "study   %s\n", outline->study);
    jobs_print(outline);
    for (size_t i = 0; i < outline->model_count; i++)
        vqc_print(stdout, "model   %s  %s  %s\n", outline->models[i].role, outline->models[i].sha256,
                  outline->models[i].path);
    if (outline->part != NULL)
        vqc_print(stdout, "part    %s, %zu of the study's %zu renders\n", outline->part,
                  vqc_archive_outline_held(outline), outline->render_count);
    if (!vqc_archive_has_record_digests(archive))
        (void)printf("digests of pictures and latents alone; this archive, of an earlier version, has no others\n");
    (void)printf("\nnumber  state          loss       time  picture       render\n");
    for (size_t i = 0; i < outline->render_count; i++)
        if (vqc_archive_outline_holds(outline, i))
            VQC_TRY(render_print(archive, i, damaged, error));
    return VQC_OK;
}

static vqc_status render_to_json(const vqc_archive *archive, size_t number, json_t *renders, size_t *damaged,
                                 vqc_error *error)
{
    vqc_archive_damage damage;
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_render *render = &outline->renders[number];
    vqc_archive_outcome outcome;
    double loss = 0.0;
    VQC_TRY(vqc_archive_outcome_read(archive, number, &outcome, error));
    VQC_TRY(damage_find(archive, number, outcome.state, damaged, &damage, error));
    json_t *object = json_object();
    json_array_append_new(renders, object);
    json_object_set_new(object, "number", json_integer((json_int_t)number));
    json_object_set_new(object, "id", json_string(render->id));
    json_object_set_new(object, "prompt", json_string(render->prompt));
    if (outline->category_count > 0)
        json_object_set_new(object, "category", json_string(outline->categories[number]));
    json_object_set_new(object, "seed", vqc_json_seed(render->seed));
    json_object_set_new(object, "settings", json_string(render->settings));
    json_object_set_new(object, "state", json_string(state_names[outcome.state]));
    if (outcome.state == VQC_ARCHIVE_FAILED)
        json_object_set_new(object, "reason", json_string(outcome.reason));
    if (outcome.state != VQC_ARCHIVE_DONE)
        return VQC_OK;
    VQC_TRY(final_loss(archive, number, &loss, error));
    if (damage != VQC_ARCHIVE_DAMAGE_NONE)
        json_object_set_new(object, "damaged", json_string(vqc_archive_damage_word(damage)));
    json_object_set_new(object, "loss", json_real(loss));
    json_object_set_new(object, "seconds", json_real(outcome.seconds));
    json_object_set_new(object, "device", json_string(outcome.device));
    json_object_set_new(object, "host", json_string(outcome.host));
    json_object_set_new(object, "picture_sha256", json_string(outcome.picture_sha256));
    json_object_set_new(object, "latent_sha256", json_string(outcome.latent_sha256));
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

static vqc_status archive_print_json(const vqc_archive *archive, size_t *damaged, vqc_error *error)
{
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
        vqc_status status = render_to_json(archive, i, renders, damaged, error);
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
    size_t damaged = 0;
    VQC_TRY(vqc_archive_open(operands->items[0], &archive, error));
    vqc_status status =
        options->json ? archive_print_json(archive, &damaged, error) : archive_print(archive, &damaged, error);
    if (status == VQC_OK && damaged > 0)
        status =
            vqc_error_set(error, VQC_FAILED, "%s: %zu of its renders are damaged; vqclip verify says what of them",
                          operands->items[0], damaged);
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
    .about = "Lists an archive's renders: state, last loss, time, SHA-256 of the picture, prompt. What is done is\n"
             "compared with its digests. A launch may be writing it meanwhile. Of a part it lists its own renders.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(show_options),
    .run = show_run,
};
