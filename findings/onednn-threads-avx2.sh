#!/bin/sh
# A third thread changes the bits of oneDNN's matrix products, and a fourth may change them back.
#
# Guess: a product of matrices that is shared among threads by rows or columns of the result has the bits of one thread:
# each value is still one sum in one order.
#
# Found: with AVX2 code the blocking follows the number of threads, and with it the order of the sums. There is no rule
# that one could rely on: two shapes differ from the third thread on, one differs with 2 threads and not with 4, one
# never does.
#
# Why it matters here: pictures are made by thousands of steps that each amplify the last bit; the same study on a
# laptop with four cores and with eight is two studies.
#
# Versions: oneDNN 2.6.3 (Debian 12), x86-64 with AVX2, seen on an AMD EPYC; DNNL_MAX_CPU_ISA=AVX2 has newer
# processors take the same code. The columns are 2 to 7 threads.
#
# Output:
#   49 x 512 x 512, as with one thread: yes no no no no no
#   50 x 768 x 768, as with one thread: yes no no no no no
#   64 x 64 x 64, as with one thread: no no yes no no yes
#   16 x 512 x 2048, as with one thread: yes yes yes yes yes yes
exec "$(dirname "$0")/common/debian.sh" "$0" libdnnl2=2.6.3-1 libdnnl-dev=2.6.3-1 <<'END'
cat >products.cpp <<'C'
#include <cstdio>
#include <dnnl.hpp>
#include <omp.h>
#include <vector>

using namespace dnnl;
using floats = std::vector<float>;

static floats numbers(size_t count)
{
    floats all(count);
    unsigned state = 1;
    for (float &one : all)
        one = static_cast<float>(state = state * 1664525u + 1013904223u) / 4294967296.0f - 0.5f;
    return all;
}

static floats product(int threads, int rows, int columns, int inner)
{
    omp_set_num_threads(threads);
    engine processor(engine::kind::cpu, 0);
    stream queue(processor);
    const auto f32 = memory::data_type::f32;
    const auto by_rows = memory::format_tag::ab;
    memory::desc of_left({rows, inner}, f32, by_rows), of_right({inner, columns}, f32, by_rows),
        of_result({rows, columns}, f32, by_rows);
    floats left = numbers(rows * inner), right = numbers(inner * columns), result(rows * columns);
    memory a(of_left, processor, left.data()), b(of_right, processor, right.data()), c(of_result, processor, result.data());
    matmul(matmul::primitive_desc(matmul::desc(of_left, of_right, of_result), processor))
        .execute(queue, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
    queue.wait();
    return result;
}

int main()
{
    for (auto shape : {std::vector<int>{49, 512, 512}, {50, 768, 768}, {64, 64, 64}, {16, 512, 2048}})
    {
        const floats one = product(1, shape[0], shape[1], shape[2]);
        std::printf("%d x %d x %d, as with one thread:", shape[0], shape[1], shape[2]);
        for (int threads = 2; threads <= 7; threads++)
            std::printf(" %s", product(threads, shape[0], shape[1], shape[2]) == one ? "yes" : "no");
        std::printf("\n");
    }
    return 0;
}
C
g++ -fopenmp products.cpp -ldnnl -o products
DNNL_MAX_CPU_ISA=AVX2 ./products
END
