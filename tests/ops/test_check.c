/* Descriptions that make no sense are refused, with a message that names the operation and the size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "cases.h"
#include "ops/operation.h"

static void assert_accepted(vqc_operation operation)
{
    vqc_error error = {0};
    if (vqc_operation_check(&operation, &error) != VQC_OK)
        fail_msg("refused: %s", error.message);
}

/* Refused, with a message that begins with the operation's name and holds the text. */
static void assert_refused(vqc_operation operation, const char *text)
{
    vqc_error error = {0};
    assert_int_equal(vqc_operation_check(&operation, &error), VQC_FAILED);
    const char *name = vqc_operation_name(operation.kind);
    if (strncmp(error.message, name, strlen(name)) != 0 || strstr(error.message, text) == NULL)
        fail_msg("expected %s and %s in: %s", name, text, error.message);
}

/* A description of the kind that is accepted: that of its first case, with parameters that are never looked at. */
static vqc_operation operation_valid(vqc_operation_kind kind)
{
    for (int i = 0; i < operation_case_count; i++)
        if (operation_cases[i].operation.kind == kind) {
            case_data data;
            case_data_open(&data, &operation_cases[i], VQC_DTYPE_F32);
            case_data_close(&data);
            return data.operation;
        }
    fail_msg("%s: no case in cases.c", vqc_operation_name(kind));
    return (vqc_operation){0};
}

static vqc_operation convolution_valid(void)
{
    vqc_operation operation = operation_valid(VQC_OPERATION_CONVOLUTION);
    const vqc_convolution o = operation.convolution;
    operation.convolution = (vqc_convolution){2, 8, 9, 3, 20, 3, 2, 1, 1, 0, 2, 1, false, o.weight, NULL};
    return operation;
}

static void all_cases_are_accepted(void **state)
{
    (void)state;
    for (int kind = 0; kind < VQC_OPERATION_COUNT; kind++)
        assert_accepted(operation_valid((vqc_operation_kind)kind));
    for (int i = 0; i < operation_case_count; i++) {
        case_data data;
        case_data_open(&data, &operation_cases[i], VQC_DTYPE_F32);
        assert_accepted(data.operation);
        assert_accepted(operation_with_dtype(&data.operation, VQC_DTYPE_F64));
        case_data_close(&data);
    }
}

/* A size that must be positive and at most `largest`. */
typedef struct bounded_size {
    vqc_operation_kind kind;
    size_t offset;
    const char *name;
    int64_t largest;
} bounded_size;

#define AXIS(kind, operation, member)                                                                                \
    {                                                                                                                \
        VQC_OPERATION_##kind, offsetof(vqc_operation, operation.member), #member, VQC_OPERATION_MAX_SIZE             \
    }
#define FLATTENED(kind, operation, member)                                                                           \
    {                                                                                                                \
        VQC_OPERATION_##kind, offsetof(vqc_operation, operation.member), #member, VQC_OPERATION_MAX_ELEMENTS         \
    }

/* The sizes of the forms. */
#define BOUNDED_OWN(KIND, name)
#define BOUNDED_PICTURES(KIND, name)                                                                                 \
    AXIS(KIND, name, crops), AXIS(KIND, name, height), AXIS(KIND, name, width), AXIS(KIND, name, channels),
#define BOUNDED_PIXELS(KIND, name) AXIS(KIND, name, crops), FLATTENED(KIND, name, pixels),
#define BOUNDED(KIND, name, words, types, form, ...) BOUNDED_##form(KIND, name)

