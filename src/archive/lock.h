#ifndef VQC_ARCHIVE_LOCK_H
#define VQC_ARCHIVE_LOCK_H

#include <stdbool.h>

#include "base/status.h"

/* Keeps two launches from writing one archive: an advisory lock on the file PATH.lock, which the system releases
 * when the process that holds it ends, however that happens. The archive itself is not locked, so that other
 * programs can read it meanwhile and MPI-IO can use locks of its own. */
typedef struct vqc_archive_lock vqc_archive_lock;

/* Takes the lock for the archive at `path`. Where another process has it, this waits up to two seconds, in which
 * the ranks of a launch that was killed are gone, and is then VQC_FAILED; so is a folder in which the file cannot
 * be created, or a file system that cannot lock: what it says is named. */
VQC_MUST_CHECK vqc_status vqc_archive_lock_take(const char *path, vqc_archive_lock **lock_out, vqc_error *error);

/* Whether another process has it, as far as can be seen: where there is no such file, or it cannot be read or locked,
 * nobody has. Takes nothing. */
bool vqc_archive_lock_is_held(const char *path);

/* Removes the file and releases the lock. NULL is allowed. */
void vqc_archive_lock_release(vqc_archive_lock *lock);

#endif
