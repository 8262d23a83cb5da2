/* From prompts, seeds and the sweep to the list of renders. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "study/reader.h"
#include "study/repeats.h"
#include "study/tables.h"

enum { MAX_RENDERS = VQC_STUDY_MAX_RENDERS, MAX_SWEPT = 16 };

/* The swept settings and all that every prompt has the same of. */
typedef struct expansion {
    vqc_study_reader *reader;
    vqc_settings defaults; /* the study's */
    const uint64_t *seeds;
    size_t seed_count;
    const vqc_yaml_node *swept[MAX_SWEPT]; /* sequences of values; their keys are the dotted settings */
    size_t swept_count;
    size_t variant_count;           /* combinations; the last swept setting changes fastest */
    const char **variants;          /* the combinations as texts */
    const vqc_settings **of_plain;  /* settings of each combination for prompts that have none of their own */
    const vqc_settings **of_prompt; /* the same for the prompt at hand */
    bool plain_known;               /* a prompt without settings has come by */
} expansion;

/* ---- The sweep ---- */

/* Numbers before other texts; numbers by what they are, so that 0.1 and 0.10 are the same. */
static int scalars_compare(const vqc_yaml_node *left, const vqc_yaml_node *right)
{
    double x;
    double y;
    vqc_error ignored;
    bool left_number = vqc_yaml_read_real(left, -INFINITY, INFINITY, &x, &ignored) == VQC_OK;
    bool right_number = vqc_yaml_read_real(right, -INFINITY, INFINITY, &y, &ignored) == VQC_OK;
    if (left_number != right_number)
        return left_number ? -1 : 1;
    return left_number ? (x > y) - (x < y) : strcmp(vqc_yaml_scalar(left), vqc_yaml_scalar(right));
}

/* Scalars before lists before mappings; these by their number of parts, their keys and their parts, in the order in
 * which they stand. The document's depth is bounded, and so is this. */
static int nodes_compare(const vqc_yaml_node *left, const vqc_yaml_node *right)
{
    const vqc_yaml_kind kind = vqc_yaml_kind_of(left);
    if (kind != vqc_yaml_kind_of(right))
        return kind < vqc_yaml_kind_of(right) ? -1 : 1;
    if (kind == VQC_YAML_SCALAR)
        return scalars_compare(left, right);
    const size_t count = vqc_yaml_count(left);
    if (count != vqc_yaml_count(right))
        return count < vqc_yaml_count(right) ? -1 : 1;
    int order = 0;
    for (size_t i = 0; i < count && order == 0; i++) {
        const vqc_yaml_node *a = vqc_yaml_at(left, i);
        const vqc_yaml_node *b = vqc_yaml_at(right, i);
        if (kind == VQC_YAML_MAPPING)
            order = strcmp(vqc_yaml_key(a), vqc_yaml_key(b));
        if (order == 0)
            order = nodes_compare(a, b);
    }
    return order;
}

static int swept_compare(const void *node, size_t a, size_t b)
{
    return nodes_compare(vqc_yaml_at(node, a), vqc_yaml_at(node, b));
}

/* The values of a swept setting: at least one, and no two the same. */
static vqc_status swept_check(const vqc_study_reader *reader, const vqc_yaml_node *values, vqc_error *error)
{
    bool found;
    size_t first;
    size_t second;
    VQC_TRY(vqc_yaml_expect(values, VQC_YAML_SEQUENCE, error));
    if (vqc_yaml_count(values) == 0)
        return vqc_yaml_error(values, error, "expected at least one value");
    VQC_TRY(vqc_repeat_find(values, vqc_yaml_count(values), swept_compare, &found, &first, &second, error));
    if (found && reader->source == NULL)
        return vqc_yaml_error(vqc_yaml_at(values, second), error, "expected values that differ, found [%zu] again",
                              first);
    return VQC_OK;
}

