#include "weights/pickle_construct.h"

typedef struct known_global {
    const char *module;
    const char *name;
    vqc_pickle_class class;
    vqc_dtype dtype;
} known_global;

static const known_global known_globals[] = {
    {"collections", "OrderedDict", VQC_PICKLE_CLASS_MAPPING, 0},
    {"torch", "Size", VQC_PICKLE_CLASS_SIZE, 0},
    {"torch._utils", "_rebuild_tensor", VQC_PICKLE_CLASS_REBUILD_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v2", VQC_PICKLE_CLASS_REBUILD_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v3", VQC_PICKLE_CLASS_REBUILD_TENSOR_WITH_DTYPE, 0},
    {"torch._utils", "_rebuild_parameter", VQC_PICKLE_CLASS_REBUILD_PARAMETER, 0},
    {"torch._utils", "_rebuild_parameter_with_state", VQC_PICKLE_CLASS_REBUILD_PARAMETER, 0},
    {"torch._tensor", "_rebuild_from_type_v2", VQC_PICKLE_CLASS_REBUILD_FROM_TYPE, 0},
    {"torch", "DoubleStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_F64},
    {"torch", "FloatStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_F32},
    {"torch", "HalfStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_F16},
    {"torch", "BFloat16Storage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_BF16},
    {"torch", "LongStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_I64},
    {"torch", "IntStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_I32},
    {"torch", "ShortStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_I16},
    {"torch", "CharStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_I8},
    {"torch", "ByteStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_U8},
    {"torch", "BoolStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_BOOL},
    {"torch.storage", "UntypedStorage", VQC_PICKLE_CLASS_STORAGE, VQC_DTYPE_U8},
    {"torch", "float64", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_F64},
    {"torch", "float32", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_F32},
    {"torch", "float16", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_F16},
    {"torch", "bfloat16", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_BF16},
    {"torch", "int64", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_I64},
    {"torch", "int32", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_I32},
    {"torch", "int16", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_I16},
    {"torch", "int8", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_I8},
    {"torch", "uint8", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_U8},
    {"torch", "bool", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_BOOL},
    {"torch", "float8_e4m3fn", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_F8_E4M3},
    {"torch", "float8_e5m2", VQC_PICKLE_CLASS_DTYPE, VQC_DTYPE_F8_E5M2},
};

/* Types that PyTorch knows and no model here is made of. */
static const struct unreadable_global {
    const char *name; /* in the module torch */
    size_t size;
} unreadable_globals[] = {
    {.name = "ComplexFloatStorage", .size = 8},
    {.name = "ComplexDoubleStorage", .size = 16},
    {.name = "uint16", .size = 2},
    {.name = "uint32", .size = 4},
    {.name = "uint64", .size = 8},
    {.name = "complex32", .size = 4},
    {.name = "complex64", .size = 8},
    {.name = "complex128", .size = 16},
    {.name = "float8_e4m3fnuz", .size = 1},
    {.name = "float8_e5m2fnuz", .size = 1},
    {.name = "float8_e8m0fnu", .size = 1},
    {.name = "float4_e2m1fn_x2", .size = 1},
    {.name = "bits1x8", .size = 1},
    {.name = "bits2x4", .size = 1},
    {.name = "bits4x2", .size = 1},
    {.name = "bits8", .size = 1},
    {.name = "bits16", .size = 2},
};

static void unreadable_classify(vqc_pickle_global *global)
{
    if (!vqc_pickle_text_is(global->module, "torch"))
        return;
    for (size_t i = 0; i < sizeof unreadable_globals / sizeof unreadable_globals[0]; i++) {
        if (!vqc_pickle_text_is(global->name, unreadable_globals[i].name))
            continue;
        global->class = VQC_PICKLE_CLASS_UNREADABLE;
        global->element_size = unreadable_globals[i].size;
        global->unreadable = unreadable_globals[i].name;
        return;
    }
}

void vqc_pickle_global_classify(vqc_pickle_global *global)
{
    for (size_t i = 0; i < sizeof known_globals / sizeof known_globals[0]; i++) {
        const known_global *known = &known_globals[i];
        if (vqc_pickle_text_is(global->name, known->name) && vqc_pickle_text_is(global->module, known->module)) {
            global->class = known->class;
            global->dtype = known->dtype;
            global->element_size = vqc_dtype_size(known->dtype);
            return;
        }
    }
    unreadable_classify(global);
}

/* The argument with that number, NULL where there are fewer or it is of another kind. */
static vqc_pickle_value *argument(const vqc_pickle_value *arguments, size_t index, vqc_pickle_kind kind)
{
    if (index >= arguments->items.count || arguments->items.values[index]->kind != kind)
        return NULL;
    return arguments->items.values[index];
}

static vqc_status make_object(vqc_arena *arena, const vqc_pickle_value *class, vqc_pickle_value **value_out,
                              vqc_error *error)
{
    VQC_TRY(vqc_pickle_value_make(arena, VQC_PICKLE_OBJECT, value_out, error));
    (*value_out)->object.class = class;
    return VQC_OK;
}

/* OrderedDict() or, as Python 2 wrote it, OrderedDict([[key, value], ...]). */
static vqc_status make_mapping(vqc_arena *arena, const vqc_pickle_value *arguments, vqc_pickle_value **value_out,
                               vqc_error *error)
{
    VQC_TRY(vqc_pickle_value_make(arena, VQC_PICKLE_MAPPING, value_out, error));
    if (arguments->items.count == 0)
        return VQC_OK;
    const vqc_pickle_value *pairs = argument(arguments, 0, VQC_PICKLE_LIST);
    if (pairs == NULL || arguments->items.count != 1)
        return vqc_error_set(error, VQC_BAD_INPUT, "OrderedDict: expected a list of keys and values");
    for (size_t i = 0; i < pairs->items.count; i++) {
        const vqc_pickle_value *pair = pairs->items.values[i];
        if ((pair->kind != VQC_PICKLE_LIST && pair->kind != VQC_PICKLE_TUPLE) || pair->items.count != 2)
            return vqc_error_set(error, VQC_BAD_INPUT, "OrderedDict: expected a key and a value, found %s",
                                 vqc_pickle_kind_name(pair->kind));
        VQC_TRY(vqc_pickle_items_append(arena, &(*value_out)->items, pair->items.values, 2, error));
    }
    return VQC_OK;
}

/* torch.Size((2, 3)) is the tuple itself. */
static vqc_status make_size(const vqc_pickle_value *arguments, vqc_pickle_value **value_out, vqc_error *error)
{
    vqc_pickle_value *sizes = argument(arguments, 0, VQC_PICKLE_TUPLE);
    if (sizes == NULL)
        sizes = argument(arguments, 0, VQC_PICKLE_LIST);
    if (sizes == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "torch.Size: expected a tuple");
    *value_out = sizes;
    return VQC_OK;
}

/* The integers of a shape or of strides; NULL if the argument is something else. */
static const vqc_pickle_items *integers(const vqc_pickle_value *arguments, size_t index)
{
    const vqc_pickle_value *sizes = argument(arguments, index, VQC_PICKLE_TUPLE);
    if (sizes == NULL)
        sizes = argument(arguments, index, VQC_PICKLE_LIST);
    return sizes == NULL ? NULL : &sizes->items;
}

/* _rebuild_tensor_v2(storage, start, shape, stride, requires_grad, hooks[, metadata]); _v3 has the element type after
 * the hooks. Shape and strides are checked where the tensor's name is known. */
static vqc_status make_tensor(vqc_arena *arena, const vqc_pickle_value *arguments, bool with_dtype,
                              vqc_pickle_value **value_out, vqc_error *error)
{
    const vqc_pickle_value *storage = argument(arguments, 0, VQC_PICKLE_STORAGE);
    const vqc_pickle_value *start = argument(arguments, 1, VQC_PICKLE_INTEGER);
    const vqc_pickle_items *shape = integers(arguments, 2);
    const vqc_pickle_items *stride = integers(arguments, 3);
    const vqc_pickle_value *type = storage == NULL ? NULL : storage->storage.type;
    if (with_dtype)
        type = argument(arguments, 6, VQC_PICKLE_GLOBAL);
    if (type == NULL || start == NULL || shape == NULL || stride == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "a tensor: expected a storage, an offset, a shape and strides%s",
                             with_dtype ? " and an element type" : "");
    VQC_TRY(vqc_pickle_value_make(arena, VQC_PICKLE_TENSOR, value_out, error));
    vqc_pickle_tensor *tensor = &(*value_out)->tensor;
    tensor->type = type;
    tensor->storage = &storage->storage;
    tensor->start = start->integer;
    tensor->shape = shape;
    tensor->stride = stride;
    return VQC_OK;
}

/* _rebuild_parameter(tensor, requires_grad, hooks[, state]) is the tensor; of what is not one, an object. */
static vqc_status make_parameter(vqc_arena *arena, const vqc_pickle_value *callable,
                                 const vqc_pickle_value *arguments, vqc_pickle_value **value_out, vqc_error *error)
{
    vqc_pickle_value *tensor = argument(arguments, 0, VQC_PICKLE_TENSOR);
    if (tensor == NULL)
        return make_object(arena, callable, value_out, error);
    *value_out = tensor;
    return VQC_OK;
}

static vqc_status construct_known(vqc_arena *arena, const vqc_pickle_value *callable,
                                  const vqc_pickle_value *arguments, vqc_pickle_value **value_out, vqc_error *error)
{
    switch (callable->global.class) {
    case VQC_PICKLE_CLASS_MAPPING:
        return make_mapping(arena, arguments, value_out, error);
    case VQC_PICKLE_CLASS_SIZE:
        return make_size(arguments, value_out, error);
    case VQC_PICKLE_CLASS_REBUILD_TENSOR:
        return make_tensor(arena, arguments, false, value_out, error);
    case VQC_PICKLE_CLASS_REBUILD_TENSOR_WITH_DTYPE:
        return make_tensor(arena, arguments, true, value_out, error);
    case VQC_PICKLE_CLASS_REBUILD_PARAMETER:
        return make_parameter(arena, callable, arguments, value_out, error);
    case VQC_PICKLE_CLASS_REBUILD_FROM_TYPE:
    case VQC_PICKLE_CLASS_STORAGE:
    case VQC_PICKLE_CLASS_DTYPE:
    case VQC_PICKLE_CLASS_UNREADABLE:
    case VQC_PICKLE_CLASS_FOREIGN:
        break;
    }
    return make_object(arena, callable, value_out, error);
}

vqc_status vqc_pickle_construct(vqc_arena *arena, const vqc_pickle_value *callable, const vqc_pickle_value *arguments,
                                vqc_pickle_value **value_out, vqc_error *error)
{
    if (arguments->kind != VQC_PICKLE_TUPLE)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected the arguments of a call as a tuple, found %s",
                             vqc_pickle_kind_name(arguments->kind));
    if (callable->kind != VQC_PICKLE_GLOBAL && callable->kind != VQC_PICKLE_OBJECT)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a class or function to call, found %s",
                             vqc_pickle_kind_name(callable->kind));
    if (callable->kind == VQC_PICKLE_OBJECT)
        return make_object(arena, callable, value_out, error);
    if (callable->global.class == VQC_PICKLE_CLASS_REBUILD_FROM_TYPE) {
        /* _rebuild_from_type_v2(function, type, arguments, state): a tensor with attributes or of a subclass. */
        const vqc_pickle_value *function = argument(arguments, 0, VQC_PICKLE_GLOBAL);
        const vqc_pickle_value *inner = argument(arguments, 2, VQC_PICKLE_TUPLE);
        if (function != NULL && inner != NULL)
            return construct_known(arena, function, inner, value_out, error);
    }
    return construct_known(arena, callable, arguments, value_out, error);
}

static vqc_status make_storage(vqc_arena *arena, const vqc_pickle_value *id, vqc_pickle_value **value_out,
                               vqc_error *error)
{
    const vqc_pickle_value *type = argument(id, 1, VQC_PICKLE_GLOBAL);
    const vqc_pickle_value *key = argument(id, 2, VQC_PICKLE_TEXT);
    const vqc_pickle_value *count = argument(id, 4, VQC_PICKLE_INTEGER);
    if (type == NULL || key == NULL || count == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "a storage: expected its type, key, location and number of elements");
    VQC_TRY(vqc_pickle_value_make(arena, VQC_PICKLE_STORAGE, value_out, error));
    vqc_pickle_storage *storage = &(*value_out)->storage;
    *storage = (vqc_pickle_storage){.type = type, .key = key->text, .count = count->integer};
    storage->view_count = storage->count;
    const vqc_pickle_value *view = argument(id, 5, VQC_PICKLE_TUPLE);
    if (view == NULL)
        return VQC_OK;
    const vqc_pickle_value *view_start = argument(view, 1, VQC_PICKLE_INTEGER);
    const vqc_pickle_value *view_count = argument(view, 2, VQC_PICKLE_INTEGER);
    if (view_start == NULL || view_count == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "a view of a storage: expected its key, offset and size");
    storage->view_start = view_start->integer;
    storage->view_count = view_count->integer;
    return VQC_OK;
}

vqc_status vqc_pickle_construct_persistent(vqc_arena *arena, const vqc_pickle_value *id, vqc_pickle_value **value_out,
                                           vqc_error *error)
{
    const vqc_pickle_value *kind = id->kind == VQC_PICKLE_TUPLE ? argument(id, 0, VQC_PICKLE_TEXT) : NULL;
    if (kind != NULL && vqc_pickle_text_is(kind->text, "storage"))
        return make_storage(arena, id, value_out, error);
    if (kind != NULL && vqc_pickle_text_is(kind->text, "module") && id->items.count >= 2) {
        *value_out = id->items.values[1];
        return VQC_OK;
    }
    return vqc_error_set(error, VQC_BAD_INPUT, "expected a persistent id of a storage, found %s",
                         vqc_pickle_kind_name(id->kind));
}
