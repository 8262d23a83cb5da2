#include "models/clip_blocks.h"

#include <stdio.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef char layer_name[VQC_PARAMETER_NAME_SIZE];

vqc_status vqc_clip_said_check(const vqc_clip *clip, const vqc_json_said *said, int64_t found, vqc_error *error)
{
    return vqc_json_said_check(said, clip->config.config_path == NULL ? "" : clip->config.config_path,
                               "the tensors have it", found, error);
}

/* Of published picture towers without a configuration beside them: ViT-H, g and bigG. */
static int64_t head_width_assume(int64_t width)
{
    static const struct {
        int64_t width, head_width;
    } published[] = {
        {.width = 1280, .head_width = 80}, {.width = 1408, .head_width = 88}, {.width = 1664, .head_width = 104}};
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        if (published[i].width == width)
            return published[i].head_width;
    return 64;
}

/* Says whether a number of heads or their width is at fault, and who says it. */
static vqc_status heads_refuse(const vqc_clip *clip, const char *tower, int64_t width, int64_t head_width,
                               const vqc_clip_tower_config *config, vqc_error *error)
{
    const char *path = vqc_weights_path(clip->weights);
    bool pictures = config == &clip->config.image;
    const char *said = clip->config.config_path;
    if (config->heads > 0)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: the %s tower, of width %lld, does not divide into the %lld heads that are said",
                             said == NULL ? path : said, tower, (long long)width, (long long)config->heads);
    return vqc_error_set(
        error, VQC_BAD_INPUT, "%s: the %s tower of width %lld does not divide into heads of %lld%s%s", path, tower,
        (long long)width, (long long)head_width,
        config->head_width > 0 ? ", as is said of it" : ", which is assumed as no configuration says it",
        config->head_width == 0 && pictures ? ": say head_width" : "");
}

vqc_status vqc_clip_heads_choose(const vqc_clip *clip, const char *tower, int64_t width,
                                 const vqc_clip_tower_config *config, int64_t *heads_out, vqc_error *error)
{
    int64_t heads = config->heads;
    int64_t head_width = config->head_width;
    if (head_width == 0)
        head_width = config == &clip->config.image ? head_width_assume(width) : 64;
    if (heads == 0 && width % head_width == 0)
        heads = width / head_width;
    if (heads == 0 || width % heads != 0)
        return heads_refuse(clip, tower, width, head_width, config, error);
    *heads_out = heads;
    return VQC_OK;
}

/* What the configuration says of the blocks' sizes. */
static vqc_status blocks_check(const vqc_clip *clip, const vqc_clip_tower_config *config,
                               const vqc_clip_blocks *blocks, vqc_error *error)
{
    layer_name name;
    const vqc_weights_tensor *hidden;
    vqc_json_said ratio = config->ratio;
    VQC_TRY(vqc_clip_said_check(clip, &config->width, blocks->width, error));
    VQC_TRY(vqc_clip_said_check(clip, &config->layers, blocks->layers, error));
    vqc_parameter_name(name, "%s.0.mlp.c_fc.weight", blocks->name);
    VQC_TRY(vqc_parameters_require_rank(&clip->parameters, name, 2, &hidden, error));
    VQC_TRY(vqc_clip_said_check(clip, &config->hidden, hidden->shape[0], error));
    if (ratio.key == NULL || (int64_t)((double)blocks->width * ratio.values[0]) == hidden->shape[0])
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s.%s: expected %.10g, as the tensors have it, found %.10g",
                         clip->config.config_path, ratio.level, ratio.key,
                         (double)hidden->shape[0] / (double)blocks->width, ratio.values[0]);
}

static bool layer_scale_is_there(const vqc_clip *clip, const vqc_clip_blocks *blocks)
{
    layer_name name;
    vqc_parameter_name(name, "%s.0.ls_1.gamma", blocks->name);
    return vqc_parameters_find(&clip->parameters, name) != NULL;
}

