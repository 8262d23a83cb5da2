#include "schedule/cost.h"

#include <stdlib.h>

#include "base/memory.h"

static const double pixels_per_crop = 2400.0;

void vqc_cost_guess(const vqc_study *study, vqc_cost_seconds *seconds_out)
{
    *seconds_out = (vqc_cost_seconds){.pixel = 1.0 / pixels_per_crop};
    for (size_t i = 0; i < study->perceptor_count; i++)
        seconds_out->crop[i] = 1.0;
}

void vqc_cost_guess_whole(const vqc_study *study, vqc_cost_seconds *seconds_out)
{
    *seconds_out = (vqc_cost_seconds){.pixel = 1.0};
    for (size_t i = 0; i < study->perceptor_count; i++)
        seconds_out->crop[i] = pixels_per_crop;
}

void vqc_cost_work(const vqc_study *study, const vqc_render *render, const vqc_cost_seconds *seconds,
                   vqc_share_work *work_out)
{
    const vqc_settings *settings = render->settings;
    *work_out = (vqc_share_work){.perceptors = study->perceptor_count};
    for (size_t i = 0; i < study->perceptor_count; i++) {
        const int64_t own = study->perceptors[i].crops;
        const int64_t group = vqc_settings_batch(settings, own);
        work_out->groups[i] = (vqc_settings_most_crops(settings, own) + group - 1) / group;
        work_out->seconds[i] = (double)group * seconds->crop[i];
    }
}

int64_t vqc_cost_groups(const vqc_study *study, const vqc_render *render)
{
    vqc_cost_seconds guess;
    vqc_share_work work;
    vqc_cost_guess(study, &guess);
    vqc_cost_work(study, render, &guess, &work);
    return vqc_share_groups(&work);
}

static double decode_seconds(const vqc_render *render, const vqc_cost_seconds *seconds)
{
    return (double)render->settings->width * (double)render->settings->height * seconds->pixel;
}

vqc_status vqc_cost_step(const vqc_study *study, const vqc_render *render, const vqc_cost_seconds *seconds,
                         int members, double *step_out, vqc_error *error)
{
    double *load;
    vqc_share_work work;
    VQC_TRY(vqc_memory_allocate((size_t)members, sizeof *load, "a team's load", &load, error));
    vqc_cost_work(study, render, seconds, &work);
    *step_out = decode_seconds(render, seconds) + vqc_share_assign(&work, members, load, NULL);
    free(load);
    return VQC_OK;
}

double vqc_cost_render(const vqc_study *study, const vqc_render *render, const vqc_cost_seconds *seconds)
{
    vqc_share_work work;
    double load;
    vqc_cost_work(study, render, seconds, &work);
    double step = decode_seconds(render, seconds) + vqc_share_assign(&work, 1, &load, NULL);
    return seconds->start + (double)render->settings->steps * step + seconds->finish;
}

typedef struct costed_render {
    int64_t number;
    int32_t wave;
    double cost;
} costed_render;

static int costs_compare(const void *first, const void *second)
{
    const costed_render *a = first;
    const costed_render *b = second;
    if (a->wave != b->wave)
        return a->wave < b->wave ? -1 : 1;
    if (a->cost != b->cost)
        return a->cost > b->cost ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

vqc_status vqc_cost_order(const vqc_study *study, const vqc_cost_seconds *seconds, int64_t *numbers, size_t count,
                          vqc_error *error)
{
    costed_render *renders;
    VQC_TRY(vqc_memory_allocate(count, sizeof *renders, "renders to put in order", &renders, error));
    for (size_t i = 0; i < count; i++) {
        const vqc_render *render = &study->renders[numbers[i]];
        renders[i] = (costed_render){
            .number = numbers[i], .wave = render->wave, .cost = vqc_cost_render(study, render, seconds)};
    }
    qsort(renders, count, sizeof *renders, costs_compare);
    for (size_t i = 0; i < count; i++)
        numbers[i] = renders[i].number;
    free(renders);
    return VQC_OK;
}
