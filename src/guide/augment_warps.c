#include "guide/augment_warps.h"

const vqc_augment_matrix vqc_augment_identity = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

vqc_augment_matrix vqc_augment_matrix_product(const vqc_augment_matrix *left, const vqc_augment_matrix *right)
{
    vqc_augment_matrix product = {{{0}}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                product.at[i][j] += left->at[i][k] * right->at[k][j];
    return product;
}

void vqc_augment_warp_store(const vqc_augment_warp *warp, float numbers[VQC_WARP_NUMBERS])
{
    for (int i = 0; i < 9; i++)
        numbers[i] = (float)warp->matrix.at[i / 3][i % 3];
    numbers[9] = warp->border ? 1.0F : 0.0F;
}

double vqc_augment_radians(double degrees)
{
    static const double pi = 3.14159265358979323846;
    return degrees * pi / 180.0;
}

vqc_augment_warp vqc_augment_part_draw(double width, double height, int64_t side, vqc_stream *stream)
{
    double left = (double)vqc_stream_integer(stream, side - (int64_t)width + 1);
    double top = (double)vqc_stream_integer(stream, side - (int64_t)height + 1);
    double last = side > 1 ? (double)(side - 1) : 1.0;
    return (vqc_augment_warp){{{{(width - 1.0) / last, 0, left}, {0, (height - 1.0) / last, top}, {0, 0, 1}}}, false};
}
