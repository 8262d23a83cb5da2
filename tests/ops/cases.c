#include "cases.h"

#include <assert.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/random.h"
#include "execution.h"

/* One case after the other, not one member a line. */
/* clang-format off */
const operation_case operation_cases[] = {
    {.name = "convolution 3x3",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 5, .width = 7,
         .in_channels = 3, .out_channels = 20, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1}},
    {.name = "convolution 3x3 residual",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 6, .width = 4,
         .in_channels = 24, .out_channels = 24, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1, .residual = true}},
    {.name = "convolution 3x3 residual without bias",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 3, .width = 3,
         .in_channels = 20, .out_channels = 20, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1, .residual = true}, .without_optional = true},
    {.name = "convolution 3x3 to 3 channels",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 9, .width = 8,
         .in_channels = 16, .out_channels = 3, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1}},
    {.name = "convolution 3x3 of 64 channels",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 8, .width = 8,
         .in_channels = 64, .out_channels = 64, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1}},
    {.name = "convolution 3x3 of one pixel",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 1, .width = 1,
         .in_channels = 5, .out_channels = 7, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1}},
    {.name = "convolution 3x3 without padding",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 5, .width = 6,
         .in_channels = 8, .out_channels = 8, .kernel_height = 3, .kernel_width = 3, .stride = 1}},
    {.name = "convolution 3x3, large",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 16, .width = 12,
         .in_channels = 128, .out_channels = 256, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1}, .without_differences = true},
    {.name = "convolution 3x3, several groups of tiles",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 30, .width = 35,
         .in_channels = 40, .out_channels = 72, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1, .residual = true}, .without_differences = true},
    {.name = "convolution 3x3, tiles with other padding",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 26, .width = 32,
         .in_channels = 32, .out_channels = 68, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 2,
         .pad_right = 1}, .without_optional = true, .without_differences = true},
    {.name = "convolution 3x3, many tiles",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 40, .width = 39,
         .in_channels = 192, .out_channels = 160, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1}, .without_differences = true},
    {.name = "convolution 3x3, tiles of many channels",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 9, .width = 8,
         .in_channels = 264, .out_channels = 288, .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1}, .without_differences = true},
    {.name = "convolution 1x1",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 3, .width = 5,
         .in_channels = 20, .out_channels = 24, .kernel_height = 1, .kernel_width = 1, .stride = 1}},
    {.name = "convolution 1x1 residual",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 7, .width = 7,
         .in_channels = 24, .out_channels = 3, .kernel_height = 1, .kernel_width = 1, .stride = 1, .residual =
         true}},
    {.name = "convolution 1x1 stride 2",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 6, .width = 5,
         .in_channels = 3, .out_channels = 8, .kernel_height = 1, .kernel_width = 1, .stride = 2},
         .without_optional = true},
    {.name = "convolution stride 2, padding 0 1 0 1",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 6, .width = 8,
         .in_channels = 20, .out_channels = 24, .kernel_height = 3, .kernel_width = 3, .stride = 2, .pad_bottom =
         1, .pad_right = 1}},
    {.name = "convolution stride 2, padding 0 1 0 1, odd",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 5, .width = 7,
         .in_channels = 3, .out_channels = 3, .kernel_height = 3, .kernel_width = 3, .stride = 2, .pad_bottom =
         1, .pad_right = 1}},
    {.name = "convolution stride 2, padding 1",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 8, .width = 10,
         .in_channels = 3, .out_channels = 24, .kernel_height = 3, .kernel_width = 3, .stride = 2, .pad_top = 1,
         .pad_left = 1, .pad_bottom = 1, .pad_right = 1}, .without_optional = true},
    {.name = "convolution of patches",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 16, .width =
         24, .in_channels = 3, .out_channels = 20, .kernel_height = 8, .kernel_width = 8, .stride = 8},
         .without_optional = true},
    {.name = "convolution of patches of 8 channels with a rest",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 2, .height = 10, .width = 19,
         .in_channels = 8, .out_channels = 6, .kernel_height = 4, .kernel_width = 4, .stride = 4}},
    {.name = "convolution of patches with a rest",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 11, .width =
         10, .in_channels = 3, .out_channels = 16, .kernel_height = 4, .kernel_width = 4, .stride = 4}},
    {.name = "convolution 3x1",
     .operation.kind = VQC_OPERATION_CONVOLUTION, .operation.convolution = {.batch = 1, .height = 6, .width = 5,
         .in_channels = 4, .out_channels = 6, .kernel_height = 3, .kernel_width = 1, .stride = 1, .pad_top = 1,
         .pad_bottom = 1}},
    {.name = "linear",
     .operation.kind = VQC_OPERATION_LINEAR, .operation.linear = {.rows = 7, .in_width = 20, .out_width = 24}},
    {.name = "linear residual",
     .operation.kind = VQC_OPERATION_LINEAR, .operation.linear = {.rows = 5, .in_width = 24, .out_width = 24,
         .residual = true}},
    {.name = "linear without bias",
     .operation.kind = VQC_OPERATION_LINEAR, .operation.linear = {.rows = 33, .in_width = 3, .out_width = 48},
         .without_optional = true},
    {.name = "linear residual without bias",
     .operation.kind = VQC_OPERATION_LINEAR, .operation.linear = {.rows = 1, .in_width = 64, .out_width = 3,
         .residual = true}, .without_optional = true},
    {.name = "linear of one row",
     .operation.kind = VQC_OPERATION_LINEAR, .operation.linear = {.rows = 1, .in_width = 96, .out_width = 192}},
    {.name = "linear, large",
     .operation.kind = VQC_OPERATION_LINEAR, .operation.linear = {.rows = 50, .in_width = 128, .out_width =
         384}},
    {.name = "linear to the wide",
     .operation.kind = VQC_OPERATION_LINEAR, .operation.linear = {.rows = 50, .in_width = 512, .out_width = 2048},
         .without_differences = true},
    {.name = "linear from the wide",
     .operation.kind = VQC_OPERATION_LINEAR, .operation.linear = {.rows = 50, .in_width = 2048, .out_width = 512,
         .residual = true}, .without_differences = true},
    {.name = "attention packed",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 7, .keys = 7,
         .heads = 3, .head_width = 8, .packed = true}, .range = 2},
    {.name = "attention packed, one head",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 1, .queries = 20, .keys = 20,
         .heads = 1, .head_width = 24, .packed = true}},
    {.name = "attention packed, causal",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 9, .keys = 9,
         .heads = 2, .head_width = 16, .packed = true, .causal = true}, .range = 2},
    {.name = "attention packed, one token",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 3, .queries = 1, .keys = 1,
         .heads = 2, .head_width = 4, .packed = true}},
    {.name = "attention packed, sharp",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 1, .queries = 5, .keys = 5,
         .heads = 2, .head_width = 5, .packed = true}, .range = 6},
    {.name = "attention packed, large",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 50, .keys = 50,
         .heads = 8, .head_width = 64, .packed = true}, .range = 2, .without_differences = true},
    {.name = "attention unpacked",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 4, .keys = 6,
         .heads = 3, .head_width = 5}},
    {.name = "attention unpacked, one query",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 3, .queries = 1, .keys = 50,
         .heads = 4, .head_width = 16}, .range = 2},
    {.name = "attention unpacked, one head",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 1, .queries = 12, .keys = 12,
         .heads = 1, .head_width = 32}},
    {.name = "attention unpacked, causal",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 1, .queries = 6, .keys = 6,
         .heads = 1, .head_width = 3, .causal = true}},
    {.name = "attention packed, several tiles",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 1, .queries = 197, .keys = 197,
         .heads = 2, .head_width = 64, .packed = true}, .range = 2, .without_differences = true},
    {.name = "attention packed, causal, several tiles",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 3, .queries = 77, .keys = 77,
         .heads = 2, .head_width = 80, .packed = true, .causal = true}, .range = 2, .without_differences = true},
    {.name = "attention packed, whole tiles of wide heads",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 1, .queries = 128, .keys = 128,
         .heads = 1, .head_width = 128, .packed = true}, .without_differences = true},
    {.name = "attention packed, one token of a wide head",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 3, .queries = 1, .keys = 1,
         .heads = 2, .head_width = 64, .packed = true}, .without_differences = true},
    {.name = "attention packed, sharp, several tiles",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 1, .queries = 130, .keys = 130,
         .heads = 1, .head_width = 24, .packed = true}, .range = 3, .without_differences = true},
    {.name = "attention packed, one whole tile",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 1, .queries = 64, .keys = 64,
         .heads = 2, .head_width = 64, .packed = true}, .range = 2, .without_differences = true},
    {.name = "attention packed, causal, one tile",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 41, .keys = 41,
         .heads = 3, .head_width = 48, .packed = true, .causal = true}, .range = 2, .without_differences = true},
    {.name = "attention unpacked, one tile of each",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 20, .keys = 58,
         .heads = 2, .head_width = 32}, .range = 2, .without_differences = true},
    {.name = "attention unpacked, few queries of many keys",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 7, .keys = 197,
         .heads = 2, .head_width = 32}, .range = 2, .without_differences = true},
    {.name = "attention unpacked, many queries of few keys",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 1, .queries = 145, .keys = 50,
         .heads = 2, .head_width = 96}, .range = 2, .without_differences = true},
    {.name = "attention unpacked, heads of many channels",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 20, .keys = 12,
         .heads = 1, .head_width = 136}, .without_differences = true},
    {.name = "attention packed, one head of many channels",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 3, .queries = 13, .keys = 13,
         .heads = 1, .head_width = 160, .packed = true}, .without_differences = true},
    {.name = "attention packed, heads of many channels",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 13, .keys = 13,
         .heads = 2, .head_width = 136, .packed = true}, .without_differences = true},
    {.name = "attention masked",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 7, .keys = 7,
         .heads = 3, .head_width = 8, .packed = true, .masked = true}, .range = 2},
    {.name = "attention masked, causal",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 3, .queries = 9, .keys = 9,
         .heads = 2, .head_width = 16, .packed = true, .causal = true, .masked = true}, .range = 2},
    {.name = "attention masked, causal, large",
     .operation.kind = VQC_OPERATION_ATTENTION, .operation.attention = {.batch = 2, .queries = 77, .keys = 77,
         .heads = 8, .head_width = 64, .packed = true, .causal = true, .masked = true}, .range = 2,
         .without_differences = true},
    {.name = "group norm",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation.group_norm = {.batch = 2, .pixels = 15, .channels =
         24, .groups = 8, .epsilon = 1e-6F}},
    {.name = "group norm, swish",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation .group_norm = {.batch = 2, .pixels = 35, .channels =
         64, .groups = 32, .epsilon = 1e-6F, .swish = true}, .range = 3},
    {.name = "group norm, one channel a group",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation .group_norm = {.batch = 1, .pixels = 30, .channels =
         32, .groups = 32, .epsilon = 1e-6F, .swish = true}},
    {.name = "group norm, one group",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation.group_norm = {.batch = 3, .pixels = 6, .channels =
         20, .groups = 1, .epsilon = 1e-5F}},
    {.name = "group norm far from zero",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation.group_norm = {.batch = 1, .pixels = 64, .channels =
         12, .groups = 4, .epsilon = 1e-6F, .swish = true}, .offset = 10},
    {.name = "group norm, large",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation.group_norm = {.batch = 1, .pixels = 1024,
         .channels = 128, .groups = 32, .epsilon = 1e-6F, .swish = true}, .offset = 1, .range = 2,
         .without_differences = true},
    {.name = "group norm, many channels",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation.group_norm = {.batch = 2, .pixels = 60,
         .channels = 320, .groups = 32, .epsilon = 1e-6F, .swish = true}, .without_differences = true},
    {.name = "group norm, many pixels",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation.group_norm = {.batch = 2, .pixels = 4500,
         .channels = 16, .groups = 4, .epsilon = 1e-6F, .swish = true}, .offset = 1, .range = 3,
         .without_differences = true},
    {.name = "group norm, many pixels of odd groups",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation.group_norm = {.batch = 2, .pixels = 1500,
         .channels = 9, .groups = 3, .epsilon = 1e-6F}, .offset = 20, .without_differences = true},
    {.name = "group norm, wide groups",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation.group_norm = {.batch = 1, .pixels = 41,
         .channels = 7168, .groups = 7, .epsilon = 1e-6F, .swish = true}, .without_differences = true},
    {.name = "group norm, one very wide group",
     .operation.kind = VQC_OPERATION_GROUP_NORM, .operation.group_norm = {.batch = 2, .pixels = 9,
         .channels = 8200, .groups = 1, .epsilon = 1e-6F, .swish = true}, .without_differences = true},
    {.name = "layer norm",
     .operation.kind = VQC_OPERATION_LAYER_NORM, .operation.layer_norm = {.rows = 7, .width = 20, .epsilon =
         1e-5F}},
    {.name = "layer norm, wide",
     .operation.kind = VQC_OPERATION_LAYER_NORM, .operation.layer_norm = {.rows = 3, .width = 192, .epsilon =
         1e-5F}, .offset = 2, .range = 3},
    {.name = "layer norm, rows of whole packs",
     .operation.kind = VQC_OPERATION_LAYER_NORM, .operation.layer_norm = {.rows = 11, .width = 768, .epsilon =
         1e-5F}, .offset = 1, .range = 2, .without_differences = true},
    {.name = "layer norm, rows of part of the packs",
     .operation.kind = VQC_OPERATION_LAYER_NORM, .operation.layer_norm = {.rows = 3, .width = 1288, .epsilon =
         1e-5F}, .without_differences = true},
    {.name = "layer norm, rows of four packs",
     .operation.kind = VQC_OPERATION_LAYER_NORM, .operation.layer_norm = {.rows = 2, .width = 1000, .epsilon =
         1e-5F}, .without_differences = true},
    {.name = "layer norm, very wide",
     .operation.kind = VQC_OPERATION_LAYER_NORM, .operation.layer_norm = {.rows = 2, .width = 2056, .epsilon =
         1e-5F}, .without_differences = true},
    {.name = "relu",
     .operation.kind = VQC_OPERATION_ACTIVATION, .operation.activation = {.count = 131, .function =
         VQC_ACTIVATION_RELU}},
    {.name = "quick gelu",
     .operation.kind = VQC_OPERATION_ACTIVATION, .operation.activation = {.count = 515, .function =
         VQC_ACTIVATION_QUICK_GELU}, .range = 6},
    {.name = "gelu",
     .operation.kind = VQC_OPERATION_ACTIVATION, .operation.activation = {.count = 515, .function =
         VQC_ACTIVATION_GELU}, .range = 6},
    {.name = "tanh gelu",
     .operation.kind = VQC_OPERATION_ACTIVATION, .operation.activation = {.count = 515, .function =
         VQC_ACTIVATION_TANH_GELU}, .range = 6},
    {.name = "tanh gelu, far out",
     .operation.kind = VQC_OPERATION_ACTIVATION, .operation.activation = {.count = 70, .function =
         VQC_ACTIVATION_TANH_GELU}, .range = 1e15, .without_differences = true},
    {.name = "add",
     .operation.kind = VQC_OPERATION_ADD, .operation.add = {.count = 77}},
    {.name = "add, several blocks",
     .operation.kind = VQC_OPERATION_ADD, .operation.add = {.count = 5003}, .without_differences = true},
    {.name = "upsample and convolution",
     .operation.kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION, .operation.upsample_convolution = {.batch = 2,
         .height = 3, .width = 5, .in_channels = 20, .out_channels = 24}},
    {.name = "upsample and convolution of one pixel",
     .operation.kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION, .operation.upsample_convolution = {.batch = 1,
         .height = 1, .width = 1, .in_channels = 3, .out_channels = 5}},
    {.name = "upsample and convolution without bias",
     .operation.kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION, .operation.upsample_convolution = {.batch = 2,
         .height = 4, .width = 3, .in_channels = 3, .out_channels = 7}, .without_optional = true},
    {.name = "upsample and convolution of many channels",
     .operation.kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION, .operation.upsample_convolution = {.batch = 2,
         .height = 5, .width = 3, .in_channels = 36, .out_channels = 68}},
    {.name = "upsample and convolution, large",
     .operation.kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION, .operation.upsample_convolution = {.batch = 1,
         .height = 13, .width = 18, .in_channels = 160, .out_channels = 96}, .without_differences = true},
    {.name = "upsample and convolution of very many channels",
     .operation.kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION, .operation.upsample_convolution = {.batch = 1,
         .height = 4, .width = 4, .in_channels = 264, .out_channels = 272}, .without_differences = true},
    {.name = "upsample and convolution, large without bias",
     .operation.kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION, .operation.upsample_convolution = {.batch = 1,
         .height = 20, .width = 20, .in_channels = 64, .out_channels = 64}, .without_optional = true, .without_differences = true},
    {.name = "average pool",
     .operation.kind = VQC_OPERATION_AVERAGE_POOL, .operation.average_pool = {.batch = 2, .height = 6, .width =
         4, .channels = 20, .window = 2}},
    {.name = "average pool, window 3",
     .operation.kind = VQC_OPERATION_AVERAGE_POOL, .operation.average_pool = {.batch = 1, .height = 3, .width =
         9, .channels = 3, .window = 3}},
    {.name = "quantise",
     .operation.kind = VQC_OPERATION_QUANTISE, .operation.quantise = {.rows = 40, .width = 20, .entries = 100},
         .without_differences = true},
    {.name = "quantise, narrow",
     .operation.kind = VQC_OPERATION_QUANTISE, .operation.quantise = {.rows = 13, .width = 3, .entries = 37},
         .without_differences = true},
    {.name = "quantise, many entries",
     .operation.kind = VQC_OPERATION_QUANTISE, .operation.quantise = {.rows = 3, .width = 5, .entries = 2100},
         .without_differences = true},
    {.name = "quantise, larger",
     .operation.kind = VQC_OPERATION_QUANTISE, .operation.quantise = {.rows = 70, .width = 75, .entries = 300},
         .without_differences = true},
    {.name = "quantise, largest product",
     .operation.kind = VQC_OPERATION_QUANTISE, .operation.quantise = {.rows = 40, .width = 20, .entries = 100,
         .largest_product = true}, .without_differences = true},
    {.name = "quantise, largest product of many entries",
     .operation.kind = VQC_OPERATION_QUANTISE, .operation.quantise = {.rows = 5, .width = 7, .entries = 2100,
         .largest_product = true}, .without_differences = true},
    {.name = "channel scale",
     .operation.kind = VQC_OPERATION_CHANNEL_SCALE, .operation.channel_scale = {.rows = 35, .channels = 3}},
    {.name = "clamp within",
     .operation.kind = VQC_OPERATION_CLAMP, .operation.clamp = {.count = 99, .scale = 0.5F, .shift = 0.5F},
         .range = 0.9},
    {.name = "clamp beyond",
     .operation.kind = VQC_OPERATION_CLAMP, .operation.clamp = {.count = 333, .scale = 0.5F, .shift = 0.5F},
         .range = 3, .without_differences = true},
    {.name = "tokens",
     .operation.kind = VQC_OPERATION_TOKENS, .operation.tokens = {.batch = 3, .tokens = 4, .width = 20, .front =
         VQC_TOKENS_FRONT_GIVEN}},
    {.name = "tokens, none in front",
     .operation.kind = VQC_OPERATION_TOKENS, .operation.tokens = {.batch = 3, .tokens = 5, .width = 20, .front =
         VQC_TOKENS_FRONT_NONE}},
    {.name = "tokens, first is the mean",
     .operation.kind = VQC_OPERATION_TOKENS, .operation.tokens = {.batch = 2, .tokens = 9, .width = 24, .front =
         VQC_TOKENS_FRONT_MEAN}},
    {.name = "embed",
     .operation.kind = VQC_OPERATION_EMBED, .operation.embed = {.batch = 2, .tokens = 7, .width = 20, .entries =
         30}, .without_differences = true},
    {.name = "select",
     .operation.kind = VQC_OPERATION_SELECT, .operation.select = {.batch = 3, .tokens = 5, .width = 20}},
    {.name = "resample",
     .operation.kind = VQC_OPERATION_RESAMPLE, .operation.resample = {.batch = 2, .height = 41, .width = 37,
         .channels = 3, .crops = 6, .side = 12}},
    {.name = "resample to one pixel",
     .operation.kind = VQC_OPERATION_RESAMPLE, .operation.resample = {.batch = 1, .height = 5, .width = 4,
         .channels = 2, .crops = 4, .side = 1}},
    {.name = "resample, many crops",
     .operation.kind = VQC_OPERATION_RESAMPLE, .operation.resample = {.batch = 3, .height = 19, .width = 23,
         .channels = 3, .crops = 21, .side = 9}},
    {.name = "resample, long lines",
     .operation.kind = VQC_OPERATION_RESAMPLE, .operation.resample = {.batch = 1, .height = 7, .width = 90,
         .channels = 10, .crops = 3, .side = 81}, .without_differences = true},
    {.name = "adaptive pool",
     .operation.kind = VQC_OPERATION_ADAPTIVE_POOL, .operation.adaptive_pool = {.height = 17, .width = 11,
         .channels = 3, .crops = 3, .side = 7}},
    {.name = "adaptive pool to more pixels",
     .operation.kind = VQC_OPERATION_ADAPTIVE_POOL, .operation.adaptive_pool = {.height = 5, .width = 8,
         .channels = 2, .crops = 1, .side = 13}},
    {.name = "adaptive pool of even windows",
     .operation.kind = VQC_OPERATION_ADAPTIVE_POOL, .operation.adaptive_pool = {.height = 64, .width = 96,
         .channels = 3, .crops = 5, .side = 32}, .without_differences = true},
    {.name = "distance",
     .operation.kind = VQC_OPERATION_DISTANCE, .operation.distance = {.rows = 5, .width = 48, .prompts = 3}},
    {.name = "picture term, total variation of squares",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 7, .width = 9,
         .function = VQC_PICTURE_TERM_TV_SQUARES, .scale = 0.5F, .shift = 0.25F}},
    {.name = "picture term, total variation of absolute values",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 7, .width = 9,
         .function = VQC_PICTURE_TERM_TV_ABSOLUTE, .scale = 0.5F, .shift = 0.25F}},
    {.name = "picture term, isotropic total variation",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 7, .width = 9,
         .function = VQC_PICTURE_TERM_TV_ISOTROPIC, .scale = 0.5F, .shift = 0.25F}},
    {.name = "picture term, smoothness",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 7, .width = 9,
         .function = VQC_PICTURE_TERM_SMOOTHNESS, .scale = 0.5F, .shift = 0.25F}},
    {.name = "picture term, clipped smoothness",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 7, .width = 9,
         .function = VQC_PICTURE_TERM_SMOOTHNESS_CLIPPED, .scale = 0.5F, .shift = 0.25F}},
    {.name = "picture term, smoothness of logarithms",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 7, .width = 9,
         .function = VQC_PICTURE_TERM_SMOOTHNESS_LOG, .scale = 0.5F, .shift = 0.25F}},
    {.name = "picture term, saturation",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 7, .width = 9,
         .function = VQC_PICTURE_TERM_SATURATION, .scale = 0.5F, .shift = 0.25F}},
    {.name = "picture term, range",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 7, .width = 9,
         .function = VQC_PICTURE_TERM_RANGE, .scale = 0.5F, .shift = 0.25F}},
    {.name = "picture term, likeness",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 7, .width = 9,
         .function = VQC_PICTURE_TERM_LIKENESS, .scale = 0.5F, .shift = 0.25F}},
    {.name = "picture term of a column",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 6, .width = 1,
         .function = VQC_PICTURE_TERM_SMOOTHNESS, .scale = 1.0F}},
    {.name = "picture term of a row",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 1, .width = 5,
         .function = VQC_PICTURE_TERM_TV_ISOTROPIC, .scale = 1.0F}},
    {.name = "picture term, large",
     .operation.kind = VQC_OPERATION_PICTURE_TERM, .operation.picture_term = {.height = 300, .width = 280,
         .function = VQC_PICTURE_TERM_SATURATION, .scale = 1.0F}, .without_differences = true},
    {.name = "cast to bf16",
     .operation.kind = VQC_OPERATION_CAST, .operation.cast = {.count = 67, .from = VQC_DTYPE_F32, .to =
         VQC_DTYPE_BF16}},
    {.name = "warp",
     .operation.kind = VQC_OPERATION_WARP, .operation.warp = {.crops = 6, .height = 11, .width = 9, .channels = 3}},
    {.name = "warp of one pixel",
     .operation.kind = VQC_OPERATION_WARP, .operation.warp = {.crops = 2, .height = 1, .width = 1, .channels = 1}},
    {.name = "warp, larger",
     .operation.kind = VQC_OPERATION_WARP, .operation.warp = {.crops = 6, .height = 50, .width = 43, .channels = 3},
         .without_differences = true},
    {.name = "warp, of every kind",
     .operation.kind = VQC_OPERATION_WARP, .operation.warp = {.crops = 24, .height = 37, .width = 70, .channels = 4},
         .without_differences = true},
    {.name = "colour",
     .operation.kind = VQC_OPERATION_COLOUR, .operation.colour = {.crops = 24, .pixels = 13}, .offset = 0.5,
         .range = 0.45},
    {.name = "colour of many pixels",
     .operation.kind = VQC_OPERATION_COLOUR, .operation.colour = {.crops = 3, .pixels = 1111}, .offset = 0.5,
         .range = 0.45, .without_differences = true},
    {.name = "noise",
     .operation.kind = VQC_OPERATION_NOISE, .operation.noise = {.crops = 3, .count = 37}},
    {.name = "noise, whole blocks",
     .operation.kind = VQC_OPERATION_NOISE, .operation.noise = {.crops = 3, .count = 28}},
    {.name = "erase",
     .operation.kind = VQC_OPERATION_ERASE, .operation.erase = {.crops = 6, .height = 5, .width = 7, .channels = 3}},
    {.name = "erase in larger crops",
     .operation.kind = VQC_OPERATION_ERASE, .operation.erase = {.crops = 7, .height = 41, .width = 34, .channels = 2},
         .without_differences = true},
    {.name = "frame of a wide picture",
     .operation.kind = VQC_OPERATION_FRAME, .operation.frame = {.height = 4, .width = 9, .channels = 3}},
    {.name = "frame of a high picture",
     .operation.kind = VQC_OPERATION_FRAME, .operation.frame = {.height = 8, .width = 5, .channels = 2}},
    {.name = "frame of none",
     .operation.kind = VQC_OPERATION_FRAME, .operation.frame = {.height = 70, .width = 70, .channels = 3},
         .without_differences = true},
    {.name = "view",
     .operation.kind = VQC_OPERATION_VIEW, .operation.view = {.crops = 5, .height = 3, .width = 7}},
    {.name = "view of larger crops",
     .operation.kind = VQC_OPERATION_VIEW, .operation.view = {.crops = 6, .height = 41, .width = 34},
         .without_differences = true},
    {.name = "sharpen",
     .operation.kind = VQC_OPERATION_SHARPEN, .operation.sharpen = {.crops = 4, .height = 6, .width = 9, .channels =
         3}, .offset = 0.5, .range = 0.45},
    {.name = "sharpen beyond the limits",
     .operation.kind = VQC_OPERATION_SHARPEN, .operation.sharpen = {.crops = 3, .height = 19, .width = 35, .channels =
         3}, .offset = 0.5, .range = 3, .without_differences = true},
    {.name = "sharpen, nothing but edges",
     .operation.kind = VQC_OPERATION_SHARPEN, .operation.sharpen = {.crops = 2, .height = 2, .width = 5, .channels =
         3}},
    {.name = "sharpen of one pixel",
     .operation.kind = VQC_OPERATION_SHARPEN, .operation.sharpen = {.crops = 2, .height = 1, .width = 1, .channels =
         1}},
    {.name = "field warp",
     .operation.kind = VQC_OPERATION_FIELD_WARP, .operation.field_warp = {.crops = 6, .height = 11, .width = 9,
         .channels = 3}},
    {.name = "field warp of one pixel",
     .operation.kind = VQC_OPERATION_FIELD_WARP, .operation.field_warp = {.crops = 2, .height = 1, .width = 1,
         .channels = 1}},
    {.name = "field warp, larger",
     .operation.kind = VQC_OPERATION_FIELD_WARP, .operation.field_warp = {.crops = 6, .height = 37, .width = 150,
         .channels = 4}, .without_differences = true},
    {.name = "field warp, largest",
     .operation.kind = VQC_OPERATION_FIELD_WARP, .operation.field_warp = {.crops = 2, .height = 131, .width = 142,
         .channels = 3}, .without_differences = true},
    {.name = "spline field",
     .operation.kind = VQC_OPERATION_SPLINE_FIELD, .operation.spline_field = {.crops = 5, .height = 13, .width = 37},
         .without_differences = true},
    {.name = "spline field of one pixel",
     .operation.kind = VQC_OPERATION_SPLINE_FIELD, .operation.spline_field = {.crops = 2, .height = 1, .width = 1},
         .without_differences = true},
    {.name = "elastic field",
     .operation.kind = VQC_OPERATION_ELASTIC_FIELD, .operation.elastic_field = {.crops = 4, .height = 7, .width = 11},
         .without_differences = true},
    {.name = "elastic field, larger",
     .operation.kind = VQC_OPERATION_ELASTIC_FIELD, .operation.elastic_field = {.crops = 2, .height = 50, .width =
         81}, .without_differences = true},
    {.name = "cast to f32",
     .operation.kind = VQC_OPERATION_CAST, .operation.cast = {.count = 67, .from = VQC_DTYPE_BF16, .to =
         VQC_DTYPE_F32}},
};
/* clang-format on */

