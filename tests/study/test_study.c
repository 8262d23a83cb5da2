/* Job files: what a good one expands to, and what is said of bad ones. */

#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "study/study.h"

#define MODELS                                                                                                       \
    "models: {generator: {config: /dev/null, checkpoint: /dev/null}, perceptors: [{checkpoint: /dev/null}]}\n"

/* Opens a study from a text; the file is gone afterwards. */
static vqc_status study_from(const char *text, vqc_study **study, vqc_error *error)
{
    char path[PATH_SIZE];
    vqc_status status = vqc_study_open(bytes_write(path, "study", text, strlen(text)), study, error);
    assert_int_equal(unlink(path), 0);
    return status;
}

static vqc_study *study_of(const char *text)
{
    vqc_error error = {0};
    vqc_study *study;
    if (study_from(text, &study, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return study;
}

/* Prompt by prompt, then seed by seed, then the sweep with its last key changing fastest. */
static void test_expansion(void **state)
{
    (void)state;
    vqc_study *study = study_of("study: s\n" MODELS "render: {steps: 10, optimizer: {lr: 0.2}}\n"
                                "seeds: [5, 6]\n"
                                "prompts: [one, {id: B, text: two, steps: 20}]\n"
                                "sweep: {optimizer.lr: [0.05, 0.15], noise: [0, 0.1, 0.2]}\n");
    assert_int_equal(study->render_count, 2 * 2 * 6);
    const vqc_render *first = &study->renders[0];
    assert_string_equal(first->prompt->id, "1");
    assert_int_equal(first->seed, 5);
    assert_string_equal(first->variant, "optimizer.lr=0.05 noise=0");
    assert_float_equal(first->settings->learning_rate, 0.05, 0.0);
    assert_float_equal(study->renders[1].settings->noise, 0.1, 0.0);
    assert_float_equal(study->renders[3].settings->learning_rate, 0.15, 0.0);
    assert_int_equal(study->renders[6].seed, 6);
    const vqc_render *other = &study->renders[12];
    assert_string_equal(other->prompt->id, "B");
    assert_int_equal(other->settings->steps, 20);
    assert_int_equal(other->number, 12);
    vqc_study_close(study);
}

/* All 64 bits of a seed; and values of a sweep that differ though they look alike. */
static void test_seeds(void **state)
{
    (void)state;
    vqc_study *study = study_of("study: s\n" MODELS "prompts: [{targets: [{noise: 18446744073709551615}]}]\n"
                                "seeds: [16132284421751032694, 18446744073709551615, 0]\n"
                                "sweep: {augment: [[Hf], [Hf, Pe]], init: [random, pixels]}\n");
    assert_int_equal(study->render_count, 12);
    assert_true(study->renders[0].seed == 16132284421751032694U);
    assert_true(study->renders[4].seed == UINT64_MAX);
    assert_true(study->prompts[0].targets[0].seed == UINT64_MAX);
    vqc_study_close(study);
}

/* Ranges are the numbers from the first to the last, up to the largest. */
static void test_seed_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        size_t count;
        uint64_t seeds[6];
    } cases[] = {
        {"0..3", 4, {0, 1, 2, 3}},
        {"{count: 3, from: 7}", 3, {7, 8, 9}},
        {"{count: 2}", 2, {0, 1}},
        {"[5, 1..3, 0]", 5, {5, 1, 2, 3, 0}},
        {"18446744073709551614..18446744073709551615", 2, {UINT64_MAX - 1, UINT64_MAX}},
        {"{count: 1, from: 18446744073709551615}", 1, {UINT64_MAX}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "study: s\n" MODELS "prompts: [a]\nseeds: %s\n", cases[i].given);
        vqc_study *study = study_of(text);
        assert_int_equal(study->render_count, cases[i].count);
        for (size_t j = 0; j < cases[i].count; j++)
            assert_true(study->renders[j].seed == cases[i].seeds[j]);
        vqc_study_close(study);
    }
}

/* A prompt's words are drawn by its seed: the same again, whatever else the study has; over many seeds each as often.
 */
static void test_choices(void **state)
{
    (void)state;
    enum { SEEDS = 3000 };
    static const char job[] =
        "study: s\n" MODELS "choices: {colour: [red, blue, green], what: ['a cat | dim:-1', a dog]}\n"
        "seeds: 0..2999\n"
        "prompts: [%s'a {colour} house', {id: b, text: '{colour} \\{x\\} {what}'}, none]\n";
    char text[1024];
    (void)snprintf(text, sizeof text, job, "");
    vqc_study *study = study_of(text);
    (void)snprintf(text, sizeof text, job, "another, ");
    vqc_study *other = study_of(text);
    int red = 0;
    int both = 0;
    assert_int_equal(study->render_count, 3 * SEEDS);
    assert_int_equal(study->prompt_count, 2 * SEEDS + 1);
    for (int i = 0; i < SEEDS; i++) {
        const vqc_prompt *first = study->renders[i].prompt;
        const vqc_prompt *second = study->renders[SEEDS + i].prompt;
        const bool cat = strstr(second->text, "cat") != NULL;
        assert_string_equal(first->text, other->renders[SEEDS + i].prompt->text);
        assert_string_equal(second->text, other->renders[2 * SEEDS + i].prompt->text);
        assert_non_null(strstr(second->text, " {x} "));
        assert_int_equal(second->target_count, cat ? 2 : 1);
        red += strcmp(first->text, "a red house") == 0;
        both += cat && strncmp(second->text, "red", 3) == 0;
    }
    assert_in_range(red, SEEDS / 3 - 104, SEEDS / 3 + 104); /* 4 deviations of 25.8 */
    assert_in_range(both, SEEDS / 6 - 82, SEEDS / 6 + 82);  /* of 20.4 */
    assert_string_equal(study->renders[2 * SEEDS].prompt->text, "none");
    assert_ptr_equal(study->renders[2 * SEEDS].prompt, study->renders[3 * SEEDS - 1].prompt);
    vqc_study_close(study);
    vqc_study_close(other);
    study = study_of("study: s\n" MODELS "prompts: ['a {colour} house']\n"); /* no lists: text, as ever */
    assert_string_equal(study->prompts[0].targets[0].text, "a {colour} house");
    vqc_study_close(study);
}

