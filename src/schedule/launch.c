#include "schedule/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "schedule/cost.h"
#include "schedule/division.h"
#include "schedule/lanes.h"
#include "schedule/rank.h"
#include "schedule/work.h"

/* The renders that this launch has to make, in the order in which they are taken. */
typedef struct render_list {
    int64_t *numbers; /* (count) */
    int64_t count;
} render_list;

/* Compares a render that is done with its digests, as far as the launch looks. One that does not have them is made
 * again. */
static vqc_status done_check(const vqc_launch *launch, size_t number, vqc_error *error)
{
    char line[VQC_ERROR_MESSAGE_SIZE];
    vqc_archive_state state;
    vqc_archive_damage damage;
    VQC_TRY(vqc_archive_state_read(launch->archive, number, &state, error));
    if (state != VQC_ARCHIVE_DONE)
        return VQC_OK;
    if (launch->check_pictures)
        VQC_TRY(vqc_archive_result_check(launch->archive, number, &damage, error));
    else
        VQC_TRY(vqc_archive_claim_check(launch->archive, number, &damage, error));
    if (damage == VQC_ARCHIVE_DAMAGE_NONE)
        return VQC_OK;
    (void)snprintf(line, sizeof line, "render %zu: %s does not have the recorded SHA-256; %s", number,
                   vqc_archive_damage_word(damage),
                   damage == VQC_ARCHIVE_DAMAGE_SNAPSHOT ? "it stays as it is" : "the render is made again");
    if (launch->say != NULL)
        launch->say(line);
    if (damage == VQC_ARCHIVE_DAMAGE_SNAPSHOT)
        return VQC_OK;
    return vqc_archive_result_discard(launch->archive, number, error);
}

/* Each rank looks at its share of what is done; collective. */
static vqc_status results_check(const vqc_launch *launch, vqc_error *error)
{
    const size_t ranks = (size_t)vqc_comm_size(launch->comm);
    vqc_status status = VQC_OK;
    for (size_t i = (size_t)vqc_comm_rank(launch->comm); i < launch->study->render_count && status == VQC_OK;
         i += ranks)
        status = done_check(launch, i, error);
    return vqc_comm_agree(launch->comm, status, error);
}

/* Rank 0 looks for the renders that are not done and puts them in order. `numbers` has room for all. */
static vqc_status list_read(const vqc_launch *launch, render_list *list, vqc_error *error)
{
    vqc_cost_seconds guess;
    const vqc_archive_outline *outline = vqc_archive_outline_of(launch->archive);
    for (size_t i = 0; i < outline->render_count; i++) {
        vqc_archive_state state;
        VQC_TRY(vqc_archive_state_read(launch->archive, i, &state, error));
        if (state != VQC_ARCHIVE_DONE && vqc_archive_outline_holds(outline, i))
            list->numbers[list->count++] = (int64_t)i;
    }
    vqc_cost_guess(launch->study, &guess);
    return vqc_cost_order(launch->study, &guess, list->numbers, (size_t)list->count, error);
}

/* Says how much of an archive that was there is done. */
static void done_say(const vqc_launch *launch, const render_list *list)
{
    char line[VQC_ERROR_MESSAGE_SIZE];
    const size_t count = vqc_archive_outline_held(vqc_archive_outline_of(launch->archive));
    if (!launch->resumed || launch->say == NULL || vqc_comm_rank(launch->comm) != 0)
        return;
    (void)snprintf(line, sizeof line, "goes on with %s, %zu of %zu renders are done",
                   vqc_archive_path(launch->archive), count - (size_t)list->count, count);
    launch->say(line);
}

static int64_t steps_of(const vqc_study *study, const render_list *list)
{
    int64_t steps = 0;
    for (int64_t i = 0; i < list->count; i++)
        steps += study->renders[list->numbers[i]].settings->steps;
    return steps;
}

/* The steps that are to be made, and those of the whole study, for the progress. */
static void steps_count(vqc_rank *rank, const render_list *list)
{
    const vqc_study *study = rank->launch->study;
    const vqc_archive_outline *outline = vqc_archive_outline_of(rank->launch->archive);
    for (size_t i = 0; i < study->render_count; i++)
        if (vqc_archive_outline_holds(outline, i))
            rank->progress.steps_study += study->renders[i].settings->steps;
    rank->steps_listed = steps_of(study, list);
}

/* Gives all ranks the same list, in memory that the caller frees. */
static vqc_status list_make(const vqc_launch *launch, render_list *list, vqc_error *error)
{
    vqc_status status = vqc_memory_allocate(launch->study->render_count, sizeof(int64_t), "the list of renders",
                                            &list->numbers, error);
    if (status == VQC_OK && vqc_comm_rank(launch->comm) == 0)
        status = list_read(launch, list, error);
    VQC_TRY(vqc_comm_agree(launch->comm, status, error));
    VQC_TRY(vqc_comm_broadcast(launch->comm, &list->count, sizeof list->count, 0, error));
    return vqc_comm_broadcast(launch->comm, list->numbers, (size_t)list->count * sizeof(int64_t), 0, error);
}

