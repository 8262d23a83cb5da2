#ifndef VQC_MODELS_VQGAN_CONFIG_H
#define VQC_MODELS_VQGAN_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "config/yaml.h"

enum { VQC_VQGAN_MAX_LEVELS = 8, VQC_VQGAN_MAX_ATTENTION = 8 };

/* The part of a published VQGAN configuration (`model.params`) that says how the network is built. */
typedef struct vqc_vqgan_config {
    int64_t embed_width;  /* embed_dim */
    int64_t codes;        /* n_embed */
    int64_t latent_width; /* z_channels */
    int64_t resolution;   /* of the training pictures; decides at which levels attention stands */
    int64_t in_channels, out_channels;
    int64_t width; /* ch */
    int level_count;
    int64_t multiplier[VQC_VQGAN_MAX_LEVELS]; /* ch_mult */
    int64_t block_count;                      /* num_res_blocks */
    int attention_count;
    int64_t attention_at[VQC_VQGAN_MAX_ATTENTION]; /* attn_resolutions */
    bool without_attention;                        /* attn_type: none; then not even in the middle */
    bool double_latent;                            /* double_z */
} vqc_vqgan_config;

/* Reads `params` into an empty configuration. VQC_BAD_INPUT names file, line, column and key. */
VQC_MUST_CHECK vqc_status vqc_vqgan_config_read(const vqc_yaml_node *parameters, vqc_vqgan_config *config,
                                                vqc_error *error);

/* Whether attention stands at the given level (0: full resolution). */
bool vqc_vqgan_config_attention(const vqc_vqgan_config *config, int level);

#endif