const int operation_case_count = sizeof operation_cases / sizeof operation_cases[0];
static_assert(sizeof operation_cases / sizeof operation_cases[0] <= OPERATION_CASES_MOST, "raise it");

/* Streams of random numbers: inputs 0, 1, what gradients are added to 2, 3, gradients 4, parameters from 5. */
enum { STREAM_INPUT = 0, STREAM_BEFORE = 2, STREAM_GRAD_OUTPUT = 4, STREAM_PARAMETER = 5 };

double random_between(uint32_t stream, int64_t index, double low, double high)
{
    vqc_random_block block = vqc_random_block_at(
        (vqc_random_key){{0x7e57, stream}}, (vqc_random_block){{(uint32_t)index, (uint32_t)(index >> 32), 0, 0}});
    return low + (high - low) * (double)vqc_random_uniform(block.word[0]);
}

static double *values_new(uint32_t stream, int64_t count, double offset, double range, vqc_dtype dtype)
{
    double *values = execution_doubles(count);
    for (int64_t i = 0; i < count; i++)
        values[i] = execution_round(dtype, random_between(stream, i, offset - range, offset + range));
    return values;
}

/* A whole number in 0 to limit − 1. */
static int64_t random_below(uint32_t stream, int64_t index, int64_t limit)
{
    return (int64_t)random_between(stream, index, 0.0, (double)limit);
}

