#include "record/archived_study.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "record/environment.h"
#include "text/tokenizer.h"
#include "weights/parts.h"

struct vqc_archived_study {
    const vqc_archive *archive;
    vqc_edition edition;    /* of its texts */
    vqc_study *whole;       /* as the job text expands */
    vqc_study study;        /* a view of it, with lists of its own once renders are chosen */
    vqc_prompt *prompts;    /* the chosen renders' */
    vqc_render *renders;    /* chosen */
    vqc_settings *settings; /* theirs, one each */
};

/* ---- Reading the job text ---- */

/* Prompts that came from a file of lines are numbered, and their renders are called "NUMBER.SEED...": the texts of
 * the prompts, each once. */
static vqc_status lines_collect(const vqc_archive_outline *outline, const char ***lines_out, size_t *count_out,
                                vqc_error *error)
{
    size_t last_length = 0;
    const char *last = "";
    size_t count = 0;
    const char **lines;
    VQC_TRY(vqc_memory_allocate(outline->render_count, sizeof *lines, "prompts", &lines, error));
    for (size_t i = 0; i < outline->render_count; i++) {
        const char *id = outline->renders[i].id;
        size_t length = strcspn(id, ".");
        if (length != last_length || memcmp(id, last, length) != 0)
            lines[count++] = outline->renders[i].prompt;
        last = id;
        last_length = length;
    }
    *lines_out = lines;
    *count_out = count;
    return VQC_OK;
}

/* A table of prompts must be the file that the archive records. */
static vqc_status table_check(const vqc_archive *archive, const vqc_study *study, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    char digest[VQC_DIGEST_TEXT_SIZE];
    if ((outline->table != NULL) != (study->table != NULL))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: dataset /study/prompts: the job text names no table of prompts",
                             vqc_archive_path(archive));
    if (outline->table == NULL)
        return VQC_OK;
    VQC_TRY(vqc_digest_bytes(outline->table, strlen(outline->table), digest, error));
    for (size_t i = 0; i < outline->input_count; i++)
        if (strcmp(outline->inputs[i].what, vqc_input_rows[VQC_INPUT_PROMPTS].what) == 0 &&
            strcmp(outline->inputs[i].sha256, digest) == 0)
            return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: dataset /study/prompts: not the table of prompts whose SHA-256 the archive records",
                         vqc_archive_path(archive));
}

/* The categories must be those of the prompts. */
static vqc_status category_check(const vqc_archive *archive, const vqc_render *render, size_t number,
                                 vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const char *given = render->prompt->category == NULL ? "" : render->prompt->category;
    const char *found = outline->category_count == 0 ? "" : outline->categories[number];
    if (strcmp(given, found) == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: dataset /renders/category: render %zu: expected \"%s\", as the job text has it, found "
                         "\"%s\"",
                         vqc_archive_path(archive), number, given, found);
}

/* The archive keeps as many losses and snapshots of the render as its settings say. */
static vqc_status extents_check(const vqc_archive *archive, const vqc_render *render, size_t number, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[number].shape];
    const int64_t snapshots = vqc_settings_snapshot_count(render->settings);
    if (shape->steps == render->settings->steps && shape->snapshot_count == snapshots)
        return VQC_OK;
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "%s: render %zu: expected %lld steps and %lld snapshots, as the job text has it, found %u and %u",
        vqc_archive_path(archive), number, (long long)render->settings->steps, (long long)snapshots, shape->steps,
        shape->snapshot_count);
}

/* Whether the renders that the job text gives are those of the archive. */
static vqc_status renders_compare(const vqc_archive *archive, const vqc_study *study, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    if (study->render_count != outline->render_count || study->perceptor_count + 1 != outline->model_count)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: its job text gives %zu renders with %zu models, expected %zu with %zu",
                             vqc_archive_path(archive), study->render_count, study->perceptor_count + 1,
                             outline->render_count, outline->model_count);
    for (size_t i = 0; i < outline->render_count; i++) {
        const char *id = study->renders[i].prompt->id;
        if (study->renders[i].seed != outline->renders[i].seed ||
            strncmp(outline->renders[i].id, id, strlen(id)) != 0)
            return vqc_error_set(
                error, VQC_BAD_INPUT, "%s: its job text gives prompt %s with seed %llu as render %zu, expected %s",
                vqc_archive_path(archive), id, (unsigned long long)study->renders[i].seed, i, outline->renders[i].id);
        if (strcmp(study->renders[i].prompt->text, outline->renders[i].prompt) != 0)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s: dataset /renders/prompt: render %zu: expected \"%s\", as the job text has it, "
                                 "found \"%s\"",
                                 vqc_archive_path(archive), i, study->renders[i].prompt->text,
                                 outline->renders[i].prompt);
        VQC_TRY(category_check(archive, &study->renders[i], i, error));
        VQC_TRY(extents_check(archive, &study->renders[i], i, error));
    }
    return VQC_OK;
}

