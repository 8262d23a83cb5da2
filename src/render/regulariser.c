#include "render/regulariser.h"

#include <assert.h>
#include <math.h>

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

/* ---- Of the picture ---- */

static const vqc_picture_regulariser_type *const picture_types[VQC_PICTURE_REGULARISERS] = {
#define VQC_PICTURE_REGULARISER(identifier) &vqc_picture_regulariser_##identifier,
#include "render/regularisers.def"
};

static const char *const picture_names[VQC_PICTURE_REGULARISERS] = {
#define VQC_PICTURE_REGULARISER(identifier) #identifier,
#include "render/regularisers.def"
};

static_assert(VQC_PICTURE_REGULARISERS <= 32, "a bit for each");

const vqc_picture_regulariser_type *vqc_picture_regulariser_of(int row)
{
    return picture_types[row];
}

const char *vqc_picture_regulariser_name(int row)
{
    return picture_names[row];
}

uint32_t vqc_picture_regularisers_used(const vqc_settings *settings)
{
    uint32_t used = 0;
    for (int row = 0; row < VQC_PICTURE_REGULARISERS; row++)
        if (picture_types[row]->most(settings) != 0.0)
            used |= (uint32_t)1 << row;
    return used;
}

int64_t vqc_picture_regularisers_count(const vqc_settings *settings)
{
    int64_t count = 0;
    for (uint32_t used = vqc_picture_regularisers_used(settings); used != 0; used >>= 1)
        count += used & 1;
    return count;
}

bool vqc_picture_regularisers_beside_start(const vqc_settings *settings)
{
    for (int row = 0; row < VQC_PICTURE_REGULARISERS; row++)
        if (picture_types[row]->beside_start && picture_types[row]->most(settings) != 0.0)
            return true;
    return false;
}

double vqc_picture_regularisers_pull(const vqc_settings *settings)
{
    double pull = 0.0;
    for (int row = 0; row < VQC_PICTURE_REGULARISERS; row++)
        pull += fabs(picture_types[row]->most(settings));
    return pull;
}
