/* CLIP towers against expected values of the public implementations, in every format that the files come in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "model_test.h"
#include "models/clip.h"
#include "network/network_layout.h"

static void image_tower_check(const model_test *test, const vqc_clip *clip, const vqc_weights *expected)
{
    vqc_error error = {0};
    vqc_clip_image_tower tower;
    int64_t shape[4];
    float *pixels = model_test_tensor(expected, "pixels", shape);
    int64_t weight_shape[4];
    float *weight = model_test_tensor(expected, "embed_weight", weight_shape);
    assert_true(pixels != NULL && weight != NULL);
    model_test_ok(vqc_clip_image_tower_create(clip, test->ops, test->precision, shape[0], true, &tower, &error),
                  &error);
    model_test_ok(vqc_network_write(tower.network, tower.pixels, pixels, &error), &error);
    model_test_ok(vqc_network_forward(tower.network, &error), &error);
    model_test_compare(test, tower.network, tower.embedding, MODEL_TEST_OUTPUT, expected, "image_embed");
    model_test_ok(vqc_network_gradient_write(tower.network, tower.embedding, weight, &error), &error);
    model_test_ok(vqc_network_backward(tower.network, &error), &error);
    model_test_compare(test, tower.network, tower.pixels, MODEL_TEST_GRADIENT, expected, "pixels_grad");
    vqc_clip_image_tower_destroy(&tower);
    free(pixels);
    free(weight);
}

static void text_tower_check(const model_test *test, const vqc_clip *clip, const vqc_weights *expected)
{
    vqc_error error = {0};
    vqc_clip_text_tower tower;
    int64_t shape[4];
    int32_t *ids = model_test_integers(expected, "token_ids", shape);
    assert_non_null(ids);
    model_test_ok(vqc_clip_text_tower_create(clip, test->ops, test->precision, shape[0], shape[1], &tower, &error),
                  &error);
    model_test_ok(vqc_clip_text_tower_write(&tower, ids, &error), &error);
    model_test_ok(vqc_network_forward(tower.network, &error), &error);
    model_test_compare(test, tower.network, tower.embedding, MODEL_TEST_OUTPUT, expected, "text_embed");
    vqc_clip_text_tower_destroy(&tower);
    free(ids);
}

static void model_check(const model_test *test, const char *path, const char *expected_path)
{
    vqc_error error = {0};
    vqc_clip_options options = {0};
    vqc_clip *clip;
    (void)printf("  %s\n", path);
    model_test_ok(vqc_clip_open(path, &options, &clip, &error), &error);
    vqc_weights *expected = model_test_expected(expected_path);
    image_tower_check(test, clip, expected);
    if (clip->text.type != NULL)
        text_tower_check(test, clip, expected);
    vqc_weights_close(expected);
    vqc_clip_close(clip);
}

static void reference_check(const model_test *test, const char *name, const char *expected_name)
{
    const char *found = model_test_reference(expected_name);
    if (found == NULL)
        skip();
    char *expected = strdup(found);
    model_check(test, model_test_reference(name), expected);
    free(expected);
}

static void fixture_check(const model_test *test, const char *name, const char *expected_name)
{
    char *expected = strdup(model_test_fixture(expected_name));
    model_check(test, model_test_fixture(name), expected);
    free(expected);
}

static void test_vit_torchscript(void **state)
{
    reference_check(*state, "clip_vit.pt", "clip_vit_expected.safetensors");
}

static void test_vit_safetensors(void **state)
{
    reference_check(*state, "clip_vit.safetensors", "clip_vit_expected.safetensors");
}

static void test_vit_state_dict(void **state)
{
    reference_check(*state, "clip_vit_statedict.pt", "clip_vit_expected.safetensors");
}

static void test_vit_legacy(void **state)
{
    reference_check(*state, "clip_vit_legacy.pt", "clip_vit_expected.safetensors");
}

static void test_resnet_torchscript(void **state)
{
    reference_check(*state, "clip_resnet.pt", "clip_resnet_expected.safetensors");
}

static void test_resnet_safetensors(void **state)
{
    reference_check(*state, "clip_resnet.safetensors", "clip_resnet_expected.safetensors");
}

static void test_open_clip_gelu(void **state)
{
    fixture_check(*state, "open_clip_gelu/open_clip_model.safetensors",
                  "open_clip_gelu/open_clip_model_expected.safetensors");
}

static void test_open_clip_custom_text(void **state)
{
    fixture_check(*state, "open_clip_custom_text/open_clip_model.safetensors",
                  "open_clip_custom_text/open_clip_model_expected.safetensors");
}

static void test_hugging_face_quick_gelu(void **state)
{
    fixture_check(*state, "hugging_face_quick_gelu/model.safetensors",
                  "hugging_face_quick_gelu/model_expected.safetensors");
}

static void test_hugging_face_gelu(void **state)
{
    fixture_check(*state, "hugging_face_gelu/model.safetensors", "hugging_face_gelu/model_expected.safetensors");
}

static void test_hugging_face_heads(void **state)
{
    fixture_check(*state, "hugging_face_heads/model.safetensors", "hugging_face_heads/model_expected.safetensors");
}

static void test_siglip_hugging_face(void **state)
{
    fixture_check(*state, "siglip_hugging_face/model.safetensors", "siglip_hugging_face/model_expected.safetensors");
}

static void test_timm_vit(void **state)
{
    fixture_check(*state, "timm_vit/open_clip_model.safetensors", "timm_vit/open_clip_model_expected.safetensors");
}

static void test_siglip_open_clip(void **state)
{
    fixture_check(*state, "siglip_open_clip/open_clip_model.safetensors",
                  "siglip_open_clip/open_clip_model_expected.safetensors");
}

/* Settings that the models above leave at their defaults, several in each; tests/oracle/clip_settings.py. */
static void test_settings(void **state)
{
    static const char *const weights[] = {
        "settings/clipa/open_clip_model.safetensors",
        "settings/open_clip_tower/open_clip_model.safetensors",
        "settings/open_clip_copied/open_clip_model.safetensors",
        "settings/coca/open_clip_model.safetensors",
        "settings/queries/open_clip_model.safetensors",
        "settings/scales/open_clip_model.safetensors",
        "settings/long_clip/model.safetensors",
        "settings/hugging_face_5/model.safetensors",
        "settings/metaclip_2/model.safetensors",
        "settings/picture_tower/model.safetensors",
        "settings/siglip_tower/model.safetensors",
    };
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        char expected[256];
        const char *slash = strrchr(weights[i], '/');
        (void)snprintf(expected, sizeof expected, "%.*s/expected.safetensors", (int)(slash - weights[i]), weights[i]);
        fixture_check(*state, weights[i], expected);
    }
}

