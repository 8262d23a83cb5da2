/* WebP files: any bytes are a picture, or a one-line error that names the file. */

#include "memory_file.h"

#include <string.h>

#include "fuzz.h"
#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memory_file file;
    vqc_error error = {0};
    vqc_image image = {0};
    memory_file_open(&file, data, size);
    if (vqc_image_read(file.path, &image, &error) != VQC_OK) {
        if (strncmp(error.message, file.path, strlen(file.path)) != 0 || image.pixels != NULL)
            abort();
    } else if (image.height < 1 || image.width < 1) {
        abort();
    }
    vqc_image_release(&image);
    memory_file_close(&file);
    return 0;
}
