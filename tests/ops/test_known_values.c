/* Every operation of one implementation, named by the argument, on small values worked out by hand or, for
 * convolution, by the definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../comparison.h"
#include "cases.h"
#include "execution.h"

static const double pi = 3.14159265358979323846;

/* One operation with what goes in and what is to come out; NULL where there is nothing or where it is not asked. */
typedef struct known_values {
    vqc_operation operation; /* in f32 */
    const double *input[VQC_OPERATION_MAX_INPUTS];
    const double *output;
    const double *grad_output;
    const double *grad_input[VQC_OPERATION_MAX_INPUTS];
} known_values;

static void assert_close(const char *what, const double *actual, const double *expected, int64_t count,
                         const tolerance *allowed)
{
    comparison found = comparison_of(actual, expected, count);
    if (!comparison_is_within(&found, allowed))
        fail_msg("%s: element %lld is %.9g, expected %.9g", what, (long long)found.worst, actual[found.worst],
                 expected[found.worst]);
}

static void assert_known(vqc_ops *ops, const known_values *known)
{
    vqc_operation operation = known->operation;
    operation.dtype = VQC_DTYPE_F32;
    operation_execution execution;
    execution_open(&execution, ops, &operation);
    const char *name = vqc_operation_name(operation.kind);
    double *output = execution_doubles(execution.layout.output_count_elements);
    execution_forward(&execution, known->input, output);
    assert_close(name, output, known->output, execution.layout.output_count_elements,
                 &tolerances[TOLERANCE_F32_FORWARD]);
    free(output);
    double *grad_input[VQC_OPERATION_MAX_INPUTS] = {NULL, NULL};
    for (int i = 0; i < VQC_OPERATION_MAX_INPUTS; i++)
        if (known->grad_input[i] != NULL)
            grad_input[i] = execution_doubles(execution.layout.input_count_elements[i]);
    if (known->grad_output != NULL)
        execution_backward(&execution, known->grad_output, (const double *const[2]){NULL, NULL}, grad_input);
    for (int i = 0; i < VQC_OPERATION_MAX_INPUTS; i++) {
        if (grad_input[i] == NULL)
            continue;
        assert_close(name, grad_input[i], known->grad_input[i], execution.layout.input_count_elements[i],
                     &tolerances[TOLERANCE_F32_FORWARD]);
        free(grad_input[i]);
    }
    execution_close(&execution);
}

/* One output element by the definition. */
static double convolution_element(const case_data *data, int64_t b, int64_t out_y, int64_t out_x, int64_t out)
{
    const vqc_convolution *o = &data->operation.convolution;
    double sum = o->bias == NULL ? 0.0 : (double)o->bias[out];
    for (int64_t in = 0; in < o->in_channels; in++) {
        for (int64_t ky = 0; ky < o->kernel_height; ky++) {
            for (int64_t kx = 0; kx < o->kernel_width; kx++) {
                int64_t y = out_y * o->stride + ky - o->pad_top;
                int64_t x = out_x * o->stride + kx - o->pad_left;
                if (y >= 0 && y < o->height && x >= 0 && x < o->width)
                    sum +=
                        data->input[0][((b * o->height + y) * o->width + x) * o->in_channels + in] *
                        (double)
                            o->weight[((out * o->in_channels + in) * o->kernel_height + ky) * o->kernel_width + kx];
            }
        }
    }
    return sum;
}

static void convolution_check(vqc_ops *ops, const operation_case *which)
{
    case_data data;
    case_data_open(&data, which, VQC_DTYPE_F32);
    const vqc_convolution *o = &data.operation.convolution;
    int64_t out_height = (o->height + o->pad_top + o->pad_bottom - o->kernel_height) / o->stride + 1;
    int64_t out_width = (o->width + o->pad_left + o->pad_right - o->kernel_width) / o->stride + 1;
    double *expected = execution_doubles(data.layout.output_count_elements);
    assert_int_equal(data.layout.output_count_elements, o->batch * out_height * out_width * o->out_channels);
    for (int64_t i = 0; i < data.layout.output_count_elements; i++) {
        int64_t pixel = i / o->out_channels;
        expected[i] = convolution_element(&data, pixel / (out_height * out_width), pixel / out_width % out_height,
                                          pixel % out_width, i % o->out_channels);
        if (o->residual)
            expected[i] += data.input[1][i];
    }
    assert_known(ops, &(known_values){
                          .operation = data.operation, .input = {data.input[0], data.input[1]}, .output = expected});
    free(expected);
    case_data_close(&data);
}

static void convolution_known(void **state)
{
    for (int i = 0; i < operation_case_count; i++)
        if (operation_cases[i].operation.kind == VQC_OPERATION_CONVOLUTION)
            convolution_check(*state, &operation_cases[i]);
}

static void linear_known(void **state)
{
    const float weight[] = {1.0F, 2.0F, 3.0F, -1.0F, 0.0F, 4.0F};
    const float bias[] = {10.0F, 20.0F};
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_LINEAR, .linear = {2, 3, 2, true, weight, bias}},
                                 .input = {(double[]){1, 0, -1, 2, 2, 2}, (double[]){100, 200, 300, 400}},
                                 .output = (double[]){108, 215, 322, 426},
                                 .grad_output = (double[]){1, 0, 2, 1},
                                 .grad_input = {(double[]){1, 2, 3, 1, 4, 10}, (double[]){1, 0, 2, 1}}});
}

