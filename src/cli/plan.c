#include <stdio.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "guide/targets.h"
#include "study/study.h"

/* Steps times crops of all perceptors: what a render costs, roughly, at one size. */
static int64_t crops_of(const vqc_study *study, const vqc_render *render)
{
    return render->settings.steps * render->settings.crop_count * (int64_t)study->perceptor_count;
}

static void study_print(const vqc_study *study)
{
    int64_t steps = 0;
    int64_t crops = 0;
    (void)printf("study   %s\njob     %s\n\nnumber  size         steps   crops  seed  prompt\n", study->name,
                 study->digest);
    for (size_t i = 0; i < study->render_count; i++) {
        const vqc_render *render = &study->renders[i];
        char size[32];
        (void)snprintf(size, sizeof size, "%lldx%lld", (long long)render->settings.width,
                       (long long)render->settings.height);
        (void)printf("%6zu  %-11s  %5lld  %6lld  %4llu  %s%s%s: %s\n", i, size, (long long)render->settings.steps,
                     (long long)render->settings.crop_count, (unsigned long long)render->seed, render->prompt->id,
                     render->variant[0] == '\0' ? "" : " ", render->variant, render->prompt->text);
        steps += render->settings.steps;
        crops += crops_of(study, render);
    }
    (void)printf("\n%zu renders, %lld steps, %lld crops through %zu perceptors\n", study->render_count,
                 (long long)steps, (long long)crops, study->perceptor_count);
}

static json_t *render_to_json(const vqc_render *render)
{
    json_t *object = json_object();
    json_object_set_new(object, "number", json_integer(render->number));
    json_object_set_new(object, "id", json_string(render->prompt->id));
    json_object_set_new(object, "prompt", json_string(render->prompt->text));
    json_object_set_new(object, "seed", json_integer((json_int_t)render->seed));
    json_object_set_new(object, "variant", json_string(render->variant));
    json_object_set_new(object, "width", json_integer(render->settings.width));
    json_object_set_new(object, "height", json_integer(render->settings.height));
    json_object_set_new(object, "steps", json_integer(render->settings.steps));
    json_object_set_new(object, "crops", json_integer(render->settings.crop_count));
    return object;
}

static vqc_status study_print_json(const vqc_study *study, vqc_error *error)
{
    json_t *report = json_object();
    json_t *renders = json_array();
    json_object_set_new(report, "study", json_string(study->name));
    json_object_set_new(report, "job_sha256", json_string(study->digest));
    json_object_set_new(report, "renders", renders);
    for (size_t i = 0; i < study->render_count; i++)
        json_array_append_new(renders, render_to_json(&study->renders[i]));
    return vqc_json_print(report, error);
}

static vqc_status plan_run(const char *path, bool json, vqc_error *error)
{
    vqc_study *study;
    VQC_TRY(vqc_study_open(path, &study, error));
    vqc_status status = vqc_targets_check(study, error);
    if (status == VQC_OK && json)
        status = study_print_json(study, error);
    else if (status == VQC_OK)
        study_print(study);
    vqc_study_close(study);
    return status;
}

vqc_status vqc_command_plan(int count, char **words, vqc_error *error)
{
    return vqc_arguments_run_file("vqclip plan JOB [--json]",
                                  "Reads a job file, checks it and that its texts fit the perceptors, and lists the "
                                  "renders that it expands to.\n"
                                  "Loads no model.",
                                  count, words, plan_run, error);
}
