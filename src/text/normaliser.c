#include "text/normaliser.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/memory.h"
#include "text/charsmap.h"
#include "text/lower_case.h"
#include "text/patterns.h"

struct step_type;

/* One step with what its kind needs. */
typedef struct normaliser_step {
    const struct step_type *type;
    const vqc_pattern *pattern;
    vqc_code_points searched, content;
    bool left, right;
    vqc_charsmap map;
} normaliser_step;

typedef struct step_type {
    const char *name;
    vqc_status (*read)(const vqc_json_place *place, normaliser_step *step, vqc_error *error);
    vqc_status (*run)(const normaliser_step *step, const vqc_code_points *text, vqc_code_points *target,
                      vqc_error *error);
} step_type;

enum { MAX_DEPTH = 4 };

struct vqc_normaliser {
    normaliser_step *steps;
    size_t count, capacity;
};

static vqc_status nothing_read(const vqc_json_place *place, normaliser_step *step, vqc_error *error)
{
    static const char *const keys[] = {"type", NULL};
    (void)step;
    return vqc_json_keys_check(place, keys, error);
}

static vqc_status nfc_run(const normaliser_step *step, const vqc_code_points *text, vqc_code_points *target,
                          vqc_error *error)
{
    (void)step;
    return vqc_code_points_normalise(text, target, error);
}

static vqc_status lower_run(const normaliser_step *step, const vqc_code_points *text, vqc_code_points *target,
                            vqc_error *error)
{
    (void)step;
    return vqc_lower_case_each(text, target, error);
}

static vqc_status content_read(const vqc_json_place *place, const char *key, vqc_code_points *content,
                               vqc_error *error)
{
    const char *text;
    vqc_json_place member = vqc_json_member(place, key);
    VQC_TRY(vqc_json_text(&member, &text, error));
    return vqc_code_points_append_utf8(content, text, strlen(text), error);
}

static vqc_status replace_read(const vqc_json_place *place, normaliser_step *step, vqc_error *error)
{
    static const char *const keys[] = {"type", "pattern", "content", NULL};
    static const char *const pattern_keys[] = {"String", "Regex", NULL};
    const char *text;
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    VQC_TRY(content_read(place, "content", &step->content, error));
    vqc_json_place pattern = vqc_json_member(place, "pattern");
    VQC_TRY(vqc_json_keys_check(&pattern, pattern_keys, error));
    vqc_json_place regex = vqc_json_member(&pattern, "Regex");
    if (regex.value == NULL) {
        VQC_TRY(content_read(&pattern, "String", &step->searched, error));
        return step->searched.count > 0 ? VQC_OK
                                        : vqc_json_refuse(&pattern, error, "expected a text that is not empty");
    }
    VQC_TRY(vqc_json_text(&regex, &text, error));
    step->pattern = vqc_pattern_find(text);
    return step->pattern != NULL ? VQC_OK : vqc_json_refuse_value(&regex, "an expression that is known", error);
}

/* The end of what is replaced at this place, the place itself where nothing is. */
static size_t replaced_end(const normaliser_step *step, const vqc_code_points *text, size_t at)
{
    const vqc_code_points *searched = &step->searched;
    if (step->pattern != NULL)
        return step->pattern->match(text, at);
    if (text->count - at < searched->count ||
        memcmp(text->at + at, searched->at, searched->count * sizeof *searched->at) != 0)
        return at;
    return at + searched->count;
}

static vqc_status replace_run(const normaliser_step *step, const vqc_code_points *text, vqc_code_points *target,
                              vqc_error *error)
{
    for (size_t i = 0; i < text->count;) {
        size_t end = replaced_end(step, text, i);
        if (end > i)
            VQC_TRY(vqc_code_points_append_array(target, step->content.at, step->content.count, error));
        else
            VQC_TRY(vqc_code_points_append(target, text->at[i], error));
        i = end > i ? end : i + 1;
    }
    return VQC_OK;
}

static vqc_status strip_read(const vqc_json_place *place, normaliser_step *step, vqc_error *error)
{
    static const char *const keys[] = {"type", "strip_left", "strip_right", NULL};
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    vqc_json_place left = vqc_json_member(place, "strip_left");
    vqc_json_place right = vqc_json_member(place, "strip_right");
    VQC_TRY(vqc_json_flag(&left, true, &step->left, error));
    return vqc_json_flag(&right, true, &step->right, error);
}