static vqc_status first_block_missing(const vqc_clip *clip, const vqc_clip_blocks *blocks, vqc_error *error)
{
    const vqc_weights_tensor *tensor;
    char name[VQC_PARAMETER_NAME_SIZE];
    vqc_parameter_name(name, "%s.0.ln_1.weight", blocks->name);
    return vqc_parameters_require(&clip->parameters, name, &tensor, error);
}

vqc_status vqc_clip_blocks_configure(const vqc_clip *clip, const char *tower, const vqc_clip_tower_config *config,
                                     vqc_clip_blocks *blocks, vqc_error *error)
{
    blocks->packed = clip->naming.type->packed;
    blocks->activation = config->activation;
    blocks->epsilon = (float)config->epsilon;
    blocks->layer_scale = clip->config.model_said ? config->layer_scale : layer_scale_is_there(clip, blocks);
    blocks->head_scale = config->head_scale;
    blocks->inner_norm = config->inner_norm;
    blocks->attention_norm = config->attention_norm;
    blocks->hidden_norm = config->hidden_norm;
    blocks->layers = vqc_parameters_blocks(&clip->parameters, blocks->name, "ln_1.weight");
    if (blocks->layers == 0)
        return first_block_missing(clip, blocks, error);
    VQC_TRY(blocks_check(clip, config, blocks, error));
    return vqc_clip_heads_choose(clip, tower, blocks->width, config, &blocks->heads, error);
}

void vqc_clip_blocks_describe(const vqc_clip_blocks *blocks, char *text, size_t size)
{
    (void)snprintf(text, size, "%lld layer%s of width %lld", (long long)blocks->layers,
                   blocks->layers == 1 ? "" : "s", (long long)blocks->width);
}

vqc_status vqc_clip_grid_side(const vqc_clip *clip, const vqc_weights_tensor *positions, int64_t *side_out,
                              vqc_error *error)
{
    int64_t count = positions->shape[0] - 1;
    int64_t side = (int64_t)llround(sqrt((double)count));
    if (side < 1 || side * side != count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected 1 + a square number of rows, found %lld",
                             vqc_weights_path(clip->weights), positions->name, (long long)positions->shape[0]);
    *side_out = side;
    return VQC_OK;
}

/* Parts of the projection to q, k and v: from which on, and how many. */
typedef struct projection_parts {
    int first, count;
} projection_parts;

static const projection_parts all_parts = {0, 3};
static const projection_parts query_part = {0, 1};
static const projection_parts key_value_parts = {1, 2};

/* Of OpenAI's, one tensor for all three. */
static vqc_status packed_projection_add(const vqc_layers *layers, const char *block, projection_parts parts,
                                        vqc_value x, vqc_value *output, vqc_error *error)
{
    int64_t width = vqc_shape_width(vqc_network_shape(layers->network, x));
    int64_t shape[] = {3 * width, width};
    float *weight = NULL;
    float *bias = NULL;
    layer_name name;
    vqc_parameter_name(name, "%s.attn.in_proj_weight", block);
    VQC_TRY(vqc_parameters_read(layers->parameters, name, 2, shape, &weight, error));
    vqc_parameter_name(name, "%s.attn.in_proj_bias", block);
    vqc_status status = vqc_parameters_read(layers->parameters, name, 1, shape, &bias, error);
    if (status == VQC_OK)
        status = vqc_layer_linear_with(layers, weight + parts.first * width * width, bias + parts.first * width, x,
                                       parts.count * width, NULL, output, error);
    free(weight);
    free(bias);
    return status;
}

/* Of Hugging Face's three. */
static vqc_status split_projection_add(const vqc_layers *layers, const char *block, projection_parts parts,
                                       vqc_value x, vqc_value *output, vqc_error *error)
{
    layer_name query;
    layer_name key;
    layer_name value;
    vqc_parameter_name(query, "%s.attn.q_proj", block);
    vqc_parameter_name(key, "%s.attn.k_proj", block);
    vqc_parameter_name(value, "%s.attn.v_proj", block);
    const char *const names[] = {query, key, value};
    return vqc_layer_linear_stack(layers, names + parts.first, parts.count, false, x,
                                  vqc_shape_width(vqc_network_shape(layers->network, x)), output, error);
}