/* A picture tower alone has embeddings of pictures, and says that it has none of texts. */
static void test_picture_tower_alone(void **state)
{
    static const char *const weights[] = {"settings/picture_tower/model.safetensors",
                                          "settings/siglip_tower/model.safetensors"};
    const model_test *test = *state;
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        vqc_error error = {0};
        vqc_clip_options options = {0};
        vqc_clip *clip;
        vqc_clip_text_tower tower;
        model_test_ok(vqc_clip_open(model_test_fixture(weights[i]), &options, &clip, &error), &error);
        assert_null(clip->text.type);
        assert_int_equal(vqc_clip_text_tower_create(clip, test->ops, test->precision, 1, 4, &tower, &error),
                         VQC_BAD_INPUT);
        assert_non_null(strstr(error.message, "tower/model.safetensors: has a picture tower and no text tower"));
        vqc_clip_close(clip);
    }
}

/* Of an attention node whose queries lie apart from keys and values, how many there are; 0: packed, or none. */
static int64_t queries_apart(const vqc_network_node *node, int64_t batch, int64_t width)
{
    bool apart = node->kind == VQC_OPERATION_ATTENTION && node->layout.input_has_gradient[1];
    return apart ? node->layout.output_count_elements / (batch * width) : 0;
}

/* In the last block of a tower whose class token is the embedding this token alone asks; in a mean all tokens do. */
static void class_token_check(const model_test *test, const char *path, int64_t expected)
{
    enum { BATCH = 2 };
    vqc_error error = {0};
    vqc_clip_options options = {0};
    vqc_clip *clip;
    vqc_clip_image_tower tower;
    int64_t found = 0;
    model_test_ok(vqc_clip_open(path, &options, &clip, &error), &error);
    model_test_ok(vqc_clip_image_tower_create(clip, test->ops, test->precision, BATCH, true, &tower, &error), &error);
    const vqc_network_graph *graph = vqc_network_graph_of(tower.network);
    const vqc_weights_tensor *norm = vqc_parameters_find(&clip->parameters, "visual.ln_post.weight");
    assert_non_null(norm);
    for (size_t i = 0; i < graph->node_count; i++)
        found += queries_apart(&graph->nodes[i], BATCH, norm->count);
    assert_int_equal(found, expected);
    vqc_clip_image_tower_destroy(&tower);
    vqc_clip_close(clip);
}

