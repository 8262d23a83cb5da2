#include "cli/shipped_jobs.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/yaml.h"

static const char suffix[] = ".yaml";
enum { SUFFIX_LENGTH = sizeof suffix - 1 };

/* Where the jobs may be, from the program's own folder: as they were to be installed, and in the folder of a build.
 */
static const char *const places[] = {VQC_INSTALLED_JOBS, "../share/vqclip/jobs"};

/* The shipped jobs' folder and, once they are listed, their names, sorted. */
typedef struct shipped_jobs {
    char *folder; /* without links; NULL: not there */
    char **names;
    size_t count, capacity;
} shipped_jobs;

static void jobs_release(shipped_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++)
        free(jobs->names[i]);
    free(jobs->names);
    free(jobs->folder);
}

/* The length of the path of the program's folder; 0 where the system does not say where the program is. */
static int program_folder(char path[PATH_MAX])
{
    const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0)
        return 0;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (int)(slash - path);
}

/* Something that can be read as a file: a pipe too. */
static bool is_file(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && !S_ISDIR(found.st_mode);
}

/* Whether the word is a path: to a file, to a link that leads nowhere, or to what cannot be looked at. */
static bool is_path(const char *word)
{
    struct stat found;
    if (stat(word, &found) == 0)
        return !S_ISDIR(found.st_mode);
    return lstat(word, &found) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/* Finds the folder, by the quickstart that is in it. */
static vqc_status folder_find(shipped_jobs *jobs, vqc_error *error)
{
    char program[PATH_MAX];
    const int length = program_folder(program);
    for (size_t i = 0; length > 0 && jobs->folder == NULL && i < sizeof places / sizeof places[0]; i++) {
        vqc_text path = {0};
        vqc_status status = vqc_text_append(&path, error, "%.*s/%s/quickstart%s", length, program, places[i], suffix);
        if (status == VQC_OK && is_file(path.data)) {
            *strrchr(path.data, '/') = '\0';
            jobs->folder = realpath(path.data, NULL);
        }
        vqc_text_release(&path);
        VQC_TRY(status);
    }
    return VQC_OK;
}

static bool has_suffix(const char *name)
{
    const size_t length = strlen(name);
    return length > SUFFIX_LENGTH && strcmp(name + length - SUFFIX_LENGTH, suffix) == 0;
}

static vqc_status name_add(shipped_jobs *jobs, const char *path, vqc_error *error)
{
    const char *name = path + strlen(jobs->folder) + 1;
    VQC_TRY(vqc_memory_grow(&jobs->names, &jobs->capacity, jobs->count + 1, sizeof *jobs->names, "the shipped jobs",
                            error));
    jobs->names[jobs->count] = strndup(name, strlen(name) - SUFFIX_LENGTH);
    if (jobs->names[jobs->count] == NULL)
        return vqc_error_set(error, VQC_FAILED, "out of memory: the shipped jobs");
    jobs->count += 1;
    return VQC_OK;
}

static int entries_compare(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int names_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lists the job files; the folder "models" has configurations of models, which are none. */
static vqc_status names_list(shipped_jobs *jobs, vqc_error *error)
{
    char *const roots[] = {jobs->folder, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, entries_compare);
    if (walk == NULL)
        return vqc_error_set(error, VQC_FAILED, "%s: %s", jobs->folder, strerror(errno));
    vqc_status status = VQC_OK;
    for (FTSENT *entry = fts_read(walk); status == VQC_OK && entry != NULL; entry = fts_read(walk)) {
        if (entry->fts_info == FTS_D && entry->fts_level == 1 && strcmp(entry->fts_name, "models") == 0)
            (void)fts_set(walk, entry, FTS_SKIP);
        else if (entry->fts_info == FTS_F && has_suffix(entry->fts_name))
            status = name_add(jobs, entry->fts_path, error);
    }
    (void)fts_close(walk);
    if (status == VQC_OK)
        qsort(jobs->names, jobs->count, sizeof *jobs->names, names_compare);
    return status;
}

static vqc_status jobs_open(shipped_jobs *jobs, vqc_error *error)
{
    VQC_TRY(folder_find(jobs, error));
    return jobs->folder == NULL ? VQC_OK : names_list(jobs, error);
}

static bool is_shipped(const shipped_jobs *jobs, const char *job)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (strcmp(jobs->names[i], job) == 0)
            return true;
    return false;
}

/* The name is no shipped job's; `own` is the path of a file that is called so but for its ending, if there is one. */
static vqc_status unknown_refuse(const shipped_jobs *jobs, const char *job, const char *own, vqc_error *error)
{
    if (is_path(own))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: no such file; there is %s", job, own);
    if (jobs->count == 0)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "%s: no such file; the jobs that come with the program are not at %s, from its own folder", job,
            places[0]);
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: no such file, and no job that comes with the program; of those the nearest is %s "
                         "(vqclip help jobs lists them)",
                         job, vqc_yaml_nearest((const char *const *)jobs->names, jobs->count, job));
}