/* The index of the next render for this rank's team; collective over it. The leader takes it; -1: none is left, or
 * the launch is to end. */
static vqc_status index_take(vqc_rank *rank, int64_t count, int64_t *index_out, vqc_error *error)
{
    *index_out = -1;
    if (vqc_team_member(rank->team) == 0) {
        if (rank->launch->stopped())
            VQC_TRY(vqc_board_end(rank->board, error));
        VQC_TRY(vqc_board_take(rank->board, index_out, error));
        if (*index_out >= count)
            *index_out = -1;
    }
    return vqc_team_broadcast(rank->team, index_out, sizeof *index_out, 0, error);
}

static vqc_status work_finish(vqc_work *work, vqc_error *error)
{
    while (vqc_work_is_under_way(work)) {
        vqc_work_step_begin(work);
        vqc_work_step_end(work);
    }
    return vqc_work_end(work, error);
}

/* Makes the render at `index` (-1: none), and then others until none is left, one after the other. */
static vqc_status renders_in_turn(vqc_rank *rank, const render_list *list, int64_t index, vqc_error *error)
{
    while (index >= 0) {
        vqc_work *work = NULL;
        VQC_TRY(vqc_work_start(rank, rank->launch->renderer, list->numbers[index], true, &work, error));
        VQC_TRY(work_finish(work, error));
        VQC_TRY(index_take(rank, list->count, &index, error));
    }
    return VQC_OK;
}

/* What lanes take renders from. */
typedef struct lane_source {
    vqc_rank *rank;
    const render_list *list;
} lane_source;

static vqc_status lane_next(void *context, int64_t *number_out, vqc_error *error)
{
    const lane_source *source = context;
    int64_t index;
    VQC_TRY(index_take(source->rank, source->list->count, &index, error));
    *number_out = index < 0 ? -1 : source->list->numbers[index];
    return VQC_OK;
}

/* The same, and the team goes apart at the end. */
static vqc_status renders_make(vqc_rank *rank, const render_list *list, int64_t index, vqc_error *error)
{
    const vqc_launch *launch = rank->launch;
    int lanes = vqc_lane_count_useful(launch->lane_count, (size_t)list->count, vqc_comm_size(launch->comm));
    lane_source source = {rank, list};
    if (index >= 0 && lanes > 1 && vqc_team_size(rank->team) == 1)
        VQC_TRY(vqc_lanes_run(rank, lanes, list->numbers[index], lane_next, &source, error));
    else
        VQC_TRY(renders_in_turn(rank, list, index, error));
    if (vqc_team_member(rank->team) == 0)
        VQC_TRY(vqc_board_count_team_end(rank->board, error));
    vqc_rank_team_end(rank);
    return VQC_OK;
}

/* Waits for the next letter. */
static vqc_status letter_await(vqc_rank *rank, vqc_letter *letter, vqc_error *error)
{
    bool asked = false;
    double started = vqc_clock_seconds();
    for (;;) {
        VQC_TRY(vqc_board_read(rank->board, letter, error));
        if (letter->kind != VQC_LETTER_NONE)
            break;
        if (!asked && rank->launch->stopped()) {
            asked = true;
            VQC_TRY(vqc_board_end(rank->board, error));
        }
        VQC_TRY(vqc_rank_report(rank, error));
        vqc_rank_rest();
    }
    rank->totals.free_seconds += vqc_clock_seconds() - started;
    return VQC_OK;
}

/* Says why this rank does not join a render. */
static void refusal_say(const vqc_rank *rank, int64_t render, const vqc_error *refusal)
{
    char line[VQC_ERROR_MESSAGE_SIZE + 64];
    const vqc_launch *launch = rank->launch;
    if (launch->say == NULL)
        return;
    (void)snprintf(line, sizeof line, "rank %d on %s does not join in render %lld: %s", vqc_comm_rank(launch->comm),
                   vqc_comm_host(launch->comm), (long long)render, refusal->message);
    launch->say(line);
}

/* Makes ready for the render that the letter invites to, and answers. The leader dismisses a rank that refuses. */
static vqc_status invitation_answer(vqc_rank *rank, const vqc_letter *invitation, vqc_error *error)
{
    vqc_error refusal = {0};
    double started = vqc_clock_seconds();
    vqc_letter answer = {.kind = VQC_LETTER_READY, .render = invitation->render};
    if (vqc_renderer_start(rank->launch->renderer, &rank->launch->study->renders[invitation->render], &refusal) !=
        VQC_OK) {
        answer.kind = VQC_LETTER_REFUSE;
        refusal_say(rank, invitation->render, &refusal);
    }
    rank->totals.start_seconds += vqc_clock_seconds() - started;
    return vqc_board_write(rank->board, invitation->from, &answer, error);
}

