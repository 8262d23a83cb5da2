#include "study/study.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "study/prompt_lines.h"
#include "study/repeats.h"
#include "study/tables.h"

enum { MAX_RENDERS = 10000000, MAX_SWEPT = 16, MAX_NAME = 200 };

/* What a study keeps in memory until it is closed, and what reading it needs. */
typedef struct study_reader {
    vqc_study *study;
    vqc_study_storage *storage;
    vqc_yaml *yaml;
    const char *folder; /* of the job file: the first folder_size bytes, which end in a slash */
    int folder_size;
    const vqc_study_source *source; /* NULL: a file, and the files that it names must be there */
    size_t input_capacity;
} study_reader;

/* The key and the values of one swept setting. */
typedef struct swept_setting {
    const vqc_yaml_node *node; /* the sequence; its key is the dotted setting */
} swept_setting;

/* Makes a path of the job file one that is seen from where the program runs; the file must be there. NULL stays. */
static vqc_status path_locate(study_reader *reader, const vqc_yaml_node *place, const char **path, vqc_error *error)
{
    if (*path == NULL)
        return VQC_OK;
    if ((*path)[0] != '/')
        VQC_TRY(vqc_study_storage_text(reader->storage, path, error, "%.*s%s", reader->folder_size, reader->folder,
                                       *path));
    if (reader->source == NULL && access(*path, R_OK) != 0)
        return vqc_yaml_error(place, error, "the file %s cannot be read: %s", *path, strerror(errno));
    return VQC_OK;
}

/* Adds a file to the study's inputs, unless it is the one that was added last. */
static vqc_status input_add(study_reader *reader, const vqc_input *input, vqc_error *error)
{
    vqc_study *study = reader->study;
    const vqc_input *last = study->input_count == 0 ? NULL : &study->inputs[study->input_count - 1];
    if (last != NULL && last->kind == input->kind && last->render == input->render &&
        strcmp(last->name, input->name) == 0)
        return VQC_OK;
    VQC_TRY(vqc_memory_grow(&study->inputs, &reader->input_capacity, study->input_count + 1, sizeof *study->inputs,
                            "a study's files", error));
    study->inputs[study->input_count++] = *input;
    return VQC_OK;
}

/* The files that an owner names; `place` is named where one cannot be read. */
static vqc_status inputs_locate(study_reader *reader, vqc_input_owner type, void *owner, const vqc_yaml_node *place,
                                vqc_error *error)
{
    for (int i = 0; i < VQC_INPUT_COUNT; i++) {
        const vqc_input_kind kind = (vqc_input_kind)i;
        if (vqc_input_rows[kind].owner != type)
            continue;
        const char **path = vqc_input_path(kind, owner);
        vqc_input input = {.kind = kind, .name = *path, .render = vqc_input_render(kind, owner)};
        VQC_TRY(path_locate(reader, place, path, error));
        input.path = *path;
        if (input.path != NULL)
            VQC_TRY(input_add(reader, &input, error));
    }
    return VQC_OK;
}

/* The paths that were read from a mapping. */
static vqc_status paths_locate(study_reader *reader, const vqc_schema *schema, void *object,
                               const vqc_yaml_node *mapping, vqc_error *error)
{
    for (size_t i = 0; i < schema->count; i++) {
        const vqc_field *field = &schema->fields[i];
        if (field->kind == VQC_FIELD_PATH)
            VQC_TRY(path_locate(reader, vqc_yaml_find(mapping, field->key), vqc_field_text(field, object), error));
    }
    return VQC_OK;
}

/* Reads a mapping of the table and the paths in it. */
static vqc_status source_read(study_reader *reader, const vqc_schema *schema, void *object,
                              const vqc_yaml_node *mapping, vqc_error *error)
{
    VQC_TRY(vqc_schema_read(schema, object, mapping, error));
    return paths_locate(reader, schema, object, mapping, error);
}

