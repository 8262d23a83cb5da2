#include "record/study_archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "render/regulariser.h"
#include "schedule/checkpoint.h"
#include "schedule/parts.h"
#include "study/tables.h"
#include "text/tokenizer.h"
#include "weights/parts.h"

struct vqc_study_archive {
    vqc_archive_outline outline;
    vqc_archive_model models[1 + VQC_STUDY_MAX_PERCEPTORS];
    char digests[1 + VQC_STUDY_MAX_PERCEPTORS][VQC_DIGEST_TEXT_SIZE];
    char *configurations[1 + VQC_STUDY_MAX_PERCEPTORS];
    vqc_archive_input *inputs;
    char **input_texts; /* of each input: what it is, and its size */
    vqc_archive_extents *shapes;
    size_t shape_capacity;
    uint32_t *picture_terms; /* of each shape: the regularisers that look at the picture */
    size_t picture_terms_capacity;
    vqc_archive_render *renders;
    char **settings; /* of each render */
    const char **categories;
    char **loss_names; /* every name of every shape, to be freed */
    size_t loss_name_count, loss_name_capacity;
    char *versions;
    char *part; /* of a part: its name, and its renders */
    bool *held;
};

/* Appends the file's name and digest; a path that is NULL gives empty ones. Not its folder, since the same study may
 * be started from elsewhere. */
static vqc_status file_describe(vqc_text *text, const char *key, const char *path, vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE] = "";
    const char *name = path == NULL ? "" : path;
    const char *slash = strrchr(name, '/');
    if (path != NULL)
        VQC_TRY(vqc_digest_file(path, digest, error));
    return vqc_text_append(text, error, "%s: %s\n%s_sha256: %s\n", key, slash == NULL ? name : slash + 1, key,
                           digest);
}

/* The tokenizer's file, which may be given by its folder, and what beside it says more of it. */
static vqc_status vocabulary_describe(vqc_text *text, const char *vocabulary, vqc_error *error)
{
    char *file;
    if (vocabulary == NULL)
        return file_describe(text, "vocabulary", NULL, error);
    VQC_TRY(vqc_tokenizer_path(vocabulary, &file, error));
    vqc_status status = file_describe(text, "vocabulary", file, error);
    for (size_t i = 0; i < VQC_TOKENIZER_COMPANIONS && status == VQC_OK; i++) {
        char *path;
        status = vqc_tokenizer_companion_find(file, &vqc_tokenizer_companions[i], &path, error);
        if (status == VQC_OK && path != NULL)
            status = file_describe(text, vqc_tokenizer_companions[i].key, path, error);
        if (status == VQC_OK)
            free(path);
    }
    free(file);
    return status;
}

vqc_status vqc_perceptor_files_describe(vqc_text *text, const char *vocabulary, const vqc_clip *clip,
                                        vqc_error *error)
{
    VQC_TRY(vocabulary_describe(text, vocabulary, error));
    if (clip->config.config_path != NULL)
        VQC_TRY(file_describe(text, "config", clip->config.config_path, error));
    if (clip->config.preprocessor_path != NULL)
        VQC_TRY(file_describe(text, "preprocessor", clip->config.preprocessor_path, error));
    return VQC_OK;
}

static vqc_status perceptor_describe(vqc_text *text, const vqc_perceptor_source *source, const vqc_clip *clip,
                                     vqc_error *error)
{
    VQC_TRY(vqc_perceptor_files_describe(text, source->vocabulary, clip, error));
    if (source->cleaning != NULL) /* a line that no archive had before there was the key */
        VQC_TRY(vqc_text_append(text, error, "cleaning: %s\n", source->cleaning));
    if (source->crops > 0) /* nor this one */
        VQC_TRY(vqc_text_append(text, error, "crops: %lld\n", (long long)source->crops));
    VQC_TRY(vqc_text_append(text, error, "weight: "));
    VQC_TRY(vqc_field_write(vqc_schema_find(&vqc_perceptor_schema, "weight"), source, text, error));
    return vqc_text_append(text, error, "\nactivation: %s\nhead_width: %lld\n",
                           source->activation == NULL ? "" : source->activation, (long long)source->head_width);
}

