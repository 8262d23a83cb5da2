#include "render/step_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static size_t words_count(const vqc_step_message_extents *shape)
{
    return shape->groups * shape->targets + 2 * shape->perceptors + VQC_CONTROL_COUNT;
}

size_t vqc_step_message_bytes(const vqc_step_message_extents *shape)
{
    return (shape->pixels + words_count(shape)) * sizeof(int64_t);
}

vqc_status vqc_step_message_extents_set(vqc_step_message *message, const vqc_step_message_extents *shape,
                                        vqc_error *error)
{
    size_t distances = shape->groups * shape->targets;
    size_t count = words_count(shape);
    if (message->words == NULL || message->count != count) {
        vqc_step_message_release(message);
        VQC_TRY(vqc_memory_allocate(count, sizeof *message->words, "a step's sums", &message->words, error));
        message->count = count;
    }
    message->distances = message->words;
    message->nanoseconds = message->distances + distances;
    message->groups = message->nanoseconds + shape->perceptors;
    message->control = message->groups + shape->perceptors;
    return VQC_OK;
}

void vqc_step_message_release(vqc_step_message *message)
{
    free(message->words);
    *message = (vqc_step_message){0};
}

void vqc_step_message_clear(vqc_step_message *message)
{
    memset(message->words, 0, message->count * sizeof *message->words);
}
