#include "render/study_models.h"

#include <stdio.h>

#include "render/init.h"
#include "render/study_inputs.h"

static vqc_status models_open(vqc_study_models *models, vqc_error *error)
{
    const vqc_study *study = models->study;
    VQC_TRY(vqc_generator_open_key(study->generator.config, study->generator.checkpoint, study->generator.key,
                                   &models->generator, error));
    for (size_t i = 0; i < study->perceptor_count; i++) {
        const vqc_perceptor_source *source = &study->perceptors[i];
        vqc_clip_options options = {.head_width = source->head_width,
                                    .key = source->key,
                                    .activation = source->activation,
                                    .cleaning = source->cleaning};
        VQC_TRY(vqc_clip_open(source->checkpoint, &options, &models->clips[i], error));
    }
    return VQC_OK;
}

vqc_status vqc_study_models_open(const vqc_study *study, vqc_study_models *models_out, vqc_error *error)
{
    *models_out = (vqc_study_models){.study = study};
    vqc_status status = models_open(models_out, error);
    if (status != VQC_OK)
        vqc_study_models_close(models_out);
    return status;
}

void vqc_study_models_close(vqc_study_models *models)
{
    for (size_t i = 0; i < VQC_STUDY_MAX_PERCEPTORS; i++)
        vqc_clip_close(models->clips[i]);
    vqc_generator_close(&models->generator);
    *models = (vqc_study_models){0};
}

vqc_render_models vqc_study_models_on(const vqc_study_models *models, vqc_ops *ops, vqc_dtype precision)
{
    return (vqc_render_models){.study = models->study,
                               .ops = ops,
                               .precision = precision,
                               .generator = &models->generator,
                               .clips = models->clips};
}

/* Refuses a size of other than whole cells, unless it may be rounded. */
static vqc_status size_check(const vqc_study_models *models, const vqc_render *render, vqc_error *error)
{
    const long long factor = models->generator.factor;
    const long long width = render->settings->width;
    const long long height = render->settings->height;
    if (render->settings->size_rounding != VQC_SIZES_REFUSED || (width % factor == 0 && height % factor == 0))
        return VQC_OK;
    char down[96] = "";
    if (width >= factor && height >= factor)
        (void)snprintf(down, sizeof down, "down makes %lld × %lld of it, ", width / factor * factor,
                       height / factor * factor);
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "%s: prompt %s: size: expected multiples of the generator's factor, %lld, found %lld × %lld; "
        "size_rounding: %sup %s%lld × %lld",
        models->study->path, render->prompt->id, factor, width, height, down, down[0] == '\0' ? "makes " : "",
        (width + factor - 1) / factor * factor, (height + factor - 1) / factor * factor);
}

vqc_status vqc_study_models_cells(const vqc_study_models *models, const vqc_render *render, int64_t *rows_out,
                                  int64_t *columns_out, vqc_error *error)
{
    const int64_t factor = models->generator.factor;
    const vqc_settings *settings = render->settings;
    VQC_TRY(vqc_init_check(&models->generator, render, error));
    VQC_TRY(size_check(models, render, error));
    *rows_out = vqc_settings_cells(settings, settings->height, factor);
    *columns_out = vqc_settings_cells(settings, settings->width, factor);
    if (*rows_out > 0 && *columns_out > 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: prompt %s: size: expected at least %lld × %lld pixels, found %lld × %lld",
                         models->study->path, render->prompt->id, (long long)factor, (long long)factor,
                         (long long)settings->width, (long long)settings->height);
}

vqc_status vqc_study_models_targets(const vqc_study_models *models, vqc_prompt_range prompts, vqc_ops *ops,
                                    vqc_dtype precision, vqc_targets *targets_out, vqc_error *error)
{
    for (size_t i = 0; i < models->study->perceptor_count; i++)
        VQC_TRY(vqc_targets_create(models->study, prompts, &models->study->perceptors[i], models->clips[i], ops,
                                   precision, &targets_out[i], error));
    for (size_t i = 0; i < prompts.count; i++)
        VQC_TRY(vqc_prompt_inputs_check(models->study, &prompts.prompts[i], error));
    return VQC_OK;
}