/* A backslash makes signs of the text of those that part it. */
static void test_escapes(void **state)
{
    (void)state;
    vqc_study *study = study_of("study: s\n" MODELS "prompts:\n"
                                "  - 'a \\| b | c \\: d:0.5'\n"
                                "  - {text: 'e \\^ f ^ g \\| h | i:2 ^ j', story: {period: 10}}\n"
                                "  - 'k ^ l \\^ m'\n");
    const vqc_target *targets = study->prompts[0].targets;
    assert_int_equal(study->prompts[0].target_count, 2);
    assert_string_equal(targets[0].text, "a | b");
    assert_string_equal(targets[1].text, "c : d");
    assert_float_equal(targets[1].weight, 0.5, 0.0);
    targets = study->prompts[1].targets;
    assert_int_equal(study->prompts[1].target_count, 4);
    static const char *const texts[] = {"e ^ f", "g | h", "i", "j"};
    static const int phrases[] = {0, 1, 1, 2};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(targets[i].text, texts[i]);
        assert_int_equal(targets[i].phrase, phrases[i]);
        assert_int_equal(targets[i].phrases, 3);
    }
    assert_string_equal(study->prompts[2].targets[0].text, "k ^ l \\^ m"); /* no story: text, as ever */
    assert_int_equal(study->prompts[2].targets[0].phrases, 0);
    vqc_study_close(study);
}

/* Archives of the first edition parted a prompt at every bar. */
static void test_bars_of_the_first_edition(void **state)
{
    (void)state;
    static const char text[] = "study: s\n" MODELS "prompts: ['a \\| b']\n";
    for (int first = 0; first < 2; first++) {
        vqc_error error = {0};
        vqc_study *study;
        const vqc_study_source source = {.name = "test",
                                         .text = text,
                                         .size = sizeof text - 1,
                                         .folder = "",
                                         .edition = first ? VQC_EDITION_FIRST : VQC_EDITION_NOW};
        if (vqc_study_read(&source, &study, &error) != VQC_OK)
            fail_msg("%s", error.message);
        assert_int_equal(study->prompts[0].target_count, first ? 2 : 1);
        assert_string_equal(study->prompts[0].targets[0].text, first ? "a \\" : "a | b");
        vqc_study_close(study);
    }
}

/* Weights of the phrases at steps, worked out by hand. */
static void test_stories(void **state)
{
    (void)state;
    static const struct {
        const char *story;
        struct {
            int64_t step;
            double weights[3];
        } table[10];
    } stories[] = {
        {"{period: 10}",
         {{0, {1, 0, 0}}, {9, {1, 0, 0}}, {10, {0, 2, 0}}, {29, {0, 0, 1}}, {30, {1, 0, 0}}, {99, {1, 0, 0}}}},
        {"{period: 10, fade: 4}",
         {{0, {1, 0, 0}},
          {6, {1, 0, 0}},
          {7, {0.75, 0.5, 0}},
          {9, {0.25, 1.5, 0}},
          {10, {0, 2, 0}},
          {18, {0, 1, 0.5}},
          {28, {0.5, 0, 0.5}},
          {30, {1, 0, 0}},
          {38, {0.5, 1, 0}}}},
        {"{fade: 0}", /* 100 steps: 34, 33 and 33 */
         {{0, {1, 0, 0}}, {33, {1, 0, 0}}, {34, {0, 2, 0}}, {66, {0, 2, 0}}, {67, {0, 0, 1}}, {99, {0, 0, 1}}}},
        {"{period: 1, fade: 5}", {{0, {1, 0, 0}}, {1, {0, 2, 0}}, {2, {0, 0, 1}}, {3, {1, 0, 0}}}},
    };
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text,
                       "study: s\n" MODELS "render: {steps: 100, story: %s}\nprompts: ['a ^ b:2 ^ c', alone]\n",
                       stories[i].story);
        vqc_study *study = study_of(text);
        const vqc_render *render = &study->renders[0];
        for (size_t j = 0; j == 0 || stories[i].table[j].step > 0; j++)
            for (int t = 0; t < 3; t++)
                assert_float_equal(
                    vqc_target_weight(&render->prompt->targets[t], render->settings, stories[i].table[j].step),
                    stories[i].table[j].weights[t], 1e-15);
        assert_float_equal(vqc_target_weight(study->prompts[1].targets, render->settings, 77), 1.0, 0.0);
        assert_false(vqc_target_changes(study->prompts[1].targets));
        vqc_study_close(study);
    }
}

