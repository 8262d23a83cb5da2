/* Whole PyTorch files: zip and the older serialisation. An input that begins with Z is a data.pkl, which is put into
 * a zip file around it, as the checksums in a zip file stop most changes at once; any other input is the file. */

#include "read_checkpoint.h"

#include "../weights/build_file.h"
#include "fuzz.h"

enum { STORAGE_SIZE = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || data[0] != 'Z') {
        read_checkpoint(data, size);
        return 0;
    }
    build_bytes file = {0};
    const uint8_t storage[STORAGE_SIZE] = {1, 2, 3, 0x80, 0xff};
    const build_member members[] = {
        {.name = "a/data.pkl", .data = data + 1, .size = size - 1},
        {.name = "a/data/0", .data = storage, .size = sizeof storage},
        {.name = "a/data/1", .data = storage, .size = sizeof storage, .deflate = true},
        {.name = "a/data/2", .data = storage, .size = 0},
    };
    build_zip(&file, members, sizeof members / sizeof members[0]);
    read_checkpoint(file.data, file.size);
    build_release(&file);
    return 0;
}
