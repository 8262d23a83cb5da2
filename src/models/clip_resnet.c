#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "models/clip_blocks.h"
#include "models/towers.h"

/* CLIP's ModifiedResNet: a stem of three convolutions, bottleneck blocks that shrink by average pooling, and an
 * attention pool over the last feature map. Batch norms are folded into the convolutions before them. */

typedef char layer_name[VQC_PARAMETER_NAME_SIZE];

static const double batch_norm_epsilon = 1e-5;
/* A bottleneck's last convolution widens by EXPANSION; the whole shrinks the picture by FACTOR. */
enum { STAGES = 4, EXPANSION = 4, FACTOR = 32 };

typedef struct resnet {
    int64_t width;          /* of the stem */
    int64_t blocks[STAGES]; /* number of blocks of each stage */
    int64_t heads;          /* of the attention pool */
} resnet;

/* The four tensors of a batch norm. */
typedef struct batch_norm {
    float *weight, *bias, *mean, *variance;
} batch_norm;

static void batch_norm_release(batch_norm *norm)
{
    free(norm->weight);
    free(norm->bias);
    free(norm->mean);
    free(norm->variance);
}

/* Reads it; to be released also after a failure. */
static vqc_status batch_norm_read(const vqc_layers *layers, const char *name, int64_t channels, batch_norm *norm,
                                  vqc_error *error)
{
    const struct {
        const char *part;
        float **data;
    } parts[] = {{"weight", &norm->weight},
                 {"bias", &norm->bias},
                 {"running_mean", &norm->mean},
                 {"running_var", &norm->variance}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        layer_name full;
        vqc_parameter_name(full, "%s.%s", name, parts[i].part);
        VQC_TRY(vqc_parameters_read(layers->parameters, full, 1, &channels, parts[i].data, error));
    }
    return VQC_OK;
}

/* Scales the weights (channels, count) by weight / √(variance + ε) and leaves the folded bias in norm->bias. */
static void batch_norm_fold(batch_norm *norm, int64_t channels, int64_t count, float *weight)
{
    for (int64_t c = 0; c < channels; c++) {
        double scale = (double)norm->weight[c] / sqrt((double)norm->variance[c] + batch_norm_epsilon);
        for (int64_t i = 0; i < count; i++)
            weight[c * count + i] = (float)((double)weight[c * count + i] * scale);
        norm->bias[c] = (float)((double)norm->bias[c] - (double)norm->mean[c] * scale);
    }
}

/* A convolution without bias followed by a batch norm. */
static vqc_status convolution_norm_add(const vqc_layers *layers, const char *convolution, const char *norm_name,
                                       vqc_value x, int64_t out_channels, vqc_kernel kernel,
                                       const vqc_value *residual, vqc_value *output, vqc_error *error)
{
    int64_t shape[] = {out_channels, vqc_shape_width(vqc_network_shape(layers->network, x)), kernel.size,
                       kernel.size};
    layer_name full;
    float *weight;
    batch_norm norm = {0};
    vqc_parameter_name(full, "%s.weight", convolution);
    VQC_TRY(vqc_parameters_read(layers->parameters, full, 4, shape, &weight, error));
    vqc_status status = batch_norm_read(layers, norm_name, out_channels, &norm, error);
    if (status == VQC_OK) {
        batch_norm_fold(&norm, out_channels, shape[1] * shape[2] * shape[3], weight);
        status =
            vqc_layer_convolution_with(layers, weight, norm.bias, x, out_channels, kernel, residual, output, error);
    }
    free(weight);
    batch_norm_release(&norm);
    return status;
}

/* Three 3 × 3 convolutions, the first halving the picture, then an average pool that halves it again. The first one
 * is computed in f32 whatever the precision: it costs next to nothing, and what is rounded there shifts the zeros of
 * every ReLU that follows, which the gradient suffers from most. */
static vqc_status stem_add(const vqc_layers *layers, int64_t width, vqc_value x, vqc_value *output, vqc_error *error)
{
    vqc_layers first = *layers;
    first.dtype = VQC_DTYPE_F32;
    for (int i = 1; i <= 3; i++) {
        layer_name convolution;
        layer_name norm;
        const vqc_layers *stage = i == 1 ? &first : layers;
        vqc_kernel kernel = {3, i == 1 ? 2 : 1, 1, 1, 1, 1};
        vqc_parameter_name(convolution, "visual.conv%d", i);
        vqc_parameter_name(norm, "visual.bn%d", i);
        VQC_TRY(
            convolution_norm_add(stage, convolution, norm, x, i == 3 ? width : width / 2, kernel, NULL, &x, error));
        VQC_TRY(vqc_layer_activation(stage, VQC_ACTIVATION_RELU, x, &x, error));
        VQC_TRY(vqc_layer_cast(layers, x, layers->dtype, &x, error));
    }
    return vqc_layer_average_pool(layers, x, 2, output, error);
}

