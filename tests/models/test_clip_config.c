/* What a configuration beside a CLIP file says and is not computed, or does not fit the tensors, is refused by file,
 * key and value. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "models/clip.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

enum { TEXT_SIZE = 1 << 14 };

/* One change of a fixture's configuration: the first place of `from` becomes `to`. An empty `from` puts it behind the
 * first brace. `says`: the end of the message; NULL: it is read. */
typedef struct config_case {
    const char *from, *to;
    const char *says;
} config_case;

/* A folder with a link to a fixture's weights and a file that is written anew. */
typedef struct scratch {
    char folder[64];
    char weights[128], config[128], beside[128];
} scratch;

static void scratch_open(scratch *s, const char *fixture, const char *weights, const char *config)
{
    char target[PATH_SIZE];
    folder_make(s->folder, sizeof s->folder);
    (void)snprintf(s->weights, sizeof s->weights, "%s/%s", s->folder, weights);
    (void)snprintf(s->config, sizeof s->config, "%s/%s", s->folder, config);
    (void)snprintf(target, sizeof target, FIXTURES "%s/%s", fixture, weights);
    assert_int_equal(symlink(target, s->weights), 0);
}

/* Another file of the fixture that lies beside them. */
static void beside_link(scratch *s, const char *fixture, const char *name)
{
    char target[PATH_SIZE];
    (void)snprintf(s->beside, sizeof s->beside, "%s/%s", s->folder, name);
    (void)snprintf(target, sizeof target, FIXTURES "%s/%s", fixture, name);
    assert_int_equal(symlink(target, s->beside), 0);
}

static void scratch_close(const scratch *s)
{
    (void)unlink(s->weights);
    (void)unlink(s->beside);
    (void)unlink(s->config);
    assert_int_equal(rmdir(s->folder), 0);
}

static void fixture_read(const char *fixture, const char *name, char text[TEXT_SIZE])
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, FIXTURES "%s/%s", fixture, name);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    text[fread(text, 1, TEXT_SIZE - 1, stream)] = '\0';
    (void)fclose(stream);
}

/* Writes the text with one place changed. */
static void changed_write(const scratch *s, const char *text, const config_case *test)
{
    const char *place = *test->from == '\0' ? strchr(text, '{') + 1 : strstr(text, test->from);
    FILE *stream = fopen(s->config, "w");
    if (place == NULL)
        fail_msg("%s: not in the configuration", test->from);
    assert_non_null(stream);
    (void)fprintf(stream, "%.*s%s%s", (int)(place - text), text, test->to, place + strlen(test->from));
    assert_int_equal(fclose(stream), 0);
}

static void case_check(const scratch *s, const char *text, const config_case *test)
{
    vqc_error error = {0};
    const vqc_clip_options options = {0};
    vqc_clip *clip;
    changed_write(s, text, test);
    vqc_status status = vqc_clip_open(s->weights, &options, &clip, &error);
    if (status == VQC_OK)
        vqc_clip_close(clip);
    if (test->says == NULL && status != VQC_OK)
        fail_msg("%s: %s", test->to, error.message);
    if (test->says == NULL)
        return;
    if (status != VQC_BAD_INPUT || strstr(error.message, test->says) == NULL ||
        strncmp(error.message, s->config, strlen(s->config)) != 0)
        fail_msg("%s: expected %s, found %s", test->to, test->says, status == VQC_OK ? "nothing" : error.message);
}

static void cases_check(const char *fixture, const char *weights, const char *config, const config_case *cases,
                        size_t count)
{
    scratch s = {.beside = ""};
    char text[TEXT_SIZE];
    scratch_open(&s, fixture, weights, config);
    if (strcmp(config, "processor_config.json") == 0)
        beside_link(&s, fixture, "config.json");
    fixture_read(fixture, config, text);
    for (size_t i = 0; i < count; i++)
        case_check(&s, text, &cases[i]);
    scratch_close(&s);
}

