#include "ops/filter.h"

void vqc_filter_compute(int64_t length, int64_t max_length, int64_t side, void *memory, vqc_filter *filter)
{
    *filter = vqc_filter_place(max_length, side, memory);
    vqc_filter_low_pass_compute(filter, length);
    for (int64_t i = 0; i < side; i++)
        vqc_filter_row_compute(filter, i, length);
}
