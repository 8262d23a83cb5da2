#include "cli/launch_report.h"

#include "cli/json_output.h"

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

vqc_status vqc_launch_report_print(const vqc_launch_totals *totals, int ranks, vqc_error *error)
{
    double listed = totals->start_seconds + totals->step_seconds + totals->finish_seconds + totals->free_seconds;
    json_t *report = json_pack("{s: I, s: f, s: f, s: f, s: f, s: f, s: f, s: f, s: f, s: f, s: f, s: f}", "ranks",
                               (json_int_t)ranks, "steps", totals->steps, "rank_seconds", totals->seconds,
                               "start_seconds", totals->start_seconds, "step_seconds", totals->step_seconds,
                               "finish_seconds", totals->finish_seconds, "free_seconds", totals->free_seconds,
                               "scheduling_share", ratio(totals->seconds - listed, totals->seconds), "team_steps",
                               totals->team_steps, "bytes_per_step", ratio(totals->team_bytes, totals->team_steps),
                               "joins", totals->joins, "lanes_closed", totals->lanes_closed);
    return vqc_json_print(report, error);
}
