/* The layout of a network's memory: nothing alive together may overlap, and memory is shared where it can be. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "network/memory_packing.h"

enum { BLOCK_COUNT = 300, TIME_COUNT = 100 };

static uint32_t random_word(uint32_t index)
{
    vqc_random_key key = {{7, 0}};
    vqc_random_block counter = {{index, 0, 0, 0}};
    return vqc_random_block_at(key, counter).word[0];
}

static void blocks_make(vqc_memory_block *blocks)
{
    for (uint32_t i = 0; i < BLOCK_COUNT; i++) {
        int a = (int)(random_word(3 * i) % TIME_COUNT);
        int b = (int)(random_word(3 * i + 1) % TIME_COUNT);
        blocks[i] =
            (vqc_memory_block){.size = random_word(3 * i + 2) % 10000, .first = a < b ? a : b, .last = a < b ? b : a};
    }
}

static void test_no_overlap(void **state)
{
    (void)state;
    vqc_memory_block blocks[BLOCK_COUNT];
    vqc_error error = {0};
    size_t total;
    blocks_make(blocks);
    assert_int_equal(vqc_memory_packing(blocks, BLOCK_COUNT, &total, &error), VQC_OK);
    for (int i = 0; i < BLOCK_COUNT; i++) {
        assert_int_equal(blocks[i].offset % VQC_MEMORY_ALIGNMENT, 0);
        assert_true(blocks[i].offset + blocks[i].size <= total);
        for (int j = 0; j < i; j++) {
            int meet = blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last;
            int overlap = blocks[i].offset < blocks[j].offset + blocks[j].size &&
                          blocks[j].offset < blocks[i].offset + blocks[i].size;
            assert_false(meet && overlap && blocks[i].size > 0 && blocks[j].size > 0);
        }
    }
}

/* The most that is alive at one time is the least that any layout needs. */
static void test_total_is_near_the_least(void **state)
{
    (void)state;
    vqc_memory_block blocks[BLOCK_COUNT];
    vqc_error error = {0};
    size_t total;
    size_t least = 0;
    blocks_make(blocks);
    assert_int_equal(vqc_memory_packing(blocks, BLOCK_COUNT, &total, &error), VQC_OK);
    for (int time = 0; time < TIME_COUNT; time++) {
        size_t alive = 0;
        for (int i = 0; i < BLOCK_COUNT; i++)
            if (blocks[i].first <= time && time <= blocks[i].last)
                alive += blocks[i].size;
        least = alive > least ? alive : least;
    }
    assert_true(total <= least + least / 4);
}

static void test_chain_shares_memory(void **state)
{
    (void)state;
    vqc_memory_block blocks[] = {{.size = 64, .first = 0, .last = 1},
                                 {.size = 64, .first = 1, .last = 2},
                                 {.size = 64, .first = 2, .last = 3},
                                 {.size = 64, .first = 3, .last = 4}};
    vqc_error error = {0};
    size_t total;
    assert_int_equal(vqc_memory_packing(blocks, 4, &total, &error), VQC_OK);
    assert_int_equal(total, 128);
}

static void test_nothing(void **state)
{
    (void)state;
    vqc_error error = {0};
    size_t total = 1;
    assert_int_equal(vqc_memory_packing(NULL, 0, &total, &error), VQC_OK);
    assert_int_equal(total, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_overlap),
        cmocka_unit_test(test_total_is_near_the_least),
        cmocka_unit_test(test_chain_shares_memory),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
