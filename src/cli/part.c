#include "cli/part.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DECIMAL = 10 };

/* Takes a whole number below 2^31 from the text's start; *end_out is what stands behind it. */
static bool number_take(const char *text, uint32_t *number_out, const char **end_out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    const unsigned long number = strtoul(text, &end, DECIMAL);
    if (errno != 0 || number > INT32_MAX)
        return false;
    *number_out = (uint32_t)number;
    *end_out = end;
    return true;
}

static vqc_status variable_read(const char *name, uint32_t *number_out, vqc_error *error)
{
    const char *end;
    const char *value = getenv(name);
    if (value != NULL && number_take(value, number_out, &end) && *end == '\0')
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "--part array: expected to be a task of a Slurm array (sbatch --array=1-N), where %s is a "
                         "number; found %s",
                         name, value == NULL ? "it not set" : value);
}

/* Numbers of an array that are not evenly spaced, or some of them sent again, would be other parts than before. */
static vqc_status array_read(vqc_part *part_out, vqc_error *error)
{
    uint32_t id;
    uint32_t count;
    uint32_t least;
    uint32_t greatest;
    uint32_t step;
    VQC_TRY(variable_read("SLURM_ARRAY_TASK_ID", &id, error));
    VQC_TRY(variable_read("SLURM_ARRAY_TASK_COUNT", &count, error));
    VQC_TRY(variable_read("SLURM_ARRAY_TASK_MIN", &least, error));
    VQC_TRY(variable_read("SLURM_ARRAY_TASK_MAX", &greatest, error));
    VQC_TRY(variable_read("SLURM_ARRAY_TASK_STEP", &step, error));
    if (step == 0 || count == 0 || least > id || id > greatest || (id - least) % step != 0 ||
        (greatest - least) % step != 0 || (greatest - least) / step + 1 != count)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "--part array: expected an array of evenly spaced numbers, found %u tasks from %u to %u "
                             "in steps of %u, this one %u; --part I/N says which part a task makes",
                             count, least, greatest, step, id);
    *part_out = (vqc_part){.number = (id - least) / step + 1, .count = count};
    return VQC_OK;
}

vqc_status vqc_part_parse(const char *text, vqc_part *part_out, vqc_error *error)
{
    const char *end;
    *part_out = (vqc_part){0};
    if (text == NULL)
        return VQC_OK;
    if (strcmp(text, "array") == 0)
        return array_read(part_out, error);
    if (number_take(text, &part_out->number, &end) && *end == '/' && number_take(end + 1, &part_out->count, &end) &&
        *end == '\0' && part_out->number >= 1 && part_out->number <= part_out->count)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "--part: expected I/N, part I of N from 1, or array; found %s", text);
}

vqc_status vqc_part_path(const char *folder, const char *study, vqc_part part, vqc_text *path, vqc_error *error)
{
    if (part.count == 0)
        return vqc_text_append(path, error, "%s/%s.h5", folder, study);
    return vqc_text_append(path, error, "%s/%s.part-%u-of-%u.h5", folder, study, part.number, part.count);
}

/* Whether the name is that of a part of the study; how many parts there are then. */
static bool is_part(const char *name, const char *study, uint32_t *count_out)
{
    static const char first_words[] = ".part-";
    static const char second_words[] = "-of-";
    uint32_t number;
    const size_t length = strlen(study);
    if (strncmp(name, study, length) != 0 || strncmp(name + length, first_words, sizeof first_words - 1) != 0)
        return false;
    if (!number_take(name + length + sizeof first_words - 1, &number, &name) ||
        strncmp(name, second_words, sizeof second_words - 1) != 0)
        return false;
    return number_take(name + sizeof second_words - 1, count_out, &name) && strcmp(name, ".h5") == 0;
}

vqc_status vqc_part_folder_check(const char *folder, const char *study, vqc_part part, vqc_error *error)
{
    vqc_status status = VQC_OK;
    if (part.count == 0)
        return VQC_OK;
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return vqc_error_set(error, VQC_FAILED, "%s: the folder cannot be read: %s", folder, strerror(errno));
    for (struct dirent *entry = readdir(stream); entry != NULL && status == VQC_OK; entry = readdir(stream)) {
        uint32_t count;
        if (is_part(entry->d_name, study, &count) && count != part.count)
            status = vqc_error_set(error, VQC_BAD_INPUT,
                                   "--part: %s/%s is one of %u parts, expected %u as of this launch; take another "
                                   "folder, or go on with --part I/%u",
                                   folder, entry->d_name, count, part.count, count);
    }
    (void)closedir(stream);
    return status;
}