static vqc_status projection_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, const char *block,
                                 projection_parts parts, vqc_value x, vqc_value *output, vqc_error *error)
{
    return blocks->packed ? packed_projection_add(layers, block, parts, x, output, error)
                          : split_projection_add(layers, block, parts, x, output, error);
}

static vqc_status first_norm_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, const char *block,
                                 vqc_value x, vqc_value *output, vqc_error *error)
{
    layer_name name;
    vqc_parameter_name(name, "%s.ln_1", block);
    return vqc_layer_layer_norm(layers, name, blocks->epsilon, x, output, error);
}

/* attn(ln_1(x)) before its output projection. */
static vqc_status attention_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, const char *block,
                                vqc_value x, vqc_value *output, vqc_error *error)
{
    vqc_value h;
    VQC_TRY(first_norm_add(layers, blocks, block, x, &h, error));
    VQC_TRY(projection_add(layers, blocks, block, all_parts, h, &h, error));
    return vqc_layer_attention(layers, h, blocks->heads, blocks->causal, blocks->seen, output, error);
}

/* The same for the selected tokens alone, (batch, width). Where every token looks at all others, only these ask. */
static vqc_status selected_attention_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, const char *block,
                                         vqc_value x, vqc_value select, vqc_value *output, vqc_error *error)
{
    vqc_value h;
    vqc_value query;
    if (blocks->causal || blocks->seen != NULL) {
        VQC_TRY(attention_add(layers, blocks, block, x, &h, error));
        return vqc_layer_select(layers, h, select, output, error);
    }
    VQC_TRY(first_norm_add(layers, blocks, block, x, &h, error));
    VQC_TRY(vqc_layer_select(layers, h, select, &query, error));
    VQC_TRY(projection_add(layers, blocks, block, query_part, query, &query, error));
    VQC_TRY(projection_add(layers, blocks, block, key_value_parts, h, &h, error));
    return vqc_layer_query_attention(layers, query, h, blocks->heads, output, error);
}

/* Multiplies row i of a linear layer's weight (width, in_width) and of its bias by scale[i]. */
static void rows_scale(const float *scale, int64_t width, int64_t in_width, float *weight, float *bias)
{
    for (int64_t i = 0; i < width; i++) {
        bias[i] *= scale[i];
        for (int64_t k = 0; k < in_width; k++)
            weight[i * in_width + k] *= scale[i];
    }
}

/* The linear layer with LayerScale behind it, which becomes part of its weight. */
static vqc_status scaled_linear_add(const vqc_layers *layers, const char *name, const char *scale_name, vqc_value h,
                                    vqc_value x, vqc_value *output, vqc_error *error)
{
    int64_t shape[] = {vqc_shape_width(vqc_network_shape(layers->network, x)),
                       vqc_shape_width(vqc_network_shape(layers->network, h))};
    float *scale = NULL;
    float *weight = NULL;
    float *bias = NULL;
    layer_name part;
    vqc_status status = vqc_parameters_read(layers->parameters, scale_name, 1, shape, &scale, error);
    vqc_parameter_name(part, "%s.weight", name);
    if (status == VQC_OK)
        status = vqc_parameters_read(layers->parameters, part, 2, shape, &weight, error);
    vqc_parameter_name(part, "%s.bias", name);
    if (status == VQC_OK)
        status = vqc_parameters_read(layers->parameters, part, 1, shape, &bias, error);
    if (status == VQC_OK) {
        rows_scale(scale, shape[0], shape[1], weight, bias);
        status = vqc_layer_linear_with(layers, weight, bias, h, shape[0], &x, output, error);
    }
    free(scale);
    free(weight);
    free(bias);
    return status;
}

