#include "weights/pickle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "weights/pickle_construct.h"

/* Bounds on what one pickle may ask for. Every opcode needs at least a byte, and the largest thing that one byte asks
 * for is a value, so objects of a real pickle never come near the multiple of its size. */
enum { MAX_STACK = 1 << 22, MAX_MEMO = 1 << 22, OBJECT_BYTES_PER_BYTE = 128, OBJECT_BYTES_AT_LEAST = 64 << 10 };
static const size_t max_object_bytes = (size_t)1 << 30;

/* The machine: a program counter, a stack with marks, and a memo of numbered values. */
typedef struct pickle_machine {
    vqc_pickle *pickle;
    const uint8_t *bytes;
    size_t size;
    size_t position; /* of the next byte */
    vqc_pickle_value **stack;
    size_t stack_count, stack_capacity;
    size_t *marks; /* heights of the stack */
    size_t mark_count, mark_capacity;
    vqc_pickle_value **memo; /* NULL where nothing is stored */
    size_t memo_extent, memo_capacity;
    size_t memo_count; /* entries that are not NULL */
    bool stopped;
} pickle_machine;

/* Runs one opcode; the parameter is a number of bytes, of items or an opcode's variant. */
typedef vqc_status (*operation_run)(pickle_machine *machine, int parameter, vqc_error *error);

static vqc_status take(pickle_machine *machine, uint64_t count, const uint8_t **bytes_out, vqc_error *error)
{
    if (count > machine->size - machine->position)
        return vqc_error_set(error, VQC_BAD_INPUT, "ends in the middle of an opcode's argument");
    *bytes_out = machine->bytes + machine->position;
    machine->position += (size_t)count;
    return VQC_OK;
}

/* An unsigned number of 1 to 8 bytes, lowest first. */
static vqc_status take_number(pickle_machine *machine, int width, uint64_t *number_out, vqc_error *error)
{
    const uint8_t *bytes;
    VQC_TRY(take(machine, (uint64_t)width, &bytes, error));
    uint64_t number = 0;
    for (int i = width - 1; i >= 0; i--)
        number = number << 8 | bytes[i];
    *number_out = number;
    return VQC_OK;
}

/* A line without its newline. */
static vqc_status take_line(pickle_machine *machine, vqc_pickle_text *line_out, vqc_error *error)
{
    const char *begin = (const char *)machine->bytes + machine->position;
    const char *end = memchr(begin, '\n', machine->size - machine->position);
    if (end == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "ends in the middle of a name");
    *line_out = (vqc_pickle_text){begin, (size_t)(end - begin)};
    machine->position += line_out->size + 1;
    return VQC_OK;
}

static vqc_status push(pickle_machine *machine, vqc_pickle_value *value, vqc_error *error)
{
    if (machine->stack_count >= MAX_STACK)
        return vqc_error_set(error, VQC_BAD_INPUT, "its stack holds more than %d objects", MAX_STACK);
    VQC_TRY(vqc_memory_grow(&machine->stack, &machine->stack_capacity, machine->stack_count + 1,
                            sizeof *machine->stack, "the stack of a pickle", error));
    machine->stack[machine->stack_count++] = value;
    return VQC_OK;
}

static vqc_status push_new(pickle_machine *machine, vqc_pickle_kind kind, vqc_pickle_value **value_out,
                           vqc_error *error)
{
    VQC_TRY(vqc_pickle_value_make(&machine->pickle->arena, kind, value_out, error));
    return push(machine, *value_out, error);
}

/* Number of values above the newest mark. */
static size_t stack_available(const pickle_machine *machine)
{
    size_t fence = machine->mark_count > 0 ? machine->marks[machine->mark_count - 1] : 0;
    return machine->stack_count - fence;
}

/* Fails unless there are that many values above the newest mark. */
static vqc_status require(const pickle_machine *machine, size_t count, vqc_error *error)
{
    if (stack_available(machine) < count)
        return vqc_error_set(error, VQC_BAD_INPUT, "its stack is too short for an opcode");
    return VQC_OK;
}

