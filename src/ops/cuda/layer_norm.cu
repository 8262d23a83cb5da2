#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/formulas.h"

namespace
{

enum { WEIGHT, BIAS }; /* parameters */

/* A warp computes a row. Rows of whole packs and a width that there is a kernel for lie in its registers, lane by
 * lane a pack in turn; over others it goes two or three times, of which the later ones find them in the cache. */
enum { ROWS = VQC_CUDA_THREADS / VQC_CUDA_WARP /* of a block */ };

/* Of each row, what the forward pass leaves for the backward pass. */
typedef struct statistics {
    float mean;
    float inverse_deviation;
} statistics;

template <typename T> __device__ statistics statistics_of(const T *x, int64_t width, float epsilon, int lane)
{
    float sum = 0.0F;
    for (int64_t i = lane; i < width; i += VQC_CUDA_WARP)
        sum += vqc_cuda_load(x, i);
    float mean = vqc_cuda_warp_sum(sum) / (float)width;
    float squares = 0.0F;
    for (int64_t i = lane; i < width; i += VQC_CUDA_WARP) {
        float d = vqc_cuda_load(x, i) - mean;
        squares += d * d;
    }
    float variance = vqc_cuda_warp_sum(squares) / (float)width;
    return statistics{mean, 1.0F / sqrtf(variance + epsilon)};
}

template <typename T>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    forward_kernel(int64_t rows, int64_t width, float epsilon, const float *weight, const float *bias, const T *input,
                   T *output, statistics *saved)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t row = (int64_t)blockIdx.x * ROWS + threadIdx.x / VQC_CUDA_WARP; row < rows;
         row += (int64_t)gridDim.x * ROWS) {
        const T *x = input + row * width;
        statistics m = statistics_of(x, width, epsilon, lane);
        if (lane == 0)
            saved[row] = m;
        for (int64_t i = lane; i < width; i += VQC_CUDA_WARP)
            vqc_cuda_store(
                output, row * width + i,
                vqc_formula_normalise(vqc_cuda_load(x, i), m.mean, m.inverse_deviation, weight[i], bias[i]));
    }
}

template <typename T>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    backward_kernel(int64_t rows, int64_t width, const float *weight, const T *input, const T *grad_output,
                    const statistics *saved, bool accumulate, T *grad_input)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t row = (int64_t)blockIdx.x * ROWS + threadIdx.x / VQC_CUDA_WARP; row < rows;
         row += (int64_t)gridDim.x * ROWS) {
        const T *x = input + row * width;
        const T *grad = grad_output + row * width;
        const statistics m = saved[row];
        float sum_h = 0.0F;
        float sum_hn = 0.0F;
        for (int64_t i = lane; i < width; i += VQC_CUDA_WARP) {
            float h = vqc_cuda_load(grad, i) * weight[i];
            sum_h += h;
            sum_hn += h * ((vqc_cuda_load(x, i) - m.mean) * m.inverse_deviation);
        }
        float mean_h = vqc_cuda_warp_sum(sum_h) / (float)width;
        float mean_hn = vqc_cuda_warp_sum(sum_hn) / (float)width;
        for (int64_t i = lane; i < width; i += VQC_CUDA_WARP) {
            float h = vqc_cuda_load(grad, i) * weight[i];
            float n = (vqc_cuda_load(x, i) - m.mean) * m.inverse_deviation;
            float value = vqc_formula_normalise_gradient(h, n, mean_h, mean_hn, m.inverse_deviation);
            vqc_cuda_store_gradient(grad_input, row * width + i, value, accumulate);
        }
    }
}

/* The element at which pack number k of a lane begins. */
__device__ __forceinline__ int element_of(int k, int lane)
{
    return (k * VQC_CUDA_WARP + lane) * VQC_CUDA_PACK;
}

/* What a lane has of a row, zero behind its end. */
template <int PACKS> struct row_packs {
    vqc_cuda_pack pack[PACKS];
};

