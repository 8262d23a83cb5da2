/* The optimisers with the defaults of torch.optim, and of the package torch_optimizer for DiffGrad and AdamP. */

#include "study/tables.h"

#define BETAS                                                                                                        \
    {                                                                                                                \
        .key = "optimizer.betas"                                                                                     \
    }
#define EPS                                                                                                          \
    {                                                                                                                \
        .key = "optimizer.eps"                                                                                       \
    }
#define DECAY                                                                                                        \
    {                                                                                                                \
        .key = "optimizer.weight_decay"                                                                              \
    }

const vqc_word vqc_optimiser_words[] = {
    [VQC_OPTIMISER_ADAM] = {.word = "adam", .says = "torch.optim.Adam", .options = {BETAS, EPS, DECAY}},
    [VQC_OPTIMISER_ADAMW] = {.word = "adamw",
                             .says = "torch.optim.AdamW: the decay apart from the gradient",
                             .options = {BETAS, EPS, {.key = "optimizer.weight_decay", .usual = {0.01}}}},
    [VQC_OPTIMISER_ADAGRAD] = {.word = "adagrad",
                               .says = "torch.optim.Adagrad",
                               .options = {{.key = "optimizer.eps", .usual = {1e-10}}, DECAY}},
    [VQC_OPTIMISER_ADAMAX] = {.word = "adamax", .says = "torch.optim.Adamax", .options = {BETAS, EPS, DECAY}},
    [VQC_OPTIMISER_DIFFGRAD] = {.word = "diffgrad",
                                .says = "torch_optimizer's DiffGrad",
                                .options = {BETAS, EPS, DECAY}},
    [VQC_OPTIMISER_ADAMP] =
        {.word = "adamp",
         .says = "torch_optimizer's AdamP",
         .options = {BETAS, EPS, DECAY, {.key = "optimizer.delta"}, {.key = "optimizer.wd_ratio"}}},
    [VQC_OPTIMISER_RADAM] = {.word = "radam", .says = "torch.optim.RAdam", .options = {BETAS, EPS, DECAY}},
    [VQC_OPTIMISER_RMSPROP] = {.word = "rmsprop",
                               .says = "torch.optim.RMSprop",
                               .options = {{.key = "optimizer.alpha"}, EPS, DECAY}},
};