/* Two heads of width 1: keys 0 and ln 3 give the softmax 1/4, 3/4 for the query 1, and 1/2 each for the query 0. */
static void attention_known(void **state)
{
    const double ln3 = 1.0986122886681098;
    const double packed[] = {1, 0, 0, 0, 8, 6, 1, 0, ln3, ln3, 16, 2};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_ATTENTION,
                                                       .attention = {1, 2, 2, 2, 1, true, false, false}},
                                         .input = {packed},
                                         .output = (double[]){14, 4, 14, 4}});
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_ATTENTION,
                                                       .attention = {1, 2, 2, 2, 1, true, true, false}},
                                         .input = {packed},
                                         .output = (double[]){8, 6, 14, 4}});
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_ATTENTION,
                                                       .attention = {1, 2, 2, 2, 1, true, false, true}},
                                         .input = {packed, (double[]){0, 1}},
                                         .output = (double[]){16, 2, 16, 2}});
    /* One head of width 4: the scale is 1 / 2. */
    assert_known(
        *state, &(known_values){
                    .operation = {.kind = VQC_OPERATION_ATTENTION, .attention = {1, 1, 2, 1, 4, false, false, false}},
                    .input = {(double[]){2, 0, 0, 0}, (double[]){0, 5, 5, 5, 4, 8, 0, 0, ln3, 5, 5, 5, 8, 4, 4, 0}},
                    .output = (double[]){7, 5, 3, 0}});
}

/* Values −3, −1, 1, 3 have the variance 5. */
static const float norm_weight[] = {1.0F, 2.0F, 1.0F, 1.0F};
static const float norm_bias[] = {0.0F, 10.0F, 0.0F, 0.0F};

static void group_norm_known(void **state)
{
    const double a = 3.0 / sqrt(5.0);
    const double b = 1.0 / sqrt(5.0);
    /* Two pixels, two groups of two channels; the second group is 8 more than twice as much. */
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_GROUP_NORM,
                                               .group_norm = {1, 2, 4, 2, 1e-12F, false, norm_weight, norm_bias}},
                                 .input = {(double[]){-3, -1, 2, 6, 1, 3, 10, 14}},
                                 .output = (double[]){-a, 10 - 2 * b, -a, -b, b, 10 + 2 * a, b, a}});
    const float ones[] = {1.0F, 1.0F};
    const float zeros[] = {0.0F, 0.0F};
    /* x · sigmoid(x) of ±1 */
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_GROUP_NORM,
                                                       .group_norm = {1, 1, 2, 1, 1e-12F, true, ones, zeros}},
                                         .input = {(double[]){5, 7}},
                                         .output = (double[]){-0.2689414213699951, 0.7310585786300049}});
}

static void layer_norm_known(void **state)
{
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_LAYER_NORM,
                                                       .layer_norm = {1, 4, 4.0F, norm_weight, norm_bias}},
                                         .input = {(double[]){-2, 0, 2, 4}},
                                         .output = (double[]){-1, 10 - 2.0 / 3, 1.0 / 3, 1}});
}

/* Value and derivative at each place of each function. */
enum { ACTIVATION_PLACES = 4 };
static const double activation_places[ACTIVATION_PLACES] = {-30, -1, 0, 2};
static const double activation_values[VQC_ACTIVATION_COUNT][2][ACTIVATION_PLACES] = {
    [VQC_ACTIVATION_RELU] = {{0, 0, 0, 2}, {0, 0, 0, 1}},
    [VQC_ACTIVATION_QUICK_GELU] = {{0, -0.1542042341, 0, 1.9356586231}, {0, -0.0677796066, 0.5, 1.0738153543}},
    [VQC_ACTIVATION_GELU] = {{0, -0.1586552539, 0, 1.9544997361}, {0, -0.0833154706, 0.5, 1.0852318011}},
    [VQC_ACTIVATION_TANH_GELU] = {{0, -0.1588080094, 0, 1.9545976941}, {0, -0.0829640838, 0.5, 1.0860992566}},
};

static void activation_known(void **state)
{
    const double ones[ACTIVATION_PLACES] = {1, 1, 1, 1};
    for (int i = 0; i < VQC_ACTIVATION_COUNT; i++)
        assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_ACTIVATION,
                                                           .activation = {.count = ACTIVATION_PLACES,
                                                                          .function = (vqc_activation_function)i}},
                                             .input = {activation_places},
                                             .output = activation_values[i][0],
                                             .grad_output = ones,
                                             .grad_input = {activation_values[i][1]}});
}

static void add_known(void **state)
{
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_ADD, .add = {2}},
                                         .input = {(double[]){1, 2}, (double[]){10, -2}},
                                         .output = (double[]){11, 0},
                                         .grad_output = (double[]){3, 4},
                                         .grad_input = {(double[]){3, 4}, (double[]){3, 4}}});
}

static const double pool_enlarged[] = {1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4}; /* of 1, 2, 3, 4 */
static const double pool_ramp[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* Of 1 and 3: every output pixel sees 1, 1, 3, 3 in two equal rows. */
static void upsample_convolution_known(void **state)
{
    static const float weight[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const float bias[] = {1};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION,
                                                       .upsample_convolution = {1, 1, 2, 1, 1, weight, bias}},
                                         .input = {(double[]){1, 3}},
                                         .output = (double[]){29, 70, 96, 73, 17, 40, 54, 37},
                                         .grad_output = (double[]){0, 1, 2, 3, 4, 5, 6, 7},
                                         .grad_input = {(double[]){200, 368}}});
}

static void average_pool_known(void **state)
{
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_AVERAGE_POOL, .average_pool = {1, 2, 4, 2, 2}},
                                 .input = {pool_ramp},
                                 .output = (double[]){5, 6, 9, 10},
                                 .grad_output = (double[]){4, 8, 12, 16},
                                 .grad_input = {pool_enlarged}});
}

/* Windows that overlap, the same for two crops; and of equal values the first is the largest. */
static void adaptive_pool_known(void **state)
{
    const double ramp[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_ADAPTIVE_POOL, .adaptive_pool = {3, 4, 1, 2, 2}},
                                 .input = {ramp},
                                 .output = (double[]){3.75, 5.75, 7.75, 9.75, 3.75, 5.75, 7.75, 9.75},
                                 .grad_output = (double[]){8, 16, 24, 32, 0, 0, 0, 8},
                                 .grad_input = {(double[]){1, 1, 2, 2, 4, 8, 7, 15, 3, 15, 5, 25}}});
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_ADAPTIVE_POOL, .adaptive_pool = {2, 2, 1, 1, 1}},
                                 .input = {(double[]){1, 1, 1, 1}},
                                 .output = (double[]){1},
                                 .grad_output = (double[]){8},
                                 .grad_input = {(double[]){5, 1, 1, 1}}});
}