static const bounded_size bounded_sizes[] = {
    VQC_OPERATIONS(BOUNDED) /**/
    AXIS(CONVOLUTION, convolution, batch),
    AXIS(CONVOLUTION, convolution, height),
    AXIS(CONVOLUTION, convolution, width),
    AXIS(CONVOLUTION, convolution, in_channels),
    AXIS(CONVOLUTION, convolution, out_channels),
    AXIS(CONVOLUTION, convolution, kernel_height),
    AXIS(CONVOLUTION, convolution, kernel_width),
    AXIS(CONVOLUTION, convolution, stride),
    FLATTENED(LINEAR, linear, rows),
    AXIS(LINEAR, linear, in_width),
    AXIS(LINEAR, linear, out_width),
    AXIS(ATTENTION, attention, batch),
    AXIS(ATTENTION, attention, queries),
    AXIS(ATTENTION, attention, keys),
    AXIS(ATTENTION, attention, heads),
    AXIS(ATTENTION, attention, head_width),
    AXIS(GROUP_NORM, group_norm, batch),
    FLATTENED(GROUP_NORM, group_norm, pixels),
    AXIS(GROUP_NORM, group_norm, channels),
    AXIS(GROUP_NORM, group_norm, groups),
    FLATTENED(LAYER_NORM, layer_norm, rows),
    AXIS(LAYER_NORM, layer_norm, width),
    FLATTENED(ACTIVATION, activation, count),
    FLATTENED(ADD, add, count),
    AXIS(UPSAMPLE_CONVOLUTION, upsample_convolution, batch),
    AXIS(UPSAMPLE_CONVOLUTION, upsample_convolution, height),
    AXIS(UPSAMPLE_CONVOLUTION, upsample_convolution, width),
    AXIS(UPSAMPLE_CONVOLUTION, upsample_convolution, in_channels),
    AXIS(UPSAMPLE_CONVOLUTION, upsample_convolution, out_channels),
    AXIS(AVERAGE_POOL, average_pool, batch),
    AXIS(AVERAGE_POOL, average_pool, height),
    AXIS(AVERAGE_POOL, average_pool, width),
    AXIS(AVERAGE_POOL, average_pool, channels),
    AXIS(AVERAGE_POOL, average_pool, window),
    FLATTENED(QUANTISE, quantise, rows),
    AXIS(QUANTISE, quantise, width),
    AXIS(QUANTISE, quantise, entries),
    FLATTENED(CHANNEL_SCALE, channel_scale, rows),
    AXIS(CHANNEL_SCALE, channel_scale, channels),
    FLATTENED(CLAMP, clamp, count),
    AXIS(TOKENS, tokens, batch),
    AXIS(TOKENS, tokens, tokens),
    AXIS(TOKENS, tokens, width),
    AXIS(EMBED, embed, batch),
    AXIS(EMBED, embed, tokens),
    AXIS(EMBED, embed, width),
    AXIS(EMBED, embed, entries),
    AXIS(SELECT, select, batch),
    AXIS(SELECT, select, tokens),
    AXIS(SELECT, select, width),
    AXIS(ADAPTIVE_POOL, adaptive_pool, height),
    AXIS(ADAPTIVE_POOL, adaptive_pool, width),
    AXIS(ADAPTIVE_POOL, adaptive_pool, channels),
    AXIS(ADAPTIVE_POOL, adaptive_pool, crops),
    AXIS(ADAPTIVE_POOL, adaptive_pool, side),
    AXIS(FRAME, frame, height),
    AXIS(FRAME, frame, width),
    AXIS(FRAME, frame, channels),
    AXIS(VIEW, view, crops),
    AXIS(VIEW, view, height),
    AXIS(VIEW, view, width),
    AXIS(RESAMPLE, resample, batch),
    AXIS(RESAMPLE, resample, height),
    AXIS(RESAMPLE, resample, width),
    AXIS(RESAMPLE, resample, channels),
    AXIS(RESAMPLE, resample, crops),
    AXIS(RESAMPLE, resample, side),
    FLATTENED(DISTANCE, distance, rows),
    AXIS(DISTANCE, distance, width),
    AXIS(DISTANCE, distance, prompts),
    AXIS(NOISE, noise, crops),
    FLATTENED(NOISE, noise, count),
    AXIS(FIELD_WARP, field_warp, crops),
    AXIS(FIELD_WARP, field_warp, height),
    AXIS(FIELD_WARP, field_warp, width),
    AXIS(FIELD_WARP, field_warp, channels),
    AXIS(SPLINE_FIELD, spline_field, crops),
    AXIS(SPLINE_FIELD, spline_field, height),
    AXIS(SPLINE_FIELD, spline_field, width),
    AXIS(ELASTIC_FIELD, elastic_field, crops),
    AXIS(ELASTIC_FIELD, elastic_field, height),
    AXIS(ELASTIC_FIELD, elastic_field, width),
    FLATTENED(CAST, cast, count),
    AXIS(PICTURE_TERM, picture_term, height),
    AXIS(PICTURE_TERM, picture_term, width),
};

