/* A tensor that belongs to a model and that nothing reads is refused by name; what changes nothing passes. */

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
#include "models/clip.h"
#include "models/generator.h"
#include "models/unread.h"
#include "weights_copy.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"
#define DEMO VQC_SOURCE_DIR "/jobs/models/picturebook"

typedef struct scratch {
    char folder[64];
    char path[128];
    vqc_ops *ops;
} scratch;

static int setup(void **state)
{
    static scratch fixture;
    vqc_error error = {0};
    const vqc_ops_options options = {0};
    folder_make(fixture.folder, sizeof fixture.folder);
    if (vqc_ops_create("ref", &options, &fixture.ops, &error) != VQC_OK)
        return -1;
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/w.safetensors", fixture.folder);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    const scratch *fixture = *state;
    vqc_ops_destroy(fixture->ops);
    (void)unlink(fixture->path);
    return rmdir(fixture->folder);
}

/* ---- The rule ---- */

static void tensors_write(const scratch *fixture, const char *const *names, size_t count)
{
    static const float numbers[6];
    vqc_weights_source sources[16];
    vqc_error error = {0};
    assert_true(count <= 16);
    for (size_t i = 0; i < count; i++)
        sources[i] = (vqc_weights_source){
            .name = names[i], .dtype = VQC_DTYPE_F32, .rank = 2, .shape = {2, 3}, .data = numbers};
    assert_int_equal(vqc_weights_write(fixture->path, sources, count, &error), VQC_OK);
}

static void one_read(const vqc_weights *weights, const char *name)
{
    float values[6];
    vqc_error error = {0};
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, name);
    assert_false(vqc_weights_was_read(tensor));
    assert_int_equal(vqc_weights_read_f32(weights, tensor, values, &error), VQC_OK);
    assert_true(vqc_weights_was_read(tensor));
}

static void refusal_check(const vqc_weights *weights, const vqc_unread_rule *rule, const char *expected)
{
    vqc_error error = {0};
    assert_int_equal(vqc_unread_refuse(weights, rule, &error), VQC_BAD_INPUT);
    if (strstr(error.message, expected) == NULL || strstr(error.message, vqc_weights_path(weights)) == NULL)
        fail_msg("%s", error.message);
}

static void test_rule(void **state)
{
    static const char *const names[] = {"m.a.weight",  "m.a.scale",    "m.b.weight",
                                        "m.b.0.count", "other.weight", "m.a.weight_scale"};
    static const char *const owned[] = {"a.*", "b.*", NULL};
    static const char *const counts[] = {"*.count", NULL};
    static const char *const others[] = {"b.*", NULL};
    const scratch *fixture = *state;
    vqc_error error = {0};
    vqc_weights *weights;
    vqc_unread_rule rule = {.family = "Model", .prefix = "m.", .owned = owned, .passed = {NULL, counts}};
    tensors_write(fixture, names, 6);
    assert_int_equal(vqc_weights_open(fixture->path, &weights, &error), VQC_OK);
    refusal_check(weights, &rule, "tensor m.a.weight (2, 3), and 3 more: nothing in a Model reads it");
    one_read(weights, "m.a.weight");
    refusal_check(weights, &rule, "tensor m.a.scale (2, 3), and 2 more: ");
    one_read(weights, "m.a.scale");
    refusal_check(weights, &rule, "tensor m.b.weight (2, 3), and 1 more: ");
    rule.passed[2] = others;
    refusal_check(weights, &rule, "tensor m.a.weight_scale (2, 3): a quantised layer with its scales: save");
    one_read(weights, "m.a.weight_scale");
    rule.passed[2] = NULL;
    rule.passed[2] = others;
    assert_int_equal(vqc_unread_refuse(weights, &rule, &error), VQC_OK);
    rule.passed[2] = NULL;
    rule.prefix = "";
    assert_int_equal(vqc_unread_refuse(weights, &rule, &error), VQC_OK);
    rule.prefix = "m.";
    one_read(weights, "m.b.weight");
    assert_int_equal(vqc_unread_refuse(weights, &rule, &error), VQC_OK);
    vqc_weights_close(weights);
}

/* ---- The families ---- */

enum { IMAGE = 1, TEXT = 2, GENERATOR = 4 };

/* A fixture with one more tensor, and which parts are refused for it; the others must be built. A generator is
 * refused as a whole when it is opened. */
typedef struct family_case {
    const char *weights;
    const char *config; /* of generators */
    const char *extra;
    int refused;
} family_case;

static const char vit[] = FIXTURES "open_clip_gelu/open_clip_model.safetensors";
static const char custom_text[] = FIXTURES "open_clip_custom_text/open_clip_model.safetensors";
static const char hugging_face[] = FIXTURES "hugging_face_gelu/model.safetensors";
static const char resnet[] = DEMO "-resnet.safetensors";
static const char vqgan[] = DEMO "-vqgan.safetensors";
static const char vqgan_config[] = DEMO "-vqgan.yaml";
static const char net2net[] = FIXTURES "net2net.safetensors";
static const char net2net_config[] = FIXTURES "net2net.yaml";

