#include "record/verification.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "render/study_inputs.h"

void vqc_verification_release(vqc_verification *verification)
{
    vqc_model_files_release(&verification->files);
    for (size_t i = 0; i < verification->again_count; i++) {
        free(verification->again[i].failure);
        free(verification->again[i].differences);
    }
    free(verification->again);
    free(verification->inputs);
    free(verification->damaged);
    free(verification->impossible);
    free(verification->done);
    *verification = (vqc_verification){0};
}

/* Whether every loss is a number, and every code, if there are any, could be one. How many codes the codebook has
 * only the generator says. */
static vqc_status numbers_check(const vqc_archive *archive, size_t number, bool *possible_out, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[number].shape];
    const size_t loss_count = (size_t)shape->steps * shape->loss_count;
    const size_t code_count = (size_t)vqc_archive_code_count(shape);
    float *losses = NULL;
    int32_t *codes = NULL;
    bool possible = true;
    vqc_status status = vqc_memory_allocate(loss_count, sizeof *losses, "losses", &losses, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate(code_count, sizeof *codes, "codes", &codes, error);
    if (status == VQC_OK)
        status = vqc_archive_losses_read(archive, number, losses, error);
    if (status == VQC_OK)
        status = vqc_archive_codes_read(archive, number, codes, error);
    for (size_t i = 0; status == VQC_OK && i < loss_count; i++)
        possible = possible && isfinite(losses[i]);
    for (size_t i = 0; status == VQC_OK && i < code_count; i++)
        possible = possible && codes[i] >= 0;
    free(losses);
    free(codes);
    *possible_out = possible;
    return status;
}

static vqc_status result_check(vqc_verification *verification, const vqc_archive *archive, size_t number,
                               vqc_error *error)
{
    vqc_archive_state state;
    vqc_archive_damage damage;
    VQC_TRY(vqc_archive_state_read(archive, number, &state, error));
    verification->failed_count += state == VQC_ARCHIVE_FAILED;
    verification->pending_count += state == VQC_ARCHIVE_PENDING;
    if (state != VQC_ARCHIVE_DONE)
        return VQC_OK;
    verification->done[verification->done_count++] = number;
    VQC_TRY(vqc_archive_result_check(archive, number, &damage, error));
    if (damage != VQC_ARCHIVE_DAMAGE_NONE)
        verification->damaged[verification->damaged_count++] = (struct vqc_verified_damage){number, damage};
    bool possible;
    VQC_TRY(numbers_check(archive, number, &possible, error));
    if (!possible)
        verification->impossible[verification->impossible_count++] = number;
    return VQC_OK;
}

vqc_status vqc_verification_check_results(vqc_verification *verification, const vqc_archive *archive,
                                          vqc_error *error)
{
    size_t count = vqc_archive_outline_of(archive)->render_count;
    VQC_TRY(vqc_archive_check(archive, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof(size_t), "renders", &verification->done, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof *verification->damaged, "renders", &verification->damaged, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof(size_t), "renders", &verification->impossible, error));
    for (size_t i = 0; i < count; i++)
        if (vqc_archive_outline_holds(vqc_archive_outline_of(archive), i))
            VQC_TRY(result_check(verification, archive, i, error));
    return VQC_OK;
}

static vqc_verified_input input_look(const vqc_input *input)
{
    vqc_error reason;
    if (access(input->path, F_OK) != 0)
        return VQC_VERIFIED_INPUT_MISSING;
    if (input->sha256[0] == '\0')
        return VQC_VERIFIED_INPUT_UNRECORDED;
    return vqc_study_input_check(input, &reason) == VQC_OK ? VQC_VERIFIED_INPUT_PRESENT : VQC_VERIFIED_INPUT_ANOTHER;
}

vqc_status vqc_verification_check_files(vqc_verification *verification, const vqc_archived_study *study,
                                        const char *models, vqc_error *error)
{
    const vqc_study *whole = vqc_archived_study_of(study);
    VQC_TRY(vqc_model_files_find(study, models, &verification->files, error));
    VQC_TRY(vqc_memory_allocate(whole->input_count, sizeof *verification->inputs, "inputs", &verification->inputs,
                                error));
    for (size_t i = 0; i < whole->input_count; i++) {
        verification->inputs[i] = input_look(&whole->inputs[i]);
        verification->inputs_replaced += verification->inputs[i] == VQC_VERIFIED_INPUT_ANOTHER;
    }
    verification->input_count = whole->input_count;
    return VQC_OK;
}

