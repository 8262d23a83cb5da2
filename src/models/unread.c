#include "models/unread.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "models/prefixes.h"

static bool list_has(const char *const *patterns, const char *name)
{
    for (size_t i = 0; patterns != NULL && patterns[i] != NULL; i++)
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    return false;
}

/* Whether the tensor is one that had to be read. */
static bool is_asked_for(const vqc_unread_rule *rule, const char *name)
{
    size_t length = strlen(rule->prefix);
    if (strncmp(name, rule->prefix, length) != 0 || !list_has(rule->owned, name + length))
        return false;
    for (int i = 0; i < VQC_UNREAD_LISTS; i++)
        if (list_has(rule->passed[i], name + length))
            return false;
    return true;
}

vqc_status vqc_unread_refuse(const vqc_weights *weights, const vqc_unread_rule *rule, vqc_error *error)
{
    const vqc_weights_tensor *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        if (vqc_weights_was_read(tensor) || !is_asked_for(rule, tensor->name))
            continue;
        if (count++ == 0)
            first = tensor;
    }
    if (first == NULL)
        return VQC_OK;
    char shape[128];
    char more[64] = "";
    vqc_parameters_shape_text(first->rank, first->shape, shape, sizeof shape);
    if (count > 1)
        (void)snprintf(more, sizeof more, ", and %zu more", count - 1);
    const char *wrapped = vqc_prefixes_inside(first->name);
    if (wrapped != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %.256s %s%s: %s", vqc_weights_path(weights),
                             first->name, shape, more, wrapped);
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: tensor %.256s %s%s: nothing in %s %s reads it: another model, or one that its "
                         "configuration does not fit",
                         vqc_weights_path(weights), first->name, shape, more, vqc_text_article(rule->family),
                         rule->family);
}