static void every_operation_has_bounded_sizes(void **state)
{
    (void)state;
    bool found[VQC_OPERATION_COUNT] = {false};
    for (size_t i = 0; i < sizeof bounded_sizes / sizeof bounded_sizes[0]; i++)
        found[bounded_sizes[i].kind] = true;
    for (int kind = 0; kind < VQC_OPERATION_COUNT; kind++)
        if (!found[kind])
            fail_msg("%s: none of its sizes is in bounded_sizes", vqc_operation_name((vqc_operation_kind)kind));
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bounded_sizes / sizeof bounded_sizes[0]; i++) {
        const bounded_size *size = &bounded_sizes[i];
        const int64_t values[] = {0, -1, INT64_MIN, size->largest + 1, INT64_MAX};
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            vqc_operation operation = operation_valid(size->kind);
            memcpy((char *)&operation + size->offset, &values[v], sizeof values[v]);
            assert_refused(operation, size->name);
        }
    }
}

static void padding_is_bounded(void **state)
{
    (void)state;
    const int64_t values[] = {-1, INT64_MIN, 3, INT64_MAX};
    for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
        vqc_operation operation = convolution_valid();
        operation.convolution.pad_top = values[v];
        assert_refused(operation, "pad_top");
        operation = convolution_valid();
        operation.convolution.pad_bottom = values[v];
        assert_refused(operation, "pad_bottom");
        operation = convolution_valid();
        operation.convolution.pad_left = values[v];
        assert_refused(operation, "pad_left");
        operation = convolution_valid();
        operation.convolution.pad_right = values[v];
        assert_refused(operation, "pad_right");
    }
    vqc_operation operation = convolution_valid();
    operation.convolution.kernel_height = 12;
    assert_refused(operation, "height");
    operation.convolution.kernel_height = 11; /* 8 + 1 + 2 */
    assert_accepted(operation);
    operation.convolution.kernel_width = 11;
    assert_refused(operation, "width");
}

/* Each size alone is allowed, their product is not. */
static void products_are_bounded(void **state)
{
    (void)state;
    const int64_t large = VQC_OPERATION_MAX_SIZE;
    vqc_operation operation = operation_valid(VQC_OPERATION_CONVOLUTION);
    operation.convolution.batch = operation.convolution.height = operation.convolution.width = large;
    assert_refused(operation, "input");
    operation = operation_valid(VQC_OPERATION_CONVOLUTION);
    operation.convolution.in_channels = operation.convolution.out_channels = large;
    assert_refused(operation, "weight");
    operation = operation_valid(VQC_OPERATION_LINEAR);
    operation.linear.rows = VQC_OPERATION_MAX_ELEMENTS / 2;
    assert_refused(operation, "input");
    operation = operation_valid(VQC_OPERATION_ATTENTION);
    operation.attention.heads = operation.attention.head_width = 1;
    operation.attention.queries = operation.attention.keys = large;
    assert_refused(operation, "scores");
    operation = operation_valid(VQC_OPERATION_UPSAMPLE_CONVOLUTION);
    operation.upsample_convolution.batch = 1;
    operation.upsample_convolution.height = large;
    operation.upsample_convolution.width = large / 8;
    operation.upsample_convolution.in_channels = operation.upsample_convolution.out_channels = 4;
    assert_refused(operation, "output");
    operation.upsample_convolution.width = large / 16;
    assert_accepted(operation);
    operation = operation_valid(VQC_OPERATION_QUANTISE);
    operation.quantise.width = 3;
    operation.quantise.rows = VQC_OPERATION_MAX_ELEMENTS / 4;
    assert_refused(operation, "distances");
    operation = operation_valid(VQC_OPERATION_RESAMPLE);
    operation.resample.crops = operation.resample.side = large;
    assert_refused(operation, "output");
    operation = operation_valid(VQC_OPERATION_TOKENS);
    operation.tokens.tokens = operation.tokens.width = large;
    assert_refused(operation, "output");
}

