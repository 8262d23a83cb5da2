#ifndef VQC_STUDY_SETTINGS_H
#define VQC_STUDY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "config/yaml.h"
#include "image/image.h"
#include "ops/optimiser.h"
#include "study/schema.h"

/* Everything that decides how one picture is made, apart from its prompt, its seed and the models. Plain values, no
 * ownership: texts belong to the YAML document that they were read from, or are constants. */

/* The rows of inits.def, VQC_INIT_RANDOM and so on, and their number. */
typedef enum vqc_init_kind {
#define VQC_INIT(kind, identifier) VQC_INIT_##kind,
#include "study/inits.def"
} vqc_init_kind;

enum {
    VQC_INIT_COUNT = 0
#define VQC_INIT(kind, identifier) +1
#include "study/inits.def"
};

/* Which of the two pictures of noise, a coarse and a fine one, have colours. */
typedef enum vqc_perlin_mode {
    VQC_PERLIN_MIXED, /* the coarse one */
    VQC_PERLIN_COLOR,
    VQC_PERLIN_GRAY
} vqc_perlin_mode;

typedef struct vqc_init {
    vqc_init_kind kind;
    const char *file;        /* image, codes, latent: relative to the job file */
    const char *tensor;      /* codes: name of the tensor */
    int64_t render;          /* latent: number of the render */
    const char *source;      /* render: id of a prompt, or of a render */
    double red, green, blue; /* color: 0 to 1 */
    vqc_perlin_mode perlin;
    double noise; /* image: its share, 0 to 1 */
} vqc_init;

/* Whether two are the same but for the path of a file. */
bool vqc_init_is_like(const vqc_init *left, const vqc_init *right);

/* What of a mask's picture says where the latent may change. */
typedef enum vqc_mask_channel {
    VQC_MASK_LUMA, /* the mean of red, green and blue; what is transparent lies on white */
    VQC_MASK_ALPHA /* the opacity */
} vqc_mask_channel;

/* What becomes of a mask's relevance, brought to 0 to 1. */
typedef enum vqc_mask_rule {
    VQC_MASK_AUTO,  /* 1 where it is in the upper class of Otsu's threshold among those that are in the upper class
                       already: above the rest of the picture, and above what is only near */
    VQC_MASK_OTSU,  /* 1 in the upper class of Otsu's threshold */
    VQC_MASK_LEVEL, /* 1 where it is at least `level` */
    VQC_MASK_NONE   /* the relevance itself */
} vqc_mask_rule;

/* Where the latent may change. All zero: everywhere. */
typedef struct vqc_mask {
    const char *file; /* a picture, relative to the job file; NULL: not a picture's */
    vqc_mask_channel channel;
    const char *text; /* what it is to find by itself; NULL: it is not a text's */
    const char *neutral;
    vqc_mask_rule rule;
    double level;
    int64_t crops;
    vqc_range sizes; /* shares of the picture's shorter side */
    bool invert;
    bool soft;
    int64_t feather;
    bool keep_pixels;
} vqc_mask;

/* Whether anything is masked. */
bool vqc_mask_is_given(const vqc_mask *mask);
/* Whether two masks are the same but for the path of a picture. */
bool vqc_mask_is_like(const vqc_mask *left, const vqc_mask *right);

/* The rows of parametrisations.def, VQC_PARAMETRISATION_Z and so on, and their number. */
typedef enum vqc_parametrisation_kind {
#define VQC_PARAMETRISATION(kind, identifier) VQC_PARAMETRISATION_##kind,
#include "study/parametrisations.def"
} vqc_parametrisation_kind;

enum {
    VQC_PARAMETRISATION_COUNT = 0
#define VQC_PARAMETRISATION(kind, identifier) +1
#include "study/parametrisations.def"
};

/* What becomes of sizes that are no multiples of the generator's factor. */
typedef enum vqc_size_rounding { VQC_SIZES_REFUSED, VQC_SIZES_DOWN, VQC_SIZES_UP } vqc_size_rounding;

/* The rows of crop_methods.def, VQC_CROPS_ORIGINAL and so on, and their number. */
typedef enum vqc_crop_method {
#define VQC_CROP_METHOD(kind, identifier) VQC_CROPS_##kind,
#include "study/crop_methods.def"
} vqc_crop_method;