static vqc_status models_read(study_reader *reader, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_study *study = reader->study;
    const vqc_yaml_node *generator;
    const vqc_yaml_node *list;
    VQC_TRY(vqc_schema_read(&vqc_models_schema, study, node, error));
    VQC_TRY(vqc_yaml_require(node, "generator", &generator, error));
    VQC_TRY(source_read(reader, &vqc_generator_schema, &study->generator, generator, error));
    VQC_TRY(vqc_yaml_require(node, "perceptors", &list, error));
    VQC_TRY(vqc_yaml_expect(list, VQC_YAML_SEQUENCE, error));
    study->perceptor_count = vqc_yaml_count(list);
    if (study->perceptor_count == 0 || study->perceptor_count > VQC_STUDY_MAX_PERCEPTORS)
        return vqc_yaml_error(list, error, "expected 1 to %d perceptors, found %zu", VQC_STUDY_MAX_PERCEPTORS,
                              study->perceptor_count);
    for (size_t i = 0; i < study->perceptor_count; i++) {
        vqc_perceptor_source *perceptor = &study->perceptors[i];
        VQC_TRY(source_read(reader, &vqc_perceptor_schema, perceptor, vqc_yaml_at(list, i), error));
        if (perceptor->name == NULL)
            perceptor->name = perceptor->checkpoint;
    }
    return VQC_OK;
}

static vqc_status prompts_read_list(study_reader *reader, const vqc_yaml_node *list, vqc_error *error)
{
    vqc_study *study = reader->study;
    study->prompt_count = vqc_yaml_count(list);
    VQC_TRY(vqc_study_storage_allocate(reader->storage, study->prompt_count, sizeof *study->prompts, &study->prompts,
                                       error));
    for (size_t i = 0; i < study->prompt_count; i++)
        VQC_TRY(vqc_prompt_read(vqc_yaml_at(list, i), i + 1, reader->storage, &study->prompts[i], error));
    return VQC_OK;
}

/* Adds the prompt that a line holds, whose text is in the storage. */
static vqc_status line_read(study_reader *reader, const char *path, size_t number, const char *line, vqc_error *error)
{
    vqc_study *study = reader->study;
    vqc_prompt *prompt = &study->prompts[study->prompt_count];
    prompt->text = line;
    VQC_TRY(vqc_study_storage_text(reader->storage, &prompt->id, error, "%zu", study->prompt_count + 1));
    if (vqc_prompt_split(prompt->text, reader->storage, &prompt->targets, &prompt->target_count, error) != VQC_OK)
        return vqc_error_prefix(error, "%s:%zu", path, number);
    study->prompt_count++;
    return VQC_OK;
}

/* A text file with one prompt a line. */
static vqc_status prompts_read_file(study_reader *reader, const vqc_yaml_node *node, vqc_error *error)
{
    const char *path = reader->study->prompts_path;
    vqc_prompt_lines lines;
    if (vqc_prompt_lines_read(path, reader->storage, &lines, error) != VQC_OK) {
        vqc_error reason = *error;
        return vqc_yaml_error(node, error, "%s", reason.message);
    }
    VQC_TRY(
        vqc_study_storage_allocate(reader->storage, lines.count, sizeof(vqc_prompt), &reader->study->prompts, error));
    for (size_t i = 0; i < lines.count; i++)
        VQC_TRY(line_read(reader, path, lines.lines[i].number, lines.lines[i].text, error));
    return VQC_OK;
}

/* The prompts of a file that may be gone, as its lines are known from elsewhere. */
static vqc_status prompts_read_lines(study_reader *reader, vqc_error *error)
{
    const vqc_study_source *source = reader->source;
    VQC_TRY(vqc_study_storage_allocate(reader->storage, source->line_count, sizeof(vqc_prompt),
                                       &reader->study->prompts, error));
    for (size_t i = 0; i < source->line_count; i++) {
        const char *line;
        VQC_TRY(vqc_study_storage_text(reader->storage, &line, error, "%s", source->lines[i]));
        VQC_TRY(line_read(reader, source->name, i + 1, line, error));
    }
    return VQC_OK;
}