/* The swept settings and the number of their combinations. */
static vqc_status sweep_read(expansion *all, const vqc_yaml_node *node, vqc_error *error)
{
    all->variant_count = 1;
    if (node == NULL)
        return VQC_OK;
    VQC_TRY(vqc_yaml_expect(node, VQC_YAML_MAPPING, error));
    if (vqc_yaml_count(node) > MAX_SWEPT)
        return vqc_yaml_error(node, error, "expected at most %d swept settings", MAX_SWEPT);
    for (size_t i = 0; i < vqc_yaml_count(node); i++) {
        const vqc_yaml_node *values = vqc_yaml_at(node, i);
        VQC_TRY(swept_check(all->reader, values, error));
        all->swept[all->swept_count++] = values;
        all->variant_count *= vqc_yaml_count(values);
        if (all->variant_count > MAX_RENDERS)
            return vqc_yaml_error(values, error, "the sweep has more than %d combinations", MAX_RENDERS);
    }
    return VQC_OK;
}

/* Which value of a swept setting the combination has. */
static size_t swept_index(const expansion *all, size_t variant, size_t setting)
{
    for (size_t i = all->swept_count - 1; i > setting; i--)
        variant /= vqc_yaml_count(all->swept[i]);
    return variant % vqc_yaml_count(all->swept[setting]);
}

/* Appends "key=value" of a swept setting to a combination's description. */
static vqc_status value_describe(const vqc_yaml_node *swept, size_t index, vqc_text *text, vqc_error *error)
{
    const vqc_yaml_node *value = vqc_yaml_at(swept, index);
    const char *scalar = vqc_yaml_scalar(value);
    VQC_TRY(vqc_text_append(text, error, "%s%s=", text->size == 0 ? "" : " ", vqc_yaml_key(swept)));
    if (scalar != NULL)
        return vqc_text_append(text, error, "%s", scalar);
    return vqc_text_append(text, error, "#%zu", index + 1);
}

/* Writes what a combination is called: "optimizer.lr=0.05 noise=0.1". */
static vqc_status variant_describe(const expansion *all, size_t variant, vqc_error *error)
{
    vqc_text text = {0};
    vqc_status status = VQC_OK;
    for (size_t i = 0; status == VQC_OK && i < all->swept_count; i++)
        status = value_describe(all->swept[i], swept_index(all, variant, i), &text, error);
    if (status == VQC_OK)
        status = vqc_study_storage_text(all->reader->storage, &all->variants[variant], error, "%s",
                                        text.data == NULL ? "" : text.data);
    vqc_text_release(&text);
    return status;
}

/* What each combination is called. */
static vqc_status variants_describe(expansion *all, vqc_error *error)
{
    VQC_TRY(vqc_study_storage_allocate(all->reader->storage, all->variant_count, sizeof *all->variants,
                                       &all->variants, error));
    for (size_t variant = 0; variant < all->variant_count; variant++)
        VQC_TRY(variant_describe(all, variant, error));
    return VQC_OK;
}

/* ---- Settings ---- */

static int settings_compare(const void *settings, size_t a, size_t b)
{
    const vqc_settings *const *all = settings;
    return (all[a] > all[b]) - (all[a] < all[b]);
}

/* That no two combinations come to the same: written in other ways, or as a later key undoes an earlier one. Equal
 * settings are one (study/storage.h). */
static vqc_status variants_check(const expansion *all, const vqc_settings *const *settings,
                                 const vqc_yaml_node *place, vqc_error *error)
{
    bool found;
    size_t first;
    size_t second;
    if (all->reader->source != NULL)
        return VQC_OK;
    VQC_TRY(vqc_repeat_find(settings, all->variant_count, settings_compare, &found, &first, &second, error));
    if (!found)
        return VQC_OK;
    return vqc_yaml_error(place, error, "expected combinations of the sweep that differ, found that \"%s\" is \"%s\"",
                          all->variants[second], all->variants[first]);
}

