#ifndef VQC_OPS_OPERATION_H
#define VQC_OPS_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/status.h"

/* What an operation computes, without saying how. An operation is a function from up to two inputs to one output,
 * together with its gradient with respect to the inputs; parameters (weights, codebooks) are constants.
 *
 * Layout. Activations are contiguous, channels last: pictures (batch, height, width, channels), token sequences
 * (batch, token, width). All activations of one operation have its `dtype`, except where its comment says
 * otherwise. Parameters are f32 in host memory and belong to the caller; an implementation copies what it needs
 * while a plan is made, converted and packed as it likes. */

/* The operations, one row for each: kind, name in C, name for messages, element types and form (below). What is made
 * from the rows: the enum, the union's members, names and checks, the declarations of everything that an operation
 * needs (layout and check in ops/kinds, the kernels of ref, cpu and cuda), their tables, and the lists of the tests.
 * So a row without its parts does not link, and one without its tests fails one that names it.
 *
 * The form says where layout and check come from: they are the operation's OWN, in ops/kinds; or they are those of
 * all that change crops in place under a few numbers of each crop X (input 1, VQC_X_NUMBERS of them, f32 or i32,
 * without a gradient): PICTURES, whose pixels know their neighbours, or PIXELS, whose three channels know each other.
 * Behind the type of the numbers stands whether the gradient needs the crops again, READ or UNREAD. */
#define VQC_OPERATIONS(X)                                                                                            \
    X(CONVOLUTION, convolution, "convolution", ANY, OWN)                                                             \
    X(LINEAR, linear, "linear", ANY, OWN)                                                                            \
    X(ATTENTION, attention, "attention", ANY, OWN)                                                                   \
    X(GROUP_NORM, group_norm, "group norm", ANY, OWN)                                                                \
    X(LAYER_NORM, layer_norm, "layer norm", ANY, OWN)                                                                \
    X(ACTIVATION, activation, "activation", ANY, OWN)                                                                \
    X(ADD, add, "add", ANY, OWN)                                                                                     \
    X(UPSAMPLE_CONVOLUTION, upsample_convolution, "upsample and convolution", ANY, OWN)                              \
    X(AVERAGE_POOL, average_pool, "average pool", ANY, OWN)                                                          \
    X(QUANTISE, quantise, "quantise", PRECISE, OWN)                                                                  \
    X(CHANNEL_SCALE, channel_scale, "channel scale", ANY, OWN)                                                       \
    X(CLAMP, clamp, "clamp", ANY, OWN)                                                                               \
    X(TOKENS, tokens, "tokens", ANY, OWN)                                                                            \
    X(EMBED, embed, "embed", ANY, OWN)                                                                               \
    X(SELECT, select, "select", ANY, OWN)                                                                            \
    X(RESAMPLE, resample, "resample", PRECISE, OWN)                                                                  \
    X(ADAPTIVE_POOL, adaptive_pool, "adaptive pool", PRECISE, OWN)                                                   \
    X(DISTANCE, distance, "distance", PRECISE, OWN)                                                                  \
    X(CAST, cast, "cast", OWN, OWN)                                                                                  \
    X(WARP, warp, "warp", PRECISE, PICTURES, F32, UNREAD)                                                            \
    X(COLOUR, colour, "colour", PRECISE, PIXELS, F32, READ)                                                          \
    X(NOISE, noise, "noise", PRECISE, OWN)                                                                           \
    X(ERASE, erase, "erase", PRECISE, PICTURES, I32, UNREAD)                                                         \
    X(SHARPEN, sharpen, "sharpen", PRECISE, PICTURES, F32, UNREAD)                                                   \
    X(FIELD_WARP, field_warp, "field warp", PRECISE, OWN)                                                            \
    X(SPLINE_FIELD, spline_field, "spline field", PRECISE, OWN)                                                      \
    X(ELASTIC_FIELD, elastic_field, "elastic field", PRECISE, OWN)                                                   \
    X(PICTURE_TERM, picture_term, "picture term", PRECISE, OWN)                                                      \
    X(FRAME, frame, "frame", PRECISE, OWN)                                                                           \
    X(VIEW, view, "view", PRECISE, OWN)

#define VQC_OPERATION_KIND(KIND, ...) VQC_OPERATION_##KIND,
typedef enum vqc_operation_kind { VQC_OPERATIONS(VQC_OPERATION_KIND) VQC_OPERATION_COUNT } vqc_operation_kind;

