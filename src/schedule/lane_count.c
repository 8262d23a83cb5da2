#include "schedule/lane_count.h"

int vqc_lane_count_useful(int lanes, size_t renders, int ranks)
{
    size_t share = (renders + (size_t)ranks - 1) / (size_t)ranks;
    return share < (size_t)lanes ? (int)share : lanes;
}
