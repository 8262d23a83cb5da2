/* The program that the kill tests kill.
 *
 *   archive_writer write FOLDER RENDERS   writes FOLDER/study.h5 on as many ranks as it is launched on, going on
 * where the archive stands; every row is acknowledged in FOLDER/acknowledged after the function that wrote it has
 * returned. Says in FOLDER/processes who runs.
 *   archive_writer extend FOLDER RENDERS COUNT   extends that archive by further renders, behind the others.
 *   archive_writer check FOLDER RENDERS   checks everything in the archive
 * against what it must be, and that nothing acknowledged is missing. Prints one line; exit code 0 good, 1 not, and 3
 *                                         good with every render done.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "example.h"
#include "torn_write.h"

typedef struct writer {
    vqc_comm *comm;
    vqc_archive *archive;
    int acknowledged; /* descriptor */
} writer;

static int folder_open(const char *folder, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
}

/* One call, so that a line is never torn nor mixed with another rank's. */
static void line_write(int descriptor, const char *what, long a, long b)
{
    char line[80];
    const int length = snprintf(line, sizeof line, "%s %ld %ld\n", what, a, b);
    if (write(descriptor, line, (size_t)length) != length)
        abort();
}

static vqc_status steps_write(const writer *w, size_t render, uint32_t first, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(w->archive);
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[render].shape];
    for (uint32_t step = first; step <= shape->steps && shape->checkpoint_bytes > 0; step++) {
        void *bytes = example_part_make(outline, render, EXAMPLE_CHECKPOINT + (int)step);
        vqc_status status = vqc_archive_checkpoint_write(w->archive, render, step, EXAMPLE_ENVIRONMENT, bytes, error);
        free(bytes);
        VQC_TRY(status);
        line_write(w->acknowledged, "checkpoint", (long)render, (long)step);
        if (step > shape->snapshot_count)
            continue;
        bytes = example_part_make(outline, render, EXAMPLE_SNAPSHOT + (int)step - 1);
        status = vqc_archive_snapshot_write(w->archive, render, step - 1, bytes, error);
        free(bytes);
        VQC_TRY(status);
    }
    return VQC_OK;
}

static vqc_status render_write(const writer *w, size_t render, vqc_error *error)
{
    vqc_archive_state state;
    int64_t step = -1;
    VQC_TRY(vqc_archive_state_read(w->archive, render, &state, error));
    if (state == VQC_ARCHIVE_DONE)
        return VQC_OK;
    if (!example_checkpoint_is_right(w->archive, render, &step))
        return vqc_error_set(error, VQC_FAILED, "render %zu has a wrong checkpoint", render);
    VQC_TRY(steps_write(w, render, step < 0 ? 1 : (uint32_t)step + 1, error));
    VQC_TRY(example_result_write(w->archive, render, error));
    line_write(w->acknowledged, "done", (long)render, 0);
    return VQC_OK;
}

static vqc_status renders_write(const writer *w, vqc_error *error)
{
    vqc_comm_numbers *counter;
    VQC_TRY(vqc_comm_numbers_create(w->comm, 1, &counter, error));
    for (;;) {
        int64_t render;
        VQC_TRY(vqc_comm_numbers_add(counter, 0, 1, &render, error));
        if ((size_t)render >= vqc_archive_outline_of(w->archive)->render_count)
            break;
        VQC_TRY(render_write(w, (size_t)render, error));
    }
    vqc_comm_numbers_destroy(counter);
    return VQC_OK;
}

static vqc_status study_write(vqc_comm *comm, const char *folder, const vqc_archive_outline *outline, long torn,
                              vqc_error *error)
{
    char path[4096];
    bool created;
    writer w = {.comm = comm, .acknowledged = folder_open(folder, "acknowledged")};
    (void)snprintf(path, sizeof path, "%s/study.h5", folder);
    VQC_TRY(vqc_archive_start(comm, path, outline, VQC_ARCHIVE_LOCKED, &w.archive, &created, error));
    torn_write_arm(torn);
    if (vqc_comm_rank(comm) == 0)
        VQC_TRY(vqc_archive_launch_append(w.archive, "{}", error));
    VQC_TRY(renders_write(&w, error));
    vqc_archive_close(w.archive);
    (void)close(w.acknowledged);
    return VQC_OK;
}

typedef struct figures {
    size_t done, wrong, lost;                                /* renders */
    size_t checkpoints, checkpoints_wrong, checkpoints_lost; /* of renders that are not done */
} figures;

static void snapshots_check(const vqc_archive *archive, size_t render, figures *found)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    vqc_error error = {0};
    for (uint32_t i = 0; i < outline->shapes[outline->renders[render].shape].snapshot_count; i++) {
        bool present;
        void *picture = malloc(example_bytes(outline, render, EXAMPLE_PICTURE));
        if (vqc_archive_snapshot_read(archive, render, i, picture, &present, &error) != VQC_OK ||
            (present && !example_part_equals(outline, render, EXAMPLE_SNAPSHOT + (int)i, picture)))
            found->wrong++;
        free(picture);
    }
}