/* The digests that the study's inputs must have: those that the archive records. */
static vqc_status inputs_expect(const vqc_archive *archive, vqc_study *study, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    if (outline->input_count == 0)
        return VQC_OK;
    if (outline->input_count != study->input_count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: its job text names %zu input files, it records %zu",
                             vqc_archive_path(archive), study->input_count, outline->input_count);
    for (size_t i = 0; i < study->input_count; i++) {
        vqc_input *input = &study->inputs[i];
        if (strcmp(input->name, outline->inputs[i].path) != 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: its job text names the input file %s, it records %s",
                                 vqc_archive_path(archive), input->name, outline->inputs[i].path);
        (void)snprintf(input->sha256, sizeof input->sha256, "%s", outline->inputs[i].sha256);
    }
    return VQC_OK;
}

/* The edition of its texts; one that is not known is refused. */
static vqc_status edition_read(vqc_archived_study *study, vqc_error *error)
{
    int64_t edition = vqc_environment_edition(vqc_archive_outline_of(study->archive)->versions);
    if (edition < VQC_EDITION_FIRST || edition > VQC_EDITION_NOW)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "%s: dataset /study/versions: expected edition %d to %d of job files, found %lld; a later "
            "version of vqclip reads it",
            vqc_archive_path(study->archive), VQC_EDITION_FIRST, VQC_EDITION_NOW, (long long)edition);
    study->edition = (vqc_edition)edition;
    return VQC_OK;
}

static vqc_status whole_read(vqc_archived_study *study, const char *folder, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(study->archive);
    vqc_study_source source = {.name = vqc_archive_path(study->archive),
                               .text = outline->job_text,
                               .size = strlen(outline->job_text),
                               .folder = folder,
                               .table = outline->table,
                               .edition = study->edition};
    const char **lines;
    VQC_TRY(lines_collect(outline, &lines, &source.line_count, error));
    source.lines = lines;
    vqc_status status = vqc_study_read(&source, &study->whole, error);
    free(lines);
    VQC_TRY(status);
    VQC_TRY(table_check(study->archive, study->whole, error));
    VQC_TRY(renders_compare(study->archive, study->whole, error));
    return inputs_expect(study->archive, study->whole, error);
}

vqc_status vqc_archived_study_open(const vqc_archive *archive, const char *folder, vqc_archived_study **study_out,
                                   vqc_error *error)
{
    vqc_archived_study *study;
    VQC_TRY(vqc_memory_allocate(1, sizeof *study, "a study", &study, error));
    study->archive = archive;
    vqc_status status = edition_read(study, error);
    if (status == VQC_OK)
        status = whole_read(study, folder, error);
    if (status != VQC_OK) {
        vqc_archived_study_close(study);
        return status;
    }
    study->study = *study->whole;
    *study_out = study;
    return VQC_OK;
}

void vqc_archived_study_close(vqc_archived_study *study)
{
    if (study == NULL)
        return;
    vqc_study_close(study->whole);
    free(study->prompts);
    free(study->renders);
    free(study->settings);
    free(study);
}

const vqc_study *vqc_archived_study_of(const vqc_archived_study *study)
{
    return &study->study;
}

/* ---- Looking for the models' files ---- */

/* The value of a line "KEY: VALUE" of a model's configuration, in new memory; "" where there is none. */
static vqc_status value_find(const char *configuration, const char *key, char **value_out, vqc_error *error)
{
    size_t size = strlen(key);
    vqc_text value = {0};
    for (const char *line = configuration; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (length > size + 2 && strncmp(line, key, size) == 0 && line[size] == ':') {
            VQC_TRY(vqc_text_append(&value, error, "%.*s", (int)(length - size - 2), line + size + 2));
            break;
        }
        line += length;
        line += *line == '\n';
    }
    if (value.data == NULL)
        return vqc_memory_copy_text("", value_out, error);
    *value_out = value.data;
    return VQC_OK;
}