static int ids_compare(const void *prompts, size_t a, size_t b)
{
    return strcmp(((const vqc_prompt *)prompts)[a].id, ((const vqc_prompt *)prompts)[b].id);
}

/* No two prompts have the same id. */
static vqc_status ids_check(const vqc_study *study, const vqc_yaml_node *node, vqc_error *error)
{
    bool found;
    size_t first;
    size_t second;
    VQC_TRY(vqc_repeat_find(study->prompts, study->prompt_count, ids_compare, &found, &first, &second, error));
    if (found)
        return vqc_yaml_error(node, error, "two prompts have the id %s", study->prompts[second].id);
    return VQC_OK;
}

static vqc_status prompts_read(study_reader *reader, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_study *study = reader->study;
    if (vqc_yaml_kind_of(node) != VQC_YAML_SEQUENCE) {
        VQC_TRY(vqc_yaml_read_text(node, &study->prompts_path, error));
        VQC_TRY(inputs_locate(reader, VQC_INPUT_OF_STUDY, study, node, error));
    }
    if (study->prompts_path == NULL)
        VQC_TRY(prompts_read_list(reader, node, error));
    else if (reader->source != NULL)
        VQC_TRY(prompts_read_lines(reader, error));
    else
        VQC_TRY(prompts_read_file(reader, node, error));
    if (study->prompt_count == 0)
        return vqc_yaml_error(node, error, "expected at least one prompt");
    return ids_check(study, node, error);
}

/* The files that targets name. */
static vqc_status targets_resolve(study_reader *reader, vqc_prompt *prompt, vqc_error *error)
{
    for (size_t i = 0; i < prompt->target_count; i++)
        VQC_TRY(inputs_locate(reader, VQC_INPUT_OF_TARGET, &prompt->targets[i], prompt->node, error));
    return VQC_OK;
}

static int seeds_compare(const void *seeds, size_t a, size_t b)
{
    const uint64_t *values = seeds;
    return (values[a] > values[b]) - (values[a] < values[b]);
}

/* The seeds, 0 where none are given. Two equal ones would make the same pictures twice, under the same ids; archives
 * of version 0.1 may have them. */
static vqc_status seeds_read(study_reader *reader, const vqc_yaml_node *node, uint64_t **seeds_out, size_t *count_out,
                             vqc_error *error)
{
    bool found;
    size_t first;
    size_t second;
    size_t capacity = node == NULL ? 1 : vqc_yaml_count(node);
    VQC_TRY(vqc_study_storage_allocate(reader->storage, capacity, sizeof **seeds_out, seeds_out, error));
    *count_out = 1;
    if (node == NULL)
        return VQC_OK;
    VQC_TRY(vqc_yaml_expect(node, VQC_YAML_SEQUENCE, error));
    *count_out = capacity;
    if (capacity == 0)
        return vqc_yaml_error(node, error, "expected at least one seed");
    for (size_t i = 0; i < capacity; i++)
        VQC_TRY(vqc_yaml_read_unsigned(vqc_yaml_at(node, i), &(*seeds_out)[i], error));
    VQC_TRY(vqc_repeat_find(*seeds_out, capacity, seeds_compare, &found, &first, &second, error));
    if (found && reader->source == NULL)
        return vqc_yaml_error(vqc_yaml_at(node, second), error, "expected seeds that differ, found seeds[%zu] again",
                              first);
    return VQC_OK;
}

/* Numbers before other texts; numbers by what they are, so that 0.1 and 0.10 are the same. Lists and mappings all
 * differ. */
static int swept_compare(const void *node, size_t a, size_t b)
{
    const vqc_yaml_node *left = vqc_yaml_at(node, a);
    const vqc_yaml_node *right = vqc_yaml_at(node, b);
    double x;
    double y;
    vqc_error ignored;
    if (vqc_yaml_scalar(left) == NULL || vqc_yaml_scalar(right) == NULL)
        return vqc_yaml_scalar(left) != NULL ? -1 : vqc_yaml_scalar(right) != NULL ? 1 : (a > b) - (a < b);
    bool left_number = vqc_yaml_read_real(left, -INFINITY, INFINITY, &x, &ignored) == VQC_OK;
    bool right_number = vqc_yaml_read_real(right, -INFINITY, INFINITY, &y, &ignored) == VQC_OK;
    if (left_number != right_number)
        return left_number ? -1 : 1;
    return left_number ? (x > y) - (x < y) : strcmp(vqc_yaml_scalar(left), vqc_yaml_scalar(right));
}

