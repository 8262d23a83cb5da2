#include "weights/map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static vqc_status map_file(int file, vqc_map *map, vqc_error *error)
{
    struct stat facts;
    if (fstat(file, &facts) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "cannot be read: %s", strerror(errno));
    if (!S_ISREG(facts.st_mode))
        return vqc_error_set(error, VQC_BAD_INPUT, "is not a regular file");
    if (facts.st_size <= 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "is empty");
    void *data = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED)
        return vqc_error_set(error, VQC_FAILED, "cannot be mapped into memory: %s", strerror(errno));
    map->data = data;
    map->size = (size_t)facts.st_size;
    return VQC_OK;
}

vqc_status vqc_map_open(const char *path, vqc_map *map, vqc_error *error)
{
    /* Without O_NONBLOCK the opening of a named pipe would wait for a writer. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "cannot be opened: %s", strerror(errno));
    vqc_status status = map_file(file, map, error);
    (void)close(file);
    return status;
}

void vqc_map_close(vqc_map *map)
{
    if (map->data != NULL)
        (void)munmap((void *)(uintptr_t)map->data, map->size);
    map->data = NULL;
    map->size = 0;
}

void vqc_map_forget(const void *bytes, size_t size)
{
    /* Whole pages only: a neighbour may share the first and the last. */
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)bytes + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)bytes + size) / page * page;
    if (begin < end)
        (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}