static vqc_status pop(pickle_machine *machine, vqc_pickle_value **value_out, vqc_error *error)
{
    VQC_TRY(require(machine, 1, error));
    *value_out = machine->stack[--machine->stack_count];
    return VQC_OK;
}

/* Takes the newest mark and the values above it away. They stay readable until the next push. */
static vqc_status pop_to_mark(pickle_machine *machine, vqc_pickle_value ***values_out, size_t *count_out,
                              vqc_error *error)
{
    if (machine->mark_count == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "its stack has no mark for an opcode");
    size_t height = machine->marks[--machine->mark_count];
    *values_out = machine->stack + height;
    *count_out = machine->stack_count - height;
    machine->stack_count = height;
    return VQC_OK;
}

static vqc_status run_protocol(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    uint64_t protocol;
    VQC_TRY(take_number(machine, 1, &protocol, error));
    if (protocol < 2 || protocol > 5)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected pickle protocol 2 to 5, found %d", (int)protocol);
    return VQC_OK;
}

/* A frame only tells how much to read ahead. */
static vqc_status run_frame(pickle_machine *machine, int parameter, vqc_error *error)
{
    uint64_t length;
    return take_number(machine, parameter, &length, error);
}

static vqc_status run_stop(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    vqc_pickle_value *top;
    VQC_TRY(pop(machine, &top, error));
    machine->pickle->top = top;
    machine->stopped = true;
    return VQC_OK;
}

static vqc_status run_mark(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    if (machine->mark_count >= MAX_STACK)
        return vqc_error_set(error, VQC_BAD_INPUT, "its stack holds more than %d marks", MAX_STACK);
    VQC_TRY(vqc_memory_grow(&machine->marks, &machine->mark_capacity, machine->mark_count + 1, sizeof *machine->marks,
                            "the stack of a pickle", error));
    machine->marks[machine->mark_count++] = machine->stack_count;
    return VQC_OK;
}

static vqc_status run_pop_mark(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    vqc_pickle_value **values;
    size_t count;
    return pop_to_mark(machine, &values, &count, error);
}

/* Takes one value, or the mark where that is on top. */
static vqc_status run_pop(pickle_machine *machine, int parameter, vqc_error *error)
{
    if (machine->mark_count > 0 && stack_available(machine) == 0)
        return run_pop_mark(machine, parameter, error);
    vqc_pickle_value *value;
    return pop(machine, &value, error);
}

static vqc_status run_duplicate(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    VQC_TRY(require(machine, 1, error));
    return push(machine, machine->stack[machine->stack_count - 1], error);
}

/* Pushes an empty value of the kind in the parameter. */
static vqc_status run_empty(pickle_machine *machine, int parameter, vqc_error *error)
{
    vqc_pickle_value *value;
    return push_new(machine, (vqc_pickle_kind)parameter, &value, error);
}

static vqc_status run_boolean(pickle_machine *machine, int parameter, vqc_error *error)
{
    vqc_pickle_value *value;
    VQC_TRY(push_new(machine, VQC_PICKLE_BOOLEAN, &value, error));
    value->integer = parameter;
    return VQC_OK;
}

/* An integer of `parameter` bytes: 1 and 2 are unsigned, 4 are signed. */
static vqc_status run_integer(pickle_machine *machine, int parameter, vqc_error *error)
{
    uint64_t number;
    VQC_TRY(take_number(machine, parameter, &number, error));
    vqc_pickle_value *value;
    VQC_TRY(push_new(machine, VQC_PICKLE_INTEGER, &value, error));
    value->integer = parameter == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
    return VQC_OK;
}