/* Makes the rest of a render with the team that it is asked to join, and then what else that team takes. */
static vqc_status team_join(vqc_rank *rank, const render_list *list, const vqc_letter *letter, vqc_error *error)
{
    int64_t index;
    const int64_t render = letter->render;
    VQC_TRY(vqc_team_create(rank->launch->comm, letter->ranks, letter->count, &rank->team, error));
    vqc_work *work = NULL;
    VQC_TRY(vqc_work_join(rank, render, &work, error));
    VQC_TRY(work_finish(work, error));
    VQC_TRY(index_take(rank, list->count, &index, error));
    return renders_make(rank, list, index, error);
}

/* Offers this rank and does what letters ask, until it joins a team, whose work it then shares, or the launch is
 * over.
 */
static vqc_status free_spend(vqc_rank *rank, const render_list *list, bool *over_out, vqc_error *error)
{
    VQC_TRY(vqc_board_offer(rank->board, over_out, error));
    while (!*over_out) {
        vqc_letter letter;
        VQC_TRY(letter_await(rank, &letter, error));
        if (letter.kind == VQC_LETTER_INVITE)
            VQC_TRY(invitation_answer(rank, &letter, error));
        else if (letter.kind == VQC_LETTER_JOIN)
            return team_join(rank, list, &letter, error);
        else if (letter.kind == VQC_LETTER_DISMISS)
            return VQC_OK;
        else
            *over_out = letter.kind == VQC_LETTER_END;
    }
    return VQC_OK;
}

/* This rank's whole part in the launch. The failure that the rank has noted does not keep it from coming to its end
 * with the others. */
static vqc_status rank_run(vqc_rank *rank, const render_list *list, int first_team, vqc_error *error)
{
    bool over = false;
    if (first_team >= 0)
        VQC_TRY(renders_make(rank, list, first_team, error));
    while (!over)
        VQC_TRY(free_spend(rank, list, &over, error));
    if (rank->failure.status != VQC_OK)
        *error = rank->failure;
    return rank->failure.status;
}

/* Adds the ranks' totals up; collective. */
static vqc_status totals_add(const vqc_rank *rank, vqc_launch_totals *totals_out, vqc_error *error)
{
    enum { NUMBERS = sizeof(vqc_launch_totals) / sizeof(double) };
    int size = vqc_comm_size(rank->launch->comm);
    double *all;
    double sums[NUMBERS] = {0};
    VQC_TRY(vqc_memory_allocate((size_t)size, sizeof rank->totals, "totals", &all, error));
    vqc_status status = vqc_comm_all_gather(rank->launch->comm, &rank->totals, sizeof rank->totals, all, error);
    for (int i = 0; status == VQC_OK && i < size * NUMBERS; i++)
        sums[i % NUMBERS] += all[i];
    free(all);
    memcpy(totals_out, sums, sizeof *totals_out);
    return status;
}

/* Takes up what a wave's board came to, for the progress. */
static void board_close(vqc_rank *rank, const vqc_board_state *state)
{
    rank->earlier.done += state->done;
    rank->earlier.failed += state->failed;
    rank->earlier.made += state->made;
    rank->earlier.spared += state->spared;
    rank->seen = (vqc_board_state){0};
    vqc_board_destroy(rank->board);
    rank->board = NULL;
}

/* Forms the team that this rank starts in, if it starts in one. */
static vqc_status first_team_create(vqc_rank *rank, const vqc_division *division, int team, vqc_error *error)
{
    int *ranks;
    if (team < 0)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate((size_t)division->size[team], sizeof *ranks, "the ranks of a team", &ranks, error));
    for (int i = 0; i < division->size[team]; i++)
        ranks[i] = division->first[team] + i;
    vqc_status status = vqc_team_create(rank->launch->comm, ranks, division->size[team], &rank->team, error);
    free(ranks);
    return status;
}

/* From the list of renders to the end of the last one. */
static vqc_status list_run(vqc_rank *rank, const render_list *list, bool *finished_out, vqc_error *error)
{
    const vqc_launch *launch = rank->launch;
    vqc_cost_seconds guess;
    vqc_division division;
    vqc_board_state state = {0};
    vqc_cost_guess(launch->study, &guess);
    VQC_TRY(vqc_division_create(launch->study, &guess, list->numbers, (size_t)list->count,
                                vqc_comm_size(launch->comm), launch->team, &division, error));
    int team = vqc_division_team(&division, vqc_comm_rank(launch->comm));
    vqc_status status = vqc_board_create(launch->comm, division.teams, &rank->board, error);
    if (status == VQC_OK)
        status = first_team_create(rank, &division, team, error);
    vqc_division_release(&division);
    if (status == VQC_OK)
        status = rank_run(rank, list, team, error);
    status = vqc_comm_agree(launch->comm, status, error);
    if (status == VQC_OK)
        status = vqc_board_look(rank->board, &state, error);
    *finished_out = status == VQC_OK && state.done + state.failed == list->count;
    status = vqc_comm_agree(launch->comm, status, error); /* nobody reads the board any more */
    board_close(rank, &state);
    return status;
}