/* What people are told of a step: the phrase with the larger share, without what it is to avoid. */
static void test_told(void **state)
{
    (void)state;
    static const struct {
        int prompt;
        int64_t step;
        const char *told;
    } table[] = {
        {0, 0, "a | d"},  {0, 7, "a | d"},  {0, 8, "a | d"},           {0, 9, "b"},  {0, 19, "c"},
        {0, 29, "a | d"}, {0, 30, "a | d"}, {1, 50, "alone | far:-1"}, {2, 0, NULL}, /* nothing but what is to be
                                                                                        avoided: the prompt as it is
                                                                                      */
    };
    vqc_study *study = study_of("study: s\n" MODELS "render: {steps: 100, story: {period: 10, fade: 4}}\n"
                                "prompts: ['a | d:2 ^ b | e:-0.5 ^ c', 'alone | far:-1', '\\^:-1 ^ f:-2']\n");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vqc_text text = {0};
        vqc_error error;
        const char *told = table[i].told == NULL ? study->prompts[table[i].prompt].text : table[i].told;
        assert_int_equal(vqc_prompt_told(&study->prompts[table[i].prompt], study->renders[0].settings, table[i].step,
                                         &text, &error),
                         VQC_OK);
        assert_string_equal(text.data, told);
        vqc_text_release(&text);
    }
    vqc_study_close(study);
}

static void test_team(void **state)
{
    (void)state;
    static const char *const given[] = {"", "team: auto\n", "team: 3\n"};
    static const int64_t expected[] = {0, 0, 3};
    for (int i = 0; i < 3; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "study: s\n" MODELS "%sprompts: [a]\n", given[i]);
        vqc_study *study = study_of(text);
        assert_int_equal(study->team, expected[i]);
        vqc_study_close(study);
    }
    vqc_study *study;
    vqc_error error = {0};
    assert_int_equal(study_from("study: s\n" MODELS "prompts: [a]\nteam: 0\n", &study, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, ":4:7: team: expected auto or a number of ranks from 1 to 65536, found 0"));
    assert_int_equal(study_from("study: s\n" MODELS "prompts: [a]\nteam: [1]\n", &study, &error), VQC_BAD_INPUT);
}

static void test_prompt_syntax(void **state)
{
    (void)state;
    vqc_study *study =
        study_of("study: s\n" MODELS "prompts: ['a cat | blurry : -0.5|red:2:0.3', 'Title: a tale']\n");
    const vqc_prompt *prompt = &study->prompts[0];
    assert_int_equal(prompt->target_count, 3);
    assert_string_equal(prompt->targets[0].text, "a cat");
    assert_float_equal(prompt->targets[0].weight, 1.0, 0.0);
    assert_true(isinf(prompt->targets[0].stop) && prompt->targets[0].stop < 0.0);
    assert_string_equal(prompt->targets[1].text, "blurry");
    assert_float_equal(prompt->targets[1].weight, -0.5, 0.0);
    assert_string_equal(prompt->targets[2].text, "red");
    assert_float_equal(prompt->targets[2].weight, 2.0, 0.0);
    assert_float_equal(prompt->targets[2].stop, 0.3, 0.0);
    assert_string_equal(study->prompts[1].targets[0].text, "Title: a tale");
    vqc_study_close(study);
}