/* A file of one's own that is called as the shipped job may be a changed copy of it: which one is meant has to be
 * said. */
static vqc_status study_locate(const shipped_jobs *jobs, const char *job, const char *own, vqc_text *path_out,
                               vqc_error *error)
{
    if (!is_shipped(jobs, job))
        return unknown_refuse(jobs, job, own, error);
    VQC_TRY(vqc_text_append(path_out, error, "%s/%s%s", jobs->folder, job, suffix));
    if (is_path(own) && !is_same_file(own, path_out->data))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: the job that comes with the program, or the file %s? Give the path of the one that "
                             "is meant; the job's is %s",
                             job, own, path_out->data);
    return VQC_OK;
}

/* Opens the study of a word that is no path. */
static vqc_status named_study_open(const char *job, vqc_study **study_out, vqc_error *error)
{
    shipped_jobs jobs = {0};
    vqc_text own = {0}, path = {0};
    vqc_status status = vqc_text_append(&own, error, "%s%s", job, suffix);
    if (status == VQC_OK)
        status = jobs_open(&jobs, error);
    if (status == VQC_OK)
        status = study_locate(&jobs, job, own.data, &path, error);
    if (status == VQC_OK)
        status = vqc_study_open(path.data, study_out, error);
    vqc_text_release(&path);
    vqc_text_release(&own);
    jobs_release(&jobs);
    return status;
}

vqc_status vqc_shipped_study_open(const char *job, vqc_study **study_out, vqc_error *error)
{
    return has_suffix(job) || is_path(job) ? vqc_study_open(job, study_out, error)
                                           : named_study_open(job, study_out, error);
}

/* Prints the first sentence of the comment that a job file begins with. */
static void sentence_print(FILE *file, FILE *stream)
{
    char line[256];
    while (fgets(line, sizeof line, file) != NULL && strncmp(line, "# ", 2) == 0) {
        const char *text = line + 1; /* with the blank between */
        const char *end = strstr(text, ". ");
        const size_t length = end == NULL ? strcspn(text, "\n") : (size_t)(end - text) + 1;
        (void)fprintf(stream, "%.*s", (int)length, text);
        if (end != NULL || text[length - 1] == '.')
            break;
    }
}

static void summary_print(const shipped_jobs *jobs, const char *name, FILE *stream)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s%s", jobs->folder, name, suffix);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    sentence_print(file, stream);
    (void)fclose(file);
}

vqc_status vqc_shipped_jobs_print(FILE *stream, bool names_only, vqc_error *error)
{
    shipped_jobs jobs = {0};
    vqc_status status = jobs_open(&jobs, error);
    if (status == VQC_OK && jobs.count == 0)
        status = vqc_error_set(error, VQC_FAILED,
                               "the jobs that come with the program are not at %s, from its own folder", places[0]);
    for (size_t i = 0; status == VQC_OK && i < jobs.count; i++) {
        (void)fprintf(stream, names_only ? "%s" : "%-24s", jobs.names[i]);
        if (!names_only)
            summary_print(&jobs, jobs.names[i], stream);
        (void)fprintf(stream, "\n");
    }
    jobs_release(&jobs);
    return status;
}
