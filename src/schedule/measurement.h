#ifndef VQC_SCHEDULE_MEASUREMENT_H
#define VQC_SCHEDULE_MEASUREMENT_H

#include "ops/ops.h"
#include "schedule/cost_table.h"

/* Measures what a study costs on the device at hand: opens its models and, for every distinct shape of its renders,
 * makes the networks and runs them a few times (the median counts, after one run for warming up). The table is to be
 * released also after a failure; initialise it with {0}. */
VQC_MUST_CHECK vqc_status vqc_measurement_run(const vqc_study *study, vqc_ops *ops, vqc_dtype precision,
                                              vqc_cost_table *table, vqc_error *error);

#endif