/* Crops: the whole of the last picture, one pixel in a corner, and random ones. */
static void crops_fill(const vqc_operation *operation, double *values)
{
    const vqc_resample *o = &operation->resample;
    for (int64_t i = 0; i < o->crops; i++) {
        int64_t height = i == 0 ? o->height : i == 1 ? 1 : 1 + random_below(STREAM_INPUT + 1, 5 * i, o->height);
        int64_t width = i == 0 ? o->width : i == 1 ? 1 : 1 + random_below(STREAM_INPUT + 1, 5 * i + 1, o->width);
        double *crop = values + 5 * i;
        crop[0] = (double)(i == 0 ? o->batch - 1 : random_below(STREAM_INPUT + 1, 5 * i + 2, o->batch));
        crop[1] =
            (double)(i == 1 ? o->height - 1 : random_below(STREAM_INPUT + 1, 5 * i + 3, o->height - height + 1));
        crop[2] = (double)(i == 1 ? o->width - 1 : random_below(STREAM_INPUT + 1, 5 * i + 4, o->width - width + 1));
        crop[3] = (double)height;
        crop[4] = (double)width;
    }
}

/* Makes the matrix of crop number `crop` one of a kind: of no perspective, or little, a flip, enlarging eight times,
 * shrinking five times, one of which all but a line vanishes, in either of two ways, and two with a horizon: in the
 * output, and in the input. */
