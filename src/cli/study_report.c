#include "cli/study_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/visible.h"
#include "cli/json_output.h"

/* Steps times crops of all perceptors: what a render costs, roughly, at one size. */
static int64_t crops_of(const vqc_study *study, const vqc_render *render)
{
    const vqc_settings *settings = render->settings;
    int64_t crops = 0;
    for (size_t i = 0; i < study->perceptor_count; i++) {
        const int64_t own = study->perceptors[i].crops;
        if (own > 0 || settings->crop_count_curve.count == 0)
            crops += settings->steps * vqc_settings_most_crops(settings, own);
        for (int64_t step = 0; own == 0 && settings->crop_count_curve.count > 0 && step < settings->steps; step++)
            crops += vqc_settings_crops(settings, 0, step);
    }
    return crops;
}

static void study_print(const vqc_study *study)
{
    int64_t steps = 0;
    int64_t crops = 0;
    vqc_print(stdout, "study   %s\njob     %s\n\nnumber  size         steps   crops  seed  prompt\n", study->name,
              study->digest);
    for (size_t i = 0; i < study->render_count; i++) {
        const vqc_render *render = &study->renders[i];
        char size[32];
        (void)snprintf(size, sizeof size, "%lldx%lld", (long long)render->settings->width,
                       (long long)render->settings->height);
        vqc_print(stdout, "%6zu  %-11s  %5lld  %6lld  %4llu  %s%s%s: %s\n", i, size,
                  (long long)render->settings->steps, (long long)render->settings->crop_count,
                  (unsigned long long)render->seed, render->prompt->id, render->variant[0] == '\0' ? "" : " ",
                  render->variant, render->prompt->text);
        steps += render->settings->steps;
        crops += crops_of(study, render);
    }
    (void)printf("\n%zu renders, %lld steps, %lld crops through %zu perceptors\n", study->render_count,
                 (long long)steps, (long long)crops, study->perceptor_count);
}

/* Whether a prompt is what it looks like: one text of weight 1, without a colon. */
static bool is_plain(const vqc_prompt *prompt)
{
    const vqc_target *target = &prompt->targets[0];
    return prompt->target_count == 1 && target->kind == VQC_TARGET_TEXT && target->weight == 1.0 &&
           target->curve == NULL && !isfinite(target->stop) && strpbrk(target->text, ":|^") == NULL;
}

static void text_print(const vqc_target *target)
{
    vqc_print(stdout, "text \"%s\"", target->text);
    if (target->phrases > 1)
        (void)printf(", phrase %d of %d", target->phrase + 1, target->phrases);
    (void)printf("\n");
}

static void target_print(const vqc_prompt *prompt, const vqc_target *target)
{
    char stop[32] = "";
    char weight[32];
    if (isfinite(target->stop))
        (void)snprintf(stop, sizeof stop, "%g", target->stop);
    (void)snprintf(weight, sizeof weight, "%s%g", target->curve == NULL ? "" : "to ", target->weight);
    vqc_print(stdout, "%-12s  %8s  %8s  ", prompt->id, weight, stop);
    if (target->text != NULL)
        text_print(target);
    else if (target->kind == VQC_TARGET_NOISE)
        vqc_print(stdout, "noise %llu\n", (unsigned long long)target->seed);
    else if (target->kind == VQC_TARGET_IMAGE)
        vqc_print(stdout, "image %s\n", target->file);
    else
        vqc_print(stdout, "embedding %s, tensor %s, row %lld\n", target->file, target->tensor,
                  (long long)target->row);
}

/* Whether what may have been meant as part of a prompt is a comment to YAML. */
static bool has_comment(const vqc_prompt *prompt)
{
    return prompt->node != NULL && vqc_yaml_is_plain(prompt->node) && vqc_yaml_has_comment(prompt->node);
}

/* The prompts that end at a comment. */
static void comments_print(const vqc_study *study)
{
    for (size_t i = 0; i < study->prompt_count; i++)
        if (has_comment(&study->prompts[i]))
            vqc_print(stdout, "\nprompt %s ends where a # begins a comment; quote it if that belongs to it\n",
                      study->prompts[i].id);
}

