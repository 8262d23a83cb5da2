#include "guide/network_key.h"

#include <stdio.h>
#include <string.h>

#include "guide/crops.h"

static const char noise_word[] = "noise";

vqc_network_key vqc_network_key_of(const vqc_study *study, const vqc_settings *settings, int64_t factor)
{
    vqc_network_key key = {
        .height = vqc_settings_cells(settings, settings->height, factor) * factor,
        .width = vqc_settings_cells(settings, settings->width, factor) * factor,
        .recompute = settings->recompute,
        .unlimited = settings->range_weight != 0.0,
        .parametrisation = settings->parametrisation,
        .crops = vqc_crop_network(settings->crop_method),
        .noise = settings->noise > 0.0,
    };
    for (size_t i = 0; i < study->perceptor_count; i++)
        key.groups[i] = vqc_settings_batch(settings, study->perceptors[i].crops);
    key.stage_count = vqc_augment_stages(settings, key.stages);
    return key;
}

int64_t vqc_network_key_group(const vqc_network_key *key)
{
    int64_t largest = 0;
    for (size_t i = 0; i < VQC_STUDY_MAX_PERCEPTORS; i++)
        largest = key->groups[i] > largest ? key->groups[i] : largest;
    return largest;
}

bool vqc_network_key_equal(const vqc_network_key *a, const vqc_network_key *b)
{
    return a->height == b->height && a->width == b->width && memcmp(a->groups, b->groups, sizeof a->groups) == 0 &&
           a->recompute == b->recompute && a->unlimited == b->unlimited && a->parametrisation == b->parametrisation &&
           a->crops == b->crops && a->noise == b->noise && a->stage_count == b->stage_count &&
           memcmp(a->stages, b->stages, (size_t)a->stage_count * sizeof a->stages[0]) == 0;
}

static void word_add(char text[VQC_NETWORK_KEY_TEXT_SIZE], const char *word)
{
    size_t size = strlen(text);
    (void)snprintf(text + size, VQC_NETWORK_KEY_TEXT_SIZE - size, "%s%s", size == 0 ? "" : " ", word);
}

/* The code of a stage: of the first augmentation that makes such a one by itself, so that it is read as one. */
static const char *stage_code(vqc_augmentation_kind stage)
{
    int kind = 0;
    while (vqc_augment_type_of((vqc_augmentation_kind)kind)->joins ||
           vqc_augment_type_of((vqc_augmentation_kind)kind)->add != vqc_augment_type_of(stage)->add)
        kind++;
    return vqc_augmentation_code((vqc_augmentation_kind)kind);
}

void vqc_network_key_crops_write(const vqc_network_key *key, char text_out[VQC_NETWORK_KEY_TEXT_SIZE])
{
    text_out[0] = '\0';
    if (key->crops > 0)
        word_add(text_out, vqc_crop_name(key->crops));
    for (int i = 0; i < key->stage_count; i++)
        word_add(text_out, stage_code(key->stages[i]));
    if (key->noise)
        word_add(text_out, noise_word);
}

/* The augmentation with the code; VQC_AUGMENTATION_COUNT: there is none. */
static int kind_find(const char *code)
{
    int kind = 0;
    while (kind < VQC_AUGMENTATION_COUNT && strcmp(vqc_augmentation_code((vqc_augmentation_kind)kind), code) != 0)
        kind++;
    return kind;
}

/* The method with the name; VQC_CROPS_COUNT: there is none. */
static int method_find(const char *name)
{
    int method = 0;
    while (method < VQC_CROPS_COUNT && strcmp(vqc_crop_name((vqc_crop_method)method), name) != 0)
        method++;
    return method;
}

bool vqc_network_key_crops_read(const char *text, vqc_network_key *key)
{
    vqc_settings settings = {.augmentation_count = 0};
    char words[VQC_NETWORK_KEY_TEXT_SIZE];
    char *rest = NULL;
    (void)snprintf(words, sizeof words, "%s", text);
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        const int kind = kind_find(word);
        if (method_find(word) < VQC_CROPS_COUNT)
            key->crops = vqc_crop_network((vqc_crop_method)method_find(word));
        else if (strcmp(word, noise_word) == 0)
            key->noise = true;
        else if (kind == VQC_AUGMENTATION_COUNT || settings.augmentation_count == VQC_SETTINGS_MAX_AUGMENTATIONS)
            return false;
        else
            settings.augmentations[settings.augmentation_count++].kind = (vqc_augmentation_kind)kind;
    }
    key->stage_count = vqc_augment_stages(&settings, key->stages);
    return true;
}
