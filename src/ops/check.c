#include <inttypes.h>
#include <math.h>
#include <stddef.h>

#include "ops/operation.h"

/* One size of a description with the name that operation.h gives it. */
typedef struct named_size {
    const char *name;
    int64_t value;
} named_size;

enum { MAX_FACTORS = 5 };

/* A product of sizes that must not exceed VQC_OPERATION_MAX_ELEMENTS; unused factors are 0. */
typedef struct named_product {
    const char *name;
    int64_t factor[MAX_FACTORS];
} named_product;

static vqc_status check_range(const vqc_operation *operation, named_size size, int64_t low, int64_t high,
                              vqc_error *error)
{
    if (size.value < low || size.value > high)
        return vqc_error_set(error, VQC_FAILED, "%s: %s is %" PRId64 ", expected %" PRId64 " to %" PRId64,
                             vqc_operation_name(operation->kind), size.name, size.value, low, high);
    return VQC_OK;
}

/* Sizes along one axis. */
static vqc_status check_axes(const vqc_operation *operation, const named_size *sizes, size_t count, vqc_error *error)
{
    for (size_t i = 0; i < count; i++)
        VQC_TRY(check_range(operation, sizes[i], 1, VQC_OPERATION_MAX_SIZE, error));
    return VQC_OK;
}

/* Sizes that may stand for several axes taken together. */
static vqc_status check_flattened(const vqc_operation *operation, named_size size, vqc_error *error)
{
    return check_range(operation, size, 1, VQC_OPERATION_MAX_ELEMENTS, error);
}

/* All factors have been found positive. */
static vqc_status check_products(const vqc_operation *operation, const named_product *products, size_t count,
                                 vqc_error *error)
{
    for (size_t i = 0; i < count; i++) {
        int64_t product = 1;
        for (int f = 0; f < MAX_FACTORS && products[i].factor[f] != 0; f++) {
            if (product > VQC_OPERATION_MAX_ELEMENTS / products[i].factor[f])
                return vqc_error_set(error, VQC_FAILED, "%s: more than %" PRId64 " elements in its %s",
                                     vqc_operation_name(operation->kind), VQC_OPERATION_MAX_ELEMENTS,
                                     products[i].name);
            product *= products[i].factor[f];
        }
    }
    return VQC_OK;
}

static vqc_status check_parameter(const vqc_operation *operation, const char *name, const float *parameter,
                                  vqc_error *error)
{
    if (parameter == NULL)
        return vqc_error_set(error, VQC_FAILED, "%s: no %s given", vqc_operation_name(operation->kind), name);
    return VQC_OK;
}

static vqc_status check_divides(const vqc_operation *operation, named_size divisor, named_size size, vqc_error *error)
{
    if (size.value % divisor.value != 0)
        return vqc_error_set(error, VQC_FAILED, "%s: %s is %" PRId64 ", expected a multiple of %s, %" PRId64,
                             vqc_operation_name(operation->kind), size.name, size.value, divisor.name, divisor.value);
    return VQC_OK;
}

static vqc_status check_number(const vqc_operation *operation, const char *name, float value, vqc_error *error)
{
    if (!isfinite(value))
        return vqc_error_set(error, VQC_FAILED, "%s: %s is %g, expected a finite number",
                             vqc_operation_name(operation->kind), name, (double)value);
    return VQC_OK;
}

static vqc_status check_epsilon(const vqc_operation *operation, float epsilon, vqc_error *error)
{
    VQC_TRY(check_number(operation, "epsilon", epsilon, error));
    if (epsilon <= 0.0F)
        return vqc_error_set(error, VQC_FAILED, "%s: epsilon is %g, expected more than 0",
                             vqc_operation_name(operation->kind), (double)epsilon);
    return VQC_OK;
}

/* Number of outputs along one axis of a convolution; padding as wide as the kernel would add outputs that see
 * nothing of the input. */
