#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/json_output.h"
#include "cli/launch_record.h"
#include "record/verification.h"

typedef struct verify_options {
    vqc_compute compute;
    const char *rerender; /* a number, "all", or NULL */
    const char *models;
} verify_options;

/* Everything that verifying holds open. */
typedef struct verify_work {
    vqc_archive *archive;
    char *folder; /* of the job file */
    vqc_archived_study *study;
    vqc_verification found;
} verify_work;

static void work_release(verify_work *work)
{
    vqc_verification_release(&work->found);
    vqc_archived_study_close(work->study);
    free(work->folder);
    vqc_archive_close(work->archive);
}

/* ---- What was found, for people ---- */

static const char *file_state(const vqc_model_file *file)
{
    if (file->other != NULL)
        return "another file";
    if (file->path == NULL)
        return "missing";
    return file->sha256[0] == '\0' ? "present, no digest recorded" : "present";
}

static void files_print(const verify_work *work)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->archive);
    for (size_t i = 0; i < work->found.files.count; i++) {
        const vqc_model_file *file = &work->found.files.items[i];
        const vqc_archive_model *model = &outline->models[file->model];
        vqc_print(stdout, "model     %s%s%s %s: %s: %s\n", model->role, model->name[0] == '\0' ? "" : " ",
                  model->name, file->part, file_state(file), file->path == NULL ? file->wanted : file->path);
        if (file->other != NULL)
            vqc_print(stdout, "          %s does not have the SHA-256 %s\n", file->other, file->sha256);
    }
}

static const char *const input_states[VQC_VERIFIED_INPUT_COUNT] = {
    [VQC_VERIFIED_INPUT_PRESENT] = "present",
    [VQC_VERIFIED_INPUT_UNRECORDED] = "present, no digest recorded",
    [VQC_VERIFIED_INPUT_MISSING] = "missing",
    [VQC_VERIFIED_INPUT_ANOTHER] = "another file",
};

static void inputs_print(const verify_work *work)
{
    for (size_t i = 0; i < work->found.input_count; i++) {
        const vqc_input *input = &vqc_archived_study_of(work->study)->inputs[i];
        const vqc_verified_input state = work->found.inputs[i];
        vqc_print(stdout, "input     %s: %s: %s\n", vqc_input_rows[input->kind].what, input_states[state],
                  input->path);
        if (state == VQC_VERIFIED_INPUT_ANOTHER)
            vqc_print(stdout, "          it does not have the SHA-256 %s\n", input->sha256);
    }
}

static void again_print(const vqc_verified_render *again)
{
    const vqc_rerender_comparison *c = &again->comparison;
    if (again->failure != NULL) {
        vqc_print(stdout, "%6zu  FAILED   %s\n", again->number, again->failure);
        return;
    }
    vqc_print(stdout, "%6zu  %-7s  %-9s  %-7s  %7d  %8.2f  %-7s  %9.2e  %10.2e  %9.2e  %8.2f\n", again->number,
              again->passes ? "right" : "WRONG", again->differences == NULL ? "bytes" : "tolerance",
              c->picture_equal ? "equal" : "differs", c->picture_largest, c->picture_psnr,
              c->latent_equal ? "equal" : "differs", c->latent_largest, c->latent_relative, c->losses_relative,
              c->decoded_psnr);
}

/* The differences of environments, each once where neighbours share them. */
static void differences_print(const vqc_verification *found)
{
    const char *last = NULL;
    for (size_t i = 0; i < found->again_count; i++) {
        const char *differences = found->again[i].differences;
        if (differences != NULL && (last == NULL || strcmp(last, differences) != 0))
            vqc_print(stdout, "render %zu on: another environment: %s\n", found->again[i].number, differences);
        last = differences;
    }
    if (last == NULL)
        return;
    (void)printf(
        "compared by tolerance: losses of the first %d steps within %g, the recorded latent decoded here %g dB "
        "or\nmore from the recorded picture; guidance magnifies rounding, so the render's end is not judged\n",
        VQC_RERENDER_FIRST_STEPS, VQC_RERENDER_LOSSES_LIMIT, VQC_RERENDER_DECODED_LIMIT);
}

