/* What `inspect` says of a file is what becomes of it: tensors of every family's fixture removed, renamed and added,
 * and numbers and keys of the configuration changed; each time the parts that are called usable are those that can be
 * made on a device. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "models/generator.h"
#include "models/recognition.h"
#include "weights_copy.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"
#define DEMO VQC_SOURCE_DIR "/jobs/models/picturebook"

/* `given`: the configuration is named to the commands; else it lies beside the weights under its own name. */
typedef struct subject {
    const char *weights, *config;
    bool generator, given;
} subject;

static const subject families[] = {
    {.weights = FIXTURES "open_clip_gelu/open_clip_model.safetensors",
     .config = FIXTURES "open_clip_gelu/open_clip_config.json"},
    {.weights = FIXTURES "open_clip_custom_text/open_clip_model.safetensors",
     .config = FIXTURES "open_clip_custom_text/open_clip_config.json"},
    {.weights = FIXTURES "hugging_face_gelu/model.safetensors", .config = FIXTURES "hugging_face_gelu/config.json"},
    {.weights = FIXTURES "siglip_open_clip/open_clip_model.safetensors",
     .config = FIXTURES "siglip_open_clip/open_clip_config.json"},
    {.weights = FIXTURES "siglip_hugging_face/model.safetensors",
     .config = FIXTURES "siglip_hugging_face/config.json"},
    {.weights = DEMO "-resnet.safetensors"},
    {.weights = FIXTURES "net2net.safetensors", .config = FIXTURES "net2net.yaml", .generator = true, .given = true},
    {.weights = FIXTURES "gumbel.safetensors", .config = FIXTURES "gumbel.yaml", .generator = true, .given = true},
    {.weights = FIXTURES "llamagen.safetensors", .generator = true},
    {.weights = FIXTURES "maskgit.safetensors", .generator = true},
    {.weights = FIXTURES "diffusers_vq/diffusion_pytorch_model.safetensors",
     .config = FIXTURES "diffusers_vq/config.json",
     .generator = true},
    {.weights = FIXTURES "janus/model.safetensors", .config = FIXTURES "janus/config.json", .generator = true},
};
enum { FAMILY_COUNT = sizeof families / sizeof families[0] };

typedef struct scratch {
    char folder[64];
    char weights[128];
    char config[192];
    vqc_ops *ops;
    size_t usable, refused; /* parts counted */
} scratch;

static int setup(void **state)
{
    static scratch fixture;
    vqc_error error = {0};
    const vqc_ops_options options = {0};
    folder_make(fixture.folder, sizeof fixture.folder);
    if (vqc_ops_create("ref", &options, &fixture.ops, &error) != VQC_OK)
        return -1;
    (void)snprintf(fixture.weights, sizeof fixture.weights, "%s/w.safetensors", fixture.folder);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    const scratch *fixture = *state;
    vqc_ops_destroy(fixture->ops);
    (void)unlink(fixture->weights);
    return rmdir(fixture->folder);
}

/* ---- Both sides ---- */

/* Which parts can be made: a bit for each. */
static int perceptor_made(const scratch *s)
{
    static const vqc_clip_options options;
    vqc_error error = {0};
    vqc_clip *clip;
    vqc_clip_image_tower pictures = {0};
    vqc_clip_text_tower texts = {0};
    int made = 0;
    if (vqc_clip_open(s->weights, &options, &clip, &error) != VQC_OK)
        return 0;
    if (vqc_clip_image_tower_create(clip, s->ops, VQC_DTYPE_F32, 1, true, &pictures, &error) == VQC_OK)
        made |= 1;
    if (vqc_clip_text_tower_create(clip, s->ops, VQC_DTYPE_F32, 1, clip->text.context, &texts, &error) == VQC_OK)
        made |= 2;
    vqc_clip_image_tower_destroy(&pictures);
    vqc_clip_text_tower_destroy(&texts);
    vqc_clip_close(clip);
    return made;
}

static int generator_made(const scratch *s, const char *config)
{
    vqc_error error = {0};
    vqc_generator generator;
    vqc_generator_decoder decoder = {0};
    vqc_generator_encoder encoder = {0};
    int made = 0;
    if (vqc_generator_open(config, s->weights, &generator, &error) != VQC_OK)
        return 0;
    int64_t side = 2 * generator.factor;
    if (vqc_generator_decoder_create(&generator, s->ops, VQC_DTYPE_F32, 1, 2, 2, true, true, &decoder, &error) ==
        VQC_OK)
        made |= 1;
    if (vqc_generator_encoder_create(&generator, s->ops, VQC_DTYPE_F32, 1, side, side, &encoder, &error) == VQC_OK)
        made |= 2;
    vqc_generator_decoder_destroy(&decoder);
    vqc_generator_encoder_destroy(&encoder);
    vqc_generator_close(&generator);
    return made;
}

