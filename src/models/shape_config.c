#include "models/shape_config.h"

/* The value of the key, NULL where nothing is said. */
static const vqc_yaml_node *said(const vqc_yaml_node *mapping, const char *key)
{
    const vqc_yaml_node *node = vqc_yaml_find(mapping, key);
    return node == NULL || vqc_yaml_is_null(node) ? NULL : node;
}

static vqc_status integer_check(const vqc_yaml_node *node, int64_t value, vqc_error *error)
{
    int64_t found;
    VQC_TRY(vqc_yaml_read_integer(node, 0, INT64_MAX, &found, error));
    if (found == value)
        return VQC_OK;
    return vqc_yaml_error(node, error, "expected %lld, as the weights file has it, found %lld", (long long)value,
                          (long long)found);
}

vqc_status vqc_shape_config_integer(const vqc_yaml_node *mapping, const char *key, int64_t value, vqc_error *error)
{
    const vqc_yaml_node *node = said(mapping, key);
    return node == NULL ? VQC_OK : integer_check(node, value, error);
}

vqc_status vqc_shape_config_bool(const vqc_yaml_node *mapping, const char *key, bool value, vqc_error *error)
{
    bool found;
    const vqc_yaml_node *node = said(mapping, key);
    if (node == NULL)
        return VQC_OK;
    VQC_TRY(vqc_yaml_read_bool(node, &found, error));
    if (found == value)
        return VQC_OK;
    return vqc_yaml_error(node, error, "expected %s, as the weights file has it, found %s", value ? "true" : "false",
                          found ? "true" : "false");
}

vqc_status vqc_shape_config_integers(const vqc_yaml_node *mapping, const char *key, const int64_t *values, int count,
                                     vqc_error *error)
{
    const vqc_yaml_node *node = said(mapping, key);
    if (node == NULL)
        return VQC_OK;
    VQC_TRY(vqc_yaml_expect(node, VQC_YAML_SEQUENCE, error));
    if (vqc_yaml_count(node) != (size_t)count)
        return vqc_yaml_error(node, error, "expected %d numbers, one for each level of the weights file, found %zu",
                              count, vqc_yaml_count(node));
    for (int i = 0; i < count; i++)
        VQC_TRY(integer_check(vqc_yaml_at(node, (size_t)i), values[i], error));
    return VQC_OK;
}