static void matrix_specialise(const vqc_warp *o, int64_t crop, double *matrix)
{
    enum { KINDS = 9, IN_OUTPUT = 7, IN_INPUT = 8 };
    static const double horizons[2][9] = {{1, 0, 0, 0, 1, 0, -0.05, 0, 1}, {1, 0, 0, 0, 1, 0, 0.2, 0.125, 1}};
    int kind = (int)(crop % KINDS);
    for (int i = 0; i < 8; i++) {
        if (i >= 6)
            matrix[i] *= kind == 0 ? 0.0 : 0.05;
        if (i < 6 && kind >= 3)
            matrix[i] *= kind == 3 ? 0.125 : 5.0;
    }
    if (kind == 2) {
        matrix[0] = -matrix[0];
        matrix[2] += (double)(o->width - 1);
    }
    for (int i = 0; i < 3 && kind >= 5; i++)
        matrix[i] = kind == 5 ? matrix[3 + i] : matrix[6 + i];
    for (int i = 0; i < 9; i++)
        matrix[i] = (double)(float)(kind >= IN_OUTPUT ? horizons[kind - IN_OUTPUT][i] : matrix[i]);
}

/* A matrix near the identity for every crop; every other one repeats the edge, and the last looks backwards. Of many
 * crops, those from the seventh on are of a kind. */