static int parts_of(const vqc_recognition *found)
{
    static const char *const words[] = {"picture tower", "decoder", "text tower", "encoder"};
    int parts = 0;
    for (size_t i = 0; i < found->usable_count; i++)
        for (size_t w = 0; w < 4; w++)
            if (strcmp(found->usable[i], words[w]) == 0)
                parts |= w < 2 ? 1 : 2;
    return parts;
}

/* Compares both sides of the scratch folder's model; `change` names what was done to it. */
static int verdict_check(scratch *s, const subject *model, const char *change)
{
    const char *config = model->given ? s->config : NULL;
    vqc_recognition_options options = {.generator = config};
    vqc_recognition found;
    vqc_error error = {0};
    vqc_weights *weights;
    if (vqc_weights_open(s->weights, &weights, &error) != VQC_OK)
        fail_msg("%s", error.message);
    vqc_recognise(weights, &options, &found);
    vqc_weights_close(weights);
    int said = parts_of(&found);
    int made = model->generator ? generator_made(s, config) : perceptor_made(s);
    if (said != made)
        fail_msg("%s, %s: parts made %d, and described as %s", model->weights, change, made, found.model);
    s->usable += (size_t)__builtin_popcount((unsigned)made);
    s->refused += 2 - (size_t)__builtin_popcount((unsigned)made);
    return made;
}

/* ---- The changes ---- */

static char *config_read(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 1 << 16);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    (void)fclose(file);
    return text;
}

static void config_write(const scratch *s, const char *text)
{
    FILE *file = fopen(s->config, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void names_change(scratch *s, const subject *model)
{
    static const char *const extras[] = {
        "visual.neck.weight",      "vision_model.neck.weight", "text.neck.weight",     "text_model.neck.weight",
        "decoder.neck.weight",     "encoder.neck.weight",      "quantize.neck.weight", "logit_bias",
        "module.weight",           "visual.ln_pre.weight",     "text_projection.bias", "visual.proj.bias",
        "vision_model.head.probe", "visual.trunk.cls_token"};
    size_t count = weights_change(model->weights, s->weights, SIZE_MAX, NULL);
    assert_true(verdict_check(s, model, "as it is") != 0);
    size_t stride = count / 40 + 1;
    for (size_t i = 0; i < count; i += stride) {
        char change[64];
        bool removed = i / stride % 2 == 0;
        (void)weights_change(model->weights, s->weights, i, removed ? NULL : extras[i % 6]);
        (void)snprintf(change, sizeof change, "tensor %zu %s", i, removed ? "removed" : "renamed");
        (void)verdict_check(s, model, change);
    }
    for (size_t i = 0; i < sizeof extras / sizeof extras[0]; i++) {
        (void)weights_change(model->weights, s->weights, SIZE_MAX, extras[i]);
        (void)verdict_check(s, model, extras[i]);
    }
}

/* Changes every digit of the configuration, one at a time, and takes a letter off every word in front of a colon. */
static void config_change(scratch *s, const subject *model, char *text)
{
    (void)weights_change(model->weights, s->weights, SIZE_MAX, NULL);
    for (size_t i = 1; text[i] != '\0'; i++) {
        char kept = text[i];
        if (kept >= '0' && kept <= '9')
            text[i] = kept == '9' ? '1' : (char)(kept + 1);
        else if (text[i + 1] == ':' || (kept != '"' && text[i + 1] == '"' && text[i + 2] == ':'))
            text[i] = 'X';
        else
            continue;
        char change[64];
        config_write(s, text);
        (void)snprintf(change, sizeof change, "character %zu of the configuration", i);
        (void)verdict_check(s, model, change);
        text[i] = kept;
    }
    config_write(s, text);
}

static void test_changes(void **state)
{
    scratch *s = *state;
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        char *text = NULL;
        if (families[i].config != NULL) {
            text = config_read(families[i].config);
            (void)snprintf(s->config, sizeof s->config, "%s%s", s->folder, strrchr(families[i].config, '/'));
            config_write(s, text);
        }
        names_change(s, &families[i]);
        if (text != NULL) {
            config_change(s, &families[i], text);
            (void)unlink(s->config);
        }
        free(text);
    }
    print_message("%zu parts usable, %zu refused\n", s->usable, s->refused);
    assert_true(s->usable > 300 && s->refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
