#include "study/settings.h"

#include <stdio.h>
#include <string.h>

#include "config/yaml_write.h"

enum { MAX_SIDE = 16384, MAX_STEPS = 1000000, MAX_CROPS = 65536, KEY_SIZE = 128 };

/* The augmentations with their published parameters (kornia's, as the public notebooks use them). */
typedef struct augmentation_entry {
    const char *code;
    vqc_augmentation defaults;
} augmentation_entry;

static const augmentation_entry augmentations[] = {
#define VQC_AUGMENTATION(kind_, identifier, code, ...)                                                               \
    [VQC_AUGMENTATION_##kind_] = {code, {.kind = VQC_AUGMENTATION_##kind_, __VA_ARGS__}},
#include "study/augmentations.def"
};

/* By vqc_crop_method. */
static const char *const crop_methods[] = {"original", "pooled"};

enum { CROP_METHOD_COUNT = sizeof crop_methods / sizeof crop_methods[0] };
enum { DEFAULT_COUNT = 4 /* those of the paper */ };

const char *vqc_augmentation_code(vqc_augmentation_kind kind)
{
    return augmentations[kind].code;
}

vqc_augmentation vqc_augmentation_default(vqc_augmentation_kind kind)
{
    return augmentations[kind].defaults;
}

/* What else than a learning rate an optimiser may have. */
enum {
    OPTION_BETAS = 1 << 0,
    OPTION_ALPHA = 1 << 1,
    OPTION_PROJECTION = 1 << 2 /* delta and wd_ratio */
};

/* The optimisers with the defaults of torch.optim, and of the package torch_optimizer for DiffGrad and AdamP. All
 * have eps and weight_decay. */
typedef struct optimiser_entry {
    const char *name;
    int options;
    double epsilon, weight_decay;
} optimiser_entry;

static const optimiser_entry optimisers[] = {
    [VQC_OPTIMISER_ADAM] = {"adam", OPTION_BETAS, 1e-8, 0.0},
    [VQC_OPTIMISER_ADAMW] = {"adamw", OPTION_BETAS, 1e-8, 0.01},
    [VQC_OPTIMISER_ADAGRAD] = {"adagrad", 0, 1e-10, 0.0},
    [VQC_OPTIMISER_ADAMAX] = {"adamax", OPTION_BETAS, 1e-8, 0.0},
    [VQC_OPTIMISER_DIFFGRAD] = {"diffgrad", OPTION_BETAS, 1e-8, 0.0},
    [VQC_OPTIMISER_ADAMP] = {"adamp", OPTION_BETAS | OPTION_PROJECTION, 1e-8, 0.0},
    [VQC_OPTIMISER_RADAM] = {"radam", OPTION_BETAS, 1e-8, 0.0},
    [VQC_OPTIMISER_RMSPROP] = {"rmsprop", OPTION_ALPHA, 1e-8, 0.0},
};

enum { OPTIMISER_COUNT = sizeof optimisers / sizeof optimisers[0] };

/* Turns to an optimiser, with its defaults but for the learning rate. */
static void optimiser_choose(vqc_settings *settings, vqc_optimiser_kind optimiser)
{
    settings->optimiser = optimiser;
    settings->beta1 = 0.9;
    settings->beta2 = 0.999;
    settings->epsilon = optimisers[optimiser].epsilon;
    settings->weight_decay = optimisers[optimiser].weight_decay;
    settings->alpha = 0.99;
    settings->delta = 0.1;
    settings->wd_ratio = 0.1;
}

static const char *const l2_schedules[] = {
    [VQC_L2_LINEAR] = "linear", [VQC_L2_RECIPROCAL] = "reciprocal", [VQC_L2_STEPS] = "steps"};

enum { L2_SCHEDULE_COUNT = sizeof l2_schedules / sizeof l2_schedules[0] };

/* Turns to a schedule of the L2 term, with its published numbers. */
static void l2_schedule_choose(vqc_settings *settings, vqc_l2_schedule schedule)
{
    static const double decays[] = {[VQC_L2_LINEAR] = 0.005, [VQC_L2_RECIPROCAL] = 0.0, [VQC_L2_STEPS] = 0.2};
    settings->l2_schedule = schedule;
    settings->l2_decay = decays[schedule];
    settings->l2_every = 50;
}

void vqc_settings_default(vqc_settings *settings)
{
    *settings = (vqc_settings){
        .width = 256,
        .height = 256,
        .steps = 400,
        .learning_rate = 0.15,
        .learning_rate_end = -1.0,
        .crop_count = 32,
        .crop_power = 1.0,
        .crop_group = 16,
        .augmentation_count = DEFAULT_COUNT,
        .noise = 0.1,
        .l2_weight = 0.1,
        .clamp = true,
        .init = {.kind = VQC_INIT_RANDOM},
        .snapshots = 0,
    };
    optimiser_choose(settings, VQC_OPTIMISER_ADAM);
    l2_schedule_choose(settings, VQC_L2_LINEAR);
    for (int i = 0; i < DEFAULT_COUNT; i++)
        settings->augmentations[i] = augmentations[i].defaults;
}

int64_t vqc_settings_batch(const vqc_settings *settings)
{
    return settings->crop_group < settings->crop_count ? settings->crop_group : settings->crop_count;
}

static vqc_status set_size(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    int64_t size[2];
    size_t count;
    VQC_TRY(vqc_yaml_read_integers(value, 1, MAX_SIDE, 2, size, &count, error));
    if (count != 2)
        return vqc_yaml_error(value, error, "expected [width, height]");
    settings->width = size[0];
    settings->height = size[1];
    return VQC_OK;
}

static vqc_status set_steps(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_integer(value, 1, MAX_STEPS, &settings->steps, error);
}

static vqc_status set_optimizer_name(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    const char *words[OPTIMISER_COUNT];
    size_t choice;
    for (int i = 0; i < OPTIMISER_COUNT; i++)
        words[i] = optimisers[i].name;
    VQC_TRY(vqc_yaml_read_choice(value, words, OPTIMISER_COUNT, &choice, error));
    if (settings->optimiser != (vqc_optimiser_kind)choice)
        optimiser_choose(settings, (vqc_optimiser_kind)choice);
    return VQC_OK;
}

static vqc_status set_learning_rate(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_real(value, 0.0, 1e6, &settings->learning_rate, error);
}

static vqc_status set_learning_rate_end(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_real(value, 0.0, 1e6, &settings->learning_rate_end, error);
}

/* Refuses an option that the chosen optimiser does not have. */
static vqc_status option_check(const vqc_settings *settings, int option, const vqc_yaml_node *value, vqc_error *error)
{
    const optimiser_entry *entry = &optimisers[settings->optimiser];
    if ((entry->options & option) != 0)
        return VQC_OK;
    return vqc_yaml_key_error(value, error, "the optimizer %s has no such option", entry->name);
}

/* A number from 0 to below 1. */
static vqc_status fraction_read(const vqc_yaml_node *value, double *fraction, vqc_error *error)
{
    VQC_TRY(vqc_yaml_read_real(value, 0.0, 1.0, fraction, error));
    return *fraction < 1.0 ? VQC_OK : vqc_yaml_error(value, error, "expected a number below 1");
}

static vqc_status set_betas(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    VQC_TRY(option_check(settings, OPTION_BETAS, value, error));
    VQC_TRY(vqc_yaml_expect(value, VQC_YAML_SEQUENCE, error));
    if (vqc_yaml_count(value) != 2)
        return vqc_yaml_error(value, error, "expected two numbers");
    VQC_TRY(fraction_read(vqc_yaml_at(value, 0), &settings->beta1, error));
    return fraction_read(vqc_yaml_at(value, 1), &settings->beta2, error);
}

/* Not zero, which would leave 0/0 where there is no gradient. */
static vqc_status set_epsilon(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_real(value, 1e-30, 1.0, &settings->epsilon, error);
}

static vqc_status set_weight_decay(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_real(value, 0.0, 1e6, &settings->weight_decay, error);
}

static vqc_status set_alpha(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    VQC_TRY(option_check(settings, OPTION_ALPHA, value, error));
    return fraction_read(value, &settings->alpha, error);
}

static vqc_status set_delta(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    VQC_TRY(option_check(settings, OPTION_PROJECTION, value, error));
    return vqc_yaml_read_real(value, 0.0, 1e6, &settings->delta, error);
}

static vqc_status set_wd_ratio(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    VQC_TRY(option_check(settings, OPTION_PROJECTION, value, error));
    return vqc_yaml_read_real(value, 0.0, 1e6, &settings->wd_ratio, error);
}

static vqc_status set_crop_count(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_integer(value, 1, MAX_CROPS, &settings->crop_count, error);
}

static vqc_status set_crop_method(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    size_t choice;
    VQC_TRY(vqc_yaml_read_choice(value, crop_methods, CROP_METHOD_COUNT, &choice, error));
    settings->crop_method = (vqc_crop_method)choice;
    return VQC_OK;
}

static vqc_status set_crop_power(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_real(value, 0.0, 1e3, &settings->crop_power, error);
}

static vqc_status set_crop_group(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_integer(value, 1, MAX_CROPS, &settings->crop_group, error);
}

static vqc_status set_noise(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_real(value, 0.0, 10.0, &settings->noise, error);
}

static vqc_status set_l2_weight(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_real(value, 0.0, 1e6, &settings->l2_weight, error);
}

static vqc_status set_l2_schedule(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    size_t choice;
    VQC_TRY(vqc_yaml_read_choice(value, l2_schedules, L2_SCHEDULE_COUNT, &choice, error));
    if (settings->l2_schedule != (vqc_l2_schedule)choice)
        l2_schedule_choose(settings, (vqc_l2_schedule)choice);
    return VQC_OK;
}

/* Refuses an option that the chosen schedule does not have. */
static vqc_status l2_refuse(const vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_key_error(value, error, "the schedule %s has no such option",
                              l2_schedules[settings->l2_schedule]);
}

static vqc_status set_l2_every(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    if (settings->l2_schedule != VQC_L2_STEPS)
        return l2_refuse(settings, value, error);
    return vqc_yaml_read_integer(value, 1, MAX_STEPS, &settings->l2_every, error);
}

static vqc_status set_l2_towards(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    static const char *const words[] = {"zero", "start"};
    size_t choice;
    VQC_TRY(vqc_yaml_read_choice(value, words, 2, &choice, error));
    settings->l2_towards_start = choice == 1;
    return VQC_OK;
}

static vqc_status set_l2_decay(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    if (settings->l2_schedule == VQC_L2_RECIPROCAL)
        return l2_refuse(settings, value, error);
    double most = settings->l2_schedule == VQC_L2_STEPS ? 1.0 : 1e6;
    return vqc_yaml_read_real(value, 0.0, most, &settings->l2_decay, error);
}

static vqc_status set_average(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return fraction_read(value, &settings->average, error);
}

static vqc_status set_clamp(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_bool(value, &settings->clamp, error);
}

static vqc_status set_recompute(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_bool(value, &settings->recompute, error);
}

static vqc_status set_snapshots(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_integer(value, 0, MAX_STEPS, &settings->snapshots, error);
}

static vqc_status set_mask(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    return vqc_yaml_read_text(value, &settings->mask, error);
}

/* The text under a key that must be there. */
static vqc_status text_require(const vqc_yaml_node *mapping, const char *key, const char **text_out, vqc_error *error)
{
    const vqc_yaml_node *node;
    VQC_TRY(vqc_yaml_require(mapping, key, &node, error));
    return vqc_yaml_read_text(node, text_out, error);
}

static vqc_status init_read_codes(const vqc_yaml_node *value, vqc_init *init, vqc_error *error)
{
    static const char *const known[] = {"file", "tensor"};
    VQC_TRY(vqc_yaml_check_keys(value, known, sizeof known / sizeof known[0], error));
    init->kind = VQC_INIT_CODES;
    VQC_TRY(text_require(value, "file", &init->file, error));
    return text_require(value, "tensor", &init->tensor, error);
}

static vqc_status init_read_latent(const vqc_yaml_node *value, vqc_init *init, vqc_error *error)
{
    static const char *const known[] = {"archive", "render"};
    const vqc_yaml_node *render;
    VQC_TRY(vqc_yaml_check_keys(value, known, sizeof known / sizeof known[0], error));
    init->kind = VQC_INIT_LATENT;
    VQC_TRY(text_require(value, "archive", &init->file, error));
    VQC_TRY(vqc_yaml_require(value, "render", &render, error));
    return vqc_yaml_read_integer(render, 0, INT32_MAX, &init->render, error);
}

static vqc_status init_read_mapping(const vqc_yaml_node *value, vqc_init *init, vqc_error *error)
{
    static const char *const known[] = {"image", "codes", "latent"};
    VQC_TRY(vqc_yaml_check_keys(value, known, sizeof known / sizeof known[0], error));
    if (vqc_yaml_count(value) != 1)
        return vqc_yaml_error(value, error, "expected one of image, codes, latent");
    const vqc_yaml_node *inner = vqc_yaml_at(value, 0);
    if (strcmp(vqc_yaml_key(inner), "codes") == 0)
        return init_read_codes(inner, init, error);
    if (strcmp(vqc_yaml_key(inner), "latent") == 0)
        return init_read_latent(inner, init, error);
    init->kind = VQC_INIT_IMAGE;
    return vqc_yaml_read_text(inner, &init->file, error);
}

static vqc_status set_init(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    static const char *const words[] = {"random", "pixels", "gradient"};
    static const vqc_init_kind kinds[] = {VQC_INIT_RANDOM, VQC_INIT_PIXELS, VQC_INIT_GRADIENT};
    size_t choice;
    settings->init = (vqc_init){0};
    if (vqc_yaml_kind_of(value) == VQC_YAML_MAPPING)
        return init_read_mapping(value, &settings->init, error);
    VQC_TRY(vqc_yaml_read_choice(value, words, 3, &choice, error));
    settings->init.kind = kinds[choice];
    return VQC_OK;
}

static const augmentation_entry *augmentation_find(const char *code)
{
    for (int i = 0; i < VQC_AUGMENTATION_COUNT; i++)
        if (strcmp(augmentations[i].code, code) == 0)
            return &augmentations[i];
    return NULL;
}

/* Refuses a code that is none. */
static vqc_status augmentation_refuse(const vqc_yaml_node *node, const char *code, vqc_error *error)
{
    char codes[8 * VQC_AUGMENTATION_COUNT];
    size_t size = 0;
    for (int i = 0; i < VQC_AUGMENTATION_COUNT; i++)
        size +=
            (size_t)snprintf(codes + size, sizeof codes - size, "%s%s", i == 0 ? "" : ", ", augmentations[i].code);
    return vqc_yaml_error(node, error, "expected one of %s, found %s", codes, code);
}

/* Starts an augmentation from its code. */
static vqc_status augmentation_start(const vqc_yaml_node *node, vqc_augmentation *augmentation, vqc_error *error)
{
    const char *code;
    VQC_TRY(vqc_yaml_read_text(node, &code, error));
    const augmentation_entry *entry = augmentation_find(code);
    if (entry == NULL)
        return augmentation_refuse(node, code, error);
    *augmentation = entry->defaults;
    return VQC_OK;
}

/* A range of numbers, as [from, to]. */
static vqc_status range_read(const vqc_yaml_node *node, double minimum, double maximum, double range[2],
                             vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(node, VQC_YAML_SEQUENCE, error));
    if (vqc_yaml_count(node) != 2)
        return vqc_yaml_error(node, error, "expected two numbers, [from, to]");
    for (size_t i = 0; i < 2; i++)
        VQC_TRY(vqc_yaml_read_real(vqc_yaml_at(node, i), minimum, maximum, &range[i], error));
    if (range[0] > range[1])
        return vqc_yaml_error(node, error, "expected [from, to], found %g above %g", range[0], range[1]);
    return VQC_OK;
}

