/* safetensors: the input is the file without its first 8 bytes, the length of the header. That is the place of the
 * first NUL byte, which is left out, so that the fuzzer can change the header without keeping account. */

#include "read_checkpoint.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\0', size);
    uint64_t length = end == NULL ? size : (uint64_t)(end - data);
    size_t data_size = end == NULL ? 0 : size - (size_t)length - 1;
    uint8_t *file = malloc(sizeof length + size);
    if (file == NULL)
        return 0;
    memcpy(file, &length, sizeof length);
    if (length > 0)
        memcpy(file + sizeof length, data, (size_t)length);
    if (data_size > 0)
        memcpy(file + sizeof length + length, end + 1, data_size);
    read_checkpoint(file, sizeof length + (size_t)length + data_size);
    free(file);
    return 0;
}
