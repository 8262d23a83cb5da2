#ifndef VQC_FORECAST_EVENT_QUEUE_H
#define VQC_FORECAST_EVENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The events of a simulation that are still to come, the earliest first: a binary heap. Initialise with {0}. */
typedef struct vqc_event {
    double time;
    uint64_t number; /* given by the queue: of events at the same time the one that was added first comes first */
    int kind;        /* the caller's, as are the next two */
    int subject;
    unsigned version;
} vqc_event;

typedef struct vqc_event_queue {
    vqc_event *events;
    size_t count, capacity;
    uint64_t added;
} vqc_event_queue;

/* Adds a copy of the event. */
VQC_MUST_CHECK vqc_status vqc_event_queue_add(vqc_event_queue *queue, const vqc_event *event, vqc_error *error);

/* Takes the earliest event out; false if there is none. */
bool vqc_event_queue_take(vqc_event_queue *queue, vqc_event *event_out);

void vqc_event_queue_release(vqc_event_queue *queue);

#endif