/* A render of a later wave: whether the render that it starts from is there. Where that failed, so does this one. */
static vqc_status source_check(const vqc_launch *launch, int64_t number, bool *ready_out, vqc_error *error)
{
    const int64_t source = launch->study->renders[number].source;
    vqc_archive_outcome outcome;
    vqc_error reason;
    VQC_TRY(vqc_archive_outcome_read(launch->archive, (size_t)source, &outcome, error));
    *ready_out = outcome.state == VQC_ARCHIVE_DONE;
    if (*ready_out)
        return VQC_OK;
    (void)vqc_error_set(&reason, VQC_FAILED, "render %lld (%s), which it starts from, failed: %s", (long long)source,
                        vqc_archive_outline_of(launch->archive)->renders[source].id, outcome.reason);
    return vqc_archive_failure_write(launch->archive, (size_t)number, reason.message, error);
}

/* Rank 0 leaves those of a wave that can be made, in their order. */
static vqc_status wave_check(const vqc_launch *launch, render_list *wave, vqc_error *error)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < wave->count; i++) {
        bool ready;
        VQC_TRY(source_check(launch, wave->numbers[i], &ready, error));
        if (ready)
            wave->numbers[kept++] = wave->numbers[i];
    }
    wave->count = kept;
    return VQC_OK;
}

/* The same on all ranks; those that cannot be made have failed. */
static vqc_status wave_begin(vqc_rank *rank, render_list *wave, vqc_error *error)
{
    const vqc_launch *launch = rank->launch;
    const vqc_study *study = launch->study;
    const int64_t before = wave->count;
    const int64_t steps_before = steps_of(study, wave);
    if (study->renders[wave->numbers[0]].wave == 0)
        return VQC_OK;
    vqc_status status = VQC_OK;
    if (vqc_comm_rank(launch->comm) == 0)
        status = wave_check(launch, wave, error);
    VQC_TRY(vqc_comm_agree(launch->comm, status, error));
    VQC_TRY(vqc_comm_broadcast(launch->comm, &wave->count, sizeof wave->count, 0, error));
    VQC_TRY(vqc_comm_broadcast(launch->comm, wave->numbers, (size_t)wave->count * sizeof(int64_t), 0, error));
    rank->earlier.failed += before - wave->count;
    rank->earlier.spared += steps_before - steps_of(study, wave);
    return VQC_OK;
}

/* The list's waves, one after the other; *finished_out is false where one was stopped, which ends the launch. */
static vqc_status waves_run(vqc_rank *rank, const render_list *list, bool *finished_out, vqc_error *error)
{
    const vqc_render *renders = rank->launch->study->renders;
    *finished_out = true;
    for (int64_t next = 0; next < list->count && *finished_out;) {
        render_list wave = {.numbers = list->numbers + next};
        while (next < list->count && renders[list->numbers[next]].wave == renders[wave.numbers[0]].wave) {
            wave.count++;
            next++;
        }
        VQC_TRY(wave_begin(rank, &wave, error));
        if (wave.count > 0)
            VQC_TRY(list_run(rank, &wave, finished_out, error));
    }
    return VQC_OK;
}

vqc_status vqc_launch_run(const vqc_launch *launch, bool *finished_out, vqc_launch_totals *totals_out,
                          vqc_error *error)
{
    render_list list = {0};
    vqc_rank rank = {.launch = launch, .started = vqc_clock_seconds()};
    vqc_status status = results_check(launch, error);
    if (status == VQC_OK)
        status = list_make(launch, &list, error);
    rank.progress.renders = vqc_archive_outline_held(vqc_archive_outline_of(launch->archive));
    rank.done_before = rank.progress.renders - (size_t)list.count;
    if (status == VQC_OK) {
        done_say(launch, &list);
        steps_count(&rank, &list);
        for (int i = 0; i < launch->lane_count; i++)
            vqc_renderer_starts_from(launch->lanes[i], launch->archive);
        vqc_renderer_starts_from(launch->renderer, launch->archive);
        status = waves_run(&rank, &list, finished_out, error);
    }
    free(list.numbers);
    rank.totals.seconds = vqc_clock_seconds() - rank.started;
    VQC_TRY(status);
    return totals_add(&rank, totals_out, error);
}