/* A parameter of an augmentation: which kinds have it, its range and its place. */
static vqc_status parameter_read(const vqc_yaml_node *node, vqc_augmentation *a, vqc_error *error)
{
    const struct {
        const char *key;
        double *value;
        double minimum, maximum;
        vqc_augmentation_kind kind;
        bool is_range; /* two numbers */
    } parameters[] = {
        {"degrees", &a->degrees, 0.0, 180.0, VQC_AUGMENTATION_AFFINE, false},
        {"translate", &a->translate, 0.0, 1.0, VQC_AUGMENTATION_AFFINE, false},
        {"shear", &a->shear, 0.0, 80.0, VQC_AUGMENTATION_AFFINE, false},
        {"distortion", &a->distortion, 0.0, 1.0, VQC_AUGMENTATION_PERSPECTIVE, false},
        {"brightness", &a->brightness, 0.0, 1.0, VQC_AUGMENTATION_JITTER, false},
        {"contrast", &a->contrast, 0.0, 1.0, VQC_AUGMENTATION_JITTER, false},
        {"saturation", &a->saturation, 0.0, 1.0, VQC_AUGMENTATION_JITTER, false},
        {"hue", &a->hue, 0.0, 0.5, VQC_AUGMENTATION_JITTER, false},
        {"degrees", &a->degrees, 0.0, 180.0, VQC_AUGMENTATION_ROTATION, false},
        {"scale", a->scale, 0.001, 1.0, VQC_AUGMENTATION_RESIZED_CROP, true},
        {"ratio", a->ratio, 0.01, 100.0, VQC_AUGMENTATION_RESIZED_CROP, true},
        {"size", &a->size, 0.01, 1.0, VQC_AUGMENTATION_CROP, false},
        {"std", &a->deviation, 0.0, 10.0, VQC_AUGMENTATION_NOISE, false},
        {"scale", a->scale, 0.0, 1.0, VQC_AUGMENTATION_ERASE, true},
        {"ratio", a->ratio, 0.01, 100.0, VQC_AUGMENTATION_ERASE, true},
        {"sharpness", &a->sharpness, 0.0, 1.0, VQC_AUGMENTATION_SHARPNESS, false},
        {"scale", &a->reach, 0.0, 2.0, VQC_AUGMENTATION_SPLINE, false},
        {"alpha", &a->strength, 0.0, 100.0, VQC_AUGMENTATION_ELASTIC, false},
        {"p", &a->probability, 0.0, 1.0, a->kind, false},
    };
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        if (strcmp(vqc_yaml_key(node), parameters[i].key) != 0 || parameters[i].kind != a->kind)
            continue;
        if (parameters[i].is_range)
            return range_read(node, parameters[i].minimum, parameters[i].maximum, parameters[i].value, error);
        return vqc_yaml_read_real(node, parameters[i].minimum, parameters[i].maximum, parameters[i].value, error);
    }
    if (strcmp(vqc_yaml_key(node), "padding") == 0 && a->kind == VQC_AUGMENTATION_AFFINE) {
        static const char *const words[] = {"zeros", "border"};
        size_t choice;
        VQC_TRY(vqc_yaml_read_choice(node, words, 2, &choice, error));
        a->border = choice == 1;
        return VQC_OK;
    }
    return vqc_yaml_error(node, error, "this augmentation has no such parameter");
}

