/* Writes seeds for fuzz_study from the tables, a file each, into a folder: every augmentation with all its
 * parameters, and every optimiser.  make_seeds_study FOLDER */

#include <stdio.h>
#include <sys/stat.h>

#include "study/study.h"
#include "study/tables.h"

static vqc_status seed_write(const char *folder, const char *word, const vqc_text *render, vqc_error *error)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, word);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return vqc_error_set(error, VQC_FAILED, "%s: cannot be written", path);
    (void)fprintf(file,
                  "study: s\nmodels: {generator: {config: /dev/null, checkpoint: /dev/null}, "
                  "perceptors: [{checkpoint: /dev/null}]}\nprompts: [x]\nrender:\n%s",
                  render->data);
    return fclose(file) == 0 ? VQC_OK : vqc_error_set(error, VQC_FAILED, "%s: cannot be written", path);
}

static vqc_status augmentation_write(const char *folder, vqc_augmentation_kind kind, vqc_text *text, vqc_error *error)
{
    vqc_settings settings;
    vqc_settings_default(&settings);
    settings.augmentation_count = 1;
    settings.augmentations[0] = vqc_augmentation_default(kind);
    VQC_TRY(vqc_settings_write(&settings, text, error));
    return seed_write(folder, vqc_augmentation_code(kind), text, error);
}

static vqc_status optimiser_write(const char *folder, const vqc_word *word, vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "  optimizer: {name: %s}\n", word->word));
    return seed_write(folder, word->word, text, error);
}

int main(int count, char **arguments)
{
    vqc_error error = {0};
    vqc_status status = VQC_OK;
    if (count != 2)
        return 2;
    (void)mkdir(arguments[1], 0777);
    for (int i = 0; i < VQC_AUGMENTATION_COUNT + VQC_OPTIMISER_COUNT && status == VQC_OK; i++) {
        vqc_text text = {0};
        status = i < VQC_AUGMENTATION_COUNT
                     ? augmentation_write(arguments[1], (vqc_augmentation_kind)i, &text, &error)
                     : optimiser_write(arguments[1], &vqc_optimiser_words[i - VQC_AUGMENTATION_COUNT], &text, &error);
        vqc_text_release(&text);
    }
    if (status != VQC_OK)
        (void)fprintf(stderr, "%s\n", error.message);
    return status == VQC_OK ? 0 : 1;
}
