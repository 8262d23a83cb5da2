#include "ops/describe.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct named {
    const char *name;
    int64_t value;
} named;

enum { MAX_NAMED = 8 };

/* The sizes that tell operations of a kind apart; the list ends at the first without a name. */
static void sizes_of(const vqc_operation *operation, named sizes[MAX_NAMED])
{
    const vqc_convolution *c = &operation->convolution;
    const vqc_linear *l = &operation->linear;
    const vqc_attention *a = &operation->attention;
    int count = 0;
    if (operation->kind == VQC_OPERATION_CONVOLUTION) {
        sizes[count++] = (named){"batch", c->batch};
        sizes[count++] = (named){"height", c->height};
        sizes[count++] = (named){"width", c->width};
        sizes[count++] = (named){"in", c->in_channels};
        sizes[count++] = (named){"out", c->out_channels};
        sizes[count++] = (named){"kernel", c->kernel_height};
        sizes[count++] = (named){"stride", c->stride};
    } else if (operation->kind == VQC_OPERATION_LINEAR) {
        sizes[count++] = (named){"rows", l->rows};
        sizes[count++] = (named){"in", l->in_width};
        sizes[count++] = (named){"out", l->out_width};
    } else if (operation->kind == VQC_OPERATION_ATTENTION) {
        sizes[count++] = (named){"batch", a->batch};
        sizes[count++] = (named){"queries", a->queries};
        sizes[count++] = (named){"keys", a->keys};
        sizes[count++] = (named){"heads", a->heads};
        sizes[count++] = (named){"head width", a->head_width};
    } else {
        vqc_operation_layout layout = vqc_operation_layout_of(operation);
        sizes[count++] = (named){"input elements", layout.input_count_elements[0]};
        sizes[count++] = (named){"output elements", layout.output_count_elements};
    }
    sizes[count] = (named){0};
}

void vqc_operation_describe(const vqc_operation *operation, char text[VQC_OPERATION_DESCRIPTION_SIZE])
{
    named sizes[MAX_NAMED];
    sizes_of(operation, sizes);
    bool cast = operation->kind == VQC_OPERATION_CAST;
    int length = snprintf(text, VQC_OPERATION_DESCRIPTION_SIZE, "%s %s", vqc_operation_name(operation->kind),
                          vqc_dtype_name(cast ? operation->cast.from : operation->dtype));
    for (int i = 0; sizes[i].name != NULL && length < VQC_OPERATION_DESCRIPTION_SIZE; i++)
        length += snprintf(text + length, (size_t)(VQC_OPERATION_DESCRIPTION_SIZE - length), ", %s %" PRId64,
                           sizes[i].name, sizes[i].value);
}
