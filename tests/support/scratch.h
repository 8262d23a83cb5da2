#ifndef VQC_TESTS_SUPPORT_SCRATCH_H
#define VQC_TESTS_SUPPORT_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

/* A folder for what a test writes, which goes when the program ends. */

enum { PATH_SIZE = 4096 };

/* Removes a folder and all that is in it; links, not what they lead to. */
static inline void scratch_remove(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char inner[PATH_SIZE];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) >= (int)sizeof inner)
            continue;
        if (unlink(inner) != 0)
            scratch_remove(inner);
    }
    if (folder != NULL)
        (void)closedir(folder);
    (void)rmdir(path);
}

static char scratch_path[] = "/tmp/vqclip-test-XXXXXX";

static inline void scratch_end(void)
{
    scratch_remove(scratch_path);
}

/* The folder, made by the first call. */
static inline const char *scratch_folder(void)
{
    static int made = 0;
    if (!made) {
        assert_non_null(mkdtemp(scratch_path));
        assert_int_equal(atexit(scratch_end), 0);
    }
    made = 1;
    return scratch_path;
}

/* The path of a file in it. */
static inline const char *path_in(char path[PATH_SIZE], const char *name)
{
    (void)snprintf(path, PATH_SIZE, "%s/%s", scratch_folder(), name);
    return path;
}

/* Writes a text into a file of it. */
static inline void text_write(const char *name, const char *text)
{
    char path[PATH_SIZE];
    FILE *stream = fopen(path_in(path, name), "w");
    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

#endif
