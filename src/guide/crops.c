#include "guide/crops.h"

#include <math.h>

static int64_t smaller(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

void vqc_crop_draw(double power, int64_t width, int64_t height, int64_t side, vqc_stream *stream,
                   int32_t rectangle[5])
{
    int64_t largest = smaller(width, height);
    int64_t smallest = smaller(largest, side);
    double share = pow(vqc_stream_uniform(stream), power);
    int64_t size = (int64_t)floor(share * (double)(largest - smallest) + (double)smallest);
    int64_t left = vqc_stream_integer(stream, width - size + 1);
    int64_t top = vqc_stream_integer(stream, height - size + 1);
    rectangle[0] = 0;
    rectangle[1] = (int32_t)top;
    rectangle[2] = (int32_t)left;
    rectangle[3] = (int32_t)size;
    rectangle[4] = (int32_t)size;
}
