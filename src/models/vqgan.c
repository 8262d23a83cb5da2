#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "models/generators.h"
#include "models/vqgan_layers.h"

/* The VQGANs of taming-transformers and latent-diffusion. What they alone know is their vqc_vqgan_config. */

static vqc_status vqgan_configure(vqc_generator *generator, const vqc_yaml_node *parameters, vqc_error *error)
{
    vqc_vqgan_config *config;
    VQC_TRY(vqc_memory_allocate(1, sizeof *config, "a generator", &config, error));
    generator->own = config;
    VQC_TRY(vqc_vqgan_config_read(parameters, config, error));
    generator->factor = (int64_t)1 << (config->level_count - 1);
    generator->width = config->embed_width;
    generator->codes = config->codes;
    generator->picture_lowest = -1.0F;
    generator->picture_highest = 1.0F;
    return VQC_OK;
}

static vqc_status vqgan_decode(const vqc_generator *generator, const vqc_layers *layers, vqc_value quantised,
                               vqc_value *picture_out, vqc_error *error)
{
    const vqc_vqgan_config *config = generator->own;
    vqc_value h;
    VQC_TRY(vqc_layer_linear(layers, "post_quant_conv", true, quantised, config->latent_width, NULL, &h, error));
    return vqc_vqgan_layers_decode(layers, config, h, picture_out, error);
}

static vqc_status vqgan_encode(const vqc_generator *generator, const vqc_layers *layers, vqc_value picture,
                               vqc_value *encoded_out, vqc_value *latent_out, vqc_error *error)
{
    VQC_TRY(vqc_vqgan_layers_encode(layers, generator->own, picture, encoded_out, error));
    return vqc_layer_linear(layers, "quant_conv", true, *encoded_out, generator->width, NULL, latent_out, error);
}

static vqc_status gumbel_logits(const vqc_generator *generator, const vqc_layers *layers, vqc_value latent,
                                vqc_value *logits_out, vqc_error *error)
{
    return vqc_layer_linear(layers, "quantize.proj", true, latent, generator->codes, NULL, logits_out, error);
}

/* The first tensor of this rank whose name ends so, NULL if there is none. */
static const vqc_weights_tensor *tensor_ending(const vqc_weights *weights, const char *ending, int rank)
{
    size_t length = strlen(ending);
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        size_t size = strlen(tensor->name);
        if (size >= length && strcmp(tensor->name + size - length, ending) == 0)
            return tensor->rank == rank ? tensor : NULL;
    }
    return NULL;
}

static bool vqgan_recognise(const vqc_generator_type *type, const vqc_weights *weights)
{
    return tensor_ending(weights, type->codebook, 2) != NULL &&
           tensor_ending(weights, "decoder.conv_out.weight", 4) != NULL;
}

static void vqgan_describe(const vqc_generator_type *type, const vqc_weights *weights,
                           char text[VQC_GENERATOR_DESCRIPTION_SIZE])
{
    const vqc_weights_tensor *codebook = tensor_ending(weights, type->codebook, 2);
    const vqc_weights_tensor *last = tensor_ending(weights, "decoder.conv_out.weight", 4);
    (void)snprintf(text, VQC_GENERATOR_DESCRIPTION_SIZE,
                   "%s, %lld codes of width %lld, %lld channels at full resolution", type->name,
                   (long long)codebook->shape[0], (long long)codebook->shape[1], (long long)last->shape[1]);
}

static const char *const vqgan_classes[] = {"VQModel", "VQModelInterface", NULL};
static const char *const gumbel_classes[] = {"GumbelVQ", NULL};

static const char *const encoder_owned[] = {"encoder.*", "quant_conv.*", NULL};
static const char *const gumbel_encoder_owned[] = {"encoder.*", "quant_conv.*", "quantize.proj.*", NULL};
static const char *const decoder_owned[] = {"decoder.*", "post_quant_conv.*", NULL};

/* Of the training: its losses with their discriminator, running means of all weights, and of the codebook how often
 * codes were used; the random colours that segmentations are shown in. */
static const char *const harmless[] = {"loss.*",
                                       "model_ema.*",
                                       "colorize",
                                       "quantize.codebook_used",
                                       "quantize.cluster_size",
                                       "quantize.embedding.cluster_size",
                                       "quantize.embed_avg",
                                       "quantize.embedding.embed_avg",
                                       "quantize.usage",
                                       "*.num_batches_tracked",
                                       NULL};

const vqc_generator_type vqc_generator_vqgan = {
    .name = "VQGAN",
    .classes = vqgan_classes,
    .codebook = "quantize.embedding.weight",
    .encoder_owned = encoder_owned,
    .decoder_owned = decoder_owned,
    .harmless = harmless,
    .recognise = vqgan_recognise,
    .configure = vqgan_configure,
    .decode = vqgan_decode,
    .encode = vqgan_encode,
    .describe = vqgan_describe,
};

const vqc_generator_type vqc_generator_gumbel_vqgan = {
    .name = "Gumbel VQGAN",
    .classes = gumbel_classes,
    .codebook = "quantize.embed.weight",
    .encoder_owned = gumbel_encoder_owned,
    .decoder_owned = decoder_owned,
    .harmless = harmless,
    .recognise = vqgan_recognise,
    .configure = vqgan_configure,
    .decode = vqgan_decode,
    .encode = vqgan_encode,
    .logits = gumbel_logits,
    .describe = vqgan_describe,
};