/* An integer of any length, which stands before it in `parameter` bytes; two's complement. */
static vqc_status run_long(pickle_machine *machine, int parameter, vqc_error *error)
{
    uint64_t length;
    const uint8_t *bytes;
    VQC_TRY(take_number(machine, parameter, &length, error));
    VQC_TRY(take(machine, length, &bytes, error));
    vqc_pickle_value *value;
    VQC_TRY(push_new(machine, length > 8 ? VQC_PICKLE_LONG_INTEGER : VQC_PICKLE_INTEGER, &value, error));
    if (length > 8) {
        value->text = (vqc_pickle_text){(const char *)bytes, (size_t)length};
        return VQC_OK;
    }
    uint64_t number = length > 0 && (bytes[length - 1] & 0x80U) != 0 ? UINT64_MAX : 0;
    for (size_t i = (size_t)length; i-- > 0;)
        number = number << 8 | bytes[i];
    value->integer = (int64_t)number;
    return VQC_OK;
}

/* A double, highest byte first. */
static vqc_status run_real(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    const uint8_t *bytes;
    VQC_TRY(take(machine, sizeof(double), &bytes, error));
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof bits; i++)
        bits = bits << 8 | bytes[i];
    vqc_pickle_value *value;
    VQC_TRY(push_new(machine, VQC_PICKLE_REAL, &value, error));
    memcpy(&value->real, &bits, sizeof bits);
    return VQC_OK;
}

static vqc_status push_characters(pickle_machine *machine, vqc_pickle_kind kind, int width, vqc_error *error)
{
    uint64_t length;
    const uint8_t *bytes;
    VQC_TRY(take_number(machine, width, &length, error));
    VQC_TRY(take(machine, length, &bytes, error));
    vqc_pickle_value *value;
    VQC_TRY(push_new(machine, kind, &value, error));
    value->text = (vqc_pickle_text){(const char *)bytes, (size_t)length};
    return VQC_OK;
}

/* A text whose length stands before it in `parameter` bytes. */
static vqc_status run_text(pickle_machine *machine, int parameter, vqc_error *error)
{
    return push_characters(machine, VQC_PICKLE_TEXT, parameter, error);
}

static vqc_status run_bytes(pickle_machine *machine, int parameter, vqc_error *error)
{
    return push_characters(machine, VQC_PICKLE_BYTES, parameter, error);
}

/* A tuple of the `parameter` newest values. */
static vqc_status run_short_tuple(pickle_machine *machine, int parameter, vqc_error *error)
{
    size_t count = (size_t)parameter;
    VQC_TRY(require(machine, count, error));
    vqc_pickle_value *tuple;
    vqc_arena *arena = &machine->pickle->arena;
    VQC_TRY(vqc_pickle_value_make(arena, VQC_PICKLE_TUPLE, &tuple, error));
    machine->stack_count -= count;
    VQC_TRY(vqc_pickle_items_append(arena, &tuple->items, machine->stack + machine->stack_count, count, error));
    return push(machine, tuple, error);
}

/* A container of the kind in the parameter, of everything above the mark. */
static vqc_status run_collect(pickle_machine *machine, int parameter, vqc_error *error)
{
    vqc_pickle_value **values;
    size_t count;
    VQC_TRY(pop_to_mark(machine, &values, &count, error));
    if (parameter == VQC_PICKLE_MAPPING && count % 2 != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "a mapping has a key without a value");
    vqc_pickle_value *container;
    vqc_arena *arena = &machine->pickle->arena;
    VQC_TRY(vqc_pickle_value_make(arena, (vqc_pickle_kind)parameter, &container, error));
    VQC_TRY(vqc_pickle_items_append(arena, &container->items, values, count, error));
    return push(machine, container, error);
}

/* Adds values to the list or set on top of the stack. What a foreign object is given as a list is left aside. */
static vqc_status extend_list(pickle_machine *machine, vqc_pickle_value *const *values, size_t count,
                              vqc_error *error)
{
    VQC_TRY(require(machine, 1, error));
    vqc_pickle_value *target = machine->stack[machine->stack_count - 1];
    if (target->kind == VQC_PICKLE_OBJECT)
        return VQC_OK;
    if (target->kind != VQC_PICKLE_LIST && target->kind != VQC_PICKLE_SET)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a list to append to, found %s",
                             vqc_pickle_kind_name(target->kind));
    return vqc_pickle_items_append(&machine->pickle->arena, &target->items, values, count, error);
}