/* The short way around a bottleneck: the value itself, or a pool and a 1 × 1 convolution where the shape changes. */
static vqc_status shortcut_add(const vqc_layers *layers, const char *block, vqc_value x, int64_t out_channels,
                               int64_t stride, vqc_value *output, vqc_error *error)
{
    *output = x;
    if (stride == 1 && vqc_shape_width(vqc_network_shape(layers->network, x)) == out_channels)
        return VQC_OK;
    layer_name convolution;
    layer_name norm;
    vqc_kernel kernel = {.size = 1, .stride = 1};
    vqc_parameter_name(convolution, "%s.downsample.0", block);
    vqc_parameter_name(norm, "%s.downsample.1", block);
    if (stride > 1)
        VQC_TRY(vqc_layer_average_pool(layers, x, stride, &x, error));
    return convolution_norm_add(layers, convolution, norm, x, out_channels, kernel, NULL, output, error);
}

/* One of a bottleneck's three convolutions with its norm. */
static vqc_status bottleneck_part_add(const vqc_layers *layers, const char *block, int part, vqc_value x,
                                      int64_t out_channels, const vqc_value *residual, vqc_value *output,
                                      vqc_error *error)
{
    layer_name convolution;
    layer_name norm;
    vqc_kernel kernel = part == 2 ? (vqc_kernel){3, 1, 1, 1, 1, 1} : (vqc_kernel){.size = 1, .stride = 1};
    vqc_parameter_name(convolution, "%s.conv%d", block, part);
    vqc_parameter_name(norm, "%s.bn%d", block, part);
    VQC_TRY(convolution_norm_add(layers, convolution, norm, x, out_channels, kernel, residual, output, error));
    return vqc_layer_activation(layers, VQC_ACTIVATION_RELU, *output, output, error);
}

static vqc_status bottleneck_add(const vqc_layers *layers, const char *block, vqc_value x, int64_t width,
                                 int64_t stride, vqc_value *output, vqc_error *error)
{
    vqc_value h;
    vqc_value shortcut;
    VQC_TRY(bottleneck_part_add(layers, block, 1, x, width, NULL, &h, error));
    VQC_TRY(bottleneck_part_add(layers, block, 2, h, width, NULL, &h, error));
    if (stride > 1)
        VQC_TRY(vqc_layer_average_pool(layers, h, stride, &h, error));
    VQC_TRY(shortcut_add(layers, block, x, EXPANSION * width, stride, &shortcut, error));
    return bottleneck_part_add(layers, block, 3, h, EXPANSION * width, &shortcut, output, error);
}

/* The pixels as tokens, their mean in front, positions added. */
static vqc_status pool_tokens_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                                  vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, x);
    int64_t position_shape[] = {1 + shape.size[1] * shape.size[2], shape.size[3]};
    float *positions;
    VQC_TRY(vqc_parameters_read(&clip->parameters, "visual.attnpool.positional_embedding", 2, position_shape,
                                &positions, error));
    vqc_status status = vqc_layer_tokens(layers, x, VQC_TOKENS_FRONT_MEAN, NULL, positions, output, error);
    free(positions);
    return status;
}

/* Attention of the mean token over all tokens. */
static vqc_status attention_pool_add(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                                     vqc_error *error)
{
    const resnet *own = clip->vision.own;
    static const char *const keys_and_values[] = {"visual.attnpool.k_proj", "visual.attnpool.v_proj"};
    vqc_value tokens;
    vqc_value first;
    vqc_value inputs[2];
    VQC_TRY(pool_tokens_add(clip, layers, x, &tokens, error));
    VQC_TRY(vqc_layer_first(layers, vqc_network_shape(layers->network, x).size[0], &first, error));
    VQC_TRY(vqc_layer_select(layers, tokens, first, &inputs[0], error));
    int64_t width = vqc_shape_width(vqc_network_shape(layers->network, tokens));
    VQC_TRY(vqc_layer_linear(layers, "visual.attnpool.q_proj", false, inputs[0], width, NULL, &inputs[0], error));
    VQC_TRY(vqc_layer_linear_stack(layers, keys_and_values, 2, false, tokens, width, &inputs[1], error));
    vqc_value h;
    VQC_TRY(vqc_layer_query_attention(layers, inputs[0], inputs[1], own->heads, &h, error));
    return vqc_layer_linear(layers, "visual.attnpool.c_proj", false, h, clip->embed_width, NULL, output, error);
}