/* Which element types the activations of an operation may have. */
typedef enum vqc_operation_types {
    VQC_OPERATION_TYPES_ANY,     /* f32 or bf16; `ref` takes f64 as well */
    VQC_OPERATION_TYPES_PRECISE, /* not bf16, which is too coarse */
    VQC_OPERATION_TYPES_OWN      /* those that its description says, whatever `dtype` is */
} vqc_operation_types;

/* The shapes of the forms: input 0 and output are (crops, height, width, channels), or (crops, pixels, 3). */
typedef struct vqc_pictures {
    int64_t crops, height, width, channels;
} vqc_pictures;

typedef struct vqc_pixels {
    int64_t crops, pixels;
} vqc_pixels;

/* Two-dimensional convolution (cross-correlation, as the networks define it) with zero padding.
 * input 0 (batch, height, width, in_channels); input 1, only with `residual`, shaped like the output;
 * output (batch, out_height, out_width, out_channels), the convolution + bias (+ residual), where
 * out_height = (height + pad_top + pad_bottom - kernel_height) / stride + 1, and the width likewise.
 * weight (out_channels, in_channels, kernel_height, kernel_width); bias (out_channels) or NULL. */
typedef struct vqc_convolution {
    int64_t batch, height, width, in_channels, out_channels;
    int64_t kernel_height, kernel_width, stride;
    int64_t pad_top, pad_left, pad_bottom, pad_right;
    bool residual;
    const float *weight;
    const float *bias;
} vqc_convolution;

/* Matrix product with a constant matrix: output (rows, out_width) = input 0 (rows, in_width) · weightᵀ + bias
 * (+ input 1 (rows, out_width), only with `residual`). weight (out_width, in_width); bias (out_width) or NULL. */
typedef struct vqc_linear {
    int64_t rows, in_width, out_width;
    bool residual;
    const float *weight;
    const float *bias;
} vqc_linear;

/* Scaled dot-product attention, softmax(q kᵀ / √head_width) v for each of the heads; width = heads · head_width and
 * head h owns the channels [h · head_width, (h + 1) · head_width) of q, k and v.
 * `packed`: input 0 (batch, queries, 3 · width) holds q, k, v side by side in each row, and keys = queries.
 * Otherwise input 0 (batch, queries, width) is q and input 1 (batch, keys, 2 · width) holds k, v in each row.
 * output (batch, queries, width). `causal`: query i sees the keys 0..i only. `masked`, only if packed: input 1 int32
 * (batch, keys), without a gradient, is 0 for the keys of a sequence that no query sees; each query must see one, the
 * caller has checked. */
typedef struct vqc_attention {
    int64_t batch, queries, keys, heads, head_width;
    bool packed;
    bool causal;
    bool masked;
} vqc_attention;

/* Group normalisation, with the biased variance, then scale and shift by channel, then x · sigmoid(x) if `swish`.
 * input and output (batch, pixels, channels); groups of channels / groups neighbouring channels share statistics.
 * weight, bias (channels). */
typedef struct vqc_group_norm {
    int64_t batch, pixels, channels, groups;
    float epsilon;
    bool swish;
    const float *weight;
    const float *bias;
} vqc_group_norm;

/* Layer normalisation of every row, biased variance. input and output (rows, width); weight, bias (width). */
typedef struct vqc_layer_norm {
    int64_t rows, width;
    float epsilon;
    const float *weight;
    const float *bias;
} vqc_layer_norm;

/* The functions, one row for each: kind, name in C (of its formulas too).
 * QuickGELU: x · sigmoid(1.702 x). GELU: x · Φ(x), with the error function. tanh-GELU, an approximation of it that
 * has its own name: x · (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 (Hendrycks and Gimpel 2016, equation 2). */
#define VQC_ACTIVATIONS(X)                                                                                           \
    X(RELU, relu)                                                                                                    \
    X(QUICK_GELU, quick_gelu)                                                                                        \
    X(GELU, gelu)                                                                                                    \
    X(TANH_GELU, tanh_gelu)

#define VQC_ACTIVATION_KIND(KIND, name) VQC_ACTIVATION_##KIND,
typedef enum vqc_activation_function {
    VQC_ACTIVATIONS(VQC_ACTIVATION_KIND) VQC_ACTIVATION_COUNT
} vqc_activation_function;

/* Element by element. input and output: count elements. */
typedef struct vqc_activation {
    int64_t count;
    vqc_activation_function function;
} vqc_activation;

