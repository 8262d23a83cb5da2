#include "cli/report_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "cli/report_settings.h"

static const char *const state_names[] = {"pending", "done", "failed"};

static vqc_status no_memory(vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "out of memory for a report's data");
}

/* A text as it is, and with \xNN for bytes that are not UTF-8, which a damaged row may have; NULL without memory. */
static json_t *text_to_json(const char *text)
{
    const size_t size = strlen(text);
    char *shown;
    size_t shown_size;
    if (vqc_utf8_is_valid(text, size))
        return json_stringn(text, size);
    FILE *stream = open_memstream(&shown, &shown_size);
    if (stream == NULL)
        return NULL;
    vqc_print(stream, "%s", text);
    json_t *value = fclose(stream) == 0 ? json_stringn(shown, shown_size) : NULL;
    free(shown);
    return value;
}

/* Sets a key; a value of NULL, which memory was lacking for, fails. */
static vqc_status value_set(json_t *object, const char *key, json_t *value, vqc_error *error)
{
    return json_object_set_new(object, key, value) == 0 ? VQC_OK : no_memory(error);
}

static vqc_status text_set(json_t *object, const char *key, const char *text, vqc_error *error)
{
    return value_set(object, key, text_to_json(text), error);
}

/* Appends a new object to a new or old list; it belongs to the list. */
static vqc_status object_append(json_t *list, json_t **object_out, vqc_error *error)
{
    *object_out = json_object();
    return json_array_append_new(list, *object_out) == 0 ? VQC_OK : no_memory(error);
}

/* Puts a new list under the key; it belongs to the object. */
static vqc_status list_set(json_t *object, const char *key, json_t **list_out, vqc_error *error)
{
    *list_out = json_array();
    return value_set(object, key, *list_out, error);
}

/* The file's name alone: folders are of the machine, and say who worked there. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* --- The study --- */

static vqc_status models_set(json_t *data, const vqc_archive_outline *outline, vqc_error *error)
{
    json_t *models, *model;
    VQC_TRY(list_set(data, "models", &models, error));
    for (size_t i = 0; i < outline->model_count; i++) {
        const vqc_archive_model *row = &outline->models[i];
        VQC_TRY(object_append(models, &model, error));
        VQC_TRY(text_set(model, "role", row->role, error));
        VQC_TRY(text_set(model, "name", row->name, error));
        VQC_TRY(text_set(model, "file", name_of(row->path), error));
        VQC_TRY(text_set(model, "sha256", row->sha256, error));
        VQC_TRY(text_set(model, "configuration", row->configuration, error));
    }
    return VQC_OK;
}

static vqc_status inputs_set(json_t *data, const vqc_archive_outline *outline, vqc_error *error)
{
    json_t *inputs, *input;
    VQC_TRY(list_set(data, "inputs", &inputs, error));
    for (size_t i = 0; i < outline->input_count; i++) {
        const vqc_archive_input *row = &outline->inputs[i];
        VQC_TRY(object_append(inputs, &input, error));
        VQC_TRY(text_set(input, "what", row->what, error));
        VQC_TRY(text_set(input, "file", name_of(row->path), error));
        VQC_TRY(text_set(input, "sha256", row->sha256, error));
    }
    return VQC_OK;
}

static vqc_status shapes_set(json_t *data, const vqc_archive_outline *outline, vqc_error *error)
{
    json_t *shapes, *shape, *names;
    VQC_TRY(list_set(data, "shapes", &shapes, error));
    for (size_t i = 0; i < outline->shape_count; i++) {
        const vqc_archive_extents *row = &outline->shapes[i];
        VQC_TRY(object_append(shapes, &shape, error));
        VQC_TRY(value_set(shape, "height", json_integer(row->height), error));
        VQC_TRY(value_set(shape, "width", json_integer(row->width), error));
        VQC_TRY(value_set(shape, "steps", json_integer(row->steps), error));
        VQC_TRY(value_set(shape, "snapshots", json_integer(row->snapshot_count), error));
        VQC_TRY(list_set(shape, "losses", &names, error));
        for (uint32_t j = 0; j < row->loss_count; j++)
            if (json_array_append_new(names, text_to_json(row->loss_names[j])) != 0)
                return no_memory(error);
    }
    return VQC_OK;
}