/* The values of a swept setting: at least one, and no two the same. */
static vqc_status swept_check(const study_reader *reader, const vqc_yaml_node *values, vqc_error *error)
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
static vqc_status sweep_read(const study_reader *reader, const vqc_yaml_node *node, swept_setting *swept,
                             size_t *swept_count, size_t *variant_count, vqc_error *error)
{
    *swept_count = 0;
    *variant_count = 1;
    if (node == NULL)
        return VQC_OK;
    VQC_TRY(vqc_yaml_expect(node, VQC_YAML_MAPPING, error));
    if (vqc_yaml_count(node) > MAX_SWEPT)
        return vqc_yaml_error(node, error, "expected at most %d swept settings", MAX_SWEPT);
    for (size_t i = 0; i < vqc_yaml_count(node); i++) {
        const vqc_yaml_node *values = vqc_yaml_at(node, i);
        VQC_TRY(swept_check(reader, values, error));
        swept[(*swept_count)++].node = values;
        *variant_count *= vqc_yaml_count(values);
        if (*variant_count > MAX_RENDERS)
            return vqc_yaml_error(values, error, "the sweep has more than %d combinations", MAX_RENDERS);
    }
    return VQC_OK;
}

/* Appends "key=value" of a swept setting to the variant's description. */
static vqc_status variant_describe(const swept_setting *swept, size_t index, vqc_text *text, vqc_error *error)
{
    const vqc_yaml_node *value = vqc_yaml_at(swept->node, index);
    const char *scalar = vqc_yaml_scalar(value);
    VQC_TRY(vqc_text_append(text, error, "%s%s=", text->size == 0 ? "" : " ", vqc_yaml_key(swept->node)));
    if (scalar != NULL)
        return vqc_text_append(text, error, "%s", scalar);
    return vqc_text_append(text, error, "#%zu", index + 1);
}

/* Applies combination number `variant` (the last swept setting changes fastest). */
static vqc_status variant_apply(study_reader *reader, const swept_setting *swept, size_t swept_count, size_t variant,
                                vqc_render *render, vqc_error *error)
{
    vqc_text text = {0};
    vqc_status status = VQC_OK;
    size_t combinations = 1;
    for (size_t i = 0; i < swept_count; i++)
        combinations *= vqc_yaml_count(swept[i].node);
    for (size_t i = 0; i < swept_count && status == VQC_OK; i++) {
        size_t count = vqc_yaml_count(swept[i].node);
        combinations /= count;
        size_t index = variant / combinations % count;
        status = vqc_settings_apply_key(&render->settings, vqc_yaml_key(swept[i].node),
                                        vqc_yaml_at(swept[i].node, index), swept[i].node, error);
        if (status == VQC_OK)
            status = variant_describe(&swept[i], index, &text, error);
    }
    if (status == VQC_OK)
        status = text.data == NULL
                     ? VQC_OK
                     : vqc_study_storage_text(reader->storage, &render->variant, error, "%s", text.data);
    vqc_text_release(&text);
    return status;
}

/* The settings of one prompt before the sweep: the study's, then its own. */
static vqc_status prompt_settings(const vqc_settings *defaults, const vqc_prompt *prompt, vqc_settings *settings,
                                  vqc_error *error)
{
    *settings = *defaults;
    if (prompt->node == NULL || vqc_yaml_kind_of(prompt->node) != VQC_YAML_MAPPING)
        return VQC_OK;
    return vqc_settings_apply(settings, prompt->node, &vqc_prompt_schema, error);
}

