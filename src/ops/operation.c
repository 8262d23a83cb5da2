#include "ops/operation.h"

static const char *const names[VQC_OPERATION_COUNT] = {
    [VQC_OPERATION_CONVOLUTION] = "convolution",
    [VQC_OPERATION_LINEAR] = "linear",
    [VQC_OPERATION_ATTENTION] = "attention",
    [VQC_OPERATION_GROUP_NORM] = "group norm",
    [VQC_OPERATION_LAYER_NORM] = "layer norm",
    [VQC_OPERATION_ACTIVATION] = "activation",
    [VQC_OPERATION_ADD] = "add",
    [VQC_OPERATION_UPSAMPLE] = "upsample",
    [VQC_OPERATION_AVERAGE_POOL] = "average pool",
    [VQC_OPERATION_QUANTISE] = "quantise",
    [VQC_OPERATION_CHANNEL_SCALE] = "channel scale",
    [VQC_OPERATION_CLAMP] = "clamp",
    [VQC_OPERATION_TOKENS] = "tokens",
    [VQC_OPERATION_EMBED] = "embed",
    [VQC_OPERATION_SELECT] = "select",
    [VQC_OPERATION_RESAMPLE] = "resample",
    [VQC_OPERATION_ADAPTIVE_POOL] = "adaptive pool",
    [VQC_OPERATION_DISTANCE] = "distance",
    [VQC_OPERATION_CAST] = "cast",
    [VQC_OPERATION_WARP] = "warp",
    [VQC_OPERATION_COLOUR] = "colour",
    [VQC_OPERATION_NOISE] = "noise",
    [VQC_OPERATION_ERASE] = "erase",
    [VQC_OPERATION_SHARPEN] = "sharpen",
    [VQC_OPERATION_FIELD_WARP] = "field warp",
    [VQC_OPERATION_SPLINE_FIELD] = "spline field",
    [VQC_OPERATION_ELASTIC_FIELD] = "elastic field",
};

const char *vqc_operation_name(vqc_operation_kind kind)
{
    return names[kind];
}

/* A layout with one input of the operation's dtype that has a gradient and is not read again. */
static vqc_operation_layout layout_simple(vqc_dtype dtype, int64_t input, int64_t output)
{
    return (vqc_operation_layout){
        .input_count = 1,
        .input_count_elements = {input},
        .input_dtype = {dtype},
        .input_has_gradient = {true},
        .output_count_elements = output,
        .output_dtype = dtype,
    };
}

static void layout_add_input(vqc_operation_layout *layout, int64_t count, vqc_dtype dtype, bool has_gradient)
{
    int index = layout->input_count++;
    layout->input_count_elements[index] = count;
    layout->input_dtype[index] = dtype;
    layout->input_has_gradient[index] = has_gradient;
}

static vqc_operation_layout layout_of_convolution(vqc_dtype dtype, const vqc_convolution *o)
{
    int64_t out_height = (o->height + o->pad_top + o->pad_bottom - o->kernel_height) / o->stride + 1;
    int64_t out_width = (o->width + o->pad_left + o->pad_right - o->kernel_width) / o->stride + 1;
    int64_t output = o->batch * out_height * out_width * o->out_channels;
    vqc_operation_layout layout = layout_simple(dtype, o->batch * o->height * o->width * o->in_channels, output);
    if (o->residual)
        layout_add_input(&layout, output, dtype, true);
    return layout;
}

static vqc_operation_layout layout_of_linear(vqc_dtype dtype, const vqc_linear *o)
{
    vqc_operation_layout layout = layout_simple(dtype, o->rows * o->in_width, o->rows * o->out_width);
    if (o->residual)
        layout_add_input(&layout, o->rows * o->out_width, dtype, true);
    return layout;
}

static vqc_operation_layout layout_of_attention(vqc_dtype dtype, const vqc_attention *o)
{
    int64_t width = o->heads * o->head_width;
    int64_t output = o->batch * o->queries * width;
    vqc_operation_layout layout = layout_simple(dtype, o->packed ? 3 * output : output, output);
    if (!o->packed)
        layout_add_input(&layout, o->batch * o->keys * 2 * width, dtype, true);
    layout.backward_reads_input[0] = true;
    layout.backward_reads_input[1] = !o->packed;
    layout.backward_reads_output = true;
    return layout;
}