enum {
    VQC_CROPS_COUNT = 0
#define VQC_CROP_METHOD(kind, identifier) +1
#include "study/crop_methods.def"
};

/* The augmentations of augmentations.def, VQC_AUGMENTATION_FLIP and so on, and their number. */
typedef enum vqc_augmentation_kind {
#define VQC_AUGMENTATION(kind, ...) VQC_AUGMENTATION_##kind,
#include "study/augmentations.def"
} vqc_augmentation_kind;

enum {
    VQC_AUGMENTATION_COUNT = 0
#define VQC_AUGMENTATION(...) +1
#include "study/augmentations.def"
};

/* Which crops may have an augmentation. */
typedef enum vqc_augmented_crops {
    VQC_AUGMENTED_ALL,
    VQC_AUGMENTED_OVERVIEW, /* those that vqc_settings_overview counts */
    VQC_AUGMENTED_INNER,    /* the others */
} vqc_augmented_crops;

/* An augmentation of a list; the parameters are those of its kind. */
typedef struct vqc_augmentation {
    vqc_augmentation_kind kind;
    vqc_augmented_crops crops;
    double probability; /* that a crop has it; of some kinds, that all of a step do */
#define VQC_AUGMENTATION_PARAMETER(kind, type, member, ...) type member;
#include "study/augmentations.def"
} vqc_augmentation;

/* The code of a kind, such as "Hf". */
const char *vqc_augmentation_code(vqc_augmentation_kind kind);
/* An augmentation with the published parameters. */
vqc_augmentation vqc_augmentation_default(vqc_augmentation_kind kind);

enum { VQC_SETTINGS_MAX_AUGMENTATIONS = 16, VQC_SETTINGS_MAX_STEPS = 1000000, VQC_SETTINGS_MAX_CROPS = 65536 };

typedef vqc_augmentation vqc_augmentations[VQC_SETTINGS_MAX_AUGMENTATIONS];

/* How the weight of the L2 term, weight · mean((z − towards)²), goes on from its first value. */
typedef enum vqc_l2_schedule {
    VQC_L2_LINEAR,     /* falls by the share `decay` every step, down to nothing (paper, section 3.4) */
    VQC_L2_RECIPROCAL, /* weight / (2 · step + 1), the steps numbered from 0 (command-line tools) */
    VQC_L2_STEPS,      /* falls by the share `decay` after every `every` steps, where the optimiser begins afresh (MSE
                          notebook) */
    VQC_L2_NONE        /* does not fall: what a curve of the weight needs */
} vqc_l2_schedule;

/* What comes into a picture from outside when it is moved. */
typedef enum vqc_motion_border {
    VQC_MOTION_EDGE, /* its edge, again and again */
    VQC_MOTION_BLACK,
    VQC_MOTION_REFLECT, /* it again, mirrored at the middle of the edge's pixels */
    VQC_MOTION_WRAP,    /* it again, from the other side */
    VQC_MOTION_BORDERS
} vqc_motion_border;

/* What is made of the differences of neighbouring pixels (vqc_picture_term, ops/operation.h). */
typedef enum vqc_tv_kind {
    VQC_TV_SQUARES,
    VQC_TV_ABSOLUTE,
    VQC_TV_ISOTROPIC,
} vqc_tv_kind;

/* What is made of a pixel's steepness. */
typedef enum vqc_smoothness_kind {
    VQC_SMOOTHNESS_DEFAULT, /* itself */
    VQC_SMOOTHNESS_CLIPPED, /* at most 0.5 */
    VQC_SMOOTHNESS_LOG,     /* log(1 + it) */
} vqc_smoothness_kind;

/* What keys mean that are not given, or given in short, has changed; an archive says by which edition its texts are
 * to be read. Archives of before editions were counted have the first. What differs between them stands in the
 * tables: VQC_AUGMENTATION_FIRST in augmentations.def, VQC_SETTING_FIRST in settings.def. */
typedef enum vqc_edition {
    VQC_EDITION_FIRST = 1, /* 0.1.0 */
    VQC_EDITION_NOW = 2
} vqc_edition;