static void matrices_fill(const vqc_operation *operation, double *values)
{
    const vqc_warp *o = &operation->warp;
    static const double identity[10] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0};
    static const double reach[10] = {0.3, 0.3, 2.0, 0.3, 0.3, 2.0, 0.02, 0.02, 0.0, 0.0};
    for (int64_t i = 0; i < 10 * o->crops; i++)
        values[i] =
            (double)(float)(identity[i % 10] + random_between(STREAM_INPUT + 1, i, -reach[i % 10], reach[i % 10]));
    for (int64_t crop = 6; crop < o->crops; crop++)
        matrix_specialise(o, crop, values + 10 * crop);
    for (int64_t crop = 0; crop < o->crops; crop += 2)
        values[10 * crop + 9] = 1.0;
    if (o->crops > 2)
        values[10 * (o->crops - 1) + 8] = -0.1;
}

/* Moderate changes in every order, some of them beyond the limits. */
static void colours_fill(const vqc_operation *operation, double *values)
{
    const vqc_colour *o = &operation->colour;
    for (int64_t crop = 0; crop < o->crops; crop++) {
        double *colour = values + 5 * crop;
        double more = crop % 3 == 0 ? 3.0 : 1.0;
        colour[0] = (double)(float)random_between(STREAM_INPUT + 1, 5 * crop, -0.1 * more, 0.1 * more);
        colour[1] = (double)(float)random_between(STREAM_INPUT + 1, 5 * crop + 1, 1.0 - 0.1 * more, 1.0 + 0.1 * more);
        colour[2] = (double)(float)random_between(STREAM_INPUT + 1, 5 * crop + 2, 1.0 - 0.2 * more, 1.0 + 0.2 * more);
        colour[3] = (double)(float)random_between(STREAM_INPUT + 1, 5 * crop + 3, -0.4, 0.4);
        colour[4] = (double)(crop % 24);
    }
}