/* Of equal rows the first is chosen, wherever the others are; and for what is not a number, the first of all. */
static void quantise_ties(void **state)
{
    enum { KINDS = 50, ENTRIES = 4 * KINDS, WIDTH = 3, ROWS = KINDS + 1 };
    float codebook[ENTRIES * WIDTH];
    double input[ROWS * WIDTH];
    for (int i = 0; i < ENTRIES * WIDTH; i++)
        codebook[i] = (float)random_between(0, i % (KINDS * WIDTH), -1.0, 1.0);
    for (int i = 0; i < KINDS * WIDTH; i++)
        input[i] = (double)codebook[i];
    for (int i = KINDS * WIDTH; i < ROWS * WIDTH; i++)
        input[i] = (double)NAN;
    const vqc_operation operation = {
        .kind = VQC_OPERATION_QUANTISE, .dtype = VQC_DTYPE_F32, .quantise = {ROWS, WIDTH, ENTRIES, codebook, false}};
    operation_execution execution;
    double output[ROWS * WIDTH];
    int32_t codes[ROWS];
    execution_open(&execution, *state, &operation);
    execution_forward(&execution, (const double *const[2]){input, NULL}, output);
    execution_saved(&execution, codes);
    execution_close(&execution);
    for (int row = 0; row < KINDS; row++)
        assert_int_equal(codes[row], row);
    assert_int_equal(codes[KINDS], 0);
}

/* The first row lies half-way between entries 1 and 2, and 3 is 1 again: the lowest index counts. */
static void quantise_known(void **state)
{
    const float codebook[] = {9.0F, 9.0F, 0.0F, 0.0F, 2.0F, 0.0F, 0.0F, 0.0F};
    const vqc_operation operation = {
        .kind = VQC_OPERATION_QUANTISE, .dtype = VQC_DTYPE_F32, .quantise = {3, 2, 4, codebook, false}};
    const double z[] = {1, 5, 1.25, -1, -3, 0.5};
    const double gradient[] = {1, -2, 3, -4, 5, -6};
    assert_known(*state, &(known_values){.operation = operation,
                                         .input = {z},
                                         .output = (double[]){0, 0, 2, 0, 0, 0},
                                         .grad_output = gradient,
                                         .grad_input = {gradient}});
    operation_execution execution;
    double output[6];
    int32_t codes[3];
    execution_open(&execution, *state, &operation);
    execution_forward(&execution, (const double *const[2]){z}, output);
    execution_saved(&execution, codes);
    execution_close(&execution);
    assert_memory_equal(codes, ((int32_t[]){1, 2, 1}), sizeof codes);
}

/* Entry 0 is the nearest of the first row, and entry 2, which is far, has the largest product; 3 is 2 again. All
 * products of the second row are equal. */
static void quantise_product_known(void **state)
{
    const float codebook[] = {1.0F, 0.0F, 0.0F, -3.0F, 9.0F, 1.0F, 9.0F, 1.0F};
    const vqc_operation operation = {
        .kind = VQC_OPERATION_QUANTISE, .dtype = VQC_DTYPE_F32, .quantise = {3, 2, 4, codebook, true}};
    const double z[] = {1, 0.25, 0, 0, -1, -1};
    const double gradient[] = {1, -2, 3, -4, 5, -6};
    assert_known(*state, &(known_values){.operation = operation,
                                         .input = {z},
                                         .output = (double[]){9, 1, 1, 0, 0, -3},
                                         .grad_output = gradient,
                                         .grad_input = {gradient}});
}

static void channel_scale_known(void **state)
{
    const float scale[] = {2.0F, -1.0F, 0.5F};
    const float shift[] = {0.0F, 1.0F, 10.0F};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_CHANNEL_SCALE,
                                                       .channel_scale = {2, 3, scale, shift}},
                                         .input = {(double[]){1, 2, 3, 4, 5, 6}},
                                         .output = (double[]){2, -1, 11.5, 8, -4, 13},
                                         .grad_output = (double[]){1, 1, 1, 2, 2, 2},
                                         .grad_input = {(double[]){2, -1, 0.5, 4, -2, 1}}});
}

/* u = −1, −1, 0.5, 0.5, 2, 2, 0, 1 */
static void clamp_known(void **state)
{
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_CLAMP, .clamp = {8, 0.5F, 0.5F}},
                                         .input = {(double[]){-3, -3, 0, 0, 3, 3, -1, 1}},
                                         .output = (double[]){0, 0, 0.5, 0.5, 1, 1, 0, 1},
                                         .grad_output = (double[]){2, -2, 2, -2, 2, -2, 2, -2},
                                         .grad_input = {(double[]){0, -1, 1, -1, 1, 0, 1, -1}}});
}

static void tokens_known(void **state)
{
    const float first[] = {100.0F, 200.0F};
    const float positions[] = {0.5F, 0.25F, 1.0F, 2.0F, 3.0F, 4.0F};
    const double input[] = {1, 2, 3, 4};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_TOKENS,
                                                       .tokens = {1, 2, 2, VQC_TOKENS_FRONT_GIVEN, first, positions}},
                                         .input = {input},
                                         .output = (double[]){100.5, 200.25, 2, 4, 6, 8},
                                         .grad_output = (double[]){2, 4, 1, 1, 5, 5},
                                         .grad_input = {(double[]){1, 1, 5, 5}}});
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_TOKENS,
                                                       .tokens = {2, 1, 2, VQC_TOKENS_FRONT_NONE, NULL, positions}},
                                         .input = {input},
                                         .output = (double[]){1.5, 2.25, 3.5, 4.25},
                                         .grad_output = (double[]){2, 4, 1, 3},
                                         .grad_input = {(double[]){2, 4, 1, 3}}});
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_TOKENS,
                                                       .tokens = {1, 2, 2, VQC_TOKENS_FRONT_MEAN, NULL, positions}},
                                         .input = {input},
                                         .output = (double[]){2.5, 3.25, 2, 4, 6, 8},
                                         .grad_output = (double[]){2, 4, 1, 1, 5, 5},
                                         .grad_input = {(double[]){2, 3, 6, 7}}});
}

