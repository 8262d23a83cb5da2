/* Which renders are computed with the same networks, as a launch and a forecast both have it from the key. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "forecast/prediction.h"

enum { FACTOR = 16, MOST = 4, RENDERS = 16 };

/* Some settings, and the networks that they need: those with the same letter need the same. */
static const struct {
    char networks;
    int64_t width, height, crops, group;
    bool recompute, pooled;
    double noise;
    int count;
    vqc_augmentation_kind augmentations[MOST];
} cases[RENDERS] = {
    {.networks = 'a',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_AFFINE}},
    {.networks = 'a',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_ROTATION}},
    {.networks = 'a',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .count = 2,
     .augmentations = {VQC_AUGMENTATION_FLIP, VQC_AUGMENTATION_AFFINE}},
    {.networks = 'a',
     .width = 65,
     .height = 47,
     .crops = 8,
     .group = 4,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_FLIP}},
    {.networks = 'a',
     .width = 79,
     .height = 32,
     .crops = 12,
     .group = 4,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_AFFINE}},
    {.networks = 'b',
     .width = 80,
     .height = 32,
     .crops = 8,
     .group = 4,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_AFFINE}},
    {.networks = 'c',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 8,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_AFFINE}},
    {.networks = 'd',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .count = 2,
     .augmentations = {VQC_AUGMENTATION_AFFINE, VQC_AUGMENTATION_PERSPECTIVE}},
    {.networks = 'd',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .count = 3,
     .augmentations = {VQC_AUGMENTATION_PERSPECTIVE, VQC_AUGMENTATION_FLIP, VQC_AUGMENTATION_AFFINE}},
    {.networks = 'e',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .count = 2,
     .augmentations = {VQC_AUGMENTATION_AFFINE, VQC_AUGMENTATION_JITTER}},
    {.networks = 'f',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .count = 2,
     .augmentations = {VQC_AUGMENTATION_JITTER, VQC_AUGMENTATION_AFFINE}},
    {.networks = 'g',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .noise = 0.1,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_AFFINE}},
    {.networks = 'g',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .noise = 0.2,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_AFFINE}},
    {.networks = 'h',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .pooled = true,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_AFFINE}},
    {.networks = 'i',
     .width = 64,
     .height = 32,
     .crops = 8,
     .group = 4,
     .recompute = true,
     .count = 1,
     .augmentations = {VQC_AUGMENTATION_AFFINE}},
    {.networks = 'j', .width = 64, .height = 32, .crops = 8, .group = 4},
};

static const vqc_study one = {.perceptor_count = 1};

static vqc_render render_of(int index, const vqc_prompt *prompt, vqc_settings *settings)
{
    vqc_render render = {.prompt = prompt, .settings = settings, .variant = ""};
    vqc_settings_default(settings);
    settings->width = cases[index].width;
    settings->height = cases[index].height;
    settings->crop_count = cases[index].crops;
    settings->crop_group = cases[index].group;
    settings->crop_method = cases[index].pooled ? VQC_CROPS_POOLED : VQC_CROPS_ORIGINAL;
    settings->recompute = cases[index].recompute;
    settings->noise = cases[index].noise;
    settings->snapshots = 0;
    settings->steps = 1;
    settings->augmentation_count = cases[index].count;
    for (int i = 0; i < cases[index].count; i++)
        settings->augmentations[i].kind = cases[index].augmentations[i];
    return render;
}

/* Seconds that one rank takes for making networks, with two renders one after the other: 1 for each that it makes. */
static double networks_predict(const vqc_render renders[2], const vqc_prompt *prompt)
{
    vqc_error error = {0};
    vqc_render pair[] = {renders[0], renders[1]};
    vqc_network_cost shapes[2];
    vqc_cost_table costs = {.perceptors = 1, .factor = FACTOR, .embedding_width = 8, .lanes = 1, .shapes = shapes};
    for (int i = 0; i < 2; i++) {
        pair[i].number = i;
        if (vqc_cost_table_find(&costs, &one, &pair[i]) < costs.count)
            continue;
        shapes[costs.count] = vqc_network_cost_describe(&one, &pair[i], FACTOR);
        shapes[costs.count].pixels = shapes[costs.count].latent_size = 64;
        shapes[costs.count].decode = shapes[costs.count].group_seconds[0] = 1e-9;
        shapes[costs.count++].make = 1.0;
    }
    const vqc_study study = {.path = "test",
                             .name = "test",
                             .perceptor_count = 1,
                             .renders = pair,
                             .render_count = 2,
                             .prompts = (vqc_prompt *)prompt,
                             .prompt_count = 1};
    vqc_prediction prediction;
    const vqc_prediction_options options = {.ranks = 1, .lanes = 1, .bandwidth = 1e30};
    if (vqc_prediction_create(&study, &costs, &options, &prediction, &error) != VQC_OK)
        fail_msg("%s", error.message);
    double seconds = prediction.seconds;
    vqc_prediction_release(&prediction);
    return seconds;
}

/* Of every two settings the keys, and the networks that a forecast counts, say whether they are the same. */
static void test_pairs(void **state)
{
    (void)state;
    vqc_target target = {.weight = 1.0};
    const vqc_prompt prompt = {.id = "p", .text = "p", .targets = &target, .target_count = 1};
    for (int a = 0; a < RENDERS; a++)
        for (int b = 0; b < RENDERS; b++) {
            vqc_settings settings[2];
            const vqc_render pair[] = {render_of(a, &prompt, &settings[0]), render_of(b, &prompt, &settings[1])};
            const vqc_network_key first = vqc_network_key_of(&one, &settings[0], FACTOR);
            const vqc_network_key second = vqc_network_key_of(&one, &settings[1], FACTOR);
            const bool same = cases[a].networks == cases[b].networks;
            if (vqc_network_key_equal(&first, &second) != same)
                fail_msg("cases %d and %d: the keys are %s", a, b, same ? "different" : "equal");
            const double made = networks_predict(pair, &prompt);
            if ((made < 1.5) != same)
                fail_msg("cases %d and %d: a forecast has networks made %.1f times", a, b, made);
        }
}

/* A file of costs tells the crops of a key in words; older files have one word for each augmentation. */
static void test_words(void **state)
{
    (void)state;
    for (int i = 0; i < RENDERS; i++) {
        vqc_settings settings;
        const vqc_render render = render_of(i, NULL, &settings);
        const vqc_network_key key = vqc_network_key_of(&one, render.settings, FACTOR);
        vqc_network_key found = {
            .height = key.height, .width = key.width, .groups = {key.groups[0]}, .recompute = key.recompute};
        char text[VQC_NETWORK_KEY_TEXT_SIZE];
        vqc_network_key_crops_write(&key, text);
        assert_true(vqc_network_key_crops_read(text, &found));
        if (!vqc_network_key_equal(&key, &found))
            fail_msg("case %d is not read as it is written: \"%s\"", i, text);
    }
    vqc_network_key old = {0};
    vqc_network_key new = {0};
    assert_true(vqc_network_key_crops_read("Hf Af Pe Ji noise", &old));
    assert_true(vqc_network_key_crops_read("Af Af Ji noise", &new));
    assert_true(vqc_network_key_equal(&old, &new));
    assert_false(vqc_network_key_crops_read("Hf Xx", &old));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