static void test_open_clip(void **state)
{
    static const config_case cases[] = {
        {"\"embed_dim\"", "\"embed_dim\"", NULL},
        {"\"embed_dim\": 32", "\"embed_dim\": 64",
         "model_cfg.embed_dim: expected 32, as the tensors have it, found 64"},
        {"\"embed_dim\"", "\"multimodal_cfg\": {}, \"embed_dim\"", NULL},
        {"\"layers\": 2", "\"layers\": 3", "vision_cfg.layers: expected 2, as the tensors have it, found 3"},
        {"\"image_size\": 16", "\"image_size\": [8, 32]", "vision_cfg.image_size: expected 16"},
        {"\"image_size\": 16", "\"image_size\": [16, 16]", NULL},
        {"\"patch_size\": 4", "\"patch_size\": 8", "vision_cfg.patch_size: expected 4"},
        {"\"mlp_ratio\": 4.0", "\"mlp_ratio\": 3.0",
         "vision_cfg.mlp_ratio: expected 4, as the tensors have it, found 3"},
        {"\"patch_size\"", "\"attentional_pool\": \"cascade\", \"patch_size\"",
         "model_cfg.vision_cfg.attentional_pool: expected true or false, found \"cascade\""},
        {"\"patch_size\"", "\"pool_type\": \"none\", \"patch_size\"",
         "model_cfg.vision_cfg.pool_type: expected tok, avg, found \"none\""},
        {"\"patch_size\"", "\"qk_norm\": true, \"patch_size\"",
         "model_cfg.vision_cfg.qk_norm: expected false, found true"},
        {"\"patch_size\"", "\"scale_fc\": null, \"patch_size\"", NULL},
        {"\"patch_size\"", "\"norm_kwargs\": {\"bias\": false}, \"patch_size\"",
         "model_cfg.vision_cfg.norm_kwargs.bias: expected true, found false"},
        {"\"patch_size\"", "\"norm_kwargs\": 3, \"patch_size\"",
         "vision_cfg.norm_kwargs: expected an object, found 3"},
        {"\"patch_size\"", "\"act_kwargs\": {\"approximate\": \"fast\"}, \"patch_size\"",
         "vision_cfg.act_kwargs.approximate: expected none, tanh, found \"fast\""},
        {"\"patch_size\"", "\"timm_model_name\": \"vit_base\", \"patch_size\"",
         "model_cfg.vision_cfg.layers: a key that vqclip does not know"},
        {"\"patch_size\"", "\"pool_typ\": \"avg\", \"patch_size\"",
         "model_cfg.vision_cfg.pool_typ: a key that vqclip does not know, with the value \"avg\"; the nearest one is "
         "pool_type"},
        {"\"vocab_size\": 96", "\"vocab_size\": 97", "text_cfg.vocab_size: expected 96"},
        {"\"vocab_size\"", "\"embed_cls\": true, \"vocab_size\"", "text_cfg.context_length: expected 11"},
        {"\"vocab_size\"", "\"pool_type\": \"avg\", \"vocab_size\"",
         "text_cfg.pool_type: expected argmax, eos, first, last, found \"avg\""},
        {"\"vocab_size\"", "\"proj_type\": \"none\", \"vocab_size\"", "proj_type none: the text tower is 64 wide"},
        {"\"vocab_size\"", "\"qk_norm\": true, \"vocab_size\"", "text_cfg.qk_norm: expected false, found true"},
        {"\"vocab_size\"", "\"proj_type\": \"mlp\", \"vocab_size\"", "text_cfg.proj_type: expected linear, none"},
        {"\"context_length\": 12,", "",
         "text_cfg.context_length: expected 12, as the tensors have it, found 77, which "
         "is meant where the key is not there"},
        {"\"mean\"", "\"resize_mode\": \"crop\", \"mean\"",
         "preprocess_cfg.resize_mode: expected shortest, longest, squash, found \"crop\""},
        {"\"mean\"", "\"size\": 24, \"mean\"", "preprocess_cfg.size: expected 16, as the picture tower takes it"},
        {"\"mean\"", "\"fill_color\": 256, \"mean\"", "preprocess_cfg.fill_color: expected an integer from 0 to 255"},
        {"", "\"tag\": 1,", "tag: a key that vqclip does not know"},
    };
    (void)state;
    cases_check("open_clip_gelu", "open_clip_model.safetensors", "open_clip_config.json", cases,
                sizeof cases / sizeof cases[0]);
}

static void test_timm(void **state)
{
    static const config_case cases[] = {
        {"\"timm_pool\"", "\"timm_pool\"", NULL},
        {"\"avg\"", "\"\"", "model_cfg.vision_cfg.timm_pool: expected token, avg, map, found \"\""},
        {"\"timm_pool\"", "\"qk_norm\": true, \"timm_pool\"", "vision_cfg.qk_norm: a key that vqclip does not know"},
    };
    (void)state;
    cases_check("timm_vit", "open_clip_model.safetensors", "open_clip_config.json", cases,
                sizeof cases / sizeof cases[0]);
}

