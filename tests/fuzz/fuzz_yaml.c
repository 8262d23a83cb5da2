/* YAML files: any bytes are a tree, whose every node can be read as everything, or a one-line error. */

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"
#include "fuzz.h"

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
