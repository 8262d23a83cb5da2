#ifndef VQC_TESTS_OPTIMISER_STEPS_H
#define VQC_TESTS_OPTIMISER_STEPS_H

#include <stdbool.h>

#include "ops/update_formulas.h"

/* A dozen steps of every optimiser on a small latent with limits, mask, L2 and a learning rate that changes, by the
 * public implementations in double: tests/ops/fixtures/optimisers.json, which tests/oracle/make_optimisers.py writes.
 */

enum { CELLS = 4, WIDTH = 2, COUNT = CELLS * WIDTH, STEPS = 12, MAX_MOMENTS = 3, MAX_OPTIMISER_CASES = 64 };

typedef struct optimiser_case {
    char settings[128]; /* as the job file has them under `optimizer` */
    bool towards_start; /* the L2 term draws to the start, not to zero */
    vqc_optimiser_kind optimiser;
    int moment_count;
    float decay;                        /* weight decay that is part of the gradient */
    vqc_update numbers[STEPS];          /* that the settings come to */
    double z[STEPS][COUNT];             /* after each step */
    double moments[MAX_MOMENTS][COUNT]; /* after the last */
    double average[COUNT];              /* of z, after the last */
} optimiser_case;

typedef struct optimiser_steps {
    float mask[CELLS]; /* of the cells one is masked */
    float limits[2 * WIDTH];
    float start[COUNT];
    float gradients[STEPS][COUNT];
    double l2_slopes[STEPS];
    double average_kept;         /* what the average of z keeps of itself */
    float average_shares[STEPS]; /* the share that each step's z has in it */
    int case_count;
    optimiser_case cases[MAX_OPTIMISER_CASES];
} optimiser_steps;

/* The file's contents, read at the first call; fails the test where the file is not as above. */
const optimiser_steps *optimiser_steps_known(void);

/* Fails where values are not those expected after step `step`. */
void optimiser_check(const optimiser_case *c, const char *what, const float *actual, const double *expected,
                     int step);

#endif