static void parameters_must_be_there(void **state)
{
    (void)state;
    vqc_operation operation = operation_valid(VQC_OPERATION_CONVOLUTION);
    operation.convolution.weight = NULL;
    assert_refused(operation, "weight");
    operation = operation_valid(VQC_OPERATION_UPSAMPLE_CONVOLUTION);
    operation.upsample_convolution.weight = NULL;
    assert_refused(operation, "weight");
    operation = operation_valid(VQC_OPERATION_LINEAR);
    operation.linear.weight = NULL;
    assert_refused(operation, "weight");
    operation = operation_valid(VQC_OPERATION_GROUP_NORM);
    operation.group_norm.weight = NULL;
    assert_refused(operation, "weight");
    operation = operation_valid(VQC_OPERATION_GROUP_NORM);
    operation.group_norm.bias = NULL;
    assert_refused(operation, "bias");
    operation = operation_valid(VQC_OPERATION_LAYER_NORM);
    operation.layer_norm.weight = NULL;
    assert_refused(operation, "weight");
    operation = operation_valid(VQC_OPERATION_LAYER_NORM);
    operation.layer_norm.bias = NULL;
    assert_refused(operation, "bias");
    operation = operation_valid(VQC_OPERATION_QUANTISE);
    operation.quantise.codebook = NULL;
    assert_refused(operation, "codebook");
    operation = operation_valid(VQC_OPERATION_CHANNEL_SCALE);
    operation.channel_scale.scale = NULL;
    assert_refused(operation, "scale");
    operation = operation_valid(VQC_OPERATION_CHANNEL_SCALE);
    operation.channel_scale.shift = NULL;
    assert_refused(operation, "shift");
    operation = operation_valid(VQC_OPERATION_TOKENS);
    operation.tokens.positions = NULL;
    assert_refused(operation, "positions");
    operation = operation_valid(VQC_OPERATION_TOKENS);
    operation.tokens.first = NULL;
    assert_refused(operation, "first");
    operation.tokens.front = VQC_TOKENS_FRONT_MEAN;
    assert_accepted(operation);
    operation = operation_valid(VQC_OPERATION_EMBED);
    operation.embed.table = NULL;
    assert_refused(operation, "table");
    operation = operation_valid(VQC_OPERATION_EMBED);
    operation.embed.positions = NULL;
    assert_refused(operation, "positions");
    operation = operation_valid(VQC_OPERATION_DISTANCE);
    operation.distance.targets = NULL;
    assert_refused(operation, "targets");
}

static void sizes_must_fit_each_other(void **state)
{
    (void)state;
    vqc_operation operation = operation_valid(VQC_OPERATION_GROUP_NORM);
    operation.group_norm.groups = 5;
    assert_refused(operation, "groups");
    operation = operation_valid(VQC_OPERATION_AVERAGE_POOL);
    operation.average_pool.height = 5;
    assert_refused(operation, "height");
    operation = operation_valid(VQC_OPERATION_AVERAGE_POOL);
    operation.average_pool.width = 5;
    assert_refused(operation, "width");
    operation = operation_valid(VQC_OPERATION_ATTENTION);
    operation.attention.causal = true;
    operation.attention.keys = 6;
    assert_refused(operation, "keys");
    operation.attention.packed = false;
    assert_refused(operation, "keys");
    operation.attention.causal = false;
    assert_accepted(operation);
    operation.attention.masked = true;
    assert_refused(operation, "packed");
}