static vqc_status augmentation_read(const vqc_yaml_node *node, vqc_augmentation *augmentation, vqc_error *error)
{
    if (vqc_yaml_kind_of(node) == VQC_YAML_SCALAR)
        return augmentation_start(node, augmentation, error);
    const vqc_yaml_node *name;
    VQC_TRY(vqc_yaml_require(node, "name", &name, error));
    VQC_TRY(augmentation_start(name, augmentation, error));
    for (size_t i = 0; i < vqc_yaml_count(node); i++)
        if (vqc_yaml_at(node, i) != name)
            VQC_TRY(parameter_read(vqc_yaml_at(node, i), augmentation, error));
    return VQC_OK;
}

static vqc_status set_augment(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(value, VQC_YAML_SEQUENCE, error));
    if (vqc_yaml_count(value) > VQC_SETTINGS_MAX_AUGMENTATIONS)
        return vqc_yaml_error(value, error, "expected at most %d augmentations", VQC_SETTINGS_MAX_AUGMENTATIONS);
    for (size_t i = 0; i < vqc_yaml_count(value); i++)
        VQC_TRY(augmentation_read(vqc_yaml_at(value, i), &settings->augmentations[i], error));
    settings->augmentation_count = (int)vqc_yaml_count(value);
    return VQC_OK;
}