/* Fills in the renders of one prompt. */
static vqc_status prompt_expand(study_reader *reader, const vqc_settings *defaults, vqc_prompt *prompt,
                                const uint64_t *seeds, size_t seed_count, const swept_setting *swept,
                                size_t swept_count, size_t variant_count, vqc_error *error)
{
    vqc_study *study = reader->study;
    vqc_settings settings;
    const vqc_yaml_node *place = prompt->node == NULL ? vqc_yaml_root(reader->yaml) : prompt->node;
    VQC_TRY(targets_resolve(reader, prompt, error));
    VQC_TRY(prompt_settings(defaults, prompt, &settings, error));
    for (size_t i = 0; i < seed_count * variant_count; i++) {
        vqc_render *render = &study->renders[study->render_count];
        *render = (vqc_render){.number = (int64_t)study->render_count,
                               .prompt = prompt,
                               .seed = seeds[i / variant_count],
                               .settings = settings,
                               .variant = ""};
        VQC_TRY(variant_apply(reader, swept, swept_count, i % variant_count, render, error));
        VQC_TRY(inputs_locate(reader, VQC_INPUT_OF_RENDER, render, place, error));
        VQC_TRY(vqc_settings_check(&render->settings, place, error));
        study->render_count++;
    }
    return VQC_OK;
}

/* Every prompt with every seed and every combination of the sweep. */
static vqc_status renders_expand(study_reader *reader, const vqc_yaml_node *root, vqc_error *error)
{
    vqc_study *study = reader->study;
    vqc_settings defaults;
    uint64_t *seeds;
    size_t seed_count;
    swept_setting swept[MAX_SWEPT];
    size_t swept_count;
    size_t variant_count;
    const vqc_yaml_node *node = vqc_yaml_find(root, "render");
    vqc_settings_default(&defaults);
    if (node != NULL)
        VQC_TRY(vqc_settings_apply(&defaults, node, NULL, error));
    VQC_TRY(seeds_read(reader, vqc_yaml_find(root, "seeds"), &seeds, &seed_count, error));
    VQC_TRY(sweep_read(reader, vqc_yaml_find(root, "sweep"), swept, &swept_count, &variant_count, error));
    if (study->prompt_count > MAX_RENDERS / seed_count / variant_count)
        return vqc_yaml_error(root, error, "the study has more than %d renders", MAX_RENDERS);
    VQC_TRY(vqc_study_storage_allocate(reader->storage, study->prompt_count * seed_count * variant_count,
                                       sizeof *study->renders, &study->renders, error));
    for (size_t i = 0; i < study->prompt_count; i++)
        VQC_TRY(prompt_expand(reader, &defaults, &study->prompts[i], seeds, seed_count, swept, swept_count,
                              variant_count, error));
    return VQC_OK;
}

/* The size of teams: a positive integer, or "auto" (also where the key is missing), which is 0. */
static vqc_status team_read(const vqc_yaml_node *node, int64_t *team_out, vqc_error *error)
{
    const char *scalar = node == NULL ? "auto" : vqc_yaml_scalar(node);
    *team_out = 0;
    if (scalar != NULL && strcmp(scalar, "auto") == 0)
        return VQC_OK;
    vqc_error ignored;
    if (vqc_yaml_read_integer(node, 1, VQC_STUDY_MAX_TEAM, team_out, &ignored) == VQC_OK)
        return VQC_OK;
    return vqc_yaml_error(node, error, "expected auto or a number of ranks from 1 to %d, found %s",
                          VQC_STUDY_MAX_TEAM, scalar == NULL ? "a list or a mapping" : scalar);
}

