#ifndef VQC_CLI_FORECAST_REPORT_H
#define VQC_CLI_FORECAST_REPORT_H

#include "forecast/prediction.h"

/* What `vqclip plan JOB --ranks N` prints. Fails for want of memory alone. */
typedef struct vqc_forecast_report {
    const vqc_study *study;
    const vqc_cost_table *costs;
    const char *where; /* the costs come from */
    const vqc_prediction_options *options;
    const vqc_prediction *prediction;
} vqc_forecast_report;

/* For people: a long list of renders is shortened. */
VQC_MUST_CHECK vqc_status vqc_forecast_report_print(const vqc_forecast_report *report, vqc_error *error);

/* All of it as JSON, the costs included. */
VQC_MUST_CHECK vqc_status vqc_forecast_report_print_json(const vqc_forecast_report *report, vqc_error *error);

#endif
