/* Lists of prompts: any bytes are texts without control of lines, or a one-line error. */

#include "memory_file.h"

#include <string.h>

#include "fuzz.h"
#include "study/prompt_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vqc_error error = {0};
    vqc_study_storage *storage;
    vqc_prompt_lines lines;
    memory_file file;
    memory_file_open(&file, data, size);
    if (vqc_study_storage_create(&storage, &error) != VQC_OK)
        abort();
    if (vqc_prompt_lines_read(file.path, storage, &lines, &error) == VQC_OK) {
        for (size_t i = 0; i < lines.count; i++)
            if (lines.lines[i].text[0] == '\0' || strpbrk(lines.lines[i].text, "\r\n") != NULL)
                abort();
    } else if (strchr(error.message, '\n') != NULL || error.message[0] == '\0') {
        abort();
    }
    vqc_study_storage_destroy(storage);
    memory_file_close(&file);
    return 0;
}