/* Takes the file if it is there and the right one. */
static vqc_status candidate_try(vqc_model_file *file, const char *path, vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    if (file->path != NULL || access(path, R_OK) != 0)
        return VQC_OK;
    if (file->sha256[0] != '\0') {
        VQC_TRY(vqc_weights_digest(path, digest, error));
        if (strcmp(digest, file->sha256) != 0)
            return file->other == NULL ? vqc_memory_copy_text(path, &file->other, error) : VQC_OK;
    }
    free(file->other);
    file->other = NULL;
    return vqc_memory_copy_text(path, &file->path, error);
}

/* `recorded` is another path to try, NULL for none. */
static vqc_status file_find(vqc_model_file *file, const char *recorded, const char *models, vqc_error *error)
{
    VQC_TRY(candidate_try(file, file->wanted, error));
    if (recorded != NULL)
        VQC_TRY(candidate_try(file, recorded, error));
    if (models == NULL)
        return VQC_OK;
    vqc_text path = {0};
    const char *slash = strrchr(file->wanted, '/');
    vqc_status status = vqc_text_append(&path, error, "%s/%s", models, slash == NULL ? file->wanted : slash + 1);
    if (status == VQC_OK)
        status = candidate_try(file, path.data, error);
    vqc_text_release(&path);
    return status;
}

/* Adds a file beside a model's checkpoint, whose digest is in the model's configuration. */
static vqc_status part_find(const vqc_archived_study *study, size_t model, const char *part, const char *wanted,
                            const char *models, vqc_model_files *files, vqc_error *error)
{
    const char *configuration = vqc_archive_outline_of(study->archive)->models[model].configuration;
    vqc_model_file *file = &files->items[files->count++];
    vqc_text key = {0};
    *file = (vqc_model_file){.model = model, .part = part};
    VQC_TRY(vqc_memory_copy_text(wanted, &file->wanted, error));
    vqc_status status = vqc_text_append(&key, error, "%s_sha256", part);
    if (status == VQC_OK)
        status = value_find(configuration, key.data, &file->sha256, error);
    vqc_text_release(&key);
    VQC_TRY(status);
    return file_find(file, NULL, models, error);
}

static vqc_status checkpoint_find(const vqc_archived_study *study, size_t model, const char *wanted,
                                  const char *models, vqc_model_files *files, vqc_error *error)
{
    const vqc_archive_model *recorded = &vqc_archive_outline_of(study->archive)->models[model];
    vqc_model_file *file = &files->items[files->count++];
    *file = (vqc_model_file){.model = model, .part = "checkpoint"};
    VQC_TRY(vqc_memory_copy_text(wanted, &file->wanted, error));
    VQC_TRY(vqc_memory_copy_text(recorded->sha256, &file->sha256, error));
    return file_find(file, recorded->path, models, error);
}

/* Adds a file that the program reads from the folder of a checkpoint, if the archive has it. Only there
 * it counts. */
static vqc_status beside_find(const vqc_archived_study *study, size_t model, const char *part,
                              const vqc_model_file *checkpoint, vqc_model_files *files, vqc_error *error)
{
    const char *configuration = vqc_archive_outline_of(study->archive)->models[model].configuration;
    vqc_weights_parts parts;
    char *name;
    vqc_text wanted = {0};
    VQC_TRY(vqc_weights_parts_find(checkpoint->path == NULL ? checkpoint->wanted : checkpoint->path, &parts, error));
    const char *slash = strrchr(parts.path, '/');
    vqc_status status = value_find(configuration, part, &name, error);
    if (status == VQC_OK && name[0] != '\0')
        status = vqc_text_append(&wanted, error, "%.*s%s", slash == NULL ? 0 : (int)(slash - parts.path) + 1,
                                 parts.path, name);
    if (status == VQC_OK)
        free(name);
    vqc_weights_parts_release(&parts);
    if (status == VQC_OK && wanted.data != NULL)
        status = part_find(study, model, part, wanted.data, NULL, files, error);
    vqc_text_release(&wanted);
    return status;
}