static void test_weights_in_texts(void **state)
{
    (void)state;
    static const struct {
        const char *prompt, *text;
        double weight, stop;
    } cases[] = {
        {"blurry:\xe2\x88\x92"
         "0.5",
         "blurry", -0.5, -INFINITY}, /* U+2212 */
        {"a : .25 : -1e-1 ", "a", 0.25, -0.1},
        {"a:+2", "a", 2.0, -INFINITY},
        {"colours:", "colours:", 1.0, -INFINITY},
        {"a poem: :0.5", "a poem:", 0.5, -INFINITY},
        {"a clock at 10\\:30", "a clock at 10:30", 1.0, -INFINITY},
        {"16\\:9:0.5", "16:9", 0.5, -INFINITY},
        {"http://e.org/cat.jpg", "http://e.org/cat.jpg", 1.0, -INFINITY},
        {"infinity: a tale", "infinity: a tale", 1.0, -INFINITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_text job = {0};
        vqc_error error = {0};
        assert_int_equal(vqc_text_append(&job, &error, "study: s\n" MODELS "prompts: ['%s']\n", cases[i].prompt), 0);
        vqc_study *study = study_of(job.data);
        const vqc_target *target = &study->prompts[0].targets[0];
        assert_string_equal(target->text, cases[i].text);
        assert_true(target->weight == cases[i].weight && target->stop == cases[i].stop);
        vqc_study_close(study);
        vqc_text_release(&job);
    }
}

/* Another optimiser brings its own defaults, but for the learning rate; the same one keeps its options. The order of
 * keys has no meaning. */
static void test_optimisers(void **state)
{
    (void)state;
    vqc_study *study = study_of(
        "study: s\n" MODELS "render: {optimizer: {alpha: 0.9, eps: 1e-6, lr: 0.3, name: rmsprop}}\n"
        "prompts: [{text: a, optimizer: {lr: 0.2}}, {text: b, optimizer: {name: rmsprop}},\n"
        "  {text: c, optimizer: {betas: [0.5, 0.75], name: adamw}}, {text: d, optimizer: {name: adagrad}}]\n");
    const vqc_settings *settings = study->renders[0].settings;
    assert_int_equal(settings->optimiser, VQC_OPTIMISER_RMSPROP);
    assert_float_equal(settings->alpha, 0.9, 0.0);
    assert_float_equal(settings->epsilon, 1e-6, 0.0);
    assert_float_equal(settings->learning_rate, 0.2, 0.0);
    assert_float_equal(study->renders[1].settings->alpha, 0.9, 0.0);
    settings = study->renders[2].settings;
    assert_int_equal(settings->optimiser, VQC_OPTIMISER_ADAMW);
    assert_float_equal(settings->beta1, 0.5, 0.0);
    assert_float_equal(settings->beta2, 0.75, 0.0);
    assert_float_equal(settings->epsilon, 1e-8, 0.0);
    assert_float_equal(settings->weight_decay, 0.01, 0.0);
    assert_float_equal(settings->learning_rate, 0.3, 0.0);
    assert_float_equal(study->renders[3].settings->epsilon, 1e-10, 0.0);
    vqc_study_close(study);
}

/* What an archive holds of settings that are the defaults: as it was before there were others. */
static void test_default_settings_are_written_as_ever(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_text text = {0};
    vqc_settings settings;
    vqc_settings_default(&settings);
    assert_int_equal(vqc_settings_write(&settings, &text, &error), VQC_OK);
    assert_non_null(strstr(text.data, "\n  optimizer: {name: adam, lr: 0.14999999999999999}\n"));
    assert_null(strstr(text.data, "average"));
    assert_non_null(strstr(text.data, "\n  l2: {weight: 0.10000000000000001, decay: 0.0050000000000000001}\n"));
    vqc_text_release(&text);
}

/* The settings as they are read again from what is written of them. */
static vqc_settings settings_again(const vqc_settings *settings)
{
    vqc_error error = {0};
    vqc_text text = {0};
    vqc_yaml *yaml;
    vqc_settings again;
    assert_int_equal(vqc_text_append(&text, &error, "render:\n"), VQC_OK);
    assert_int_equal(vqc_settings_write(settings, &text, &error), VQC_OK);
    assert_int_equal(vqc_yaml_parse("written", text.data, text.size, &yaml, &error), VQC_OK);
    vqc_settings_default(&again);
    if (vqc_settings_apply(&again, vqc_yaml_find(vqc_yaml_root(yaml), "render"), NULL, &error) != VQC_OK)
        fail_msg("%s", error.message);
    vqc_yaml_destroy(yaml);
    vqc_text_release(&text);
    return again;
}

static void test_optimisers_survive_writing(void **state)
{
    (void)state;
    static const char *const optimisers[] = {
        "{name: adam, betas: [0.1, 0.2], eps: 0.3, weight_decay: 0.4}",
        "{name: adamw, weight_decay: 0}",
        "{name: adagrad, eps: 0.1}",
        "{name: adamax, betas: [0.9, 0.99]}",
        "{name: diffgrad, lr: 0.1, lr_end: 0.01}",
        "{name: adamp, delta: 0.3, wd_ratio: 0.7}",
        "{name: radam}",
        "{name: rmsprop, alpha: 0.1}",
    };
    for (size_t i = 0; i < sizeof optimisers / sizeof optimisers[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "study: s\n" MODELS "render: {optimizer: %s}\nprompts: [x]\n",
                       optimisers[i]);
        vqc_study *study = study_of(text);
        const vqc_settings *settings = study->renders[0].settings;
        const vqc_settings again = settings_again(settings);
        assert_int_equal(settings->optimiser, i);
        assert_int_equal(again.optimiser, i);
        assert_float_equal(again.learning_rate_end, settings->learning_rate_end, 0.0);
        assert_float_equal(again.beta1, settings->beta1, 0.0);
        assert_float_equal(again.beta2, settings->beta2, 0.0);
        assert_float_equal(again.epsilon, settings->epsilon, 0.0);
        assert_float_equal(again.weight_decay, settings->weight_decay, 0.0);
        assert_float_equal(again.alpha, settings->alpha, 0.0);
        assert_float_equal(again.delta, settings->delta, 0.0);
        assert_float_equal(again.wd_ratio, settings->wd_ratio, 0.0);
        vqc_study_close(study);
    }
}

static void test_l2_survives_writing(void **state)
{
    (void)state;
    static const char *const terms[] = {
        "{weight: 0.2, decay: 0.1}",
        "{schedule: reciprocal, towards: start}",
        "{every: 7, schedule: steps}",
        "{schedule: steps, decay: 0.25, towards: start}",
    };
    static const vqc_settings expected[] = {
        {.l2_weight = 0.2, .l2_decay = 0.1, .l2_every = 50},
        {.l2_weight = 0.1, .l2_schedule = VQC_L2_RECIPROCAL, .l2_every = 50, .l2_towards_start = true},
        {.l2_weight = 0.1, .l2_decay = 0.2, .l2_schedule = VQC_L2_STEPS, .l2_every = 7},
        {.l2_weight = 0.1, .l2_decay = 0.25, .l2_schedule = VQC_L2_STEPS, .l2_every = 50, .l2_towards_start = true},
    };
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "study: s\n" MODELS "render: {l2: %s}\nprompts: [x]\n", terms[i]);
        vqc_study *study = study_of(text);
        const vqc_settings again = settings_again(study->renders[0].settings);
        assert_float_equal(again.l2_weight, expected[i].l2_weight, 0.0);
        assert_float_equal(again.l2_decay, expected[i].l2_decay, 0.0);
        assert_int_equal(again.l2_schedule, expected[i].l2_schedule);
        assert_int_equal(again.l2_every, expected[i].l2_every);
        assert_int_equal(again.l2_towards_start, expected[i].l2_towards_start);
        vqc_study_close(study);
    }
}