static vqc_status extend_mapping(pickle_machine *machine, vqc_pickle_value *const *values, size_t count,
                                 vqc_error *error)
{
    VQC_TRY(require(machine, 1, error));
    vqc_pickle_value *target = machine->stack[machine->stack_count - 1];
    if (count % 2 != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "a mapping has a key without a value");
    if (target->kind != VQC_PICKLE_MAPPING && target->kind != VQC_PICKLE_OBJECT)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a mapping to set items of, found %s",
                             vqc_pickle_kind_name(target->kind));
    vqc_pickle_items *items = target->kind == VQC_PICKLE_OBJECT ? &target->object.items : &target->items;
    return vqc_pickle_items_append(&machine->pickle->arena, items, values, count, error);
}

static vqc_status run_append(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    VQC_TRY(require(machine, 2, error));
    machine->stack_count -= 1;
    return extend_list(machine, machine->stack + machine->stack_count, 1, error);
}

static vqc_status run_append_marked(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    vqc_pickle_value **values;
    size_t count;
    VQC_TRY(pop_to_mark(machine, &values, &count, error));
    return extend_list(machine, values, count, error);
}

static vqc_status run_set_item(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    VQC_TRY(require(machine, 3, error));
    machine->stack_count -= 2;
    return extend_mapping(machine, machine->stack + machine->stack_count, 2, error);
}

static vqc_status run_set_items_marked(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    vqc_pickle_value **values;
    size_t count;
    VQC_TRY(pop_to_mark(machine, &values, &count, error));
    return extend_mapping(machine, values, count, error);
}

static vqc_status memo_store(pickle_machine *machine, uint64_t index, vqc_error *error)
{
    VQC_TRY(require(machine, 1, error));
    /* Numbers are given in turn, and storing needs bytes: an honest number is below the place it is found at. */
    if (index >= MAX_MEMO || index >= machine->position)
        return vqc_error_set(error, VQC_BAD_INPUT, "its memo has no room for number %llu", (unsigned long long)index);
    VQC_TRY(vqc_memory_grow(&machine->memo, &machine->memo_capacity, (size_t)index + 1, sizeof *machine->memo,
                            "the memo of a pickle", error));
    while (machine->memo_extent <= index)
        machine->memo[machine->memo_extent++] = NULL;
    if (machine->memo[index] == NULL)
        machine->memo_count++;
    machine->memo[index] = machine->stack[machine->stack_count - 1];
    return VQC_OK;
}

static vqc_status run_memo_put(pickle_machine *machine, int parameter, vqc_error *error)
{
    uint64_t index;
    VQC_TRY(take_number(machine, parameter, &index, error));
    return memo_store(machine, index, error);
}

static vqc_status run_memo_append(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    return memo_store(machine, machine->memo_count, error);
}

static vqc_status run_memo_get(pickle_machine *machine, int parameter, vqc_error *error)
{
    uint64_t index;
    VQC_TRY(take_number(machine, parameter, &index, error));
    if (index >= machine->memo_extent || machine->memo[index] == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "its memo has nothing under number %llu",
                             (unsigned long long)index);
    return push(machine, machine->memo[index], error);
}

static vqc_status push_global(pickle_machine *machine, vqc_pickle_text module, vqc_pickle_text name, vqc_error *error)
{
    vqc_pickle_value *value;
    VQC_TRY(push_new(machine, VQC_PICKLE_GLOBAL, &value, error));
    value->global = (vqc_pickle_global){.module = module, .name = name};
    vqc_pickle_global_classify(&value->global);
    return VQC_OK;
}

static vqc_status run_global(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    vqc_pickle_text module;
    vqc_pickle_text name;
    VQC_TRY(take_line(machine, &module, error));
    VQC_TRY(take_line(machine, &name, error));
    return push_global(machine, module, name, error);
}

static vqc_status run_stack_global(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    vqc_pickle_value *module;
    vqc_pickle_value *name;
    VQC_TRY(pop(machine, &name, error));
    VQC_TRY(pop(machine, &module, error));
    if (module->kind != VQC_PICKLE_TEXT || name->kind != VQC_PICKLE_TEXT)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected the module and the name of a class as texts");
    return push_global(machine, module->text, name->text, error);
}