/* Where a key of the settings stands in a mapping, "l2.weight: 1" or "l2: {weight: 1}"; NULL where it does not. */
static const vqc_yaml_node *key_find(const vqc_yaml_node *mapping, const char *key)
{
    char group[64];
    const char *dot = strchr(key, '.');
    if (mapping == NULL || vqc_yaml_kind_of(mapping) != VQC_YAML_MAPPING)
        return NULL;
    const vqc_yaml_node *node = vqc_yaml_find(mapping, key);
    if (node != NULL || dot == NULL)
        return node;
    (void)snprintf(group, sizeof group, "%.*s", (int)(dot - key), key);
    const vqc_yaml_node *inner = vqc_yaml_find(mapping, group);
    return inner == NULL || vqc_yaml_kind_of(inner) != VQC_YAML_MAPPING ? NULL : vqc_yaml_find(inner, dot + 1);
}

/* Where the key has its value from that a prompt's settings have: the sweep, the prompt, the study; else `place`. */
static const vqc_yaml_node *key_place(const expansion *all, const vqc_yaml_node *place, const char *key)
{
    const vqc_yaml_node *root = vqc_yaml_root(all->reader->yaml);
    const vqc_yaml_node *mappings[] = {vqc_yaml_find(root, "sweep"), place, vqc_yaml_find(root, "render")};
    for (size_t i = 0; i < sizeof mappings / sizeof mappings[0]; i++) {
        const vqc_yaml_node *node = key_find(mappings[i], key);
        if (node != NULL)
            return node;
    }
    return place;
}

/* Refuses settings that do not fit each other, where the key stands that is at fault. */
static vqc_status settings_check(const expansion *all, const vqc_settings *settings, const vqc_yaml_node *place,
                                 vqc_error *error)
{
    const char *key;
    vqc_error reason;
    if (vqc_settings_check(settings, &key, &reason) == VQC_OK)
        return VQC_OK;
    return vqc_yaml_error(key_place(all, place, key), error, "%s", reason.message);
}

/* The settings of a combination, from those of a prompt. */
static vqc_status variant_settings(const expansion *all, size_t variant, const vqc_settings *base,
                                   const vqc_yaml_node *place, const vqc_settings **settings_out, vqc_error *error)
{
    vqc_study_reader *reader = all->reader;
    vqc_settings settings;
    memcpy(&settings, base, sizeof settings);
    for (size_t i = 0; i < all->swept_count; i++)
        VQC_TRY(vqc_settings_apply_key(&settings, vqc_yaml_key(all->swept[i]),
                                       vqc_yaml_at(all->swept[i], swept_index(all, variant, i)), all->swept[i],
                                       error));
    VQC_TRY(vqc_study_inputs_locate(reader, VQC_INPUT_OF_SETTINGS, &settings, place, error));
    VQC_TRY(settings_check(all, &settings, place, error));
    return vqc_study_storage_share(reader->storage, &settings, sizeof settings, settings_out, error);
}

/* Whether a prompt has keys that are settings. */
static bool has_settings(const vqc_prompt *prompt)
{
    if (prompt->node == NULL || vqc_yaml_kind_of(prompt->node) != VQC_YAML_MAPPING)
        return false;
    for (size_t i = 0; i < vqc_yaml_count(prompt->node); i++)
        if (vqc_schema_find(&vqc_prompt_schema, vqc_yaml_key(vqc_yaml_at(prompt->node, i))) == NULL)
            return true;
    return false;
}