/* Adds the file of a perceptor's tokenizer: where the job file gives its folder, the one in it that was read. */
static vqc_status vocabulary_find(const vqc_archived_study *study, size_t model, const char *vocabulary,
                                  const char *models, vqc_model_files *files, vqc_error *error)
{
    const char *configuration = vqc_archive_outline_of(study->archive)->models[model].configuration;
    const char *slash = strrchr(vocabulary, '/');
    char *name;
    vqc_text wanted = {0};
    VQC_TRY(value_find(configuration, "vocabulary", &name, error));
    bool is_file = name[0] == '\0' || strcmp(slash == NULL ? vocabulary : slash + 1, name) == 0;
    vqc_status status =
        vqc_text_append(&wanted, error, "%s%s%s", vocabulary, is_file ? "" : "/", is_file ? "" : name);
    free(name);
    if (status == VQC_OK)
        status = part_find(study, model, "vocabulary", wanted.data, models, files, error);
    vqc_text_release(&wanted);
    return status;
}

/* Adds what beside the tokenizer's file says more of it, if the archive has it. Only there it counts. */
static vqc_status companions_find(const vqc_archived_study *study, size_t model, const vqc_model_file *vocabulary,
                                  vqc_model_files *files, vqc_error *error)
{
    const char *configuration = vqc_archive_outline_of(study->archive)->models[model].configuration;
    const char *file = vocabulary->path == NULL ? vocabulary->wanted : vocabulary->path;
    const char *slash = strrchr(file, '/');
    int folder = slash == NULL ? 0 : (int)(slash - file) + 1;
    for (size_t i = 0; i < VQC_TOKENIZER_COMPANIONS; i++) {
        const char *key = vqc_tokenizer_companions[i].key;
        char *name;
        vqc_text wanted = {0};
        VQC_TRY(value_find(configuration, key, &name, error));
        vqc_status status = VQC_OK;
        if (name[0] != '\0')
            status = vqc_text_append(&wanted, error, "%.*s%s", folder, file, name);
        free(name);
        if (status == VQC_OK && wanted.data != NULL)
            status = part_find(study, model, key, wanted.data, NULL, files, error);
        vqc_text_release(&wanted);
        VQC_TRY(status);
    }
    return VQC_OK;
}

vqc_status vqc_model_files_find(const vqc_archived_study *study, const char *models, vqc_model_files *files,
                                vqc_error *error)
{
    const vqc_study *whole = study->whole;
    files->count = 0;
    VQC_TRY(checkpoint_find(study, 0, whole->generator.checkpoint, models, files, error));
    if (whole->generator.config == NULL)
        VQC_TRY(beside_find(study, 0, "config", &files->items[0], files, error));
    else
        VQC_TRY(part_find(study, 0, "config", whole->generator.config, models, files, error));
    for (size_t i = 0; i < whole->perceptor_count; i++) {
        const vqc_perceptor_source *source = &whole->perceptors[i];
        const vqc_model_file *checkpoint = &files->items[files->count];
        VQC_TRY(checkpoint_find(study, i + 1, source->checkpoint, models, files, error));
        VQC_TRY(beside_find(study, i + 1, "config", checkpoint, files, error));
        VQC_TRY(beside_find(study, i + 1, "preprocessor", checkpoint, files, error));
        if (source->vocabulary == NULL)
            continue;
        const vqc_model_file *vocabulary = &files->items[files->count];
        VQC_TRY(vocabulary_find(study, i + 1, source->vocabulary, models, files, error));
        VQC_TRY(companions_find(study, i + 1, vocabulary, files, error));
    }
    return VQC_OK;
}

void vqc_model_files_release(vqc_model_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].wanted);
        free(files->items[i].sha256);
        free(files->items[i].path);
        free(files->items[i].other);
    }
    files->count = 0;
}

/* ---- Choosing renders ---- */

/* Gives the models the files that were found. */
static vqc_status models_set(vqc_study *study, const vqc_model_files *files, vqc_error *error)
{
    for (size_t i = 0; i < files->count; i++) {
        const vqc_model_file *file = &files->items[i];
        bool checkpoint = strcmp(file->part, "checkpoint") == 0;
        bool vocabulary = strcmp(file->part, "vocabulary") == 0;
        if (file->path == NULL)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s: a file with SHA-256 %.12s... is needed%s%s; --models DIR names a folder to "
                                 "look in",
                                 file->wanted, file->sha256, file->other == NULL ? "" : ", which is not that of ",
                                 file->other == NULL ? "" : file->other);
        if (file->model == 0)
            *(checkpoint ? &study->generator.checkpoint : &study->generator.config) = file->path;
        else if (checkpoint)
            study->perceptors[file->model - 1].checkpoint = file->path;
        else if (vocabulary)
            study->perceptors[file->model - 1].vocabulary = file->path;
    }
    return VQC_OK;
}

