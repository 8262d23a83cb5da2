#include "study/study.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "study/prompt_lines.h"
#include "study/prompt_table.h"
#include "study/reader.h"
#include "study/repeats.h"
#include "study/tables.h"

enum { MAX_NAME = 200 };

/* The paths that were read from a mapping. */
static vqc_status paths_locate(vqc_study_reader *reader, const vqc_schema *schema, void *object,
                               const vqc_yaml_node *mapping, vqc_error *error)
{
    for (size_t i = 0; i < schema->count; i++) {
        const vqc_field *field = &schema->fields[i];
        if (field->kind == VQC_FIELD_PATH)
            VQC_TRY(vqc_study_path_locate(reader, vqc_yaml_find(mapping, field->key), vqc_field_text(field, object),
                                          error));
    }
    return VQC_OK;
}

/* Reads a mapping of the table and the paths in it. */
static vqc_status source_read(vqc_study_reader *reader, const vqc_schema *schema, void *object,
                              const vqc_yaml_node *mapping, vqc_error *error)
{
    VQC_TRY(vqc_schema_read(schema, object, mapping, error));
    return paths_locate(reader, schema, object, mapping, error);
}

static vqc_status models_read(vqc_study_reader *reader, const vqc_yaml_node *node, vqc_error *error)
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

static vqc_status prompts_read_list(vqc_study_reader *reader, const vqc_yaml_node *list, vqc_error *error)
{
    vqc_study *study = reader->study;
    study->prompt_count = vqc_yaml_count(list);
    VQC_TRY(vqc_study_storage_allocate(reader->storage, study->prompt_count, sizeof *study->prompts, &study->prompts,
                                       error));
    for (size_t i = 0; i < study->prompt_count; i++)
        VQC_TRY(vqc_prompt_read(vqc_yaml_at(list, i), i + 1, vqc_study_signs(reader, vqc_yaml_at(list, i)),
                                reader->storage, &study->prompts[i], error));
    return VQC_OK;
}

/* Adds the prompt that a line holds, whose text is in the storage. */
static vqc_status line_read(vqc_study_reader *reader, const char *path, size_t number, const char *line,
                            vqc_error *error)
{
    vqc_study *study = reader->study;
    vqc_prompt *prompt = &study->prompts[study->prompt_count];
    prompt->text = line;
    VQC_TRY(vqc_study_storage_text(reader->storage, &prompt->id, error, "%zu", study->prompt_count + 1));
    if (vqc_prompt_split(prompt->text, vqc_study_signs(reader, NULL), reader->storage, &prompt->targets,
                         &prompt->target_count, error) != VQC_OK)
        return vqc_error_prefix(error, "%s:%zu", path, number);
    study->prompt_count++;
    return VQC_OK;
}

/* A text file with one prompt a line. */
static vqc_status prompts_read_file(vqc_study_reader *reader, const vqc_yaml_node *node, vqc_error *error)
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
static vqc_status prompts_read_lines(vqc_study_reader *reader, vqc_error *error)
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

/* A table, whose rows are prompts as a job file has them. An archive's has its text with it. */
static vqc_status prompts_read_table(vqc_study_reader *reader, const vqc_yaml_node *node,
                                     const vqc_prompt_table_form *form, vqc_error *error)
{
    const vqc_study_source *source = reader->source;
    const char *path = reader->study->prompts_path;
    size_t size;
    if (source != NULL && source->table == NULL)
        return vqc_yaml_error(node, error, "the table %s is not in the archive", path);
    vqc_status status = source == NULL ? vqc_prompt_table_read(path, form, &reader->table, error)
                                       : vqc_prompt_table_parse(path, source->table, strlen(source->table), form,
                                                                &reader->table, error);
    if (status != VQC_OK) {
        vqc_error reason = *error;
        return status == VQC_FAILED ? status : vqc_yaml_error(node, error, "%s", reason.message);
    }
    reader->study->table = vqc_yaml_source(reader->table, &size);
    return prompts_read_list(reader, vqc_yaml_root(reader->table), error);
}