static const family_case cases[] = {
    {vit, NULL, "visual.transformer.resblocks.0.ls_1.gamma", IMAGE},
    {vit, NULL, "visual.attn_pool.query", IMAGE},
    {vit, NULL, "visual.transformer.resblocks.2.ln_1.bias", IMAGE},
    {vit, NULL, "transformer.resblocks.1.attn.ln_q.weight", TEXT},
    {vit, NULL, "positional_embedding_res", TEXT},
    {vit, NULL, "text_projection.bias", TEXT},
    {vit, NULL, "logit_bias", 0},
    {vit, NULL, "transformer.resblocks.0.attn_mask", 0},
    {vit, NULL, "visual.input_resolution", 0},
    {vit, NULL, "classifier.weight", 0},
    {custom_text, NULL, "text.cls_emb", TEXT},
    {hugging_face, NULL, "vision_model.neck.weight", IMAGE},
    {hugging_face, NULL, "text_model.encoder.layers.0.self_attn.q_norm.weight", TEXT},
    {hugging_face, NULL, "vision_model.encoder.position_ids", 0},
    {resnet, NULL, "visual.layer1.0.gate", IMAGE},
    {resnet, NULL, "visual.layer1.0.num_batches_tracked", 0},
    {vqgan, vqgan_config, "decoder.up.0.attn.0.norm.weight", GENERATOR},
    {vqgan, vqgan_config, "encoder.down.0.block.9.norm1.weight", GENERATOR},
    {vqgan, vqgan_config, "quantize.scale", GENERATOR},
    {vqgan, vqgan_config, "denormalize.mean", GENERATOR},
    {vqgan, vqgan_config, "loss.discriminator.main.0.weight", 0},
    {vqgan, vqgan_config, "model_ema.decoderconv_inweight", 0},
    {vqgan, vqgan_config, "colorize", 0},
    {vqgan, vqgan_config, "quantize.codebook_used", 0},
    {net2net, net2net_config, "transformer.head.weight", 0},
    {net2net, net2net_config, "first_stage_model.decoder.mid.attn_2.norm.bias", GENERATOR},
};

static void verdict_check(const family_case *test, int part, vqc_status status, const vqc_error *error)
{
    if ((test->refused & part) == 0 && status != VQC_OK)
        fail_msg("%s: %s", test->extra, error->message);
    if ((test->refused & part) != 0 && (status != VQC_BAD_INPUT || strstr(error->message, test->extra) == NULL))
        fail_msg("%s: part %d: expected a refusal, found %s", test->extra, part,
                 status == VQC_OK ? "none" : error->message);
}

static void clip_case_check(const scratch *fixture, const family_case *test)
{
    const vqc_clip_options options = {0};
    vqc_error error = {0};
    vqc_clip *clip;
    vqc_clip_image_tower image = {0};
    vqc_clip_text_tower text = {0};
    if (vqc_clip_open(fixture->path, &options, &clip, &error) != VQC_OK)
        fail_msg("%s: %s", test->extra, error.message);
    vqc_status status = vqc_clip_image_tower_create(clip, fixture->ops, VQC_DTYPE_F32, 1, false, &image, &error);
    verdict_check(test, IMAGE, status, &error);
    status = vqc_clip_text_tower_create(clip, fixture->ops, VQC_DTYPE_F32, 1, 4, &text, &error);
    verdict_check(test, TEXT, status, &error);
    vqc_clip_image_tower_destroy(&image);
    vqc_clip_text_tower_destroy(&text);
    vqc_clip_close(clip);
}

static void generator_case_check(const scratch *fixture, const family_case *test)
{
    vqc_error error = {0};
    vqc_generator generator;
    vqc_status status = vqc_generator_open(test->config, fixture->path, &generator, &error);
    verdict_check(test, GENERATOR, status, &error);
    if (status == VQC_OK)
        vqc_generator_close(&generator);
}

static void test_families(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const scratch *fixture = *state;
        weights_copy(cases[i].weights, fixture->path, "", 1, cases[i].extra);
        if (cases[i].config == NULL)
            clip_case_check(*state, &cases[i]);
        else
            generator_case_check(*state, &cases[i]);
    }
}

/* timm's attention with norms inside it, beside a configuration that has no word for them. */
static void test_timm_norms(void **state)
{
    const scratch *fixture = *state;
    static const char *const folders[] = {"timm_vit", "siglip_open_clip"};
    static const char extra[] = "visual.trunk.blocks.0.attn.q_norm.weight";
    char config[PATH_SIZE];
    (void)snprintf(config, sizeof config, "%s/open_clip_config.json", fixture->folder);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        vqc_error error = {0};
        vqc_clip *clip;
        vqc_clip_image_tower image = {0};
        char weights[PATH_SIZE];
        char target[PATH_SIZE];
        (void)snprintf(weights, sizeof weights, FIXTURES "%s/open_clip_model.safetensors", folders[i]);
        (void)snprintf(target, sizeof target, FIXTURES "%s/open_clip_config.json", folders[i]);
        assert_int_equal(symlink(target, config), 0);
        weights_copy(weights, fixture->path, "", 1, extra);
        assert_int_equal(vqc_clip_open(fixture->path, &(vqc_clip_options){0}, &clip, &error), VQC_OK);
        assert_int_equal(vqc_clip_image_tower_create(clip, fixture->ops, VQC_DTYPE_F32, 1, false, &image, &error),
                         VQC_BAD_INPUT);
        assert_non_null(strstr(error.message, extra));
        vqc_clip_close(clip);
        assert_int_equal(unlink(config), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule),
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_timm_norms),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
