#include "forecast/event_queue.h"

#include <stdlib.h>

#include "base/memory.h"

static bool is_before(const vqc_event *a, const vqc_event *b)
{
    return a->time < b->time || (a->time == b->time && a->number < b->number);
}

static void events_swap(vqc_event *a, vqc_event *b)
{
    vqc_event kept = *a;
    *a = *b;
    *b = kept;
}

vqc_status vqc_event_queue_add(vqc_event_queue *queue, const vqc_event *event, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&queue->events, &queue->capacity, queue->count + 1, sizeof *event, "events", error));
    size_t place = queue->count++;
    queue->events[place] = *event;
    queue->events[place].number = queue->added++;
    while (place > 0 && is_before(&queue->events[place], &queue->events[(place - 1) / 2])) {
        events_swap(&queue->events[place], &queue->events[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    return VQC_OK;
}

bool vqc_event_queue_take(vqc_event_queue *queue, vqc_event *event_out)
{
    if (queue->count == 0)
        return false;
    *event_out = queue->events[0];
    queue->events[0] = queue->events[--queue->count];
    for (size_t place = 0;;) {
        size_t least = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2 && child < queue->count; child++)
            if (is_before(&queue->events[child], &queue->events[least]))
                least = child;
        if (least == place)
            return true;
        events_swap(&queue->events[place], &queue->events[least]);
        place = least;
    }
}

void vqc_event_queue_release(vqc_event_queue *queue)
{
    free(queue->events);
    *queue = (vqc_event_queue){0};
}