/* Every setting, by its dotted key. */
typedef struct setting {
    const char *key;
    vqc_status (*set)(vqc_settings *settings, const vqc_yaml_node *value, vqc_error *error);
} setting;

static const setting known_settings[] = {
    {"size", set_size},
    {"steps", set_steps},
    {"optimizer.name", set_optimizer_name},
    {"optimizer.lr", set_learning_rate},
    {"optimizer.lr_end", set_learning_rate_end},
    {"optimizer.betas", set_betas},
    {"optimizer.eps", set_epsilon},
    {"optimizer.weight_decay", set_weight_decay},
    {"optimizer.alpha", set_alpha},
    {"optimizer.delta", set_delta},
    {"optimizer.wd_ratio", set_wd_ratio},
    {"crops.count", set_crop_count},
    {"crops.method", set_crop_method},
    {"crops.power", set_crop_power},
    {"crops.group", set_crop_group},
    {"augment", set_augment},
    {"noise", set_noise},
    {"l2.weight", set_l2_weight},
    {"l2.decay", set_l2_decay},
    {"l2.schedule", set_l2_schedule},
    {"l2.every", set_l2_every},
    {"l2.towards", set_l2_towards},
    {"average", set_average},
    {"clamp", set_clamp},
    {"init", set_init},
    {"recompute", set_recompute},
    {"snapshots", set_snapshots},
    {"mask", set_mask},
};