/* Places: where the pixels are, a little beside, anywhere in and around the crop, all at one place, all of the crop
 * from a few pixels of it, and places that are none. */
static void places_fill(const vqc_operation *operation, double *values)
{
    const vqc_field_warp *o = &operation->field_warp;
    enum { KINDS = 6 };
    for (int64_t i = 0; i < 2 * o->crops * o->height * o->width; i++) {
        int64_t pixel = i / 2 % (o->height * o->width);
        double at = (double)(i % 2 == 0 ? pixel % o->width : pixel / o->width);
        double length = (double)(i % 2 == 0 ? o->width : o->height);
        const double kinds[KINDS] = {at,
                                     at + random_between(STREAM_INPUT + 1, i, -1.5, 1.5),
                                     random_between(STREAM_INPUT + 1, i, -3.0, length + 3.0),
                                     0.375,
                                     0.3 * length + 0.1 * at,
                                     pixel % 3 == 0   ? (double)NAN
                                     : pixel % 3 == 1 ? 1e30
                                                      : at};
        values[i] = (double)(float)kinds[i / 2 / (o->height * o->width) % KINDS];
    }
}

/* Splines near the identity; the second crop's pixels stay. */
static void splines_fill(const vqc_operation *operation, double *values)
{
    const vqc_spline_field *o = &operation->spline_field;
    for (int64_t i = 0; i < VQC_SPLINE_NUMBERS * o->crops; i++) {
        int64_t number = i % VQC_SPLINE_NUMBERS;
        bool is_one = number == 0 || number == 13 || number == 16; /* moves; x of x, y of y */
        double spread = number == 0 ? 0.0 : 0.3;
        values[i] = (double)(float)((is_one ? 1.0 : 0.0) + random_between(STREAM_INPUT + 1, i, -spread, spread));
    }
    if (o->crops > 1)
        values[VQC_SPLINE_NUMBERS] = 0.0;
}