static void embed_known(void **state)
{
    const float table[] = {0.0F, 1.0F, 10.0F, 11.0F, 20.0F, 21.0F};
    const float positions[] = {0.5F, 0.25F, 100.0F, 200.0F};
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_EMBED, .embed = {2, 2, 2, 3, table, positions}},
                                 .input = {(double[]){2, 0, 1, 1}},
                                 .output = (double[]){20.5, 21.25, 100, 201, 10.5, 11.25, 110, 211}});
}

static void select_known(void **state)
{
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_SELECT, .select = {2, 3, 1}},
                                         .input = {(double[]){1, 2, 3, 4, 5, 6}, (double[]){2, 0}},
                                         .output = (double[]){3, 4},
                                         .grad_output = (double[]){7, 8},
                                         .grad_input = {(double[]){0, 0, 7, 8, 0, 0}}});
}

/* Equal, orthogonal and opposite vectors: angles 0, π/2, π, distance angle² / 2. The gradient points along the arc
 * away from the target, as long as the angle / ‖x‖, and is 0 where there is no such direction. */
static void distance_known(void **state)
{
    const float targets[] = {3.0F, 0.0F, 0.0F, 0.5F, -2.0F, 0.0F};
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_DISTANCE, .distance = {1, 2, 3, targets}},
                                 .input = {(double[]){4, 0}},
                                 .output = (double[]){0, pi * pi / 8, pi * pi / 2},
                                 .grad_output = (double[]){7, 1, 5},
                                 .grad_input = {(double[]){0, -pi / 2 / 4}}});
}

/* A constant picture stays constant, whatever is cut out; a crop of the output's size is copied. */
static void resample_known(void **state)
{
    double constant[11 * 7];
    double copy[11 * 7];
    for (int i = 0; i < 11 * 7; i++) {
        constant[i] = 0.625;
        copy[i] = (double)(i * i % 17);
    }
    const double crops[] = {0, 0, 0, 11, 7, 0, 10, 6, 1, 1, 0, 2, 1, 3, 5};
    double expected[3 * 9];
    for (int i = 0; i < 3 * 9; i++)
        expected[i] = 0.625;
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_RESAMPLE, .resample = {1, 11, 7, 1, 3, 3}},
                                 .input = {constant, crops},
                                 .output = expected});
    double cut[9];
    for (int i = 0; i < 9; i++)
        cut[i] = copy[(4 + i / 3) * 7 + 2 + i % 3];
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_RESAMPLE, .resample = {1, 11, 7, 1, 1, 3}},
                                 .input = {copy, (double[]){0, 4, 2, 3, 3}},
                                 .output = cut});
}

/* 1 + 2^-8 lies half-way between two numbers of bf16: to the even one. */
static void cast_known(void **state)
{
    assert_known(
        *state, &(known_values){.operation = {.kind = VQC_OPERATION_CAST, .cast = {3, VQC_DTYPE_F32, VQC_DTYPE_BF16}},
                                .input = {(double[]){1.00390625, 1.01171875, -0.5}},
                                .output = (double[]){1, 1.015625, -0.5},
                                .grad_output = (double[]){1, 2, 3},
                                .grad_input = {(double[]){1, 2, 3}}});
}

/* A picture of 2 rows and 3 columns under one matrix, and the gradient of a weighted sum. */
typedef struct warp_example {
    double matrix[10];
    double output[6];
    double gradient[6];
} warp_example;

/* clang-format off */
static const warp_example warp_examples[] = {
    /* identity */
    {{1, 0, 0, 0, 1, 0, 0, 0, 1, 0}, {1, 2, 4, 8, 16, 32}, {1, 3, 5, 7, 11, 13}},
    /* one to the left, first with black and then with the edge behind */
    {{1, 0, 1, 0, 1, 0, 0, 0, 1, 0}, {2, 4, 0, 16, 32, 0}, {0, 1, 3, 0, 7, 11}},
    {{1, 0, 1, 0, 1, 0, 0, 0, 1, 1}, {2, 4, 4, 16, 32, 32}, {0, 1, 8, 0, 7, 24}},
    /* flip */
    {{-1, 0, 2, 0, 1, 0, 0, 0, 1, 0}, {4, 2, 1, 32, 16, 8}, {5, 3, 1, 13, 11, 7}},
    /* half a row down, the first one mixed with black */
    {{1, 0, 0, 0, 1, -0.5, 0, 0, 1, 0}, {0.5, 1, 2, 4.5, 9, 18}, {4, 7, 9, 3.5, 5.5, 6.5}},
    /* one to the right and far up: the last row's edge, its first pixel twice */
    {{1, 0, -1, 0, 1, 5, 0, 0, 1, 1}, {8, 8, 16, 8, 8, 16}, {0, 0, 0, 22, 18, 0}},
    /* rows become columns */
    {{0, 1, 0, 1, 0, 0, 0, 0, 1, 0}, {1, 8, 0, 2, 16, 0}, {1, 7, 0, 3, 11, 0}},
    /* divided by 2: the place is (x + y / 4 + 1 / 2, y) */
    {{2, 0.5, 1, 0, 2, 0, 0, 0, 2, 0}, {1.5, 3, 2, 14, 28, 8}, {0.5, 2, 4, 1.75, 8, 11.5}},
    /* divided by 1, 1 / 2 and 0 in the three columns: no edge is repeated in the last */
    {{1, 0, 0, 0, 1, 0, -0.5, 0, 1, 1}, {1, 4, 0, 8, 32, 0}, {1, 0, 3, 7, 0, 11}},
    /* the identity times −1: behind, black */
    {{-1, 0, 0, 0, -1, 0, 0, 0, -1, 0}, {0}, {0}},
};
/* clang-format on */

