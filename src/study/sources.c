/* Which renders start from which others of the study, and the order that follows. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "study/reader.h"
#include "study/render_index.h"

enum { WAVE_UNKNOWN = -1, WAVE_UNDER_WAY = -2, CIRCLE_NAMED = 8 /* renders of a circle */ };

static vqc_status render_refuse(const vqc_study_reader *reader, const vqc_render *render, const char *reason,
                                vqc_error *error)
{
    const vqc_prompt *prompt = render->prompt;
    if (prompt->node != NULL)
        return vqc_yaml_error(prompt->node, error, "init: %s", reason);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: prompt %s: init: %s", reader->study->path, prompt->id, reason);
}

/* ---- Names ---- */

/* The render PROMPT.SEED or PROMPT.SEED.VARIANT whose prompt's id ends at the dot; NULL: the text is none. */
static const vqc_render *full_find(const vqc_render_index *index, const char *text, const char *dot)
{
    char prompt[256];
    char *end;
    const size_t length = (size_t)(dot - text);
    if (dot[1] < '0' || dot[1] > '9' || length >= sizeof prompt)
        return NULL;
    errno = 0;
    const uint64_t seed = strtoull(dot + 1, &end, 10);
    if (errno != 0 || (*end != '\0' && *end != '.'))
        return NULL;
    memcpy(prompt, text, length);
    prompt[length] = '\0';
    return vqc_render_index_find(index, prompt, seed, *end == '.' ? end + 1 : end);
}

/* The render that the text names for this one; NULL: there is none. */
static const vqc_render *source_find(const vqc_render_index *index, const vqc_render *render)
{
    const char *text = render->settings->init.source;
    const vqc_render *found = NULL;
    if (vqc_render_index_has_prompt(index, text))
        return vqc_render_index_find(index, text, render->seed, render->variant);
    for (const char *dot = strchr(text, '.'); dot != NULL && found == NULL; dot = strchr(dot + 1, '.'))
        found = full_find(index, text, dot);
    return found;
}

/* Says what there is in place of the render. */
static vqc_status absent_refuse(const vqc_study_reader *reader, const vqc_render_index *index,
                                const vqc_render *render, vqc_error *error)
{
    const char *wanted = render->settings->init.source;
    vqc_text reason = {0};
    vqc_status status;
    if (vqc_render_index_has_prompt(index, wanted))
        status = vqc_text_append(&reason, error,
                                 "prompt %s is not rendered with seed %llu%s%s; {render: %s.SEED} names one of its "
                                 "renders",
                                 wanted, (unsigned long long)render->seed, render->variant[0] == '\0' ? "" : " and ",
                                 render->variant, wanted);
    else
        status = vqc_text_append(&reason, error,
                                 "expected the id of a prompt, or of a render, PROMPT.SEED, of this study, found %s",
                                 wanted);
    if (status == VQC_OK)
        status = render_refuse(reader, render, reason.data, error);
    vqc_text_release(&reason);
    return status;
}

static vqc_status sources_name(vqc_study_reader *reader, const vqc_render_index *index, vqc_error *error)
{
    vqc_study *study = reader->study;
    for (size_t i = 0; i < study->render_count; i++) {
        vqc_render *render = &study->renders[i];
        if (render->settings->init.kind != VQC_INIT_RENDER)
            continue;
        const vqc_render *source = source_find(index, render);
        if (source == NULL)
            return absent_refuse(reader, index, render, error);
        render->source = source->number;
    }
    return VQC_OK;
}

/* ---- Waves ---- */

/* Names the renders of the circle that goes through this one. */
static vqc_status circle_refuse(const vqc_study_reader *reader, const vqc_render *render, vqc_error *error)
{
    const vqc_study *study = reader->study;
    const vqc_render *at = render;
    vqc_text reason = {0};
    vqc_status status =
        vqc_text_append(&reason, error, "%s.%llu starts from ", at->prompt->id, (unsigned long long)at->seed);
    for (int named = 0; status == VQC_OK && named < CIRCLE_NAMED; named++) {
        at = &study->renders[at->source];
        status = vqc_text_append(&reason, error, "%s%s.%llu", named == 0 ? "" : ", which starts from ",
                                 at->prompt->id, (unsigned long long)at->seed);
        if (at == render)
            break;
    }
    if (status == VQC_OK)
        status = vqc_text_append(&reason, error, "%s: a circle", at == render ? "" : ", and so on");
    if (status == VQC_OK)
        status = render_refuse(reader, render, reason.data, error);
    vqc_text_release(&reason);
    return status;
}

/* Finds the wave of a render and of those before it; `path` has room for all renders. */
static vqc_status wave_find(vqc_study_reader *reader, vqc_render *render, vqc_render **path, vqc_error *error)
{
    vqc_study *study = reader->study;
    size_t count = 0;
    while (render->wave == WAVE_UNKNOWN && render->source != VQC_RENDER_NONE) {
        render->wave = WAVE_UNDER_WAY;
        path[count++] = render;
        render = &study->renders[render->source];
    }
    if (render->wave == WAVE_UNDER_WAY)
        return circle_refuse(reader, render, error);
    if (render->wave == WAVE_UNKNOWN)
        render->wave = 0;
    for (int32_t wave = render->wave; count > 0;)
        path[--count]->wave = ++wave;
    return VQC_OK;
}

static vqc_status waves_find(vqc_study_reader *reader, vqc_error *error)
{
    vqc_study *study = reader->study;
    vqc_render **path;
    VQC_TRY(vqc_memory_allocate(study->render_count, sizeof(vqc_render *), "renders", &path, error));
    for (size_t i = 0; i < study->render_count; i++)
        study->renders[i].wave = WAVE_UNKNOWN;
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < study->render_count && status == VQC_OK; i++)
        status = wave_find(reader, &study->renders[i], path, error);
    free(path);
    return status;
}

static bool has_sources(const vqc_study *study)
{
    for (size_t i = 0; i < study->render_count; i++)
        if (study->renders[i].settings->init.kind == VQC_INIT_RENDER)
            return true;
    return false;
}

vqc_status vqc_study_sources_find(vqc_study_reader *reader, vqc_error *error)
{
    vqc_render_index *index;
    if (!has_sources(reader->study))
        return VQC_OK;
    VQC_TRY(vqc_render_index_create(reader->study, &index, error));
    vqc_status status = sources_name(reader, index, error);
    vqc_render_index_destroy(index);
    return status == VQC_OK ? waves_find(reader, error) : status;
}