/* Multiplies the channels by the numbers, of which each serves `repeat` neighbouring channels. */
static vqc_status channels_scale_add(const vqc_layers *layers, const char *name, int rank, const int64_t *shape,
                                     int64_t repeat, vqc_value *h, vqc_error *error)
{
    int64_t width = shape[0] * repeat;
    float *numbers = NULL;
    float *scale = NULL;
    vqc_status status = vqc_parameters_read(layers->parameters, name, rank, shape, &numbers, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate(2 * (size_t)width, sizeof *scale, "scales", &scale, error);
    for (int64_t i = 0; i < width && status == VQC_OK; i++) {
        scale[i] = numbers[i / repeat];
        scale[width + i] = 0.0F;
    }
    if (status == VQC_OK)
        status = vqc_layer_channel_scale(layers, *h, scale, scale + width, h, error);
    free(numbers);
    free(scale);
    return status;
}

/* What the heads have found, scaled and through the norm, as the block has them. */
static vqc_status inner_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, const char *block, vqc_value *h,
                            vqc_error *error)
{
    const int64_t shape[] = {blocks->heads, 1, 1};
    layer_name name;
    vqc_parameter_name(name, "%s.attn.head_scale", block);
    if (blocks->head_scale)
        VQC_TRY(channels_scale_add(layers, name, 3, shape, blocks->width / blocks->heads, h, error));
    vqc_parameter_name(name, "%s.attn.ln_inner", block);
    return blocks->inner_norm ? vqc_layer_layer_norm(layers, name, blocks->epsilon, *h, h, error) : VQC_OK;
}

/* x + norm(layer(h)), and LayerScale between, where the block has it. */
static vqc_status normed_sum_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, const char *block,
                                 vqc_value h, vqc_value x, vqc_value *output, vqc_error *error)
{
    layer_name name;
    vqc_parameter_name(name, "%s.attn.out_proj", block);
    VQC_TRY(vqc_layer_linear(layers, name, false, h, blocks->width, NULL, &h, error));
    vqc_parameter_name(name, "%s.ln_attn", block);
    VQC_TRY(vqc_layer_layer_norm(layers, name, blocks->epsilon, h, &h, error));
    vqc_parameter_name(name, "%s.ls_1.gamma", block);
    if (blocks->layer_scale)
        VQC_TRY(channels_scale_add(layers, name, 1, &blocks->width, 1, &h, error));
    return vqc_layer_add(layers, x, h, output, error);
}

/* x + layer(h), where the layer PART of the block may have a scale of its own, ls_NUMBER. */
static vqc_status sum_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, const char *block,
                          const char *part, int number, vqc_value h, vqc_value x, vqc_value *output, vqc_error *error)
{
    layer_name name;
    layer_name scale;
    vqc_parameter_name(name, "%s.%s", block, part);
    vqc_parameter_name(scale, "%s.ls_%d.gamma", block, number);
    if (blocks->layer_scale)
        return scaled_linear_add(layers, name, scale, h, x, output, error);
    return vqc_layer_linear(layers, name, false, h, blocks->width, &x, output, error);
}

/* The rest of the block: x + out_proj(attention), then the perceptron. */
static vqc_status perceptron_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, const char *block,
                                 vqc_value x, vqc_value attention, vqc_value *output, vqc_error *error)
{
    layer_name name;
    vqc_value h;
    const vqc_weights_tensor *hidden;
    vqc_parameter_name(name, "%s.mlp.c_fc.bias", block);
    VQC_TRY(vqc_parameters_require(layers->parameters, name, &hidden, error));
    VQC_TRY(inner_add(layers, blocks, block, &attention, error));
    if (blocks->attention_norm)
        VQC_TRY(normed_sum_add(layers, blocks, block, attention, x, &x, error));
    else
        VQC_TRY(sum_add(layers, blocks, block, "attn.out_proj", 1, attention, x, &x, error));
    vqc_parameter_name(name, "%s.ln_2", block);
    VQC_TRY(vqc_layer_layer_norm(layers, name, blocks->epsilon, x, &h, error));
    vqc_parameter_name(name, "%s.mlp.c_fc", block);
    VQC_TRY(vqc_layer_linear(layers, name, false, h, hidden->count, NULL, &h, error));
    VQC_TRY(vqc_layer_activation(layers, blocks->activation, h, &h, error));
    vqc_parameter_name(name, "%s.mlp.ln", block);
    if (blocks->hidden_norm)
        VQC_TRY(vqc_layer_layer_norm(layers, name, blocks->epsilon, h, &h, error));
    return sum_add(layers, blocks, block, "mlp.c_proj", 2, h, x, output, error);
}

