/* Preloaded into a launch: the call number VQC_FAULT_CALL that writes to an archive fails with EIO, once. */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int calls;

static bool is_archive(int descriptor)
{
    char link[64];
    char path[PATH_MAX];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return false;
    path[size] = '\0';
    return strstr(path, ".h5") != NULL && strstr(path, ".lock") == NULL;
}

static bool fails(int descriptor)
{
    const char *call = getenv("VQC_FAULT_CALL");
    if (call == NULL || !is_archive(descriptor) || __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) != atoi(call))
        return false;
    errno = EIO;
    return true;
}

/* The function that this one stands before. */
#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

ssize_t write(int descriptor, const void *bytes, size_t size)
{
    return fails(descriptor) ? -1 : NEXT(write)(descriptor, bytes, size);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
    return fails(descriptor) ? -1 : NEXT(pwrite)(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset)
{
    return fails(descriptor) ? -1 : NEXT(pwrite64)(descriptor, bytes, size, offset);
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count)
{
    return fails(descriptor) ? -1 : NEXT(writev)(descriptor, pieces, count);
}

ssize_t pwritev(int descriptor, const struct iovec *pieces, int count, off_t offset)
{
    return fails(descriptor) ? -1 : NEXT(pwritev)(descriptor, pieces, count, offset);
}

int fdatasync(int descriptor)
{
    return fails(descriptor) ? -1 : NEXT(fdatasync)(descriptor);
}

int fsync(int descriptor)
{
    return fails(descriptor) ? -1 : NEXT(fsync)(descriptor);
}
