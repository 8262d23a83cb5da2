#include "cli/report_settings.h"

#include <string.h>

#include "base/text.h"
#include "config/yaml_number.h"

/* Appends a value on one line: 0.5, [64, 64], {name: Hf, p: 0.5}. */
static vqc_status value_append(const vqc_yaml_node *node, vqc_text *text, vqc_error *error)
{
    const vqc_yaml_kind kind = vqc_yaml_kind_of(node);
    char number[VQC_YAML_NUMBER_SIZE];
    if (kind == VQC_YAML_SCALAR)
        return vqc_text_append(text, error, "%s",
                               vqc_yaml_number_short(node, number) ? number : vqc_yaml_scalar(node));
    VQC_TRY(vqc_text_append(text, error, kind == VQC_YAML_SEQUENCE ? "[" : "{"));
    for (size_t i = 0; i < vqc_yaml_count(node); i++) {
        const vqc_yaml_node *item = vqc_yaml_at(node, i);
        VQC_TRY(vqc_text_append(text, error, "%s", i == 0 ? "" : ", "));
        if (kind == VQC_YAML_MAPPING)
            VQC_TRY(vqc_text_append(text, error, "%s: ", vqc_yaml_key(item)));
        VQC_TRY(value_append(item, text, error));
    }
    return vqc_text_append(text, error, kind == VQC_YAML_SEQUENCE ? "]" : "}");
}

static vqc_status value_set(json_t *object, const char *way, const vqc_yaml_node *node, vqc_error *error)
{
    vqc_text text = {0};
    vqc_status status = value_append(node, &text, error);
    if (status == VQC_OK && json_object_set_new(object, way, json_string(text.data)) != 0)
        status = vqc_error_set(error, VQC_FAILED, "out of memory for a report's settings");
    vqc_text_release(&text);
    return status;
}

/* Sets a node's values; `way` is the way to it, "" at the top. No deeper than vqc_yaml reads. */
static vqc_status mapping_set(json_t *object, const char *way, const vqc_yaml_node *mapping, vqc_error *error)
{
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < vqc_yaml_count(mapping) && status == VQC_OK; i++) {
        const vqc_yaml_node *node = vqc_yaml_at(mapping, i);
        vqc_text inner = {0};
        status = vqc_text_append(&inner, error, "%s%s%s", way, way[0] == '\0' ? "" : ".", vqc_yaml_key(node));
        if (status == VQC_OK && vqc_yaml_kind_of(node) == VQC_YAML_MAPPING)
            status = mapping_set(object, inner.data, node, error);
        else if (status == VQC_OK)
            status = value_set(object, inner.data, node, error);
        vqc_text_release(&inner);
    }
    return status;
}

vqc_status vqc_report_settings_read(const char *name, const char *settings, json_t **object_out, vqc_error *error)
{
    vqc_yaml *yaml;
    const vqc_yaml_node *render;
    json_t *object = json_object();
    if (object == NULL)
        return vqc_error_set(error, VQC_FAILED, "out of memory for a report's settings");
    vqc_status status = vqc_yaml_parse(name, settings, strlen(settings), &yaml, error);
    if (status == VQC_OK) {
        status = vqc_yaml_require(vqc_yaml_root(yaml), "render", &render, error);
        if (status == VQC_OK)
            status = vqc_yaml_expect(render, VQC_YAML_MAPPING, error);
        if (status == VQC_OK)
            status = mapping_set(object, "", render, error);
        vqc_yaml_destroy(yaml);
    }
    if (status == VQC_OK)
        *object_out = object;
    else
        json_decref(object);
    return status;
}