vqc_status vqc_clip_blocks_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, vqc_value x,
                               const vqc_value *select, vqc_value *output, vqc_error *error)
{
    for (int64_t i = 0; i < blocks->layers; i++) {
        layer_name block;
        vqc_value attention;
        vqc_parameter_name(block, "%s.%lld", blocks->name, (long long)i);
        if (i == blocks->layers - 1 && select != NULL) {
            VQC_TRY(selected_attention_add(layers, blocks, block, x, *select, &attention, error));
            VQC_TRY(vqc_layer_select(layers, x, *select, &x, error));
        } else {
            VQC_TRY(attention_add(layers, blocks, block, x, &attention, error));
        }
        VQC_TRY(perceptron_add(layers, blocks, block, x, attention, &x, error));
    }
    *output = x;
    return VQC_OK;
}

/* Turns (rows, columns) into (columns, rows). */
static vqc_status matrix_transpose(float **matrix, int64_t rows, int64_t columns, vqc_error *error)
{
    float *transposed;
    VQC_TRY(vqc_memory_allocate((size_t)(rows * columns), sizeof(float), "a projection", &transposed, error));
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            transposed[j * rows + i] = (*matrix)[i * columns + j];
    free(*matrix);
    *matrix = transposed;
    return VQC_OK;
}

/* Whether a linear layer's weight is what the projection is stored as. */
static bool projection_is_linear(const vqc_parameters *parameters, const char *name)
{
    layer_name linear_name;
    vqc_parameter_name(linear_name, "%s.weight", name);
    return vqc_parameters_find(parameters, linear_name) != NULL;
}

vqc_status vqc_clip_projection_width(const vqc_parameters *parameters, const char *name, int64_t *width_out,
                                     vqc_error *error)
{
    const vqc_weights_tensor *projection;
    layer_name linear_name;
    vqc_parameter_name(linear_name, "%s.weight", name);
    VQC_TRY(vqc_parameters_require_rank(parameters, projection_is_linear(parameters, name) ? linear_name : name, 2,
                                        &projection, error));
    *width_out = projection->shape[projection_is_linear(parameters, name) ? 0 : 1];
    return VQC_OK;
}

/* Reads the projection as (embed_width, in_width). */
static vqc_status projection_read(const vqc_parameters *parameters, const char *name, int64_t in_width,
                                  int64_t embed_width, float **weight_out, vqc_error *error)
{
    int64_t linear_shape[] = {embed_width, in_width};
    int64_t matrix_shape[] = {in_width, embed_width};
    if (projection_is_linear(parameters, name)) {
        layer_name linear_name;
        vqc_parameter_name(linear_name, "%s.weight", name);
        return vqc_parameters_read(parameters, linear_name, 2, linear_shape, weight_out, error);
    }
    VQC_TRY(vqc_parameters_read(parameters, name, 2, matrix_shape, weight_out, error));
    return matrix_transpose(weight_out, in_width, embed_width, error);
}

vqc_status vqc_clip_projection_add(const vqc_layers *layers, const char *name, bool bias, int64_t embed_width,
                                   vqc_value input, vqc_value *output, vqc_error *error)
{
    int64_t in_width = vqc_shape_width(vqc_network_shape(layers->network, input));
    float *weight = NULL;
    float *numbers = NULL;
    layer_name bias_name;
    vqc_parameter_name(bias_name, "%s.bias", name);
    vqc_status status = projection_read(layers->parameters, name, in_width, embed_width, &weight, error);
    if (status == VQC_OK && bias)
        status = vqc_parameters_read(layers->parameters, bias_name, 1, &embed_width, &numbers, error);
    if (status == VQC_OK)
        status = vqc_layer_linear_with(layers, weight, numbers, input, embed_width, NULL, output, error);
    free(weight);
    free(numbers);
    return status;
}
