/* YAML files: any bytes are a tree, whose every node can be read as everything, by a table of keys too, or a one-line
 * error. */

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/json_keys.h"
#include "config/yaml.h"
#include "fuzz.h"

/* A table's rows of every use. */
typedef struct values {
    int64_t whole;
    double real, reals[3];
    bool yes;
    int word;
    vqc_json_said said, size;
} values;

static void table_read(const vqc_yaml_node *node)
{
    static const char *const words[] = {"vanilla", "none", NULL};
    static const vqc_json_key rows[] = {
        {.key = "model", .use = VQC_JSON_OBJECT},
        {.key = "target", .use = VQC_JSON_ELSEWHERE},
        {.key = "steps", .use = VQC_JSON_INTEGER, .member = offsetof(values, whole), .minimum = 1, .maximum = 4096},
        {.key = "dropout", .use = VQC_JSON_REAL, .member = offsetof(values, real), .maximum = 1},
        {.key = "mean", .use = VQC_JSON_REALS, .member = offsetof(values, reals), .maximum = 1},
        {.key = "double_z", .use = VQC_JSON_BOOLEAN, .member = offsetof(values, yes), .usual = "true"},
        {.key = "attn_type", .use = VQC_JSON_WORD, .words = words, .member = offsetof(values, word)},
        {.key = "resolution", .use = VQC_JSON_SAID, .member = offsetof(values, said), .usual = "256"},
        {.key = "size", .use = VQC_JSON_SIZE, .member = offsetof(values, size)},
        {.key = "tanh_out", .use = VQC_JSON_FIXED, .values = "[false, 3, \"x\", {}]"},
    };
    static const vqc_json_table table = {
        .keys = rows, .count = sizeof rows / sizeof rows[0], .family = "VQGAN's network"};
    values found = {0};
    vqc_error error = {0};
    if (vqc_json_keys_read_yaml(node, &table, 1, &found, &error) != VQC_OK && strncmp(error.message, "input", 5) != 0)
        abort();
}

/* Reads the node and those below it in every way there is; only that nothing goes wrong matters. */
static void read_everything(const vqc_yaml_node *node)
{
    static const char *const keys[] = {"steps", "size"};
    vqc_error error = {0};
    const char *text;
    size_t index;
    bool flag;
    int64_t integers[4];
    double real;
    (void)!vqc_yaml_read_text(node, &text, &error);
    (void)!vqc_yaml_read_choice(node, keys, 2, &index, &error);
    (void)!vqc_yaml_read_bool(node, &flag, &error);
    (void)!vqc_yaml_read_integer(node, INT64_MIN, INT64_MAX, integers, &error);
    (void)!vqc_yaml_read_integers(node, -5, 5, 4, integers, &index, &error);
    (void)!vqc_yaml_check_keys(node, keys, 2, &error);
    table_read(node);
    const vqc_yaml_node *child;
    (void)!vqc_yaml_require(node, "steps", &child, &error);
    if (vqc_yaml_read_real(node, -DBL_MAX, DBL_MAX, &real, &error) == VQC_OK && !isfinite(real))
        abort();
    for (size_t i = 0; i < vqc_yaml_count(node); i++)
        read_everything(vqc_yaml_at(node, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vqc_error error = {0};
    vqc_yaml *yaml;
    if (vqc_yaml_parse("input", (const char *)data, size, &yaml, &error) != VQC_OK) {
        if (strncmp(error.message, "input", 5) != 0)
            abort();
        return 0;
    }
    read_everything(vqc_yaml_root(yaml));
    vqc_yaml_destroy(yaml);
    return 0;
}
