#include "study/settings.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* What a curve of whole numbers comes to, rounded down; what is meant as one is not lost to a quotient's last bit. */
static int64_t whole_at(const vqc_curve *curve, int64_t constant, int64_t step)
{
    return (int64_t)floor(vqc_curve_at(curve, (double)constant, step) + 1e-9);
}

int64_t vqc_settings_crops(const vqc_settings *settings, int64_t own, int64_t step)
{
    return own > 0 ? own : whole_at(&settings->crop_count_curve, settings->crop_count, step);
}

int64_t vqc_settings_most_crops(const vqc_settings *settings, int64_t own)
{
    return own > 0 ? own : settings->crop_count;
}

int64_t vqc_settings_batch(const vqc_settings *settings, int64_t own)
{
    const int64_t crops = vqc_settings_most_crops(settings, own);
    return settings->crop_group < crops ? settings->crop_group : crops;
}

int64_t vqc_settings_cells(const vqc_settings *settings, int64_t side, int64_t factor)
{
    return (side + (settings->size_rounding == VQC_SIZES_UP ? factor - 1 : 0)) / factor;
}

void vqc_settings_default_of(vqc_edition edition, vqc_settings *settings)
{
    *settings = (vqc_settings){.edition = edition};
    vqc_schema_reset(&vqc_settings_schema, settings);
    if (edition != VQC_EDITION_FIRST)
        return;
#define VQC_SETTING_FIRST(member, value) settings->member = (value);
#include "study/settings.def"
}

void vqc_settings_default(vqc_settings *settings)
{
    vqc_settings_default_of(VQC_EDITION_NOW, settings);
}

vqc_status vqc_settings_apply(vqc_settings *settings, const vqc_yaml_node *mapping, const vqc_schema *except,
                              vqc_error *error)
{
    return vqc_schema_apply(&vqc_settings_schema, settings, mapping, except, error);
}

vqc_status vqc_settings_apply_key(vqc_settings *settings, const char *key, const vqc_yaml_node *value,
                                  const vqc_yaml_node *place, vqc_error *error)
{
    return vqc_schema_apply_key(&vqc_settings_schema, settings, key, value, place, error);
}

/* Says which key is at fault, and why. */
static vqc_status fault(const char *key, const char **key_out, vqc_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static vqc_status fault(const char *key, const char **key_out, vqc_error *error, const char *format, ...)
{
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    *key_out = key;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s", reason);
}

/* Pixels can be kept of a picture alone, and a ramp that nothing follows would do nothing. */
static vqc_status mask_check(const vqc_settings *settings, const char **key_out, vqc_error *error)
{
    const vqc_mask *mask = &settings->mask;
    if (mask->keep_pixels && settings->init.kind != VQC_INIT_IMAGE)
        return fault("mask.keep", key_out, error,
                     "mask: keep: pixels needs the picture whose pixels are kept: init: {image: FILE}");
    if (mask->text != NULL && mask->rule == VQC_MASK_NONE && !mask->soft)
        return fault("mask.threshold", key_out, error, "mask: threshold: none: expected soft: true beside it");
    if (mask->feather > 0 && !mask->soft && !mask->keep_pixels)
        return fault("mask.feather", key_out, error,
                     "mask: feather: expected soft: true or keep: pixels beside it, without "
                     "which a cell moves or does not");
    return VQC_OK;
}

double vqc_settings_learning_rate(const vqc_settings *settings, int64_t step)
{
    const double end = settings->learning_rate_end;
    if (end < 0.0 || settings->steps < 2)
        return vqc_curve_at(&settings->learning_rate_curve, settings->learning_rate, step);
    return settings->learning_rate + (end - settings->learning_rate) * (double)step / (double)(settings->steps - 1);
}

double vqc_settings_crop_power(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->crop_power_curve, settings->crop_power, step);
}

int64_t vqc_settings_overview(const vqc_settings *settings, int64_t crops, int64_t step)
{
    const int64_t overviews = whole_at(&settings->crop_overview_curve, settings->crop_overview, step);
    return overviews < crops ? overviews : crops;
}

double vqc_settings_grey(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->crop_grey_curve, settings->crop_grey, step);
}

double vqc_settings_noise(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->noise_curve, settings->noise, step);
}

double vqc_settings_l2_weight(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->l2_weight_curve, settings->l2_weight, step);
}

double vqc_settings_motion_zoom(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->motion_zoom_curve, settings->motion_zoom, step);
}

double vqc_settings_motion_rotate(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->motion_rotate_curve, settings->motion_rotate, step);
}

double vqc_settings_motion_shift_x(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->motion_shift_x_curve, settings->motion_shift_x, step);
}

double vqc_settings_motion_shift_y(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->motion_shift_y_curve, settings->motion_shift_y, step);
}

double vqc_settings_motion_tilt_x(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->motion_tilt_x_curve, settings->motion_tilt_x, step);
}

double vqc_settings_motion_tilt_y(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->motion_tilt_y_curve, settings->motion_tilt_y, step);
}