/* A launch without the folder of its job file; null where it is no JSON. */
static json_t *launch_to_json(const char *text)
{
    json_t *launch = json_loads(text, 0, NULL);
    const char *job = json_string_value(json_object_get(launch, "job"));
    if (job != NULL)
        json_object_set_new(launch, "job", text_to_json(name_of(job)));
    return launch == NULL ? json_null() : launch;
}

static vqc_status launches_set(json_t *data, const vqc_archive *archive, vqc_error *error)
{
    char text[VQC_ARCHIVE_LAUNCH_SIZE];
    json_t *launches;
    size_t count;
    VQC_TRY(list_set(data, "launches", &launches, error));
    VQC_TRY(vqc_archive_launch_count(archive, &count, error));
    for (size_t i = 0; i < count; i++) {
        VQC_TRY(vqc_archive_launch_read(archive, i, text, error));
        if (json_array_append_new(launches, launch_to_json(text)) != 0)
            return no_memory(error);
    }
    return VQC_OK;
}

static vqc_status study_set(json_t *data, const vqc_report_archive *source, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(source->archive);
    VQC_TRY(text_set(data, "file", name_of(source->path), error));
    VQC_TRY(text_set(data, "study", outline->study, error));
    VQC_TRY(text_set(data, "job_text", outline->job_text, error));
    VQC_TRY(text_set(data, "job_sha256", outline->job_sha256, error));
    VQC_TRY(text_set(data, "versions", outline->versions, error));
    VQC_TRY(text_set(data, "build", outline->build, error));
    VQC_TRY(value_set(data, "record_digests", json_boolean(vqc_archive_has_record_digests(source->archive)), error));
    VQC_TRY(models_set(data, outline, error));
    VQC_TRY(inputs_set(data, outline, error));
    VQC_TRY(shapes_set(data, outline, error));
    return launches_set(data, source->archive, error);
}

/* --- The renders --- */

/* Where the lists of an archive's data are filled. */
typedef struct render_lists {
    json_t *settings; /* each settings' text and values */
    json_t *numbers;  /* of each such text, its place in that list */
    json_t *renders;
} render_lists;

/* Most renders have the same settings as others. */
static vqc_status settings_find(const vqc_report_archive *source, size_t number, const render_lists *lists,
                                json_int_t *place_out, vqc_error *error)
{
    const char *text = vqc_archive_outline_of(source->archive)->renders[number].settings;
    const json_t *known = json_object_get(lists->numbers, text);
    json_t *values, *object;
    char name[64];
    *place_out = known == NULL ? (json_int_t)json_array_size(lists->settings) : json_integer_value(known);
    if (known != NULL)
        return VQC_OK;
    (void)snprintf(name, sizeof name, "render %zu's settings", number);
    if (vqc_report_settings_read(name, text, &values, error) != VQC_OK)
        return vqc_error_prefix(error, "%s", source->path);
    vqc_status status = object_append(lists->settings, &object, error);
    if (status != VQC_OK) {
        json_decref(values);
        return status;
    }
    VQC_TRY(value_set(object, "values", values, error));
    VQC_TRY(text_set(object, "text", text, error));
    return value_set(lists->numbers, text, json_integer(*place_out), error);
}

/* The last step's total loss; null where it is no number. */
static vqc_status loss_set(json_t *object, const vqc_archive *archive, size_t number, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[number].shape];
    const size_t count = (size_t)shape->steps * shape->loss_count;
    float *losses;
    VQC_TRY(vqc_memory_allocate(count, sizeof *losses, "losses", &losses, error));
    vqc_status status = vqc_archive_losses_read(archive, number, losses, error);
    if (status == VQC_OK) {
        json_t *loss = count == 0 ? NULL : json_real((double)losses[count - 1]);
        status = value_set(object, "loss", loss == NULL ? json_null() : loss, error);
    }
    free(losses);
    return status;
}

/* What the record of a render that is done says. */
static vqc_status record_set(json_t *object, const vqc_archive *archive, size_t number,
                             const vqc_archive_outcome *outcome, vqc_error *error)
{
    VQC_TRY(loss_set(object, archive, number, error));
    json_t *seconds = json_real(outcome->seconds);
    VQC_TRY(value_set(object, "seconds", seconds == NULL ? json_null() : seconds, error));
    VQC_TRY(text_set(object, "device", outcome->device, error));
    return text_set(object, "host", outcome->host, error);
}