/* The renders to make again: those in the middle of `count` equal parts of the finished ones. */
static vqc_status renders_pick(vqc_verification *verification, size_t count, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate(count, sizeof *verification->again, "renders", &verification->again, error));
    for (size_t i = 0; i < count; i++)
        verification->again[i].number = verification->done[(2 * i + 1) * verification->done_count / (2 * count)];
    verification->again_count = count;
    return VQC_OK;
}

/* Whether all that a render reads besides the models is there, and is what it was. */
static vqc_status inputs_check(const vqc_study *study, const vqc_render *render, vqc_error *error)
{
    VQC_TRY(vqc_prompt_inputs_check(study, render->prompt, error));
    return vqc_render_inputs_check(study, render, error);
}

/* Leaves in the study the renders whose inputs are there; says of the others what is missing. */
static vqc_status study_choose(vqc_verification *verification, vqc_archived_study *study, vqc_error *error)
{
    const vqc_study *whole = vqc_archived_study_of(study);
    size_t *numbers;
    size_t count = 0;
    vqc_status status = VQC_OK;
    VQC_TRY(vqc_memory_allocate(verification->again_count, sizeof *numbers, "renders", &numbers, error));
    for (size_t i = 0; i < verification->again_count && status == VQC_OK; i++) {
        vqc_verified_render *again = &verification->again[i];
        vqc_error missing = {0};
        if (inputs_check(whole, &whole->renders[again->number], &missing) == VQC_OK)
            numbers[count++] = again->number;
        else
            status = vqc_memory_copy_text(missing.message, &again->failure, error);
    }
    if (status == VQC_OK)
        status = vqc_archived_study_choose(study, &verification->files, numbers, count, error);
    free(numbers);
    return status;
}

/* Makes one again; a failure of that is a finding. */
static vqc_status render_verify(vqc_verified_render *again, vqc_renderer *renderer, const vqc_render *render,
                                const vqc_archive *archive, const vqc_environment *here, vqc_error *error)
{
    vqc_archive_outcome outcome;
    vqc_environment recorded;
    vqc_text differences = {0};
    vqc_error failure = {0};
    VQC_TRY(vqc_archive_outcome_read(archive, again->number, &outcome, error));
    vqc_environment_read(outcome.device, &recorded);
    vqc_status status = vqc_environment_compare(here, &recorded, &differences, error);
    again->differences = differences.data;
    VQC_TRY(status);
    if (vqc_rerender_compare(renderer, render, archive, again->number, &again->comparison, &failure) != VQC_OK)
        return vqc_memory_copy_text(failure.message, &again->failure, error);
    again->passes = vqc_rerender_passes(&again->comparison, again->differences == NULL);
    return VQC_OK;
}

/* Makes all that can be made. */
static vqc_status renders_verify(vqc_verification *verification, const vqc_archive *archive, const vqc_study *study,
                                 vqc_renderer *renderer, const vqc_environment *here, vqc_error *error)
{
    size_t next = 0;
    for (size_t i = 0; i < verification->again_count; i++)
        if (verification->again[i].failure == NULL)
            VQC_TRY(render_verify(&verification->again[i], renderer, &study->renders[next++], archive, here, error));
    return VQC_OK;
}

vqc_status vqc_verification_rerender(vqc_verification *verification, const vqc_archive *archive,
                                     vqc_archived_study *study, vqc_ops *ops, vqc_dtype precision,
                                     const vqc_environment *here, size_t count, vqc_error *error)
{
    vqc_renderer *renderer;
    VQC_TRY(renders_pick(verification, count, error));
    VQC_TRY(study_choose(verification, study, error));
    const vqc_study *chosen = vqc_archived_study_of(study);
    if (chosen->render_count == 0) /* the inputs of all of them are gone */
        return VQC_OK;
    VQC_TRY(vqc_renderer_create(chosen, ops, precision, &renderer, error));
    vqc_renderer_starts_from(renderer, archive);
    vqc_status status = renders_verify(verification, archive, chosen, renderer, here, error);
    vqc_renderer_destroy(renderer);
    return status;
}

bool vqc_verification_passes(const vqc_verification *verification)
{
    bool passes =
        verification->damaged_count == 0 && verification->impossible_count == 0 && verification->inputs_replaced == 0;
    for (size_t i = 0; i < verification->files.count; i++)
        passes = passes && verification->files.items[i].other == NULL;
    for (size_t i = 0; i < verification->again_count; i++)
        passes = passes && verification->again[i].passes;
    return passes;
}