/* Every setting is a row of settings.def, which also says what it means. */
typedef struct vqc_settings {
    vqc_edition edition; /* that they are read by; all that is written is the same in every edition */
#define VQC_SETTING(type, member, ...) type member;
#define VQC_SETTING_BESIDE(type, member) type member;
#include "study/settings.def"
} vqc_settings;

/* The table of the settings, an object of which is a vqc_settings. */
extern const vqc_schema vqc_settings_schema;

/* The published defaults (paper: 400 steps of Adam at 0.15, 32 crops, L2 0.1 decaying by 0.005). */
void vqc_settings_default(vqc_settings *settings);
/* Those of an edition, by which what is applied to them is read too. */
void vqc_settings_default_of(vqc_edition edition, vqc_settings *settings);

/* Cells of the latent along a side of so many pixels. Whether the side may be rounded is not asked. */
int64_t vqc_settings_cells(const vqc_settings *settings, int64_t side, int64_t factor);

/* Of a perceptor, `own` being its own number of crops, 0 where it has none: the crops that it sees at a step; the
 * most at any; those that are computed as one batch, which are those of a group, or all where there are never as
 * many. */
int64_t vqc_settings_crops(const vqc_settings *settings, int64_t own, int64_t step);
int64_t vqc_settings_most_crops(const vqc_settings *settings, int64_t own);
int64_t vqc_settings_batch(const vqc_settings *settings, int64_t own);

/* What holds at a step, from 0, of the numbers that may change (study/curve.h). The members are the largest on the
 * way.
 */
double vqc_settings_learning_rate(const vqc_settings *settings, int64_t step);
double vqc_settings_crop_power(const vqc_settings *settings, int64_t step);
int64_t vqc_settings_overview(const vqc_settings *settings, int64_t crops, int64_t step); /* at most all crops */
double vqc_settings_grey(const vqc_settings *settings, int64_t step);
double vqc_settings_noise(const vqc_settings *settings, int64_t step);
double vqc_settings_motion_zoom(const vqc_settings *settings, int64_t step);
double vqc_settings_motion_rotate(const vqc_settings *settings, int64_t step);
double vqc_settings_motion_shift_x(const vqc_settings *settings, int64_t step);
double vqc_settings_motion_shift_y(const vqc_settings *settings, int64_t step);
double vqc_settings_motion_tilt_x(const vqc_settings *settings, int64_t step);
double vqc_settings_motion_tilt_y(const vqc_settings *settings, int64_t step);
double vqc_settings_l2_weight(const vqc_settings *settings, int64_t step); /* before its schedule */

/* Whether the picture is moved before this step, from 0; the latest step up to `step` that it makes the optimiser
 * begin afresh at, 0 if none. */
bool vqc_settings_motion_due(const vqc_settings *settings, int64_t step);
int64_t vqc_settings_motion_moves(const vqc_settings *settings); /* of all steps */
int64_t vqc_settings_motion_restart(const vqc_settings *settings, int64_t step);

/* Applies the keys of a mapping to the settings, apart from those of the table `except` (NULL: none). VQC_BAD_INPUT
 * names file, line, column and key; for unknown keys the nearest known one. */
VQC_MUST_CHECK vqc_status vqc_settings_apply(vqc_settings *settings, const vqc_yaml_node *mapping,
                                             const vqc_schema *except, vqc_error *error);

/* Applies one setting given by its dotted key ("optimizer.lr"); `place` is where the key stands. */
VQC_MUST_CHECK vqc_status vqc_settings_apply_key(vqc_settings *settings, const char *key, const vqc_yaml_node *value,
                                                 const vqc_yaml_node *place, vqc_error *error);

/* Checks what single values cannot show: that numbers fit each other. After VQC_BAD_INPUT *key_out is the dotted key
 * that is at fault. */
VQC_MUST_CHECK vqc_status vqc_settings_check(const vqc_settings *settings, const char **key_out, vqc_error *error);

/* Appends the settings as the lines of a job file's `render` mapping, indented by two; numbers in full, so that
 * reading them again gives the same values. */
VQC_MUST_CHECK vqc_status vqc_settings_write(const vqc_settings *settings, vqc_text *text, vqc_error *error);

/* How many snapshots a render with these settings keeps. */
int64_t vqc_settings_snapshot_count(const vqc_settings *settings);

#endif
