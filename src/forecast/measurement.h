#ifndef VQC_FORECAST_MEASUREMENT_H
#define VQC_FORECAST_MEASUREMENT_H

#include "forecast/cost_table.h"
#include "ops/ops.h"

/* Measures what a study costs on the device at hand: opens its models and, for every distinct shape of its renders,
 * makes the networks and runs them a few times (the median counts, after one run for warming up).
 *
 * `queues` (lanes) are the device opened once for each of 1 or more lanes (lanes.h). Where there are several, it also
 * measures whole steps of the shape's first render beside each other, of 1, 2, and all lanes, or as many as could be
 * started, as where the device's memory is enough for fewer: begun one after the other, then waited for, as lanes
 * are; the median after two rounds for warming up. And it notes what the second lane's networks take to make, and
 * whether they compute with the first one's parameters.
 *
 * The table is to be released also after a failure; initialise it with {0}. A model's file that is wrong, or a size
 * that is too small, is VQC_BAD_INPUT; what the device refuses is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_measurement_run(const vqc_study *study, vqc_ops *const *queues, int lanes,
                                              vqc_dtype precision, vqc_cost_table *table, vqc_error *error);

#endif