static vqc_status strip_run(const normaliser_step *step, const vqc_code_points *text, vqc_code_points *target,
                            vqc_error *error)
{
    size_t start = 0;
    size_t end = text->count;
    while (step->left && start < end && vqc_code_point_is_space(text->at[start]))
        start++;
    while (step->right && end > start && vqc_code_point_is_space(text->at[end - 1]))
        end--;
    return vqc_code_points_append_array(target, text->at + start, end - start, error);
}

static vqc_status prepend_read(const vqc_json_place *place, normaliser_step *step, vqc_error *error)
{
    static const char *const keys[] = {"type", "prepend", NULL};
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    return content_read(place, "prepend", &step->content, error);
}

static vqc_status prepend_run(const normaliser_step *step, const vqc_code_points *text, vqc_code_points *target,
                              vqc_error *error)
{
    if (text->count > 0)
        VQC_TRY(vqc_code_points_append_array(target, step->content.at, step->content.count, error));
    return vqc_code_points_append_array(target, text->at, text->count, error);
}

static vqc_status map_read(const vqc_json_place *place, normaliser_step *step, vqc_error *error)
{
    static const char *const keys[] = {"type", "precompiled_charsmap", NULL};
    const char *text;
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    vqc_json_place member = vqc_json_member(place, "precompiled_charsmap");
    VQC_TRY(vqc_json_text(&member, &text, error));
    vqc_error reason = {0};
    vqc_status status = vqc_charsmap_init_base64(&step->map, "precompiled_charsmap", text, &reason);
    return status == VQC_OK ? VQC_OK : vqc_json_refuse(place, error, "%s", reason.message);
}

/* Replaces some code points by what the map has for the key that they begin with, the shortest; false: it has none.
 */
static vqc_status mapped_append(const vqc_charsmap *map, const int32_t *code_points, size_t count,
                                vqc_code_points *target, bool *found_out, vqc_error *error)
{
    enum { MOST = 6 };
    char utf8[4 * MOST];
    size_t size = 0;
    size_t key_size;
    for (size_t i = 0; i < count && i < MOST; i++)
        size += vqc_code_point_to_utf8(code_points[i], utf8 + size);
    const char *content = vqc_charsmap_find(map, utf8, size, false, &key_size);
    *found_out = content != NULL;
    return content == NULL ? VQC_OK : vqc_code_points_append_utf8(target, content, strlen(content), error);
}

/* The place behind the grapheme that begins here (Unicode Standard Annex 29), and its bytes of UTF-8. */
static size_t grapheme_end(const vqc_code_points *text, size_t at, size_t *bytes_out)
{
    utf8proc_int32_t state = 0;
    char ignored[4];
    size_t end = at + 1;
    *bytes_out = vqc_code_point_to_utf8(text->at[at], ignored);
    while (end < text->count && !utf8proc_grapheme_break_stateful(text->at[end - 1], text->at[end], &state)) {
        *bytes_out += vqc_code_point_to_utf8(text->at[end], ignored);
        end++;
    }
    return end;
}

/* As tokenizers does it: a grapheme of fewer than six bytes as a whole, else each of its characters. */
static vqc_status map_run(const normaliser_step *step, const vqc_code_points *text, vqc_code_points *target,
                          vqc_error *error)
{
    enum { SMALL = 6 };
    for (size_t i = 0; i < text->count;) {
        size_t bytes;
        bool found = false;
        size_t end = grapheme_end(text, i, &bytes);
        if (bytes < SMALL)
            VQC_TRY(mapped_append(&step->map, text->at + i, end - i, target, &found, error));
        for (; i < end && !found; i++) {
            bool mapped;
            VQC_TRY(mapped_append(&step->map, text->at + i, 1, target, &mapped, error));
            if (!mapped)
                VQC_TRY(vqc_code_points_append(target, text->at[i], error));
        }
        i = end;
    }
    return VQC_OK;
}

static const step_type types[] = {
    {.name = "NFC", .read = nothing_read, .run = nfc_run},
    {.name = "Lowercase", .read = nothing_read, .run = lower_run},
    {.name = "Replace", .read = replace_read, .run = replace_run},
    {.name = "Strip", .read = strip_read, .run = strip_run},
    {.name = "Prepend", .read = prepend_read, .run = prepend_run},
    {.name = "Precompiled", .read = map_read, .run = map_run},
};

