#include "cli/launch_record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

/* A text that takes at most this many bytes finds room beside the others, even if each of them is escaped. */
enum { LONGEST_TEXT = 1024 };

static void text_add(json_t *launch, const char *key, const char *text)
{
    if (text != NULL && strlen(text) <= LONGEST_TEXT)
        json_object_set_new(launch, key, json_string(text));
}

/* When it began, ISO 8601, in UTC. */
static void time_add(json_t *launch)
{
    char text[32];
    struct tm parts;
    const time_t now = time(NULL);
    if (gmtime_r(&now, &parts) != NULL && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0)
        text_add(launch, "began", text);
}

/* JSON text that the caller frees; NULL without memory. */
static char *launch_describe(const vqc_archive_outline *outline, const vqc_comm *comm, const vqc_compute *compute,
                             const vqc_environment *environment, const char *job, int64_t team)
{
    json_t *launch = json_object();
    time_add(launch);
    json_object_set_new(launch, "ranks", json_integer(vqc_comm_size(comm)));
    json_object_set_new(launch, "team", team == 0 ? json_string("auto") : json_integer(team));
    text_add(launch, "part", outline->part);
    text_add(launch, "host", vqc_comm_host(comm));
    text_add(launch, "device", environment->field[VQC_ENVIRONMENT_DEVICE]);
    text_add(launch, "instruction_set", environment->field[VQC_ENVIRONMENT_INSTRUCTION_SET]);
    text_add(launch, "precision", environment->field[VQC_ENVIRONMENT_PRECISION]);
    json_object_set_new(launch, "threads", json_integer(vqc_ops_threads(compute->ops)));
    text_add(launch, "program", environment->field[VQC_ENVIRONMENT_PROGRAM]);
    text_add(launch, "library", environment->field[VQC_ENVIRONMENT_LIBRARY]);
    text_add(launch, "system", environment->field[VQC_ENVIRONMENT_SYSTEM]);
    text_add(launch, "build", vqc_environment_build());
    char *path = realpath(job, NULL);
    text_add(launch, "job", path);
    free(path);
    char *text = json_dumps(launch, JSON_COMPACT);
    json_decref(launch);
    return text;
}

vqc_status vqc_launch_record(vqc_archive *archive, const vqc_comm *comm, const vqc_compute *compute,
                             const vqc_environment *environment, const char *job, int64_t team, vqc_error *error)
{
    if (vqc_comm_rank(comm) != 0)
        return VQC_OK;
    char *text = launch_describe(vqc_archive_outline_of(archive), comm, compute, environment, job, team);
    if (text == NULL)
        return vqc_error_set(error, VQC_FAILED, "no memory for the launch's description");
    vqc_status status = vqc_archive_launch_append(archive, text, error);
    free(text);
    return status;
}

vqc_status vqc_launch_job_folder(const vqc_archive *archive, char **folder_out, vqc_error *error)
{
    char text[VQC_ARCHIVE_LAUNCH_SIZE];
    size_t count;
    VQC_TRY(vqc_archive_launch_count(archive, &count, error));
    if (count == 0)
        return vqc_memory_copy_text("", folder_out, error);
    VQC_TRY(vqc_archive_launch_read(archive, count - 1, text, error));
    json_t *launch = json_loads(text, 0, NULL);
    const char *job = json_string_value(json_object_get(launch, "job"));
    vqc_status status = vqc_memory_copy_text(job == NULL ? "" : job, folder_out, error);
    json_decref(launch);
    VQC_TRY(status);
    char *slash = strrchr(*folder_out, '/');
    *(slash == NULL ? *folder_out : slash + 1) = '\0';
    return VQC_OK;
}