/* output = input 0 + input 1, count elements each. */
typedef struct vqc_add {
    int64_t count;
} vqc_add;

/* Nearest-neighbour enlargement by 2, and of what that gives a convolution with a 3 × 3 kernel, stride 1 and one row
 * and column of zeros around it. Of the 9 products for a value of the output 5 have factors in common, and need not
 * be computed: a pixel of the input and its neighbours are all that an output sees (ops/upsample_folding.h). input
 * (batch, height, width, in_channels), output (batch, 2 height, 2 width, out_channels); weight (out_channels,
 * in_channels, 3, 3); bias (out_channels) or NULL. */
typedef struct vqc_upsample_convolution {
    int64_t batch, height, width, in_channels, out_channels;
    const float *weight;
    const float *bias;
} vqc_upsample_convolution;

/* Mean over windows of window × window pixels that do not overlap; height and width are multiples of it.
 * (batch, height, width, channels) to (batch, height / window, width / window, channels). */
typedef struct vqc_average_pool {
    int64_t batch, height, width, channels, window;
} vqc_average_pool;

/* A row of the codebook for each of z. input z and output (rows, width); f32 (or f64). Row r becomes the nearest row
 * e of the codebook, with the smallest e² − 2 z·e, or the one with the largest product z·e; the lower index on a tie.
 * The gradient passes unchanged (straight-through). Of rows of length one the largest product is that of the
 * direction nearest to z's. The saved state is the codes: int32 (rows). codebook (entries, width). */
typedef struct vqc_quantise {
    int64_t rows, width, entries;
    const float *codebook;
    bool largest_product; /* not the nearest */
} vqc_quantise;

/* output = input · scale[c] + shift[c]; (rows, channels). */
typedef struct vqc_channel_scale {
    int64_t rows, channels;
    const float *scale;
    const float *shift;
} vqc_channel_scale;

/* u = input · scale + shift, output = u limited to [0, 1]; count elements. Where u is outside, the gradient g passes
 * only if it pulls u back: (times scale) g where g · (u − output) ≥ 0, else 0 (reference: clamp_with_grad). */
typedef struct vqc_clamp {
    int64_t count;
    float scale, shift;
} vqc_clamp;

/* What vqc_tokens puts in front. */
typedef enum vqc_tokens_front {
    VQC_TOKENS_FRONT_NONE,
    VQC_TOKENS_FRONT_GIVEN, /* `first` */
    VQC_TOKENS_FRONT_MEAN,  /* the mean of the others */
    VQC_TOKENS_FRONT_COUNT
} vqc_tokens_front;

/* Puts one token in front, or none, and adds positions: input (batch, tokens, width), output (batch, front + tokens,
 * width), front being 1 or 0. first (width), only where it is given; positions (front + tokens, width). */
typedef struct vqc_tokens {
    int64_t batch, tokens, width;
    vqc_tokens_front front;
    const float *first;
    const float *positions;
} vqc_tokens;

/* How many tokens that puts in front. */
static inline int64_t vqc_tokens_front_count(const vqc_tokens *o)
{
    return o->front == VQC_TOKENS_FRONT_NONE ? 0 : 1;
}

/* Looks up token ids: input int32 (batch, tokens), output (batch, tokens, width) = table[id] + positions[token].
 * No gradient. Every id must lie in [0, entries); the caller has checked. table (entries, width),
 * positions (tokens, width). */
typedef struct vqc_embed {
    int64_t batch, tokens, width, entries;
    const float *table;
    const float *positions;
} vqc_embed;

/* One token of each sequence: input 0 (batch, tokens, width), input 1 int32 (batch) which token, each in
 * [0, tokens); output (batch, width). The gradient is zero for all other tokens. */
typedef struct vqc_select {
    int64_t batch, tokens, width;
} vqc_select;

/* Cuts crops out of a picture and brings each to side × side: per axis, where it shrinks, reflect padding and a
 * Lanczos-2 low-pass; then bicubic (a = −0.75) with aligned corners (reference: `resample` of the public notebooks).
 * input 0 (batch, height, width, channels), f32 (or f64); input 1 int32 (crops, VQC_RESAMPLE_NUMBERS): picture, top,
 * left, height, width of each crop, inside the picture, both sizes at least 1; the caller has checked. output (crops,
 * side, side, channels). The gradients of overlapping crops add up in the order of the crops. */
typedef struct vqc_resample {
    int64_t batch, height, width, channels, crops, side;
} vqc_resample;

enum { VQC_RESAMPLE_NUMBERS = 5 /* of one crop */ };

