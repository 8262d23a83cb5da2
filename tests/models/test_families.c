/* Every family of towers and generators has a fixture, which it and no other recognises and describes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "models/generators.h"
#include "models/recognition.h"
#include "models/towers.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

/* Which fixture is of which family, by the family's name; what `inspect` says of it begins so. */
typedef struct family_fixture {
    const char *family;
    const char *weights;
    const char *says;
} family_fixture;

static const family_fixture images[] = {
    {.family = "ViT",
     .weights = FIXTURES "open_clip_gelu/open_clip_model.safetensors",
     .says = "CLIP ViT, patches of 4, 2 layers of width 64, 16 pixels; text:"},
    {.family = "ResNet",
     .weights = VQC_SOURCE_DIR "/jobs/models/picturebook-resnet.safetensors",
     .says = "CLIP ResNet, blocks 1,2,2,1 of width 20, 64 pixels; text:"},
    {.family = "SigLIP",
     .weights = FIXTURES "siglip_open_clip/open_clip_model.safetensors",
     .says = "CLIP SigLIP, patches of 8, 2 layers of width 24, 16 pixels; text: 1 layer of width 16, 7 tokens of 40; "
             "embeddings of 24; GELU, in the text tanh-GELU; heads of 2"},
    {.family = "ViT of timm",
     .weights = FIXTURES "timm_vit/open_clip_model.safetensors",
     .says =
         "CLIP ViT of timm, patches of 8, 2 layers of width 32, 16 pixels; text: 1 layer of width 16, 7 tokens of "
         "40; embeddings of 24"},
};
static const family_fixture texts[] = {
    {.family = "CLIP text",
     .weights = FIXTURES "hugging_face_heads/model.safetensors",
     .says = "CLIP ViT, patches of 4, 1 layer of width 64, 16 pixels; text: 1 layer of width 64, 12 tokens"},
};

static const family_fixture generators[] = {
    {.family = "VQGAN", .weights = FIXTURES "latent_diffusion.safetensors", .says = "VQGAN, 40 codes of width 4"},
    {.family = "Gumbel VQGAN", .weights = FIXTURES "gumbel.safetensors", .says = "Gumbel VQGAN, 40 codes of width 6"},
    {.family = "LlamaGen VQ", .weights = FIXTURES "llamagen.safetensors", .says = "LlamaGen VQ, 40 codes of width 6"},
    {.family = "MaskGIT VQGAN",
     .weights = FIXTURES "maskgit.safetensors",
     .says = "MaskGIT VQGAN, 40 codes of width 6"},
    {.family = "JanusVQVAE",
     .weights = FIXTURES "janus/model.safetensors",
     .says = "JanusVQVAE, 40 codes of width 6, 32 channels at full resolution; codes by direction, as Janus's own "
             "program has them; transformers' JanusVQVAE encodes to others"},
    {.family = "VQModel of diffusers",
     .weights = FIXTURES "diffusers_vq/diffusion_pytorch_model.safetensors",
     .says = "VQModel of diffusers, 40 codes of width 6"},
    {.family = "AutoencoderKL of latent diffusion",
     .weights = FIXTURES "kl.safetensors",
     .says = "AutoencoderKL of latent diffusion, no codebook, z of width 3, 32 channels"},
    {.family = "AutoencoderKL of diffusers",
     .weights = FIXTURES "diffusers_kl16/diffusion_pytorch_model.safetensors",
     .says = "AutoencoderKL of diffusers, no codebook, z of width 16, about 0.0609 +- 0.6534, 8 channels"},
};

/* The fixture of the family, which must be there. */
static const family_fixture *fixture_of(const family_fixture *fixtures, size_t count, const char *family)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fixtures[i].family, family) == 0)
            return &fixtures[i];
    fail_msg("%s: no fixture in test_families.c", family);
    return NULL;
}

