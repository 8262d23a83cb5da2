#include "config/yaml_json.h"

#include <float.h>

static json_t *scalar_convert(const vqc_yaml_node *node)
{
    vqc_error ignored = {0};
    bool flag;
    int64_t integer;
    double real;
    if (vqc_yaml_is_null(node))
        return json_null();
    if (vqc_yaml_read_bool(node, &flag, &ignored) == VQC_OK)
        return json_boolean(flag);
    if (vqc_yaml_read_integer(node, INT64_MIN, INT64_MAX, &integer, &ignored) == VQC_OK)
        return json_integer(integer);
    if (vqc_yaml_read_real(node, -DBL_MAX, DBL_MAX, &real, &ignored) == VQC_OK)
        return json_real(real);
    return json_string(vqc_yaml_scalar(node));
}

static json_t *node_convert(const vqc_yaml_node *node)
{
    if (vqc_yaml_kind_of(node) == VQC_YAML_SCALAR)
        return scalar_convert(node);
    bool list = vqc_yaml_kind_of(node) == VQC_YAML_SEQUENCE;
    json_t *json = list ? json_array() : json_object();
    for (size_t i = 0; i < vqc_yaml_count(node) && json != NULL; i++) {
        const vqc_yaml_node *part = vqc_yaml_at(node, i);
        json_t *value = node_convert(part);
        if ((list ? json_array_append_new(json, value) : json_object_set_new(json, vqc_yaml_key(part), value)) == 0)
            continue;
        json_decref(json);
        json = NULL;
    }
    return json;
}

vqc_status vqc_yaml_to_json(const vqc_yaml_node *node, json_t **json_out, vqc_error *error)
{
    *json_out = node_convert(node);
    if (*json_out == NULL)
        return vqc_error_set(error, VQC_FAILED, "not enough memory for a configuration");
    return VQC_OK;
}