/* The whole picture at side × side, the same for every crop: each pixel is the mean of the average and of the largest
 * value in its window, the rows floor(i · height / side) to ceil((i + 1) · height / side) − 1 and the columns
 * likewise (ops/pool_formulas.h; reference: the pooled cut-outs of the public tools).
 * input (height, width, channels), f32 (or f64); output (crops, side, side, channels). The gradient of the largest
 * goes to the first one in reading order. The gradients of the crops add up in their order.
 * The saved state is where the largest are: int32 (side, side, channels), the pixel's row · width + column. */
typedef struct vqc_adaptive_pool {
    int64_t height, width, channels, crops, side;
} vqc_adaptive_pool;

/* Squared spherical distance to prompts: d = 2 · asin(‖x̂ − ŷ‖ / 2)², x̂ = x / ‖x‖ (paper, section 3).
 * input 0 (rows, width) embeddings, f32 (or f64); output (rows, prompts). targets (prompts, width), any length
 * above zero. The gradient at x̂ = ŷ is taken as 0. */
typedef struct vqc_distance {
    int64_t rows, width, prompts;
    const float *targets;
} vqc_distance;

/* Changes the element type, count elements: input `from`, output `to`. The operation's own dtype is not used. */
typedef struct vqc_cast {
    int64_t count;
    vqc_dtype from, to;
} vqc_cast;

/* Moves the pixels of crops, bilinear: output pixel (column x, row y) is the input at (u / w, v / w) with
 * (u, v, w) = M · (x, y, 1), counted in pixels, the centre of the first one at 0.
 * input 0 and output (crops, height, width, channels), f32 (or f64); input 1 f32 (crops, VQC_WARP_NUMBERS): M by
 * rows, then 1 where the edge is repeated outside the crop and 0 where it is black there. Where w is not above 0 the
 * pixel is black. No gradient with respect to M. */
typedef vqc_pictures vqc_warp;

enum { VQC_WARP_NUMBERS = 10 /* of one crop */ };

/* Changes the colours of crops: four stages in an order of each crop's own, each as kornia 0.5.4 has it:
 * brightness x + b, contrast x · c, each limited to [0, 1]; saturation s · f limited to 1, hue h + t turns, in HSV.
 * input 0 and output (crops, pixels, 3), f32 (or f64), 0 to 1; input 1 f32 (crops, VQC_COLOUR_NUMBERS): b, c, f, t,
 * and the number 0 to 23 of the order among the permutations of (brightness, contrast, saturation, hue), counted
 * lexicographically. The gradient passes a limit only from inside; ties among channels go to the first. */
typedef vqc_pixels vqc_colour;

enum { VQC_COLOUR_NUMBERS = 5 /* of one crop */ };

/* output = input 0 + scale · n, n standard normal numbers by Box and Muller from Philox (base/random.h):
 * input 0 and output (crops, count), f32 (or f64); input 1 int32 (crops, VQC_NOISE_NUMBERS): key (2 words), words 1
 * to 3 of the counter, and the bits of the f32 scale. Word 0 of the counter is the element's number / 4; its block's
 * words (0, 1) and (2, 3) give two normal numbers each, from u = (word + 0.5) · 2^-32: √(−2 ln u₁) · (cos, sin)(2π
 * u₂). */
typedef struct vqc_noise {
    int64_t crops, count;
} vqc_noise;

enum { VQC_NOISE_NUMBERS = 6 /* of one crop */ };

/* Makes a rectangle of each crop black. input 0 and output (crops, height, width, channels), f32 (or f64); input 1
 * int32 (crops, VQC_ERASE_NUMBERS): top, left, height, width of the rectangle; what of it lies outside the crop does
 * not matter, and one of no height or width erases nothing. */
typedef vqc_pictures vqc_erase;

enum { VQC_ERASE_NUMBERS = 4 /* of one crop */ };

/* Mixes crops with what a blur makes of them, as kornia 0.5.4 has it for sharpness: b + (x − b) · s, where b is the
 * mean of the pixel, weighing 5, and its eight neighbours, weighing 1 each, limited to [0, 1]. Pixels of the edge
 * stay as they are, and so does all of a crop with s = 1. input 0 and output (crops, height, width, channels), f32
 * (or f64); input 1 f32 (crops, VQC_SHARPEN_NUMBERS): s, 0 to 1. The gradient passes the limit from inside and at it.
 */
typedef vqc_pictures vqc_sharpen;

