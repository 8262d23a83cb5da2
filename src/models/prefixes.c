#include "models/prefixes.h"

#include <stdio.h>
#include <string.h>

enum { PREFIX_LIMIT = 24 }; /* no published file has as many */

typedef struct prefixes {
    char items[PREFIX_LIMIT][VQC_PREFIX_SIZE];
    int count;
} prefixes;

static const char *const words[] = {
    "module.",     "_orig_mod.",         "model.", "net.",     "clip.",
    "clip_model.", "first_stage_model.", "vqvae.", "vqmodel.", "gen_vision_model.",
};

/* Adds a prefix that is not there yet, as long as there is room. */
static void prefix_add(prefixes *found, const char *prefix, const char *word)
{
    size_t size = strlen(prefix);
    if (found->count == PREFIX_LIMIT || size + strlen(word) >= VQC_PREFIX_SIZE)
        return;
    char *added = found->items[found->count];
    (void)stpcpy(stpcpy(added, prefix), word);
    for (int i = 0; i < found->count; i++)
        if (strcmp(found->items[i], added) == 0)
            return;
    found->count++;
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

static void prefixes_find(const vqc_weights *weights, prefixes *found_out)
{
    *found_out = (prefixes){.count = 1};
    if (vqc_weights_prefix(weights) != NULL) {
        (void)snprintf(found_out->items[0], VQC_PREFIX_SIZE, "%s", vqc_weights_prefix(weights));
        return;
    }
    for (int i = 0; i < found_out->count; i++)
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
            if (some_name_begins(weights, found_out->items[i], words[w]))
                prefix_add(found_out, found_out->items[i], words[w]);
}

bool vqc_prefixes_fit(const vqc_weights *weights, bool (*fits)(void *context, const char *prefix), void *context)
{
    prefixes all;
    prefixes_find(weights, &all);
    for (int i = 0; i < all.count; i++)
        if (fits(context, all.items[i]))
            return true;
    return false;
}

vqc_status vqc_prefixes_choose(const vqc_weights *weights, const char *what,
                               bool (*fits)(void *context, const char *prefix), void *context,
                               char prefix_out[VQC_PREFIX_SIZE], bool *found_out, vqc_error *error)
{
    prefixes all;
    const char *first = NULL;
    prefixes_find(weights, &all);
    for (int i = 0; i < all.count; i++) {
        const char *prefix = all.items[i];
        if (!fits(context, prefix))
            continue;
        if (first != NULL)
            return vqc_error_set(
                error, VQC_BAD_INPUT,
                "%s: expected one %s, found two: names that begin with \"%s\" and with \"%s\": say which with "
                "`key`, \"%s\"",
                vqc_weights_path(weights), what, first, prefix, prefix);
        first = prefix;
    }
    *found_out = first != NULL;
    if (first != NULL)
        (void)strcpy(prefix_out, first);
    return VQC_OK;
}

/* Words inside the names of a part that was wrapped before the model was saved. */
static const struct inside {
    const char *word, *says;
} insides[] = {
    {.word = "._orig_mod.", .says = "a part compiled by torch.compile: take _orig_mod. out of the names"},
    {.word = "._checkpoint_wrapped_module.",
     .says = "a part wrapped for checkpointing: take _checkpoint_wrapped_module. out of the names"},
    {.word = "_fsdp_wrapped_module.", .says = "FSDP's wrapper: save the full state dictionary"},
    {.word = "base_model.model.", .says = "a model of peft: merge it (merge_and_unload), and save what that gives"},
    {.word = ".base_layer.",
     .says = "a layer that peft wraps: merge it (merge_and_unload), and save what that gives"},
    {.word = ".lora_A.", .says = "LoRA's matrices: merge them (merge_and_unload), and save what that gives"},
    {.word = ".lora_B.", .says = "LoRA's matrices: merge them (merge_and_unload), and save what that gives"},
    {.word = ".lora_layer.", .says = "LoRA's matrices: merge them (fuse_lora), and save what that gives"},
    {.word = ".lora_magnitude_vector",
     .says = "DoRA's magnitudes: merge them (merge_and_unload), and save what that gives"},
    {.word = ".parametrizations.",
     .says =
         "a layer that torch parametrises: take that off (parametrize.remove_parametrizations) before it is saved"},
    {.word = ".weight_g", .says = "a layer with weight_norm: take that off (remove_weight_norm) before it is saved"},
    {.word = ".weight_v", .says = "a layer with weight_norm: take that off (remove_weight_norm) before it is saved"},
    {.word = ".weight_orig",
     .says =
         "a pruned layer, or one with spectral_norm: take that off (prune.remove, remove_spectral_norm) before it "
         "is saved"},
    {.word = "._packed_params.", .says = "a layer that torch quantised: save the model before it is quantised"},
    {.word = ".weight_scale", .says = "a quantised layer with its scales: save the model in bf16 or f32"},
    {.word = ".SCB", .says = "a layer of 8 bits of bitsandbytes: save the model in bf16 or f32 (dequantize)"},
    {.word = ".quant_state.",
     .says = "a layer of 4 bits of bitsandbytes: save the model in bf16 or f32 (dequantize)"},
    {.word = ".module.", .says = "a part wrapped for several devices: take module. out of the names"},
};

const char *vqc_prefixes_inside(const char *name)
{
    for (size_t i = 0; i < sizeof insides / sizeof insides[0]; i++)
        if (strstr(name, insides[i].word) != NULL)
            return insides[i].says;
    return NULL;
}

/* How many characters two names begin with alike. */
static size_t common_size(const char *one, const char *other)
{
    size_t size = 0;
    while (one[size] != '\0' && one[size] == other[size])
        size++;
    return size;
}

vqc_status vqc_prefixes_missing(const vqc_weights *weights, const char *name, vqc_error *error)
{
    const vqc_weights_tensor *nearest = NULL;
    size_t most = 0;
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        size_t size = common_size(tensor->name, name);
        if (size <= most || vqc_prefixes_inside(tensor->name) == NULL)
            continue;
        nearest = tensor;
        most = size;
    }
    if (nearest == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s is missing", vqc_weights_path(weights), name);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s is missing; tensor %.256s: %s",
                         vqc_weights_path(weights), name, nearest->name, vqc_prefixes_inside(nearest->name));
}

const vqc_weights_tensor *vqc_prefixes_inside_find(const vqc_weights *weights, const char **says_out)
{
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        *says_out = vqc_prefixes_inside(tensor->name);
        if (*says_out != NULL)
            return tensor;
    }
    return NULL;
}