/* Calls a function or makes an object of a class; `parameter` is 1 where keyword arguments come on top. */
static vqc_status run_call(pickle_machine *machine, int parameter, vqc_error *error)
{
    vqc_pickle_value *callable;
    vqc_pickle_value *arguments;
    vqc_pickle_value *keywords;
    if (parameter == 1)
        VQC_TRY(pop(machine, &keywords, error));
    VQC_TRY(pop(machine, &arguments, error));
    VQC_TRY(pop(machine, &callable, error));
    vqc_pickle_value *value;
    VQC_TRY(vqc_pickle_construct(&machine->pickle->arena, callable, arguments, &value, error));
    return push(machine, value, error);
}

/* Gives an object its attributes. Those of containers and tensors (OrderedDict's _metadata) are left aside. */
static vqc_status run_build(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    vqc_pickle_value *state;
    VQC_TRY(require(machine, 2, error));
    VQC_TRY(pop(machine, &state, error));
    vqc_pickle_value *target = machine->stack[machine->stack_count - 1];
    if (target->kind == VQC_PICKLE_OBJECT)
        target->object.state = state;
    return VQC_OK;
}

static vqc_status run_persistent_id(pickle_machine *machine, int parameter, vqc_error *error)
{
    (void)parameter;
    vqc_pickle *pickle = machine->pickle;
    vqc_pickle_value *id;
    VQC_TRY(pop(machine, &id, error));
    vqc_pickle_value *value;
    VQC_TRY(vqc_pickle_construct_persistent(&pickle->arena, id, &value, error));
    if (value->kind == VQC_PICKLE_STORAGE)
        VQC_TRY(vqc_pickle_items_append(&pickle->arena, &pickle->storages, &value, 1, error));
    return push(machine, value, error);
}

typedef struct pickle_operation {
    operation_run run;
    int parameter;
} pickle_operation;