/* A layout whose backward call reads the input again. */
static vqc_operation_layout layout_reading_input(vqc_dtype dtype, int64_t input, int64_t output)
{
    vqc_operation_layout layout = layout_simple(dtype, input, output);
    layout.backward_reads_input[0] = true;
    return layout;
}

static vqc_operation_layout layout_of_activation(vqc_dtype dtype, const vqc_activation *o)
{
    vqc_operation_layout layout = layout_simple(dtype, o->count, o->count);
    layout.backward_reads_output = o->function == VQC_ACTIVATION_RELU;
    layout.backward_reads_input[0] = !layout.backward_reads_output;
    return layout;
}

static vqc_operation_layout layout_of_embed(vqc_dtype dtype, const vqc_embed *o)
{
    vqc_operation_layout layout = layout_simple(dtype, o->batch * o->tokens, o->batch * o->tokens * o->width);
    layout.input_dtype[0] = VQC_DTYPE_I32;
    layout.input_has_gradient[0] = false;
    return layout;
}

static vqc_operation_layout layout_of_select(vqc_dtype dtype, const vqc_select *o)
{
    vqc_operation_layout layout = layout_simple(dtype, o->batch * o->tokens * o->width, o->batch * o->width);
    layout_add_input(&layout, o->batch, VQC_DTYPE_I32, false);
    layout.backward_reads_input[1] = true;
    return layout;
}

static vqc_operation_layout layout_of_resample(vqc_dtype dtype, const vqc_resample *o)
{
    vqc_operation_layout layout = layout_simple(dtype, o->batch * o->height * o->width * o->channels,
                                                o->crops * o->side * o->side * o->channels);
    layout_add_input(&layout, o->crops * 5, VQC_DTYPE_I32, false);
    layout.backward_reads_input[1] = true;
    return layout;
}

static vqc_operation_layout layout_of_colour(vqc_dtype dtype, const vqc_colour *o)
{
    int64_t count = 3 * o->crops * o->pixels;
    vqc_operation_layout layout = layout_reading_input(dtype, count, count);
    layout_add_input(&layout, 5 * o->crops, VQC_DTYPE_F32, false);
    layout.backward_reads_input[1] = true;
    return layout;
}

static vqc_operation_layout layout_of_noise(vqc_dtype dtype, const vqc_noise *o)
{
    vqc_operation_layout layout = layout_simple(dtype, o->crops * o->count, o->crops * o->count);
    layout_add_input(&layout, 6 * o->crops, VQC_DTYPE_I32, false);
    return layout;
}

/* A layout of `count` elements with parameters that the gradient needs too, but not the input. */
static vqc_operation_layout layout_with_parameters(vqc_dtype dtype, int64_t count, int64_t parameters,
                                                   vqc_dtype parameter_dtype)
{
    vqc_operation_layout layout = layout_simple(dtype, count, count);
    layout_add_input(&layout, parameters, parameter_dtype, false);
    layout.backward_reads_input[1] = true;
    return layout;
}

/* A layout whose output of the operation's dtype is made from parameters alone. */
static vqc_operation_layout layout_of_field(vqc_dtype dtype, int64_t parameters, vqc_dtype parameter_dtype,
                                            int64_t output)
{
    vqc_operation_layout layout = layout_simple(dtype, parameters, output);
    layout.input_dtype[0] = parameter_dtype;
    layout.input_has_gradient[0] = false;
    return layout;
}

static vqc_operation_layout layout_of_cast(const vqc_cast *o)
{
    vqc_operation_layout layout = layout_simple(o->from, o->count, o->count);
    layout.output_dtype = o->to;
    return layout;
}