static void test_class_token_alone(void **state)
{
    class_token_check(*state, model_test_fixture("open_clip_gelu/open_clip_model.safetensors"), 1);
    class_token_check(*state, model_test_fixture("hugging_face_gelu/model.safetensors"), 1);
    class_token_check(*state, model_test_fixture("settings/clipa/open_clip_model.safetensors"), 0);
}

/* ---- Models of other pictures ---- */

static const double openai_mean[] = {0.48145466, 0.4578275, 0.40821073};
static const double openai_deviation[] = {0.26862954, 0.26130258, 0.27577711};
static const double other_mean[] = {0.5, 0.25, 0.75};
static const double other_deviation[] = {0.5, 0.125, 0.25};

/* A folder with links to a fixture's files and one more file. */
typedef struct other_folder {
    char folder[32];
    char paths[3][PATH_SIZE];
    int count;
} other_folder;

static const char *path_add(other_folder *f, const char *name)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", f->folder, name);
    return strcpy(f->paths[f->count++], path);
}

static void link_add(other_folder *f, const char *fixture, const char *name)
{
    char target[PATH_SIZE];
    (void)snprintf(target, sizeof target, "%s/%s", fixture, name);
    assert_int_equal(symlink(target, path_add(f, name)), 0);
}

static void text_add(other_folder *f, const char *name, const char *text)
{
    FILE *stream = fopen(path_add(f, name), "w");
    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static void folder_open(other_folder *f)
{
    *f = (other_folder){0};
    folder_make(f->folder, sizeof f->folder);
}

static void folder_remove(other_folder *f)
{
    for (int i = 0; i < f->count; i++)
        assert_int_equal(unlink(f->paths[i]), 0);
    assert_int_equal(rmdir(f->folder), 0);
}

/* The model at the folder's first path, shown the pictures that its mean and deviation turn into what the fixture's
 * tower sees: the embeddings must be the same. */
static void other_pictures_check(const model_test *test, const other_folder *f, const char *expected_name)
{
    vqc_error error = {0};
    vqc_clip_options options = {0};
    vqc_clip *clip;
    vqc_clip_image_tower tower;
    int64_t shape[4];
    model_test_ok(vqc_clip_open(f->paths[0], &options, &clip, &error), &error);
    vqc_weights *expected = model_test_expected(model_test_fixture(expected_name));
    float *pixels = model_test_tensor(expected, "pixels", shape);
    for (int64_t i = 0; i < shape[0] * shape[1] * shape[2] * shape[3]; i++) {
        double seen = ((double)pixels[i] - openai_mean[i % 3]) / openai_deviation[i % 3];
        pixels[i] = (float)(other_mean[i % 3] + other_deviation[i % 3] * seen);
    }
    model_test_ok(vqc_clip_image_tower_create(clip, test->ops, test->precision, shape[0], false, &tower, &error),
                  &error);
    model_test_ok(vqc_network_write(tower.network, tower.pixels, pixels, &error), &error);
    model_test_ok(vqc_network_forward(tower.network, &error), &error);
    model_test_compare(test, tower.network, tower.embedding, MODEL_TEST_OUTPUT, expected, "image_embed");
    vqc_clip_image_tower_destroy(&tower);
    vqc_weights_close(expected);
    vqc_clip_close(clip);
    free(pixels);
}

static void test_open_clip_other_pictures(void **state)
{
    other_folder f;
    folder_open(&f);
    link_add(&f, VQC_SOURCE_DIR "/tests/models/fixtures/open_clip_gelu", "open_clip_model.safetensors");
    text_add(&f, "open_clip_config.json",
             "{\"preprocess_cfg\": {\"mean\": [0.5, 0.25, 0.75], \"std\": [0.5, 0.125, 0.25]}}");
    other_pictures_check(*state, &f, "open_clip_gelu/open_clip_model_expected.safetensors");
    folder_remove(&f);
}

static void test_hugging_face_other_pictures(void **state)
{
    other_folder f;
    folder_open(&f);
    link_add(&f, VQC_SOURCE_DIR "/tests/models/fixtures/hugging_face_heads", "model.safetensors");
    link_add(&f, VQC_SOURCE_DIR "/tests/models/fixtures/hugging_face_heads", "config.json");
    text_add(&f, "preprocessor_config.json",
             "{\"image_mean\": [0.5, 0.25, 0.75], \"image_std\": [0.5, 0.125, 0.25]}");
    other_pictures_check(*state, &f, "hugging_face_heads/model_expected.safetensors");
    folder_remove(&f);
}

static void test_bad_statistics(void **state)
{
    static const char *const texts[] = {"[0.5, 0.5]", "[0.5, 0.5, 0]", "[0.5, 0.5, \"a\"]", "0.5", "[1, 1, 1e9]"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[128];
        vqc_error error = {0};
        vqc_clip_options options = {0};
        vqc_clip *clip;
        other_folder f;
        folder_open(&f);
        link_add(&f, VQC_SOURCE_DIR "/tests/models/fixtures/open_clip_gelu", "open_clip_model.safetensors");
        (void)snprintf(text, sizeof text, "{\"preprocess_cfg\": {\"std\": %s}}", texts[i]);
        text_add(&f, "open_clip_config.json", text);
        assert_int_equal(vqc_clip_open(f.paths[0], &options, &clip, &error), VQC_BAD_INPUT);
        assert_non_null(strstr(error.message, "open_clip_config.json: preprocess_cfg.std: expected an array of 3 "
                                              "numbers from 0.001 to 1"));
        folder_remove(&f);
    }
}

/* ---- SigLIP with other configurations beside it ---- */

static void refusal_check(const char *path, const vqc_clip_options *options, const char *says)
{
    vqc_error error = {0};
    vqc_clip *clip;
    assert_int_equal(vqc_clip_open(path, options, &clip, &error), VQC_BAD_INPUT);
    if (strstr(error.message, says) == NULL)
        fail_msg("expected %s in: %s", says, error.message);
}

static const char *const unknown_timm =
    "{\"model_cfg\": {\"embed_dim\": 24, \"custom_text\": true, \"vision_cfg\": {\"image_size\": 16, "
    "\"timm_model_name\": \"vit_tiny_patch8_siglip_16\", \"timm_pool\": \"map\", \"timm_proj\": \"none\"}, "
    "\"text_cfg\": {\"context_length\": 7, \"vocab_size\": 40, \"width\": 16, \"heads\": 4, \"layers\": 1, "
    "\"mlp_ratio\": 3, \"no_causal_mask\": true, \"proj_bias\": true, \"pool_type\": \"last\", "
    "\"norm_kwargs\": {\"eps\": 1e-06}, \"act_kwargs\": {\"approximate\": \"tanh\"}}}, "
    "\"preprocess_cfg\": {\"mean\": [0.5, 0.5, 0.5], \"std\": [0.5, 0.5, 0.5], \"resize_mode\": \"squash\"}}";

/* A name that timm does not have says neither activation nor heads. The caller does, of the picture tower alone: that
 * of the text tower, which is another here, stands in the configuration. */
static void test_siglip_unknown_timm_name(void **state)
{
    other_folder f;
    vqc_error error = {0};
    vqc_clip *clip;
    folder_open(&f);
    link_add(&f, VQC_SOURCE_DIR "/tests/models/fixtures/siglip_open_clip", "open_clip_model.safetensors");
    text_add(&f, "open_clip_config.json", unknown_timm);
    refusal_check(f.paths[0], &(vqc_clip_options){.head_width = 2}, "say activation");
    refusal_check(f.paths[0], &(vqc_clip_options){.activation = "gelu"}, "say head_width");
    const vqc_clip_options options = {.head_width = 2, .activation = "gelu"};
    model_test_ok(vqc_clip_open(f.paths[0], &options, &clip, &error), &error);
    vqc_weights *expected =
        model_test_expected(model_test_fixture("siglip_open_clip/open_clip_model_expected.safetensors"));
    image_tower_check(*state, clip, expected);
    text_tower_check(*state, clip, expected);
    vqc_weights_close(expected);
    vqc_clip_close(clip);
    folder_remove(&f);
}

/* Pictures are squashed; a processor that resizes one side only would leave them as no tower takes them. */
static void test_siglip_picture_files(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{}", NULL},
        {"{\"size\": {\"height\": 19, \"width\": 19}, \"image_processor_type\": \"SiglipImageProcessor\"}", NULL},
        {"{\"size\": {\"shortest_edge\": 19}}", "size: expected height and width"},
        {"{\"size\": {\"height\": 24, \"width\": 24}}", "size.height: expected 19"},
        {"{\"image_processor_type\": \"Siglip2ImageProcessor\"}", "image_processor_type"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_error error = {0};
        vqc_clip *clip;
        other_folder f;
        folder_open(&f);
        link_add(&f, VQC_SOURCE_DIR "/tests/models/fixtures/siglip_hugging_face", "model.safetensors");
        link_add(&f, VQC_SOURCE_DIR "/tests/models/fixtures/siglip_hugging_face", "config.json");
        text_add(&f, "preprocessor_config.json", cases[i].text);
        if (cases[i].says != NULL) {
            refusal_check(f.paths[0], &(vqc_clip_options){0}, cases[i].says);
        } else {
            model_test_ok(vqc_clip_open(f.paths[0], &(vqc_clip_options){0}, &clip, &error), &error);
            assert_int_equal(clip->config.preparation.resize, VQC_PICTURE_RESIZE_SQUASH);
            assert_true(clip->config.pixel_mean[0] == 0.5F && clip->config.pixel_deviation[2] == 0.5F);
            vqc_clip_close(clip);
        }
        folder_remove(&f);
    }
}

/* A file of one tensor of one number. */
static void one_tensor_add(other_folder *f, const char *name)
{
    char header[256];
    const uint8_t zeros[4] = {0};
    FILE *stream = fopen(path_add(f, "model.safetensors"), "wb");
    assert_non_null(stream);
    uint64_t size = (uint64_t)snprintf(header, sizeof header,
                                       "{\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", name);
    assert_int_equal(fwrite(&size, sizeof size, 1, stream), 1);
    assert_int_equal(fwrite(header, size, 1, stream), 1);
    assert_int_equal(fwrite(zeros, sizeof zeros, 1, stream), 1);
    assert_int_equal(fclose(stream), 0);
}

/* Families that are known and not computed are named. */
static void test_strangers_refused(void **state)
{
    static const char *const cases[][2] = {
        {"visual.trunk.norm_pre.weight", "a PE-Core model"},
        {"visual.trunk.cls_token", "one of timm's vision transformers"},
        {"visual.trunk.patch_embed.proj.weight", "one of timm's vision transformers"},
        {"visual.trunk.stages.0.blocks.0.conv_dw.weight", "a ConvNeXt CLIP model"},
        {"visual.trunk.stem.0.conv_kxk.0.conv.weight", "a MobileCLIP model"},
        {"vision_model._orig_mod.embeddings.class_embedding",
         "vision_model._orig_mod.embeddings.class_embedding: a part"},
        {"base_model.model.text_model.embeddings.token_embedding.weight", "a model of peft: merge it"},
        {"layers.0.q_proj.lora_A.weight", "LoRA's matrices: merge them"},
        {"token_embedding.weight", "a text tower without a picture tower that vqclip knows: a perceptor looks"},
        {"text_model.embeddings.token_embedding.weight", "or give the texts' embeddings as targets"},
        {"embeddings.token_embedding.weight", "a text tower without a picture tower"},
        {"embeddings.class_embedding", "a picture tower without its projection, as CLIPVisionModel saves it"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        other_folder f;
        folder_open(&f);
        one_tensor_add(&f, cases[i][0]);
        refusal_check(f.paths[0], &(vqc_clip_options){0}, cases[i][1]);
        folder_remove(&f);
    }
}

/* The last token stands for a text: one that is not filled up would have another embedding. */
static void test_siglip_texts_are_whole(void **state)
{
    const model_test *test = *state;
    vqc_error error = {0};
    vqc_clip *clip;
    vqc_clip_text_tower tower;
    model_test_ok(vqc_clip_open(model_test_fixture("siglip_hugging_face/model.safetensors"), &(vqc_clip_options){0},
                                &clip, &error),
                  &error);
    assert_int_equal(vqc_clip_text_tower_create(clip, test->ops, test->precision, 1, 6, &tower, &error),
                     VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "expected 7, padding included"));
    vqc_clip_close(clip);
}

static void test_siglip_refused(void **state)
{
    static const struct {
        const char *config, *says;
    } cases[] = {
        {NULL, "needs its config.json beside it"},
        {"{\"model_type\": \"siglip2\"}", "model_type: expected siglip, found siglip2: SigLIP 2's NaFlex"},
        {"{\"model_type\": \"clip\"}", "model_type"},
        {"{\"model_type\": \"siglip\", \"vision_config\": {\"vision_use_head\": false}}", "vision_use_head"},
        {"{\"model_type\": \"siglip\", \"vision_config\": {\"new\": 1}}", "vision_config.new"},
        {"{\"model_type\": \"siglip\", \"vision_config\": {\"hidden_act\": \"silu\"}}", "hidden_act"},
        {"{\"model_type\": \"siglip\"}", "expected 16"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        other_folder f;
        folder_open(&f);
        link_add(&f, VQC_SOURCE_DIR "/tests/models/fixtures/siglip_hugging_face", "model.safetensors");
        if (cases[i].config != NULL)
            text_add(&f, "config.json", cases[i].config);
        refusal_check(f.paths[0], &(vqc_clip_options){0}, cases[i].says);
        folder_remove(&f);
    }
}

int main(int argc, char **argv)
{
    model_test test;
    model_test_open(&test, argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_vit_torchscript, &test),
        cmocka_unit_test_prestate(test_vit_safetensors, &test),
        cmocka_unit_test_prestate(test_vit_state_dict, &test),
        cmocka_unit_test_prestate(test_vit_legacy, &test),
        cmocka_unit_test_prestate(test_resnet_torchscript, &test),
        cmocka_unit_test_prestate(test_resnet_safetensors, &test),
        cmocka_unit_test_prestate(test_open_clip_gelu, &test),
        cmocka_unit_test_prestate(test_class_token_alone, &test),
        cmocka_unit_test_prestate(test_open_clip_custom_text, &test),
        cmocka_unit_test_prestate(test_hugging_face_quick_gelu, &test),
        cmocka_unit_test_prestate(test_hugging_face_gelu, &test),
        cmocka_unit_test_prestate(test_hugging_face_heads, &test),
        cmocka_unit_test_prestate(test_siglip_hugging_face, &test),
        cmocka_unit_test_prestate(test_siglip_open_clip, &test),
        cmocka_unit_test_prestate(test_timm_vit, &test),
        cmocka_unit_test_prestate(test_siglip_unknown_timm_name, &test),
        cmocka_unit_test_prestate(test_siglip_texts_are_whole, &test),
        cmocka_unit_test_prestate(test_siglip_picture_files, &test),
        cmocka_unit_test_prestate(test_strangers_refused, &test),
        cmocka_unit_test_prestate(test_siglip_refused, &test),
        cmocka_unit_test_prestate(test_settings, &test),
        cmocka_unit_test_prestate(test_picture_tower_alone, &test),
        cmocka_unit_test_prestate(test_open_clip_other_pictures, &test),
        cmocka_unit_test_prestate(test_hugging_face_other_pictures, &test),
        cmocka_unit_test_prestate(test_bad_statistics, &test),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    model_test_close(&test);
    return failed;
}