static void test_settings_survive_writing(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_text text = {0};
    vqc_yaml *yaml;
    vqc_settings again;
    vqc_study *study = study_of("study: s\n" MODELS "render:\n"
                                "  size: [96, 64]\n"
                                "  optimizer: {lr: 0.1, lr_end: 0.03}\n"
                                "  crops: {count: 3, method: pooled}\n"
                                "  augment: [{name: Af, degrees: 0.1, padding: zeros}, Ji]\n"
                                "  init: {codes: {file: /dev/null, tensor: 'a \"b\"'}}\n"
                                "  recompute: true\n"
                                "  average: 0.99\n"
                                "prompts: [x]\n");
    const vqc_settings *settings = study->renders[0].settings;
    assert_int_equal(vqc_text_append(&text, &error, "render:\n"), VQC_OK);
    assert_int_equal(vqc_settings_write(settings, &text, &error), VQC_OK);
    assert_int_equal(vqc_yaml_parse("written", text.data, text.size, &yaml, &error), VQC_OK);
    vqc_settings_default(&again);
    assert_int_equal(vqc_settings_apply(&again, vqc_yaml_find(vqc_yaml_root(yaml), "render"), NULL, &error), VQC_OK);
    assert_int_equal(again.width, 96);
    assert_float_equal(again.learning_rate_end, 0.03, 0.0);
    assert_int_equal(again.crop_count, 3);
    assert_int_equal(again.crop_method, VQC_CROPS_POOLED);
    assert_int_equal(again.augmentation_count, 2);
    assert_float_equal(again.augmentations[0].degrees, 0.1, 0.0);
    assert_false(again.augmentations[0].border);
    assert_string_equal(again.init.tensor, "a \"b\"");
    assert_true(again.recompute);
    assert_float_equal(again.average, 0.99, 0.0);
    vqc_yaml_destroy(yaml);
    vqc_text_release(&text);
    vqc_study_close(study);
}

/* What settings are written as, read again, gives the same; to be released. */
static vqc_text augmentations_written(const char *list, vqc_settings *settings)
{
    vqc_error error = {0};
    vqc_text job = {0};
    vqc_text text = {0};
    vqc_yaml *yaml;
    vqc_settings_default(settings);
    assert_int_equal(vqc_text_append(&job, &error, "render:\n  augment: %s\n", list), VQC_OK);
    assert_int_equal(vqc_yaml_parse("job", job.data, job.size, &yaml, &error), VQC_OK);
    assert_int_equal(vqc_settings_apply(settings, vqc_yaml_find(vqc_yaml_root(yaml), "render"), NULL, &error),
                     VQC_OK);
    assert_int_equal(vqc_text_append(&text, &error, "render:\n"), VQC_OK);
    assert_int_equal(vqc_settings_write(settings, &text, &error), VQC_OK);
    vqc_yaml_destroy(yaml);
    vqc_text_release(&job);
    return text;
}

/* What archives of the first edition hold, and what it took bare codes and single numbers for, is what is written
 * now. */
static void test_first_edition(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "render: {}", "render: {augment: [Hf, Af, Pe, Ji]}",
        "render:\n"
        "  augment:\n"
        "    - {name: Hf, p: 0.5}\n"
        "    - {name: Af, p: 0.69999999999999996, degrees: 15, translate: 0.10000000000000001, shear: 5, padding: "
        "border}\n"
        "    - {name: Pe, p: 0.69999999999999996, distortion: 0.69999999999999996}\n"
        "    - {name: Ji, p: 0.69999999999999996, brightness: 0.10000000000000001, contrast: 0.10000000000000001, "
        "saturation: 0.10000000000000001, hue: 0.10000000000000001}\n"};
    vqc_settings named;
    vqc_text expected = augmentations_written(
        "[Hf, {name: Af, translate: [0.1, 0.1], shear: [5, 5], first: rotation}, Pe, {name: Ji, order: each}]",
        &named);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vqc_error error = {0};
        vqc_text written = {0};
        vqc_yaml *yaml;
        vqc_settings settings;
        vqc_settings_default_of(VQC_EDITION_FIRST, &settings);
        assert_int_equal(vqc_yaml_parse("archive", texts[i], strlen(texts[i]), &yaml, &error), VQC_OK);
        assert_int_equal(vqc_settings_apply(&settings, vqc_yaml_find(vqc_yaml_root(yaml), "render"), NULL, &error),
                         VQC_OK);
        assert_int_equal(vqc_text_append(&written, &error, "render:\n"), VQC_OK);
        assert_int_equal(vqc_settings_write(&settings, &written, &error), VQC_OK);
        assert_string_equal(strstr(written.data, "  augment:"), strstr(expected.data, "  augment:"));
        assert_int_equal(settings.size_rounding, VQC_SIZES_DOWN);
        vqc_yaml_destroy(yaml);
        vqc_text_release(&written);
    }
    vqc_text_release(&expected);
}