static void found_print(const verify_work *work)
{
    const vqc_verification *found = &work->found;
    vqc_print(stdout, "archive   %s: its structure is right\n", vqc_archive_path(work->archive));
    if (vqc_archive_outline_of(work->archive)->part != NULL)
        vqc_print(stdout, "part      %s of the study\n", vqc_archive_outline_of(work->archive)->part);
    (void)printf("renders   %zu finished, %zu failed, %zu pending\n", found->done_count, found->failed_count,
                 found->pending_count);
    (void)printf("digests   %zu of %zu right\n", found->done_count - found->damaged_count, found->done_count);
    for (size_t i = 0; i < found->damaged_count; i++)
        (void)printf("          render %zu: %s does not have the recorded SHA-256\n", found->damaged[i].number,
                     vqc_archive_damage_word(found->damaged[i].damage));
    if (found->damaged_count > 0)
        (void)printf("          vqclip render --check makes them again, but for snapshots\n");
    if (!vqc_archive_has_record_digests(work->archive))
        (void)printf("          of pictures and latents alone; this archive, of an earlier version, has no others\n");
    for (size_t i = 0; i < found->impossible_count; i++)
        (void)printf("          render %zu: it has losses that are not finite, or negative codes\n",
                     found->impossible[i]);
    files_print(work);
    inputs_print(work);
    if (found->again_count == 0)
        return;
    (void)printf("\nmade again: %zu\n", found->again_count);
    differences_print(found);
    (void)printf(
        "number  result   by         picture  largest      PSNR  latent     largest    relative     losses\n");
    for (size_t i = 0; i < found->again_count; i++)
        again_print(&found->again[i]);
}

/* ---- The same as JSON ---- */

static json_t *files_to_json(const verify_work *work)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->archive);
    json_t *array = json_array();
    for (size_t i = 0; i < work->found.files.count; i++) {
        const vqc_model_file *file = &work->found.files.items[i];
        json_t *object =
            json_pack("{s: s, s: s, s: s, s: s, s: s, s: o}", "role", outline->models[file->model].role, "name",
                      outline->models[file->model].name, "part", file->part, "sha256", file->sha256, "state",
                      file_state(file), "path", file->path == NULL ? json_null() : json_string(file->path));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *inputs_to_json(const verify_work *work)
{
    json_t *array = json_array();
    for (size_t i = 0; i < work->found.input_count; i++) {
        const vqc_input *input = &vqc_archived_study_of(work->study)->inputs[i];
        json_array_append_new(array, json_pack("{s: s, s: s, s: s, s: s}", "what", vqc_input_rows[input->kind].what,
                                               "path", input->path, "sha256", input->sha256, "state",
                                               input_states[work->found.inputs[i]]));
    }
    return array;
}

/* Infinity is no JSON number. */
static json_t *finite_to_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *again_to_json(const vqc_verified_render *again)
{
    const vqc_rerender_comparison *c = &again->comparison;
    json_t *object = json_pack("{s: I, s: b}", "number", (json_int_t)again->number, "right", again->passes);
    if (again->failure != NULL) {
        json_object_set_new(object, "failure", json_string(again->failure));
        return object;
    }
    json_object_set_new(object, "compared_by", json_string(again->differences == NULL ? "bytes" : "tolerance"));
    if (again->differences != NULL)
        json_object_set_new(object, "environment", json_string(again->differences));
    json_object_set_new(object, "picture_equal", json_boolean(c->picture_equal));
    json_object_set_new(object, "picture_largest", json_integer(c->picture_largest));
    json_object_set_new(object, "picture_psnr", finite_to_json(c->picture_psnr));
    json_object_set_new(object, "latent_equal", json_boolean(c->latent_equal));
    json_object_set_new(object, "latent_largest", finite_to_json(c->latent_largest));
    json_object_set_new(object, "latent_relative", finite_to_json(c->latent_relative));
    json_object_set_new(object, "losses_relative", finite_to_json(c->losses_relative));
    json_object_set_new(object, "decoded_psnr", finite_to_json(c->decoded_psnr));
    return object;
}

static vqc_status found_print_json(const verify_work *work, vqc_error *error)
{
    const vqc_verification *found = &work->found;
    json_t *damaged = json_array();
    json_t *again = json_array();
    for (size_t i = 0; i < found->damaged_count; i++)
        json_array_append_new(damaged, json_integer((json_int_t)found->damaged[i].number));
    for (size_t i = 0; i < found->again_count; i++)
        json_array_append_new(again, again_to_json(&found->again[i]));
    json_t *report =
        json_pack("{s: s, s: I, s: I, s: I, s: b, s: o, s: o, s: o, s: o, s: b}", "study",
                  vqc_archive_outline_of(work->archive)->study, "finished", (json_int_t)found->done_count, "failed",
                  (json_int_t)found->failed_count, "pending", (json_int_t)found->pending_count, "record_digests",
                  vqc_archive_has_record_digests(work->archive), "damaged", damaged, "models", files_to_json(work),
                  "inputs", inputs_to_json(work), "made_again", again, "right", vqc_verification_passes(found));
    return vqc_json_print(report, error);
}

/* ---- The work ---- */

/* How many renders to make again. */
static vqc_status count_parse(const verify_options *options, const vqc_verification *found, size_t *count_out,
                              vqc_error *error)
{
    char *end;
    *count_out = found->done_count;
    if (strcmp(options->rerender, "all") == 0)
        return VQC_OK;
    errno = 0;
    *count_out = strtoul(options->rerender, &end, 10);
    if (options->rerender[0] >= '0' && options->rerender[0] <= '9' && *end == '\0' && errno == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "--rerender: expected a number or all, found %s", options->rerender);
}

/* Opens the device as the options say, and else as the first finished render was made. */
static vqc_status compute_open(verify_options *options, const verify_work *work, vqc_environment *recorded,
                               vqc_error *error)
{
    vqc_archive_outcome outcome;
    vqc_compute *compute = &options->compute;
    VQC_TRY(vqc_archive_outcome_read(work->archive, work->found.done[0], &outcome, error));
    vqc_environment_read(outcome.device, recorded);
    const char *precision = recorded->field[VQC_ENVIRONMENT_PRECISION];
    if (compute->device == NULL)
        compute->device = recorded->field[VQC_ENVIRONMENT_DEVICE];
    if (compute->precision == NULL && strcmp(precision, "-") != 0)
        compute->precision = precision;
    if (compute->threads == 0)
        compute->threads = vqc_environment_threads(recorded);
    return vqc_compute_open(compute, error);
}

static vqc_status rerender(verify_options *options, verify_work *work, vqc_error *error)
{
    size_t count;
    vqc_environment recorded;
    vqc_environment here;
    vqc_compute *compute = &options->compute;
    if (options->rerender == NULL)
        return VQC_OK;
    VQC_TRY(count_parse(options, &work->found, &count, error));
    if (count > work->found.done_count)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "--rerender %zu: expected at most %zu, the number of finished renders", count,
                             work->found.done_count);
    if (count == 0)
        return VQC_OK;
    VQC_TRY(compute_open(options, work, &recorded, error));
    VQC_TRY(vqc_environment_find(compute->ops, compute->dtype, VQC_VERSION, &here, error));
    return vqc_verification_rerender(&work->found, work->archive, work->study, compute->ops, compute->dtype, &here,
                                     count, error);
}