static void numbers_must_make_sense(void **state)
{
    (void)state;
    const float epsilons[] = {0.0F, -1e-6F, NAN, INFINITY};
    for (size_t i = 0; i < sizeof epsilons / sizeof epsilons[0]; i++) {
        vqc_operation operation = operation_valid(VQC_OPERATION_GROUP_NORM);
        operation.group_norm.epsilon = epsilons[i];
        assert_refused(operation, "epsilon");
        operation = operation_valid(VQC_OPERATION_LAYER_NORM);
        operation.layer_norm.epsilon = epsilons[i];
        assert_refused(operation, "epsilon");
    }
    vqc_operation operation = operation_valid(VQC_OPERATION_CLAMP);
    operation.clamp.scale = NAN;
    assert_refused(operation, "scale");
    operation = operation_valid(VQC_OPERATION_CLAMP);
    operation.clamp.shift = INFINITY;
    assert_refused(operation, "shift");
    operation = operation_valid(VQC_OPERATION_ACTIVATION);
    operation.activation.function = VQC_ACTIVATION_COUNT;
    assert_refused(operation, "function");
    operation = operation_valid(VQC_OPERATION_TOKENS);
    operation.tokens.front = VQC_TOKENS_FRONT_COUNT;
    assert_refused(operation, "front");
}

static void element_types_are_checked(void **state)
{
    (void)state;
    const vqc_dtype dtypes[] = {VQC_DTYPE_F16, VQC_DTYPE_I64, VQC_DTYPE_I32, VQC_DTYPE_U8, VQC_DTYPE_COUNT};
    for (int kind = 0; kind < VQC_OPERATION_COUNT; kind++) {
        for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
            vqc_operation operation = operation_valid((vqc_operation_kind)kind);
            operation.dtype = dtypes[i];
            if (kind == VQC_OPERATION_CAST)
                operation.cast.to = dtypes[i];
            assert_refused(operation, "element type");
        }
    }
    for (int kind = 0; kind < VQC_OPERATION_COUNT; kind++) {
        vqc_operation operation = operation_valid((vqc_operation_kind)kind);
        operation.dtype = VQC_DTYPE_BF16;
        if (vqc_operation_types_of(operation.kind) == VQC_OPERATION_TYPES_PRECISE)
            assert_refused(operation, "bf16");
        else
            assert_accepted(operation);
    }
    vqc_operation operation = operation_valid(VQC_OPERATION_CAST);
    operation.cast.from = VQC_DTYPE_U8;
    assert_refused(operation, "u8");
}

static void unknown_operations_are_refused(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_operation operation = {.kind = VQC_OPERATION_COUNT};
    assert_int_equal(vqc_operation_check(&operation, &error), VQC_FAILED);
}

/* A name tells an operation: messages, patterns of tests and files are found by it. */
static void names_tell_operations_apart(void **state)
{
    (void)state;
    for (int a = 0; a < VQC_OPERATION_COUNT; a++) {
        const char *name = vqc_operation_name((vqc_operation_kind)a);
        if (name[0] == '\0')
            fail_msg("operation %d has no name", a);
        for (int b = 0; b < a; b++)
            if (strcmp(name, vqc_operation_name((vqc_operation_kind)b)) == 0)
                fail_msg("operations %d and %d are both called %s", b, a, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases_are_accepted),      cmocka_unit_test(every_operation_has_bounded_sizes),
        cmocka_unit_test(sizes_are_bounded),           cmocka_unit_test(padding_is_bounded),
        cmocka_unit_test(products_are_bounded),        cmocka_unit_test(parameters_must_be_there),
        cmocka_unit_test(sizes_must_fit_each_other),   cmocka_unit_test(numbers_must_make_sense),
        cmocka_unit_test(element_types_are_checked),   cmocka_unit_test(unknown_operations_are_refused),
        cmocka_unit_test(names_tell_operations_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
