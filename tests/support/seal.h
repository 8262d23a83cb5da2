#ifndef VQC_TESTS_SUPPORT_SEAL_H
#define VQC_TESTS_SUPPORT_SEAL_H

/* An archive's seal (archive/seal.h), for tests that change what it is of. */

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Makes an archive one without a seal, such as vqclip 0.1.0 made; false where it has none. */
static inline bool seal_remove(const char *path)
{
    static const char line[] = "vqclip archive\n";
    static const char zeros[sizeof line - 1];
    char found[sizeof zeros];
    const int descriptor = open(path, O_RDWR);
    if (descriptor < 0)
        return false;
    const bool removed = pread(descriptor, found, sizeof found, 0) == (ssize_t)sizeof found &&
                         memcmp(found, line, sizeof found) == 0 &&
                         pwrite(descriptor, zeros, sizeof zeros, 0) == (ssize_t)sizeof zeros;
    (void)close(descriptor);
    return removed;
}

#endif
