#include "schedule/recruitment.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

static const double look_every = 0.5; /* seconds */
/* A rank joins only if the rest of the render takes several times what it needs to make ready, and a moment more. */
static const double starts_worth = 2.0;
static const double least_left = 0.1; /* seconds */

vqc_status vqc_recruitment_init(const vqc_rank *rank, vqc_recruitment *recruitment, vqc_error *error)
{
    *recruitment = (vqc_recruitment){.looked = vqc_clock_seconds()};
    return vqc_memory_allocate((size_t)vqc_comm_size(rank->launch->comm), sizeof(int), "ranks to invite",
                               &recruitment->ranks, error);
}

void vqc_recruitment_release(vqc_recruitment *recruitment)
{
    free(recruitment->ranks);
    *recruitment = (vqc_recruitment){0};
}

/* The smallest team of up to `most` members that makes a step as fast as any such team. */
static vqc_status size_choose(const vqc_rank *rank, int most, int *size_out, vqc_error *error)
{
    const vqc_share_work *work = vqc_renderer_work(rank->launch->renderer);
    double *load;
    VQC_TRY(vqc_memory_allocate((size_t)most, sizeof *load, "a team's load", &load, error));
    *size_out = vqc_team_size(rank->team);
    double fastest = vqc_share_assign(work, *size_out, load, NULL);
    for (int size = *size_out + 1; size <= most; size++) {
        double seconds = vqc_share_assign(work, size, load, NULL);
        if (seconds < fastest) {
            fastest = seconds;
            *size_out = size;
        }
    }
    free(load);
    return VQC_OK;
}

/* How many ranks to ask: the team's part of those that are free, as far as they make the render faster. */
static vqc_status wanted_find(const vqc_rank *rank, const vqc_board_state *state, int *wanted_out, vqc_error *error)
{
    int size = vqc_team_size(rank->team);
    int64_t teams = state->teams > 0 ? state->teams : 1;
    int64_t most = size + (state->free + teams - 1) / teams;
    int64_t groups = vqc_share_groups(vqc_renderer_work(rank->launch->renderer));
    int64_t limit = rank->launch->team > 0 && rank->launch->team < groups ? rank->launch->team : groups;
    *wanted_out = 0;
    if (most > limit)
        most = limit;
    if (most <= size)
        return VQC_OK;
    int chosen;
    VQC_TRY(size_choose(rank, (int)most, &chosen, error));
    *wanted_out = chosen - size;
    return VQC_OK;
}

/* Looks at the board and invites. */
static vqc_status ranks_invite(vqc_recruitment *recruitment, vqc_rank *rank, int64_t render, double left,
                               bool *ending_out, vqc_error *error)
{
    vqc_board_state state;
    int wanted = 0;
    VQC_TRY(vqc_board_look(rank->board, &state, error));
    *ending_out = state.ending;
    if (state.ending || state.free <= 0 || recruitment->refused ||
        left < starts_worth * rank->start_seconds + least_left)
        return VQC_OK;
    VQC_TRY(wanted_find(rank, &state, &wanted, error));
    if (wanted > 0)
        VQC_TRY(vqc_board_claim(rank->board, wanted, recruitment->ranks, &recruitment->invited, error));
    const vqc_letter letter = {.kind = VQC_LETTER_INVITE, .render = render};
    for (int i = 0; i < recruitment->invited; i++)
        VQC_TRY(vqc_board_write(rank->board, recruitment->ranks[i], &letter, error));
    return VQC_OK;
}

/* Takes an answer into account: a rank that is ready moves up; one that refuses is struck off and dismissed, for it
 * waits for that before it offers itself again. */
static vqc_status answer_note(vqc_recruitment *recruitment, vqc_rank *rank, const vqc_letter *letter,
                              vqc_error *error)
{
    const vqc_letter dismissal = {.kind = VQC_LETTER_DISMISS};
    int *ranks = recruitment->ranks;
    int place = recruitment->ready;
    while (place < recruitment->invited && ranks[place] != letter->from)
        place++;
    if (place == recruitment->invited)
        return VQC_OK;
    if (letter->kind == VQC_LETTER_READY) {
        ranks[place] = ranks[recruitment->ready];
        ranks[recruitment->ready++] = letter->from;
        return VQC_OK;
    }
    ranks[place] = ranks[--recruitment->invited];
    recruitment->refused = true;
    return vqc_board_write(rank->board, letter->from, &dismissal, error);
}