enum { SETTING_COUNT = sizeof known_settings / sizeof known_settings[0] };

static const setting *setting_find(const char *key)
{
    for (int i = 0; i < SETTING_COUNT; i++)
        if (strcmp(known_settings[i].key, key) == 0)
            return &known_settings[i];
    return NULL;
}

/* Refuses an unknown dotted key with the nearest known one. */
static vqc_status key_refuse(const vqc_yaml_node *place, const char *key, vqc_error *error)
{
    const char *names[SETTING_COUNT];
    for (int i = 0; i < SETTING_COUNT; i++)
        names[i] = known_settings[i].key;
    return vqc_yaml_key_error(place, error, "unknown setting %s, the nearest known one is %s", key,
                              vqc_yaml_nearest(names, SETTING_COUNT, key));
}

vqc_status vqc_settings_apply_key(vqc_settings *settings, const char *key, const vqc_yaml_node *value,
                                  const vqc_yaml_node *place, vqc_error *error)
{
    const setting *found = setting_find(key);
    return found == NULL ? key_refuse(place, key, error) : found->set(settings, value, error);
}

/* Whether the word is in a NULL-terminated list. */
static bool is_among(const char *const *list, const char *word)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

/* Settings that say which others there are beside them, and so are applied before these: the order of keys has no
 * meaning. */
