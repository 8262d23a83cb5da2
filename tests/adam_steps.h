#ifndef VQC_TESTS_ADAM_STEPS_H
#define VQC_TESTS_ADAM_STEPS_H

/* Two steps of Adam with limits, mask and L2 on a small latent, from torch.optim.Adam in double; for the optimisers
 * on the host and on the device. The rate is 0.15, the betas 0.9 and 0.999, epsilon 1e-8. */

enum { CELLS = 4, WIDTH = 2, COUNT = CELLS * WIDTH, STEPS = 2 };

static const float start[COUNT] = {0.5F, -0.25F, 1.0F, 0.75F, -0.5F, 0.25F, 0.125F, -1.0F};
static const float gradients[STEPS][COUNT] = {{0.5F, -1.0F, -0.25F, 0.125F, 1.0F, 2.0F, 3.0F, 0.0625F},
                                              {-0.25F, 0.5F, -0.125F, 1.0F, 0.5F, 0.5F, -1.0F, 0.5F}};
static const double l2_slopes[STEPS] = {0.5, 0.25};

/* z, m and v after each step, where cell 2 is masked and the channels are limited to -0.625 .. 1 and -1 .. 0.5625. */
static const double expected[STEPS][3 * COUNT] = {
    {0.350000002, -0.1000000013, 0.850000006, 0.5625,  -0.5, 0.25, -0.02499999951, -0.8500000034,
     0.075,       -0.1125,       0.025,       0.05,    0,    0,    0.30625,        -0.04375,
     0.0005625,   0.001265625,   6.25e-05,    0.00025, 0,    0,    0.00937890625,  0.00019140625},
    {0.2754200078,    -0.05084908013, 0.7182488582,    0.4199269619,   -0.5, 0.25, -0.0856233871, -0.8273379172,
     0.05125000005,   -0.05375000003, 0.03125000015,   0.1590625,      0,    0,    0.175,         -0.01062500009,
     0.0005883437498, 0.001489984375, 7.009375026e-05, 0.001550775391, 0,    0,    0.01038206641, 0.0002738710933}};

#endif
