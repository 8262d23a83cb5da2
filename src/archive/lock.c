#include "archive/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

enum { WAIT_MILLISECONDS = 2000, POLL_MILLISECONDS = 50 };

static const char suffix[] = ".lock";

struct vqc_archive_lock {
    int descriptor;
    char path[]; /* of the lock file */
};

/* Whether the path still names the file that the descriptor has open; its last holder may have removed it. */
static bool is_current(int descriptor, const char *path)
{
    struct stat opened;
    struct stat named;
    return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

/* Only EWOULDBLOCK says that another process has the lock; file systems of networks fail in many ways. */
static vqc_status lock_failure(const char *path, int code, vqc_error *error)
{
    if (code == EWOULDBLOCK || code == EINTR)
        return VQC_OK;
    return vqc_error_set(
        error, VQC_FAILED,
        "%s: the file system cannot lock it: %s; with --no-lock a launch goes on without, and nothing "
        "keeps a second one from writing the same archive",
        path, strerror(code));
}

/* One attempt; *descriptor_out is -1 where another process has the lock. */
static vqc_status lock_try(const char *path, int *descriptor_out, vqc_error *error)
{
    *descriptor_out = -1;
    const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return vqc_error_set(error, VQC_FAILED, "%s: cannot be created: %s", path, strerror(errno));
    const bool held = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    const vqc_status status = held ? VQC_OK : lock_failure(path, errno, error);
    if (held && is_current(descriptor, path))
        *descriptor_out = descriptor;
    else
        (void)close(descriptor);
    return status;
}

static vqc_status lock_wait(const char *archive, const char *path, int *descriptor_out, vqc_error *error)
{
    const struct timespec pause = {.tv_nsec = POLL_MILLISECONDS * 1000L * 1000L};
    for (int waited = 0;; waited += POLL_MILLISECONDS) {
        VQC_TRY(lock_try(path, descriptor_out, error));
        if (*descriptor_out >= 0)
            return VQC_OK;
        if (waited >= WAIT_MILLISECONDS)
            break;
        (void)nanosleep(&pause, NULL);
    }
    return vqc_error_set(error, VQC_FAILED, "%s: another launch is writing this archive; wait until it ends",
                         archive);
}

vqc_status vqc_archive_lock_take(const char *path, vqc_archive_lock **lock_out, vqc_error *error)
{
    void *memory;
    const size_t size = sizeof(vqc_archive_lock) + strlen(path) + sizeof suffix;
    VQC_TRY(vqc_memory_allocate(1, size, "the archive's lock", &memory, error));
    vqc_archive_lock *lock = memory;
    (void)snprintf(lock->path, strlen(path) + sizeof suffix, "%s%s", path, suffix);
    vqc_status status = lock_wait(path, lock->path, &lock->descriptor, error);
    if (status != VQC_OK) {
        free(lock);
        return status;
    }
    *lock_out = lock;
    return VQC_OK;
}

void vqc_archive_lock_release(vqc_archive_lock *lock)
{
    if (!lock)
        return;
    /* While it is held: nobody else can be between opening and finding it current. */
    (void)unlink(lock->path);
    (void)close(lock->descriptor);
    free(lock);
}

bool vqc_archive_lock_is_held(const char *path)
{
    char *name;
    vqc_error unheard;
    const size_t size = strlen(path) + sizeof suffix;
    if (vqc_memory_allocate(1, size, "the archive's lock", &name, &unheard) != VQC_OK)
        return false;
    (void)snprintf(name, size, "%s%s", path, suffix);
    const int descriptor = open(name, O_RDONLY | O_CLOEXEC);
    free(name);
    if (descriptor < 0)
        return false;
    const bool held = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(descriptor);
    return held;
}