static void test_hugging_face(void **state)
{
    static const config_case cases[] = {
        {"\"initializer_factor\"", "\"initializer_factor\"", NULL},
        {"\"model_type\": \"clip\"", "\"model_type\": \"siglip2\"", "model_type: expected clip, clipseg, metaclip_2"},
        {"\"projection_dim\": 32", "\"projection_dim\": 64", "projection_dim: expected 32, as the tensors have it"},
        {"\"hidden_act\": \"gelu\"", "\"hidden_act\": \"silu\"", "text_config.hidden_act: expected quick_gelu, gelu"},
        {"\"eos_token_id\": 95", "\"eos_token_id\": [95]", "text_config.eos_token_id: expected an integer from 0"},
        {"\"intermediate_size\": 128", "\"intermediate_size\": 64", "text_config.intermediate_size: expected 128"},
        {"\"num_hidden_layers\": 1,", "",
         "text_config.num_hidden_layers: expected 1, as the tensors have it, found 12"},
        {"\"num_attention_heads\": 1", "\"num_attention_heads\": 3",
         "the text tower, of width 64, does not divide into the 3 heads that are said"},
        {"\"num_attention_heads\": 1", "\"num_attention_heads\": 0", "text_config.num_attention_heads: expected an"},
        {"\"vocab_size\": 96", "\"vocab_size\": 49408", "text_config.vocab_size: expected 96"},
        {"\"image_size\": 16", "\"image_size\": 32", "vision_config.image_size: expected 16"},
        {"\"num_channels\": 3", "\"num_channels\": 4", "vision_config.num_channels: expected 3, found 4"},
        {"\"patch_size\": 4", "\"patch_size\": 4, \"use_rope\": true",
         "vision_config.use_rope: a key that vqclip does not know, with the value true"},
        {"", "\"quantization_config\": {\"bits\": 8},", "quantization_config: a key that vqclip does not know"},
        {"", "\"vision_config_dict\": {\"num_hidden_layers\": 1},", "vision_config_dict.patch_size: expected 4"},
    };
    (void)state;
    cases_check("hugging_face_gelu", "model.safetensors", "config.json", cases, sizeof cases / sizeof cases[0]);
}

static void test_pictures(void **state)
{
    static const config_case cases[] = {
        {"\"resample\"", "\"resample\"", NULL},
        {"\"resample\": 3", "\"resample\": 0", "image_processor.resample: expected an integer from 1 to 3, found 0"},
        {"\"resample\"", "\"do_pad\": true, \"resample\"", "image_processor.do_pad: expected false, found true"},
        {"\"resample\"", "\"do_resize\": false, \"resample\"", "image_processor.do_resize: expected true"},
        {"\"resample\"", "\"do_center_crop\": false, \"resample\"",
         "do_center_crop: expected true, or a size of height"},
        {"\"CLIPImageProcessor\"", "\"ViTImageProcessor\"",
         "image_processor.image_processor_type: expected \"CLIPImageProcessor\""},
        {"\"shortest_edge\": 16", "\"shortest_edge\": 16, \"longest_edge\": 20",
         "image_processor.size.longest_edge: a key that vqclip does not know"},
        {"\"shortest_edge\": 16", "\"height\": 16", "image_processor.size: expected one number for height and one"},
        {"\"shortest_edge\": 16", "\"height\": 16, \"width\": 16", NULL},
        {"\"shortest_edge\": 16", "\"height\": 16, \"width\": 20",
         "image_processor.size.height: expected 16, as the picture tower takes it, found 20"},
        {"\"shortest_edge\": 16", "\"shortest_edge\": 20", NULL},
        {"\"height\": 16", "\"height\": 24",
         "crop_size.height: expected 16, as the picture tower takes it, found 24"},
        {"", "\"video_processor\": {},", "video_processor: a key that vqclip does not know"},
    };
    (void)state;
    cases_check("settings/hugging_face_5", "model.safetensors", "processor_config.json", cases,
                sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_clip),
        cmocka_unit_test(test_timm),
        cmocka_unit_test(test_hugging_face),
        cmocka_unit_test(test_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