/* The targets of prompts that are not plain. */
static void targets_print(const vqc_study *study)
{
    bool headed = false;
    for (size_t i = 0; i < study->prompt_count; i++) {
        const vqc_prompt *prompt = &study->prompts[i];
        if (is_plain(prompt))
            continue;
        if (!headed)
            (void)printf("\nprompt          weight      stop  target\n");
        headed = true;
        for (size_t j = 0; j < prompt->target_count; j++)
            target_print(prompt, &prompt->targets[j]);
    }
}

static json_t *render_to_json(const vqc_render *render)
{
    return json_pack("{s: I, s: s, s: s, s: o, s: s, s: I, s: I, s: I, s: I}", "number", (json_int_t)render->number,
                     "id", render->prompt->id, "prompt", render->prompt->text, "seed", vqc_json_seed(render->seed),
                     "variant", render->variant, "width", (json_int_t)render->settings->width, "height",
                     (json_int_t)render->settings->height, "steps", (json_int_t)render->settings->steps, "crops",
                     (json_int_t)render->settings->crop_count);
}

/* Pairs of step and value, behind the word. */
static json_t *curve_to_json(const vqc_curve *curve)
{
    json_t *list = json_pack("[s]", vqc_curve_word(curve->shape));
    for (int32_t i = 0; i < curve->count; i++)
        json_array_append_new(list, json_pack("[i, f]", curve->steps[i], curve->values[i]));
    return list;
}

/* The word and the value of what a target is. */
static json_t *target_to_json(const vqc_target *target)
{
    json_t *object = json_pack("{s: f}", "weight", target->weight);
    if (target->phrases > 1)
        json_object_set_new(object, "phrase", json_integer(target->phrase));
    if (target->curve != NULL)
        json_object_set_new(object, "curve", curve_to_json(target->curve));
    if (isfinite(target->stop))
        json_object_set_new(object, "stop", json_real(target->stop));
    if (target->text != NULL)
        json_object_set_new(object, "text", json_string(target->text));
    if (target->kind == VQC_TARGET_IMAGE)
        json_object_set_new(object, "image", json_string(target->file));
    if (target->kind == VQC_TARGET_EMBEDDING)
        json_object_set_new(object, "embedding",
                            json_pack("{s: s, s: s, s: I}", "file", target->file, "tensor", target->tensor, "row",
                                      (json_int_t)target->row));
    if (target->kind == VQC_TARGET_NOISE)
        json_object_set_new(object, "noise", vqc_json_seed(target->seed));
    return object;
}

static json_t *prompt_to_json(const vqc_prompt *prompt)
{
    json_t *targets = json_array();
    for (size_t i = 0; i < prompt->target_count; i++)
        json_array_append_new(targets, target_to_json(&prompt->targets[i]));
    return json_pack("{s: s, s: s*, s: o}", "id", prompt->id, "category", prompt->category, "targets", targets);
}

static json_t *remarks_to_json(const vqc_text *remarks)
{
    json_t *list = json_array();
    for (size_t at = 0; at < remarks->size; at += strlen(remarks->data + at) + 1)
        json_array_append_new(list, json_string(remarks->data + at));
    return list;
}

static vqc_status study_print_json(const vqc_study *study, const vqc_text *remarks, vqc_error *error)
{
    json_t *renders = json_array();
    json_t *prompts = json_array();
    json_t *report = json_pack("{s: s, s: s, s: o, s: o}", "study", study->name, "job_sha256", study->digest,
                               "renders", renders, "prompts", prompts);
    for (size_t i = 0; i < study->render_count; i++)
        json_array_append_new(renders, render_to_json(&study->renders[i]));
    for (size_t i = 0; i < study->prompt_count; i++)
        json_array_append_new(prompts, prompt_to_json(&study->prompts[i]));
    json_object_set_new(report, "remarks", remarks_to_json(remarks));
    return vqc_json_print(report, error);
}

void vqc_study_remarks_print(FILE *stream, const char *before, const vqc_text *remarks)
{
    for (size_t at = 0; at < remarks->size; at += strlen(remarks->data + at) + 1)
        vqc_print(stream, "%s%s\n", before, remarks->data + at);
}

vqc_status vqc_study_report_print(const vqc_study *study, const vqc_text *remarks, bool json, vqc_error *error)
{
    if (json)
        return study_print_json(study, remarks, error);
    study_print(study);
    targets_print(study);
    comments_print(study);
    if (remarks->size > 0)
        (void)printf("\n");
    vqc_study_remarks_print(stdout, "", remarks);
    return VQC_OK;
}
