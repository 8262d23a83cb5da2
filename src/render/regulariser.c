#include "render/regulariser.h"

/* A row without its file in render/regularisers/ does not link. */
static const vqc_regulariser_type *const types[] = {
#define VQC_REGULARISER(identifier) &vqc_regulariser_##identifier,
#include "render/regularisers.def"
};

enum { COUNT = sizeof types / sizeof types[0] };

double vqc_regulariser_weight(const vqc_settings *settings, int64_t step)
{
    double weight = 0.0;
    for (int i = 0; i < COUNT; i++)
        weight += types[i]->weight(settings, step);
    return weight;
}

int64_t vqc_regulariser_restart(const vqc_settings *settings, int64_t step)
{
    int64_t last = 0;
    for (int i = 0; i < COUNT; i++) {
        int64_t restart = types[i]->restart(settings, step);
        last = restart > last ? restart : last;
    }
    return last;
}

bool vqc_regulariser_towards_start(const vqc_settings *settings)
{
    for (int i = 0; i < COUNT; i++)
        if (types[i]->towards_start(settings))
            return true;
    return false;
}