/* The settings that the archive resolved, but for init and mask, whose paths the job text gives: those are the
 * render's own. *same_out: whether init and mask are otherwise the same. */
static vqc_status settings_read(const char *name, const char *text, const vqc_settings *own, vqc_settings *resolved,
                                bool *same_out, vqc_error *error)
{
    vqc_yaml *yaml;
    const vqc_yaml_node *mapping;
    VQC_TRY(vqc_yaml_parse(name, text, strlen(text), &yaml, error));
    vqc_settings_default_of(own->edition, resolved);
    vqc_status status = vqc_yaml_require(vqc_yaml_root(yaml), "render", &mapping, error);
    if (status == VQC_OK)
        status = vqc_settings_apply(resolved, mapping, NULL, error);
    *same_out = vqc_init_is_like(&resolved->init, &own->init) && vqc_mask_is_like(&resolved->mask, &own->mask);
    vqc_yaml_destroy(yaml);
    resolved->init = own->init;
    resolved->mask = own->mask;
    return status;
}

static vqc_status settings_compare(const vqc_archived_study *study, size_t number, bool *same_out, vqc_error *error)
{
    const char *text = vqc_archive_outline_of(study->archive)->renders[number].settings;
    const vqc_settings *own = study->whole->renders[number].settings;
    vqc_settings resolved;
    vqc_text recorded = {0};
    vqc_text given = {0};
    VQC_TRY(settings_read(vqc_archive_path(study->archive), text, own, &resolved, same_out, error));
    vqc_status status = vqc_settings_write(&resolved, &recorded, error);
    if (status == VQC_OK)
        status = vqc_settings_write(own, &given, error);
    *same_out = *same_out && status == VQC_OK && strcmp(recorded.data, given.data) == 0;
    vqc_text_release(&recorded);
    vqc_text_release(&given);
    return status;
}

vqc_status vqc_archived_study_settings_check(const vqc_archived_study *study, vqc_error *error)
{
    for (size_t i = 0; i < study->whole->render_count; i++) {
        bool same;
        VQC_TRY(settings_compare(study, i, &same, error));
        if (!same)
            return vqc_error_set(
                error, VQC_BAD_INPUT,
                "%s: dataset /renders/settings: render %zu: not the settings that the job text gives",
                vqc_archive_path(study->archive), i);
    }
    return VQC_OK;
}

/* Copies the render, with the settings that the archive resolved, and, if it is not the one that was copied last, its
 * prompt. */
static vqc_status render_take(vqc_archived_study *study, size_t number, const vqc_prompt **last, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(study->archive);
    const vqc_render *render = &study->whole->renders[number];
    vqc_study *chosen = &study->study;
    vqc_render *copy = &study->renders[chosen->render_count];
    vqc_settings *resolved = &study->settings[chosen->render_count];
    bool same;
    if (*last != render->prompt)
        study->prompts[chosen->prompt_count++] = *render->prompt;
    *copy = *render;
    copy->prompt = &study->prompts[chosen->prompt_count - 1];
    copy->settings = resolved;
    *last = render->prompt;
    chosen->render_count++;
    return settings_read(vqc_archive_path(study->archive), outline->renders[number].settings, render->settings,
                         resolved, &same, error);
}

vqc_status vqc_archived_study_choose(vqc_archived_study *study, const vqc_model_files *files, const size_t *renders,
                                     size_t count, vqc_error *error)
{
    vqc_study *chosen = &study->study;
    VQC_TRY(models_set(chosen, files, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof *study->prompts, "prompts", &study->prompts, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof *study->renders, "renders", &study->renders, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof *study->settings, "renders", &study->settings, error));
    chosen->prompts = study->prompts;
    chosen->prompt_count = 0;
    chosen->renders = study->renders;
    chosen->render_count = 0;
    const vqc_prompt *last = NULL; /* that was copied */
    for (size_t i = 0; i < count; i++)
        VQC_TRY(render_take(study, renders[i], &last, error));
    return VQC_OK;
}
