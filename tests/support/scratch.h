#ifndef VQC_TESTS_SUPPORT_SCRATCH_H
#define VQC_TESTS_SUPPORT_SCRATCH_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder for what a test writes, which goes when the program that made it ends, with all that is in it. */

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
static pid_t scratch_owner; /* 0: it is not made yet */

static inline void scratch_end(void)
{
    if (getpid() == scratch_owner) /* not a child that ends */
        scratch_remove(scratch_path);
}

/* The folder, made by the first call. */
static inline const char *scratch_folder(void)
{
    if (scratch_owner == 0) {
        assert_non_null(mkdtemp(scratch_path));
        assert_int_equal(atexit(scratch_end), 0);
        scratch_owner = getpid();
    }
    return scratch_path;
}

/* The path of a file in it. */
static inline const char *path_in(char path[PATH_SIZE], const char *name)
{
    (void)snprintf(path, PATH_SIZE, "%s/%s", scratch_folder(), name);
    return path;
}

/* Makes a new folder in it, whose path goes into folder[size]; of at most 31 characters. A test that looks whether
 * something was left in it removes it itself, by rmdir. */
static inline void folder_make(char *folder, size_t size)
{
    static int number;
    assert_in_range(snprintf(folder, size, "%s/%d", scratch_folder(), number++), 1, size - 1);
    assert_int_equal(mkdir(folder, 0700), 0);
}

/* Writes the file of this path. */
static inline void bytes_put(const char *path, const void *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

/* Writes a file of the folder; its path goes into path. */
static inline const char *bytes_write(char path[PATH_SIZE], const char *name, const void *bytes, size_t size)
{
    bytes_put(path_in(path, name), bytes, size);
    return path;
}

/* Writes a text into a file of the folder. */
static inline void text_write(const char *name, const char *text)
{
    char path[PATH_SIZE];
    (void)bytes_write(path, name, text, strlen(text));
}

/* The whole of a file, with a NUL behind it, in memory to be freed. */
static inline char *file_read(const char *path, size_t *size_out)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        fail_msg("%s cannot be opened", path);
    assert_int_equal(fseek(stream, 0, SEEK_END), 0);
    *size_out = (size_t)ftell(stream);
    rewind(stream);
    char *bytes = calloc(1, *size_out + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size_out, stream), *size_out);
    assert_int_equal(fclose(stream), 0);
    return bytes;
}

#endif