bool vqc_settings_motion_due(const vqc_settings *settings, int64_t step)
{
    return settings->motion_every > 0 && step > 0 && step % settings->motion_every == 0;
}

int64_t vqc_settings_motion_moves(const vqc_settings *settings)
{
    return settings->motion_every > 0 ? (settings->steps - 1) / settings->motion_every : 0;
}

int64_t vqc_settings_motion_restart(const vqc_settings *settings, int64_t step)
{
    return settings->motion_every > 0 && settings->motion_restarts ? step - step % settings->motion_every : 0;
}

static bool motion_tilts(const vqc_settings *settings)
{
    return settings->motion_tilt_x_curve.count > 0 || settings->motion_tilt_x != 0.0 ||
           settings->motion_tilt_y_curve.count > 0 || settings->motion_tilt_y != 0.0;
}

/* Whether the settings say a way to move. */
static bool motion_moves(const vqc_settings *settings)
{
    return settings->motion_zoom_curve.count > 0 || settings->motion_zoom != 1.0 ||
           settings->motion_rotate_curve.count > 0 || settings->motion_rotate != 0.0 ||
           settings->motion_shift_x_curve.count > 0 || settings->motion_shift_x != 0.0 ||
           settings->motion_shift_y_curve.count > 0 || settings->motion_shift_y != 0.0 || motion_tilts(settings);
}

/* A picture that moves leaves behind what belongs to a place: a mask, the start, an average of pictures. */
static vqc_status motion_check(const vqc_settings *settings, const char **key_out, vqc_error *error)
{
    const bool moves = motion_moves(settings);
    if (settings->motion_every == 0)
        return !moves && settings->motion_border == VQC_MOTION_EDGE && !settings->motion_restarts
                   ? VQC_OK
                   : fault("motion.every", key_out, error, "motion: expected every, the steps between two moves");
    if (!moves)
        return fault("motion.every", key_out, error,
                     "motion.every: expected zoom, rotate, shift_x, shift_y, tilt_x or tilt_y beside it");
    if (settings->mask.file != NULL || settings->mask.text != NULL)
        return fault("motion.every", key_out, error,
                     "motion: expected no mask beside it, which would not move with the picture");
    if (settings->l2_towards_start || settings->likeness_weight > 0.0)
        return fault("motion.every", key_out, error,
                     "motion: expected no %s beside it: the start would not move with the picture",
                     settings->l2_towards_start ? "l2.towards: start" : "likeness.weight");
    if (settings->average > 0.0)
        return fault("motion.every", key_out, error,
                     "motion: expected no average beside it, which would be of pictures in several places");
    return VQC_OK;
}

/* Where there never are overviews nothing can be for them alone, or for the others. */
static vqc_status augmented_check(const vqc_settings *settings, const char **key_out, vqc_error *error)
{
    const vqc_field *overview = vqc_schema_find(&vqc_settings_schema, "crops.overview");
    for (int i = 0; i < settings->augmentation_count; i++)
        if (settings->augmentations[i].crops != VQC_AUGMENTED_ALL &&
            !vqc_schema_has(&vqc_settings_schema, settings, overview))
            return fault(
                "augment", key_out, error,
                "augment: crops of number %d in the list: expected crops.method overview or pooled beside it, "
                "with crops.overview",
                i + 1);
    return VQC_OK;
}

vqc_status vqc_settings_check(const vqc_settings *settings, const char **key_out, vqc_error *error)
{
    VQC_TRY(motion_check(settings, key_out, error));
    if (settings->learning_rate_curve.count > 0 && settings->learning_rate_end >= 0.0)
        return fault("optimizer.lr_end", key_out, error,
                     "optimizer.lr_end: expected none beside a curve of optimizer.lr, found %g",
                     settings->learning_rate_end);
    if (settings->l2_weight_curve.count > 0 && settings->l2_schedule != VQC_L2_NONE)
        return fault("l2.weight", key_out, error,
                     "l2.schedule: expected none beside a curve of l2.weight, which says all of how it goes on");
    if (settings->steps < settings->snapshots)
        return fault("snapshots", key_out, error, "snapshots: expected at most the %lld steps, found %lld",
                     (long long)settings->steps, (long long)settings->snapshots);
    VQC_TRY(augmented_check(settings, key_out, error));
    if (settings->crop_overview > settings->crop_count)
        return fault("crops.overview", key_out, error,
                     "crops.overview: expected at most the %lld of crops.count, found %lld",
                     (long long)settings->crop_count, (long long)settings->crop_overview);
    return mask_check(settings, key_out, error);
}

vqc_status vqc_settings_write(const vqc_settings *settings, vqc_text *text, vqc_error *error)
{
    return vqc_schema_write(&vqc_settings_schema, settings, text, error);
}

int64_t vqc_settings_snapshot_count(const vqc_settings *settings)
{
    return settings->snapshots == 0 ? 0 : settings->steps / settings->snapshots;
}