static vqc_status archive_verify(verify_options *options, verify_work *work, vqc_error *error)
{
    VQC_TRY(vqc_verification_check_results(&work->found, work->archive, error));
    VQC_TRY(vqc_launch_job_folder(work->archive, &work->folder, error));
    VQC_TRY(vqc_archived_study_open(work->archive, work->folder, &work->study, error));
    if (vqc_environment_versions_have(vqc_archive_outline_of(work->archive)->versions, VQC_VERSION))
        VQC_TRY(vqc_archived_study_settings_check(work->study, error));
    VQC_TRY(vqc_verification_check_files(&work->found, work->study, options->models, error));
    VQC_TRY(rerender(options, work, error));
    if (options->compute.json)
        VQC_TRY(found_print_json(work, error));
    else
        found_print(work);
    if (vqc_verification_passes(&work->found))
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: not as it was made", vqc_archive_path(work->archive));
}

static vqc_status verify_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    verify_options *options = context;
    verify_work work = {0};
    VQC_TRY(vqc_archive_open(operands->items[0], &work.archive, error));
    vqc_status status = archive_verify(options, &work, error);
    work_release(&work);
    vqc_compute_close(&options->compute);
    return status;
}

static const vqc_option table[] = {
    {.name = "--rerender",
     .value = "K",
     .help = "make K of the finished renders again, or all",
     VQC_OPTION_MEMBER(verify_options, rerender)},
    {.name = "--models",
     .value = "DIR",
     .help = "another folder to look for the models' files in",
     VQC_OPTION_MEMBER(verify_options, models)},
    VQC_COMPUTE_OPTIONS(verify_options, NULL, NULL),
};

const vqc_command vqc_command_verify = {
    .name = "verify",
    .summary = "an archive against its digests and models, and renders made again",
    .usage = "vqclip verify ARCHIVE [--rerender K]",
    .about =
        "Checks an archive's structure, the SHA-256 of every finished render, and whether the models' files, and\n"
        "the pictures and other files that the job names, are those that it was made with. With --rerender some\n"
        "of its renders, spread evenly, are made again from the archive and these files alone, on the recorded\n"
        "device, precision and threads unless options say otherwise: their bytes must be equal. Where\n"
        "instruction set, versions or build differ from those recorded, the first losses and the decoded latent\n"
        "must be alike. One process does it all; ranks would not help.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(verify_options),
    .run = verify_run,
};
