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

static void convolution_by_definition(void **state)
{
    for (int i = 0; i < OPERATION_CASE_COUNT; i++)
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
                                                       .attention = {1, 2, 2, 2, 1, true, false}},
                                         .input = {packed},
                                         .output = (double[]){14, 4, 14, 4}});
    assert_known(*state, &(known_values){
                             .operation = {.kind = VQC_OPERATION_ATTENTION, .attention = {1, 2, 2, 2, 1, true, true}},
                             .input = {packed},
                             .output = (double[]){8, 6, 14, 4}});
    /* One head of width 4: the scale is 1 / 2. */
    assert_known(*state,
                 &(known_values){
                     .operation = {.kind = VQC_OPERATION_ATTENTION, .attention = {1, 1, 2, 1, 4, false, false}},
                     .input = {(double[]){2, 0, 0, 0}, (double[]){0, 5, 5, 5, 4, 8, 0, 0, ln3, 5, 5, 5, 8, 4, 4, 0}},
                     .output = (double[]){7, 5, 3, 0}});
}

/* Values −3, −1, 1, 3 have the variance 5. */
static void normalisation_known(void **state)
{
    const float weight[] = {1.0F, 2.0F, 1.0F, 1.0F};
    const float bias[] = {0.0F, 10.0F, 0.0F, 0.0F};
    const double a = 3.0 / sqrt(5.0);
    const double b = 1.0 / sqrt(5.0);
    /* Two pixels, two groups of two channels; the second group is 8 more than twice as much. */
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_GROUP_NORM,
                                                       .group_norm = {1, 2, 4, 2, 1e-12F, false, weight, bias}},
                                         .input = {(double[]){-3, -1, 2, 6, 1, 3, 10, 14}},
                                         .output = (double[]){-a, 10 - 2 * b, -a, -b, b, 10 + 2 * a, b, a}});
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_LAYER_NORM,
                                                       .layer_norm = {1, 4, 4.0F, weight, bias}},
                                         .input = {(double[]){-2, 0, 2, 4}},
                                         .output = (double[]){-1, 10 - 2.0 / 3, 1.0 / 3, 1}});
    const float ones[] = {1.0F, 1.0F};
    const float zeros[] = {0.0F, 0.0F};
    /* x · sigmoid(x) of ±1 */
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_GROUP_NORM,
                                                       .group_norm = {1, 1, 2, 1, 1e-12F, true, ones, zeros}},
                                         .input = {(double[]){5, 7}},
                                         .output = (double[]){-0.2689414213699951, 0.7310585786300049}});
}

static void activation_check(vqc_ops *ops, vqc_activation_function function, const double *output,
                             const double *derivative)
{
    assert_known(ops, &(known_values){.operation = {.kind = VQC_OPERATION_ACTIVATION, .activation = {4, function}},
                                      .input = {(double[]){-30, -1, 0, 2}},
                                      .output = output,
                                      .grad_output = (double[]){1, 1, 1, 1},
                                      .grad_input = {derivative}});
}

static void activations_known(void **state)
{
    activation_check(*state, VQC_ACTIVATION_RELU, (double[]){0, 0, 0, 2}, (double[]){0, 0, 0, 1});
    activation_check(*state, VQC_ACTIVATION_QUICK_GELU, (double[]){0, -0.1542042341, 0, 1.9356586231},
                     (double[]){0, -0.0677796066, 0.5, 1.0738153543});
    activation_check(*state, VQC_ACTIVATION_GELU, (double[]){0, -0.1586552539, 0, 1.9544997361},
                     (double[]){0, -0.0833154706, 0.5, 1.0852318011});
}

static void add_known(void **state)
{
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_ADD, .add = {2}},
                                         .input = {(double[]){1, 2}, (double[]){10, -2}},
                                         .output = (double[]){11, 0},
                                         .grad_output = (double[]){3, 4},
                                         .grad_input = {(double[]){3, 4}, (double[]){3, 4}}});
}

static void pooling_known(void **state)
{
    const double coarse[] = {1, 2, 3, 4}; /* (1, 1, 2, 2) */
    const double enlarged[] = {1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4};
    const double ramp[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    assert_known(*state, &(known_values){.operation = {.kind = VQC_OPERATION_UPSAMPLE, .upsample = {1, 1, 2, 2}},
                                         .input = {coarse},
                                         .output = enlarged,
                                         .grad_output = ramp,
                                         .grad_input = {(double[]){20, 24, 36, 40}}});
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_AVERAGE_POOL, .average_pool = {1, 2, 4, 2, 2}},
                                 .input = {ramp},
                                 .output = (double[]){5, 6, 9, 10},
                                 .grad_output = (double[]){4, 8, 12, 16},
                                 .grad_input = {enlarged}});
}

/* The first row lies half-way between entries 1 and 2, and 3 is 1 again: the lowest index counts. */
static void quantise_known(void **state)
{
    const float codebook[] = {9.0F, 9.0F, 0.0F, 0.0F, 2.0F, 0.0F, 0.0F, 0.0F};
    const vqc_operation operation = {
        .kind = VQC_OPERATION_QUANTISE, .dtype = VQC_DTYPE_F32, .quantise = {3, 2, 4, codebook}};
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
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_TOKENS, .tokens = {1, 2, 2, first, positions}},
                                 .input = {input},
                                 .output = (double[]){100.5, 200.25, 2, 4, 6, 8},
                                 .grad_output = (double[]){2, 4, 1, 1, 5, 5},
                                 .grad_input = {(double[]){1, 1, 5, 5}}});
    assert_known(*state,
                 &(known_values){.operation = {.kind = VQC_OPERATION_TOKENS, .tokens = {1, 2, 2, NULL, positions}},
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

static int tests_run(vqc_ops *ops)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(convolution_by_definition, ops),
        cmocka_unit_test_prestate(linear_known, ops),
        cmocka_unit_test_prestate(attention_known, ops),
        cmocka_unit_test_prestate(normalisation_known, ops),
        cmocka_unit_test_prestate(activations_known, ops),
        cmocka_unit_test_prestate(add_known, ops),
        cmocka_unit_test_prestate(pooling_known, ops),
        cmocka_unit_test_prestate(quantise_known, ops),
        cmocka_unit_test_prestate(channel_scale_known, ops),
        cmocka_unit_test_prestate(clamp_known, ops),
        cmocka_unit_test_prestate(tokens_known, ops),
        cmocka_unit_test_prestate(embed_known, ops),
        cmocka_unit_test_prestate(select_known, ops),
        cmocka_unit_test_prestate(distance_known, ops),
        cmocka_unit_test_prestate(resample_known, ops),
        cmocka_unit_test_prestate(cast_known, ops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argument_count, char **arguments)
{
    return execution_main(argument_count, arguments, tests_run);
}