enum { VQC_SHARPEN_NUMBERS = 1 /* of one crop */ };

/* Moves the pixels of crops, bilinear, from places that are given for every pixel, counted in pixels, the centre of
 * the first one at 0. input 0 and output (crops, height, width, channels), f32 (or f64); input 1 of the same type
 * (crops, height, width, 2): x and y in the input of every output pixel. What lies outside is black, and so is a
 * pixel whose place is no number. No gradient with respect to the places. */
typedef vqc_pictures vqc_field_warp;

/* Places for vqc_field_warp by a thin-plate spline, as kornia 0.5.4 has it: with coordinates from −1 in the first
 * pixel's centre to 1 in the last one's (0 where there is one pixel), an output pixel at v sees the input at
 * f(v) = a₀ + a₁ v₁ + a₂ v₂ + Σ wᵢ U(|v − cᵢ|²), U(q) = q log(q + 1e-8) / 2, with the centres c (−1, −1), (−1, 1),
 * (1, −1), (1, −1), (0, 0); there, −1 and 1 are the outer edges of the first and the last pixel.
 * input 0 f32 (crops, VQC_SPLINE_NUMBERS): 1, or 0 where all pixels stay where they are; wᵢ, x and y of each; a₀, a₁,
 * a₂, x and y of each. output (crops, height, width, 2), f32 (or f64). No gradient. */
typedef struct vqc_spline_field {
    int64_t crops, height, width;
} vqc_spline_field;

enum { VQC_SPLINE_CENTRES = 5, VQC_SPLINE_NUMBERS = 1 + 2 * (VQC_SPLINE_CENTRES + 3) /* of one crop */ };

/* Places for vqc_field_warp by an elastic deformation, as kornia 0.5.4 has it: the coordinates of vqc_spline_field,
 * plus s times a field of independent numbers uniform in [−1, 1), smoothed along both axes by a Gaussian of
 * deviation 32, cut off to 63 pixels and scaled to a sum of 1, with zeros outside the crop; limited to [−1, 1].
 * input 0 int32 (crops, VQC_ELASTIC_NUMBERS): as for vqc_noise, with the bits of the f32 s in place of the scale; 0
 * where all pixels stay where they are. Element 2 · pixel + axis of a crop is number (word >> 8) · 2^-23 − 1 of its
 * Philox words, four to a block. output (crops, height, width, 2), f32 (or f64). No gradient. */
typedef struct vqc_elastic_field {
    int64_t crops, height, width;
} vqc_elastic_field;

enum { VQC_ELASTIC_NUMBERS = 6 /* of one crop */ };

/* What a picture term can be, one row for each: kind, name in C (of its formulas too, ops/picture_terms), and whether
 * it looks at one picture, ALONE, or BESIDE another one. */
#define VQC_PICTURE_TERMS(X)                                                                                         \
    X(TV_SQUARES, tv_squares, ALONE)                                                                                 \
    X(TV_ABSOLUTE, tv_absolute, ALONE)                                                                               \
    X(TV_ISOTROPIC, tv_isotropic, ALONE)                                                                             \
    X(SMOOTHNESS, smoothness, ALONE)                                                                                 \
    X(SMOOTHNESS_CLIPPED, smoothness_clipped, ALONE)                                                                 \
    X(SMOOTHNESS_LOG, smoothness_log, ALONE)                                                                         \
    X(SATURATION, saturation, ALONE)                                                                                 \
    X(RANGE, range, ALONE)                                                                                           \
    X(LIKENESS, likeness, BESIDE)

#define VQC_PICTURE_TERM_KIND(KIND, ...) VQC_PICTURE_TERM_##KIND,
typedef enum vqc_picture_term_function {
    VQC_PICTURE_TERMS(VQC_PICTURE_TERM_KIND) VQC_PICTURE_TERM_COUNT
} vqc_picture_term_function;