/* The settings of every combination for a prompt: the study's, then its own, then the sweep's. */
static vqc_status prompt_settings(expansion *all, const vqc_prompt *prompt, const vqc_settings *const **settings_out,
                                  vqc_error *error)
{
    bool plain = !has_settings(prompt);
    const vqc_settings **settings = plain ? all->of_plain : all->of_prompt;
    const vqc_yaml_node *place = prompt->node == NULL ? vqc_yaml_root(all->reader->yaml) : prompt->node;
    vqc_settings base;
    *settings_out = settings;
    if (plain && all->plain_known)
        return VQC_OK;
    memcpy(&base, &all->defaults, sizeof base);
    if (!plain)
        VQC_TRY(vqc_settings_apply(&base, prompt->node, &vqc_prompt_schema, error));
    for (size_t variant = 0; variant < all->variant_count; variant++)
        VQC_TRY(variant_settings(all, variant, &base, place, &settings[variant], error));
    VQC_TRY(variants_check(all, settings, all->swept_count == 0 ? place : all->swept[0], error));
    all->plain_known = all->plain_known || plain;
    return VQC_OK;
}

/* ---- Renders ---- */

/* The files that targets name. */
static vqc_status targets_resolve(vqc_study_reader *reader, vqc_prompt *prompt, vqc_error *error)
{
    for (size_t i = 0; i < prompt->target_count; i++)
        VQC_TRY(vqc_study_inputs_locate(reader, VQC_INPUT_OF_TARGET, &prompt->targets[i], prompt->node, error));
    return VQC_OK;
}

double vqc_study_pull(const vqc_study *study, const vqc_prompt *prompt)
{
    double targets = 0.0;
    double perceptors = 0.0;
    for (size_t i = 0; i < prompt->target_count; i++)
        targets += fabs(prompt->targets[i].weight);
    for (size_t i = 0; i < study->perceptor_count; i++)
        perceptors = fmax(perceptors, study->perceptors[i].weight);
    return targets * perceptors;
}

/* Refuses a prompt for the reason, where it stands. */
static vqc_status prompt_refuse(const vqc_study_reader *reader, const vqc_prompt *prompt, const vqc_error *reason,
                                vqc_error *error)
{
    if (prompt->node != NULL)
        return vqc_yaml_error(prompt->node, error, "%s", reason->message);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: prompt %s: %s", reader->study->path, prompt->id, reason->message);
}

/* Weights that no picture can follow. Archives may have them, with the renders that failed. */
static vqc_status pull_check(const vqc_study_reader *reader, const vqc_prompt *prompt, vqc_error *error)
{
    const double pull = vqc_study_pull(reader->study, prompt);
    if (reader->source != NULL || pull <= VQC_STUDY_MAX_PULL)
        return VQC_OK;
    vqc_error reason;
    (void)vqc_error_set(
        &reason, VQC_BAD_INPUT,
        "expected weights of targets that come to at most %g, times the largest weight of a perceptor, "
        "found %g: the picture's gradient would leave the range of its sum",
        VQC_STUDY_MAX_PULL, pull);
    return prompt_refuse(reader, prompt, &reason, error);
}

/* That every phrase of a story is told. Archives may have others. */
static vqc_status stories_check(const vqc_study_reader *reader, const vqc_prompt *prompt,
                                const vqc_settings *settings, vqc_error *error)
{
    vqc_error reason;
    for (size_t i = 0; i < prompt->target_count && reader->source == NULL; i++)
        if (vqc_target_story_check(&prompt->targets[i], settings, &reason) != VQC_OK)
            return prompt_refuse(reader, prompt, &reason, error);
    return VQC_OK;
}

/* Fills in the renders of one prompt with these seeds. */
static vqc_status prompt_expand(expansion *all, vqc_prompt *prompt, const uint64_t *seeds, size_t count,
                                vqc_error *error)
{
    vqc_study *study = all->reader->study;
    const vqc_settings *const *settings;
    VQC_TRY(pull_check(all->reader, prompt, error));
    VQC_TRY(targets_resolve(all->reader, prompt, error));
    VQC_TRY(prompt_settings(all, prompt, &settings, error));
    for (size_t variant = 0; variant < all->variant_count; variant++) {
        VQC_TRY(stories_check(all->reader, prompt, settings[variant], error));
        VQC_TRY(vqc_study_choices_elsewhere(all->reader, prompt, settings[variant], error));
    }
    for (size_t i = 0; i < count * all->variant_count; i++) {
        const size_t variant = i % all->variant_count;
        study->renders[study->render_count] = (vqc_render){.number = (int64_t)study->render_count,
                                                           .prompt = prompt,
                                                           .seed = seeds[i / all->variant_count],
                                                           .settings = settings[variant],
                                                           .variant = all->variants[variant],
                                                           .source = VQC_RENDER_NONE};
        study->render_count++;
    }
    return VQC_OK;
}

