/* What score reads besides models and pictures, both from the same bytes: lists of pictures, with commas or
 * tabulators, and aesthetic heads. Any bytes are one or a one-line error, and what has been read is consistent. */

#include "memory_file.h"

#include <stdlib.h>
#include <string.h>

#include "cli/aesthetic_head.h"
#include "cli/scored_sources.h"
#include "fuzz.h"

static void error_check(const vqc_error *error)
{
    if (error->message[0] == '\0' || strchr(error->message, '\n') != NULL)
        abort();
}

/* Every picture has a file and a text. */
static void list_read(const char *path, char separator)
{
    vqc_error error = {0};
    vqc_scored scored = {.path = ".", .study = "", .job_sha256 = "", .list_sha256 = ""};
    if (vqc_study_storage_create(&scored.storage, &error) != VQC_OK)
        abort();
    if (vqc_scored_list_open(&scored, path, separator, &error) != VQC_OK)
        error_check(&error);
    else if (scored.count == 0)
        abort();
    for (size_t i = 0; error.message[0] == '\0' && i < scored.count; i++)
        if (scored.pictures[i].file[0] == '\0' || scored.pictures[i].text[0] == '\0')
            abort();
    vqc_scored_close(&scored);
}

static void head_read(const char *path)
{
    vqc_error error = {0};
    vqc_aesthetic_head head = {0};
    if (vqc_aesthetic_head_read(path, &head, &error) != VQC_OK)
        error_check(&error);
    else if (head.width < 1 || head.weight == NULL)
        abort();
    vqc_aesthetic_head_release(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memory_file file;
    memory_file_open(&file, data, size);
    list_read(file.path, ',');
    list_read(file.path, '\t');
    head_read(file.path);
    memory_file_close(&file);
    return 0;
}