/* All the examples as crops of one operation, each with the picture and twice the picture as its channels. */
static void warp_known(void **state)
{
    enum { CROPS = sizeof warp_examples / sizeof warp_examples[0], PIXELS = 6 };
    static const double picture[PIXELS] = {1, 2, 4, 8, 16, 32};
    static const double weight[PIXELS] = {1, 3, 5, 7, 11, 13};
    double matrices[CROPS * 10];
    double input[CROPS * PIXELS * 2];
    double output[CROPS * PIXELS * 2];
    double grad_output[CROPS * PIXELS * 2];
    double grad_input[CROPS * PIXELS * 2];
    for (int i = 0; i < CROPS * PIXELS * 2; i++) {
        const warp_example *example = &warp_examples[i / 2 / PIXELS];
        double times = (double)(1 + i % 2);
        input[i] = times * picture[i / 2 % PIXELS];
        output[i] = times * example->output[i / 2 % PIXELS];
        grad_output[i] = times * weight[i / 2 % PIXELS];
        grad_input[i] = times * example->gradient[i / 2 % PIXELS];
    }
    for (int i = 0; i < CROPS * 10; i++)
        matrices[i] = warp_examples[i / 10].matrix[i % 10];
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_WARP, .warp = {CROPS, 2, 3, 2}},
                                         .input = {input, matrices},
                                         .output = output,
                                         .grad_output = grad_output,
                                         .grad_input = {grad_input}});
}

/* The middle column of two pixels of the first crop; nothing of the second. */
static void frame_known(void **state)
{
    const double wide[] = {1, 2, 3, 4, 5, 6, 7, 8}; /* 2 x 4 */
    const double square[] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0};
    const double given[] = {9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_FRAME, .frame = {2, 4, 1}},
                                         .input = {wide},
                                         .output = square,
                                         .grad_output = given,
                                         .grad_input = {wide}});
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_FRAME, .frame = {4, 1, 1}},
                                         .input = {wide},
                                         .output = (double[]){0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0},
                                         .grad_output = (double[]){9, 1, 9, 9, 9, 2, 9, 9, 9, 3, 9, 9, 9, 4, 9, 9},
                                         .grad_input = {wide}});
}

/* Two pixels, as they are, grey, mirrored and both. */
static void view_known(void **state)
{
    const double pixels[] = {1, 0, 0, 0, 2, -1, 1, 0, 0, 0, 2, -1, 1, 0, 0, 0, 2, -1, 1, 0, 0, 0, 2, -1};
    const double given[] = {1, 0, 0, 0, 2, -1, 1, 0, 0, 0, 2, -1, 1, 0, 0, 0, 2, -1, 1, 0, 0, 0, 2, -1};
    const double seen[] = {1, 0, 0,  0, 2, -1, 0.2989, 0.2989, 0.2989, 1.06,   1.06,   1.06,
                           0, 2, -1, 1, 0, 0,  1.06,   1.06,   1.06,   0.2989, 0.2989, 0.2989};
    const double gradient[] = {1, 0, 0,  0, 2, -1, 0.2989, 0.587, 0.114, 0.2989, 0.587, 0.114,
                               0, 2, -1, 1, 0, 0,  0.2989, 0.587, 0.114, 0.2989, 0.587, 0.114};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_VIEW, .view = {4, 1, 2}},
                                         .input = {pixels, (double[]){0, 0, 0, 1, 1, 0, 1, 1}},
                                         .output = seen,
                                         .grad_output = given,
                                         .grad_input = {gradient}});
}

static void erase_known(void **state)
{
    const double input[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const double erased[] = {1, 0, 3, 4, 0, 6, 7, 8, 9, 10, 11, 12};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_ERASE, .erase = {2, 2, 3, 1}},
                                         .input = {input, (double[]){-1, 1, 9, 1, 0, 0, 0, 3}},
                                         .output = erased,
                                         .grad_output = input,
                                         .grad_input = {erased}});
}

/* A pixel as it is, one between all four, one half outside, and one that is not anywhere. */
static void field_warp_known(void **state)
{
    const double places[] = {1, 0, 0.5, 0.5, 1.5, 1, (double)NAN, 0};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_FIELD_WARP, .field_warp = {1, 2, 2, 1}},
                                         .input = {(double[]){1, 2, 4, 8}, places},
                                         .output = (double[]){2, 3.75, 4, 0},
                                         .grad_output = (double[]){1, 4, 2, 7},
                                         .grad_input = {(double[]){1, 2, 1, 2}}});
}

/* The identity in coordinates, whose −1 and 1 are pixels' centres on one side and outer edges on the other; and a
 * crop whose pixels stay. */
static void spline_field_known(void **state)
{
    double numbers[2 * VQC_SPLINE_NUMBERS] = {[0] = 1, [13] = 1, [16] = 1}; /* moves; x of x, y of y */
    const double places[] = {-0.5, 0, 1, 0, 2.5, 0, 0, 0, 1, 0, 2, 0};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_SPLINE_FIELD, .spline_field = {2, 1, 3}},
                                         .input = {numbers},
                                         .output = places});
}

/* Pixels that stay; how they move is for test_augmentations, against kornia. */
static void elastic_field_known(void **state)
{
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_ELASTIC_FIELD, .elastic_field = {1, 2, 2}},
                                 .input = {(double[VQC_ELASTIC_NUMBERS]){1, 2, 3, 4, 5, 0}},
                                 .output = (double[]){0, 0, 1, 0, 0, 1, 1, 1}});
}

/* The blur of white and of black is at its limit, where the gradient passes; a middle pixel of 13 beside zeros has
 * the blur 5, where it does not. */
