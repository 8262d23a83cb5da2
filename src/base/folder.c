#include "base/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

static vqc_status one_make(const char *path, vqc_error *error)
{
    struct stat there;
    if (mkdir(path, 0777) == 0)
        return VQC_OK;
    if (errno != EEXIST)
        return vqc_error_set(error, VQC_FAILED, "%s: the folder cannot be made: %s", path, strerror(errno));
    if (stat(path, &there) != 0 || !S_ISDIR(there.st_mode))
        return vqc_error_set(error, VQC_FAILED, "%s: expected a folder, found something else of that name", path);
    return VQC_OK;
}

/* Every folder that the path goes through, from the outermost; the text is put back together meanwhile. Those that
 * are there need not be writable, so only what is missing is made. */
static vqc_status parents_make(char *path, vqc_error *error)
{
    struct stat there;
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        vqc_status status = VQC_OK;
        *slash = '\0';
        if (stat(path, &there) != 0)
            status = one_make(path, error);
        *slash = '/';
        VQC_TRY(status);
    }
    return VQC_OK;
}

vqc_status vqc_folder_make(const char *path, vqc_error *error)
{
    char *copy;
    if (path[0] == '\0')
        return vqc_error_set(error, VQC_FAILED, "a folder's name is empty");
    VQC_TRY(vqc_memory_copy_text(path, &copy, error));
    vqc_status status = parents_make(copy, error);
    free(copy);
    return status == VQC_OK ? one_make(path, error) : status;
}