vqc_operation_layout vqc_operation_layout_of(const vqc_operation *operation)
{
    vqc_dtype dtype = operation->dtype;
    switch (operation->kind) {
    case VQC_OPERATION_CONVOLUTION:
        return layout_of_convolution(dtype, &operation->convolution);
    case VQC_OPERATION_LINEAR:
        return layout_of_linear(dtype, &operation->linear);
    case VQC_OPERATION_ATTENTION:
        return layout_of_attention(dtype, &operation->attention);
    case VQC_OPERATION_GROUP_NORM: {
        const vqc_group_norm *o = &operation->group_norm;
        int64_t count = o->batch * o->pixels * o->channels;
        return layout_reading_input(dtype, count, count);
    }
    case VQC_OPERATION_LAYER_NORM: {
        int64_t count = operation->layer_norm.rows * operation->layer_norm.width;
        return layout_reading_input(dtype, count, count);
    }
    case VQC_OPERATION_ACTIVATION:
        return layout_of_activation(dtype, &operation->activation);
    case VQC_OPERATION_ADD: {
        vqc_operation_layout layout = layout_simple(dtype, operation->add.count, operation->add.count);
        layout_add_input(&layout, operation->add.count, dtype, true);
        return layout;
    }
    case VQC_OPERATION_UPSAMPLE: {
        const vqc_upsample *o = &operation->upsample;
        int64_t count = o->batch * o->height * o->width * o->channels;
        return layout_simple(dtype, count, 4 * count);
    }
    case VQC_OPERATION_AVERAGE_POOL: {
        const vqc_average_pool *o = &operation->average_pool;
        int64_t output = o->batch * (o->height / o->window) * (o->width / o->window) * o->channels;
        return layout_simple(dtype, output * o->window * o->window, output);
    }
    case VQC_OPERATION_QUANTISE: {
        int64_t count = operation->quantise.rows * operation->quantise.width;
        return layout_simple(dtype, count, count);
    }
    case VQC_OPERATION_CHANNEL_SCALE: {
        int64_t count = operation->channel_scale.rows * operation->channel_scale.channels;
        return layout_simple(dtype, count, count);
    }
    case VQC_OPERATION_CLAMP:
        return layout_reading_input(dtype, operation->clamp.count, operation->clamp.count);
    case VQC_OPERATION_TOKENS: {
        const vqc_tokens *o = &operation->tokens;
        return layout_simple(dtype, o->batch * o->tokens * o->width, o->batch * (1 + o->tokens) * o->width);
    }
    case VQC_OPERATION_EMBED:
        return layout_of_embed(dtype, &operation->embed);
    case VQC_OPERATION_SELECT:
        return layout_of_select(dtype, &operation->select);
    case VQC_OPERATION_RESAMPLE:
        return layout_of_resample(dtype, &operation->resample);
    case VQC_OPERATION_ADAPTIVE_POOL: {
        const vqc_adaptive_pool *o = &operation->adaptive_pool;
        return layout_simple(dtype, o->height * o->width * o->channels, o->crops * o->side * o->side * o->channels);
    }
    case VQC_OPERATION_DISTANCE: {
        const vqc_distance *o = &operation->distance;
        return layout_reading_input(dtype, o->rows * o->width, o->rows * o->prompts);
    }
    case VQC_OPERATION_CAST:
        return layout_of_cast(&operation->cast);
    case VQC_OPERATION_WARP: {
        const vqc_warp *o = &operation->warp;
        return layout_with_parameters(dtype, o->crops * o->height * o->width * o->channels, 10 * o->crops,
                                      VQC_DTYPE_F32);
    }
    case VQC_OPERATION_COLOUR:
        return layout_of_colour(dtype, &operation->colour);
    case VQC_OPERATION_NOISE:
        return layout_of_noise(dtype, &operation->noise);
    case VQC_OPERATION_ERASE: {
        const vqc_erase *o = &operation->erase;
        return layout_with_parameters(dtype, o->crops * o->height * o->width * o->channels, 4 * o->crops,
                                      VQC_DTYPE_I32);
    }
    case VQC_OPERATION_SHARPEN: {
        const vqc_sharpen *o = &operation->sharpen;
        return layout_with_parameters(dtype, o->crops * o->height * o->width * o->channels, o->crops, VQC_DTYPE_F32);
    }
    case VQC_OPERATION_FIELD_WARP: {
        const vqc_field_warp *o = &operation->field_warp;
        int64_t pixels = o->crops * o->height * o->width;
        return layout_with_parameters(dtype, pixels * o->channels, 2 * pixels, dtype);
    }
    case VQC_OPERATION_SPLINE_FIELD: {
        const vqc_spline_field *o = &operation->spline_field;
        return layout_of_field(dtype, VQC_SPLINE_NUMBERS * o->crops, VQC_DTYPE_F32,
                               2 * o->crops * o->height * o->width);
    }
    case VQC_OPERATION_ELASTIC_FIELD: {
        const vqc_elastic_field *o = &operation->elastic_field;
        return layout_of_field(dtype, 6 * o->crops, VQC_DTYPE_I32, 2 * o->crops * o->height * o->width);
    }
    case VQC_OPERATION_COUNT:
        break;
    }
    return (vqc_operation_layout){0};
}