/* What a render that is done has besides; a record without its digest is not believed. */
static vqc_status result_set(json_t *object, const vqc_archive *archive, size_t number,
                             const vqc_archive_outcome *outcome, size_t *damaged, vqc_error *error)
{
    vqc_archive_damage damage;
    bool intact = true;
    VQC_TRY(vqc_archive_result_check(archive, number, &damage, error));
    *damaged += damage != VQC_ARCHIVE_DAMAGE_NONE;
    if (damage != VQC_ARCHIVE_DAMAGE_NONE) {
        VQC_TRY(text_set(object, "damaged", vqc_archive_damage_word(damage), error));
        VQC_TRY(vqc_archive_record_check(archive, number, &intact, error));
    }
    if (intact)
        VQC_TRY(record_set(object, archive, number, outcome, error));
    VQC_TRY(text_set(object, "picture_sha256", outcome->picture_sha256, error));
    return text_set(object, "latent_sha256", outcome->latent_sha256, error);
}

static vqc_status render_append(vqc_report_archive *source, size_t number, const render_lists *lists, size_t *damaged,
                                vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(source->archive);
    const vqc_archive_render *render = &outline->renders[number];
    vqc_archive_outcome outcome;
    json_int_t settings;
    json_t *object;
    char seed[32];
    (void)snprintf(seed, sizeof seed, "%" PRIu64, render->seed);
    VQC_TRY(vqc_archive_outcome_read(source->archive, number, &outcome, error));
    VQC_TRY(settings_find(source, number, lists, &settings, error));
    VQC_TRY(object_append(lists->renders, &object, error));
    VQC_TRY(text_set(object, "id", render->id, error));
    VQC_TRY(text_set(object, "prompt", render->prompt, error));
    if (outline->category_count > 0)
        VQC_TRY(text_set(object, "category", outline->categories[number], error));
    VQC_TRY(text_set(object, "seed", seed, error));
    VQC_TRY(value_set(object, "settings", json_integer(settings), error));
    VQC_TRY(value_set(object, "shape", json_integer(render->shape), error));
    VQC_TRY(text_set(object, "state", state_names[outcome.state], error));
    if (outcome.state == VQC_ARCHIVE_FAILED)
        return text_set(object, "reason", outcome.reason, error);
    source->done[number] = outcome.state == VQC_ARCHIVE_DONE;
    return source->done[number] ? result_set(object, source->archive, number, &outcome, damaged, error) : VQC_OK;
}

static vqc_status renders_set(json_t *data, vqc_report_archive *source, size_t *damaged, vqc_error *error)
{
    render_lists lists = {.numbers = json_object()};
    if (lists.numbers == NULL)
        return no_memory(error);
    vqc_status status = list_set(data, "settings", &lists.settings, error);
    if (status == VQC_OK)
        status = list_set(data, "renders", &lists.renders, error);
    for (size_t i = 0; i < vqc_archive_outline_of(source->archive)->render_count && status == VQC_OK; i++)
        status = render_append(source, i, &lists, damaged, error);
    json_decref(lists.numbers);
    return status;
}

vqc_status vqc_report_data_make(vqc_report_archive *archive, size_t *damaged, json_t **data_out, vqc_error *error)
{
    json_t *data = json_object();
    if (data == NULL)
        return no_memory(error);
    vqc_status status = study_set(data, archive, error);
    if (status == VQC_OK)
        status = renders_set(data, archive, damaged, error);
    if (status == VQC_OK)
        *data_out = data;
    else
        json_decref(data);
    return status;
}

/* --- Into the page --- */

/* JSON of ASCII has <, > and & in texts alone. */
static int piece_write(const char *text, size_t size, void *context)
{
    FILE *stream = context;
    for (size_t i = 0; i < size; i++)
        if (strchr("<>&", text[i]) != NULL && text[i] != '\0')
            (void)fprintf(stream, "\\u%04x", (unsigned char)text[i]);
        else
            (void)putc(text[i], stream);
    return ferror(stream) == 0 ? 0 : -1;
}

vqc_status vqc_report_data_write(FILE *stream, const json_t *value, vqc_error *error)
{
    if (json_dump_callback(value, piece_write, stream, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9)) !=
        0)
        return vqc_error_set(error, VQC_FAILED, "a report's data cannot be written");
    return VQC_OK;
}