/* The generator's model entry and the perceptors'. */
static vqc_status models_fill(vqc_study_archive *archive, const vqc_study *study, const vqc_renderer *renderer,
                              vqc_error *error)
{
    vqc_text text = {0};
    archive->models[0] = (vqc_archive_model){.role = "generator", .name = "", .path = study->generator.checkpoint};
    vqc_status status = file_describe(&text, "config", vqc_renderer_generator(renderer)->config_path, error);
    archive->configurations[0] = text.data;
    for (size_t i = 0; i < study->perceptor_count && status == VQC_OK; i++) {
        const vqc_perceptor_source *source = &study->perceptors[i];
        vqc_text about = {0};
        archive->models[1 + i] =
            (vqc_archive_model){.role = "perceptor", .name = source->name, .path = source->checkpoint};
        status = perceptor_describe(&about, source, vqc_renderer_clip(renderer, i), error);
        archive->configurations[1 + i] = about.data;
    }
    archive->outline.model_count = 1 + study->perceptor_count;
    for (size_t i = 0; i < archive->outline.model_count && status == VQC_OK; i++) {
        status = vqc_weights_digest(archive->models[i].path, archive->digests[i], error);
        archive->models[i].sha256 = archive->digests[i];
        archive->models[i].configuration = archive->configurations[i];
    }
    archive->outline.models = archive->models;
    return status;
}

static vqc_status input_fill(const vqc_input *input, char **texts, vqc_archive_input *input_out, vqc_error *error)
{
    vqc_text what = {0};
    vqc_text size = {0};
    vqc_status status = vqc_text_append(&what, error, "%s", vqc_input_rows[input->kind].what);
    if (status == VQC_OK && input->render != VQC_INPUT_FILE)
        status = vqc_text_append(&what, error, ": render %lld", (long long)input->render);
    texts[0] = what.data;
    VQC_TRY(status);
    status = vqc_text_append(&size, error, "%llu", (unsigned long long)input->size);
    texts[1] = size.data;
    *input_out =
        (vqc_archive_input){.what = texts[0], .path = input->name, .size = texts[1], .sha256 = input->sha256};
    return status;
}

/* The study's inputs, whose digests are known. */
static vqc_status inputs_fill(vqc_study_archive *archive, const vqc_study *study, vqc_error *error)
{
    const size_t count = study->input_count;
    VQC_TRY(vqc_memory_allocate(count, sizeof *archive->inputs, "inputs", &archive->inputs, error));
    VQC_TRY(vqc_memory_allocate(2 * count, sizeof(char *), "inputs", &archive->input_texts, error));
    archive->outline.inputs = archive->inputs;
    archive->outline.input_count = count;
    for (size_t i = 0; i < count; i++)
        VQC_TRY(input_fill(&study->inputs[i], archive->input_texts + 2 * i, &archive->inputs[i], error));
    return VQC_OK;
}

/* Adds one loss name, "NAME" or, of target number `target` from 1, "NAME: target 1", kept for the release. */
static vqc_status loss_name_add(vqc_study_archive *archive, const char *name, size_t target, vqc_error *error)
{
    vqc_text text = {0};
    VQC_TRY(vqc_memory_grow(&archive->loss_names, &archive->loss_name_capacity, archive->loss_name_count + 1,
                            sizeof(char *), "loss names", error));
    if (target == 0)
        VQC_TRY(vqc_text_append(&text, error, "%s", name));
    else
        VQC_TRY(vqc_text_append(&text, error, "%s: target %zu", name, target));
    archive->loss_names[archive->loss_name_count++] = text.data;
    return VQC_OK;
}

/* The names of a render's loss terms, in a new array. */
static vqc_status loss_names_make(vqc_study_archive *archive, const vqc_study *study, const vqc_prompt *prompt,
                                  uint32_t picture_terms, const char ***names_out, vqc_error *error)
{
    size_t first = archive->loss_name_count;
    for (size_t i = 0; i < study->perceptor_count; i++)
        for (size_t t = 0; t < prompt->target_count; t++)
            VQC_TRY(loss_name_add(archive, study->perceptors[i].name, t + 1, error));
    VQC_TRY(loss_name_add(archive, "L2", 0, error));
    for (int row = 0; row < VQC_PICTURE_REGULARISERS; row++)
        if ((picture_terms >> row & 1) != 0)
            VQC_TRY(loss_name_add(archive, vqc_picture_regulariser_name(row), 0, error));
    VQC_TRY(loss_name_add(archive, "total", 0, error));
    size_t count = archive->loss_name_count - first;
    VQC_TRY(vqc_memory_allocate(count, sizeof(char *), "loss names", names_out, error));
    for (size_t i = 0; i < count; i++)
        (*names_out)[i] = archive->loss_names[first + i];
    return VQC_OK;
}