static void sharpen_known(void **state)
{
    const double middle[] = {0, 0, 0, 0, 13, 0, 0, 0, 0};
    const double spread[] = {1, 1, 1, 1, 5, 1, 1, 1, 1};
    const double nothing[9] = {0};
    const vqc_operation operation = {.kind = VQC_OPERATION_SHARPEN, .sharpen = {1, 3, 3, 1}};
    for (int light = 0; light < 2; light++) {
        double even[9];
        for (int i = 0; i < 9; i++)
            even[i] = light;
        assert_known(*state, &(known_values){.operation = operation,
                                             .input = {even, (double[]){0}},
                                             .output = even,
                                             .grad_output = middle,
                                             .grad_input = {spread}});
    }
    assert_known(*state, &(known_values){.operation = operation,
                                         .input = {middle, (double[]){0}},
                                         .output = (double[]){0, 0, 0, 0, 1, 0, 0, 0, 0},
                                         .grad_output = middle,
                                         .grad_input = {nothing}});
}

enum { COLOUR_ORDERS = 24 };

/* Neutral parameters change nothing, in no order: neither colours nor greys nor the limits themselves. */
static void colour_neutral_is_identity(void **state)
{
    enum { PIXELS = 5 };
    static const double pixels[PIXELS * 3] = {0.75, 0.25, 0.375, 0, 0, 0, 1, 1, 1, 0.5, 0.5, 0.5, 0.0625, 0.5, 0.875};
    static const double weight[PIXELS * 3] = {1, -2, 3, 4, 5, -6, 7, 8, 9, -10, 11, 12, 13, 14, -15};
    double parameters[COLOUR_ORDERS * 5];
    double input[COLOUR_ORDERS * PIXELS * 3];
    double gradient[COLOUR_ORDERS * PIXELS * 3];
    for (int order = 0; order < COLOUR_ORDERS; order++) {
        const double neutral[5] = {0, 1, 1, 0, order};
        memcpy(parameters + (ptrdiff_t)order * 5, neutral, sizeof neutral);
        memcpy(input + (ptrdiff_t)order * PIXELS * 3, pixels, sizeof pixels);
        memcpy(gradient + (ptrdiff_t)order * PIXELS * 3, weight, sizeof weight);
    }
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_COLOUR, .colour = {COLOUR_ORDERS, PIXELS}},
                                 .input = {input, parameters},
                                 .output = input,
                                 .grad_output = gradient,
                                 .grad_input = {gradient}});
}

/* One pixel under one stage alone; the gradient is that of red − 2 green + blue / 2. */
typedef struct colour_example {
    double parameters[5];
    double pixel[3];
    double output[3];
    double gradient[3];
} colour_example;

/* Saturation and hue by Python's colorsys; their gradients by PyTorch from the definition of HSV. */
/* clang-format off */
static const colour_example colour_examples[] = {
    /* brightness: inside, above, below */
    {{0.25, 1, 1, 0, 0}, {0.75, 0.25, 0.8125}, {1, 0.5, 1}, {1, -2, 0}},
    {{-0.375, 1, 1, 0, 0}, {0.75, 0.25, 0.5}, {0.375, 0, 0.125}, {1, 0, 0.5}},
    /* contrast: inside, above */
    {{0, 1.5, 1, 0, 0}, {0.75, 0.25, 0.125}, {1, 0.375, 0.1875}, {0, -3, 0.75}},
    /* saturation: less, more, more than there is, none; every channel the largest once */
    {{0, 1, 0.5, 0, 0}, {0.75, 0.25, 0.375}, {0.75, 0.5, 0.5625}, {0.25, -1, 0.25}},
    {{0, 1, 1.5, 0, 0}, {0.25, 0.5, 0.375}, {0.125, 0.5, 0.3125}, {1.5, -2.75, 0.75}},
    {{0, 1, 4, 0, 0}, {0.25, 0.4375, 0.5}, {0, 0.375, 0.5}, {1, -4, 2}},
    {{0, 1, 0, 0, 0}, {0.5, 0.25, 0.375}, {0.5, 0.5, 0.5}, {-0.5, 0, 0}},
    /* hue: forwards, backwards, across, more than a turn, within a sixth; every channel the largest once */
    {{0, 1, 1, 0.125, 0}, {0.75, 0.25, 0.375}, {0.75, 0.5, 0.25}, {-0.5, -2, 2}},
    {{0, 1, 1, 0.5, 0}, {0.25, 0.375, 0.75}, {0.75, 0.625, 0.25}, {-1.5, 2, -1}},
    {{0, 1, 1, 1.25, 0}, {0.5, 0.25, 0.4375}, {0.5, 0.4375, 0.25}, {-2, -0.5, 2}},
    {{0, 1, 1, 0.0625, 0}, {0.8125, 0.75, 0.25}, {0.6640625, 0.8125, 0.25}, {-0.375, -1, 0.875}},
};
/* clang-format on */

static void colour_stages_known(void **state)
{
    static const double grad_output[3] = {1, -2, 0.5};
    for (size_t i = 0; i < sizeof colour_examples / sizeof colour_examples[0]; i++)
        assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_COLOUR, .colour = {1, 1}},
                                             .input = {colour_examples[i].pixel, colour_examples[i].parameters},
                                             .output = colour_examples[i].output,
                                             .grad_output = grad_output,
                                             .grad_input = {colour_examples[i].gradient}});
}

/* Output and gradient of one pixel in every order, computed as above. The limits between the stages make all results
 * different except where saturation and hue stand side by side, which commute. */
