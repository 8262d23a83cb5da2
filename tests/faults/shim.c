/* Preloaded into a launch. Of the calls that write to an archive the one with the number VQC_FAULT_CALL fails with
 * EIO, and says so on standard error; VQC_FAULT_COUNT names a file for their count. VQC_FAULT_CLOCK: so many seconds
 * are added to the time of day, from the third second of the process on. */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
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
    if (!is_archive(descriptor))
        return false;
    const int number = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    if (call == NULL || number != atoi(call))
        return false;
    (void)dprintf(STDERR_FILENO, "shim: write %d fails\n", number);
    errno = EIO;
    return true;
}

__attribute__((destructor)) static void count_note(void)
{
    const char *name = getenv("VQC_FAULT_COUNT");
    FILE *file = name == NULL || calls == 0 ? NULL : fopen(name, "w");
    if (file == NULL)
        return;
    (void)fprintf(file, "%d\n", calls);
    (void)fclose(file);
}

/* The function that this one stands before. */
#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* Seconds by which the time of day is wrong now. */
static time_t clock_error(void)
{
    static time_t first;
    struct timespec now;
    const char *seconds = getenv("VQC_FAULT_CLOCK");
    if (seconds == NULL || NEXT(clock_gettime)(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    if (first == 0)
        first = now.tv_sec;
    return now.tv_sec - first < 2 ? 0 : atol(seconds);
}

int clock_gettime(clockid_t clock, struct timespec *time_out)
{
    const int code = NEXT(clock_gettime)(clock, time_out);
    if (code == 0 && clock == CLOCK_REALTIME)
        time_out->tv_sec += clock_error();
    return code;
}

int gettimeofday(struct timeval *restrict time_out, void *restrict zone)
{
    const int code = NEXT(gettimeofday)(time_out, zone);
    if (code == 0)
        time_out->tv_sec += clock_error();
    return code;
}

time_t time(time_t *time_out)
{
    const time_t now = NEXT(time)(NULL) + clock_error();
    if (time_out != NULL)
        *time_out = now;
    return now;
}

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
