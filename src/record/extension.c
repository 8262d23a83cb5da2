#include "record/extension.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "record/archived_study.h"
#include "study/extension.h"

/* ---- Whether the archive may become the study's ---- */

static bool is_prompts(const vqc_archive_input *input)
{
    return strcmp(input->what, vqc_input_rows[VQC_INPUT_PROMPTS].what) == 0;
}

/* The file that the archive records must be what it was, wherever it is used. */
static vqc_status input_check(const vqc_archive_input *was, const vqc_archive_outline *outline, vqc_error *error)
{
    for (size_t i = 0; i < outline->input_count; i++) {
        const vqc_archive_input *is = &outline->inputs[i];
        if (strcmp(was->what, is->what) != 0 || strcmp(was->path, is->path) != 0 || was->sha256[0] == '\0' ||
            strcmp(was->sha256, is->sha256) == 0)
            continue;
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s (%s) is not the file that the archive was made with: expected SHA-256 %.12s..., "
                             "found %.12s...",
                             is->path, is->what, was->sha256, is->sha256);
    }
    return VQC_OK;
}

static vqc_status inputs_check(const vqc_archive_outline *was, const vqc_archive_outline *is, vqc_error *error)
{
    for (size_t i = 0; i < was->input_count; i++)
        if (!is_prompts(&was->inputs[i]))
            VQC_TRY(input_check(&was->inputs[i], is, error));
    return VQC_OK;
}

/* The study's comparison has said that there are as many. */
static vqc_status models_check(const vqc_archive_outline *was, const vqc_archive_outline *is, vqc_error *error)
{
    for (size_t i = 0; i < is->model_count; i++) {
        const vqc_archive_model *before = &was->models[i];
        const vqc_archive_model *now = &is->models[i];
        if (strcmp(before->sha256, now->sha256) != 0)
            return vqc_error_set(
                error, VQC_BAD_INPUT,
                "the checkpoint of the %s %s is not the file that the archive was made with: expected "
                "SHA-256 %.12s..., found %.12s...",
                now->role, now->name, before->sha256, now->sha256);
        if (strcmp(before->configuration, now->configuration) != 0)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "the configuration of the %s %s is not what it was when the archive was made",
                                 now->role, now->name);
    }
    return VQC_OK;
}

/* The folder of the job file, whose end has a slash. */
static vqc_status folder_of(const vqc_study *study, char **folder_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_copy_text(study->path, folder_out, error));
    char *slash = strrchr(*folder_out, '/');
    *(slash == NULL ? *folder_out : slash + 1) = '\0';
    return VQC_OK;
}

static vqc_status studies_compare(const vqc_archived_study *archived, const vqc_study *study, size_t *numbers,
                                  vqc_error *error)
{
    VQC_TRY(vqc_archived_study_settings_check(archived, error));
    return vqc_study_extends(vqc_archived_study_of(archived), study, numbers, error);
}

/* numbers: what each of the archive's renders is in the study. */
static vqc_status extension_check(const vqc_archive *archive, const vqc_study *study,
                                  const vqc_archive_outline *outline, size_t *numbers, vqc_error *error)
{
    char *folder;
    vqc_archived_study *archived;
    VQC_TRY(folder_of(study, &folder, error));
    vqc_status status = vqc_archived_study_open(archive, folder, &archived, error);
    free(folder);
    VQC_TRY(status);
    status = studies_compare(archived, study, numbers, error);
    vqc_archived_study_close(archived);
    if (status == VQC_OK)
        status = models_check(vqc_archive_outline_of(archive), outline, error);
    if (status == VQC_OK)
        status = inputs_check(vqc_archive_outline_of(archive), outline, error);
    if (status == VQC_OK)
        return VQC_OK;
    return vqc_error_prefix(error, "%s cannot be extended to %s", vqc_archive_path(archive), study->path);
}

/* ---- What it becomes ---- */

enum { NUMBER_SIZE = 24, TIME_SIZE = 24 };

/* The outline with the job files that led to it. */
typedef struct extended_outline {
    vqc_archive_outline outline;
    vqc_archive_job *jobs;
    char before[NUMBER_SIZE], now[NUMBER_SIZE], added[TIME_SIZE];
} extended_outline;

