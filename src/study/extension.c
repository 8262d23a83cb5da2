#include "study/extension.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "study/render_index.h"
#include "study/tables.h"

/* ---- Which render is which ---- */

/* Finds each render of `was` among those of the other study. */
static vqc_status renders_find(const vqc_study *was, const vqc_render_index *index, size_t *numbers_out,
                               vqc_error *error)
{
    for (size_t i = 0; i < was->render_count; i++) {
        const vqc_render *wanted = &was->renders[i];
        const vqc_render *found = vqc_render_index_find(index, wanted->prompt->id, wanted->seed, wanted->variant);
        if (found == NULL)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "render %zu of the archive, prompt %s with seed %llu%s%s, is not among the study's",
                                 i, wanted->prompt->id, (unsigned long long)wanted->seed,
                                 wanted->variant[0] == '\0' ? "" : " and ", wanted->variant);
        numbers_out[i] = (size_t)found->number;
    }
    return VQC_OK;
}

static vqc_status renders_match(const vqc_study *was, const vqc_study *is, size_t *numbers_out, vqc_error *error)
{
    vqc_render_index *index;
    VQC_TRY(vqc_render_index_create(is, &index, error));
    vqc_status status = renders_find(was, index, numbers_out, error);
    vqc_render_index_destroy(index);
    return status;
}

/* ---- What becomes of them ---- */

static vqc_status difference_set(vqc_error *error, const char *key, const char *was, const char *is)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "%s was %.200s when the archive was made, and is %.200s", key, was,
                         is);
}

/* Compares two objects of a table; VQC_BAD_INPUT names the key. */
static vqc_status objects_compare(const vqc_schema *schema, const void *was, const void *is, vqc_error *error)
{
    const vqc_field *differs;
    vqc_text before = {0};
    vqc_text after = {0};
    vqc_status status = vqc_schema_compare(schema, was, is, &differs, &before, &after, error);
    if (status == VQC_OK && differs != NULL)
        status = difference_set(error, differs->key, before.data, after.data);
    vqc_text_release(&before);
    vqc_text_release(&after);
    return status;
}

static vqc_status models_compare(const vqc_study *was, const vqc_study *is, vqc_error *error)
{
    if (objects_compare(&vqc_generator_schema, &was->generator, &is->generator, error) != VQC_OK)
        return vqc_error_prefix(error, "models.generator");
    if (was->perceptor_count != is->perceptor_count)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "models.perceptors: there were %zu when the archive was made, now there are %zu",
                             was->perceptor_count, is->perceptor_count);
    for (size_t i = 0; i < is->perceptor_count; i++)
        if (objects_compare(&vqc_perceptor_schema, &was->perceptors[i], &is->perceptors[i], error) != VQC_OK)
            return vqc_error_prefix(error, "models.perceptors[%zu]", i);
    return VQC_OK;
}

static bool text_is(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool curve_is(const vqc_curve *a, const vqc_curve *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    bool same = a->shape == b->shape && a->count == b->count;
    for (int i = 0; same && i < a->count; i++)
        same = a->steps[i] == b->steps[i] && a->values[i] == b->values[i];
    return same;
}

/* The key in which two targets differ; NULL: none. */
static const char *target_difference(const vqc_target *a, const vqc_target *b)
{
    static_assert(sizeof(vqc_target) == 80, "a member that is new is compared below");
    if (a->kind != b->kind || !text_is(a->text, b->text) || a->phrase != b->phrase || a->phrases != b->phrases)
        return "text";
    if (!text_is(a->file, b->file) || !text_is(a->tensor, b->tensor) || a->row != b->row)
        return "image or embedding";
    if (a->seed != b->seed)
        return "noise";
    if (a->weight != b->weight || !curve_is(a->curve, b->curve))
        return "weight";
    return a->stop == b->stop ? NULL : "stop";
}

static vqc_status prompts_compare(const vqc_prompt *was, const vqc_prompt *is, vqc_error *error)
{
    if (strcmp(was->text, is->text) != 0)
        return difference_set(error, "text", was->text, is->text);
    if (!text_is(was->category, is->category))
        return difference_set(error, "category", was->category == NULL ? "nothing" : was->category,
                              is->category == NULL ? "nothing" : is->category);
    if (was->target_count != is->target_count)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "targets: there were %zu when the archive was made, now there are %zu",
                             was->target_count, is->target_count);
    for (size_t i = 0; i < is->target_count; i++) {
        const char *key = target_difference(&was->targets[i], &is->targets[i]);
        if (key != NULL)
            return vqc_error_set(error, VQC_BAD_INPUT, "target %zu: %s is not what it was when the archive was made",
                                 i + 1, key);
    }
    return VQC_OK;
}

