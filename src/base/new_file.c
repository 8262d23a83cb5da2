#include "base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { MAX_TEMPORARY_NAMES = 100 };

/* Creates a file of a name that is not there yet; −1 and errno where that fails. `nonnull`, because gcc's check of
 * open's argument lets it think of a name that is NULL, and warn of it at snprintf (-O3 -fsanitize=undefined). */
__attribute__((nonnull)) static int temporary_create(const char *path, char *name, size_t size)
{
    for (int i = 0; i < MAX_TEMPORARY_NAMES; i++) {
        (void)snprintf(name, size, "%s.%ld-%d.partial", path, (long)getpid(), i);
        int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0 || errno != EEXIST)
            return descriptor;
    }
    return -1;
}

/* That nothing but a file would be replaced; a folder is not, as renaming onto it fails. */
static vqc_status place_check(const char *path, vqc_error *error)
{
    struct stat information;
    if (stat(path, &information) != 0 || S_ISREG(information.st_mode) || S_ISDIR(information.st_mode))
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: is there already and is no file; take another name", path);
}

vqc_status vqc_new_file_open(const char *path, vqc_new_file *file_out, vqc_error *error)
{
    size_t size = strlen(path) + 64;
    vqc_new_file file = {.path = path};
    VQC_TRY(place_check(path, error));
    VQC_TRY(vqc_memory_allocate(size, 1, "a file name", &file.temporary, error));
    int descriptor = temporary_create(path, file.temporary, size);
    file.stream = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (file.stream == NULL) {
        vqc_status status = vqc_error_set(error, VQC_FAILED, "%s: cannot be created: %s", path, strerror(errno));
        if (descriptor >= 0) {
            (void)close(descriptor);
            (void)unlink(file.temporary);
        }
        free(file.temporary);
        return status;
    }
    *file_out = file;
    return VQC_OK;
}

/* Makes the new name last through a power failure; where the system cannot, the file is as good. */
static void folder_synchronise(const char *path)
{
    char *copy = strdup(path);
    int folder = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        (void)fsync(folder);
        (void)close(folder);
    }
    free(copy);
}

vqc_status vqc_new_file_commit(vqc_new_file *file, vqc_error *error)
{
    if (fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0 || rename(file->temporary, file->path) != 0) {
        vqc_status status =
            vqc_error_set(error, VQC_FAILED, "%s: cannot be written: %s", file->path, strerror(errno));
        vqc_new_file_discard(file);
        return status;
    }
    (void)fclose(file->stream); /* nothing is left to write */
    folder_synchronise(file->path);
    free(file->temporary);
    return VQC_OK;
}

void vqc_new_file_discard(vqc_new_file *file)
{
    (void)fclose(file->stream);
    (void)unlink(file->temporary);
    free(file->temporary);
}