/* Behind the row's end a lane reads its begin, so that its reads need no branches and are all under way at once. */
template <int PACKS, typename T>
__device__ __forceinline__ row_packs<PACKS> row_load(const T *row, int width, int lane)
{
    row_packs<PACKS> x;
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        const int first = element_of(k, lane);
        const bool is_there = first < width;
        const vqc_cuda_pack pack = vqc_cuda_pack_load(row, is_there ? first : 0);
#pragma unroll
        for (int i = 0; i < VQC_CUDA_PACK; i++)
            x.pack[k].value[i] = is_there ? pack.value[i] : 0.0F;
    }
    return x;
}

template <int PACKS>
__device__ __forceinline__ statistics moments_of_packs(const row_packs<PACKS> &x, int width, float epsilon, int lane)
{
    float sum = 0.0F;
#pragma unroll
    for (int i = 0; i < PACKS * VQC_CUDA_PACK; i++)
        sum += x.pack[i / VQC_CUDA_PACK].value[i % VQC_CUDA_PACK];
    float mean = vqc_cuda_warp_sum(sum) / (float)width;
    float squares = 0.0F;
#pragma unroll
    for (int i = 0; i < PACKS * VQC_CUDA_PACK; i++) {
        float d = x.pack[i / VQC_CUDA_PACK].value[i % VQC_CUDA_PACK] - mean;
        squares += element_of(i / VQC_CUDA_PACK, lane) < width ? d * d : 0.0F;
    }
    float variance = vqc_cuda_warp_sum(squares) / (float)width;
    return statistics{mean, 1.0F / sqrtf(variance + epsilon)};
}

template <typename T, int PACKS>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    forward_packs_kernel(int64_t rows, int64_t width, float epsilon, const float *weight, const float *bias,
                         const T *input, T *output, statistics *saved)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t row = (int64_t)blockIdx.x * ROWS + threadIdx.x / VQC_CUDA_WARP; row < rows;
         row += (int64_t)gridDim.x * ROWS) {
        row_packs<PACKS> x = row_load<PACKS>(input + row * width, (int)width, lane);
        const row_packs<PACKS> w = row_load<PACKS>(weight, (int)width, lane);
        const row_packs<PACKS> b = row_load<PACKS>(bias, (int)width, lane);
        statistics m = moments_of_packs(x, (int)width, epsilon, lane);
        if (lane == 0)
            saved[row] = m;
#pragma unroll
        for (int k = 0; k < PACKS; k++) {
            const int first = element_of(k, lane);
#pragma unroll
            for (int i = 0; i < VQC_CUDA_PACK; i++)
                x.pack[k].value[i] = vqc_formula_normalise(x.pack[k].value[i], m.mean, m.inverse_deviation,
                                                           w.pack[k].value[i], b.pack[k].value[i]);
            if (first < width)
                vqc_cuda_pack_store(output + row * width, first, x.pack[k]);
        }
    }
}

/* Makes h of the gradient and n of x, and gives their means. Behind the row's end h is zero. */
template <int PACKS>
__device__ __forceinline__ void means_of_packs(row_packs<PACKS> &x, row_packs<PACKS> &gradient,
                                               const row_packs<PACKS> &weight, const statistics &m, int width,
                                               float &mean_h, float &mean_hn)
{
    float sum_h = 0.0F;
    float sum_hn = 0.0F;
#pragma unroll
    for (int i = 0; i < PACKS * VQC_CUDA_PACK; i++) {
        const int k = i / VQC_CUDA_PACK;
        float &h = gradient.pack[k].value[i % VQC_CUDA_PACK];
        float &n = x.pack[k].value[i % VQC_CUDA_PACK];
        h *= weight.pack[k].value[i % VQC_CUDA_PACK];
        n = (n - m.mean) * m.inverse_deviation;
        sum_h += h;
        sum_hn += h * n;
    }
    mean_h = vqc_cuda_warp_sum(sum_h) / (float)width;
    mean_hn = vqc_cuda_warp_sum(sum_hn) / (float)width;
}

