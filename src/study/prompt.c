#include "study/prompt.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "study/tables.h"

/* Length of the piece before the last colon if what follows that colon is a number, which then is *value_out;
 * else the whole length. */
static size_t number_cut(const char *text, size_t length, double *value_out, bool *found_out)
{
    size_t colon = length;
    while (colon > 0 && text[colon - 1] != ':')
        colon--;
    *found_out = false;
    char number[64];
    size_t size = length - colon;
    if (colon == 0 || size == 0 || size >= sizeof number)
        return length;
    memcpy(number, text + colon, size);
    number[size] = '\0';
    char *end;
    double value = strtod(number, &end);
    end += strspn(end, " \t");
    if (end == number || *end != '\0' || isnan(value))
        return length;
    *value_out = value;
    *found_out = true;
    return colon - 1;
}

/* Reads "text:weight:stop" between two places. */
static vqc_status part_read(const char *text, size_t length, vqc_study_storage *storage, vqc_target *target,
                            vqc_error *error)
{
    double last = 0.0;
    double before = 0.0;
    bool found_last;
    bool found_before = false;
    *target = (vqc_target){.kind = VQC_TARGET_TEXT, .weight = 1.0, .stop = -INFINITY};
    size_t cut = number_cut(text, length, &last, &found_last);
    if (found_last)
        cut = number_cut(text, cut, &before, &found_before);
    if (found_before) {
        target->weight = before;
        target->stop = last;
    } else if (found_last) {
        target->weight = last;
    }
    while (cut > 0 && strchr(" \t\r\n", text[0]) != NULL) {
        text++;
        cut--;
    }
    while (cut > 0 && strchr(" \t\r\n", text[cut - 1]) != NULL)
        cut--;
    if (cut == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a text, found an empty part");
    if (!isfinite(target->weight) || target->weight == 0.0)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a weight that is not 0, found %g", target->weight);
    return vqc_study_storage_text(storage, &target->text, error, "%.*s", (int)cut, text);
}

vqc_status vqc_prompt_split(const char *text, vqc_study_storage *storage, vqc_target **targets_out, size_t *count_out,
                            vqc_error *error)
{
    size_t parts = 1;
    for (const char *bar = strchr(text, '|'); bar != NULL; bar = strchr(bar + 1, '|'))
        parts++;
    vqc_target *targets;
    VQC_TRY(vqc_study_storage_allocate(storage, parts, sizeof *targets, &targets, error));
    for (size_t i = 0; i < parts; i++) {
        size_t length = strcspn(text, "|");
        VQC_TRY(part_read(text, length, storage, &targets[i], error));
        text += length + 1;
    }
    *targets_out = targets;
    *count_out = parts;
    return VQC_OK;
}

/* Takes the message of a failure to the node's place. */
static vqc_status prompt_refuse(const vqc_yaml_node *node, vqc_error *error)
{
    vqc_error reason = *error;
    return vqc_yaml_error(node, error, "%s", reason.message);
}

/* What the target is: exactly one of its kinds. */
static vqc_status target_kind_read(const vqc_yaml_node *node, vqc_target *target, vqc_error *error)
{
    const vqc_yaml_node *text = vqc_yaml_find(node, "text");
    const vqc_yaml_node *image = vqc_yaml_find(node, "image");
    const vqc_yaml_node *embedding = vqc_yaml_find(node, "embedding");
    const vqc_yaml_node *noise = vqc_yaml_find(node, "noise");
    if ((text != NULL) + (image != NULL) + (embedding != NULL) + (noise != NULL) != 1)
        return vqc_yaml_error(node, error, "expected exactly one of text, image, embedding, noise");
    if (text != NULL) {
        target->kind = VQC_TARGET_TEXT;
        return vqc_yaml_read_text(text, &target->text, error);
    }
    if (image != NULL) {
        target->kind = VQC_TARGET_IMAGE;
        return vqc_yaml_read_text(image, &target->file, error);
    }
    if (embedding != NULL) {
        target->kind = VQC_TARGET_EMBEDDING;
        return vqc_schema_read(&vqc_embedding_schema, target, embedding, error);
    }
    target->kind = VQC_TARGET_NOISE;
    return vqc_yaml_read_integer(noise, 0, INT64_MAX, &target->seed, error);
}

static vqc_status target_read(const vqc_yaml_node *node, vqc_target *target, vqc_error *error)
{
    *target = (vqc_target){0};
    VQC_TRY(vqc_schema_read(&vqc_target_schema, target, node, error));
    VQC_TRY(target_kind_read(node, target, error));
    if (target->weight == 0.0)
        return vqc_yaml_error(vqc_yaml_find(node, "weight"), error, "expected a weight that is not 0");
    return VQC_OK;
}

static vqc_status targets_read(const vqc_yaml_node *list, vqc_study_storage *storage, vqc_prompt *prompt,
                               vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(list, VQC_YAML_SEQUENCE, error));
    prompt->target_count = vqc_yaml_count(list);
    if (prompt->target_count == 0)
        return vqc_yaml_error(list, error, "expected at least one target");
    VQC_TRY(
        vqc_study_storage_allocate(storage, prompt->target_count, sizeof *prompt->targets, &prompt->targets, error));
    for (size_t i = 0; i < prompt->target_count; i++)
        VQC_TRY(target_read(vqc_yaml_at(list, i), &prompt->targets[i], error));
    return VQC_OK;
}

/* A prompt given as one text. */
static vqc_status prompt_read_text(const vqc_yaml_node *node, vqc_study_storage *storage, vqc_prompt *prompt,
                                   vqc_error *error)
{
    VQC_TRY(vqc_yaml_read_text(node, &prompt->text, error));
    if (vqc_prompt_split(prompt->text, storage, &prompt->targets, &prompt->target_count, error) != VQC_OK)
        return prompt_refuse(node, error);
    return VQC_OK;
}

vqc_status vqc_prompt_read(const vqc_yaml_node *node, size_t number, vqc_study_storage *storage,
                           vqc_prompt *prompt_out, vqc_error *error)
{
    vqc_prompt prompt = {.node = node};
    VQC_TRY(vqc_study_storage_text(storage, &prompt.id, error, "%zu", number));
    if (vqc_yaml_kind_of(node) == VQC_YAML_MAPPING) {
        const vqc_yaml_node *id = vqc_yaml_find(node, "id");
        const vqc_yaml_node *text = vqc_yaml_find(node, "text");
        const vqc_yaml_node *targets = vqc_yaml_find(node, "targets");
        if ((text == NULL) == (targets == NULL))
            return vqc_yaml_error(node, error, "expected either text or targets");
        if (id != NULL)
            VQC_TRY(vqc_yaml_read_text(id, &prompt.id, error));
        if (text != NULL)
            VQC_TRY(prompt_read_text(text, storage, &prompt, error));
        else
            VQC_TRY(targets_read(targets, storage, &prompt, error));
        if (text == NULL)
            prompt.text = prompt.targets[0].text == NULL ? "" : prompt.targets[0].text;
    } else {
        VQC_TRY(prompt_read_text(node, storage, &prompt, error));
    }
    *prompt_out = prompt;
    return VQC_OK;
}