/* clang-format off */
static const double colour_orders[COLOUR_ORDERS][2][3] = {
    {{0.6977233887, 1, 0.7548675537}, {0, 0.6665039062, 1.666259766}},
    {{0.6977233887, 1, 0.7548675537}, {0, 0.6665039062, 1.666259766}},
    {{0.6772155762, 1, 0.724105835}, {0, 0.6665039062, 1.666259766}},
    {{0.7397003174, 1, 0.6772155762}, {0, -1.333007812, 2.666015625}},
    {{0.7602081299, 1, 0.6977233887}, {0, -1.333007812, 2.666015625}},
    {{0.7397003174, 1, 0.6772155762}, {0, -1.333007812, 2.666015625}},
    {{0.5930480957, 1, 0.5978546143}, {0, 0.6665039062, 1.666259766}},
    {{0.5930480957, 1, 0.5978546143}, {0, 0.6665039062, 1.666259766}},
    {{0.5677337646, 1, 0.5520324707}, {0, -1.333007812, 2.666015625}},
    {{0.7864837646, 1, 0.5520324707}, {0, -1.333007812, 2.666015625}},
    {{0.8274993896, 1, 0.5930480957}, {0, -1.333007812, 2.666015625}},
    {{0.7864837646, 1, 0.5520324707}, {0, -1.333007812, 2.666015625}},
    {{0.6343688965, 1, 0.6598358154}, {-0.1999511719, 0.6665039062, 1.666259766}},
    {{0.7182769775, 1, 0.6343688965}, {-0.1142578125, -1.333007812, 2.666015625}},
    {{0.561050415, 1, 0.5386657715}, {-0.1142578125, -1.333007812, 2.666015625}},
    {{0.779800415, 1, 0.5386657715}, {-0.1142578125, -1.333007812, 2.666015625}},
    {{0.9467926025, 1, 0.6343688965}, {0.4951171875, -1.333007812, 2.666015625}},
    {{0.8510894775, 1, 0.5386657715}, {0.4951171875, -1.333007812, 2.666015625}},
    {{1, 1, 0.6977233887}, {0, 0, 0.6665039062}},
    {{0.9896392822, 1, 0.6772155762}, {0.6665039062, -1.333007812, 2.666015625}},
    {{0.9054718018, 1, 0.5930480957}, {0.6665039062, -1.333007812, 2.666015625}},
    {{0.8644561768, 1, 0.5520324707}, {0.6665039062, -1.333007812, 2.666015625}},
    {{0.9467926025, 1, 0.6343688965}, {0.4951171875, -1.333007812, 2.666015625}},
    {{0.8510894775, 1, 0.5386657715}, {0.4951171875, -1.333007812, 2.666015625}},
};
/* clang-format on */

static void colour_known(void **state)
{
    double parameters[COLOUR_ORDERS * 5];
    double input[COLOUR_ORDERS * 3];
    double output[COLOUR_ORDERS * 3];
    double grad_output[COLOUR_ORDERS * 3];
    double grad_input[COLOUR_ORDERS * 3];
    for (int order = 0; order < COLOUR_ORDERS; order++) {
        const double changes[5] = {0.4375, 1.21875, 1.09375, 0.25, order};
        const double pixel[3] = {0.9375, 0.3125, 0.15625};
        const double weight[3] = {1, -2, 0.5};
        memcpy(parameters + (ptrdiff_t)order * 5, changes, sizeof changes);
        memcpy(input + (ptrdiff_t)order * 3, pixel, sizeof pixel);
        memcpy(output + (ptrdiff_t)order * 3, colour_orders[order][0], sizeof pixel);
        memcpy(grad_output + (ptrdiff_t)order * 3, weight, sizeof weight);
        memcpy(grad_input + (ptrdiff_t)order * 3, colour_orders[order][1], sizeof weight);
    }
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_COLOUR, .colour = {COLOUR_ORDERS, 1}},
                                         .input = {input, parameters},
                                         .output = output,
                                         .grad_output = grad_output,
                                         .grad_input = {grad_input}});
}

/* Two blocks of normal numbers, the second one cut short: the first block of the first crop is Philox's published
 * answer 6627e8d5 e169c58d bc57ac4c 9b00dbd8 for key and counter 0; the second crop takes its key and counter from
 * the published test with the digits of π. Scales 1 and 1 / 4, the third crop's is 0. */
static void noise_known(void **state)
{
    static const double words[3 * 6] = {
        0,           0,         0,           0,         0,        0x3f800000, /* the bits of 1 */
        -1542899678, 698298832, -2052912941, 320440878, 57701188, 0x3e800000,
        -1542899678, 698298832, -2052912941, 320440878, 57701188, 0};
    static const double normal[3 * 7] = {0.9911376799,  -0.9246625877, -0.6176089595, -0.4820685875, -0.1536382303,
                                         0.1808258978,  0.8317351045,  -0.735162528,  1.500044124,   0.1997367604,
                                         -0.1358634972, -0.2240879337, -2.227732242,  0.8880959026};
    double input[3 * 7];
    double output[3 * 7];
    for (int i = 0; i < 3 * 7; i++) {
        input[i] = (double)i / 8;
        output[i] = input[i] + (i < 7 ? 1 : i < 14 ? 0.25 : 0) * normal[i];
    }
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_NOISE, .noise = {3, 7}},
                                         .input = {input, words},
                                         .output = output,
                                         .grad_output = input,
                                         .grad_input = {input}});
}

/* The noise alone, of scale 1, for every crop's five words of key and counter. */
static double *noise_new(vqc_ops *ops, int64_t crops, int64_t count, const double *keys)
{
    const vqc_operation operation = {
        .kind = VQC_OPERATION_NOISE, .dtype = VQC_DTYPE_F32, .noise = {.crops = crops, .count = count}};
    double *zero = execution_doubles(crops * count);
    double *output = execution_doubles(crops * count);
    double *words = execution_doubles(crops * 6);
    for (int64_t i = 0; i < crops * 6; i++)
        words[i] = i % 6 == 5 ? (double)0x3f800000 : keys[i / 6 * 5 + i % 6];
    operation_execution execution;
    execution_open(&execution, ops, &operation);
    execution_forward(&execution, (const double *const[2]){zero, words}, output);
    execution_close(&execution);
    free(zero);
    free(words);
    return output;
}

/* The numbers are a function of key, counter and place alone, not of the crop or of how many there are; a change of
 * any word changes them. */
