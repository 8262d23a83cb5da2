#include "render/study_inputs.h"

#include <string.h>
#include <unistd.h>

#include "archive/archive.h"

/* The digest of a latent of another archive, which must be what the archive says it is. */
static vqc_status latent_digest(const vqc_archive *archive, vqc_input *input, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    vqc_archive_outcome outcome;
    vqc_archive_damage damage;
    if (input->render >= (int64_t)outline->render_count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a render from 0 to %zu, found %lld", input->path,
                             outline->render_count - 1, (long long)input->render);
    const size_t number = (size_t)input->render;
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[number].shape];
    VQC_TRY(vqc_archive_outcome_read(archive, number, &outcome, error));
    if (outcome.state != VQC_ARCHIVE_DONE)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: render %zu is not finished", input->path, number);
    VQC_TRY(vqc_archive_result_check(archive, number, &damage, error));
    if (damage != VQC_ARCHIVE_DAMAGE_NONE && damage != VQC_ARCHIVE_DAMAGE_SNAPSHOT)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: render %zu: %s does not have the recorded SHA-256",
                             input->path, number, vqc_archive_damage_word(damage));
    memcpy(input->sha256, outcome.latent_sha256, sizeof input->sha256);
    input->size = (uint64_t)shape->latent_rows * shape->latent_columns * shape->latent_width * sizeof(float);
    return VQC_OK;
}

static vqc_status archive_digest(vqc_input *input, vqc_error *error)
{
    vqc_archive *archive;
    VQC_TRY(vqc_archive_open(input->path, &archive, error));
    vqc_status status = latent_digest(archive, input, error);
    vqc_archive_close(archive);
    return status;
}

vqc_status vqc_study_input_digest(const vqc_input *input, vqc_input *found_out, vqc_error *error)
{
    *found_out = *input;
    if (input->render != VQC_INPUT_FILE)
        return archive_digest(found_out, error);
    return vqc_digest_file_sized(input->path, found_out->sha256, &found_out->size, error);
}

/* A table that the prompts were read from must still be the file. */
static vqc_status table_check(const vqc_study *study, const vqc_input *found, vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    if (found->kind != VQC_INPUT_PROMPTS || study->table == NULL)
        return VQC_OK;
    VQC_TRY(vqc_digest_bytes(study->table, strlen(study->table), digest, error));
    if (strcmp(digest, found->sha256) == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "the file %s (prompts) is another now than when it was read",
                         found->path);
}

vqc_status vqc_study_inputs_digest(vqc_study *study, vqc_error *error)
{
    for (size_t i = 0; i < study->input_count; i++) {
        vqc_input *input = &study->inputs[i];
        vqc_input found;
        vqc_status status = vqc_study_input_digest(input, &found, error);
        if (status == VQC_OK) {
            *input = found;
            VQC_TRY(table_check(study, &found, error));
        } else if (input->render == VQC_INPUT_FILE) {
            return status;
        }
    }
    return VQC_OK;
}

vqc_status vqc_study_input_check(const vqc_input *input, vqc_error *error)
{
    vqc_input found;
    const char *what = vqc_input_rows[input->kind].what;
    if (access(input->path, F_OK) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "the file %s (%s) is no longer there", input->path, what);
    if (input->sha256[0] == '\0')
        return VQC_OK;
    VQC_TRY(vqc_study_input_digest(input, &found, error));
    if (strcmp(input->sha256, found.sha256) == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "the file %s (%s) is another now: expected SHA-256 %.12s..., found %.12s...", input->path,
                         what, input->sha256, found.sha256);
}

/* Checks the study's input that an owner names. */
static vqc_status named_check(const vqc_study *study, vqc_input_kind kind, const char *path, int64_t render,
                              vqc_error *error)
{
    for (size_t i = 0; i < study->input_count; i++) {
        const vqc_input *input = &study->inputs[i];
        if (input->kind == kind && input->render == render && strcmp(input->path, path) == 0)
            return vqc_study_input_check(input, error);
    }
    return vqc_error_set(error, VQC_FAILED, "the file %s (%s) is not among the study's", path,
                         vqc_input_rows[kind].what);
}

static vqc_status owner_check(const vqc_study *study, vqc_input_owner type, const void *owner, vqc_error *error)
{
    for (int i = 0; i < VQC_INPUT_COUNT; i++) {
        const vqc_input_kind kind = (vqc_input_kind)i;
        const char *path;
        if (vqc_input_rows[kind].owner != type)
            continue;
        memcpy(&path, (const char *)owner + vqc_input_rows[kind].offset, sizeof path);
        if (path != NULL)
            VQC_TRY(named_check(study, kind, path, vqc_input_render(kind, owner), error));
    }
    return VQC_OK;
}

vqc_status vqc_prompt_inputs_check(const vqc_study *study, const vqc_prompt *prompt, vqc_error *error)
{
    for (size_t i = 0; i < prompt->target_count; i++)
        VQC_TRY(owner_check(study, VQC_INPUT_OF_TARGET, &prompt->targets[i], error));
    return VQC_OK;
}

vqc_status vqc_render_inputs_check(const vqc_study *study, const vqc_render *render, vqc_error *error)
{
    return owner_check(study, VQC_INPUT_OF_SETTINGS, render->settings, error);
}