/* Compares a render with what was acknowledged of it: its result, and its newest checkpoint's step or -1. */
static void render_check(const vqc_archive *archive, size_t render, bool done, int64_t acknowledged, figures *found)
{
    vqc_error error = {0};
    vqc_archive_state state;
    int64_t step;
    snapshots_check(archive, render, found);
    if (vqc_archive_state_read(archive, render, &state, &error) != VQC_OK) {
        found->wrong++;
        return;
    }
    if (state == VQC_ARCHIVE_DONE) {
        found->done++;
        found->wrong += !example_result_is_right(archive, render);
        return;
    }
    found->lost += done;
    found->checkpoints_wrong += !example_checkpoint_is_right(archive, render, &step);
    found->checkpoints += step >= 0;
    found->checkpoints_lost += step < acknowledged;
}

static void acknowledged_read(const char *folder, size_t renders, bool *done, int64_t *steps)
{
    char path[4096];
    char what[32];
    long render;
    long step;
    for (size_t i = 0; i < renders; i++)
        steps[i] = -1;
    (void)snprintf(path, sizeof path, "%s/acknowledged", folder);
    FILE *file = fopen(path, "r");
    while (file && fscanf(file, "%31s %ld %ld", what, &render, &step) == 3 && (size_t)render < renders) {
        if (strcmp(what, "done") == 0)
            done[render] = true;
        else
            steps[render] = step > steps[render] ? step : steps[render];
    }
    if (file)
        (void)fclose(file);
}

static int study_check(const char *folder, const vqc_archive_outline *outline)
{
    char path[4096];
    figures found = {0};
    vqc_error error = {0};
    vqc_archive *archive = NULL;
    struct stat information;
    bool *done = calloc(outline->render_count, sizeof *done);
    int64_t *steps = calloc(outline->render_count, sizeof *steps);
    acknowledged_read(folder, outline->render_count, done, steps);
    (void)snprintf(path, sizeof path, "%s/study.h5", folder);
    const bool absent = stat(path, &information) != 0;
    const bool unreadable = !absent && vqc_archive_open(path, &archive, &error) != VQC_OK;
    if (unreadable)
        (void)printf("%s\n", error.message);
    for (size_t i = 0; i < outline->render_count; i++)
        if (archive)
            render_check(archive, i, done[i], steps[i], &found);
        else
            found.lost += done[i];
    vqc_archive_close(archive);
    free(done);
    free(steps);
    (void)printf(
        "unreadable %d wrong %zu lost %zu checkpoints_wrong %zu checkpoints_lost %zu done %zu under_way %zu\n",
        unreadable, found.wrong, found.lost, found.checkpoints_wrong, found.checkpoints_lost, found.done,
        found.checkpoints);
    if (unreadable || found.wrong + found.lost + found.checkpoints_wrong + found.checkpoints_lost > 0)
        return 1;
    return found.done == outline->render_count ? 3 : 0;
}

static int study_write_all(int *argc, char ***argv, const char *folder, const vqc_archive_outline *outline, long torn)
{
    vqc_comm *comm;
    vqc_error error = {0};
    const int processes = folder_open(folder, "processes");
    line_write(processes, "", (long)getpid(), 0);
    (void)close(processes);
    if (vqc_comm_start(argc, argv, &comm, &error) != VQC_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    vqc_status status = study_write(comm, folder, outline, torn, &error);
    if (status != VQC_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        vqc_comm_abort(comm, (int)status);
        return (int)status;
    }
    vqc_comm_stop(comm);
    return 0;
}

/* The archive of the study becomes that of a longer one, or is that already. */
static int study_extend(const char *folder, const vqc_archive_outline *outline, long torn)
{
    enum { MORE = 4 };
    const vqc_archive_job jobs[] = {
        {.text = outline->job_text,
         .sha256 = outline->job_sha256,
         .table = "",
         .versions = "{}",
         .renders = "",
         .added = ""},
        {.text = "", .sha256 = "", .table = "", .versions = "{}", .renders = "", .added = "2026"},
    };
    char path[4096];
    size_t damaged;
    vqc_error error = {0};
    example_study longer;
    example_study_init(&longer, outline->render_count + MORE);
    longer.outline.jobs = jobs;
    longer.outline.job_count = sizeof jobs / sizeof jobs[0];
    longer.outline.job_sha256 = "00000000000000000000000000000000000000000000000000000000000000ac";
    size_t *numbers = calloc(outline->render_count, sizeof *numbers);
    for (size_t i = 0; i < outline->render_count; i++)
        numbers[i] = i;
    (void)snprintf(path, sizeof path, "%s/study.h5", folder);
    torn_write_arm(torn);
    const vqc_status status =
        vqc_archive_extend(path, outline, &longer.outline, numbers, VQC_ARCHIVE_LOCKED, &damaged, &error);
    if (status != VQC_OK)
        (void)fprintf(stderr, "%s\n", error.message);
    free(numbers);
    example_study_release(&longer);
    return (int)status;
}

int main(int argc, char **argv)
{
    const bool extend = argc == 5 && strcmp(argv[1], "extend") == 0;
    const bool write = argc >= 4 && argc <= 5 && strcmp(argv[1], "write") == 0;
    if (!extend && !write && (argc != 4 || strcmp(argv[1], "check") != 0)) {
        (void)fprintf(stderr, "usage: archive_writer write|check FOLDER RENDERS [COUNT]\n");
        return 2;
    }
    const long torn = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
    example_study study;
    example_study_init(&study, strtoul(argv[3], NULL, 10));
    const int code = extend  ? study_extend(argv[2], &study.outline, torn)
                     : write ? study_write_all(&argc, &argv, argv[2], &study.outline, torn)
                             : study_check(argv[2], &study.outline);
    example_study_release(&study);
    return code;
}
