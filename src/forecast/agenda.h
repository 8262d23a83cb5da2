#ifndef VQC_FORECAST_AGENDA_H
#define VQC_FORECAST_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The events of a simulation that are still to come, the earliest first: a binary heap. Initialise with {0}. */
typedef struct vqc_agenda_entry {
    double time;
    uint64_t number; /* given by the agenda: of entries of the same time the one that was added first comes first */
    int kind;        /* the caller's, as are the next two */
    int subject;
    unsigned version;
} vqc_agenda_entry;

typedef struct vqc_agenda {
    vqc_agenda_entry *entries;
    size_t count, capacity;
    uint64_t added;
} vqc_agenda;

/* Adds a copy of the entry. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_agenda_add(vqc_agenda *agenda, const vqc_agenda_entry *entry, vqc_error *error);

/* Takes the earliest entry out; false if there is none. */
bool vqc_agenda_take(vqc_agenda *agenda, vqc_agenda_entry *entry_out);

void vqc_agenda_release(vqc_agenda *agenda);

#endif
