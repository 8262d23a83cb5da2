#include <stdio.h>
#include <string.h>

#include "cli/exported.h"
#include "cli/scored_sources.h"

static const vqc_scored_state states[] = {
    [VQC_ARCHIVE_PENDING] = VQC_SCORED_PENDING,
    [VQC_ARCHIVE_DONE] = VQC_SCORED_READY,
    [VQC_ARCHIVE_FAILED] = VQC_SCORED_FAILED,
};

/* The text that weighs most at the last step. */
static const char *own_text(const vqc_render *render)
{
    const vqc_prompt *prompt = render->prompt;
    const char *text = NULL;
    double most = 0.0;
    for (size_t i = 0; i < prompt->target_count; i++) {
        const vqc_target *target = &prompt->targets[i];
        const double weight = vqc_target_weight(target, render->settings, render->settings->steps - 1);
        if (target->kind != VQC_TARGET_TEXT || weight <= most)
            continue;
        most = weight;
        text = target->text;
    }
    return text;
}

static vqc_status render_add(vqc_scored *scored, size_t number, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(scored->archive);
    const vqc_archive_render *render = &outline->renders[number];
    vqc_scored_picture *picture = &scored->pictures[number];
    char name[VQC_EXPORTED_NAME_SIZE];
    vqc_archive_state state;
    VQC_TRY(vqc_archive_state_read(scored->archive, number, &state, error));
    vqc_exported_name(number, name);
    *picture = (vqc_scored_picture){
        .number = number,
        .id = render->id,
        .prompt = render->prompt,
        .category = outline->category_count == 0 ? "" : outline->categories[number],
        .settings = render->settings,
        .text = own_text(&vqc_archived_study_of(scored->archived)->renders[number]),
        .state = states[state],
    };
    VQC_TRY(vqc_study_storage_text(scored->storage, &picture->file, error, "%s", name));
    return vqc_study_storage_text(scored->storage, &picture->seed, error, "%llu", (unsigned long long)render->seed);
}

vqc_status vqc_scored_archive_open(vqc_scored *scored, vqc_error *error)
{
    VQC_TRY(vqc_archive_open(scored->path, &scored->archive, error));
    VQC_TRY(vqc_archived_study_open(scored->archive, "", &scored->archived, error));
    const vqc_archive_outline *outline = vqc_archive_outline_of(scored->archive);
    scored->kind = "archive";
    scored->study = outline->study;
    scored->job_sha256 = outline->job_sha256;
    VQC_TRY(vqc_scored_allocate(scored, outline->render_count, error));
    for (size_t i = 0; i < scored->count; i++)
        VQC_TRY(render_add(scored, i, error));
    return VQC_OK;
}
