/* Job files: any bytes are a study or a one-line error; a study's settings written out and read again are a study. */

#include "memory_file.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "study/study.h"

/* What the program writes about settings it must be able to read. */
static void settings_check(const vqc_settings *settings)
{
    vqc_text text = {0};
    vqc_error error = {0};
    vqc_yaml *yaml;
    vqc_settings again;
    if (vqc_text_append(&text, &error, "render:\n") != VQC_OK ||
        vqc_settings_write(settings, &text, &error) != VQC_OK ||
        vqc_yaml_parse("written", text.data, text.size, &yaml, &error) != VQC_OK)
        abort();
    vqc_settings_default(&again);
    if (vqc_settings_apply(&again, vqc_yaml_find(vqc_yaml_root(yaml), "render"), NULL, &error) != VQC_OK)
        abort();
    vqc_yaml_destroy(yaml);
    vqc_text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vqc_error error = {0};
    vqc_study *study;
    memory_file file;
    memory_file_open(&file, data, size);
    if (vqc_study_open(file.path, &study, &error) == VQC_OK) {
        for (size_t i = 0; i < study->render_count && i < 8; i++)
            settings_check(study->renders[i].settings);
        vqc_study_close(study);
    } else if (strchr(error.message, '\n') != NULL || error.message[0] == '\0') {
        abort();
    }
    memory_file_close(&file);
    return 0;
}