template <typename T, int PACKS>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    backward_packs_kernel(int64_t rows, int64_t width, const float *weight, const T *input, const T *grad_output,
                          const statistics *saved, bool accumulate, T *grad_input)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    const T *sum = accumulate ? grad_input : grad_output; /* read in any case, for want of a branch */
    for (int64_t row = (int64_t)blockIdx.x * ROWS + threadIdx.x / VQC_CUDA_WARP; row < rows;
         row += (int64_t)gridDim.x * ROWS) {
        const statistics m = saved[row];
        row_packs<PACKS> n = row_load<PACKS>(input + row * width, (int)width, lane);
        row_packs<PACKS> h = row_load<PACKS>(grad_output + row * width, (int)width, lane);
        const row_packs<PACKS> w = row_load<PACKS>(weight, (int)width, lane);
        const row_packs<PACKS> before = row_load<PACKS>(sum + row * width, (int)width, lane);
        float mean_h;
        float mean_hn;
        means_of_packs(n, h, w, m, (int)width, mean_h, mean_hn);
#pragma unroll
        for (int k = 0; k < PACKS; k++) {
            const int first = element_of(k, lane);
#pragma unroll
            for (int i = 0; i < VQC_CUDA_PACK; i++) {
                float value = vqc_formula_normalise_gradient(h.pack[k].value[i], n.pack[k].value[i], mean_h, mean_hn,
                                                             m.inverse_deviation);
                h.pack[k].value[i] = accumulate ? before.pack[k].value[i] + value : value;
            }
            if (first < width)
                vqc_cuda_pack_store(grad_input + row * width, first, h.pack[k]);
        }
    }
}

/* The most packs that a lane has of a row, as there are kernels for: 2, 3, 4 or 8; 0 where rows do not fit them. */
int packs_for(int64_t width)
{
    int64_t packs = vqc_cuda_pieces(width, VQC_CUDA_WARP * VQC_CUDA_PACK);
    if (width % VQC_CUDA_PACK != 0 || packs > 8)
        return 0;
    return packs > 4 ? 8 : packs < 2 ? 2 : (int)packs;
}

template <typename T> auto forward_kernel_for(int64_t width)
{
    switch (packs_for(width)) {
    case 2:
        return forward_packs_kernel<T, 2>;
    case 3:
        return forward_packs_kernel<T, 3>;
    case 4:
        return forward_packs_kernel<T, 4>;
    case 8:
        return forward_packs_kernel<T, 8>;
    default:
        return forward_kernel<T>;
    }
}

template <typename T> auto backward_kernel_for(int64_t width)
{
    switch (packs_for(width)) {
    case 2:
        return backward_packs_kernel<T, 2>;
    case 3:
        return backward_packs_kernel<T, 3>;
    case 4:
        return backward_packs_kernel<T, 4>;
    case 8:
        return backward_packs_kernel<T, 8>;
    default:
        return backward_kernel<T>;
    }
}

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_layer_norm *o = &call->operation->layer_norm;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(o->rows, ROWS), forward_kernel_for<T>(o->width), o->rows,
                           o->width, o->epsilon, static_cast<const float *>(call->parameter[WEIGHT]),
                           static_cast<const float *>(call->parameter[BIAS]),
                           static_cast<const T *>(arguments->input[0]), static_cast<T *>(arguments->output),
                           static_cast<statistics *>(arguments->saved));
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_layer_norm *o = &call->operation->layer_norm;
    return vqc_cuda_launch(
        call->stream, vqc_cuda_pieces(o->rows, ROWS), backward_kernel_for<T>(o->width), o->rows, o->width,
        static_cast<const float *>(call->parameter[WEIGHT]), static_cast<const T *>(arguments->input[0]),
        static_cast<const T *>(arguments->grad_output), static_cast<const statistics *>(arguments->saved),
        arguments->accumulate[0], static_cast<T *>(arguments->grad_input[0]));
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_layer_norm *o = &plan->operation.layer_norm;
    plan->sizes.saved = (size_t)o->rows * sizeof(statistics);
    VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, o->weight, o->width, error));
    return vqc_cuda_parameter_upload(plan, 1, VQC_DTYPE_F32, o->bias, o->width, error);
}

const vqc_cuda_kernels vqc_cuda_layer_norm_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
