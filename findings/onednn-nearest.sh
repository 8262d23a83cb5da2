#!/bin/sh
# oneDNN's nearest neighbour is another one than that of the frameworks.
#
# Guess: resampling with the algorithm "nearest" takes the value at floor(i * in / out), as torch's mode="nearest" and
# most picture libraries do.
#
# Found: it takes the value nearest to the centre of the new cell, (i + 1/2) * in / out - 1/2 rounded, which torch has
# under the name "nearest-exact". Twice as large is the same by both rules; half as large, every value is another.
#
# Why it matters here: a decoder that doubles its picture may be given to oneDNN, a mask or a picture that is made
# smaller may not.
#
# Versions: oneDNN 2.6.3 (Debian 12).
#
# Output:
#   4 to 8: 0 0 1 1 2 2 3 3, by floor 0 0 1 1 2 2 3 3
#   8 to 4: 1 3 5 7, by floor 0 2 4 6
#   7 to 3: 1 3 5, by floor 0 2 4
#   4 to 10: 0 0 1 1 1 2 2 3 3 3, by floor 0 0 0 1 1 2 2 2 3 3
exec "$(dirname "$0")/common/debian.sh" "$0" libdnnl2=2.6.3-1 libdnnl-dev=2.6.3-1 <<'END'
cat >nearest.cpp <<'C'
#include <cstdio>
#include <dnnl.hpp>
#include <vector>

using namespace dnnl;

static void resample(const engine &processor, stream &work, int in, int out)
{
    memory::desc before({1, 1, 1, in}, memory::data_type::f32, memory::format_tag::nchw);
    memory::desc after({1, 1, 1, out}, memory::data_type::f32, memory::format_tag::nchw);
    std::vector<float> places(in), taken(out);
    for (int i = 0; i < in; i++)
        places[i] = (float)i;
    memory source(before, processor, places.data()), target(after, processor, taken.data());
    resampling_forward::desc what(prop_kind::forward_inference, algorithm::resampling_nearest, before, after);
    resampling_forward(resampling_forward::primitive_desc(what, processor)).execute(work, {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}});
    work.wait();
    printf("%d to %d:", in, out);
    for (float place : taken)
        printf(" %.0f", place);
    printf(", by floor");
    for (int i = 0; i < out; i++)
        printf(" %d", i * in / out);
    printf("\n");
}

int main()
{
    engine processor(engine::kind::cpu, 0);
    stream work(processor);
    const int sizes[][2] = {{4, 8}, {8, 4}, {7, 3}, {4, 10}};
    for (const int *size : sizes)
        resample(processor, work, size[0], size[1]);
    return 0;
}
C
c++ -O1 nearest.cpp -o nearest -ldnnl
./nearest
END