/* Whether an archive's shape is the render's. */
static bool shape_is(const vqc_archive_extents *shape, const vqc_render_extents *render, int64_t snapshots)
{
    return shape->height == render->height && shape->width == render->width && shape->latent_rows == render->rows &&
           shape->latent_columns == render->columns && shape->latent_width == render->latent_width &&
           vqc_archive_code_count(shape) == (uint64_t)render->codes && shape->steps == render->steps &&
           shape->loss_count == render->terms && shape->snapshot_count == snapshots &&
           shape->checkpoint_bytes == vqc_checkpoint_size(render) && shape->relevance == render->relevance;
}

/* Finds the render's shape among those that there are, or adds it. */
static vqc_status shape_place(vqc_study_archive *archive, const vqc_study *study, const vqc_render *render,
                              const vqc_render_extents *shape, uint32_t *index_out, vqc_error *error)
{
    const int64_t snapshots = vqc_settings_snapshot_count(render->settings);
    for (size_t i = 0; i < archive->outline.shape_count; i++) {
        if (shape_is(&archive->shapes[i], shape, snapshots) && archive->picture_terms[i] == shape->picture_terms) {
            *index_out = (uint32_t)i;
            return VQC_OK;
        }
    }
    const char **names;
    VQC_TRY(vqc_memory_grow(&archive->shapes, &archive->shape_capacity, archive->outline.shape_count + 1,
                            sizeof(vqc_archive_extents), "shapes", error));
    VQC_TRY(vqc_memory_grow(&archive->picture_terms, &archive->picture_terms_capacity,
                            archive->outline.shape_count + 1, sizeof(uint32_t), "shapes", error));
    VQC_TRY(loss_names_make(archive, study, render->prompt, shape->picture_terms, &names, error));
    archive->picture_terms[archive->outline.shape_count] = shape->picture_terms;
    archive->shapes[archive->outline.shape_count] = (vqc_archive_extents){
        .height = (uint32_t)shape->height,
        .width = (uint32_t)shape->width,
        .latent_rows = (uint32_t)shape->rows,
        .latent_columns = (uint32_t)shape->columns,
        .latent_width = (uint32_t)shape->latent_width,
        .without_codes = shape->codes == 0,
        .steps = (uint32_t)shape->steps,
        .loss_count = (uint32_t)shape->terms,
        .loss_names = names,
        .snapshot_count = (uint32_t)snapshots,
        .checkpoint_bytes = vqc_checkpoint_size(shape),
        .relevance = shape->relevance,
    };
    *index_out = (uint32_t)archive->outline.shape_count++;
    return VQC_OK;
}

static vqc_status renders_fill(vqc_study_archive *archive, const vqc_study *study, const vqc_renderer *renderer,
                               vqc_error *error)
{
    archive->outline.render_count = study->render_count;
    VQC_TRY(vqc_memory_allocate(study->render_count, sizeof *archive->renders, "renders", &archive->renders, error));
    VQC_TRY(vqc_memory_allocate(study->render_count, sizeof(char *), "renders", &archive->settings, error));
    for (size_t i = 0; i < study->render_count; i++) {
        const vqc_render *render = &study->renders[i];
        vqc_render_extents shape;
        vqc_text id = {0};
        vqc_text settings = {0};
        uint32_t index;
        VQC_TRY(vqc_renderer_extents(renderer, render, &shape, error));
        VQC_TRY(shape_place(archive, study, render, &shape, &index, error));
        VQC_TRY(vqc_text_append(&settings, error, "render:\n"));
        archive->settings[i] = settings.data;
        vqc_status status = vqc_settings_write(render->settings, &settings, error);
        archive->settings[i] = settings.data;
        VQC_TRY(status);
        VQC_TRY(vqc_text_append(&id, error, "%s.%llu%s%s", render->prompt->id, (unsigned long long)render->seed,
                                render->variant[0] == '\0' ? "" : ".", render->variant));
        archive->renders[i] = (vqc_archive_render){.id = id.data,
                                                   .prompt = render->prompt->text,
                                                   .settings = archive->settings[i],
                                                   .seed = render->seed,
                                                   .shape = index};
    }
    archive->outline.renders = archive->renders;
    archive->outline.shapes = archive->shapes;
    return VQC_OK;
}