static vqc_status check_window(const vqc_operation *operation, named_size size, int64_t kernel, named_size before,
                               named_size after, int64_t *output, vqc_error *error)
{
    VQC_TRY(check_range(operation, before, 0, kernel - 1, error));
    VQC_TRY(check_range(operation, after, 0, kernel - 1, error));
    int64_t padded = size.value + before.value + after.value;
    if (padded < kernel)
        return vqc_error_set(error, VQC_FAILED,
                             "%s: %s is %" PRId64 " with padding, expected at least the kernel's %" PRId64,
                             vqc_operation_name(operation->kind), size.name, padded, kernel);
    *output = (padded - kernel) / operation->convolution.stride + 1;
    return VQC_OK;
}

static vqc_status check_convolution(const vqc_operation *operation, vqc_error *error)
{
    const vqc_convolution *o = &operation->convolution;
    const named_size axes[] = {{"batch", o->batch},
                               {"height", o->height},
                               {"width", o->width},
                               {"in_channels", o->in_channels},
                               {"out_channels", o->out_channels},
                               {"kernel_height", o->kernel_height},
                               {"kernel_width", o->kernel_width},
                               {"stride", o->stride}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    int64_t out_height;
    int64_t out_width;
    VQC_TRY(check_window(operation, (named_size){"height", o->height}, o->kernel_height,
                         (named_size){"pad_top", o->pad_top}, (named_size){"pad_bottom", o->pad_bottom}, &out_height,
                         error));
    VQC_TRY(check_window(operation, (named_size){"width", o->width}, o->kernel_width,
                         (named_size){"pad_left", o->pad_left}, (named_size){"pad_right", o->pad_right}, &out_width,
                         error));
    const named_product products[] = {
        {"input", {o->batch, o->height, o->width, o->in_channels}},
        {"output", {o->batch, out_height, out_width, o->out_channels}},
        {"weight", {o->out_channels, o->in_channels, o->kernel_height, o->kernel_width}}};
    VQC_TRY(check_products(operation, products, sizeof products / sizeof products[0], error));
    return check_parameter(operation, "weight", o->weight, error);
}

static vqc_status check_linear(const vqc_operation *operation, vqc_error *error)
{
    const vqc_linear *o = &operation->linear;
    const named_size axes[] = {{"in_width", o->in_width}, {"out_width", o->out_width}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    VQC_TRY(check_flattened(operation, (named_size){"rows", o->rows}, error));
    const named_product products[] = {{"input", {o->rows, o->in_width}},
                                      {"output", {o->rows, o->out_width}},
                                      {"weight", {o->in_width, o->out_width}}};
    VQC_TRY(check_products(operation, products, sizeof products / sizeof products[0], error));
    return check_parameter(operation, "weight", o->weight, error);
}

static vqc_status check_attention(const vqc_operation *operation, vqc_error *error)
{
    const vqc_attention *o = &operation->attention;
    const named_size axes[] = {{"batch", o->batch},
                               {"queries", o->queries},
                               {"keys", o->keys},
                               {"heads", o->heads},
                               {"head_width", o->head_width}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    if ((o->packed || o->causal) && o->keys != o->queries)
        return vqc_error_set(error, VQC_FAILED,
                             "attention: %" PRId64 " keys, expected one for each of %" PRId64 " queries", o->keys,
                             o->queries);
    const named_product products[] = {{"queries", {o->batch, o->queries, o->heads, o->head_width, 3}},
                                      {"keys and values", {o->batch, o->keys, o->heads, o->head_width, 2}},
                                      {"scores", {o->batch, o->heads, o->queries, o->keys}}};
    return check_products(operation, products, sizeof products / sizeof products[0], error);
}

static vqc_status check_group_norm(const vqc_operation *operation, vqc_error *error)
{
    const vqc_group_norm *o = &operation->group_norm;
    const named_size axes[] = {{"batch", o->batch}, {"channels", o->channels}, {"groups", o->groups}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    VQC_TRY(check_flattened(operation, (named_size){"pixels", o->pixels}, error));
    VQC_TRY(check_divides(operation, axes[2], axes[1], error));
    VQC_TRY(check_epsilon(operation, o->epsilon, error));
    VQC_TRY(check_products(operation, &(named_product){"input", {o->batch, o->pixels, o->channels}}, 1, error));
    VQC_TRY(check_parameter(operation, "weight", o->weight, error));
    return check_parameter(operation, "bias", o->bias, error);
}

static vqc_status check_layer_norm(const vqc_operation *operation, vqc_error *error)
{
    const vqc_layer_norm *o = &operation->layer_norm;
    VQC_TRY(check_flattened(operation, (named_size){"rows", o->rows}, error));
    VQC_TRY(check_axes(operation, &(named_size){"width", o->width}, 1, error));
    VQC_TRY(check_epsilon(operation, o->epsilon, error));
    VQC_TRY(check_products(operation, &(named_product){"input", {o->rows, o->width}}, 1, error));
    VQC_TRY(check_parameter(operation, "weight", o->weight, error));
    return check_parameter(operation, "bias", o->bias, error);
}

static vqc_status check_activation(const vqc_operation *operation, vqc_error *error)
{
    const vqc_activation *o = &operation->activation;
    VQC_TRY(check_flattened(operation, (named_size){"count", o->count}, error));
    return check_range(operation, (named_size){"function", (int64_t)o->function}, VQC_ACTIVATION_RELU,
                       VQC_ACTIVATION_GELU, error);
}

static vqc_status check_upsample(const vqc_operation *operation, vqc_error *error)
{
    const vqc_upsample *o = &operation->upsample;
    const named_size axes[] = {
        {"batch", o->batch}, {"height", o->height}, {"width", o->width}, {"channels", o->channels}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    return check_products(operation, &(named_product){"output", {o->batch, o->height, o->width, o->channels, 4}}, 1,
                          error);
}

static vqc_status check_average_pool(const vqc_operation *operation, vqc_error *error)
{
    const vqc_average_pool *o = &operation->average_pool;
    const named_size axes[] = {{"batch", o->batch},
                               {"height", o->height},
                               {"width", o->width},
                               {"channels", o->channels},
                               {"window", o->window}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    VQC_TRY(check_divides(operation, axes[4], axes[1], error));
    VQC_TRY(check_divides(operation, axes[4], axes[2], error));
    return check_products(operation, &(named_product){"input", {o->batch, o->height, o->width, o->channels}}, 1,
                          error);
}

static vqc_status check_quantise(const vqc_operation *operation, vqc_error *error)
{
    const vqc_quantise *o = &operation->quantise;
    const named_size axes[] = {{"width", o->width}, {"entries", o->entries}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    VQC_TRY(check_flattened(operation, (named_size){"rows", o->rows}, error));
    const named_product products[] = {
        {"input", {o->rows, o->width}}, {"codebook", {o->entries, o->width}}, {"distances", {o->rows, o->entries}}};
    VQC_TRY(check_products(operation, products, sizeof products / sizeof products[0], error));
    return check_parameter(operation, "codebook", o->codebook, error);
}

static vqc_status check_channel_scale(const vqc_operation *operation, vqc_error *error)
{
    const vqc_channel_scale *o = &operation->channel_scale;
    VQC_TRY(check_flattened(operation, (named_size){"rows", o->rows}, error));
    VQC_TRY(check_axes(operation, &(named_size){"channels", o->channels}, 1, error));
    VQC_TRY(check_products(operation, &(named_product){"input", {o->rows, o->channels}}, 1, error));
    VQC_TRY(check_parameter(operation, "scale", o->scale, error));
    return check_parameter(operation, "shift", o->shift, error);
}

static vqc_status check_clamp(const vqc_operation *operation, vqc_error *error)
{
    const vqc_clamp *o = &operation->clamp;
    VQC_TRY(check_flattened(operation, (named_size){"count", o->count}, error));
    VQC_TRY(check_number(operation, "scale", o->scale, error));
    return check_number(operation, "shift", o->shift, error);
}

static vqc_status check_tokens(const vqc_operation *operation, vqc_error *error)
{
    const vqc_tokens *o = &operation->tokens;
    const named_size axes[] = {{"batch", o->batch}, {"tokens", o->tokens}, {"width", o->width}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    VQC_TRY(check_products(operation, &(named_product){"output", {o->batch, 1 + o->tokens, o->width}}, 1, error));
    return check_parameter(operation, "positions", o->positions, error);
}

static vqc_status check_embed(const vqc_operation *operation, vqc_error *error)
{
    const vqc_embed *o = &operation->embed;
    const named_size axes[] = {
        {"batch", o->batch}, {"tokens", o->tokens}, {"width", o->width}, {"entries", o->entries}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    const named_product products[] = {{"output", {o->batch, o->tokens, o->width}}, {"table", {o->entries, o->width}}};
    VQC_TRY(check_products(operation, products, sizeof products / sizeof products[0], error));
    VQC_TRY(check_parameter(operation, "table", o->table, error));
    return check_parameter(operation, "positions", o->positions, error);
}

static vqc_status check_select(const vqc_operation *operation, vqc_error *error)
{
    const vqc_select *o = &operation->select;
    const named_size axes[] = {{"batch", o->batch}, {"tokens", o->tokens}, {"width", o->width}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    return check_products(operation, &(named_product){"input", {o->batch, o->tokens, o->width}}, 1, error);
}

static vqc_status check_resample(const vqc_operation *operation, vqc_error *error)
{
    const vqc_resample *o = &operation->resample;
    const named_size axes[] = {{"batch", o->batch},       {"height", o->height}, {"width", o->width},
                               {"channels", o->channels}, {"crops", o->crops},   {"side", o->side}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    const named_product products[] = {{"input", {o->batch, o->height, o->width, o->channels}},
                                      {"output", {o->crops, o->side, o->side, o->channels}},
                                      {"half-way picture", {o->side, o->width, o->channels}}};
    return check_products(operation, products, sizeof products / sizeof products[0], error);
}

static vqc_status check_adaptive_pool(const vqc_operation *operation, vqc_error *error)
{
    const vqc_adaptive_pool *o = &operation->adaptive_pool;
    const named_size axes[] = {{"height", o->height},
                               {"width", o->width},
                               {"channels", o->channels},
                               {"crops", o->crops},
                               {"side", o->side}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    const named_product products[] = {{"input", {o->height, o->width, o->channels}},
                                      {"output", {o->crops, o->side, o->side, o->channels}}};
    VQC_TRY(check_products(operation, products, sizeof products / sizeof products[0], error));
    if (o->height * o->width > INT32_MAX)
        return vqc_error_set(error, VQC_FAILED, "adaptive pool: %lld × %lld pixels, more than 2^31 - 1",
                             (long long)o->height, (long long)o->width);
    return VQC_OK;
}

static vqc_status check_distance(const vqc_operation *operation, vqc_error *error)
{
    const vqc_distance *o = &operation->distance;
    const named_size axes[] = {{"width", o->width}, {"prompts", o->prompts}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    VQC_TRY(check_flattened(operation, (named_size){"rows", o->rows}, error));
    const named_product products[] = {
        {"input", {o->rows, o->width}}, {"output", {o->rows, o->prompts}}, {"targets", {o->prompts, o->width}}};
    VQC_TRY(check_products(operation, products, sizeof products / sizeof products[0], error));
    return check_parameter(operation, "targets", o->targets, error);
}

/* Crops of pixels that know their neighbours. */
static vqc_status check_pictures(const vqc_operation *operation, int64_t crops, int64_t height, int64_t width,
                                 int64_t channels, vqc_error *error)
{
    const named_size axes[] = {{"crops", crops}, {"height", height}, {"width", width}, {"channels", channels}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    return check_products(operation, &(named_product){"output", {crops, height, width, channels}}, 1, error);
}

static vqc_status check_warp(const vqc_operation *operation, vqc_error *error)
{
    const vqc_warp *o = &operation->warp;
    return check_pictures(operation, o->crops, o->height, o->width, o->channels, error);
}

static vqc_status check_erase(const vqc_operation *operation, vqc_error *error)
{
    const vqc_erase *o = &operation->erase;
    return check_pictures(operation, o->crops, o->height, o->width, o->channels, error);
}

static vqc_status check_sharpen(const vqc_operation *operation, vqc_error *error)
{
    const vqc_sharpen *o = &operation->sharpen;
    return check_pictures(operation, o->crops, o->height, o->width, o->channels, error);
}

static vqc_status check_field_warp(const vqc_operation *operation, vqc_error *error)
{
    const vqc_field_warp *o = &operation->field_warp;
    VQC_TRY(check_pictures(operation, o->crops, o->height, o->width, o->channels, error));
    return check_products(operation, &(named_product){"places", {o->crops, o->height, o->width, 2}}, 1, error);
}

/* Places for every pixel of crops. */
static vqc_status check_field(const vqc_operation *operation, int64_t crops, int64_t height, int64_t width,
                              vqc_error *error)
{
    const named_size axes[] = {{"crops", crops}, {"height", height}, {"width", width}};
    VQC_TRY(check_axes(operation, axes, sizeof axes / sizeof axes[0], error));
    return check_products(operation, &(named_product){"output", {crops, height, width, 2}}, 1, error);
}

static vqc_status check_spline_field(const vqc_operation *operation, vqc_error *error)
{
    const vqc_spline_field *o = &operation->spline_field;
    return check_field(operation, o->crops, o->height, o->width, error);
}

static vqc_status check_elastic_field(const vqc_operation *operation, vqc_error *error)
{
    const vqc_elastic_field *o = &operation->elastic_field;
    return check_field(operation, o->crops, o->height, o->width, error);
}

/* Crops, each of so many elements of the given width. */
static vqc_status check_crops(const vqc_operation *operation, int64_t crops, named_size size, int64_t width,
                              vqc_error *error)
{
    VQC_TRY(check_axes(operation, &(named_size){"crops", crops}, 1, error));
    VQC_TRY(check_flattened(operation, size, error));
    return check_products(operation, &(named_product){"output", {crops, size.value, width}}, 1, error);
}

static vqc_status check_activation_dtype(const vqc_operation *operation, vqc_dtype dtype, vqc_error *error)
{
    if ((int)dtype < 0 || dtype >= VQC_DTYPE_COUNT)
        return vqc_error_set(error, VQC_FAILED, "%s: element type %d does not exist",
                             vqc_operation_name(operation->kind), (int)dtype);
    if (dtype != VQC_DTYPE_F32 && dtype != VQC_DTYPE_BF16 && dtype != VQC_DTYPE_F64)
        return vqc_error_set(error, VQC_FAILED, "%s: element type %s, expected f32, bf16 or f64",
                             vqc_operation_name(operation->kind), vqc_dtype_name(dtype));
    return VQC_OK;
}

/* Operations for which bf16 is too coarse, as operation.h says. */
static vqc_status check_dtype(const vqc_operation *operation, vqc_error *error)
{
    VQC_TRY(check_activation_dtype(operation, operation->dtype, error));
    bool precise = operation->kind == VQC_OPERATION_QUANTISE || operation->kind == VQC_OPERATION_RESAMPLE ||
                   operation->kind == VQC_OPERATION_ADAPTIVE_POOL || operation->kind == VQC_OPERATION_DISTANCE ||
                   operation->kind == VQC_OPERATION_WARP || operation->kind == VQC_OPERATION_COLOUR ||
                   operation->kind == VQC_OPERATION_NOISE || operation->kind == VQC_OPERATION_ERASE ||
                   operation->kind == VQC_OPERATION_SHARPEN || operation->kind == VQC_OPERATION_FIELD_WARP ||
                   operation->kind == VQC_OPERATION_SPLINE_FIELD || operation->kind == VQC_OPERATION_ELASTIC_FIELD;
    if (precise && operation->dtype == VQC_DTYPE_BF16)
        return vqc_error_set(error, VQC_FAILED, "%s: element type bf16, expected f32 or f64",
                             vqc_operation_name(operation->kind));
    return VQC_OK;
}

static vqc_status check_cast(const vqc_operation *operation, vqc_error *error)
{
    VQC_TRY(check_flattened(operation, (named_size){"count", operation->cast.count}, error));
    VQC_TRY(check_activation_dtype(operation, operation->cast.from, error));
    return check_activation_dtype(operation, operation->cast.to, error);
}

vqc_status vqc_operation_check(const vqc_operation *operation, vqc_error *error)
{
    if ((int)operation->kind < 0 || operation->kind >= VQC_OPERATION_COUNT)
        return vqc_error_set(error, VQC_FAILED, "operation %d does not exist", (int)operation->kind);
    if (operation->kind == VQC_OPERATION_CAST) /* does not use the operation's own element type */
        return check_cast(operation, error);
    VQC_TRY(check_dtype(operation, error));
    switch (operation->kind) {
    case VQC_OPERATION_CONVOLUTION:
        return check_convolution(operation, error);
    case VQC_OPERATION_LINEAR:
        return check_linear(operation, error);
    case VQC_OPERATION_ATTENTION:
        return check_attention(operation, error);
    case VQC_OPERATION_GROUP_NORM:
        return check_group_norm(operation, error);
    case VQC_OPERATION_LAYER_NORM:
        return check_layer_norm(operation, error);
    case VQC_OPERATION_ACTIVATION:
        return check_activation(operation, error);
    case VQC_OPERATION_ADD:
        return check_flattened(operation, (named_size){"count", operation->add.count}, error);
    case VQC_OPERATION_UPSAMPLE:
        return check_upsample(operation, error);
    case VQC_OPERATION_AVERAGE_POOL:
        return check_average_pool(operation, error);
    case VQC_OPERATION_QUANTISE:
        return check_quantise(operation, error);
    case VQC_OPERATION_CHANNEL_SCALE:
        return check_channel_scale(operation, error);
    case VQC_OPERATION_CLAMP:
        return check_clamp(operation, error);
    case VQC_OPERATION_TOKENS:
        return check_tokens(operation, error);
    case VQC_OPERATION_EMBED:
        return check_embed(operation, error);
    case VQC_OPERATION_SELECT:
        return check_select(operation, error);
    case VQC_OPERATION_RESAMPLE:
        return check_resample(operation, error);
    case VQC_OPERATION_ADAPTIVE_POOL:
        return check_adaptive_pool(operation, error);
    case VQC_OPERATION_DISTANCE:
        return check_distance(operation, error);
    case VQC_OPERATION_WARP:
        return check_warp(operation, error);
    case VQC_OPERATION_COLOUR:
        return check_crops(operation, operation->colour.crops, (named_size){"pixels", operation->colour.pixels}, 3,
                           error);
    case VQC_OPERATION_NOISE:
        return check_crops(operation, operation->noise.crops, (named_size){"count", operation->noise.count}, 1,
                           error);
    case VQC_OPERATION_ERASE:
        return check_erase(operation, error);
    case VQC_OPERATION_SHARPEN:
        return check_sharpen(operation, error);
    case VQC_OPERATION_FIELD_WARP:
        return check_field_warp(operation, error);
    case VQC_OPERATION_SPLINE_FIELD:
        return check_spline_field(operation, error);
    case VQC_OPERATION_ELASTIC_FIELD:
        return check_elastic_field(operation, error);
    case VQC_OPERATION_CAST:
    case VQC_OPERATION_COUNT:
        break;
    }
    return VQC_OK;
}
