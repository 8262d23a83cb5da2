#ifndef VQC_CLI_PLAN_REPORT_H
#define VQC_CLI_PLAN_REPORT_H

#include "forecast/prediction.h"

/* What `vqclip plan JOB --ranks N` prints. */
typedef struct vqc_plan_report {
    const vqc_study *study;
    const vqc_cost_table *costs;
    const char *where; /* the costs come from */
    const vqc_prediction_options *options;
    const vqc_prediction *prediction;
} vqc_plan_report;

/* For people: a long list of renders is shortened. */
VQC_MUST_CHECK vqc_status vqc_plan_report_print(const vqc_plan_report *report, vqc_error *error);

/* All of it as JSON, the costs included. */
VQC_MUST_CHECK vqc_status vqc_plan_report_print_json(const vqc_plan_report *report, vqc_error *error);

#endif