/* The categories of the renders' prompts, if any has one. */
static vqc_status categories_fill(vqc_study_archive *archive, const vqc_study *study, vqc_error *error)
{
    bool any = false;
    for (size_t i = 0; i < study->prompt_count; i++)
        any = any || study->prompts[i].category != NULL;
    if (!any)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(study->render_count, sizeof(char *), "categories", &archive->categories, error));
    for (size_t i = 0; i < study->render_count; i++) {
        const char *category = study->renders[i].prompt->category;
        archive->categories[i] = category == NULL ? "" : category;
    }
    archive->outline.categories = archive->categories;
    archive->outline.category_count = study->render_count;
    return VQC_OK;
}

vqc_status vqc_study_archive_create(const vqc_study *study, const vqc_renderer *renderer,
                                    const vqc_environment *environment, vqc_study_archive **archive_out,
                                    vqc_error *error)
{
    vqc_study_archive *archive;
    vqc_text versions = {0};
    VQC_TRY(vqc_memory_allocate(1, sizeof *archive, "an archive", &archive, error));
    archive->outline.study = study->name;
    archive->outline.job_text = study->text;
    archive->outline.job_sha256 = study->digest;
    archive->outline.table = study->table;
    archive->outline.build = vqc_environment_build();
    vqc_status status = vqc_environment_versions(environment, &versions, error);
    archive->versions = versions.data;
    archive->outline.versions = versions.data;
    if (status == VQC_OK)
        status = models_fill(archive, study, renderer, error);
    if (status == VQC_OK)
        status = inputs_fill(archive, study, error);
    if (status == VQC_OK)
        status = renders_fill(archive, study, renderer, error);
    if (status == VQC_OK)
        status = categories_fill(archive, study, error);
    if (status != VQC_OK) {
        vqc_study_archive_destroy(archive);
        return status;
    }
    *archive_out = archive;
    return VQC_OK;
}

vqc_status vqc_study_archive_part(vqc_study_archive *archive, const vqc_study *study, uint32_t number, uint32_t count,
                                  vqc_error *error)
{
    uint32_t *parts;
    vqc_text name = {0};
    VQC_TRY(vqc_memory_allocate(study->render_count, sizeof *parts, "the parts of renders", &parts, error));
    vqc_status status = vqc_parts_divide(study, count, parts, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate(study->render_count, sizeof *archive->held, "a part", &archive->held, error);
    for (size_t i = 0; status == VQC_OK && i < study->render_count; i++)
        archive->held[i] = parts[i] == number;
    free(parts);
    VQC_TRY(status);
    status = vqc_text_append(&name, error, "%u of %u", number, count);
    archive->part = name.data;
    archive->outline.part = archive->part;
    archive->outline.held = archive->held;
    return status;
}

void vqc_study_archive_destroy(vqc_study_archive *archive)
{
    if (archive == NULL)
        return;
    for (size_t i = 0; i < 1 + VQC_STUDY_MAX_PERCEPTORS; i++)
        free(archive->configurations[i]);
    for (size_t i = 0; i < archive->outline.shape_count; i++)
        free((void *)archive->shapes[i].loss_names);
    for (size_t i = 0; i < archive->loss_name_count; i++)
        free(archive->loss_names[i]);
    for (size_t i = 0; archive->renders != NULL && i < archive->outline.render_count; i++)
        free((void *)archive->renders[i].id);
    for (size_t i = 0; archive->settings != NULL && i < archive->outline.render_count; i++)
        free(archive->settings[i]);
    for (size_t i = 0; archive->input_texts != NULL && i < 2 * archive->outline.input_count; i++)
        free(archive->input_texts[i]);
    free(archive->input_texts);
    free(archive->inputs);
    free(archive->shapes);
    free(archive->picture_terms);
    free(archive->renders);
    free(archive->settings);
    free(archive->categories);
    free(archive->loss_names);
    free(archive->versions);
    free(archive->part);
    free(archive->held);
    free(archive);
}

const vqc_archive_outline *vqc_study_archive_outline(const vqc_study_archive *archive)
{
    return &archive->outline;
}
