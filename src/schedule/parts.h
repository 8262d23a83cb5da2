#ifndef VQC_SCHEDULE_PARTS_H
#define VQC_SCHEDULE_PARTS_H

#include <stdint.h>

#include "study/study.h"

/* A study in parts, each of which is a launch of its own (`render --part I/N`). Which part a render belongs to is a
 * function of the study and the number of parts alone: in the order of falling guessed costs (schedule/cost.h), equal
 * ones by their number, each goes to the part that has least so far, the first of equal ones. So parts cost about the
 * same, and renders that all cost the same are dealt out in turn. Costs are compared as whole numbers: every machine
 * divides alike. */

/* part_out (render_count): the part of each render, from 1. `count` is 1 to the number of renders, so that no part is
 * empty; else VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_parts_divide(const vqc_study *study, uint32_t count, uint32_t *part_out,
                                           vqc_error *error);

#endif