static const char *const leading_settings[] = {"optimizer.name", "l2.schedule"};

/* Applies those that stand in the mapping whose keys stand under the prefix. */
static vqc_status leading_apply(vqc_settings *settings, const char *prefix, const vqc_yaml_node *mapping,
                                vqc_error *error)
{
    size_t length = strlen(prefix);
    for (size_t i = 0; i < sizeof leading_settings / sizeof leading_settings[0]; i++) {
        const char *key = leading_settings[i];
        const vqc_yaml_node *value = strncmp(key, prefix, length) == 0 ? vqc_yaml_find(mapping, key + length) : NULL;
        if (value != NULL)
            VQC_TRY(setting_find(key)->set(settings, value, error));
    }
    return VQC_OK;
}

/* Applies a mapping whose keys stand under the prefix. */
static vqc_status mapping_apply(vqc_settings *settings, const char *prefix, const vqc_yaml_node *mapping,
                                const char *const *except, vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(mapping, VQC_YAML_MAPPING, error));
    VQC_TRY(leading_apply(settings, prefix, mapping, error));
    for (size_t i = 0; i < vqc_yaml_count(mapping); i++) {
        const vqc_yaml_node *value = vqc_yaml_at(mapping, i);
        char key[KEY_SIZE];
        if (is_among(except, vqc_yaml_key(value)))
            continue;
        int size = snprintf(key, sizeof key, "%s%s", prefix, vqc_yaml_key(value));
        if (size < 0 || (size_t)size + 1 >= sizeof key)
            return vqc_yaml_error(value, error, "unknown setting");
        if (setting_find(key) != NULL || vqc_yaml_kind_of(value) != VQC_YAML_MAPPING || prefix[0] != '\0') {
            VQC_TRY(vqc_settings_apply_key(settings, key, value, value, error));
            continue;
        }
        key[size] = '.';
        key[size + 1] = '\0';
        VQC_TRY(mapping_apply(settings, key, value, NULL, error));
    }
    return VQC_OK;
}

vqc_status vqc_settings_apply(vqc_settings *settings, const vqc_yaml_node *mapping, const char *const *except,
                              vqc_error *error)
{
    return mapping_apply(settings, "", mapping, except, error);
}

