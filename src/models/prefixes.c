#include "models/prefixes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const words[] = {
    "module.",     "_orig_mod.",         "model.", "net.",     "clip.",
    "clip_model.", "first_stage_model.", "vqvae.", "vqmodel.", "gen_vision_model.",
};

/* Adds a prefix that is not there yet, as long as there is room: no published file has as many. */
static void prefix_add(vqc_prefixes *prefixes, const char *prefix, const char *word)
{
    size_t size = strlen(prefix);
    if (prefixes->count == VQC_PREFIX_LIMIT || size + strlen(word) >= VQC_PREFIX_SIZE)
        return;
    char *added = prefixes->items[prefixes->count];
    (void)stpcpy(stpcpy(added, prefix), word);
    for (int i = 0; i < prefixes->count; i++)
        if (strcmp(prefixes->items[i], added) == 0)
            return;
    prefixes->count++;
}

static bool some_name_begins(const vqc_weights *weights, const char *prefix, const char *word)
{
    size_t size = strlen(prefix);
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const char *name = vqc_weights_at(weights, i)->name;
        if (strncmp(name, prefix, size) == 0 && strncmp(name + size, word, strlen(word)) == 0)
            return true;
    }
    return false;
}

void vqc_prefixes_find(const vqc_weights *weights, vqc_prefixes *prefixes_out)
{
    *prefixes_out = (vqc_prefixes){.count = 1};
    if (vqc_weights_prefix(weights) != NULL) {
        (void)snprintf(prefixes_out->items[0], VQC_PREFIX_SIZE, "%s", vqc_weights_prefix(weights));
        return;
    }
    for (int i = 0; i < prefixes_out->count; i++)
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
            if (some_name_begins(weights, prefixes_out->items[i], words[w]))
                prefix_add(prefixes_out, prefixes_out->items[i], words[w]);
}

vqc_status vqc_prefixes_refuse(const vqc_weights *weights, const char *what, const char *first, const char *second,
                               vqc_error *error)
{
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "%s: expected one %s, found two: names that begin with \"%s\" and with \"%s\": say which with "
        "`key`, \"%s\"",
        vqc_weights_path(weights), what, first, second, second);
}