/* From all of the crop to all of its blur. */
static void shares_fill(const vqc_operation *operation, double *values)
{
    const vqc_sharpen *o = &operation->sharpen;
    static const double kinds[] = {1.0, 0.25, 0.0};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    for (int64_t crop = 0; crop < o->crops; crop++)
        values[crop] = crop < KINDS ? kinds[crop] : (double)(float)random_between(STREAM_INPUT + 1, crop, 0.0, 1.0);
}

/* Keys, counters, and a scale of 0.5 by its bits. */
static void keys_fill(int64_t crops, double *values)
{
    for (int64_t i = 0; i < 6 * crops; i++)
        values[i] = i % 6 == 5 ? (double)0x3f000000 : (double)random_below(STREAM_INPUT + 1, i, 1 << 30);
}

/* The same; the second crop's pixels stay, and of the third one some go out. */
static void elastic_keys_fill(const vqc_operation *operation, double *values)
{
    const vqc_elastic_field *o = &operation->elastic_field;
    keys_fill(o->crops, values);
    if (o->crops > 1)
        values[6 + 5] = 0.0;
    if (o->crops > 2)
        values[2 * 6 + 5] = (double)0x41800000; /* 16 */
}

/* Rectangles: of no width, of all of the crop, of one pixel in a corner, reaching out on two sides each, and anywhere
 * inside. */
static void rectangles_fill(const vqc_operation *operation, double *values)
{
    const vqc_erase *o = &operation->erase;
    const double height = (double)o->height;
    const double width = (double)o->width;
    const double kinds[][4] = {{1, 1, 2, 0},
                               {0, 0, height, width},
                               {height - 1, width - 1, 1, 1},
                               {-2, -1, 4, 3},
                               {height - 2, width - 3, 9, 9}};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    for (int64_t i = 0; i < 4 * o->crops; i++) {
        int64_t crop = i / 4;
        int64_t limit = i % 2 == 0 ? o->height : o->width;
        values[i] = crop < KINDS ? kinds[crop][i % 4] : (double)random_below(STREAM_INPUT + 1, i, limit);
    }
}

/* As it is, grey, mirrored, both, and so on. */
static void views_fill(const vqc_operation *operation, double *values)
{
    for (int64_t crop = 0; crop < operation->view.crops; crop++) {
        values[2 * crop] = (double)(crop / 2 % 2);
        values[2 * crop + 1] = (double)(crop % 2);
    }
}

static void noise_keys_fill(const vqc_operation *operation, double *values)
{
    keys_fill(operation->noise.crops, values);
}

/* The other picture, which has no gradient. */
static void pictures_fill(const vqc_operation *operation, double *values)
{
    const vqc_picture_term *o = &operation->picture_term;
    for (int64_t i = 0; i < 3 * o->height * o->width; i++)
        values[i] = execution_round(operation->dtype, random_between(STREAM_INPUT + 1, i, 0.0, 1.0));
}

/* The largest, then any. */
static void indices_fill(int64_t count, int64_t limit, double *values)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = (double)(i == 0 ? limit - 1 : random_below(STREAM_INPUT + 1, i, limit));
}

static void ids_fill(const vqc_operation *operation, double *values)
{
    indices_fill(operation->embed.batch * operation->embed.tokens, operation->embed.entries, values);
}

static void selections_fill(const vqc_operation *operation, double *values)
{
    indices_fill(operation->select.batch, operation->select.tokens, values);
}

/* The first key of each sequence, and about two of three others; not the last one of the first. */
static void seen_fill(const vqc_operation *operation, double *values)
{
    const vqc_attention *o = &operation->attention;
    for (int64_t i = 0; i < o->batch * o->keys; i++)
        values[i] = i % o->keys == 0 || random_below(STREAM_INPUT + 1, i, 3) > 0 ? 1.0 : 0.0;
    values[o->keys - 1] = 0.0;
}

/* What fills the input that has no gradient, of those operations that have one. */
static void (*const numbers_fill[VQC_OPERATION_COUNT])(const vqc_operation *operation, double *values) = {
    [VQC_OPERATION_ATTENTION] = seen_fill,        [VQC_OPERATION_EMBED] = ids_fill,
    [VQC_OPERATION_SELECT] = selections_fill,     [VQC_OPERATION_RESAMPLE] = crops_fill,
    [VQC_OPERATION_WARP] = matrices_fill,         [VQC_OPERATION_COLOUR] = colours_fill,
    [VQC_OPERATION_NOISE] = noise_keys_fill,      [VQC_OPERATION_ERASE] = rectangles_fill,
    [VQC_OPERATION_SHARPEN] = shares_fill,        [VQC_OPERATION_FIELD_WARP] = places_fill,
    [VQC_OPERATION_SPLINE_FIELD] = splines_fill,  [VQC_OPERATION_ELASTIC_FIELD] = elastic_keys_fill,
    [VQC_OPERATION_PICTURE_TERM] = pictures_fill, [VQC_OPERATION_VIEW] = views_fill,
};

static double *numbers_new(const vqc_operation *operation, int64_t count)
{
    double *values = execution_doubles(count);
    if (numbers_fill[operation->kind] == NULL)
        fail_msg("%s: cases.c does not fill the input that has no gradient", vqc_operation_name(operation->kind));
    numbers_fill[operation->kind](operation, values);
    return values;
}

static const float *parameter_new(case_data *data, int index, int64_t count, double offset, double range,
                                  vqc_dtype dtype)
{
    double *values = values_new(STREAM_PARAMETER + (uint32_t)index, count, offset, range, dtype);
    data->parameter[index] = malloc(((size_t)count + 1) * sizeof(float));
    assert_non_null(data->parameter[index]);
    for (int64_t i = 0; i < count; i++)
        data->parameter[index][i] = (float)values[i];
    free(values);
    return data->parameter[index];
}

