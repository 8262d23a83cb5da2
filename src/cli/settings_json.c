#include "cli/settings_json.h"

#include <stdlib.h>
#include <string.h>

#include "config/yaml_json.h"
#include "config/yaml_number.h"

static vqc_status json_append(json_t *value, vqc_text *json, vqc_error *error)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY);
    vqc_status status = text == NULL ? vqc_error_set(error, VQC_FAILED, "out of memory for settings")
                                     : vqc_text_append(json, error, "%s", text);
    free(text);
    json_decref(value);
    return status;
}

static vqc_status scalar_append(const vqc_yaml_node *node, vqc_text *json, vqc_error *error)
{
    char number[VQC_YAML_NUMBER_SIZE];
    json_t *value;
    if (vqc_yaml_number_short(node, number))
        return vqc_text_append(json, error, "%s", number);
    VQC_TRY(vqc_yaml_to_json(node, &value, error));
    return json_append(value, json, error);
}

/* No deeper than vqc_yaml reads. */
static vqc_status node_append(const vqc_yaml_node *node, vqc_text *json, vqc_error *error)
{
    const vqc_yaml_kind kind = vqc_yaml_kind_of(node);
    if (kind == VQC_YAML_SCALAR)
        return scalar_append(node, json, error);
    VQC_TRY(vqc_text_append(json, error, kind == VQC_YAML_MAPPING ? "{" : "["));
    for (size_t i = 0; i < vqc_yaml_count(node); i++) {
        const vqc_yaml_node *item = vqc_yaml_at(node, i);
        VQC_TRY(vqc_text_append(json, error, "%s", i == 0 ? "" : ", "));
        if (kind == VQC_YAML_MAPPING) {
            VQC_TRY(json_append(json_string(vqc_yaml_key(item)), json, error));
            VQC_TRY(vqc_text_append(json, error, ": "));
        }
        VQC_TRY(node_append(item, json, error));
    }
    return vqc_text_append(json, error, kind == VQC_YAML_MAPPING ? "}" : "]");
}

vqc_status vqc_settings_json_append(const char *name, const char *settings, vqc_text *json, vqc_error *error)
{
    vqc_yaml *yaml;
    const vqc_yaml_node *render;
    VQC_TRY(vqc_yaml_parse(name, settings, strlen(settings), &yaml, error));
    vqc_status status = vqc_yaml_require(vqc_yaml_root(yaml), "render", &render, error);
    if (status == VQC_OK)
        status = vqc_yaml_expect(render, VQC_YAML_MAPPING, error);
    if (status == VQC_OK)
        status = node_append(render, json, error);
    vqc_yaml_destroy(yaml);
    return status;
}