static const step_type *type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

static void step_release(normaliser_step *step)
{
    vqc_code_points_release(&step->searched);
    vqc_code_points_release(&step->content);
    vqc_charsmap_release(&step->map);
}

/* A new step at the end, with nothing but its type. */
static vqc_status step_add(vqc_normaliser *normaliser, const step_type *type, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&normaliser->steps, &normaliser->capacity, normaliser->count + 1,
                            sizeof *normaliser->steps, "a normaliser", error));
    normaliser->steps[normaliser->count++] = (normaliser_step){.type = type};
    return VQC_OK;
}

static vqc_status steps_read(vqc_normaliser *normaliser, const vqc_json_place *place, int depth, vqc_error *error);

static vqc_status sequence_read(vqc_normaliser *normaliser, const vqc_json_place *place, int depth, vqc_error *error)
{
    static const char *const keys[] = {"type", "normalizers", NULL};
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    vqc_json_place list = vqc_json_member(place, "normalizers");
    VQC_TRY(vqc_json_array(&list, error));
    for (size_t i = 0; i < vqc_json_count(&list); i++) {
        vqc_json_place item = vqc_json_item(&list, i);
        VQC_TRY(steps_read(normaliser, &item, depth + 1, error));
    }
    return VQC_OK;
}

static vqc_status steps_read(vqc_normaliser *normaliser, const vqc_json_place *place, int depth, vqc_error *error)
{
    const char *name;
    vqc_json_place type = vqc_json_member(place, "type");
    VQC_TRY(vqc_json_text(&type, &name, error));
    if (strcmp(name, "Sequence") == 0 && depth < MAX_DEPTH)
        return sequence_read(normaliser, place, depth, error);
    const step_type *found = type_find(name);
    if (found == NULL)
        return vqc_json_refuse_value(&type, "a normaliser that is computed", error);
    VQC_TRY(step_add(normaliser, found, error));
    return found->read(place, &normaliser->steps[normaliser->count - 1], error);
}

vqc_status vqc_normaliser_create(const vqc_json_place *place, vqc_normaliser **normaliser_out, vqc_error *error)
{
    vqc_normaliser *normaliser;
    VQC_TRY(vqc_memory_allocate(1, sizeof *normaliser, "a normaliser", &normaliser, error));
    vqc_status status = place->value == NULL ? VQC_OK : steps_read(normaliser, place, 0, error);
    if (status != VQC_OK) {
        vqc_normaliser_destroy(normaliser);
        return status;
    }
    *normaliser_out = normaliser;
    return VQC_OK;
}

void vqc_normaliser_destroy(vqc_normaliser *normaliser)
{
    if (normaliser == NULL)
        return;
    for (size_t i = 0; i < normaliser->count; i++)
        step_release(&normaliser->steps[i]);
    free(normaliser->steps);
    free(normaliser);
}

vqc_status vqc_normaliser_lower_first(vqc_normaliser *normaliser, vqc_error *error)
{
    const step_type *lower = type_find("Lowercase");
    if (normaliser->count > 0 && normaliser->steps[0].type == lower)
        return VQC_OK;
    VQC_TRY(step_add(normaliser, lower, error));
    normaliser_step added = normaliser->steps[normaliser->count - 1];
    memmove(normaliser->steps + 1, normaliser->steps, (normaliser->count - 1) * sizeof added);
    normaliser->steps[0] = added;
    return VQC_OK;
}

void vqc_normaliser_keep_map(vqc_normaliser *normaliser)
{
    size_t kept = 0;
    for (size_t i = 0; i < normaliser->count; i++) {
        if (normaliser->steps[i].map.units == NULL)
            step_release(&normaliser->steps[i]);
        else
            normaliser->steps[kept++] = normaliser->steps[i];
    }
    normaliser->count = kept;
}

vqc_status vqc_normaliser_run(const vqc_normaliser *normaliser, vqc_code_points *text, vqc_error *error)
{
    for (size_t i = 0; i < normaliser->count; i++) {
        vqc_code_points target = {0};
        vqc_status status = normaliser->steps[i].type->run(&normaliser->steps[i], text, &target, error);
        if (status != VQC_OK) {
            vqc_code_points_release(&target);
            return status;
        }
        vqc_code_points_release(text);
        *text = target;
    }
    return VQC_OK;
}