static void test_augmentations_survive_writing(void **state)
{
    (void)state;
    static const char *const lists[][2] = {
        {"[Hf, Af, Pe, Ji]",
         "    - {name: Hf, p: 0.5}\n"
         "    - {name: Af, p: 0.69999999999999996, degrees: 15, translate: [0, 0.10000000000000001], shear: "
         "[5, 0], first: shear, padding: border}\n"
         "    - {name: Pe, p: 0.69999999999999996, distortion: 0.69999999999999996}\n"
         "    - {name: Ji, p: 0.69999999999999996, brightness: 0.10000000000000001, contrast: "
         "0.10000000000000001, saturation: 0.10000000000000001, hue: 0.10000000000000001, order: together}\n"},
        {"[Ro, {name: Ro, degrees: 30, p: 1}]",
         "    - {name: Ro, p: 0.69999999999999996, degrees: 15}\n    - {name: Ro, p: 1, degrees: 30}\n"},
        {"[Re, {name: Re, scale: [0.25, 0.5], ratio: [1, 1]}]",
         "    - {name: Re, p: 0.5, scale: [0.10000000000000001, 1], ratio: [0.75, 1.333]}\n"
         "    - {name: Re, p: 0.5, scale: [0.25, 0.5], ratio: [1, 1]}\n"},
        {"[Cr, {name: Cr, size: 0.75}]", "    - {name: Cr, p: 0.5, size: 1}\n    - {name: Cr, p: 0.5, size: 0.75}\n"},
        {"[Gn, {name: Gn, std: 0.25}]", "    - {name: Gn, p: 0.5, std: 1}\n    - {name: Gn, p: 0.5, std: 0.25}\n"},
        {"[Er, {name: Er, scale: [0, 0.5], ratio: [0.5, 2]}]",
         "    - {name: Er, p: 0.69999999999999996, scale: [0.10000000000000001, 0.40000000000000002], ratio: "
         "[0.29999999999999999, 3.3333333333333335]}\n"
         "    - {name: Er, p: 0.69999999999999996, scale: [0, 0.5], ratio: [0.5, 2]}\n"},
        {"[Sh, {name: Sh, sharpness: 1}]",
         "    - {name: Sh, p: 0.5, sharpness: 0.29999999999999999}\n    - {name: Sh, p: 0.5, sharpness: 1}\n"},
        {"[Ts, {name: Ts, scale: 0.25}]", "    - {name: Ts, p: 0.69999999999999996, scale: 0.80000000000000004}\n"
                                          "    - {name: Ts, p: 0.69999999999999996, scale: 0.25}\n"},
        {"[Et, {name: Et, alpha: 2}]", "    - {name: Et, p: 0.69999999999999996, alpha: 1}\n"
                                       "    - {name: Et, p: 0.69999999999999996, alpha: 2}\n"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        vqc_settings settings;
        vqc_text text = augmentations_written(lists[i][0], &settings);
        const char *begin = strstr(text.data, "  augment:\n");
        assert_non_null(begin);
        begin += strlen("  augment:\n");
        if (strncmp(begin, lists[i][1], strlen(lists[i][1])) != 0)
            fail_msg("%s is written as\n%s", lists[i][0], begin);
        assert_memory_equal(begin + strlen(lists[i][1]), "  noise", strlen("  noise"));
        vqc_text_release(&text);
    }
}

typedef struct bad_study {
    const char *text;
    const char *expected; /* part of the message, with line and column where there are any */
} bad_study;

static void test_bad_studies(void **state)
{
    (void)state;
    const bad_study studies[] = {
        {"", "expected a YAML document"},
        {"study: [", "did not find expected node content"},
        {"study: s\nmodel: 1\n", "2:1: model: unknown key, the nearest known one is models"},
        {"study: s\nprompts: [x]\n", "models"},
        {"study: s\n" MODELS, "prompts"},
        {"study: s\n" MODELS "prompts: []\n", "3:10: prompts: expected at least one prompt"},
        {"study: s\n" MODELS "prompts: ['']\n", "expected a text"},
        {"study: s\n" MODELS "prompts: ['a |']\n", "empty part"},
        {"study: s\n" MODELS "prompts: ['a:0']\n", "weight that is not 0"},
        {"study: s\n" MODELS "prompts: [{id: A, text: a}, {id: A, text: b}]\n", "two prompts have the id A"},
        {"study: s\n" MODELS "prompts: [{text: a, targets: []}]\n", "expected either text or targets"},
        {"study: s\n" MODELS "prompts:\n- Portrait of a man: oil on canvas\n",
         "4:3: prompts[0]: expected either text or targets, found the key Portrait of a man: a prompt with a colon "
         "or "
         "braces is to be quoted, - \"Portrait of a man: ...\""},
        {"study: s\n" MODELS "prompts: [{a red cat}]\n", "found the key a red cat: a prompt with a colon or braces"},
        {"study: s\n" MODELS "prompts: [{text: a, stepz: 3}]\n",
         "unknown setting stepz, the nearest known one is steps"},
        {"study: s\n" MODELS "prompts: [{targets: [{text: a, image: /dev/null}]}]\n", "exactly one of"},
        {"study: s\n" MODELS "prompts: no-such-file.txt\n", "no-such-file.txt cannot be read"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {steps: 300x}\n", "4:17"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {steps: 0300}\n", "0300"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {size: [-64, 64]}\n", "-64"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {recompute: 2}\n",
         "4:21: render.recompute: expected true or false, found 2"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {size: [64]}\n", "expected [width, height]"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {optimizer: {lr: 0,1}}\n", "optimizer"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {optimizer: {name: sgd}}\n", "sgd"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {crops: {method: updated}}\n", "updated"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {optimizer: {name: adagrad, betas: [0.9, 0.99]}}\n",
         "4:37: render.optimizer.betas: the optimizer adagrad has no such option"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {optimizer: {alpha: 0.9}}\n",
         "4:22: render.optimizer.alpha: the optimizer adam has no such option"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {optimizer: {name: rmsprop, delta: 0.9}}\n",
         "the optimizer rmsprop has no such option"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {optimizer: {name: radam, wd_ratio: 0.9}}\n",
         "the optimizer radam has no such option"},
        {"study: s\n" MODELS "prompts: [x]\nsweep: {optimizer.alpha: [0.9]}\n",
         "4:27: sweep.optimizer.alpha[0]: the optimizer adam has no such option"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {optimizer: {betas: [0.9]}}\n", "expected two numbers"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {optimizer: {betas: [0.9, 1]}}\n",
         "4:35: render.optimizer.betas[1]: expected a number below 1"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {optimizer: {eps: 0}}\n", "eps"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {l2: {every: 7}}\n",
         "4:15: render.l2.every: the schedule linear has no such option"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {l2: {decay: 0.1, schedule: reciprocal}}\n",
         "4:15: render.l2.decay: the schedule reciprocal has no such option"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {l2: {schedule: steps, decay: 1.5}}\n",
         "render.l2.decay: expected a number from 0 to 1, found 1.5"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {l2: {towards: end}}\n",
         "expected one of zero, start, found end"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {average: 1}\n",
         "4:19: render.average: expected a number below 1"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {init: {image: no.png}}\n", "no.png cannot be read"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [Xx]}\n",
         "4:20: render.augment[0]: expected one of Hf, "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Hf, degrees: 3}]}\n", "no such parameter"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Ro, degrees: 200}]}\n", "4:40: "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Re, scale: 0.5}]}\n", "4:38: "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Re, scale: [0.5]}]}\n",
         "4:38: render.augment[0].scale: expected two numbers, [from, to]"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Re, scale: [0.5, 0.2]}]}\n",
         "4:38: render.augment[0].scale: expected [from, to], found 0.5 above 0.2"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Re, ratio: [0, 2]}]}\n", "4:39: "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Cr, size: 2}]}\n", "4:37: "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Gn, std: -1}]}\n", "4:36: "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Er, scale: [0.1, 1.5]}]}\n", "4:44: "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Sh, sharpness: 1.5}]}\n", "4:42: "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Ts, scale: [0, 1]}]}\n", "4:38: "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Et, alpha: -1}]}\n", "4:38: "},
        {"study: s\n" MODELS "prompts: [x]\nrender: {augment: [{name: Gn, degrees: 1}]}\n", "no such parameter"},
        {"study: s\n" MODELS "prompts: [x]\nrender: {steps: 10, snapshots: 20}\n", "snapshots"},
        {"study: s\n" MODELS "prompts: [x]\nseeds: [-1]\n", "-1"},
        {"study: s\n" MODELS "prompts: [x]\nseeds: [18446744073709551616]\n",
         "4:9: seeds[0]: expected an integer from 0 to 18446744073709551615, found 18446744073709551616"},
        {"study: s\n" MODELS "prompts: [x]\nseeds: [5, 1, 2, 1, 5]\n",
         "4:18: seeds[3]: expected seeds that differ, found seeds[1] again"},
        {"study: s\n" MODELS "prompts: [x]\nsweep: {noise: [0.1, 0, 0.10]}\n",
         "4:25: sweep.noise[2]: expected values that differ, found [0] again"},
        {"study: s\n" MODELS "prompts: [x]\nsweep: {init: [random, pixels, random]}\n", "found [0] again"},
        {"study: s\n" MODELS "prompts: [x]\nsweep: {l2.weight: [{0: 1}, {0: 2}, {0: 1.0}]}\n",
         "4:37: sweep.l2.weight[2]: expected values that differ, found [0] again"},
        {"study: s\n" MODELS "prompts: [x]\nsweep: {augment: [[Hf, Pe], [Hf], [Hf, Pe]]}\n", "found [0] again"},
        {"study: s\n" MODELS "prompts: [x]\nsweep: {augment: [[Hf], [{name: Hf}]]}\n",
         "found that \"augment=#2\" is \"augment=#1\""},
        {"study: s\n" MODELS "prompts: [x]\nsweep: {optimizer.betas: [[0.9, 0.99], [0.8, 0.99]], optimizer.name: "
         "[adamax]}\n",
         "sweep.optimizer.betas: expected combinations of the sweep that differ"},
        {"study: ''\n" MODELS "prompts: [x]\n", "1:8: study: expected a name, found an empty text"},
        {"study: ..\n" MODELS "prompts: [x]\n", "study: expected a name, found .., which begins with a dot"},
        {"study: ../evil\n" MODELS "prompts: [x]\n", "study: expected a name, found ../evil, which begins"},
        {"study: my/study\n" MODELS "prompts: [x]\n", "expected a name, found the slash of a path in my/study"},
        {"study: \"a\\nb\"\n" MODELS "prompts: [x]\n", "found a control character in a\\x0ab"},
        {"study: s\n" MODELS "prompts: [x]\nseeds: [0..2, 2]\n", "seeds: expected seeds that differ, found 2 again"},
        {"study: s\n" MODELS "prompts: [x, \"a: 600000 | b:-600000\"]\n",
         "3:14: prompts[1]: expected weights of targets that come to at most 1e+06, times the largest weight of a "
         "perceptor, found 1.2e+06"},
        {"study: s\n" MODELS "prompts: [a ^ b ^ c]\nrender: {steps: 2, story: {fade: 0}}\n",
         "3:11: prompts[0]: a story of 3 phrases needs 3 steps until the last one is told, found 2 steps"},
        {"study: s\n" MODELS "prompts: [a ^ b ^ c]\nrender: {steps: 20, story: {period: 10}}\n",
         "a story of 3 phrases needs 21 steps"},
        {"study: \"a\\x9bb\"\n" MODELS "prompts: [x]\n", "found a control character in a\\xc2\\x9bb"},
        {"study: s\n" MODELS "prompts: [x]\nsweep: {optimizer.rl: [1]}\n", "unknown setting optimizer.rl"},
        {"study: s\n" MODELS "prompts: [x]\nsweep: {steps: []}\n", "at least one value"},
        {"study: s\nstudy: t\n", "2:1"},
        {"study: s\nmodels: {generator: {config: no.yaml, checkpoint: /dev/null}, perceptors: []}\n",
         "no.yaml cannot be read"},
    };
    int missed = 0;
    for (size_t i = 0; i < sizeof studies / sizeof studies[0]; i++) {
        vqc_error error = {0};
        vqc_study *study = NULL;
        assert_int_equal(study_from(studies[i].text, &study, &error), VQC_BAD_INPUT);
        (void)printf("    %s\n", error.message);
        assert_null(strchr(error.message, '\n'));
        if (strstr(error.message, studies[i].expected) != NULL)
            continue;
        (void)printf("    expected: %s\n", studies[i].expected);
        missed++;
    }
    assert_int_equal(missed, 0);
}