static void says_check(const family_fixture *fixture, const vqc_weights *weights)
{
    static const vqc_recognition_options options;
    vqc_recognition found;
    vqc_recognise(weights, &options, &found);
    if (strncmp(found.model, fixture->says, strlen(fixture->says)) != 0)
        fail_msg("%s: described as %s", fixture->family, found.model);
}

/* IBQ's tensors are a VQGAN's: its configuration alone tells them apart. */
static void test_product(void **state)
{
    (void)state;
    const vqc_recognition_options options = {.generator = FIXTURES "ibq.yaml"};
    vqc_error error = {0};
    vqc_recognition found;
    vqc_weights *weights;
    assert_int_equal(vqc_weights_open(FIXTURES "ibq.safetensors", &weights, &error), VQC_OK);
    vqc_recognise(weights, &options, &found);
    assert_non_null(strstr(found.model, "40 codes of width 6 (IBQ: by the largest product), 32 channels"));
    vqc_weights_close(weights);
}

static vqc_clip *clip_of(const family_fixture *fixture)
{
    vqc_error error = {0};
    const vqc_clip_options options = {0};
    vqc_clip *clip;
    if (vqc_clip_open(fixture->weights, &options, &clip, &error) != VQC_OK)
        fail_msg("%s", error.message);
    says_check(fixture, clip->weights);
    return clip;
}

static void test_image_towers(void **state)
{
    (void)state;
    assert_int_equal(sizeof images / sizeof images[0], vqc_image_tower_type_count);
    for (size_t i = 0; i < vqc_image_tower_type_count; i++) {
        const vqc_image_tower_type *type = vqc_image_tower_types[i];
        vqc_clip *clip = clip_of(fixture_of(images, sizeof images / sizeof images[0], type->name));
        assert_ptr_equal(clip->vision.type, type);
        for (size_t k = 0; k < vqc_image_tower_type_count; k++)
            assert_int_equal(vqc_image_tower_types[k]->recognise(&clip->parameters), k == i);
        vqc_clip_close(clip);
    }
}

static void test_text_towers(void **state)
{
    (void)state;
    assert_int_equal(sizeof texts / sizeof texts[0], vqc_text_tower_type_count);
    for (size_t i = 0; i < vqc_text_tower_type_count; i++) {
        const vqc_text_tower_type *type = vqc_text_tower_types[i];
        vqc_clip *clip = clip_of(fixture_of(texts, sizeof texts / sizeof texts[0], type->name));
        assert_ptr_equal(clip->text.type, type);
        for (size_t k = 0; k < vqc_text_tower_type_count; k++)
            assert_int_equal(vqc_text_tower_types[k]->recognise(&clip->parameters), k == i);
        vqc_clip_close(clip);
    }
}

static void test_generators(void **state)
{
    (void)state;
    assert_int_equal(sizeof generators / sizeof generators[0], vqc_generator_type_count);
    for (size_t i = 0; i < vqc_generator_type_count; i++) {
        const vqc_generator_type *type = vqc_generator_types[i];
        const family_fixture *fixture = fixture_of(generators, sizeof generators / sizeof generators[0], type->name);
        vqc_error error = {0};
        vqc_weights *weights;
        if (vqc_weights_open(fixture->weights, &weights, &error) != VQC_OK)
            fail_msg("%s", error.message);
        says_check(fixture, weights);
        for (size_t k = 0; k < vqc_generator_type_count; k++)
            assert_int_equal(vqc_generator_type_recognises(vqc_generator_types[k], weights), k == i);
        for (const vqc_generator_class *class = type->classes; class->name != NULL; class ++) {
            const vqc_generator_class *found;
            assert_ptr_equal(vqc_generator_type_of_class(class->name, &found), type);
            assert_ptr_equal(found, class);
        }
        vqc_weights_close(weights);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_towers),
        cmocka_unit_test(test_text_towers),
        cmocka_unit_test(test_generators),
        cmocka_unit_test(test_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
