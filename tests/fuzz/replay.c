/* Runs a fuzz target on every file of a folder: the seeds stay a test in builds without libFuzzer. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static int replay_file(const char *folder, const char *name)
{
    static uint8_t data[FUZZ_MAX_SEED_SIZE];
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    size_t size = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    /* A copy of the exact size, so that the address sanitizer sees a read beyond the end. */
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL)
        return -1;
    for (size_t i = 0; i < size; i++)
        exact[i] = data[i];
    int result = LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return result;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    DIR *folder = opendir(argv[1]);
    if (folder == NULL) {
        perror(argv[1]);
        return 1;
    }
    int count = 0;
    int result = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL && result == 0; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        result = replay_file(argv[1], entry->d_name);
        count++;
    }
    (void)closedir(folder);
    (void)printf("%d seeds replayed\n", count);
    return result != 0 || count == 0;
}