/* Renders that differ in prompt and seed alone have the same settings in memory, also where two prompts give equal
 * ones of their own, with a file in them. */
static void test_settings_are_shared(void **state)
{
    (void)state;
    vqc_study *study = study_of("study: s\n" MODELS "seeds: [5, 6]\nsweep: {noise: [0, 0.1]}\n"
                                "prompts: [a, {text: b, steps: 9, mask: /dev/null}, {id: c, text: c}, \n"
                                "          {text: d, mask: \"/dev/null\", steps: 9}]\n");
    assert_int_equal(study->render_count, 4 * 2 * 2);
    for (size_t i = 0; i < study->render_count; i++)
        assert_ptr_equal(study->renders[i].settings, study->renders[(i / 4) % 2 * 4 + i % 2].settings);
    assert_ptr_not_equal(study->renders[0].settings, study->renders[1].settings);
    assert_ptr_not_equal(study->renders[0].settings, study->renders[4].settings);
    assert_int_equal(study->renders[12].settings->steps, 9);
    vqc_study_close(study);
}

/* A study in memory, by the allocator's count, which is 0 where a sanitizer has its own. */
static void test_size(void **state)
{
    enum { PROMPTS = 20000, MOST = 600 };
    (void)state;
    vqc_error error = {0};
    static const char text[] = "study: s\n" MODELS "prompts: lines\n";
    const char **lines = calloc(PROMPTS, sizeof *lines);
    assert_non_null(lines);
    for (int i = 0; i < PROMPTS; i++)
        lines[i] = "an oil painting of a lighthouse in a storm, in the style of nobody | blurry:-0.5";
    const vqc_study_source source = {
        .name = "test", .text = text, .size = sizeof text - 1, .folder = "", .lines = lines, .line_count = PROMPTS};
    const struct mallinfo2 before = mallinfo2();
    vqc_study *study;
    if (vqc_study_read(&source, &study, &error) != VQC_OK)
        fail_msg("%s", error.message);
    const struct mallinfo2 after = mallinfo2();
    const size_t bytes = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
    (void)printf("    %.1f bytes a render\n", (double)bytes / PROMPTS);
    assert_int_equal(study->render_count, PROMPTS);
    assert_true(bytes < (size_t)MOST * PROMPTS);
    vqc_study_close(study);
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expansion),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_seed_ranges),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_bars_of_the_first_edition),
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_team),
        cmocka_unit_test(test_prompt_syntax),
        cmocka_unit_test(test_weights_in_texts),
        cmocka_unit_test(test_optimisers),
        cmocka_unit_test(test_default_settings_are_written_as_ever),
        cmocka_unit_test(test_optimisers_survive_writing),
        cmocka_unit_test(test_l2_survives_writing),
        cmocka_unit_test(test_settings_survive_writing),
        cmocka_unit_test(test_augmentations_survive_writing),
        cmocka_unit_test(test_first_edition),
        cmocka_unit_test(test_bad_studies),
        cmocka_unit_test(test_settings_are_shared),
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