/* A mapping that names a table and what its columns are. */
static vqc_status table_form_read(const vqc_yaml_node *node, vqc_prompt_table_form *form, vqc_error *error)
{
    const vqc_yaml_node *file;
    VQC_TRY(vqc_schema_read(&vqc_prompt_table_schema, form, node, error));
    VQC_TRY(vqc_yaml_require(node, "file", &file, error));
    VQC_TRY(vqc_yaml_read_text(file, &form->file, error));
    if (vqc_prompt_table_separator(form->file) == '\0')
        return vqc_yaml_error(file, error, "expected a table, a name that ends in .csv, .tsv or .tab, found %s",
                              form->file);
    form->ignore = vqc_yaml_find(node, "ignore");
    if (form->ignore == NULL)
        return VQC_OK;
    VQC_TRY(vqc_yaml_expect(form->ignore, VQC_YAML_SEQUENCE, error));
    for (size_t i = 0; i < vqc_yaml_count(form->ignore); i++)
        VQC_TRY(vqc_yaml_expect(vqc_yaml_at(form->ignore, i), VQC_YAML_SCALAR, error));
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

/* The prompts of a file, or of what an archive has of it. */
static vqc_status prompts_read_elsewhere(vqc_study_reader *reader, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_study *study = reader->study;
    const vqc_yaml_node *choices = vqc_yaml_find(vqc_yaml_root(reader->yaml), "choices");
    vqc_prompt_table_form form = {0};
    if (vqc_yaml_kind_of(node) == VQC_YAML_MAPPING)
        VQC_TRY(table_form_read(node, &form, error));
    else
        VQC_TRY(vqc_yaml_read_text(node, &form.file, error));
    study->prompts_path = form.file;
    VQC_TRY(vqc_study_inputs_locate(reader, VQC_INPUT_OF_STUDY, study, node, error));
    if (choices != NULL)
        return vqc_yaml_error(choices, error,
                              "expected prompts in the job file beside choices, not in a file of their own");
    if (vqc_prompt_table_separator(study->prompts_path) != '\0')
        return prompts_read_table(reader, node, &form, error);
    return reader->source == NULL ? prompts_read_file(reader, node, error) : prompts_read_lines(reader, error);
}

static vqc_status prompts_read(vqc_study_reader *reader, const vqc_yaml_node *node, vqc_error *error)
{
    if (vqc_yaml_kind_of(node) == VQC_YAML_SEQUENCE)
        VQC_TRY(prompts_read_list(reader, node, error));
    else
        VQC_TRY(prompts_read_elsewhere(reader, node, error));
    if (reader->study->prompt_count == 0)
        return vqc_yaml_error(node, error, "expected at least one prompt");
    return ids_check(reader->study, node, error);
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
static vqc_status name_check(const vqc_study_reader *reader, const vqc_yaml_node *node, vqc_error *error)
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

static vqc_status study_fill(vqc_study_reader *reader, vqc_error *error)
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
    VQC_TRY(vqc_study_expand(reader, root, error));
    study->input_count = vqc_inputs_settle(study->inputs, study->input_count);
    return VQC_OK;
}

/* What the study's texts belong to: its own storage and the document that it was read from. */
struct vqc_study_owner {
    vqc_study study;
    vqc_study_storage *storage;
    vqc_yaml *yaml;
    vqc_yaml *table; /* NULL: the prompts are in no table */
};

/* Reads the document, from the source if there is one and else from the file, and expands it. */
static vqc_status study_read(struct vqc_study_owner *owner, vqc_study_reader *reader, const char *path,
                             vqc_error *error)
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
    vqc_status status = study_fill(reader, error);
    owner->table = reader->table;
    return status;
}

static vqc_status study_create(vqc_study_reader *reader, const char *path, vqc_study **study_out, vqc_error *error)
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
    vqc_study_reader reader = {.folder = path, .folder_size = slash == NULL ? 0 : (int)(slash - path) + 1};
    return study_create(&reader, path, study_out, error);
}

vqc_status vqc_study_read(const vqc_study_source *source, vqc_study **study_out, vqc_error *error)
{
    vqc_study_reader reader = {
        .folder = source->folder, .folder_size = (int)strlen(source->folder), .source = source};
    return study_create(&reader, source->name, study_out, error);
}

void vqc_study_close(vqc_study *study)
{
    struct vqc_study_owner *owner = (struct vqc_study_owner *)study;
    if (owner == NULL)
        return;
    free(owner->study.inputs);
    vqc_yaml_destroy(owner->yaml);
    vqc_yaml_destroy(owner->table);
    vqc_study_storage_destroy(owner->storage);
    free(owner);
}