/* The name is part of file names, of the archive and what lies beside it. Archives of version 0.1 may have any. */
static vqc_status name_check(const study_reader *reader, const vqc_yaml_node *node, vqc_error *error)
{
    const char *name = reader->study->name;
    if (reader->source != NULL)
        return VQC_OK;
    if (name[0] == '\0')
        return vqc_yaml_error(node, error, "expected a name, found an empty text");
    if (name[0] == '.')
        return vqc_yaml_error(node, error, "expected a name, found %s, which begins with a dot", name);
    if (strlen(name) > MAX_NAME)
        return vqc_yaml_error(node, error, "expected a name of at most %d bytes, found %zu", MAX_NAME, strlen(name));
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '/')
            return vqc_yaml_error(node, error, "expected a name, found the slash of a path in %s", name);
        if ((unsigned char)*c < 0x20 || *c == 0x7f || ((unsigned char)c[0] == 0xc2 && (unsigned char)c[1] < 0xa0))
            return vqc_yaml_error(node, error, "expected a name, found a control character in %s", name);
    }
    return VQC_OK;
}

static vqc_status study_fill(study_reader *reader, vqc_error *error)
{
    const vqc_yaml_node *root = vqc_yaml_root(reader->yaml);
    const vqc_yaml_node *node;
    vqc_study *study = reader->study;
    VQC_TRY(vqc_schema_read(&vqc_study_schema, study, root, error));
    VQC_TRY(name_check(reader, vqc_yaml_find(root, "study"), error));
    VQC_TRY(team_read(vqc_yaml_find(root, "team"), &study->team, error));
    VQC_TRY(vqc_yaml_require(root, "models", &node, error));
    VQC_TRY(models_read(reader, node, error));
    VQC_TRY(vqc_yaml_require(root, "prompts", &node, error));
    VQC_TRY(prompts_read(reader, node, error));
    study->text = vqc_yaml_source(reader->yaml, &study->text_size);
    VQC_TRY(vqc_digest_bytes(study->text, study->text_size, study->digest, error));
    VQC_TRY(renders_expand(reader, root, error));
    study->input_count = vqc_inputs_settle(study->inputs, study->input_count);
    return VQC_OK;
}

/* What the study's texts belong to: its own storage and the document that it was read from. */
struct vqc_study_owner {
    vqc_study study;
    vqc_study_storage *storage;
    vqc_yaml *yaml;
};

/* Reads the document, from the source if there is one and else from the file, and expands it. */
static vqc_status study_read(struct vqc_study_owner *owner, study_reader *reader, const char *path, vqc_error *error)
{
    const vqc_study_source *source = reader->source;
    VQC_TRY(vqc_study_storage_create(&owner->storage, error));
    VQC_TRY(vqc_study_storage_text(owner->storage, &owner->study.path, error, "%s", path));
    if (source == NULL)
        VQC_TRY(vqc_yaml_read(path, &owner->yaml, error));
    else
        VQC_TRY(vqc_yaml_parse(path, source->text, source->size, &owner->yaml, error));
    reader->study = &owner->study;
    reader->storage = owner->storage;
    reader->yaml = owner->yaml;
    return study_fill(reader, error);
}

static vqc_status study_create(study_reader *reader, const char *path, vqc_study **study_out, vqc_error *error)
{
    struct vqc_study_owner *owner;
    VQC_TRY(vqc_memory_allocate(1, sizeof *owner, "a study", &owner, error));
    vqc_status status = study_read(owner, reader, path, error);
    if (status != VQC_OK) {
        vqc_study_close(&owner->study);
        return status;
    }
    *study_out = &owner->study;
    return VQC_OK;
}

vqc_status vqc_study_open(const char *path, vqc_study **study_out, vqc_error *error)
{
    const char *slash = strrchr(path, '/');
    study_reader reader = {.folder = path, .folder_size = slash == NULL ? 0 : (int)(slash - path) + 1};
    return study_create(&reader, path, study_out, error);
}

vqc_status vqc_study_read(const vqc_study_source *source, vqc_study **study_out, vqc_error *error)
{
    study_reader reader = {.folder = source->folder, .folder_size = (int)strlen(source->folder), .source = source};
    return study_create(&reader, source->name, study_out, error);
}

void vqc_study_close(vqc_study *study)
{
    struct vqc_study_owner *owner = (struct vqc_study_owner *)study;
    if (owner == NULL)
        return;
    free(owner->study.inputs);
    vqc_yaml_destroy(owner->yaml);
    vqc_study_storage_destroy(owner->storage);
    free(owner);
}