/* Reads the answers that have come. Those to an invitation to an earlier render are too late. */
static vqc_status answers_read(vqc_recruitment *recruitment, vqc_rank *rank, int64_t render, vqc_error *error)
{
    for (;;) {
        vqc_letter letter;
        VQC_TRY(vqc_board_read(rank->board, &letter, error));
        if (letter.kind == VQC_LETTER_NONE)
            return VQC_OK;
        if (letter.render == render)
            VQC_TRY(answer_note(recruitment, rank, &letter, error));
    }
}

vqc_status vqc_recruitment_advance(vqc_recruitment *recruitment, vqc_rank *rank, int64_t render, int64_t steps_left,
                                   double left, int *ready_out, bool *ending_out, vqc_error *error)
{
    double now = vqc_clock_seconds();
    *ready_out = 0;
    *ending_out = false;
    if (vqc_comm_size(rank->launch->comm) == 1)
        return VQC_OK;
    if (recruitment->invited > 0)
        VQC_TRY(answers_read(recruitment, rank, render, error));
    if (recruitment->invited > 0 && recruitment->ready == recruitment->invited && steps_left > 1)
        *ready_out = recruitment->ready;
    if (now - recruitment->looked < look_every)
        return VQC_OK;
    recruitment->looked = now;
    if (recruitment->invited == 0)
        return ranks_invite(recruitment, rank, render, left, ending_out, error);
    vqc_board_state state;
    VQC_TRY(vqc_board_look(rank->board, &state, error));
    *ending_out = state.ending;
    return VQC_OK;
}

/* The ranks of the new team: the members of the old one, then the newcomers. */
static vqc_status ranks_list(const vqc_recruitment *recruitment, const vqc_rank *rank, int newcomers, int *ranks,
                             vqc_error *error)
{
    int size = vqc_team_size(rank->team);
    for (int i = 0; i < size; i++)
        ranks[i] = vqc_team_rank(rank->team, i);
    for (int i = 0; recruitment != NULL && i < newcomers; i++)
        ranks[size + i] = recruitment->ranks[i];
    return vqc_team_broadcast(rank->team, ranks + size, (size_t)newcomers * sizeof *ranks, 0, error);
}

static vqc_status team_replace(vqc_recruitment *recruitment, vqc_rank *rank, int64_t render, int newcomers,
                               int *ranks, vqc_error *error)
{
    int size = vqc_team_size(rank->team) + newcomers;
    const vqc_letter letter = {.kind = VQC_LETTER_JOIN, .render = render, .count = size, .ranks = ranks};
    VQC_TRY(ranks_list(recruitment, rank, newcomers, ranks, error));
    for (int i = 0; recruitment != NULL && i < newcomers; i++)
        VQC_TRY(vqc_board_write(rank->board, recruitment->ranks[i], &letter, error));
    vqc_rank_team_end(rank);
    return vqc_team_create(rank->launch->comm, ranks, size, &rank->team, error);
}

vqc_status vqc_recruitment_join(vqc_recruitment *recruitment, vqc_rank *rank, int64_t render, int newcomers,
                                vqc_error *error)
{
    int *ranks;
    int size = vqc_team_size(rank->team) + newcomers;
    VQC_TRY(vqc_memory_allocate((size_t)size, sizeof *ranks, "the ranks of a team", &ranks, error));
    vqc_status status = team_replace(recruitment, rank, render, newcomers, ranks, error);
    free(ranks);
    VQC_TRY(status);
    if (recruitment != NULL) {
        recruitment->invited = 0;
        recruitment->ready = 0;
    }
    return vqc_renderer_join(rank->launch->renderer, rank->team, error);
}

vqc_status vqc_recruitment_dismiss(vqc_recruitment *recruitment, vqc_rank *rank, vqc_error *error)
{
    const vqc_letter letter = {.kind = VQC_LETTER_DISMISS};
    for (int i = 0; i < recruitment->invited; i++)
        VQC_TRY(vqc_board_write(rank->board, recruitment->ranks[i], &letter, error));
    recruitment->invited = 0;
    recruitment->ready = 0;
    return VQC_OK;
}