static vqc_status resnet_build(const vqc_clip *clip, const vqc_layers *layers, vqc_value x, vqc_value *output,
                               vqc_error *error)
{
    const resnet *own = clip->vision.own;
    VQC_TRY(stem_add(layers, own->width, x, &x, error));
    for (int stage = 0; stage < STAGES; stage++) {
        for (int64_t i = 0; i < own->blocks[stage]; i++) {
            layer_name block;
            int64_t stride = stage > 0 && i == 0 ? 2 : 1;
            vqc_parameter_name(block, "visual.layer%d.%lld", stage + 1, (long long)i);
            VQC_TRY(bottleneck_add(layers, block, x, own->width << stage, stride, &x, error));
        }
    }
    return attention_pool_add(clip, layers, x, output, error);
}

static bool resnet_recognise(const vqc_parameters *parameters)
{
    return vqc_parameters_find(parameters, "visual.conv1.weight") != NULL &&
           vqc_parameters_find(parameters, "visual.layer1.0.conv1.weight") != NULL;
}

static vqc_status first_block_missing(const vqc_clip *clip, const char *stage, vqc_error *error)
{
    const vqc_weights_tensor *tensor;
    char name[VQC_PARAMETER_NAME_SIZE];
    vqc_parameter_name(name, "%s.0.conv1.weight", stage);
    return vqc_parameters_require(&clip->parameters, name, &tensor, error);
}

static vqc_status blocks_measure(const vqc_clip *clip, resnet *own, vqc_error *error)
{
    for (int i = 0; i < STAGES; i++) {
        layer_name name;
        vqc_parameter_name(name, "visual.layer%d", i + 1);
        own->blocks[i] = vqc_parameters_blocks(&clip->parameters, name, "conv1.weight");
        if (own->blocks[i] == 0)
            return first_block_missing(clip, name, error);
    }
    return VQC_OK;
}

/* What the configuration says of the sizes: one number of layers for each stage. */
static vqc_status said_check(const vqc_clip *clip, const vqc_clip_config *config, const resnet *own, vqc_error *error)
{
    vqc_json_said layers = config->image.layers;
    VQC_TRY(vqc_clip_said_check(clip, &config->image.width, own->width, error));
    for (size_t i = 0; i < layers.count; i++) {
        vqc_json_said stage = layers;
        stage.count = 1;
        stage.values[0] = layers.count == STAGES ? layers.values[i] : 0.0;
        VQC_TRY(vqc_clip_said_check(clip, &stage, own->blocks[i], error));
    }
    return VQC_OK;
}

static vqc_status resnet_configure(vqc_clip *clip, const vqc_clip_config *config, vqc_error *error)
{
    const vqc_parameters *parameters = &clip->parameters;
    const vqc_weights_tensor *stage;
    const vqc_weights_tensor *positions;
    const vqc_weights_tensor *projection;
    int64_t grid;
    resnet *own;
    VQC_TRY(vqc_memory_allocate(1, sizeof *own, "an image tower", &own, error));
    clip->vision.own = own;
    VQC_TRY(vqc_parameters_require_rank(parameters, "visual.layer1.0.conv1.weight", 4, &stage, error));
    VQC_TRY(vqc_parameters_require_rank(parameters, "visual.attnpool.positional_embedding", 2, &positions, error));
    VQC_TRY(vqc_clip_grid_side(clip, positions, &grid, error));
    own->width = stage->shape[0];
    clip->vision.side = grid * FACTOR;
    VQC_TRY(blocks_measure(clip, own, error));
    VQC_TRY(said_check(clip, config, own, error));
    VQC_TRY(vqc_clip_heads_choose(clip, "image", positions->shape[1], &config->image, &own->heads, error));
    clip->vision.head_width = positions->shape[1] / own->heads;
    VQC_TRY(vqc_parameters_require_rank(parameters, "visual.attnpool.c_proj.weight", 2, &projection, error));
    clip->embed_width = projection->shape[0];
    return VQC_OK;
}

static void resnet_describe(const vqc_clip *clip, char text[VQC_TOWER_DESCRIPTION_SIZE])
{
    const resnet *own = clip->vision.own;
    (void)snprintf(text, VQC_TOWER_DESCRIPTION_SIZE, "ResNet, blocks %lld,%lld,%lld,%lld of width %lld",
                   (long long)own->blocks[0], (long long)own->blocks[1], (long long)own->blocks[2],
                   (long long)own->blocks[3], (long long)own->width);
}

const vqc_image_tower_type vqc_image_tower_resnet = {
    .name = "ResNet",
    .recognise = resnet_recognise,
    .configure = resnet_configure,
    .build = resnet_build,
    .describe = resnet_describe,
};