/* The range of a weight whose outputs are about as large as the inputs. */
static double weight_range(int64_t terms)
{
    return sqrt(3.0 / (double)terms);
}

static void products_parameters(case_data *data, bool optional, vqc_dtype dtype)
{
    if (data->operation.kind == VQC_OPERATION_CONVOLUTION) {
        vqc_convolution *o = &data->operation.convolution;
        int64_t terms = o->in_channels * o->kernel_height * o->kernel_width;
        o->weight = parameter_new(data, 0, o->out_channels * terms, 0.0, weight_range(terms), dtype);
        o->bias = optional ? parameter_new(data, 1, o->out_channels, 0.0, 0.5, dtype) : NULL;
    } else if (data->operation.kind == VQC_OPERATION_UPSAMPLE_CONVOLUTION) {
        vqc_upsample_convolution *o = &data->operation.upsample_convolution;
        int64_t terms = o->in_channels * 9;
        o->weight = parameter_new(data, 0, o->out_channels * terms, 0.0, weight_range(terms), dtype);
        o->bias = optional ? parameter_new(data, 1, o->out_channels, 0.0, 0.5, dtype) : NULL;
    } else {
        vqc_linear *o = &data->operation.linear;
        o->weight = parameter_new(data, 0, o->out_width * o->in_width, 0.0, weight_range(o->in_width), dtype);
        o->bias = optional ? parameter_new(data, 1, o->out_width, 0.0, 0.5, dtype) : NULL;
    }
}

static void parameters_open(case_data *data, bool optional, vqc_dtype dtype)
{
    vqc_operation *operation = &data->operation;
    switch (operation->kind) {
    case VQC_OPERATION_CONVOLUTION:
    case VQC_OPERATION_LINEAR:
    case VQC_OPERATION_UPSAMPLE_CONVOLUTION:
        products_parameters(data, optional, dtype);
        break;
    case VQC_OPERATION_GROUP_NORM:
        operation->group_norm.weight = parameter_new(data, 0, operation->group_norm.channels, 1.0, 0.5, dtype);
        operation->group_norm.bias = parameter_new(data, 1, operation->group_norm.channels, 0.0, 0.5, dtype);
        break;
    case VQC_OPERATION_LAYER_NORM:
        operation->layer_norm.weight = parameter_new(data, 0, operation->layer_norm.width, 1.0, 0.5, dtype);
        operation->layer_norm.bias = parameter_new(data, 1, operation->layer_norm.width, 0.0, 0.5, dtype);
        break;
    case VQC_OPERATION_QUANTISE: {
        vqc_quantise *o = &operation->quantise;
        o->codebook = parameter_new(data, 0, o->entries * o->width, 0.0, 1.0, dtype);
        break;
    }
    case VQC_OPERATION_CHANNEL_SCALE:
        operation->channel_scale.scale = parameter_new(data, 0, operation->channel_scale.channels, 3.0, 2.0, dtype);
        operation->channel_scale.shift = parameter_new(data, 1, operation->channel_scale.channels, 0.0, 2.0, dtype);
        break;
    case VQC_OPERATION_TOKENS: {
        vqc_tokens *o = &operation->tokens;
        bool given = o->front == VQC_TOKENS_FRONT_GIVEN;
        o->first = given ? parameter_new(data, 0, o->width, 0.0, 1.0, dtype) : NULL;
        o->positions = parameter_new(data, 1, (vqc_tokens_front_count(o) + o->tokens) * o->width, 0.0, 1.0, dtype);
        break;
    }
    case VQC_OPERATION_EMBED:
        operation->embed.table =
            parameter_new(data, 0, operation->embed.entries * operation->embed.width, 0.0, 1.0, dtype);
        operation->embed.positions =
            parameter_new(data, 1, operation->embed.tokens * operation->embed.width, 0.0, 1.0, dtype);
        break;
    case VQC_OPERATION_DISTANCE: {
        vqc_distance *o = &operation->distance;
        o->targets = parameter_new(data, 0, o->prompts * o->width, 0.0, 3.0, dtype);
        break;
    }
    default:
        break;
    }
}

void case_data_open(case_data *data, const operation_case *which, vqc_dtype dtype)
{
    *data = (case_data){.operation = which->operation};
    data->operation.dtype = dtype;
    data->layout = vqc_operation_layout_of(&data->operation);
    parameters_open(data, !which->without_optional, dtype);
    double range = which->range == 0.0 ? 1.0 : which->range;
    for (int i = 0; i < data->layout.input_count; i++) {
        int64_t count = data->layout.input_count_elements[i];
        vqc_dtype input_dtype = data->layout.input_dtype[i];
        data->input[i] = data->layout.input_has_gradient[i]
                             ? values_new(STREAM_INPUT + (uint32_t)i, count, which->offset, range, input_dtype)
                             : numbers_new(&data->operation, count);
        data->before[i] = values_new(STREAM_BEFORE + (uint32_t)i, count, 0.0, 1.0, input_dtype);
    }
    data->grad_output =
        values_new(STREAM_GRAD_OUTPUT, data->layout.output_count_elements, 0.0, 1.0, data->layout.output_dtype);
}

void case_data_close(case_data *data)
{
    for (int i = 0; i < VQC_OPERATION_MAX_INPUTS; i++) {
        free(data->input[i]);
        free(data->before[i]);
        free(data->parameter[i]);
    }
    free(data->grad_output);
}

bool case_has_dtype(const operation_case *which, vqc_dtype dtype)
{
    vqc_operation_types types = vqc_operation_types_of(which->operation.kind);
    if (types == VQC_OPERATION_TYPES_OWN) /* brings its own types; runs once */
        return dtype == VQC_DTYPE_F32;
    return types == VQC_OPERATION_TYPES_ANY || dtype != VQC_DTYPE_BF16;
}

vqc_operation operation_with_dtype(const vqc_operation *operation, vqc_dtype dtype)
{
    vqc_operation changed = *operation;
    changed.dtype = dtype;
    if (changed.kind == VQC_OPERATION_CAST)
        changed.cast.from = changed.cast.to = dtype;
    return changed;
}