/* What all prompts have the same of. */
static vqc_status expansion_begin(expansion *all, const vqc_yaml_node *root, vqc_error *error)
{
    vqc_study_reader *reader = all->reader;
    const vqc_yaml_node *node = vqc_yaml_find(root, "render");
    VQC_TRY(vqc_study_choices_check(root, error));
    vqc_settings_default_of(vqc_study_edition(reader), &all->defaults);
    if (node != NULL)
        VQC_TRY(vqc_settings_apply(&all->defaults, node, NULL, error));
    VQC_TRY(vqc_study_seeds_read(reader, vqc_yaml_find(root, "seeds"), &all->seeds, &all->seed_count, error));
    VQC_TRY(sweep_read(all, vqc_yaml_find(root, "sweep"), error));
    if (reader->study->prompt_count > MAX_RENDERS / all->seed_count / all->variant_count)
        return vqc_yaml_error(root, error, "the study has more than %d renders", MAX_RENDERS);
    VQC_TRY(variants_describe(all, error));
    VQC_TRY(vqc_study_storage_allocate(reader->storage, all->variant_count, sizeof *all->of_plain, &all->of_plain,
                                       error));
    return vqc_study_storage_allocate(reader->storage, all->variant_count, sizeof *all->of_prompt, &all->of_prompt,
                                      error);
}

/* Adds a prompt with its renders; one that chooses becomes one for each of its seeds. */
static vqc_status prompt_add(expansion *all, const vqc_prompt *given, bool chooses, vqc_error *error)
{
    vqc_study *study = all->reader->study;
    const uint64_t *seeds = given->seeded ? &given->seed : all->seeds;
    const size_t count = given->seeded ? 1 : all->seed_count;
    const size_t together = chooses ? 1 : count;
    for (size_t i = 0; i < count; i += together) {
        vqc_prompt *prompt = &study->prompts[study->prompt_count++];
        *prompt = *given;
        if (chooses)
            VQC_TRY(vqc_study_choose(all->reader, given, seeds[i], prompt, error));
        VQC_TRY(prompt_expand(all, prompt, &seeds[i], together, error));
    }
    return VQC_OK;
}

/* Fills in all renders. */
static vqc_status prompts_expand(expansion *all, const vqc_yaml_node *root, vqc_error *error)
{
    vqc_study *study = all->reader->study;
    const vqc_prompt *given = study->prompts;
    const size_t count = study->prompt_count;
    size_t copies = 0;
    for (size_t i = 0; i < count; i++)
        copies += vqc_study_chooses(root, &given[i]) && !given[i].seeded ? all->seed_count : 1;
    if (copies > count)
        VQC_TRY(vqc_study_storage_allocate(all->reader->storage, copies, sizeof *given, &study->prompts, error));
    study->prompt_count = 0;
    for (size_t i = 0; i < count; i++)
        VQC_TRY(prompt_add(all, &given[i], vqc_study_chooses(root, &given[i]), error));
    return VQC_OK;
}

vqc_status vqc_study_expand(vqc_study_reader *reader, const vqc_yaml_node *root, vqc_error *error)
{
    vqc_study *study = reader->study;
    expansion all = {.reader = reader};
    VQC_TRY(expansion_begin(&all, root, error));
    VQC_TRY(vqc_study_storage_allocate(reader->storage, study->prompt_count * all.seed_count * all.variant_count,
                                       sizeof *study->renders, &study->renders, error));
    VQC_TRY(prompts_expand(&all, root, error));
    return vqc_study_sources_find(reader, error);
}