/* By opcode; the names are those of Python's pickletools. */
static const pickle_operation operations[256] = {
    [0x80] = {run_protocol, 0},                /* PROTO */
    [0x95] = {run_frame, 8},                   /* FRAME */
    ['.'] = {run_stop, 0},                     /* STOP */
    ['('] = {run_mark, 0},                     /* MARK */
    ['0'] = {run_pop, 0},                      /* POP */
    ['1'] = {run_pop_mark, 0},                 /* POP_MARK */
    ['2'] = {run_duplicate, 0},                /* DUP */
    ['N'] = {run_empty, VQC_PICKLE_NONE},      /* NONE */
    [0x88] = {run_boolean, 1},                 /* NEWTRUE */
    [0x89] = {run_boolean, 0},                 /* NEWFALSE */
    ['K'] = {run_integer, 1},                  /* BININT1 */
    ['M'] = {run_integer, 2},                  /* BININT2 */
    ['J'] = {run_integer, 4},                  /* BININT */
    [0x8a] = {run_long, 1},                    /* LONG1 */
    [0x8b] = {run_long, 4},                    /* LONG4 */
    ['G'] = {run_real, 0},                     /* BINFLOAT */
    ['U'] = {run_text, 1},                     /* SHORT_BINSTRING */
    ['T'] = {run_text, 4},                     /* BINSTRING */
    [0x8c] = {run_text, 1},                    /* SHORT_BINUNICODE */
    ['X'] = {run_text, 4},                     /* BINUNICODE */
    [0x8d] = {run_text, 8},                    /* BINUNICODE8 */
    ['C'] = {run_bytes, 1},                    /* SHORT_BINBYTES */
    ['B'] = {run_bytes, 4},                    /* BINBYTES */
    [0x8e] = {run_bytes, 8},                   /* BINBYTES8 */
    [0x96] = {run_bytes, 8},                   /* BYTEARRAY8 */
    [')'] = {run_empty, VQC_PICKLE_TUPLE},     /* EMPTY_TUPLE */
    [0x85] = {run_short_tuple, 1},             /* TUPLE1 */
    [0x86] = {run_short_tuple, 2},             /* TUPLE2 */
    [0x87] = {run_short_tuple, 3},             /* TUPLE3 */
    ['t'] = {run_collect, VQC_PICKLE_TUPLE},   /* TUPLE */
    [']'] = {run_empty, VQC_PICKLE_LIST},      /* EMPTY_LIST */
    ['l'] = {run_collect, VQC_PICKLE_LIST},    /* LIST */
    ['a'] = {run_append, 0},                   /* APPEND */
    ['e'] = {run_append_marked, 0},            /* APPENDS */
    [0x8f] = {run_empty, VQC_PICKLE_SET},      /* EMPTY_SET */
    [0x90] = {run_append_marked, 0},           /* ADDITEMS */
    [0x91] = {run_collect, VQC_PICKLE_SET},    /* FROZENSET */
    ['}'] = {run_empty, VQC_PICKLE_MAPPING},   /* EMPTY_DICT */
    ['d'] = {run_collect, VQC_PICKLE_MAPPING}, /* DICT */
    ['s'] = {run_set_item, 0},                 /* SETITEM */
    ['u'] = {run_set_items_marked, 0},         /* SETITEMS */
    ['q'] = {run_memo_put, 1},                 /* BINPUT */
    ['r'] = {run_memo_put, 4},                 /* LONG_BINPUT */
    [0x94] = {run_memo_append, 0},             /* MEMOIZE */
    ['h'] = {run_memo_get, 1},                 /* BINGET */
    ['j'] = {run_memo_get, 4},                 /* LONG_BINGET */
    ['c'] = {run_global, 0},                   /* GLOBAL */
    [0x93] = {run_stack_global, 0},            /* STACK_GLOBAL */
    ['R'] = {run_call, 0},                     /* REDUCE */
    [0x81] = {run_call, 0},                    /* NEWOBJ */
    [0x92] = {run_call, 1},                    /* NEWOBJ_EX */
    ['b'] = {run_build, 0},                    /* BUILD */
    ['Q'] = {run_persistent_id, 0},            /* BINPERSID */
};

static vqc_status machine_step(pickle_machine *machine, vqc_error *error)
{
    const uint8_t *opcode;
    VQC_TRY(take(machine, 1, &opcode, error));
    const pickle_operation *operation = &operations[*opcode];
    if (operation->run == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "opcode 0x%02x is not one of pickle protocols 2 to 5", *opcode);
    return operation->run(machine, operation->parameter, error);
}

static vqc_status machine_run(pickle_machine *machine, vqc_error *error)
{
    /* Even of an empty stack the address is taken. */
    VQC_TRY(vqc_memory_grow(&machine->stack, &machine->stack_capacity, 1, sizeof *machine->stack,
                            "the stack of a pickle", error));
    while (!machine->stopped) {
        size_t position = machine->position;
        vqc_status status = machine_step(machine, error);
        if (status != VQC_OK)
            return vqc_error_prefix(error, "the pickle, at byte %zu", position);
    }
    return VQC_OK;
}

vqc_status vqc_pickle_init(vqc_pickle *pickle, const uint8_t *bytes, size_t size, vqc_error *error)
{
    size_t limit = size > max_object_bytes / OBJECT_BYTES_PER_BYTE ? max_object_bytes : size * OBJECT_BYTES_PER_BYTE;
    *pickle = (vqc_pickle){.arena = {.limit = limit + OBJECT_BYTES_AT_LEAST}};
    pickle_machine machine = {.pickle = pickle, .bytes = bytes, .size = size};
    vqc_status status = machine_run(&machine, error);
    pickle->size = machine.position;
    free(machine.stack);
    free(machine.marks);
    free(machine.memo);
    if (status != VQC_OK)
        vqc_pickle_release(pickle);
    return status;
}

void vqc_pickle_release(vqc_pickle *pickle)
{
    vqc_arena_release(&pickle->arena);
    *pickle = (vqc_pickle){0};
}
