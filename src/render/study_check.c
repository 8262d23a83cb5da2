#include "render/study_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"
#include "render/init.h"
#include "render/mask.h"
#include "render/study_models.h"
#include "study/idle.h"

/* A study that is looked at. */
typedef struct check_work {
    const vqc_study *study;
    vqc_study_models models; /* the generator alone */
    vqc_text *remarks;
    vqc_text said; /* the last remark of a picture: many renders may have the same */
} check_work;

/* ---- Pictures ---- */

static const char *fit_word(vqc_image_fit fit)
{
    switch (fit) {
    case VQC_IMAGE_STRETCH:
        return "stretched to";
    case VQC_IMAGE_COVER:
        return "cut at its edges to the shape of";
    case VQC_IMAGE_CONTAIN:
        return "laid on black to the shape of";
    }
    return "";
}

static vqc_status fit_describe(const vqc_image *image, const char *what, const char *file, vqc_image_fit fit,
                               int64_t height, int64_t width, vqc_text *line, vqc_error *error)
{
    return vqc_text_append(line, error, "%s %s, %lld x %lld, is %s %lld x %lld (fit: %s)", what, file,
                           (long long)image->width, (long long)image->height, fit_word(fit), (long long)width,
                           (long long)height, vqc_schema_find(&vqc_settings_schema, "fit")->words[(size_t)fit].word);
}

/* Says what becomes of a picture of another shape. */
static vqc_status fit_remark(check_work *work, const vqc_image *image, const char *what, const char *file,
                             vqc_image_fit fit, int64_t height, int64_t width, vqc_error *error)
{
    vqc_text line = {0};
    if (image->height * width == image->width * height)
        return VQC_OK;
    vqc_status status = fit_describe(image, what, file, fit, height, width, &line, error);
    if (status == VQC_OK && (work->said.data == NULL || strcmp(work->said.data, line.data) != 0))
        status = vqc_text_append(work->remarks, error, "%s%c", line.data, 0);
    vqc_text_release(&work->said);
    work->said = line;
    return status;
}

/* ---- One render ---- */

static vqc_status start_picture_check(check_work *work, const vqc_render *render, int64_t height, int64_t width,
                                      vqc_error *error)
{
    const vqc_settings *settings = render->settings;
    vqc_image image = {0};
    VQC_TRY(vqc_image_read(settings->init.file, &image, error));
    vqc_status status =
        fit_remark(work, &image, "start picture", settings->init.file, settings->fit, height, width, error);
    vqc_image_release(&image);
    return status;
}

/* Codes become the first latent, as in a render. */
static vqc_status codes_check(check_work *work, const vqc_render *render, int64_t rows, int64_t columns,
                              vqc_error *error)
{
    const vqc_generator *generator = &work->models.generator;
    float *z;
    VQC_TRY(vqc_memory_allocate((size_t)(rows * columns * generator->width), sizeof *z, "a latent", &z, error));
    vqc_status status = vqc_init_latent(generator, NULL, VQC_DTYPE_F32, render, NULL, rows, columns, z, error);
    free(z);
    return status;
}

/* The render that it starts from must have a latent of the same size. */
static vqc_status source_check(check_work *work, const vqc_render *render, int64_t rows, int64_t columns,
                               vqc_error *error)
{
    const vqc_render *source = &work->study->renders[render->source];
    int64_t found_rows;
    int64_t found_columns;
    VQC_TRY(vqc_study_models_cells(&work->models, source, &found_rows, &found_columns, error));
    if (found_rows == rows && found_columns == columns)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "expected a render with a latent of %lld x %lld cells, found %s, of %lld x %lld",
                         (long long)columns, (long long)rows, render->settings->init.source, (long long)found_columns,
                         (long long)found_rows);
}

static vqc_status start_check(check_work *work, const vqc_render *render, int64_t rows, int64_t columns,
                              vqc_error *error)
{
    const int64_t factor = work->models.generator.factor;
    if (render->settings->init.kind == VQC_INIT_RENDER)
        return source_check(work, render, rows, columns, error);
    if (render->settings->init.file == NULL)
        return VQC_OK;
    if (vqc_init_is_encoded(render->settings))
        return start_picture_check(work, render, rows * factor, columns * factor, error);
    return render->settings->init.kind == VQC_INIT_CODES ? codes_check(work, render, rows, columns, error) : VQC_OK;
}