vqc_status vqc_settings_check(const vqc_settings *settings, const vqc_yaml_node *place, vqc_error *error)
{
    if (settings->steps < settings->snapshots)
        return vqc_yaml_error(place, error, "snapshots: expected at most the %lld steps, found %lld",
                              (long long)settings->steps, (long long)settings->snapshots);
    return VQC_OK;
}

static vqc_status init_write(const vqc_init *init, vqc_text *text, vqc_error *error)
{
    switch (init->kind) {
    case VQC_INIT_RANDOM:
        return vqc_text_append(text, error, "  init: random\n");
    case VQC_INIT_PIXELS:
        return vqc_text_append(text, error, "  init: pixels\n");
    case VQC_INIT_GRADIENT:
        return vqc_text_append(text, error, "  init: gradient\n");
    case VQC_INIT_IMAGE:
        VQC_TRY(vqc_text_append(text, error, "  init: {image: "));
        VQC_TRY(vqc_yaml_quote(init->file, text, error));
        return vqc_text_append(text, error, "}\n");
    case VQC_INIT_CODES:
        VQC_TRY(vqc_text_append(text, error, "  init: {codes: {file: "));
        VQC_TRY(vqc_yaml_quote(init->file, text, error));
        VQC_TRY(vqc_text_append(text, error, ", tensor: "));
        VQC_TRY(vqc_yaml_quote(init->tensor, text, error));
        return vqc_text_append(text, error, "}}\n");
    case VQC_INIT_LATENT:
        VQC_TRY(vqc_text_append(text, error, "  init: {latent: {archive: "));
        VQC_TRY(vqc_yaml_quote(init->file, text, error));
        return vqc_text_append(text, error, ", render: %lld}}\n", (long long)init->render);
    }
    return VQC_OK;
}

/* The parameters of an augmentation behind its probability. */
static vqc_status parameters_write(const vqc_augmentation *a, vqc_text *text, vqc_error *error)
{
    switch (a->kind) {
    case VQC_AUGMENTATION_FLIP:
        break;
    case VQC_AUGMENTATION_AFFINE:
        return vqc_text_append(text, error, ", degrees: %.17g, translate: %.17g, shear: %.17g, padding: %s",
                               a->degrees, a->translate, a->shear, a->border ? "border" : "zeros");
    case VQC_AUGMENTATION_PERSPECTIVE:
        return vqc_text_append(text, error, ", distortion: %.17g", a->distortion);
    case VQC_AUGMENTATION_JITTER:
        return vqc_text_append(text, error, ", brightness: %.17g, contrast: %.17g, saturation: %.17g, hue: %.17g",
                               a->brightness, a->contrast, a->saturation, a->hue);
    case VQC_AUGMENTATION_ROTATION:
        return vqc_text_append(text, error, ", degrees: %.17g", a->degrees);
    case VQC_AUGMENTATION_RESIZED_CROP:
    case VQC_AUGMENTATION_ERASE:
        return vqc_text_append(text, error, ", scale: [%.17g, %.17g], ratio: [%.17g, %.17g]", a->scale[0],
                               a->scale[1], a->ratio[0], a->ratio[1]);
    case VQC_AUGMENTATION_CROP:
        return vqc_text_append(text, error, ", size: %.17g", a->size);
    case VQC_AUGMENTATION_NOISE:
        return vqc_text_append(text, error, ", std: %.17g", a->deviation);
    case VQC_AUGMENTATION_SHARPNESS:
        return vqc_text_append(text, error, ", sharpness: %.17g", a->sharpness);
    case VQC_AUGMENTATION_SPLINE:
        return vqc_text_append(text, error, ", scale: %.17g", a->reach);
    case VQC_AUGMENTATION_ELASTIC:
        return vqc_text_append(text, error, ", alpha: %.17g", a->strength);
    }
    return VQC_OK;
}

static vqc_status augmentation_write(const vqc_augmentation *a, vqc_text *text, vqc_error *error)
{
    VQC_TRY(
        vqc_text_append(text, error, "    - {name: %s, p: %.17g", vqc_augmentation_code(a->kind), a->probability));
    VQC_TRY(parameters_write(a, text, error));
    return vqc_text_append(text, error, "}\n");
}

