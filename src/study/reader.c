#include "study/reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* The path as it is opened; equal ones are one text. */
static vqc_status path_resolve(vqc_study_reader *reader, const char **path, vqc_error *error)
{
    vqc_text text = {0};
    vqc_status status =
        vqc_text_append(&text, error, "%.*s%s", (*path)[0] == '/' ? 0 : reader->folder_size, reader->folder, *path);
    if (status == VQC_OK)
        status =
            vqc_study_storage_share(reader->storage, text.data == NULL ? "" : text.data, text.size + 1, path, error);
    vqc_text_release(&text);
    return status;
}

vqc_status vqc_study_path_locate(vqc_study_reader *reader, const vqc_yaml_node *place, const char **path,
                                 vqc_error *error)
{
    if (*path == NULL)
        return VQC_OK;
    VQC_TRY(path_resolve(reader, path, error));
    if (reader->source == NULL && access(*path, R_OK) != 0)
        return vqc_yaml_error(place, error, "the file %s cannot be read: %s", *path, strerror(errno));
    return VQC_OK;
}

/* Adds a file to the study's inputs, unless it is the one that was added last. */
static vqc_status input_add(vqc_study_reader *reader, const vqc_input *input, vqc_error *error)
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

vqc_status vqc_study_inputs_locate(vqc_study_reader *reader, vqc_input_owner type, void *owner,
                                   const vqc_yaml_node *place, vqc_error *error)
{
    for (int i = 0; i < VQC_INPUT_COUNT; i++) {
        const vqc_input_kind kind = (vqc_input_kind)i;
        if (vqc_input_rows[kind].owner != type)
            continue;
        const char **path = vqc_input_path(kind, owner);
        vqc_input input = {.kind = kind, .name = *path, .render = vqc_input_render(kind, owner)};
        VQC_TRY(vqc_study_path_locate(reader, place, path, error));
        input.path = *path;
        if (input.path != NULL)
            VQC_TRY(input_add(reader, &input, error));
    }
    return VQC_OK;
}

/* Whether a prompt's text is a story. */
static bool is_story(const vqc_study_reader *reader, const vqc_yaml_node *prompt)
{
    static const char *const keys[] = {"story", "story.period", "story.fade"};
    const vqc_yaml_node *root = vqc_yaml_root(reader->yaml);
    const vqc_yaml_node *places[] = {vqc_yaml_find(root, "render"), vqc_yaml_find(root, "sweep"), prompt};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        for (size_t j = 0; places[i] != NULL && j < sizeof keys / sizeof keys[0]; j++)
            if (vqc_yaml_find(places[i], keys[j]) != NULL)
                return true;
    return false;
}

vqc_edition vqc_study_edition(const vqc_study_reader *reader)
{
    return reader->source == NULL || reader->source->edition == 0 ? VQC_EDITION_NOW : reader->source->edition;
}

const char *vqc_study_signs(const vqc_study_reader *reader, const vqc_yaml_node *prompt)
{
    if (is_story(reader, prompt))
        return ":|^";
    return vqc_study_edition(reader) == VQC_EDITION_FIRST ? ":" : ":|";
}
