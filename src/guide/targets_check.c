#include "guide/targets.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "config/yaml.h"
#include "models/clip_tokenizer.h"
#include "models/picture_input.h"

/* Whether the prompt's targets are parts of one text. */
static bool prompt_is_split(const vqc_prompt *prompt)
{
    return prompt->target_count > 1 && (prompt->node == NULL || vqc_yaml_find(prompt->node, "targets") == NULL);
}

/* Where a target stands in the job file, or its text; NULL for a line of a text file. */
static const vqc_yaml_node *target_node(const vqc_prompt *prompt, size_t target)
{
    if (prompt->node == NULL || vqc_yaml_kind_of(prompt->node) != VQC_YAML_MAPPING)
        return prompt->node;
    const vqc_yaml_node *targets = vqc_yaml_find(prompt->node, "targets");
    const vqc_yaml_node *whole = targets == NULL ? prompt->node : vqc_yaml_at(targets, target);
    return prompt->targets[target].kind == VQC_TARGET_TEXT ? vqc_yaml_find(whole, "text") : whole;
}

/* Takes the message of a failure to the target's place. */
static vqc_status target_refuse(const vqc_study *study, const vqc_prompt *prompt, size_t target, vqc_error *error)
{
    const vqc_yaml_node *node = target_node(prompt, target);
    vqc_error reason = *error;
    if (node == NULL)
        return vqc_error_prefix(error, "%s: prompt %s", study->path, prompt->id);
    return vqc_yaml_error(node, error, "%s", reason.message);
}

/* What the targets of a study have to fit. */
typedef struct target_limit {
    const vqc_perceptor_source *source;
    const vqc_clip *clip;
    bool files;               /* those of targets are to be looked at */
    bool readable;            /* the perceptor has a text tower */
    vqc_tokenizer *tokenizer; /* NULL: the perceptor has no vocabulary */
    size_t context;
    vqc_token_list tokens; /* of the text looked at */
} target_limit;

/* Whether the perceptor takes a text; `part` goes before what is said of one that is too long. */
static vqc_status text_check(target_limit *limit, const char *text, const char *part, vqc_error *error)
{
    if (!limit->readable)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "perceptor %s: %s has no text tower that vqclip knows: it takes pictures and embeddings "
                             "as targets alone",
                             limit->source->name, limit->source->checkpoint);
    if (limit->tokenizer == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "perceptor %s: texts need its vocabulary", limit->source->name);
    VQC_TRY(vqc_tokenizer_encode(limit->tokenizer, text, &limit->tokens, error));
    if (limit->tokens.count <= limit->context || limit->source->truncate)
        return VQC_OK;
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "%sexpected a text of at most %zu tokens with its start and end, which is what the perceptor "
        "%s takes, found %zu: shorten it, split it into parts with |, or give the perceptor truncate: true",
        part, limit->context, limit->source->name, limit->tokens.count);
}

static vqc_status part_check(target_limit *limit, const vqc_prompt *prompt, size_t target, vqc_error *error)
{
    char part[32] = "";
    if (prompt_is_split(prompt))
        (void)snprintf(part, sizeof part, "part %zu: ", target + 1);
    return text_check(limit, prompt->targets[target].text, part, error);
}

/* Whether the perceptor can look at a picture file. */
static vqc_status picture_check(const target_limit *limit, const char *path, vqc_error *error)
{
    const int64_t side = limit->clip->vision.side;
    float *pixels;
    VQC_TRY(vqc_memory_allocate((size_t)(3 * side * side), sizeof *pixels, "a picture", &pixels, error));
    vqc_status status = vqc_picture_input_read(path, &limit->clip->config.preparation, side, pixels, error);
    free(pixels);
    return status;
}

/* Of every kind; nothing can be wrong with noise. */
static vqc_status target_check(target_limit *limit, const vqc_prompt *prompt, size_t target, vqc_error *error)
{
    const vqc_target *looked = &prompt->targets[target];
    switch (looked->kind) {
    case VQC_TARGET_TEXT:
        return part_check(limit, prompt, target, error);
    case VQC_TARGET_IMAGE:
        return limit->files ? picture_check(limit, looked->file, error) : VQC_OK;
    case VQC_TARGET_EMBEDDING:
        return limit->files ? vqc_target_row_check(looked, limit->clip->embed_width, error) : VQC_OK;
    case VQC_TARGET_NOISE:
        break;
    }
    return VQC_OK;
}

/* The texts of masks. */
static vqc_status masks_check(const vqc_study *study, target_limit *limit, vqc_error *error)
{
    const vqc_settings *last = NULL;
    for (size_t i = 0; i < study->render_count; i++) {
        const vqc_render *render = &study->renders[i];
        const vqc_mask *mask = &render->settings->mask;
        if (render->settings == last || mask->text == NULL)
            continue;
        last = render->settings;
        if (text_check(limit, mask->text, "mask: text: ", error) != VQC_OK ||
            text_check(limit, mask->neutral, "mask: neutral: ", error) != VQC_OK)
            return vqc_error_prefix(error, "%s: prompt %s", study->path, render->prompt->id);
    }
    return VQC_OK;
}

/* Every target of the prompts. */
static vqc_status prompts_check(const vqc_study *study, target_limit *limit, vqc_error *error)
{
    for (size_t i = 0; i < study->prompt_count; i++) {
        const vqc_prompt *prompt = &study->prompts[i];
        for (size_t t = 0; t < prompt->target_count; t++)
            if (target_check(limit, prompt, t, error) != VQC_OK)
                return target_refuse(study, prompt, t, error);
    }
    return VQC_OK;
}

/* The checkpoint's directory says how many tokens there are and how many fit; no tensor is read. */
static vqc_status perceptor_check(const vqc_study *study, const vqc_perceptor_source *source, bool files,
                                  vqc_error *error)
{
    vqc_clip_options options = {.head_width = source->head_width,
                                .key = source->key,
                                .activation = source->activation,
                                .cleaning = source->cleaning};
    target_limit limit = {.source = source, .files = files};
    vqc_clip *clip;
    VQC_TRY(vqc_clip_open(source->checkpoint, &options, &clip, error));
    vqc_status status = VQC_OK;
    limit.clip = clip;
    limit.context = (size_t)clip->text.context;
    limit.readable = clip->text.type != NULL;
    if (limit.readable && source->vocabulary != NULL)
        status = vqc_clip_tokenizer_create(clip, source->vocabulary, &limit.tokenizer, error);
    if (status == VQC_OK)
        status = prompts_check(study, &limit, error);
    if (status == VQC_OK)
        status = masks_check(study, &limit, error);
    vqc_token_list_release(&limit.tokens);
    vqc_tokenizer_destroy(limit.tokenizer);
    vqc_clip_close(clip);
    return status;
}

vqc_status vqc_targets_check(const vqc_study *study, bool files, vqc_error *error)
{
    for (size_t i = 0; i < study->perceptor_count; i++)
        VQC_TRY(perceptor_check(study, &study->perceptors[i], files, error));
    return VQC_OK;
}