static vqc_status augmentations_write(const vqc_settings *settings, vqc_text *text, vqc_error *error)
{
    if (settings->augmentation_count == 0)
        return vqc_text_append(text, error, "  augment: []\n");
    VQC_TRY(vqc_text_append(text, error, "  augment:\n"));
    for (int i = 0; i < settings->augmentation_count; i++)
        VQC_TRY(augmentation_write(&settings->augmentations[i], text, error));
    return VQC_OK;
}

/* The option where it differs from the default. */
static vqc_status option_write(const char *key, double value, double usual, vqc_text *text, vqc_error *error)
{
    return value == usual ? VQC_OK : vqc_text_append(text, error, ", %s: %.17g", key, value);
}

static vqc_status optimiser_write(const vqc_settings *settings, vqc_text *text, vqc_error *error)
{
    vqc_settings usual;
    optimiser_choose(&usual, settings->optimiser);
    VQC_TRY(vqc_text_append(text, error, "  optimizer: {name: %s, lr: %.17g", optimisers[settings->optimiser].name,
                            settings->learning_rate));
    if (settings->learning_rate_end >= 0.0)
        VQC_TRY(vqc_text_append(text, error, ", lr_end: %.17g", settings->learning_rate_end));
    if (settings->beta1 != usual.beta1 || settings->beta2 != usual.beta2)
        VQC_TRY(vqc_text_append(text, error, ", betas: [%.17g, %.17g]", settings->beta1, settings->beta2));
    VQC_TRY(option_write("eps", settings->epsilon, usual.epsilon, text, error));
    VQC_TRY(option_write("weight_decay", settings->weight_decay, usual.weight_decay, text, error));
    VQC_TRY(option_write("alpha", settings->alpha, usual.alpha, text, error));
    VQC_TRY(option_write("delta", settings->delta, usual.delta, text, error));
    VQC_TRY(option_write("wd_ratio", settings->wd_ratio, usual.wd_ratio, text, error));
    return vqc_text_append(text, error, "}\n");
}

static vqc_status l2_write(const vqc_settings *settings, vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "  l2: {weight: %.17g", settings->l2_weight));
    if (settings->l2_schedule != VQC_L2_RECIPROCAL)
        VQC_TRY(vqc_text_append(text, error, ", decay: %.17g", settings->l2_decay));
    if (settings->l2_schedule != VQC_L2_LINEAR)
        VQC_TRY(vqc_text_append(text, error, ", schedule: %s", l2_schedules[settings->l2_schedule]));
    if (settings->l2_schedule == VQC_L2_STEPS)
        VQC_TRY(vqc_text_append(text, error, ", every: %lld", (long long)settings->l2_every));
    return vqc_text_append(text, error, "%s}\n", settings->l2_towards_start ? ", towards: start" : "");
}

vqc_status vqc_settings_write(const vqc_settings *settings, vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "  size: [%lld, %lld]\n  steps: %lld\n", (long long)settings->width,
                            (long long)settings->height, (long long)settings->steps));
    VQC_TRY(optimiser_write(settings, text, error));
    VQC_TRY(vqc_text_append(text, error, "  crops: {count: %lld, method: %s, power: %.17g, group: %lld}\n",
                            (long long)settings->crop_count, crop_methods[settings->crop_method],
                            settings->crop_power, (long long)settings->crop_group));
    VQC_TRY(augmentations_write(settings, text, error));
    VQC_TRY(vqc_text_append(text, error, "  noise: %.17g\n", settings->noise));
    VQC_TRY(l2_write(settings, text, error));
    if (settings->average > 0.0)
        VQC_TRY(vqc_text_append(text, error, "  average: %.17g\n", settings->average));
    VQC_TRY(vqc_text_append(text, error, "  clamp: %s\n", settings->clamp ? "true" : "false"));
    VQC_TRY(init_write(&settings->init, text, error));
    if (settings->recompute)
        VQC_TRY(vqc_text_append(text, error, "  recompute: true\n"));
    VQC_TRY(vqc_text_append(text, error, "  snapshots: %lld\n", (long long)settings->snapshots));
    if (settings->mask == NULL)
        return VQC_OK;
    VQC_TRY(vqc_text_append(text, error, "  mask: "));
    VQC_TRY(vqc_yaml_quote(settings->mask, text, error));
    return vqc_text_append(text, error, "\n");
}
