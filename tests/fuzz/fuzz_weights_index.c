/* The index of a model in several files. A name makes it one, so it is a file in a folder of its own; the files that
 * it names are not there. */

#define _GNU_SOURCE /* mkdtemp */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "weights/parts.h"

static void index_write(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/tmp/fuzz_weights_index.XXXXXX";
    char path[128];
    vqc_weights_parts parts;
    vqc_error error = {0};
    if (mkdtemp(folder) == NULL)
        abort();
    (void)snprintf(path, sizeof path, "%s/model.safetensors.index.json", folder);
    index_write(path, data, size);
    if (vqc_weights_parts_find(folder, &parts, &error) == VQC_OK) {
        for (size_t i = 0; i < parts.count; i++)
            if (strncmp(parts.files[i], folder, strlen(folder)) != 0 ||
                strchr(parts.files[i] + strlen(folder) + 1, '/') != NULL)
                abort();
        for (size_t i = 0; i < parts.tensor_count; i++)
            if (!vqc_weights_parts_have(&parts, parts.tensors[i].name, parts.tensors[i].file))
                abort();
        vqc_weights_parts_release(&parts);
    }
    (void)remove(path);
    (void)remove(folder);
    return 0;
}
