/* The JSON configuration beside a checkpoint: any bytes give a configuration or an error, and every kind of look-up
 * on it is safe, by one key and by a table of keys. */

#include "memory_file.h"

#include <stdbool.h>

#include <stddef.h>

#include "config/json_keys.h"
#include "fuzz.h"

/* What a table's rows are read into. */
typedef struct values {
    int64_t whole;
    double real, reals[3];
    bool yes;
    int word;
    vqc_json_said said, size;
} values;

static void table_read(const vqc_json_config *config, const char *level)
{
    static const char *const words[] = {"gelu", "quick_gelu", NULL};
    static const vqc_json_key rows[] = {
        {.key = "model_cfg", .use = VQC_JSON_OBJECT},
        {.key = "preprocess_cfg", .use = VQC_JSON_OBJECT},
        {.key = "text_config", .use = VQC_JSON_OBJECT},
        {.key = "vision_config", .use = VQC_JSON_OBJECT},
        {.key = "architectures", .use = VQC_JSON_HARMLESS},
        {.key = "num_channels", .use = VQC_JSON_FIXED, .values = "[3, null, {}]"},
        {.key = "width", .use = VQC_JSON_INTEGER, .member = offsetof(values, whole), .minimum = 1, .maximum = 4096},
        {.key = "layer_norm_eps", .use = VQC_JSON_REAL, .member = offsetof(values, real), .maximum = 1},
        {.key = "mean", .use = VQC_JSON_REALS, .member = offsetof(values, reals), .maximum = 1},
        {.key = "quick_gelu", .use = VQC_JSON_BOOLEAN, .member = offsetof(values, yes), .usual = "true"},
        {.key = "hidden_act", .use = VQC_JSON_WORD, .words = words, .member = offsetof(values, word)},
        {.key = "image_size", .use = VQC_JSON_SAID, .member = offsetof(values, said), .usual = "224"},
        {.key = "size", .use = VQC_JSON_SIZE, .member = offsetof(values, size)},
    };
    static const vqc_json_table table = {.keys = rows, .count = sizeof rows / sizeof rows[0]};
    values found = {0};
    vqc_error error = {0};
    (void)!vqc_json_keys_read(config, level, &table, 1, &found, &error);
    (void)!vqc_json_said_check(&found.said, "a file", "it is so", 224, &error);
}

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
        table_read(config, "");
        table_read(config, "vision_config");
        table_read(config, "preprocess_cfg");
    }
    vqc_json_config_close(config);
    memory_file_close(&file);
    return 0;
}
