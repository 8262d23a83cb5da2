#include "forecast/agenda.h"

#include <stdlib.h>

#include "base/memory.h"

static bool is_before(const vqc_agenda_entry *a, const vqc_agenda_entry *b)
{
    return a->time < b->time || (a->time == b->time && a->number < b->number);
}

static void entries_swap(vqc_agenda_entry *a, vqc_agenda_entry *b)
{
    vqc_agenda_entry kept = *a;
    *a = *b;
    *b = kept;
}

vqc_status vqc_agenda_add(vqc_agenda *agenda, const vqc_agenda_entry *entry, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&agenda->entries, &agenda->capacity, agenda->count + 1, sizeof *entry, "entries", error));
    size_t place = agenda->count++;
    agenda->entries[place] = *entry;
    agenda->entries[place].number = agenda->added++;
    while (place > 0 && is_before(&agenda->entries[place], &agenda->entries[(place - 1) / 2])) {
        entries_swap(&agenda->entries[place], &agenda->entries[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    return VQC_OK;
}

bool vqc_agenda_take(vqc_agenda *agenda, vqc_agenda_entry *entry_out)
{
    if (agenda->count == 0)
        return false;
    *entry_out = agenda->entries[0];
    agenda->entries[0] = agenda->entries[--agenda->count];
    for (size_t place = 0;;) {
        size_t least = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2 && child < agenda->count; child++)
            if (is_before(&agenda->entries[child], &agenda->entries[least]))
                least = child;
        if (least == place)
            return true;
        entries_swap(&agenda->entries[place], &agenda->entries[least]);
        place = least;
    }
}

void vqc_agenda_release(vqc_agenda *agenda)
{
    free(agenda->entries);
    *agenda = (vqc_agenda){0};
}
