#include "cli/launch_report.h"

#include "cli/json_output.h"

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

vqc_status vqc_launch_report_print(const vqc_launch_totals *totals, int ranks, vqc_error *error)
{
    double listed = totals->start_seconds + totals->step_seconds + totals->finish_seconds + totals->free_seconds;
    json_t *report = json_object();
    json_object_set_new(report, "ranks", json_integer(ranks));
    json_object_set_new(report, "steps", json_real(totals->steps));
    json_object_set_new(report, "rank_seconds", json_real(totals->seconds));
    json_object_set_new(report, "start_seconds", json_real(totals->start_seconds));
    json_object_set_new(report, "step_seconds", json_real(totals->step_seconds));
    json_object_set_new(report, "finish_seconds", json_real(totals->finish_seconds));
    json_object_set_new(report, "free_seconds", json_real(totals->free_seconds));
    json_object_set_new(report, "scheduling_share", json_real(ratio(totals->seconds - listed, totals->seconds)));
    json_object_set_new(report, "team_steps", json_real(totals->team_steps));
    json_object_set_new(report, "bytes_per_step", json_real(ratio(totals->team_bytes, totals->team_steps)));
    json_object_set_new(report, "joins", json_real(totals->joins));
    json_object_set_new(report, "lanes_closed", json_real(totals->lanes_closed));
    return vqc_json_print(report, error);
}
