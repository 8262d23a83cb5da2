#include "schedule/division.h"

#include <stdlib.h>

#include "base/memory.h"

/* Teams of a size that was asked for; the last one may be smaller. No more teams than renders. */
static void teams_fix(vqc_division *division, size_t renders, int ranks, int64_t team)
{
    int size = team < ranks ? (int)team : ranks;
    for (int left = ranks; left > 0 && (size_t)division->teams < renders; left -= size)
        division->size[division->teams++] = left < size ? left : size;
}

/* The team whose render takes longest and can still be shared further; -1: none. */
static int team_longest(const vqc_division *division, const int64_t *groups, const double *seconds)
{
    int longest = -1;
    for (int i = 0; i < division->teams; i++)
        if (division->size[i] < groups[i] && (longest < 0 || seconds[i] > seconds[longest]))
            longest = i;
    return longest;
}

/* What is needed to weigh the renders of the teams against each other. */
typedef struct weighing {
    const vqc_study *study;
    const vqc_cost_seconds *seconds;
    const int64_t *numbers;
    int64_t *groups; /* (teams) */
    double *render;  /* (teams): seconds of each render in its team */
} weighing;

static vqc_status render_weigh(const weighing *w, const vqc_division *division, int team, vqc_error *error)
{
    double step;
    const vqc_render *render = &w->study->renders[w->numbers[team]];
    VQC_TRY(vqc_cost_step(w->study, render, w->seconds, division->size[team], &step, error));
    w->render[team] = (double)render->settings->steps * step;
    return VQC_OK;
}

/* One team a render, and the ranks that are left to those that take longest. */
static vqc_status teams_choose(const weighing *w, vqc_division *division, int ranks, vqc_error *error)
{
    for (int i = 0; i < division->teams; i++) {
        division->size[i] = 1;
        w->groups[i] = vqc_cost_groups(w->study, &w->study->renders[w->numbers[i]]);
        VQC_TRY(render_weigh(w, division, i, error));
    }
    for (int left = ranks - division->teams; left > 0; left--) {
        int team = team_longest(division, w->groups, w->render);
        if (team < 0)
            return VQC_OK;
        division->size[team]++;
        VQC_TRY(render_weigh(w, division, team, error));
    }
    return VQC_OK;
}

static vqc_status teams_weigh(vqc_division *division, const vqc_study *study, const vqc_cost_seconds *seconds,
                              const int64_t *numbers, int ranks, vqc_error *error)
{
    weighing w = {.study = study, .seconds = seconds, .numbers = numbers};
    size_t teams = (size_t)division->teams;
    VQC_TRY(vqc_memory_allocate(teams, sizeof *w.groups, "teams", &w.groups, error));
    vqc_status status = vqc_memory_allocate(teams, sizeof *w.render, "teams", &w.render, error);
    if (status == VQC_OK)
        status = teams_choose(&w, division, ranks, error);
    free(w.groups);
    free(w.render);
    return status;
}

vqc_status vqc_division_create(const vqc_study *study, const vqc_cost_seconds *seconds, const int64_t *numbers,
                               size_t count, int ranks, int64_t team, vqc_division *division_out, vqc_error *error)
{
    vqc_division division = {0};
    vqc_status status = vqc_memory_allocate((size_t)ranks, sizeof(int), "teams", &division.size, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate((size_t)ranks, sizeof(int), "teams", &division.first, error);
    if (status == VQC_OK && team > 0)
        teams_fix(&division, count, ranks, team);
    if (status == VQC_OK && team == 0) {
        division.teams = count < (size_t)ranks ? (int)count : ranks;
        status = teams_weigh(&division, study, seconds, numbers, ranks, error);
    }
    if (status != VQC_OK) {
        vqc_division_release(&division);
        return status;
    }
    for (int i = 1; i < division.teams; i++)
        division.first[i] = division.first[i - 1] + division.size[i - 1];
    *division_out = division;
    return VQC_OK;
}

void vqc_division_release(vqc_division *division)
{
    free(division->size);
    free(division->first);
    *division = (vqc_division){0};
}

int vqc_division_team(const vqc_division *division, int rank)
{
    for (int i = 0; i < division->teams; i++)
        if (rank >= division->first[i] && rank < division->first[i] + division->size[i])
            return i;
    return -1;
}
