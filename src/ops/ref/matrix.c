#include "ops/ref/ref.h"

/* So many rows go through the matrix together, so that each of its rows is fetched once for all of them. */
enum { BLOCK = 8 };

static void row_accumulate(double factor, const double *restrict row, int64_t width, double *restrict output)
{
    for (int64_t i = 0; i < width; i++)
        output[i] += factor * row[i];
}

void ref_matrix_accumulate(ref_rows rows, int64_t in_width, const double *matrix, int64_t out_width, double *output,
                           int64_t output_stride)
{
    for (int64_t start = 0; start < rows.count; start += BLOCK) {
        int64_t end = start + BLOCK < rows.count ? start + BLOCK : rows.count;
        for (int64_t i = 0; i < in_width; i++)
            for (int64_t r = start; r < end; r++)
                row_accumulate(rows.data[r * rows.stride + i], matrix + i * out_width, out_width,
                               output + r * output_stride);
    }
}