static vqc_archive_job job_of(const vqc_archive_outline *outline, const char *renders, const char *added)
{
    return (vqc_archive_job){.text = outline->job_text,
                             .sha256 = outline->job_sha256,
                             .table = outline->table == NULL ? "" : outline->table,
                             .versions = outline->versions,
                             .renders = renders,
                             .added = added};
}

static vqc_status outline_extend(const vqc_archive_outline *was, const vqc_archive_outline *is,
                                 extended_outline *extended, vqc_error *error)
{
    const time_t now = time(NULL);
    struct tm parts;
    size_t count = was->job_count;
    if (gmtime_r(&now, &parts) == NULL ||
        strftime(extended->added, sizeof extended->added, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return vqc_error_set(error, VQC_FAILED, "the system's clock has no date");
    (void)snprintf(extended->before, sizeof extended->before, "%zu", was->render_count);
    (void)snprintf(extended->now, sizeof extended->now, "%zu", is->render_count);
    VQC_TRY(vqc_memory_allocate(count + 2, sizeof *extended->jobs, "the job files", &extended->jobs, error));
    for (size_t i = 0; i < count; i++)
        extended->jobs[i] = was->jobs[i];
    if (count == 0)
        extended->jobs[count++] = job_of(was, extended->before, "");
    extended->jobs[count++] = job_of(is, extended->now, extended->added);
    extended->outline = *is;
    extended->outline.jobs = extended->jobs;
    extended->outline.job_count = count;
    extended->outline.sources = was->sources;
    extended->outline.source_count = was->source_count;
    extended->outline.launch_capacity = was->launch_capacity;
    return VQC_OK;
}

/* Whether the archive is the study's already: of the same job file, and the same file of prompts. */
static bool is_studys(const vqc_archive_outline *was, const vqc_archive_outline *is)
{
    if (strcmp(was->job_sha256, is->job_sha256) != 0)
        return false;
    for (size_t i = 0; i < was->input_count; i++)
        for (size_t j = 0; j < is->input_count; j++)
            if (is_prompts(&was->inputs[i]) && is_prompts(&is->inputs[j]))
                return strcmp(was->inputs[i].sha256, is->inputs[j].sha256) == 0;
    return true;
}

static vqc_status archive_extend(const vqc_archive *archive, const vqc_study *study,
                                 const vqc_archive_outline *outline, vqc_archive_locking locking, size_t *numbers,
                                 vqc_extension *extension, vqc_error *error)
{
    const vqc_archive_outline *was = vqc_archive_outline_of(archive);
    extended_outline extended = {0};
    VQC_TRY(extension_check(archive, study, outline, numbers, error));
    vqc_status status = outline_extend(was, outline, &extended, error);
    if (status == VQC_OK)
        status = vqc_archive_extend(vqc_archive_path(archive), was, &extended.outline, numbers, locking,
                                    &extension->damaged, error);
    free(extended.jobs);
    extension->extended = status == VQC_OK;
    extension->before = was->render_count;
    for (size_t i = 0; i < was->render_count; i++)
        extension->renumbered += numbers[i] != i;
    return status;
}

vqc_status vqc_study_archive_extend(const char *path, const vqc_study *study, const vqc_archive_outline *outline,
                                    vqc_archive_locking locking, vqc_extension *extension_out, vqc_error *error)
{
    vqc_archive *archive;
    size_t *numbers;
    *extension_out = (vqc_extension){0};
    if (access(path, F_OK) != 0)
        return VQC_OK;
    VQC_TRY(vqc_archive_open(path, &archive, error));
    const vqc_archive_outline *was = vqc_archive_outline_of(archive);
    vqc_status status = VQC_OK;
    if (!is_studys(was, outline)) {
        status = vqc_memory_allocate(was->render_count, sizeof *numbers, "renders", &numbers, error);
        if (status == VQC_OK) {
            status = archive_extend(archive, study, outline, locking, numbers, extension_out, error);
            free(numbers);
        }
    }
    vqc_archive_close(archive);
    return status;
}
