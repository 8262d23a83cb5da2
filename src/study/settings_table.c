/* The table of the settings: the rows of settings.def, and the words of their choices. */

#include <assert.h>

#include "study/tables.h"

static const vqc_word crop_methods[] = {
    [VQC_CROPS_ORIGINAL] =
        {.word = "original",
         .says = "random squares of the picture, resampled; where it is not square, none shows all of it"},
    [VQC_CROPS_POOLED] =
        {.word = "pooled",
         .says = "each the whole picture, pressed into a square: the mean of average and maximum pooling; "
                 "crops.overview counts those that augmentations may take for other ones",
         .options = {{.key = "crops.overview"}}},
    [VQC_CROPS_OVERVIEW] =
        {.word = "overview",
         .says =
             "the first, crops.overview, the whole picture in the middle of a black square, the others as original "
             "has them (Disco Diffusion: cut_overview, cut_innercut). Up to 4 overviews are: as it is, grey, "
             "mirrored, mirrored and grey; more are all as it is",
         .options = {{.key = "crops.overview", .usual = {4}}, {.key = "crops.grey"}}},
};
static_assert(sizeof crop_methods / sizeof crop_methods[0] == VQC_CROPS_COUNT, "crop methods");

static const vqc_word l2_schedules[] = {
    [VQC_L2_LINEAR] = {.word = "linear",
                       .says = "falls by the share decay every step, down to nothing (paper, section 3.4)",
                       .options = {{.key = "l2.decay", .usual = {0.005}}}},
    [VQC_L2_RECIPROCAL] = {.word = "reciprocal",
                           .says = "weight / (2 step + 1), the steps numbered from 0 (command-line tools)"},
    [VQC_L2_STEPS] = {.word = "steps",
                      .says = "falls by the share decay after every so many steps, where the optimizer begins "
                              "afresh (MSE notebook)",
                      .options = {{.key = "l2.decay", .usual = {0.2}, .maximum = 1.0}, {.key = "l2.every"}}},
    [VQC_L2_NONE] = {.word = "none", .says = "stays as it is, or as a curve of weight has it"},
};

static const vqc_word parametrisations[] = {
    [VQC_PARAMETRISATION_Z] = {.word = "z",
                               .says =
                                   "vectors, for each of which the decoder is given a row of the codebook; without "
                                   "a codebook, the vectors themselves"},
    [VQC_PARAMETRISATION_FREE] = {.word = "free",
                                  .says = "vectors that the decoder is given as they are, codebook or not"},
};
static_assert(sizeof parametrisations / sizeof parametrisations[0] == VQC_PARAMETRISATION_COUNT, "parametrisations");

static const vqc_word size_roundings[] = {
    [VQC_SIZES_REFUSED] = {.word = "refuse", .says = "the render fails, and says which sizes there are"},
    [VQC_SIZES_DOWN] = {.word = "down", .says = "the next lower multiples are made"},
    [VQC_SIZES_UP] = {.word = "up", .says = "the next upper multiples are made"},
};

static const vqc_word fits[] = {
    [VQC_IMAGE_STRETCH] = {.word = "stretch", .says = "each axis is resized by itself"},
    [VQC_IMAGE_COVER] = {.word = "cover", .says = "its middle of that shape is used, the rest is cut off"},
    [VQC_IMAGE_CONTAIN] = {.word = "contain", .says = "all of it is used, in the middle, with black around"},
};

static const vqc_word tv_kinds[] = {
    [VQC_TV_SQUARES] = {.word = "squares", .says = "the mean of right^2 + down^2 (diffusion notebooks)"},
    [VQC_TV_ABSOLUTE] = {.word = "absolute", .says = "the mean of |right| + |down|"},
    [VQC_TV_ISOTROPIC] = {.word = "isotropic",
                          .says = "the mean of sqrt(mean of the channels' right^2 + down^2 + 1e-8) (MSE notebook)"},
};

static const vqc_word smoothness_kinds[] = {
    [VQC_SMOOTHNESS_DEFAULT] = {.word = "default", .says = "itself, the length of all channels' slopes"},
    [VQC_SMOOTHNESS_CLIPPED] = {.word = "clipped", .says = "at most 0.5"},
    [VQC_SMOOTHNESS_LOG] = {.word = "log", .says = "log(1 + steepness)"},
};

static const vqc_word l2_targets[] = {{.word = "zero"}, {.word = "start"}};

static const vqc_word borders[] = {
    [VQC_MOTION_EDGE] = {.word = "edge", .says = "the pixels of the edge, again and again"},
    [VQC_MOTION_BLACK] = {.word = "black", .says = "black"},
    [VQC_MOTION_REFLECT] = {.word = "reflect", .says = "the picture mirrored at its edge, whose pixels come once"},
    [VQC_MOTION_WRAP] = {.word = "wrap", .says = "the picture's other side (the diffusion notebooks)"},
};
static_assert(sizeof borders / sizeof borders[0] == VQC_MOTION_BORDERS, "borders");

static const vqc_word motion_optimisers[] = {{.word = "keep"}, {.word = "restart"}};

static const vqc_field fields[] = {
#define VQC_SETTING(type, name, ...) {VQC_MEMBER(vqc_settings, name), __VA_ARGS__},
#include "study/settings.def"
};

/* A pair is read into two members. */
static_assert(offsetof(vqc_settings, height) == offsetof(vqc_settings, width) + sizeof(int64_t), "width, height");
static_assert(offsetof(vqc_settings, beta2) == offsetof(vqc_settings, beta1) + sizeof(double), "beta1, beta2");
static_assert(sizeof fields / sizeof fields[0] <= VQC_SCHEMA_FIELDS, "settings");

const vqc_schema vqc_settings_schema = {
    .title = "render",
    .says = "How pictures are made; a prompt may have its own. l2.weight: 1 is short for l2: {weight: 1}.",
    .fields = fields,
    .count = sizeof fields / sizeof fields[0],
    .object_size = sizeof(vqc_settings),
};