static void noise_depends_on_its_words_alone(void **state)
{
    enum { CROPS = 7, LONG = 23, SHORT = 10 };
    double keys[CROPS * 5];
    for (int i = 0; i < CROPS * 5; i++)
        keys[i] = 11 * (1 + i % 5) + (i / 5 >= 1 && i % 5 == i / 5 - 1 ? 1 : 0);
    memcpy(keys + (ptrdiff_t)(CROPS - 1) * 5, keys, 5 * sizeof *keys);
    double *many = noise_new(*state, CROPS, LONG, keys);
    double *few = noise_new(*state, 1, SHORT, keys);
    assert_memory_equal(many, many + (ptrdiff_t)(CROPS - 1) * LONG, LONG * sizeof *many);
    assert_memory_equal(many, few, SHORT * sizeof *few);
    for (int crop = 1; crop < CROPS - 1; crop++)
        for (int i = 0; i < LONG; i++)
            assert_true(many[i] != many[crop * LONG + i]);
    free(many);
    free(few);
}

/* Sums over 2^17 numbers stay within five standard deviations of what they are for independent normal numbers: the
 * first four moments, and the products of neighbours and of the two crops. */
static void noise_is_normal(void **state)
{
    enum { COUNT = 1 << 16 };
    static const double keys[2 * 5] = {1, 2, 3, 4, 5, 1, 2, 3, 4, 6};
    static const double expected[] = {0, 1, 0, 3, 0, 0};
    static const double variance[] = {1, 2, 15, 96, 2, 2}; /* of one term; products have half as many */
    double *noise = noise_new(*state, 2, COUNT, keys);
    double sum[6] = {0};
    for (int64_t i = 0; i < 2 * COUNT; i++) {
        double power = 1.0;
        for (int k = 0; k < 4; k++)
            sum[k] += power *= noise[i];
        sum[4] += noise[i] * noise[i ^ 1];
        sum[5] += i < COUNT ? 2.0 * noise[i] * noise[COUNT + i] : 0.0;
    }
    for (int k = 0; k < 6; k++) {
        double mean = sum[k] / (2 * COUNT);
        double limit = 5.0 * sqrt(variance[k] / (2 * COUNT));
        if (!(fabs(mean - expected[k]) <= limit))
            fail_msg("mean %d is %.6f, expected %.0f ± %.6f", k, mean, expected[k], limit);
    }
    free(noise);
}

/* Two pixels beside each other that differ by a half in red alone. By hand: the range of 2 x − 1 has −1/2 too little
 * in one place; the colours lie −1/4 and 1/4 from their mean between red and green, half of that between yellow and
 * blue; a length of a half is at the limit of the clipped smoothness. */
static void picture_term_known(void **state)
{
    static const double input[6] = {0.25, 0.5, 0.5, 0.75, 0.5, 0.5};
    static const double grey[6] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
    static const struct {
        double value, first[3], second[3]; /* gradients of the two pixels */
        float scale, shift;
    } known[VQC_PICTURE_TERM_COUNT] = {
        [VQC_PICTURE_TERM_TV_SQUARES] = {1.0 / 24, {-1.0 / 6}, {1.0 / 6}, 1, 0},
        [VQC_PICTURE_TERM_TV_ABSOLUTE] = {1.0 / 12, {-1.0 / 6}, {1.0 / 6}, 1, 0},
        [VQC_PICTURE_TERM_TV_ISOTROPIC] = {0.14438757596, {-0.28867511727}, {0.28867511727}, 1, 0},
        [VQC_PICTURE_TERM_SMOOTHNESS] = {0.5, {-1}, {1}, 1, 0},
        [VQC_PICTURE_TERM_SMOOTHNESS_CLIPPED] = {0.5, {-1}, {1}, 1, 0},
        [VQC_PICTURE_TERM_SMOOTHNESS_LOG] = {0.40546510811, {-2.0 / 3}, {2.0 / 3}, 1, 0},
        [VQC_PICTURE_TERM_SATURATION] = {-0.07905694150,
                                         {0.15811388301, -0.09486832981, -0.06324555320},
                                         {-0.15811388301, 0.09486832981, 0.06324555320},
                                         1,
                                         0},
        [VQC_PICTURE_TERM_RANGE] = {1.0 / 24, {-1.0 / 3}, {0}, 2, -1},
        [VQC_PICTURE_TERM_LIKENESS] = {1.0 / 48, {-1.0 / 12}, {1.0 / 12}, 1, 0},
    };
    for (int function = 0; function < VQC_PICTURE_TERM_COUNT; function++) {
        double gradient[6];
        memcpy(gradient, known[function].first, sizeof known[function].first);
        memcpy(gradient + 3, known[function].second, sizeof known[function].second);
        assert_true(known[function].scale != 0.0F);
        assert_known(*state,
                     &(known_values){.operation = {.kind = VQC_OPERATION_PICTURE_TERM,
                                                   .picture_term = {1, 2, (vqc_picture_term_function)function,
                                                                    known[function].scale, known[function].shift}},
                                     .input = {input, grey},
                                     .output = &known[function].value,
                                     .grad_output = (double[]){1},
                                     .grad_input = {gradient}});
    }
}

/* X_known for every operation X. */
#define KNOWN(KIND, name, ...) cmocka_unit_test_prestate(name##_known, ops),

static int tests_run(vqc_ops *ops)
{
    const struct CMUnitTest tests[] = {
        VQC_OPERATIONS(KNOWN) /**/
        cmocka_unit_test_prestate(quantise_ties, ops),
        cmocka_unit_test_prestate(quantise_product_known, ops),
        cmocka_unit_test_prestate(colour_neutral_is_identity, ops),
        cmocka_unit_test_prestate(colour_stages_known, ops),
        cmocka_unit_test_prestate(noise_depends_on_its_words_alone, ops),
        cmocka_unit_test_prestate(noise_is_normal, ops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argument_count, char **arguments)
{
    return execution_main(argument_count, arguments, tests_run);
}
