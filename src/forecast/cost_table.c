#include "forecast/cost_table.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

void vqc_cost_table_release(vqc_cost_table *table)
{
    free(table->shapes);
    *table = (vqc_cost_table){0};
}

vqc_network_cost vqc_network_cost_describe(const vqc_study *study, const vqc_render *render, int64_t factor)
{
    return (vqc_network_cost){.key = vqc_network_key_of(study, render->settings, factor),
                              .init = render->settings->init.kind,
                              .moves = render->settings->motion_every > 0};
}

/* A step's seconds with so many lanes at work; something was measured. */
static double lane_phase_seconds(const vqc_network_cost *shape, int lanes)
{
    int last = shape->lane_phase_count - 1;
    int place = 0;
    while (place < last && shape->lane_phases[place + 1].lanes < lanes)
        place++;
    const vqc_lane_phase *from = &shape->lane_phases[place];
    if (lanes > shape->lane_phases[last].lanes || place == last)
        return shape->lane_phases[last].seconds * (double)lanes / (double)shape->lane_phases[last].lanes;
    const vqc_lane_phase *to = from + 1;
    return from->seconds +
           (to->seconds - from->seconds) * (double)(lanes - from->lanes) / (double)(to->lanes - from->lanes);
}

double vqc_network_cost_slowdown(const vqc_network_cost *shape, int lanes)
{
    if (shape->lane_phase_count == 0)
        return (double)lanes;
    return fmax(1.0, lane_phase_seconds(shape, lanes) / shape->lane_phases[0].seconds);
}

size_t vqc_cost_table_find(const vqc_cost_table *table, const vqc_study *study, const vqc_render *render)
{
    const vqc_network_key key = vqc_network_key_of(study, render->settings, table->factor);
    size_t place = 0;
    while (place < table->count && (table->shapes[place].init != render->settings->init.kind ||
                                    table->shapes[place].moves != (render->settings->motion_every > 0) ||
                                    !vqc_network_key_equal(&table->shapes[place].key, &key)))
        place++;
    return place;
}

vqc_status vqc_cost_table_add(vqc_cost_table *table, const vqc_network_cost *shape, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&table->shapes, &table->capacity, table->count + 1, sizeof *shape, "shapes", error));
    table->shapes[table->count++] = *shape;
    return VQC_OK;
}
