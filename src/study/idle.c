#include "study/idle.h"

#include <string.h>

#include "study/tables.h"

/* What a key's effect depends on. */
typedef struct idle_view {
    const vqc_settings *settings;
    const vqc_prompt *prompt;
    bool has_codes;
} idle_view;

static bool crops_are_pooled(const idle_view *view)
{
    return view->settings->crop_method == VQC_CROPS_POOLED;
}

static bool l2_is_off(const idle_view *view)
{
    return view->settings->l2_weight == 0.0;
}

static bool variation_is_off(const idle_view *view)
{
    return view->settings->tv_weight == 0.0;
}

static bool smoothness_is_off(const idle_view *view)
{
    return view->settings->smoothness_weight == 0.0;
}

/* The picture is moved before steps 1 and later alone. */
static bool never_moves(const idle_view *view)
{
    return vqc_settings_motion_moves(view->settings) == 0;
}

static bool motion_tilts(const vqc_settings *settings, int64_t step)
{
    return vqc_settings_motion_tilt_x(settings, step) != 0.0 || vqc_settings_motion_tilt_y(settings, step) != 0.0;
}

static bool never_tilts(const idle_view *view)
{
    for (int64_t step = 0; step < view->settings->steps; step++)
        if (vqc_settings_motion_due(view->settings, step) && motion_tilts(view->settings, step))
            return false;
    return true;
}

/* A picture that only grows leaves no place for a border. */
static bool nothing_comes_in(const idle_view *view)
{
    const vqc_settings *settings = view->settings;
    for (int64_t step = 0; step < settings->steps; step++)
        if (vqc_settings_motion_due(settings, step) &&
            (vqc_settings_motion_zoom(settings, step) < 1.0 || vqc_settings_motion_rotate(settings, step) != 0.0 ||
             vqc_settings_motion_shift_x(settings, step) != 0.0 ||
             vqc_settings_motion_shift_y(settings, step) != 0.0 || motion_tilts(settings, step)))
            return false;
    return true;
}

static bool decay_is_off(const idle_view *view)
{
    return view->settings->weight_decay == 0.0;
}

static bool last_fall_is_late(const idle_view *view)
{
    return view->settings->l2_every > view->settings->steps - 2;
}

static bool one_step(const idle_view *view)
{
    return view->settings->steps == 1;
}

static bool is_no_story(const idle_view *view)
{
    for (size_t i = 0; i < view->prompt->target_count; i++)
        if (view->prompt->targets[i].phrases > 1)
            return false;
    return true;
}

static bool fade_is_long(const idle_view *view)
{
    const vqc_settings *settings = view->settings;
    return settings->story_period > 0 && settings->story_fade > settings->story_period;
}

static bool is_free_anyway(const idle_view *view)
{
    return !view->has_codes && view->settings->parametrisation == VQC_PARAMETRISATION_FREE;
}

static bool is_not_clamped(const idle_view *view)
{
    return !view->settings->clamp;
}

static bool has_codebook(const idle_view *view)
{
    return view->has_codes;
}

static bool has_no_picture(const idle_view *view)
{
    return view->settings->init.kind != VQC_INIT_IMAGE && view->settings->mask.file == NULL;
}

/* Every key of settings.def whose effect hangs on another, and why it has none. A key may have several rows. */
static const struct {
    const char *key;
    bool (*is_idle)(const idle_view *view);
    const char *because; /* behind "the key KEY has no effect, as " */
} rows[] = {
    {.key = "optimizer.lr_end", .is_idle = one_step, .because = "there is one step"},
    {.key = "optimizer.wd_ratio", .is_idle = decay_is_off, .because = "optimizer.weight_decay is 0"},
    {.key = "crops.power", .is_idle = crops_are_pooled, .because = "crops.method: pooled takes the whole picture"},
    {.key = "l2.decay", .is_idle = l2_is_off, .because = "l2.weight is 0"},
    {.key = "l2.schedule", .is_idle = l2_is_off, .because = "l2.weight is 0"},
    {.key = "l2.every", .is_idle = l2_is_off, .because = "l2.weight is 0"},
    {.key = "l2.every", .is_idle = last_fall_is_late, .because = "the steps are over before"},
    {.key = "l2.towards", .is_idle = l2_is_off, .because = "l2.weight is 0"},
    {.key = "tv.kind", .is_idle = variation_is_off, .because = "tv.weight is 0"},
    {.key = "smoothness.kind", .is_idle = smoothness_is_off, .because = "smoothness.weight is 0"},
    {.key = "motion.every", .is_idle = never_moves, .because = "the steps are over before"},
    {.key = "motion.zoom", .is_idle = never_moves, .because = "the steps are over before motion.every"},
    {.key = "motion.rotate", .is_idle = never_moves, .because = "the steps are over before motion.every"},
    {.key = "motion.shift_x", .is_idle = never_moves, .because = "the steps are over before motion.every"},
    {.key = "motion.shift_y", .is_idle = never_moves, .because = "the steps are over before motion.every"},
    {.key = "motion.tilt_x", .is_idle = never_moves, .because = "the steps are over before motion.every"},
    {.key = "motion.tilt_y", .is_idle = never_moves, .because = "the steps are over before motion.every"},
    {.key = "motion.fov", .is_idle = never_tilts, .because = "motion.tilt_x and motion.tilt_y are 0"},
    {.key = "motion.optimizer", .is_idle = never_moves, .because = "the steps are over before motion.every"},
    {.key = "motion.border",
     .is_idle = nothing_comes_in,
     .because = "nothing comes in from outside: the picture is never moved, or only grows"},
    {.key = "story.period", .is_idle = is_no_story, .because = "no prompt has phrases, PHRASE ^ PHRASE"},
    {.key = "story.fade", .is_idle = is_no_story, .because = "no prompt has phrases, PHRASE ^ PHRASE"},
    {.key = "story.fade",
     .is_idle = fade_is_long,
     .because = "it is above story.period, which it counts as: a phrase fades all the time that it is told"},
    {.key = "latent.kind", .is_idle = is_free_anyway, .because = "without a codebook z is free"},
    {.key = "clamp_range", .is_idle = has_codebook, .because = "the generator's codebook has a range"},
    {.key = "clamp_range", .is_idle = is_not_clamped, .because = "clamp is false"},
    {.key = "fit", .is_idle = has_no_picture, .because = "there is no start picture, and no mask of a picture"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

bool vqc_study_may_be_idle(const char *key)
{
    for (size_t row = 0; row < ROWS; row++)
        if (strcmp(rows[row].key, key) == 0)
            return true;
    return false;
}

/* Whether the key is given in some renders, and idle for the row's reason in all of those. */
static bool is_idle(const vqc_study *study, size_t row, bool has_codes)
{
    const vqc_field *field = vqc_schema_find(&vqc_settings_schema, rows[row].key);
    bool given = false;
    for (size_t i = 0; i < study->render_count; i++) {
        const vqc_render *render = &study->renders[i];
        const idle_view view = {render->settings, render->prompt, has_codes};
        if (!vqc_schema_is_given(&vqc_settings_schema, render->settings, field))
            continue;
        if (!rows[row].is_idle(&view))
            return false;
        given = true;
    }
    return given;
}

vqc_status vqc_study_idle_keys(const vqc_study *study, bool has_codes, vqc_text *remarks, vqc_error *error)
{
    for (size_t row = 0; row < ROWS; row++)
        if (is_idle(study, row, has_codes))
            VQC_TRY(vqc_text_append(remarks, error, "the key %s has no effect, as %s%c", rows[row].key,
                                    rows[row].because, 0));
    return VQC_OK;
}