/* One number about a whole picture, a term of a loss that needs no perceptor. input 0 (height, width, 3), f32 (or
 * f64); output (1). Only BESIDE: input 1 of the same type (height, width, 3), another picture, without a gradient.
 * With u = scale · input 0 + shift and n pixels; right and down: a pixel's differences to its neighbours there, of
 * each channel, 0 at the edge:
 * TV_SQUARES, TV_ABSOLUTE: Σ (right² + down²) / 3n and Σ (|right| + |down|) / 3n (reference: `tv_loss` of the public
 * diffusion notebooks is the first). TV_ISOTROPIC: the mean of √(mean of the channels' right² + down² + 1e-8)
 * (reference: `TVLoss` of the MSE notebook).
 * SMOOTHNESS: with s = √(Σ of all channels' slopes², along and across), a slope being half the difference of the
 * neighbours on both sides, at the edge that of pixel and neighbour: the mean of s. SMOOTHNESS_CLIPPED: of the
 * smaller of s and 0.5; SMOOTHNESS_LOG: of log(1 + s) (reference: `SmoothnessLoss` of pixray, the multi-perceptor
 * tool). SATURATION: −(√(σ² of a + σ² of b) + 0.3 √(μ² of a + μ² of b)) / 5, a = red − green, b = (red + green) / 2 −
 * blue, σ² the variance over n − 1, μ the mean: the colourfulness of Hasler and Süsstrunk 2003 (reference:
 * `SaturationLoss` of pixray). RANGE: Σ (u − u limited to [0, 1])² / 3n (reference: `range_loss` of the public
 * diffusion notebooks). LIKENESS: Σ (u − input 1)² / 3n. Where a term has a corner (of a square root of 0, of an
 * absolute value, of a limit) its gradient is 0, or that from inside the limit. */
typedef struct vqc_picture_term {
    int64_t height, width;
    vqc_picture_term_function function;
    float scale, shift;
} vqc_picture_term;

/* Lays a picture into the middle of a black square as long as its longer side; where that is not to be halved, one
 * row or column further up or left. input 0 (height, width, channels); output (side, side, channels). */
typedef struct vqc_frame {
    int64_t height, width, channels;
} vqc_frame;

static inline int64_t vqc_frame_side(const vqc_frame *o)
{
    return o->height > o->width ? o->height : o->width;
}

/* Mirrors crops, left and right, and takes their colour away: each channel becomes 0.2989 red + 0.587 green + 0.114
 * blue (torchvision's Grayscale). input 0 and output (crops, height, width, 3); input 1 int32 (crops,
 * VQC_VIEW_NUMBERS): whether it is mirrored, whether it is grey. */
typedef struct vqc_view {
    int64_t crops, height, width;
} vqc_view;

enum { VQC_VIEW_NUMBERS = 2 /* of one crop */ };

#define VQC_OPERATION_MEMBER(KIND, name, ...) vqc_##name name;

/* One operation with its shapes and parameters. */
typedef struct vqc_operation {
    vqc_operation_kind kind;
    vqc_dtype dtype; /* of the activations; vqc_operation_types says which */
    union {
        VQC_OPERATIONS(VQC_OPERATION_MEMBER)
    };
} vqc_operation;

enum { VQC_OPERATION_MAX_INPUTS = 2 };

/* Largest size along one axis; with it, products of three sizes stay below 2^63. */
#define VQC_OPERATION_MAX_SIZE ((int64_t)1 << 20)
/* Largest number of elements of one tensor. */
#define VQC_OPERATION_MAX_ELEMENTS ((int64_t)1 << 40)

/* What a caller must know to lay out memory; a function of the description alone, the same for every
 * implementation. */
typedef struct vqc_operation_layout {
    int input_count;
    int64_t input_count_elements[VQC_OPERATION_MAX_INPUTS];
    vqc_dtype input_dtype[VQC_OPERATION_MAX_INPUTS];
    bool input_has_gradient[VQC_OPERATION_MAX_INPUTS];
    int64_t output_count_elements;
    vqc_dtype output_dtype;
    bool backward_reads_input[VQC_OPERATION_MAX_INPUTS]; /* the forward input must live until the backward call */
    bool backward_reads_output;
} vqc_operation_layout;

/* Name for messages, "group norm". */
const char *vqc_operation_name(vqc_operation_kind kind);

/* The element types that the operation's row names. */
vqc_operation_types vqc_operation_types_of(vqc_operation_kind kind);

/* Checks that every size is positive and at most VQC_OPERATION_MAX_SIZE (rows, pixels and count, which may stand for
 * several axes: VQC_OPERATION_MAX_ELEMENTS), that every product of them that an implementation forms fits, that
 * padding is narrower than its kernel, that parameters are there and the sizes fit each other. VQC_FAILED names the
 * operation and the size: a description is built by the program, so a bad one is not the user's doing. */
VQC_MUST_CHECK vqc_status vqc_operation_check(const vqc_operation *operation, vqc_error *error);

/* The layout of a description that vqc_operation_check has accepted. */
vqc_operation_layout vqc_operation_layout_of(const vqc_operation *operation);

#endif