/* Two renders' settings, of which there are few: many renders point to the same ones. */
typedef struct pair {
    const vqc_settings *was, *is;
    size_t render; /* of `was` */
} pair;

static int pairs_compare(const void *left, const void *right)
{
    const pair *a = left;
    const pair *b = right;
    int order = (a->was > b->was) - (a->was < b->was);
    if (order == 0)
        order = (a->is > b->is) - (a->is < b->is);
    return order == 0 ? (a->render > b->render) - (a->render < b->render) : order;
}

static int pair_renders_compare(const void *left, const void *right)
{
    const pair *a = left;
    const pair *b = right;
    return (a->render > b->render) - (a->render < b->render);
}

/* Keeps each pair once, with its first render; in their order. */
static size_t pairs_settle(pair *pairs, size_t count)
{
    size_t kept = 0;
    qsort(pairs, count, sizeof *pairs, pairs_compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || pairs[kept - 1].was != pairs[i].was || pairs[kept - 1].is != pairs[i].is)
            pairs[kept++] = pairs[i];
    qsort(pairs, kept, sizeof *pairs, pair_renders_compare);
    return kept;
}

static vqc_status render_prefix(const vqc_study *was, size_t number, vqc_error *error)
{
    const vqc_render *render = &was->renders[number];
    return vqc_error_prefix(error, "prompt %s with seed %llu%s%s", render->prompt->id,
                            (unsigned long long)render->seed, render->variant[0] == '\0' ? "" : " and ",
                            render->variant);
}

static vqc_status settings_compare(const vqc_study *was, const vqc_study *is, const size_t *numbers, vqc_error *error)
{
    pair *pairs;
    VQC_TRY(vqc_memory_allocate(was->render_count, sizeof *pairs, "settings", &pairs, error));
    for (size_t i = 0; i < was->render_count; i++)
        pairs[i] = (pair){.was = was->renders[i].settings, .is = is->renders[numbers[i]].settings, .render = i};
    const size_t count = pairs_settle(pairs, was->render_count);
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < count && status == VQC_OK; i++) {
        status = objects_compare(&vqc_settings_schema, pairs[i].was, pairs[i].is, error);
        if (status != VQC_OK)
            status = render_prefix(was, pairs[i].render, error);
    }
    free(pairs);
    return status;
}

/* An id that was a render's may be a prompt's now. */
static vqc_status sources_compare(const vqc_study *was, const vqc_study *is, const size_t *numbers, vqc_error *error)
{
    for (size_t i = 0; i < was->render_count; i++) {
        const int64_t source = was->renders[i].source;
        const int64_t expected = source == VQC_RENDER_NONE ? source : (int64_t)numbers[source];
        if (is->renders[numbers[i]].source == expected)
            continue;
        (void)vqc_error_set(error, VQC_BAD_INPUT, "init: not the render that it was when the archive was made");
        return render_prefix(was, i, error);
    }
    return VQC_OK;
}

static vqc_status renders_compare(const vqc_study *was, const vqc_study *is, const size_t *numbers, vqc_error *error)
{
    const vqc_prompt *last = NULL; /* renders of one prompt stand together */
    for (size_t i = 0; i < was->render_count; i++) {
        if (was->renders[i].prompt == last)
            continue;
        last = was->renders[i].prompt;
        if (prompts_compare(last, is->renders[numbers[i]].prompt, error) != VQC_OK)
            return vqc_error_prefix(error, "prompt %s", last->id);
    }
    VQC_TRY(settings_compare(was, is, numbers, error));
    return sources_compare(was, is, numbers, error);
}

vqc_status vqc_study_extends(const vqc_study *was, const vqc_study *is, size_t *numbers_out, vqc_error *error)
{
    if (strcmp(was->name, is->name) != 0)
        return difference_set(error, "study", was->name, is->name);
    VQC_TRY(models_compare(was, is, error));
    VQC_TRY(renders_match(was, is, numbers_out, error));
    return renders_compare(was, is, numbers_out, error);
}
