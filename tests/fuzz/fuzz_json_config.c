/* The JSON configuration beside a checkpoint: any bytes give a configuration or an error, and every kind of look-up
 * on it is safe. */

#include "memory_file.h"

#include <stdbool.h>

#include "config/json.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"hidden_act", "vision_config.hidden_act", "model_cfg.vision_cfg.head_width",
                                       "image_mean", "preprocess_cfg.std"};
    vqc_json_config *config = NULL;
    vqc_error error = {0};
    memory_file file;
    memory_file_open(&file, data, size);
    if (vqc_json_config_open(file.path, &config, &error) == VQC_OK && config != NULL) {
        for (int i = 0; i < 5; i++) {
            const char *text = NULL;
            int64_t number = 0;
            bool flag = false;
            double numbers[3];
            bool found = false;
            (void)!vqc_json_config_text(config, keys[i], &text, &found, &error);
            (void)!vqc_json_config_integer(config, keys[i], 1, 4096, &number, &found, &error);
            (void)!vqc_json_config_boolean(config, keys[i], &flag, &found, &error);
            (void)!vqc_json_config_reals(config, keys[i], -4.0, 4.0, 3, numbers, &found, &error);
        }
    }
    vqc_json_config_close(config);
    memory_file_close(&file);
    return 0;
}
