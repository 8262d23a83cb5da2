#ifndef VQC_TESTS_FUZZ_MEMORY_FILE_H
#define VQC_TESTS_FUZZ_MEMORY_FILE_H

/* A file in memory with a path, for functions that read files. Include it first: it needs GNU extensions. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct memory_file {
    int descriptor;
    char path[64];
} memory_file;

static inline void memory_file_open(memory_file *file, const void *data, size_t size)
{
    file->descriptor = memfd_create("input", 0);
    if (file->descriptor < 0 || write(file->descriptor, data, size) != (ssize_t)size)
        abort();
    (void)snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->descriptor);
}

static inline void memory_file_close(const memory_file *file)
{
    (void)close(file->descriptor);
}

#endif