/* The mask of a picture; the pixels that may be kept of the start do not matter to it. */
static vqc_status mask_make(check_work *work, const vqc_render *render, int64_t rows, int64_t columns,
                            vqc_error *error)
{
    const vqc_render_models models = vqc_study_models_on(&work->models, NULL, VQC_DTYPE_F32);
    vqc_settings settings;
    vqc_render copy = *render;
    vqc_render_mask mask = {0};
    memcpy(&settings, render->settings, sizeof settings);
    settings.mask.keep_pixels = false;
    copy.settings = &settings;
    VQC_TRY(vqc_render_mask_create(&models, &copy, rows, columns, NULL, &mask, error));
    vqc_render_mask_release(&mask);
    return VQC_OK;
}

static vqc_status mask_check(check_work *work, const vqc_render *render, int64_t rows, int64_t columns,
                             vqc_error *error)
{
    const vqc_settings *settings = render->settings;
    const int64_t factor = work->models.generator.factor;
    vqc_image image = {0};
    if (settings->mask.file == NULL)
        return VQC_OK;
    VQC_TRY(mask_make(work, render, rows, columns, error));
    VQC_TRY(vqc_image_read(settings->mask.file, &image, error));
    vqc_status status =
        fit_remark(work, &image, "mask", settings->mask.file, settings->fit, rows * factor, columns * factor, error);
    vqc_image_release(&image);
    return status;
}

static vqc_status render_check(check_work *work, const vqc_render *render, vqc_error *error)
{
    int64_t rows;
    int64_t columns;
    VQC_TRY(vqc_study_models_cells(&work->models, render, &rows, &columns, error));
    if (start_check(work, render, rows, columns, error) != VQC_OK)
        return vqc_error_prefix(error, "%s: prompt %s: init", work->study->path, render->prompt->id);
    if (mask_check(work, render, rows, columns, error) != VQC_OK)
        return vqc_error_prefix(error, "%s: prompt %s", work->study->path, render->prompt->id);
    return VQC_OK;
}

/* ---- All of them ---- */

/* By their settings, then by their numbers. */
static int settings_compare(const void *left, const void *right)
{
    const vqc_render *a = *(const vqc_render *const *)left;
    const vqc_render *b = *(const vqc_render *const *)right;
    if (a->settings != b->settings)
        return a->settings < b->settings ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static int numbers_compare(const void *left, const void *right)
{
    const vqc_render *a = *(const vqc_render *const *)left;
    const vqc_render *b = *(const vqc_render *const *)right;
    return (a->number > b->number) - (a->number < b->number);
}

/* The first render with each settings, in their order. Returns their number. */
static size_t firsts_find(const vqc_study *study, const vqc_render **firsts)
{
    size_t kept = 0;
    for (size_t i = 0; i < study->render_count; i++)
        firsts[i] = &study->renders[i];
    qsort(firsts, study->render_count, sizeof *firsts, settings_compare);
    for (size_t i = 0; i < study->render_count; i++)
        if (kept == 0 || firsts[kept - 1]->settings != firsts[i]->settings)
            firsts[kept++] = firsts[i];
    qsort(firsts, kept, sizeof *firsts, numbers_compare);
    return kept;
}

static vqc_status renders_check(check_work *work, vqc_error *error)
{
    const vqc_study *study = work->study;
    const vqc_render **firsts;
    VQC_TRY(vqc_memory_allocate(study->render_count, sizeof *firsts, "renders", &firsts, error));
    vqc_status status = VQC_OK;
    const size_t count = firsts_find(study, firsts);
    for (size_t i = 0; i < count && status == VQC_OK; i++)
        status = render_check(work, firsts[i], error);
    free(firsts);
    return status;
}

/* Says that renders wait for others. */
static vqc_status waves_remark(const vqc_study *study, vqc_text *remarks, vqc_error *error)
{
    size_t waiting = 0;
    int32_t last = 0;
    for (size_t i = 0; i < study->render_count; i++) {
        waiting += study->renders[i].wave > 0;
        last = study->renders[i].wave > last ? study->renders[i].wave : last;
    }
    if (waiting == 0)
        return VQC_OK;
    return vqc_text_append(remarks, error,
                           "%zu renders start from others: the study is made in %d waves, one after the other, and "
                           "takes longer than if it were made in one, which is what is forecast%c",
                           waiting, last + 1, 0);
}

vqc_status vqc_study_check(const vqc_study *study, vqc_text *remarks, vqc_error *error)
{
    check_work work = {.study = study, .models = {.study = study}, .remarks = remarks};
    VQC_TRY(vqc_generator_open_key(study->generator.config, study->generator.checkpoint, study->generator.key,
                                   &work.models.generator, error));
    vqc_status status = renders_check(&work, error);
    if (status == VQC_OK)
        status = vqc_study_idle_keys(study, vqc_generator_has_codes(&work.models.generator), remarks, error);
    if (status == VQC_OK)
        status = waves_remark(study, remarks, error);
    vqc_text_release(&work.said);
    vqc_study_models_close(&work.models);
    return status;
}
